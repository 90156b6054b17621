//! Fields that a contract binds to whoever sends the event: one service can't speak as another, in any encoding.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::Request;
use forebay_tests::kafka::Record;
use forebay_tests::keys::{ApiKey, KeyFile};
use serde_json::{Value, json};

use super::house::{assert_refused, path, post_as, records};

const AVRO: &str = r#"{ "type": "record", "name": "Notice", "fields": [
  { "name": "service", "type": "string" }, { "name": "region", "type": "string" } ] }"#;

/// The binary encoding of a notice; strings of less than 64 bytes have a length of one byte (Avro, "Binary encoding").
fn binary(service: &str, region: &str) -> Vec<u8> {
    let text = |text: &str| [&[2 * u8::try_from(text.len()).expect("a short text")], text.as_bytes()].concat();
    [text(service), text(region)].concat()
}

fn notice(service: &str) -> Value {
    json!({ "service": service, "region": "eu-west" })
}

/// Who a record says that it is from.
fn service(record: &Record, schema: &apache_avro::Schema) -> String {
    let mut bytes = record.value.as_deref().expect("a value");
    let reader = GenericDatumReader::builder(schema).build().expect("a reader");
    let Avro::Record(fields) = reader.read_value(&mut bytes).expect("a datum") else { panic!("not a record") };
    let Avro::String(service) = &fields[0].1 else { panic!("not a string: {fields:?}") };
    service.clone()
}

#[test]
fn nobody_speaks_as_another() {
    let (topic, plain) = ("binds.notice.avro.v1", "binds.notice.json.v1");
    let cluster = Cluster::shared();
    for name in [topic, plain] {
        cluster.create_topic(name, 1, &[]);
    }
    let bind = "bind: { /service: principal, /region: \"eu-*\" }";
    let avro = format!("value: {{ format: avro, schema: notice.avsc, framing: none }}\n{bind}");
    let json = format!("value: {{ format: json }}\n{bind}");
    let catalog = Catalog::new().contract(topic, &avro).file(topic, "notice.avsc", AVRO).contract(plain, &json);
    let (a, b) = (ApiKey::new("svc-a", &[]), ApiKey::new("svc-b", &[]));
    let keys = KeyFile::new(&[&a, &b]);
    let gateway = Gateway::start_proven(&cluster.bootstrap(), &catalog, json!({ "api_keys": keys.path() }), json!({}));
    let mut client = gateway.client();

    for topic in [topic, plain] {
        for wrong in ["svc-b", "svc-a ", "SVC-A", "svc-a\u{200b}", "svc-*", "{principal}", ""] {
            let answer = client.send(&post_as(&a.bearer(), topic, &notice(wrong).to_string()));
            assert_refused(wrong, &answer, 403, "forbidden");
            assert_eq!(answer.json()["events"][0]["errors"][0]["pointer"], "/service", "{answer}");
        }
        let escaped = r#"{"service":"svc-\u0062","region":"eu-west"}"#;
        assert_refused("escaped", &client.send(&post_as(&a.bearer(), topic, escaped)), 403, "forbidden");
        let twice = r#"{"service":"svc-a","service":"svc-b","region":"eu-west"}"#;
        assert_refused("twice", &client.send(&post_as(&a.bearer(), topic, twice)), 400, "malformed");
        let elsewhere = json!({ "service": "svc-a", "region": "us-east" }).to_string();
        let answer = client.send(&post_as(&a.bearer(), topic, &elsewhere));
        assert_refused("a pattern", &answer, 403, "forbidden");
        let mixed = json!([notice("svc-a"), notice("svc-b"), notice("svc-a")]).to_string();
        let answer = client.send(&post_as(&a.bearer(), topic, &mixed));
        assert_eq!((answer.status, &answer.json()["written"]), (207, &json!(2)), "{answer}");
        assert_eq!(answer.json()["events"][1]["code"], "forbidden", "{answer}");
        let lines = format!("{}\n{}\n", notice("svc-b"), notice("svc-a"));
        let answer = client.send(&Request::ndjson(path(topic), lines).header("authorization", &a.bearer()));
        assert_eq!((answer.status, &answer.json()["written"]), (207, &json!(1)), "{answer}");
    }
    let absent = client.send(&post_as(&a.bearer(), plain, r#"{"region":"eu-west"}"#));
    assert_refused("absent", &absent, 403, "forbidden");

    let encoded = |key: &ApiKey, service: &str| {
        let request = Request::post(path(topic), binary(service, "eu-west")).header("content-type", "avro/binary");
        request.header("authorization", &key.bearer())
    };
    assert_refused("Avro's bytes", &client.send(&encoded(&a, "svc-b")), 403, "forbidden");
    for (key, service) in [(&a, "svc-a"), (&b, "svc-b")] {
        assert_eq!(client.send(&encoded(key, service)).status, 200);
    }
    let schema = apache_avro::Schema::parse_str(AVRO).expect("a schema");
    let told: Vec<_> = records(topic, 5).iter().map(|record| service(record, &schema)).collect();
    assert_eq!(told, ["svc-a", "svc-a", "svc-a", "svc-a", "svc-b"]);
    let told: Vec<_> = records(plain, 3).iter().map(|record| record.json()["service"].clone()).collect();
    assert_eq!(told, ["svc-a", "svc-a", "svc-a"]);
}
