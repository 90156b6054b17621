//! `forebay tail`: reads a topic back, one JSON line a record, decoded as the catalogue says.

mod values;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use self::values::Values;
use super::{Exit, terminal};
use crate::config::kafka::Kafka;
use crate::kafka::{ReadError, ReadRecord, Reader, Start};

/// How long one wait for a record lasts before the next one begins.
const WAIT: Duration = Duration::from_millis(500);
/// How long the admin listener may take to answer.
const ADMIN: Duration = Duration::from_secs(5);
/// The longest answer that is read from the admin listener, in bytes.
const LONGEST_ANSWER: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The topic.
    topic: String,
    /// The Kafka to read from, as HOST:PORT,…; without it, the broker of the running `forebay dev`.
    #[arg(long, value_name = "HOST:PORT,…")]
    kafka: Option<String>,
    /// Where to ask the running `forebay dev` for its broker.
    #[arg(long, default_value = "127.0.0.1:9090", conflicts_with = "kafka")]
    admin: SocketAddr,
    /// Where to begin.
    #[arg(long, value_enum, default_value_t = From::End)]
    from: From,
    /// End after so many records.
    #[arg(long)]
    count: Option<u64>,
    /// The contracts by which values are decoded.
    #[arg(long, default_value = "schemas/catalog")]
    catalog: PathBuf,
    /// The schema registry for schemas that are not beside the contracts; without it, the one of the running
    /// `forebay dev`.
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    /// At the oldest record.
    Beginning,
    /// At what comes from now on.
    End,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let places = arguments.kafka.clone().map_or_else(|| ask_dev(arguments.admin), |kafka| Ok((kafka, None)));
    let (bootstrap, registry) = match places {
        Ok(places) => places,
        Err(error) => {
            let (admin, hint) = (arguments.admin, "start `forebay dev`, or name a Kafka with --kafka");
            terminal::note(format_args!("error: no `forebay dev` answers at {admin} ({error}); {hint}"));
            return Exit::Unreachable;
        }
    };
    let kafka = Kafka { bootstrap: bootstrap.split(',').map(str::to_owned).collect(), ..Kafka::default() };
    let start = match arguments.from {
        From::Beginning => Start::Beginning,
        From::End => Start::End,
    };
    let values = match Values::new(arguments, arguments.registry.clone().or(registry)) {
        Ok(values) => values,
        Err(error) => {
            terminal::note(format_args!("error: {error}"));
            return Exit::Usage;
        }
    };
    match follow(arguments, values, &kafka, start) {
        Ok(()) => Exit::Fine,
        Err(error) => {
            terminal::note(format_args!("error: {}: {error}", arguments.topic));
            if matches!(error, ReadError::NoSuchTopic) { Exit::Problems } else { Exit::Unreachable }
        }
    }
}

fn follow(arguments: &Arguments, mut values: Values, kafka: &Kafka, start: Start) -> Result<(), ReadError> {
    let reader = Reader::open(kafka, &arguments.topic, start)?;
    let mut left = arguments.count.unwrap_or(u64::MAX);
    while left > 0 {
        let Some(record) = reader.next(WAIT)? else { continue };
        left -= 1;
        if !terminal::say(line(&arguments.topic, &record, &mut values)) {
            return Ok(());
        }
    }
    Ok(())
}

fn line(topic: &str, record: &ReadRecord, values: &mut Values) -> Value {
    let headers = record.headers.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
    json!({
        "topic": topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.time_millis,
        "key": record.key.as_deref().map(plain),
        "headers": Value::Object(headers),
        "value": record.value.as_deref().map(|value| values.decode(value)),
    })
}

/// Bytes as text where they are text, else as base64.
fn plain(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(|char: char| char.is_control() && char != '\n' && char != '\t') => json!(text),
        _ => json!({ "base64": STANDARD.encode(bytes) }),
    }
}

/// The broker and the registry of the `forebay dev` whose admin listener is here.
fn ask_dev(admin: SocketAddr) -> Result<(String, Option<String>), std::io::Error> {
    let mut stream = TcpStream::connect_timeout(&admin, ADMIN)?;
    stream.set_read_timeout(Some(ADMIN))?;
    stream.write_all(b"GET /config HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(LONGEST_ANSWER).read_to_string(&mut answer)?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let config: Value = serde_json::from_str(body)?;
    let listed = |value: &Value| {
        let listed = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        listed.collect::<Vec<_>>().join(",")
    };
    let registry = Some(listed(&config["registry"]["url"])).filter(|url| !url.is_empty());
    Ok((listed(&config["kafka"]["bootstrap"]), registry))
}
