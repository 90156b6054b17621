//! One cluster and one registry for all tests of this binary, and a gateway for each between them.

use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::decoder::{ConfluentClient, Framed, decode};
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Answer, Request};
use forebay_tests::kafka::Record;
use forebay_tests::process::eventually;
use forebay_tests::registry::{Format, Registry};
use serde_json::{Value, json};

/// The members of a contract that every topic of orders has.
pub(crate) const FACTS: &str = "key: { from: /customer }\nid: { from: /id }\ntime: { from: /at }";

/// Starts a gateway between the cluster and the registry, whose topics are made first.
pub(crate) fn gateway(catalog: &Catalog, topics: &[&str]) -> Gateway {
    gateway_with(catalog, topics, json!({ "registry": { "url": Registry::shared().url(), "refresh": "500ms" } }))
}

/// The same with other settings.
pub(crate) fn gateway_with(catalog: &Catalog, topics: &[&str], settings: Value) -> Gateway {
    let cluster = Cluster::shared();
    for topic in topics {
        cluster.create_topic(topic, 1, &[]);
    }
    Gateway::start_with(&cluster.bootstrap(), catalog, settings)
}

pub(crate) fn path(topic: &str) -> String {
    format!("/v1/topics/{topic}/events")
}

/// Posts a body.
pub(crate) fn post(gateway: &Gateway, topic: &str, media_type: &str, body: &[u8]) -> Answer {
    gateway.client().send(&Request::post(path(topic), body).header("content-type", media_type))
}

/// Posts JSON.
pub(crate) fn post_json(gateway: &Gateway, topic: &str, body: &Value) -> Answer {
    gateway.client().send(&Request::json(path(topic), body.to_string()))
}

/// All was written.
pub(crate) fn assert_written(answer: &Answer, events: usize) {
    assert_eq!((answer.status, &answer.json()["written"]), (200, &json!(events)), "{answer}");
}

/// Nothing was written, for this reason, which is said in a sentence with these words.
pub(crate) fn assert_refused(answer: &Answer, status: u16, code: &str, words: &str) {
    let json = answer.json();
    assert_eq!((answer.status, json["code"].as_str()), (status, Some(code)), "{answer}");
    assert_eq!(json["outcome"], "not_written", "{answer}");
    assert!(json["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{words}: {answer}");
}

/// All records of a topic, which has one partition and was told to hold so many at least. On a busy machine a leader may
/// be new, and not know yet how far its followers are (KIP-207): until then it shows fewer.
pub(crate) fn records(topic: &str, at_least: usize) -> Vec<Record> {
    let read = || Some(Cluster::shared().read(topic)).filter(|records| records.len() >= at_least);
    eventually(Duration::from_secs(30), read).unwrap_or_else(|| Cluster::shared().read(topic))
}

/// The only record of a topic.
pub(crate) fn only_record(topic: &str) -> Record {
    let mut records = records(topic, 1);
    assert_eq!(records.len(), 1, "{topic}: {records:?}");
    records.remove(0)
}

/// A record's value.
pub(crate) fn value(record: &Record) -> &[u8] {
    record.value.as_deref().expect("a value")
}

/// The id in Confluent's frame.
pub(crate) fn framed_id(bytes: &[u8]) -> u32 {
    assert_eq!(bytes.first(), Some(&0), "Confluent's frame begins with 0");
    u32::from_be_bytes(bytes[1..5].try_into().expect("four bytes"))
}

/// Reads framed bytes by the readers that share nothing with the gateway: `{"schema_id", "type", "value"}`.
pub(crate) fn read(format: Format, bytes: &[u8]) -> Value {
    decode(&Registry::shared().url(), &[Framed { format, bytes }]).remove(0)
}

/// Confluent's own client of a topic's orders.
pub(crate) fn confluent<'a>(url: &'a str, topic: &'a str, format: Format) -> ConfluentClient<'a> {
    ConfluentClient { url, topic, format, message: if format == Format::Protobuf { "shop.Order" } else { "" } }
}
