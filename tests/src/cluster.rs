//! A real Kafka cluster of three brokers (`KRaft`) on free loopback ports, with the faults that tests do to it.

use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_executor::block_on;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::jars;
use crate::kafka::{self, Record};
use crate::node::{Node, Ports, kafka_uuid};
use crate::process::{eventually, scratch};

const NODES: usize = 3;
/// How long the cluster may take to elect, to replicate, to answer an admin call.
const SETTLE: Duration = Duration::from_mins(1);

/// Three brokers that are ready.
pub struct Cluster {
    nodes: Vec<Node>,
}

impl Cluster {
    /// The cluster that all tests of this binary share; nobody breaks it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// The cluster of a binary whose tests break brokers: one test at a time, whole again for each.
    pub fn alone() -> MutexGuard<'static, Self> {
        static ALONE: OnceLock<Mutex<Cluster>> = OnceLock::new();
        let turn = ALONE.get_or_init(|| Mutex::new(Self::start()));
        // A test that failed left the lock poisoned; its damage is healed here.
        let mut cluster = turn.lock().unwrap_or_else(PoisonError::into_inner);
        cluster.heal();
        cluster
    }

    /// Starts a new cluster; it ends when it is dropped, or with the test process.
    pub fn start() -> Self {
        let started = (0..3).find_map(|_| Self::on_ports(&Ports::free(NODES)));
        started.expect("three times in a row a free port was taken before the broker had it")
    }

    fn on_ports(ports: &[Ports]) -> Option<Self> {
        let folder = scratch("kafka");
        let cluster_id = kafka_uuid();
        let mut nodes: Vec<_> =
            (1..=NODES).map(|id| Node::prepare(folder.join(format!("node-{id}")), id, ports)).collect();
        nodes[0].format(&cluster_id);
        for node in &nodes[1..] {
            node.format_like(&nodes[0], &cluster_id);
        }
        nodes.iter_mut().for_each(Node::launch);
        let ready = nodes.iter_mut().all(Node::ready);
        ready.then(|| Self { nodes })
    }

    /// The addresses of all brokers, as clients write them.
    pub fn bootstrap(&self) -> Vec<String> {
        self.nodes.iter().map(Node::address).collect()
    }

    /// The node with this id (from 1), to break it.
    pub fn node(&mut self, id: usize) -> &mut Node {
        &mut self.nodes[id - 1]
    }

    /// All nodes, to break them.
    pub fn nodes(&mut self) -> impl Iterator<Item = &mut Node> {
        self.nodes.iter_mut()
    }

    /// Brings back whatever was paused, stopped or killed, and waits until every replica is in sync.
    pub fn heal(&mut self) {
        for node in &mut self.nodes {
            node.resume();
        }
        for node in &mut self.nodes {
            node.restart();
        }
        let whole = eventually(SETTLE, || {
            let metadata = self.client().fetch_metadata(None, Duration::from_secs(5)).ok()?;
            let mut partitions = metadata.topics().iter().flat_map(rdkafka::metadata::MetadataTopic::partitions);
            let in_sync = partitions.all(|partition| partition.leader() > 0 && partition.isr().len() == NODES);
            (metadata.brokers().len() == NODES && in_sync).then_some(())
        });
        whole.expect("the cluster is whole again");
    }

    /// Makes a topic with three replicas (all of them on this cluster) and waits until it can be written.
    pub fn create_topic(&self, name: &str, partitions: i32, properties: &[(&str, &str)]) {
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(3));
        for &(key, value) in properties {
            topic = topic.set(key, value);
        }
        let options = AdminOptions::new().operation_timeout(Some(SETTLE));
        let created = block_on(self.admin().create_topics(&[topic], &options)).expect("an answer to the admin call");
        created[0].as_ref().unwrap_or_else(|(topic, error)| panic!("topic {topic}: {error}"));
        let client = self.client();
        let writable = eventually(SETTLE, || {
            let metadata = client.fetch_metadata(Some(name), Duration::from_secs(5)).ok()?;
            let of_topic = metadata.topics().first()?.partitions();
            let led = of_topic.iter().all(|partition| partition.leader() > 0 && partition.isr().len() == NODES);
            (i32::try_from(of_topic.len()) == Ok(partitions) && led).then_some(())
        });
        writable.unwrap_or_else(|| panic!("topic {name} has no leaders"));
    }

    /// Deletes a topic.
    pub fn delete_topic(&self, name: &str) {
        let options = AdminOptions::new().operation_timeout(Some(SETTLE));
        let deleted = block_on(self.admin().delete_topics(&[name], &options)).expect("an answer to the admin call");
        deleted[0].as_ref().unwrap_or_else(|(topic, error)| panic!("topic {topic}: {error}"));
    }

    /// The id of the node that leads this partition.
    pub fn leader(&self, topic: &str, partition: i32) -> usize {
        let client = self.client();
        let leader = eventually(SETTLE, || {
            let metadata = client.fetch_metadata(Some(topic), Duration::from_secs(5)).ok()?;
            let of_topic = metadata.topics().first()?.partitions();
            let found = of_topic.iter().find(|candidate| candidate.id() == partition)?;
            usize::try_from(found.leader()).ok().filter(|&id| id > 0)
        });
        leader.unwrap_or_else(|| panic!("{topic}/{partition} has no leader"))
    }

    /// All records of a topic, from its beginning to its current end, partition by partition.
    pub fn read(&self, topic: &str) -> Vec<Record> {
        kafka::read(&self.bootstrap().join(","), topic)
    }

    /// A command that runs one of Kafka's own command-line classes against this cluster.
    pub fn tool(&self, class: &str) -> Command {
        let mut command = jars::java(&[], class);
        command.args(["--bootstrap-server", &self.bootstrap().join(",")]);
        command
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.bootstrap().join(",")).set("allow.auto.create.topics", "false");
        config
    }

    fn client(&self) -> BaseConsumer {
        self.config().create().expect("a client")
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.config().create().expect("an admin client")
    }
}
