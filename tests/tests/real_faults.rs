//! Faults of a real cluster under load: an answer stays true whatever breaks. Writers log every answer; when the
//! fault has healed, the whole topic is read back and held against that log.

use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Answer, Connection, Request};
use forebay_tests::load::{Load, Log, Shape};
use forebay_tests::node::Node;
use forebay_tests::process::eventually;
use serde_json::{Value, json};

const DEADLINE: Duration = Duration::from_secs(5);
/// What an answer may take beyond the deadline.
const SLACK: Duration = Duration::from_secs(1);
/// How long healing may take to be noticed on a busy machine.
const HEALED: Duration = Duration::from_mins(1);

fn path(topic: &str) -> String {
    format!("/v1/topics/{topic}/events")
}

/// The gateway of these topics of keyed JSON, with some Kafka settings changed.
fn gateway(cluster: &Cluster, topics: &[&str], kafka: Value) -> Gateway {
    let catalog = topics.iter().fold(Catalog::new(), |catalog, topic| catalog.keyed_json(topic));
    let mut settings = json!({ "kafka": { "deadline": "5s", "request_timeout": "2s" }, "drain": { "grace": "10s" } });
    forebay_tests::gateway::merge(&mut settings["kafka"], kafka);
    Gateway::start_with(&cluster.bootstrap(), &catalog, settings)
}

fn event(id: &str) -> String {
    json!({ "id": id, "key": "k" }).to_string()
}

/// Only answers that the promise allows while a broker is away.
fn assert_honest(log: &Log) {
    let known = [200, 207, 503, 504].iter().map(|&status| log.count(status)).sum::<usize>();
    assert_eq!(known, log.0.len(), "{}", log.summary());
}

/// Load on a topic while `fault` is done to the cluster, then healing; the log is held against the topic.
fn under_load(topic: &str, fault: impl FnOnce(&mut Cluster, usize)) -> Log {
    let mut cluster = Cluster::alone();
    cluster.create_topic(topic, 3, &[]);
    let gateway = gateway(&cluster, &[topic], json!({}));
    let load = Load::start(gateway.address(), topic, Shape::default());
    load.await_written(500);
    let leader = cluster.leader(topic, 0);
    fault(&mut cluster, leader);
    load.await_written(1_000);
    cluster.heal();
    load.await_written(500);
    let log = load.stop();
    println!("{topic}: {}", log.summary());
    assert_honest(&log);
    log.hold_against(&cluster.read(topic));
    log
}

#[test]
fn killing_a_leader_loses_nothing_that_was_answered() {
    under_load("faults.leader.killed.v1", |cluster, leader| cluster.node(leader).kill());
}

#[test]
fn freezing_a_leader_loses_nothing_that_was_answered() {
    under_load("faults.leader.frozen.v1", |cluster, leader| cluster.node(leader).pause());
}

#[test]
fn stopping_a_leader_cleanly_is_not_noticed() {
    let log = under_load("faults.leader.stopped.v1", |cluster, leader| cluster.node(leader).stop());
    assert_eq!(log.count(200), log.0.len(), "{}", log.summary());
}

#[test]
fn with_all_brokers_frozen_every_request_is_answered_in_time_and_writing_comes_back() {
    let topic = "faults.all.frozen.v1";
    let mut cluster = Cluster::alone();
    cluster.create_topic(topic, 3, &[]);
    let gateway = gateway(&cluster, &[topic], json!({}));
    let load = Load::start(gateway.address(), topic, Shape { batch: 1, ..Shape::default() });
    load.await_written(50);
    cluster.nodes().for_each(Node::pause);
    load.await_answered(20);
    let mut admin = gateway.admin_client();
    assert_eq!(admin.get("/livez").status, 200);
    let unready = eventually(HEALED, || (admin.get("/readyz").status == 503).then_some(()));
    unready.expect("/readyz says that Kafka is away");

    cluster.heal();
    load.await_written(100);
    let log = load.stop();
    println!("{topic}: {}", log.summary());
    assert_honest(&log);
    assert!(log.count(503) + log.count(504) > 0, "{}", log.summary());
    assert!(log.slowest() <= DEADLINE + SLACK, "{}", log.summary());
    let ready = eventually(HEALED, || (admin.get("/readyz").status == 200).then_some(()));
    ready.expect("/readyz says that Kafka is back");
    log.hold_against(&cluster.read(topic));
}

#[test]
fn a_full_queue_refuses_with_its_code_and_what_it_refused_never_appears() {
    let topic = "faults.queue.full.v1";
    let mut cluster = Cluster::alone();
    cluster.create_topic(topic, 3, &[]);
    let queue = json!({ "bytes_per_record": "16KiB", "queue": { "bytes": "128KiB", "bytes_per_topic": "64KiB" } });
    let gateway = gateway(&cluster, &[topic], queue);
    cluster.nodes().for_each(Node::pause);
    let load = Load::start(gateway.address(), topic, Shape { batch: 100, padding: 1_000, ..Shape::default() });
    load.await_answered(400);
    cluster.heal();
    load.await_answered(400);
    let log = load.stop();
    println!("{topic}: {}", log.summary());
    assert_honest(&log);
    assert!(log.count_code("queue_full") > 0, "{}", log.summary());
    log.hold_against(&cluster.read(topic));
}

#[test]
fn too_few_replicas_stop_their_topic_alone() {
    let (strict, calm) = ("faults.insync.strict.v1", "faults.insync.calm.v1");
    let mut cluster = Cluster::alone();
    cluster.create_topic(strict, 1, &[("min.insync.replicas", "3")]);
    cluster.create_topic(calm, 1, &[]);
    let gateway = gateway(&cluster, &[strict, calm], json!({}));
    let load = Load::start(gateway.address(), strict, Shape { batch: 2, ..Shape::default() });
    load.await_written(50);
    let follower = cluster.leader(strict, 0) % 3 + 1;
    cluster.node(follower).kill();
    load.await_answered(50);
    let writable = eventually(HEALED, || {
        (gateway.client().send(&Request::json(path(calm), event("calm"))).status == 200).then_some(())
    });
    writable.expect("the other topic is written");

    cluster.heal();
    load.await_written(50);
    let log = load.stop();
    println!("{strict}: {}", log.summary());
    assert_honest(&log);
    assert!(log.count(503) + log.count(504) > 0, "{}", log.summary());
    log.hold_against(&cluster.read(strict));
}

#[test]
fn a_topic_that_kafka_does_not_have_is_unknown_and_is_not_made() {
    let topic = "faults.topic.missing.v1";
    let cluster = Cluster::alone();
    let gateway = gateway(&cluster, &[topic], json!({ "metadata_refresh": "1s" }));
    let mut client = gateway.client();
    let mut send = |id: &str| -> Answer { client.send(&Request::json(path(topic), event(id))) };
    let mut until = |wanted: u16| {
        let reached = eventually(HEALED, || {
            let answer = send("later");
            assert!([200, 404, 503, 504].contains(&answer.status), "{answer}");
            std::thread::sleep(Duration::from_millis(100));
            (answer.status == wanted).then_some(answer)
        });
        reached.unwrap_or_else(|| panic!("no {wanted} after {HEALED:?}"))
    };

    let missing = until(404);
    assert_eq!(missing.code(), "unknown_topic");
    assert_eq!((&missing.json()["outcome"], &missing.json()["retryable"]), (&json!("not_written"), &json!(false)));
    cluster.create_topic(topic, 1, &[]); // fails if the gateway had made it
    until(200);
    cluster.delete_topic(topic);
    assert_eq!(until(404).code(), "unknown_topic");
    cluster.create_topic(topic, 2, &[]);
    until(200);
    assert!(!cluster.read(topic).is_empty());
}

#[test]
fn a_record_that_the_topic_finds_too_large_is_refused_alone() {
    let topic = "faults.record.large.v1";
    let cluster = Cluster::alone();
    cluster.create_topic(topic, 1, &[("max.message.bytes", "4096")]);
    let gateway = gateway(&cluster, &[topic], json!({ "compression": "none" }));
    let large = json!({ "id": "large", "key": "k", "padding": "x".repeat(10_000) }).to_string();
    let mut client = gateway.client();

    let answer = client.send(&Request::json(path(topic), large.clone()));
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"), "{answer}");
    assert_eq!(answer.json()["outcome"], "not_written");

    let batch = format!("[{},{large},{}]", event("before"), event("after"));
    let answer = client.send(&Request::json(path(topic), batch));
    assert_eq!(answer.status, 207, "{answer}");
    let told: Vec<_> = (0..3).map(|n| answer.json()["events"][n]["outcome"].clone()).collect();
    assert_eq!(told, ["written", "not_written", "written"], "{answer}");
    assert_eq!(answer.json()["events"][1]["code"], "too_large");

    let ids: Vec<_> = cluster.read(topic).iter().map(|r| r.header("event-id").map(str::to_owned)).collect();
    assert_eq!(ids, [Some("before".to_owned()), Some("after".to_owned())]);
}

/// librdkafka makes batches of up to `batch.size` whatever a topic takes: refused ones come back in pieces, in order.
#[test]
fn a_topic_that_takes_less_than_a_batch_keeps_its_order_and_its_answers_honest() {
    let topic = "faults.record.small.v1";
    let cluster = Cluster::alone();
    cluster.create_topic(topic, 1, &[("max.message.bytes", "4096")]);
    let gateway = gateway(&cluster, &[topic], json!({ "compression": "none" }));
    let load = Load::start(gateway.address(), topic, Shape { batch: 200, padding: 100, ..Shape::default() });
    load.await_answered(2_000);
    let log = load.stop();
    log.hold_against(&cluster.read(topic));
    assert!(log.count(200) + log.count(207) > 0, "{}", log.summary());
}

#[test]
fn a_batch_size_that_fits_the_topic_writes_every_small_record() {
    let topic = "faults.record.fitting.v1";
    let cluster = Cluster::alone();
    cluster.create_topic(topic, 1, &[("max.message.bytes", "4096")]);
    let properties = json!({ "compression": "none", "properties": { "batch.size": "3500" } });
    let gateway = gateway(&cluster, &[topic], properties);
    let load = Load::start(gateway.address(), topic, Shape { batch: 200, padding: 100, ..Shape::default() });
    load.await_answered(2_000);
    let log = load.stop();
    assert_eq!(log.count(200), log.0.len(), "{}", log.summary());
    log.hold_against(&cluster.read(topic));
}

#[test]
fn a_sender_that_waits_for_its_receipts_is_not_too_slow() {
    let topic = "faults.stream.waits.v1";
    let mut cluster = Cluster::alone();
    cluster.create_topic(topic, 1, &[]);
    let gateway = gateway(&cluster, &[topic], json!({}));
    let mut connection = Connection::open(gateway.address()).expect("a connection");
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: forebay\r\ncontent-type: application/x-ndjson\r\naccept: application/x-ndjson\r\n\
         transfer-encoding: chunked\r\n\r\n",
        path(topic)
    );
    connection.write(head.as_bytes()).expect("the head is taken");
    let mut streamed = connection.begin().expect("an answer before the body");
    for n in 0..3 {
        cluster.nodes().for_each(Node::pause);
        let line = event(&n.to_string()) + "\n";
        streamed.body.send_chunk(line.as_bytes()).expect("a line is taken");
        std::thread::sleep(Duration::from_secs(2)); // the receipt is what both wait for, below the deadline
        cluster.nodes().for_each(Node::resume);
        let receipt = streamed.body.next_line().expect("a receipt").expect("before the next event is sent");
        let receipt: Value = serde_json::from_str(&receipt).expect("a receipt of JSON");
        assert_ne!(receipt["code"], "body_timeout", "{receipt}");
    }
    streamed.body.send_chunk(b"").expect("the end is taken");
    assert_eq!(streamed.body.next_line().expect("the end"), None);
}

#[test]
fn a_term_under_load_answers_everything_and_exits_with_zero() {
    let topic = "faults.gateway.term.v1";
    let cluster = Cluster::alone();
    cluster.create_topic(topic, 3, &[]);
    let mut gateway = gateway(&cluster, &[topic], json!({}));
    let load = Load::start(gateway.address(), topic, Shape { ends_when_told: true, ..Shape::default() });
    load.await_written(500);
    let status = gateway.drain();
    let log = load.stop();
    assert_eq!(status.code(), Some(0));
    assert_eq!(log.unanswered(), 0, "{}", log.summary());
    assert_eq!(log.count(200), log.0.len(), "{}", log.summary());
    log.hold_against(&cluster.read(topic));
}

#[test]
fn a_term_with_kafka_away_still_ends_within_the_grace() {
    let topic = "faults.gateway.stuck.v1";
    let mut cluster = Cluster::alone();
    cluster.create_topic(topic, 3, &[]);
    let mut gateway = gateway(&cluster, &[topic], json!({}));
    cluster.nodes().for_each(Node::pause);
    let load = Load::start(gateway.address(), topic, Shape { ends_when_told: true, ..Shape::default() });
    std::thread::sleep(Duration::from_millis(500)); // requests are waiting for their verdicts by then
    gateway.drain();
    let log = load.stop();
    println!("{topic}: {}", log.summary());
    assert_honest(&log);
    assert_eq!(log.count(200), 0, "{}", log.summary());
    cluster.heal();
    log.hold_against(&cluster.read(topic));
}

#[test]
fn killing_the_gateway_loses_nothing_that_was_answered() {
    let topic = "faults.gateway.killed.v1";
    let cluster = Cluster::alone();
    cluster.create_topic(topic, 3, &[]);
    let mut gateway = gateway(&cluster, &[topic], json!({}));
    let load = Load::start(gateway.address(), topic, Shape::default());
    load.await_written(500);
    gateway.kill();
    let log = load.stop();
    log.hold_against(&cluster.read(topic));
}
