//! Reads what is really in a topic, with a plain client that knows nothing of the gateway.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// How long one read may take on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// One record as it lies in Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The partition it lies in.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// Its timestamp: milliseconds since 1970.
    pub timestamp: i64,
    /// Its key, if it has one.
    pub key: Option<Vec<u8>>,
    /// Its headers in order; a header may be null.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Its value; none is a tombstone.
    pub value: Option<Vec<u8>>,
}

impl Record {
    /// The first header of this name, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(candidate, _)| candidate == name)?;
        value.as_ref().map(|bytes| std::str::from_utf8(bytes).expect("a header of text"))
    }

    /// The key as text.
    pub fn key_text(&self) -> Option<&str> {
        self.key.as_ref().map(|bytes| std::str::from_utf8(bytes).expect("a key of text"))
    }

    /// The value as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.value.as_ref().expect("a value")).expect("a value of text")
    }

    /// The value as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.text()).expect("a value of JSON")
    }

    fn of(message: &BorrowedMessage) -> Self {
        let headers = message.headers().map(|headers| {
            headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
        });
        Self {
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis().expect("a timestamp"),
            key: message.key().map(<[u8]>::to_vec),
            headers: headers.unwrap_or_default(),
            value: message.payload().map(<[u8]>::to_vec),
        }
    }
}

/// All records of `topic` from its beginning to its end at this moment, sorted by partition and offset.
pub fn read(bootstrap: &str, topic: &str) -> Vec<Record> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "forebay-tests")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "false")
        .set("allow.auto.create.topics", "false")
        .create()
        .expect("a consumer");
    let mut left = ends(&consumer, topic);
    left.retain(|&(_, low, high)| high > low);
    let mut assignment = TopicPartitionList::new();
    for &(partition, low, _) in &left {
        assignment.add_partition_offset(topic, partition, Offset::Offset(low)).expect("a valid offset");
    }
    consumer.assign(&assignment).expect("an assignment");
    let mut records = Vec::new();
    let end = Instant::now() + LIMIT;
    while !left.is_empty() {
        assert!(Instant::now() < end, "{topic}: {} records read, but not these to their end: {left:?}", records.len());
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
        let of_this = |&(partition, _, _): &(i32, i64, i64)| partition == message.partition();
        let high = left.iter().find(|entry| of_this(entry)).map(|&(_, _, high)| high);
        if high.is_some_and(|high| message.offset() < high) {
            records.push(Record::of(&message));
        }
        if high.is_some_and(|high| message.offset() >= high - 1) {
            left.retain(|entry| !of_this(entry));
        }
    }
    records.sort_by_key(|record| (record.partition, record.offset));
    records
}

/// Each partition with its first offset and the offset after its last.
fn ends(consumer: &BaseConsumer, topic: &str) -> Vec<(i32, i64, i64)> {
    let metadata = consumer.fetch_metadata(Some(topic), LIMIT).expect("metadata");
    let partitions = metadata.topics()[0].partitions();
    assert!(!partitions.is_empty(), "Kafka has no topic {topic}");
    let of = |partition: i32| {
        let (low, high) = consumer.fetch_watermarks(topic, partition, LIMIT).expect("watermarks");
        (partition, low, high)
    };
    partitions.iter().map(|partition| of(partition.id())).collect()
}
