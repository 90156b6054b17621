//! What lies in Kafka: how many records a topic has taken, and whether the last ones are the bytes they should be.
//! Reads only; knows nothing of who wrote.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::{MetadataPartition, MetadataTopic};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use crate::error::Error;
use crate::event::Pool;
use crate::measure::Tally;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A topic, seen by a client of its own.
pub struct Topic {
    consumer: BaseConsumer,
    name: String,
    partitions: Vec<i32>,
}

impl Topic {
    /// Connects; the topic must be there.
    pub fn open(bootstrap: &str, name: &str) -> Result<Self, Error> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("group.id", "forebay-loadtest")
            .set("enable.auto.commit", "false")
            .set("allow.auto.create.topics", "false")
            .create()
            .map_err(Error::kafka("a consumer"))?;
        let metadata = consumer.fetch_metadata(Some(name), PATIENCE).map_err(Error::kafka(format!("topic {name}")))?;
        let found = metadata.topics().iter().flat_map(MetadataTopic::partitions);
        let partitions: Vec<_> = found.map(MetadataPartition::id).collect();
        if partitions.is_empty() {
            return Err(Error::Usage(format!("Kafka has no topic {name}")));
        }
        Ok(Self { consumer, name: name.to_owned(), partitions })
    }

    /// How many records the topic has ever taken: the sum of its partitions' high watermarks.
    pub fn records(&self) -> Result<u64, Error> {
        let ends = self.ends()?;
        Ok(ends.iter().map(|(_, end)| end.cast_unsigned()).sum())
    }

    /// Holds what was told against what has come to lie in Kafka since there were `before` records: everything
    /// acknowledged, nothing refused, and of the unknown all, some or none. Answers how many came.
    pub fn account(&self, before: u64, told: &Tally) -> Result<u64, Error> {
        let came = self.records()? - before;
        if (told.written..=told.written + told.unknown).contains(&came) {
            return Ok(came);
        }
        Err(Error::Count(format!(
            "{came} records came to lie in {}, with {} acknowledged, {} refused and {} unknown",
            self.name, told.written, told.not_written, told.unknown
        )))
    }

    /// Reads the last record of every partition that has one and holds it against the pool's event of that id, byte
    /// for byte. Answers how many there were.
    pub fn last_records_are(&self, pool: &Pool) -> Result<usize, Error> {
        let mut assignment = TopicPartitionList::new();
        for (partition, end) in self.ends()?.into_iter().filter(|&(_, end)| end > 0) {
            let last = Offset::Offset(end - 1);
            assignment.add_partition_offset(&self.name, partition, last).map_err(Error::kafka("an assignment"))?;
        }
        self.consumer.assign(&assignment).map_err(Error::kafka("an assignment"))?;
        let read = (0..assignment.count()).try_for_each(|_| self.next_record_is(pool));
        self.consumer.unassign().map_err(Error::kafka("an assignment"))?;
        read.map(|()| assignment.count())
    }

    fn next_record_is(&self, pool: &Pool) -> Result<(), Error> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let Some(record) = self.consumer.poll(Duration::from_millis(200)) else { continue };
            let record = record.map_err(Error::kafka(format!("reading {}", self.name)))?;
            let place = format!("{}/{} at {}", self.name, record.partition(), record.offset());
            let id = record.key().unwrap_or_default();
            let Some(expected) = pool.avro_of(id) else {
                return Err(Error::Count(format!("{place} bears no id of this run")));
            };
            if record.payload() != Some(expected.as_slice()) {
                let length = record.payload().map_or(0, <[u8]>::len);
                return Err(Error::Count(format!("{place}: {length} bytes, not the {} expected", expected.len())));
            }
            return Ok(());
        }
        Err(Error::Count(format!("the last records of {} could not be read", self.name)))
    }

    /// Each partition with its high watermark.
    fn ends(&self) -> Result<Vec<(i32, i64)>, Error> {
        let end = |&partition: &i32| {
            let marks = self.consumer.fetch_watermarks(&self.name, partition, PATIENCE);
            marks.map(|(_, high)| (partition, high)).map_err(Error::kafka(format!("watermarks of {}", self.name)))
        };
        self.partitions.iter().map(end).collect()
    }
}
