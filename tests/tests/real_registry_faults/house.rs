//! Readings: what these tests send, its schemas, and the check of answers against a topic.

use std::collections::BTreeSet;
use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Answer, Client, Request};
use forebay_tests::process::eventually;
use forebay_tests::registry::{Format, Registry};
use serde_json::{Value, json};

/// How long healing may take to be noticed on a busy machine.
pub(crate) const HEALED: Duration = Duration::from_mins(1);

/// The members of a contract of readings beside its `value`.
pub(crate) const FACTS: &str = "key: { from: /key }\nid: { from: /id }";

pub(crate) const AVRO: &str = r#"{ "type": "record", "name": "Reading", "fields": [
  { "name": "id", "type": "string" }, { "name": "key", "type": "string" } ] }"#;
pub(crate) const PROTOBUF: &str = "syntax = \"proto3\";\nmessage Reading {\n  string id = 1;\n  string key = 2;\n}\n";
/// Also the events of [`forebay_tests::load::Load`].
pub(crate) const JSON: &str = r#"{ "type": "object", "required": ["id", "key"], "properties": {
  "id": { "type": "string" }, "key": { "type": "string" }, "sequence": { "type": "integer" } } }"#;

/// The formats, each with its schema of a reading.
pub(crate) const SCHEMAS: [(Format, &str); 3] =
    [(Format::Avro, AVRO), (Format::JsonSchema, JSON), (Format::Protobuf, PROTOBUF)];

/// The contract's members for a topic whose schema is its subject's.
pub(crate) fn by_subject(format: Format) -> String {
    format!("value: {{ format: {}, subject: {{ strategy: topic }} }}\n{FACTS}", format.name())
}

/// A topic of readings for each format, named `<prefix>.<format>.v1`, and one whose schema is a file.
pub(crate) struct Readings {
    pub(crate) topics: [String; 3],
    pub(crate) file: String,
}

impl Readings {
    pub(crate) fn new(prefix: &str) -> Self {
        let topics = SCHEMAS.map(|(format, _)| format!("{prefix}.{}.v1", format.name()));
        Self { topics, file: format!("{prefix}.file.v1") }
    }

    pub(crate) fn register(&self, registry: &Registry) -> [u32; 3] {
        let mut schemas = SCHEMAS.iter().zip(&self.topics);
        std::array::from_fn(|_| {
            let ((format, text), topic) = schemas.next().expect("three of them");
            registry.register(&format!("{topic}-value"), *format, text, &[])
        })
    }

    pub(crate) fn catalog(&self) -> Catalog {
        let named = SCHEMAS.iter().zip(&self.topics);
        let catalog =
            named.fold(Catalog::new(), |catalog, ((format, _), topic)| catalog.contract(topic, &by_subject(*format)));
        let file = format!("value: {{ format: avro, schema: reading.avsc, framing: none }}\n{FACTS}");
        catalog.contract(&self.file, &file).file(&self.file, "reading.avsc", AVRO)
    }

    pub(crate) fn create(&self) {
        for topic in self.all() {
            Cluster::shared().create_topic(topic, 3, &[]);
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &String> {
        self.topics.iter().chain([&self.file])
    }
}

/// A gateway with these settings of the registry, which is ready.
pub(crate) fn gateway(catalog: &Catalog, registry: &Value) -> Gateway {
    let gateway = Gateway::start_with(&Cluster::shared().bootstrap(), catalog, json!({ "registry": registry }));
    assert_ready(&gateway);
    gateway
}

pub(crate) fn assert_ready(gateway: &Gateway) {
    let ready = gateway.admin_client().get("/readyz");
    assert_eq!(ready.status, 200, "{ready}");
}

pub(crate) fn path(topic: &str) -> String {
    format!("/v1/topics/{topic}/events")
}

/// A reading by the Avro schema, behind a frame with this id.
pub(crate) fn framed(id: u32, reading: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(2 * text.len()).expect("a short text")], text.as_bytes()].concat();
    [&[0][..], &id.to_be_bytes(), &text(reading), &text("k")].concat()
}

/// A request with a framed reading.
pub(crate) fn framed_request(topic: &str, id: u32, reading: &str) -> Request {
    Request::post(path(topic), framed(id, reading)).header("content-type", "avro/binary; framing=confluent")
}

/// What was sent to a topic, and what became of it.
pub(crate) struct Sender<'a> {
    client: Client,
    topic: &'a str,
    name: &'a str,
    sent: usize,
    written: BTreeSet<String>,
}

impl<'a> Sender<'a> {
    /// `name` begins the ids of what it sends.
    pub(crate) fn new(gateway: &Gateway, topic: &'a str, name: &'a str) -> Self {
        Self { client: gateway.client(), topic, name, sent: 0, written: BTreeSet::new() }
    }

    /// Sends one reading as JSON.
    pub(crate) fn send(&mut self) -> Answer {
        let id = self.next();
        self.ask(id.clone(), &Request::json(path(self.topic), json!({ "id": id, "key": "k" }).to_string()))
    }

    /// Sends one reading as Avro behind a frame with this id.
    pub(crate) fn send_framed(&mut self, schema: u32) -> Answer {
        let id = self.next();
        self.ask(id.clone(), &framed_request(self.topic, schema, &id))
    }

    pub(crate) fn must_write(&mut self) {
        let answer = self.send();
        assert_eq!(answer.status, 200, "{}: {answer}", self.topic);
    }

    fn next(&mut self) -> String {
        self.sent += 1;
        format!("{}-{}", self.name, self.sent)
    }

    fn ask(&mut self, id: String, request: &Request) -> Answer {
        let answer = self.client.send(request);
        let outcome = answer.json()["outcome"].clone();
        match answer.status {
            200 => assert!(self.written.insert(id), "ids are sent once"),
            _ => assert_eq!(outcome, "not_written", "{answer}"),
        }
        answer
    }

    /// What was answered 200 is in Kafka, once, and nothing else of this sender's is.
    pub(crate) fn hold_against_kafka(&self) {
        // On a busy machine a leader may be new, and not know yet how far its followers are (KIP-207).
        let all = || Some(self.in_kafka()).filter(|ids| ids.len() >= self.written.len());
        let ids = eventually(Duration::from_secs(30), all).unwrap_or_else(|| self.in_kafka());
        assert!(ids.iter().eq(&self.written), "{}: {ids:?} lie there, of {:?}", self.topic, self.written);
    }

    fn in_kafka(&self) -> Vec<String> {
        let records = Cluster::shared().read(self.topic);
        let ids = records.iter().map(|record| record.header("event-id").expect("an id").to_owned());
        let begins = format!("{}-", self.name);
        let mut ids: Vec<_> = ids.filter(|id| id.starts_with(&begins)).collect();
        ids.sort();
        ids
    }
}

/// The schema is not known now; the same will work later.
pub(crate) fn assert_unavailable(answer: &Answer) {
    let json = answer.json();
    assert_eq!((answer.status, json["code"].as_str()), (503, Some("registry_unavailable")), "{answer}");
    assert_eq!((&json["outcome"], &json["retryable"]), (&json!("not_written"), &json!(true)), "{answer}");
    assert_retry_after(answer);
}

/// The answer says when to try again, in whole seconds.
pub(crate) fn assert_retry_after(answer: &Answer) {
    let after = answer.header("retry-after").and_then(|text| text.parse::<u32>().ok());
    assert!(after.is_some_and(|seconds| seconds > 0), "{answer}");
}
