//! Readers and writers of framed records that share nothing with the gateway: Python's libraries, run by the scripts of
//! `tests/python`. Their heads say how values are written as JSON.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::process::{run_with, scratch};
use crate::python;
use crate::registry::Format;

/// How long one run of a script may take on a busy machine.
const LIMIT: Duration = Duration::from_mins(2);

/// A record's value or key in Confluent's framing.
#[derive(Debug, Clone, Copy)]
pub struct Framed<'a> {
    /// What it is written in.
    pub format: Format,
    /// The framing and what follows it.
    pub bytes: &'a [u8],
}

/// Decodes with fastavro, protobuf and jsonschema by the schemas of the registry at `url`. Gives for each record, in
/// order, `{"schema_id", "type", "value"}`, or what is wrong with it.
pub fn try_decode(url: &str, records: &[Framed]) -> Vec<Result<Value, String>> {
    let lines = records.iter().map(|record| {
        json!({
            "registry": url,
            "format": record.format.name(),
            "value": BASE64_STANDARD.encode(record.bytes),
        })
    });
    told("decode.py", lines)
}

/// The same, where every record can be decoded.
pub fn decode(url: &str, records: &[Framed]) -> Vec<Value> {
    let decoded = try_decode(url, records).into_iter().zip(records);
    decoded.map(|(told, record)| told.unwrap_or_else(|error| panic!("{error} in {record:?}"))).collect()
}

/// The HMAC-SHA-256 of each text in hexadecimal, by Python's own.
pub fn hashes(key: &[u8], texts: &[&str]) -> Vec<String> {
    let lines = texts.iter().map(|text| json!({ "key": BASE64_STANDARD.encode(key), "text": text }));
    let hash = |told: Result<Value, String>| told.expect("a hash")["value"].as_str().expect("a text").to_owned();
    told("hash.py", lines).into_iter().map(hash).collect()
}

/// A topic as Confluent's own Python client sees it, by the subject `<topic>-value`.
#[derive(Debug, Clone, Copy)]
pub struct ConfluentClient<'a> {
    /// The registry's base address.
    pub url: &'a str,
    /// The topic.
    pub topic: &'a str,
    /// What its values are written in.
    pub format: Format,
    /// The full name of a Protobuf message; empty for other formats.
    pub message: &'a str,
}

impl ConfluentClient<'_> {
    /// Writes values with Confluent's serializer, framed.
    pub fn write(&self, values: &[Value]) -> Vec<Vec<u8>> {
        let written = self.run("write", values.iter().cloned());
        let text = written.iter().map(|value| value.as_str().expect("base64"));
        text.map(|text| BASE64_STANDARD.decode(text).expect("base64")).collect()
    }

    /// Reads framed values with Confluent's deserializer.
    pub fn read(&self, framed: &[impl AsRef<[u8]>]) -> Vec<Value> {
        self.run("read", framed.iter().map(|bytes| BASE64_STANDARD.encode(bytes).into()))
    }

    fn run(&self, verb: &str, values: impl Iterator<Item = Value>) -> Vec<Value> {
        let lines = values.map(|value| {
            json!({
                "do": verb,
                "registry": self.url,
                "format": self.format.name(),
                "topic": self.topic,
                "type": self.message,
                "value": value,
            })
        });
        let told = told("confluent_client.py", lines).into_iter();
        told.map(|told| told.unwrap_or_else(|error| panic!("{error} in {self:?}"))["value"].take()).collect()
    }
}

/// One line of JSON for each line of JSON, by one run of a script.
fn told(script: &str, lines: impl Iterator<Item = Value>) -> Vec<Result<Value, String>> {
    let lines: Vec<_> = lines.map(|line| line.to_string() + "\n").collect();
    let input = scratch("decoder").join("input.jsonl");
    std::fs::write(&input, lines.concat()).expect("the script's input");
    let stdin = Stdio::from(File::open(&input).expect("the script's input"));
    let done = run_with(python::script(script), stdin, LIMIT);
    assert_eq!(done.code, Some(0), "{script}:\n{}{}", done.stdout, done.stderr);
    let answers: Vec<_> = done.stdout.lines().map(answer).collect();
    assert_eq!(answers.len(), lines.len(), "{script} skipped lines:\n{}{}", done.stdout, done.stderr);
    answers
}

fn answer(line: &str) -> Result<Value, String> {
    let answer: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
    match answer["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer),
    }
}
