//! What the gateway wrote, read by Kafka's own console consumer and by `forebay tail`.

use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::{Gateway, forebay};
use forebay_tests::http::Request;
use forebay_tests::process::run;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_mins(2);

fn write(gateway: &Gateway, topic: &str, events: &Value) {
    let answer = gateway.client().send(&Request::json(format!("/v1/topics/{topic}/events"), events.to_string()));
    assert_eq!(answer.status, 200, "{answer}");
}

#[test]
fn kafkas_console_consumer_reads_what_was_written() {
    let topic = "console.keyed.v1";
    let cluster = Cluster::shared();
    cluster.create_topic(topic, 1, &[]);
    let gateway = Gateway::start(&cluster.bootstrap(), &Catalog::new().keyed_json(topic));
    let events: Vec<_> = (0..5).map(|n| json!({ "id": n.to_string(), "key": "k é", "text": "ünïcode" })).collect();
    write(&gateway, topic, &json!(events));

    let mut consumer = cluster.tool("org.apache.kafka.tools.consumer.ConsoleConsumer");
    consumer.args(["--topic", topic, "--from-beginning", "--max-messages", "5", "--timeout-ms", "60000"]);
    consumer.args(["--formatter-property", "print.key=true", "--formatter-property", "key.separator=|"]);
    let done = run(consumer, LIMIT);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let expected: Vec<_> = events.iter().map(|event| format!("k é|{event}")).collect();
    assert_eq!(done.stdout.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn tail_shows_records_decoded_by_the_catalogue() {
    let (orders, keyed) = ("console.orders.v1", "console.tail.v1");
    let cluster = Cluster::shared();
    cluster.create_topic(orders, 1, &[]);
    cluster.create_topic(keyed, 1, &[]);
    let catalog = Catalog::new().orders(orders).keyed_json(keyed);
    let gateway = Gateway::start(&cluster.bootstrap(), &catalog);
    let order = json!({
        "event_id": "o-1", "occurred_at": 1_748_772_000_250_i64, "customer_id": "c-1", "total": "12.50", "lines": [1],
    });
    write(&gateway, orders, &order);
    write(&gateway, keyed, &json!({ "id": "1", "key": "k" }));
    let tail = |topic: &str| -> Value {
        let kafka = cluster.bootstrap().join(",");
        let mut command = forebay(&["tail", topic, "--kafka", &kafka, "--from", "beginning", "--count", "1"]);
        command.arg("--catalog").arg(catalog.contracts());
        let done = run(command, LIMIT);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        serde_json::from_str(done.stdout.trim_end()).expect("one line of JSON")
    };

    let record = tail(orders);
    assert_eq!((&record["topic"], &record["partition"], &record["offset"]), (&json!(orders), &json!(0), &json!(0)));
    assert_eq!(record["key"], "c-1");
    assert_eq!(record["headers"]["event-id"], "o-1");
    assert_eq!(record["value"]["customer_id"], "c-1", "{record}");
    assert_eq!(record["value"]["note"], Value::Null);

    let record = tail(keyed);
    assert_eq!(record["value"], json!({ "id": "1", "key": "k" }));
}

#[test]
fn tail_says_so_when_kafka_is_not_there() {
    let done = run(forebay(&["tail", "any", "--kafka", "127.0.0.1:1", "--count", "1"]), LIMIT);
    assert_eq!(done.code, Some(3), "{}{}", done.stdout, done.stderr);
}
