//! The native door before a real cluster: what was sent is what lies in Kafka, and the answer says so.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use forebay_tests::catalog::{Catalog, ORDER_SCHEMA, ORDER_SCHEMA_ID};
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Connection, Request};
use forebay_tests::kafka::Record;
use forebay_tests::load::{Load, Shape};
use serde_json::{Value, json};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn path(topic: &str) -> String {
    format!("/v1/topics/{topic}/events")
}

/// A topic of orders, its gateway.
fn orders(topic: &str) -> Gateway {
    let cluster = Cluster::shared();
    cluster.create_topic(topic, 3, &[]);
    Gateway::start(&cluster.bootstrap(), &Catalog::new().orders(topic))
}

/// A topic of keyed JSON, its gateway.
fn keyed(topic: &str) -> Gateway {
    let cluster = Cluster::shared();
    cluster.create_topic(topic, 3, &[]);
    Gateway::start(&cluster.bootstrap(), &Catalog::new().keyed_json(topic))
}

fn order(id: &str, customer: &str) -> Value {
    json!({
        "event_id": id,
        "occurred_at": "2025-06-01T10:00:00.250Z",
        "customer_id": customer,
        "total": "12.50",
        "lines": [1, 2, 3],
        "note": null,
    })
}

/// Takes a record out of Confluent's frame and reads it by the catalogue's schema.
fn decode(record: &Record) -> Vec<(String, Avro)> {
    let framed = record.value.as_ref().expect("a value");
    assert_eq!(framed[0], 0, "the magic byte");
    assert_eq!(framed[1..5], ORDER_SCHEMA_ID.to_be_bytes(), "the schema id");
    let schema = apache_avro::Schema::parse_str(ORDER_SCHEMA).expect("a schema");
    let mut payload = &framed[5..];
    let reader = GenericDatumReader::builder(&schema).build().expect("a reader");
    let datum = reader.read_value(&mut payload).expect("a datum of the schema");
    assert!(payload.is_empty(), "nothing after the datum");
    let Avro::Record(fields) = datum else { panic!("not a record: {datum:?}") };
    fields
}

fn at(receipt: &Value) -> (i64, i64) {
    assert_eq!(receipt["outcome"], "written", "{receipt}");
    (receipt["partition"].as_i64().expect("a partition"), receipt["offset"].as_i64().expect("an offset"))
}

fn place(record: &Record) -> (i64, i64) {
    (record.partition.into(), record.offset)
}

#[test]
fn an_object_is_one_record_with_all_that_the_contract_says() {
    let topic = "native.order.object.v1";
    let gateway = orders(topic);
    let request = Request::json(path(topic), order("o-1", "c-7").to_string())
        .header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .header("x-request-id", "request-1");
    let answer = gateway.client().send(&request);
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-request-id"), Some("request-1"));
    let json = answer.json();
    assert_eq!((&json["written"], &json["refused"]), (&json!(1), &json!(0)));

    let records = Cluster::shared().read(topic);
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(at(&json["events"][0]), place(record));
    assert_eq!(record.key_text(), Some("c-7"), "the bare string");
    assert_eq!(record.header("event-id"), Some("o-1"));
    assert!(record.header("content-type").is_some(), "{:?}", record.headers);
    let traceparent = record.header("traceparent").expect("the trace goes on");
    assert!(traceparent.starts_with(&format!("00-{TRACE}-")), "{traceparent}");
    assert_eq!(record.timestamp, 1_748_772_000_250);

    let fields = decode(record);
    let field = |name: &str| &fields.iter().find(|(field, _)| field == name).expect("a field").1;
    assert_eq!(field("event_id"), &Avro::String("o-1".to_owned()));
    assert_eq!(field("occurred_at"), &Avro::TimestampMillis(1_748_772_000_250));
    assert_eq!(field("customer_id"), &Avro::String("c-7".to_owned()));
    assert_eq!(field("total"), &Avro::Decimal(vec![0x04, 0xE2].into()));
    assert_eq!(field("lines"), &Avro::Array(vec![Avro::Int(1), Avro::Int(2), Avro::Int(3)]));
    assert_eq!(field("note"), &Avro::Union(0, Box::new(Avro::Null)));
}

#[test]
fn an_array_is_a_batch_and_its_answer_is_in_request_order() {
    let topic = "native.order.array.v1";
    let gateway = orders(topic);
    let ids: Vec<_> = (0..25).map(|n| format!("o-{n}")).collect();
    let batch: Vec<_> = ids.iter().enumerate().map(|(n, id)| order(id, &format!("c-{}", n % 4))).collect();
    let answer = gateway.client().send(&Request::json(path(topic), json!(batch).to_string()));
    assert_eq!(answer.status, 200, "{answer}");
    let json = answer.json();
    assert_eq!(json["written"], 25);
    let records = Cluster::shared().read(topic);
    assert_eq!(records.len(), 25);
    for (id, receipt) in ids.iter().zip(json["events"].as_array().expect("receipts")) {
        let record = records.iter().find(|record| place(record) == at(receipt)).expect("a record at that place");
        assert_eq!(record.header("event-id"), Some(id.as_str()));
    }
}

#[test]
fn an_empty_array_is_fine_and_writes_nothing() {
    let topic = "native.order.empty.v1";
    let gateway = orders(topic);
    let answer = gateway.client().send(&Request::json(path(topic), "[]"));
    assert_eq!((answer.status, &answer.json()["written"]), (200, &json!(0)), "{answer}");
    assert!(Cluster::shared().read(topic).is_empty());
}

#[test]
fn a_bad_event_does_not_sink_its_neighbours() {
    let topic = "native.order.mixed.v1";
    let gateway = orders(topic);
    let mut bad = order("o-2", "c-1");
    bad["total"] = json!(true);
    let batch = json!([order("o-1", "c-1"), bad, order("o-3", "c-1")]);
    let answer = gateway.client().send(&Request::json(path(topic), batch.to_string()));
    assert_eq!(answer.status, 207, "{answer}");
    let json = answer.json();
    assert_eq!((&json["written"], &json["refused"]), (&json!(2), &json!(1)));
    let refused = &json["events"][1];
    assert_eq!(refused["outcome"], "not_written");
    assert_eq!(refused["retryable"], false);
    assert_eq!(refused["code"], "schema_violation");
    assert_eq!(refused["errors"][0]["pointer"], "/total");
    assert!(refused["detail"].is_string());
    let ids: Vec<_> = Cluster::shared().read(topic).iter().map(|r| r.header("event-id").map(str::to_owned)).collect();
    assert_eq!(ids, [Some("o-1".to_owned()), Some("o-3".to_owned())]);
}

#[test]
fn where_nothing_is_written_the_answer_is_a_problem() {
    let topic = "native.order.refused.v1";
    let gateway = orders(topic);
    let mut bad = order("o-1", "c-1");
    bad.as_object_mut().expect("an object").remove("customer_id");
    let answer = gateway.client().send(&Request::json(path(topic), bad.to_string()));
    assert_eq!(answer.status, 422, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let json = answer.json();
    assert_eq!((&json["outcome"], &json["retryable"]), (&json!("not_written"), &json!(false)));
    assert_eq!((&json["status"], &json["code"]), (&json!(422), &json!("schema_violation")));
    assert_eq!(json["events"][0]["errors"][0]["pointer"], "/customer_id");
    for member in ["type", "title", "detail"] {
        assert!(json[member].is_string(), "{member} in {json}");
    }
    assert!(Cluster::shared().read(topic).is_empty());
}

#[test]
fn a_missing_key_has_its_own_code() {
    let topic = "native.keyed.missing.v1";
    let gateway = keyed(topic);
    let answer = gateway.client().send(&Request::json(path(topic), r#"{"id":"1"}"#));
    assert_eq!((answer.status, answer.code().as_str()), (422, "missing_key"), "{answer}");
    assert!(Cluster::shared().read(topic).is_empty());
}

#[test]
fn json_lies_in_kafka_as_it_was_sent() {
    let topic = "native.keyed.bytes.v1";
    let gateway = keyed(topic);
    let text = r#"{"id":"1", "key":"ключ\u00e9", "n": 1e400, "big":123456789012345678901234567890, "nil":null,"s":""}"#;
    let answer = gateway.client().send(&Request::json(path(topic), format!("  {text}\n")));
    assert_eq!(answer.status, 200, "{answer}");
    let records = Cluster::shared().read(topic);
    assert_eq!(records[0].text(), text);
    assert_eq!(records[0].key_text(), Some("ключé"));
}

#[test]
fn ndjson_is_a_line_an_event() {
    let topic = "native.keyed.lines.v1";
    let gateway = keyed(topic);
    let lines: Vec<_> = (0..300).map(|n| format!("{{\"id\":\"{n}\",\"key\":\"k{}\"}}", n % 3)).collect();
    let answer = gateway.client().send(&Request::ndjson(path(topic), lines.join("\n")));
    assert_eq!(answer.status, 200, "{answer}");
    let receipts = answer.json()["events"].as_array().expect("receipts").clone();
    let records = Cluster::shared().read(topic);
    assert_eq!((receipts.len(), records.len()), (300, 300));
    for (n, receipt) in receipts.iter().enumerate() {
        let record = records.iter().find(|record| place(record) == at(receipt)).expect("a record at that place");
        assert_eq!(record.header("event-id"), Some(n.to_string().as_str()));
    }
}

#[test]
fn a_minimal_answer_lists_the_refused_alone() {
    let topic = "native.keyed.minimal.v1";
    let gateway = keyed(topic);
    let mut client = gateway.client();
    let lines = "{\"id\":\"0\",\"key\":\"k\"}\n{\"id\":\"1\"}\n{\"id\":\"2\",\"key\":\"k\"}\n";
    let answer = client.send(&Request::ndjson(path(topic), lines).header("prefer", "return=minimal"));
    assert_eq!(answer.status, 207, "{answer}");
    let json = answer.json();
    assert_eq!((&json["written"], &json["refused"]), (&json!(2), &json!(1)));
    let listed = json["events"].as_array().expect("the refused");
    assert_eq!(listed.len(), 1, "{json}");
    assert_eq!((&listed[0]["index"], &listed[0]["code"]), (&json!(1), &json!("missing_key")));

    let good = Request::json(path(topic), r#"{"id":"3","key":"k"}"#).header("prefer", "return=minimal");
    let answer = client.send(&good);
    assert_eq!((answer.status, &answer.json()["events"]), (200, &json!([])), "{answer}");
}

#[test]
fn receipts_come_while_the_body_is_still_arriving() {
    let topic = "native.keyed.receipts.v1";
    let cluster = Cluster::shared();
    cluster.create_topic(topic, 3, &[]);
    // Each line waits for the receipt before it, which on a busy machine is slower than the pace asked of a body.
    let patient = json!({ "listen": { "min_body_rate": "1B" } });
    let gateway = Gateway::start_with(&cluster.bootstrap(), &Catalog::new().keyed_json(topic), patient);
    let mut connection = Connection::open(gateway.address()).expect("a connection");
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: forebay\r\ncontent-type: application/x-ndjson\r\naccept: application/x-ndjson\r\n\
         transfer-encoding: chunked\r\n\r\n",
        path(topic)
    );
    connection.write(head.as_bytes()).expect("the head is taken");
    connection.chunk(b"{\"id\":\"0\",\"key\":\"k\"}\n").expect("a line is taken");
    let mut streamed = connection.begin().expect("an answer before the body's end");
    assert_eq!(streamed.status, 200);
    let content_type =
        streamed.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    assert_eq!(content_type, Some("application/x-ndjson"));
    let mut receipts = Vec::new();
    for n in 1..=20 {
        let line = streamed.body.next_line().expect("a receipt").expect("before the next event is sent");
        receipts.push(serde_json::from_str::<Value>(&line).expect("a receipt of JSON"));
        let next = if n < 20 { format!("{{\"id\":\"{n}\",\"key\":\"k\"}}\n") } else { String::new() };
        streamed.body.send_chunk(next.as_bytes()).expect("a line is taken, or the end");
    }
    assert_eq!(streamed.body.next_line().expect("the end"), None);
    let places: Vec<_> = receipts.iter().map(at).collect();
    assert_eq!(places, Cluster::shared().read(topic).iter().map(place).collect::<Vec<_>>());
}

#[test]
fn events_of_one_key_keep_their_order() {
    let topic = "native.keyed.order.v1";
    let gateway = keyed(topic);
    let load = Load::start(gateway.address(), topic, Shape { batch: 30, ..Shape::default() });
    load.await_written(3_000);
    let log = load.stop();
    assert_eq!(log.count(200), log.0.len(), "{}", log.summary());
    log.hold_against(&Cluster::shared().read(topic));
}

#[test]
fn a_time_that_kafka_refuses_sinks_no_neighbour() {
    let topic = "native.order.future.v1";
    let cluster = Cluster::shared();
    cluster.create_topic(topic, 1, &[]);
    let gateway = Gateway::start(&cluster.bootstrap(), &Catalog::new().orders(topic));
    let mut future = order("o-2", "c-1");
    future["occurred_at"] = json!("2999-01-01T00:00:00Z");
    let batch = json!([order("o-1", "c-1"), future, order("o-3", "c-1")]);
    let answer = gateway.client().send(&Request::json(path(topic), batch.to_string()));
    assert_eq!(answer.status, 207, "{answer}");
    let told: Vec<_> = (0..3).map(|n| answer.json()["events"][n]["outcome"].clone()).collect();
    assert_eq!(told, ["written", "not_written", "written"], "{answer}");
    assert_eq!(answer.json()["events"][1]["code"], "invalid_record", "{answer}");
    let ids: Vec<_> = cluster.read(topic).iter().map(|r| r.header("event-id").map(str::to_owned)).collect();
    assert_eq!(ids, [Some("o-1".to_owned()), Some("o-3".to_owned())]);
}
