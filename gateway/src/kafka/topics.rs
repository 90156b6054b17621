//! Which topics the cluster has, as of its last metadata: looked up at once, refreshed in the background. Knows
//! nothing of contracts.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::metadata::MetadataTopic;
use rdkafka::types::RDKafkaRespErr;
use tokio::sync::Notify;

use super::settings;
use crate::config::kafka::Kafka;

/// The shortest time between two look-ups, however often one is asked for.
const SHORTEST_GAP: Duration = Duration::from_millis(500);

/// Whether Kafka has a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It has it.
    Present,
    /// It does not have it.
    Absent,
    /// Kafka has not been reached yet.
    NotKnown,
}

/// What a topic looks like in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of partitions.
    pub partitions: usize,
    /// Replicas of the partition that has the fewest.
    pub replication: usize,
}

/// The cluster's topics.
pub struct Topics {
    client: BaseConsumer,
    interval: Duration,
    timeout: Duration,
    last: ArcSwapOption<Snapshot>,
    wanted: Notify,
}

#[derive(Debug)]
struct Snapshot {
    topics: HashMap<String, Shape>,
    brokers: usize,
    reached: Option<Instant>,
}

impl Shape {
    fn of(topic: &MetadataTopic) -> Self {
        let replicas = topic.partitions().iter().map(|partition| partition.replicas().len());
        Self { partitions: topic.partitions().len(), replication: replicas.min().unwrap_or(0) }
    }
}

impl Topics {
    /// A client of its own, so that a look-up never waits behind records. It connects in the background.
    pub fn new(kafka: &Kafka) -> Result<Self, super::ConnectError> {
        Ok(Self {
            client: settings::client(kafka).create()?,
            interval: kafka.metadata_refresh,
            timeout: kafka.request_timeout,
            last: ArcSwapOption::empty(),
            wanted: Notify::new(),
        })
    }

    /// Whether the cluster has a topic. One that is absent is looked up again soon.
    pub fn presence(&self, topic: &str) -> Presence {
        let last = self.last.load();
        let Some(last) = last.as_ref() else { return Presence::NotKnown };
        if last.topics.contains_key(topic) {
            return Presence::Present;
        }
        self.wanted.notify_one();
        Presence::Absent
    }

    /// What a topic looks like, if the cluster has it.
    pub fn shape(&self, topic: &str) -> Option<Shape> {
        self.last.load().as_ref()?.topics.get(topic).copied()
    }

    /// Whether the last look-up reached the cluster.
    pub fn is_reachable(&self) -> bool {
        self.last.load().as_ref().is_some_and(|last| last.reached.is_some() && last.brokers > 0)
    }

    /// Looks again soon instead of after the interval.
    pub fn refresh(&self) {
        self.wanted.notify_one();
    }

    /// Looks up the topics now. Blocks its thread for the request timeout at most.
    pub fn fetch(&self) -> Result<(), KafkaError> {
        let metadata = self.client.fetch_metadata(None, self.timeout);
        let snapshot = match &metadata {
            Ok(metadata) => Snapshot {
                topics: metadata
                    .topics()
                    .iter()
                    .filter(|topic| topic.error() != Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART))
                    .map(|topic| (topic.name().to_owned(), Shape::of(topic)))
                    .collect(),
                brokers: metadata.brokers().len(),
                reached: Some(Instant::now()),
            },
            Err(_) => match self.last.load_full() {
                Some(last) => Snapshot { topics: last.topics.clone(), brokers: last.brokers, reached: None },
                None => return metadata.map(|_| ()),
            },
        };
        self.last.store(Some(Arc::new(snapshot)));
        metadata.map(|_| ())
    }

    /// Keeps the topics fresh until it is dropped.
    pub async fn keep_fresh(self: Arc<Self>) {
        let mut reachable = true;
        loop {
            let topics = Arc::clone(&self);
            let looked_up = tokio::task::spawn_blocking(move || topics.fetch()).await;
            match (&looked_up, reachable) {
                (Ok(Err(error)), true) => tracing::warn!(%error, "Kafka can't be reached"),
                (Ok(Ok(())), false) => tracing::info!("Kafka can be reached again"),
                _ => {}
            }
            reachable = self.is_reachable();
            tokio::time::sleep(SHORTEST_GAP).await;
            let pause = if self.is_reachable() { self.interval } else { SHORTEST_GAP };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.wanted.notified() => {}
            }
        }
    }
}
