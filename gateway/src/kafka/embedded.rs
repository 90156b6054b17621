//! A Kafka broker inside this process, for `forebay dev` and for faults that a real one can't be made to show.
//! It keeps records in memory only and forgets them with the process.

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use super::producer::ConnectError;

/// A broker in this process, listening on a free loopback port until it is dropped.
pub struct Embedded {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl Embedded {
    /// Starts the broker.
    pub fn start() -> Result<Self, ConnectError> {
        Ok(Self { cluster: MockCluster::new(1)? })
    }

    /// Its address.
    pub fn bootstrap(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// Makes a topic. One that exists stays as it is.
    pub fn create_topic(&self, topic: &str, partitions: u32) -> Result<(), ConnectError> {
        let partitions = i32::try_from(partitions).unwrap_or(i32::MAX);
        Ok(self.cluster.create_topic(topic, partitions, 1)?)
    }
}
