//! Versions that come while the gateway runs, and that nothing is ever registered by producing.

use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::http::{Connection, Request};
use forebay_tests::liar::Liar;
use forebay_tests::process::eventually;
use forebay_tests::registry::{Format, Registry};
use serde_json::json;

use super::house::{assert_refused, assert_written, framed_id, gateway_with, path, post, post_json, records, value};
use super::shop::{FORMATS, order, shop};

/// How long a new version may take to be taken up on a busy machine; the gateway asks every half second.
const TAKEN_UP: Duration = Duration::from_secs(30);

#[test]
fn a_new_version_is_taken_up_and_never_within_a_request() {
    let (registry, topic) = (Registry::shared(), "versions.taken.up.v1");
    let (shop, subject) = (shop(Format::Avro), format!("{topic}-value"));
    shop.register_parts(registry, topic);
    let first = shop.register_order(registry, topic, &subject, shop.order.text);
    let contract = format!("{}\nid: {{ from: /id }}", shop.value("subject: { strategy: topic }"));
    // The stream below takes its time.
    let settings =
        json!({ "registry": { "url": registry.url(), "refresh": "500ms" }, "listen": { "min_body_rate": 0 } });
    let gateway = gateway_with(&Catalog::new().contract(topic, &contract), &[topic], settings);

    let mut connection = Connection::open(gateway.address()).expect("a connection");
    let head = format!("POST {} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\n", path(topic));
    connection.write(head.as_bytes()).expect("a head");
    connection.write(b"accept: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n").expect("a head");
    connection.chunk(format!("{}\n", order("stream-1")).as_bytes()).expect("the first line");
    let mut stream = connection.begin().expect("a head while the body is open");
    let receipt = stream.body.next_line().expect("a receipt");
    assert!(receipt.is_some_and(|receipt| receipt.contains("\"written\"")), "the first line is written");
    assert_written(&post_json(&gateway, topic, &order("before")), 1);

    let second = shop.register_order(registry, topic, &subject, &shop.wider());
    let mut tries = 0;
    let version_of = |id: &str, at_least| {
        let records = records(topic, at_least);
        let record = records.iter().find(|record| record.header("event-id") == Some(id)).expect("a record");
        framed_id(value(record))
    };
    let taken_up = eventually(TAKEN_UP, || {
        tries += 1;
        let (one, other) = (format!("{tries}-a"), format!("{tries}-b"));
        assert_written(&post_json(&gateway, topic, &json!([order(&one), order(&other)])), 2);
        let written = 2 + 2 * tries;
        assert_eq!(version_of(&one, written), version_of(&other, written), "one request, one version");
        (version_of(&one, written) == second).then_some(())
    });
    taken_up.expect("the new version is taken up");
    stream.body.send_chunk(format!("{}\n", order("stream-2")).as_bytes()).expect("the second line");
    let receipt = stream.body.next_line().expect("a receipt");
    assert!(receipt.is_some_and(|receipt| receipt.contains("\"written\"")), "the second line is written");

    let all = 3 + 2 * tries;
    assert_eq!(version_of("before", all), first);
    assert_eq!((version_of("stream-1", all), version_of("stream-2", all)), (first, first), "a stream is one request");
}

#[test]
fn producing_registers_nothing() {
    let registry = Registry::shared();
    let liar = Liar::before(registry);
    let prefix = "producing";
    let mut catalog = Catalog::new();
    let mut topics = Vec::new();
    for format in FORMATS {
        let (shop, name) = (shop(format), format.name());
        let [known, unknown, file] = ["known", "unknown", "file"].map(|kind| format!("{prefix}.{kind}.{name}.v1"));
        shop.register_parts(registry, &known);
        shop.register_order(registry, &known, &format!("{known}-value"), shop.order.text);
        catalog = catalog
            .contract(&known, &shop.value("subject: { strategy: topic }"))
            .contract(&unknown, &shop.value("subject: { strategy: topic }"))
            .contract(&file, &shop.value(&format!("schema: {}, subject: {{ strategy: topic }}", shop.order.place)))
            .file(&file, shop.order.place, shop.order.text)
            .file(&file, shop.address.place, shop.address.text)
            .file(&file, shop.country.place, shop.country.text);
        topics.extend([known, unknown, file]);
    }
    let before = registry.holdings(prefix);
    let names: Vec<_> = topics.iter().map(String::as_str).collect();
    let gateway = gateway_with(&catalog, &names, json!({ "registry": { "url": liar.url(), "refresh": "500ms" } }));
    for topic in &topics {
        let answer = post_json(&gateway, topic, &order("o-1"));
        if topic.contains(".known.") {
            assert_written(&answer, 1);
        } else {
            assert_refused(&answer, 422, "unknown_schema", &format!("{topic}-value"));
        }
    }
    let strange = format!("{prefix}.known.avro.v1");
    assert_refused(
        &post(&gateway, &strange, "avro/binary; framing=confluent", b"\0\x7f\0\0\0x"),
        422,
        "unknown_schema",
        "no schema of id",
    );
    let request = Request::json(path(&strange), order("o-2").to_string()).header("forebay-schema-id", "2130706432");
    assert_refused(&gateway.client().send(&request), 422, "unknown_schema", "no schema of id");

    assert_eq!(registry.holdings(prefix), before);
    let asked = liar.asked();
    assert!(!asked.is_empty(), "the gateway asks the liar");
    for question in asked {
        // Registering is a POST of a subject's versions; a POST of the subject only looks for a text.
        let looks = question.starts_with("POST ") && question.contains("/subjects/") && !question.contains("/versions");
        assert!(question.starts_with("GET ") || looks, "{question}");
    }
}
