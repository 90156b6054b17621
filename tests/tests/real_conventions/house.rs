//! One cluster for all tests of this binary, and what they ask of answers, metrics and topics.

use std::time::Duration;

use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Answer, Request};
use forebay_tests::kafka::Record;
use forebay_tests::process::eventually;
use serde_json::Value;

pub(crate) fn path(topic: &str) -> String {
    format!("/v1/topics/{topic}/events")
}

pub(crate) fn post(gateway: &Gateway, topic: &str, body: &Value) -> Answer {
    gateway.client().send(&Request::json(path(topic), body.to_string()))
}

/// All records of a topic that was told to hold so many. On a busy machine a leader may be new, and not know yet how far
/// its followers are (KIP-207): until then it shows fewer.
pub(crate) fn records(topic: &str, at_least: usize) -> Vec<Record> {
    let read = || Some(Cluster::shared().read(topic)).filter(|records| records.len() >= at_least);
    eventually(Duration::from_secs(30), read).unwrap_or_else(|| Cluster::shared().read(topic))
}

/// How many times a convention had this effect on a topic.
pub(crate) fn hits(gateway: &Gateway, topic: &str, convention: &str, effect: &str) -> u64 {
    let labels = format!("topic=\"{topic}\",convention=\"{convention}\",effect=\"{effect}\"");
    gateway.metric(&format!("forebay_convention_hits_total{{{labels}}}"))
}
