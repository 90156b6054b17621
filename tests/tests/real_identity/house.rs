//! One cluster for all tests of this binary, and what they ask of answers and topics.

use std::time::Duration;

use forebay_tests::cluster::Cluster;
use forebay_tests::http::{Answer, Request};
use forebay_tests::kafka::Record;
use forebay_tests::process::eventually;

pub(crate) fn path(topic: &str) -> String {
    format!("/v1/topics/{topic}/events")
}

/// A request as whoever this header proves.
pub(crate) fn post_as(authorization: &str, topic: &str, body: &str) -> Request {
    Request::json(path(topic), body).header("authorization", authorization)
}

#[track_caller]
pub(crate) fn assert_refused(what: &str, answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{what}: {answer}");
    assert_eq!(answer.json()["outcome"], "not_written", "{what}: {answer}");
}

/// All records of a topic that was told to hold so many. On a busy machine a leader may be new, and not know yet how far
/// its followers are (KIP-207): until then it shows fewer.
pub(crate) fn records(topic: &str, at_least: usize) -> Vec<Record> {
    let read = || Some(Cluster::shared().read(topic)).filter(|records| records.len() >= at_least);
    eventually(Duration::from_secs(30), read).unwrap_or_else(|| Cluster::shared().read(topic))
}
