//! Reads a topic's records back, without a consumer group and without leaving a trace in the cluster.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::settings;
use crate::config::kafka::Kafka;

/// How long one look-up may take.
const LOOKUP: Duration = Duration::from_secs(5);

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the oldest record.
    Beginning,
    /// At what comes from now on.
    End,
}

/// Why a topic can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The cluster answered, and it has no such topic.
    #[error("Kafka has no topic of this name")]
    NoSuchTopic,
    /// The cluster did not answer, or not well.
    #[error("Kafka could not be read: {0}")]
    Kafka(#[from] KafkaError),
}

/// One record as it lies in Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRecord {
    /// Its partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// Milliseconds since the epoch.
    pub time_millis: Option<i64>,
    /// Its key's bytes.
    pub key: Option<Vec<u8>>,
    /// Its value's bytes; a tombstone has none.
    pub value: Option<Vec<u8>>,
    /// Its header fields, in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// A position in all partitions of one topic.
pub struct Reader {
    consumer: BaseConsumer,
}

impl Reader {
    /// Looks up the topic's partitions and stands before the first record to read.
    pub fn open(kafka: &Kafka, topic: &str, start: Start) -> Result<Self, ReadError> {
        let mut config = settings::client(kafka);
        config.set("group.id", "forebay-tail").set("enable.auto.commit", "false").set("enable.partition.eof", "false");
        let consumer: BaseConsumer = config.create()?;
        let metadata = consumer.fetch_metadata(Some(topic), LOOKUP)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
        let partitions = found.map(|found| found.partitions().len()).filter(|count| *count > 0);
        let partitions = i32::try_from(partitions.ok_or(ReadError::NoSuchTopic)?).unwrap_or(i32::MAX);
        let mut assignment = TopicPartitionList::new();
        for partition in 0..partitions {
            let offset = match start {
                Start::Beginning => Offset::Beginning,
                Start::End => Offset::Offset(consumer.fetch_watermarks(topic, partition, LOOKUP)?.1),
            };
            assignment.add_partition_offset(topic, partition, offset)?;
        }
        consumer.assign(&assignment)?;
        Ok(Self { consumer })
    }

    /// The next record, or none within the time given. Blocks its thread.
    pub fn next(&self, timeout: Duration) -> Result<Option<ReadRecord>, ReadError> {
        Ok(self.consumer.poll(timeout).transpose()?.as_ref().map(ReadRecord::of))
    }
}

impl ReadRecord {
    fn of(message: &BorrowedMessage<'_>) -> Self {
        let headers = message.headers().map(|headers| {
            headers
                .iter()
                .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec).unwrap_or_default()))
                .collect()
        });
        Self {
            partition: message.partition(),
            offset: message.offset(),
            time_millis: message.timestamp().to_millis(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: headers.unwrap_or_default(),
        }
    }
}
