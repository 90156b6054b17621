//! The cluster, and how much may wait for it how long. Knows values; `crate::kafka` turns them into librdkafka's.

mod fixed;

use std::collections::BTreeMap;
use std::time::Duration;

use forebay_schemas::document::{Node, Reader};
use forebay_schemas::problem::Problem;
use serde::Serialize;

use super::secret::Secret;
use super::show::{as_duration, as_size};
use super::times::{timer, timer_or_none};

/// How long librdkafka itself keeps trying; the gateway's own deadline lies below it. When messages expire inside
/// librdkafka, its idempotent producer takes a new epoch and may write records twice.
pub const LONGEST_DEADLINE: Duration = Duration::from_mins(2);

/// What can't have a default.
pub(super) const REQUIRED: &str = "the brokers' addresses: bootstrap: [broker-1:9092]";

/// The cluster, and how much may wait for it how long.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kafka {
    /// The brokers that are asked first, as `host:port`.
    pub bootstrap: Vec<String>,
    /// The longest that an accepted event waits for its verdict.
    #[serde(serialize_with = "as_duration")]
    pub deadline: Duration,
    /// How long a broker may take to answer one request; far below the deadline, so that a broker that hangs is
    /// given up in time.
    #[serde(serialize_with = "as_duration")]
    pub request_timeout: Duration,
    /// How long a record waits for company.
    #[serde(serialize_with = "as_duration")]
    pub linger: Duration,
    /// How batches are compressed.
    pub compression: Compression,
    /// The largest record, key and header fields included.
    #[serde(serialize_with = "as_size")]
    pub bytes_per_record: u64,
    /// How far ahead of the gateway's clock an event's time may lie. Kafka's own limit is an hour unless the topic's
    /// `message.timestamp.after.max.ms` says otherwise, and one record past it sinks its batch there.
    #[serde(serialize_with = "as_duration")]
    pub timestamp_ahead: Duration,
    /// librdkafka instances; a topic always uses the same one.
    pub producers: usize,
    /// How much may wait for Kafka.
    pub queue: Queue,
    /// How often the cluster's topics are looked up.
    #[serde(serialize_with = "as_duration")]
    pub metadata_refresh: Duration,
    /// Other librdkafka settings, by its names.
    pub properties: BTreeMap<String, Secret>,
}

/// How much may wait for Kafka, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// In all.
    #[serde(serialize_with = "as_size")]
    pub bytes: u64,
    /// For one topic.
    #[serde(serialize_with = "as_size")]
    pub bytes_per_topic: u64,
    /// For copies of refused events, of all topics together.
    #[serde(serialize_with = "as_size")]
    pub bytes_refused: u64,
}

/// How batches are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// Snappy.
    Snappy,
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
}

impl Compression {
    const NAMES: [(&'static str, Self); 5] = [
        ("none", Self::None),
        ("gzip", Self::Gzip),
        ("snappy", Self::Snappy),
        ("lz4", Self::Lz4),
        ("zstd", Self::Zstd),
    ];

    /// Its name, which is librdkafka's too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            bootstrap: Vec::new(),
            deadline: Duration::from_secs(5),
            request_timeout: Duration::from_secs(2),
            linger: Duration::from_millis(1),
            compression: Compression::Lz4,
            bytes_per_record: 1_000_000,
            timestamp_ahead: Duration::from_hours(1),
            producers: 1,
            queue: Queue {
                bytes: 256 * 1024 * 1024,
                bytes_per_topic: 64 * 1024 * 1024,
                bytes_refused: 8 * 1024 * 1024,
            },
            metadata_refresh: Duration::from_secs(10),
            properties: BTreeMap::new(),
        }
    }
}

impl Kafka {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let d = Self::default();
        let bootstrap = r.strings("bootstrap").unwrap_or_default();
        let mut kafka = Self {
            bootstrap: bootstrap.iter().flat_map(|list| list.split(',')).map(|one| one.trim().to_owned()).collect(),
            deadline: timer(&mut r, "deadline", d.deadline),
            request_timeout: timer(&mut r, "request_timeout", d.request_timeout),
            linger: timer_or_none(&mut r, "linger", d.linger),
            compression: r.one_of("compression", &Compression::NAMES).unwrap_or(d.compression),
            bytes_per_record: r.size("bytes_per_record").unwrap_or(d.bytes_per_record),
            timestamp_ahead: r.duration("timestamp_ahead").unwrap_or(d.timestamp_ahead),
            producers: r.integer("producers", 1..=64).and_then(|n| usize::try_from(n).ok()).unwrap_or(d.producers),
            queue: r.section("queue").map(Queue::read).unwrap_or(d.queue),
            metadata_refresh: timer(&mut r, "metadata_refresh", d.metadata_refresh),
            properties: r.optional("properties", properties).unwrap_or_default(),
        };
        kafka.properties.extend(r.optional("property_files", property_files).unwrap_or_default());
        if r.node().get("bootstrap").is_none() {
            r.missing("bootstrap", REQUIRED);
        }
        r.finish();
        kafka
    }
}

impl Queue {
    fn read(mut r: Reader<'_, '_>) -> Self {
        let d = Kafka::default().queue;
        let bytes = r.size("bytes").unwrap_or(d.bytes);
        let queue = Self {
            bytes,
            bytes_per_topic: r.size("bytes_per_topic").unwrap_or(d.bytes_per_topic),
            // A small queue is no contradiction to what nobody has written.
            bytes_refused: r.size("bytes_refused").unwrap_or(d.bytes_refused.min(bytes)),
        };
        r.finish();
        queue
    }
}

fn properties(node: &Node, problems: &mut Vec<Problem>) -> Option<BTreeMap<String, Secret>> {
    let found = node.map(problems, |name, value, problems| {
        refuse_fixed(name, value, problems)?;
        value.string(problems).map(Secret::new)
    })?;
    Some(found.into_iter().collect())
}

/// Settings whose values stand in files of their own, such as `sasl.password`.
fn property_files(node: &Node, problems: &mut Vec<Problem>) -> Option<BTreeMap<String, Secret>> {
    let found = node.map(problems, |name, value, problems| {
        refuse_fixed(name, value, problems)?;
        match std::fs::read_to_string(value.string(problems)?) {
            Ok(text) => Some(Secret::new(text.trim_end().to_owned())),
            Err(error) => {
                problems.push(value.problem("a file that can be read", error.to_string()));
                None
            }
        }
    })?;
    Some(found.into_iter().collect())
}

fn refuse_fixed(name: &str, value: &Node, problems: &mut Vec<Problem>) -> Option<()> {
    let Some(reason) = fixed::refusal_of_property(name) else { return Some(()) };
    problems.push(value.problem(format!("no {name} here: {reason}"), "a value for it"));
    None
}
