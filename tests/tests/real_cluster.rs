//! The harness itself against real brokers, with a plain producer: what it says it does to a broker, it does.

use std::time::Duration;

use forebay_tests::cluster::Cluster;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

fn producer(cluster: &Cluster) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap().join(",")).set("enable.idempotence", "true");
    config.set("request.timeout.ms", "2000").set("socket.timeout.ms", "2000").create().expect("a producer")
}

fn write(producer: &BaseProducer, topic: &str, values: std::ops::Range<usize>) {
    for value in values {
        let value = value.to_string();
        producer.send(BaseRecord::<str, str>::to(topic).payload(&value).key("k")).expect("room in the queue");
    }
    producer.flush(Duration::from_mins(1)).expect("everything is acknowledged");
}

#[test]
fn records_survive_every_fault_of_a_single_broker() {
    let mut cluster = Cluster::alone();
    let topic = "cluster.faults";
    cluster.create_topic(topic, 1, &[]);
    let producer = producer(&cluster);
    write(&producer, topic, 0..10);

    let first = cluster.leader(topic, 0);
    cluster.node(first).kill();
    write(&producer, topic, 10..20);
    assert_ne!(cluster.leader(topic, 0), first, "another broker leads");

    cluster.heal();
    let second = cluster.leader(topic, 0);
    cluster.node(second).pause();
    write(&producer, topic, 20..30);
    cluster.node(second).resume();

    cluster.heal();
    let third = cluster.leader(topic, 0);
    cluster.node(third).stop();
    write(&producer, topic, 30..40);

    cluster.heal();
    let values: Vec<_> = cluster.read(topic).iter().map(|record| record.text().to_owned()).collect();
    assert_eq!(values, (0..40).map(|value| value.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_deleted_topic_is_gone() {
    let cluster = Cluster::alone();
    cluster.create_topic("cluster.deleted", 3, &[("max.message.bytes", "2048")]);
    assert!(cluster.read("cluster.deleted").is_empty());
    cluster.delete_topic("cluster.deleted");
    cluster.create_topic("cluster.deleted", 1, &[]);
    assert!(cluster.read("cluster.deleted").is_empty());
}
