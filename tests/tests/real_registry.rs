//! A real schema registry and the readers that share nothing with the gateway: what later tests lean on.

use std::io::ErrorKind;
use std::time::Duration;

use forebay_tests::decoder::{ConfluentClient, Framed, decode, try_decode};
use forebay_tests::http::{Client, Request};
use forebay_tests::registry::Format::{Avro, JsonSchema, Protobuf};
use forebay_tests::registry::{Format, Reference, Registry};
use serde_json::{Value, json};

const MONEY_AVRO: &str = r#"{
  "type": "record", "name": "Money", "namespace": "shop",
  "fields": [
    { "name": "amount", "type": { "type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 2 } },
    { "name": "currency", "type": "string" }
  ]
}"#;
const ORDER_AVRO: &str = r#"{
  "type": "record", "name": "Order", "namespace": "shop",
  "fields": [
    { "name": "id", "type": "string" },
    { "name": "number", "type": "long" },
    { "name": "weight", "type": "double" },
    { "name": "total", "type": "Money" },
    { "name": "refund", "type": ["null", "shop.Money"], "default": null },
    { "name": "seal", "type": "bytes" },
    { "name": "at", "type": { "type": "long", "logicalType": "timestamp-micros" } }
  ]
}"#;
const MONEY_JSON: &str = r#"{
  "$id": "https://shop.test/money.json", "type": "object", "required": ["amount"],
  "properties": { "amount": { "type": "number", "minimum": 0 }, "currency": { "type": "string" } }
}"#;
const ORDER_JSON: &str = r#"{
  "$id": "https://shop.test/order.json", "type": "object", "required": ["id", "total"],
  "properties": {
    "id": { "type": "string" },
    "at": { "type": "string", "format": "date-time" },
    "total": { "$ref": "money.json" }
  }
}"#;
const MONEY_PROTO: &str =
    "syntax = \"proto3\";\npackage shop;\nmessage Money {\n  int64 minor = 1;\n  string currency = 2;\n}\n";
const ORDER_PROTO: &str = r#"syntax = "proto3";
package shop;

import "google/protobuf/timestamp.proto";
import "shop/money.proto";

message First {
  string text = 1;
}

message Order {
  message Line {
    string sku = 1;
  }
  string id = 1;
  Money total = 2;
  repeated Line lines = 3;
  google.protobuf.Timestamp at = 4;
  bytes seal = 5;
  uint64 number = 6;
}
"#;

/// A schema that refers to another one, each under a subject of its own.
struct Pair {
    format: Format,
    text: &'static str,
    name: &'static str,
    referred: &'static str,
}

const PAIRS: [Pair; 3] = [
    Pair { format: Avro, text: ORDER_AVRO, name: "shop.Money", referred: MONEY_AVRO },
    Pair { format: JsonSchema, text: ORDER_JSON, name: "money.json", referred: MONEY_JSON },
    Pair { format: Protobuf, text: ORDER_PROTO, name: "shop/money.proto", referred: MONEY_PROTO },
];

impl Pair {
    /// Registers both for `topic`, and gives the id of the one that refers.
    fn register(&self, registry: &Registry, topic: &str) -> u32 {
        let subject = format!("{topic}-money");
        registry.register(&subject, self.format, self.referred, &[]);
        let money = Reference { name: self.name, subject: &subject, version: 1 };
        registry.register(&format!("{topic}-value"), self.format, self.text, &[money])
    }
}

fn framed(id: u32, rest: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], rest].concat()
}

/// Decodes one record; what is wrong with it is an error.
fn decoded(format: Format, bytes: &[u8]) -> Result<Value, String> {
    try_decode(&Registry::shared().url(), &[Framed { format, bytes }]).remove(0)
}

#[test]
fn each_type_is_found_by_id_by_version_and_by_its_text() {
    let registry = Registry::shared();
    for pair in PAIRS {
        let topic = format!("found.{}", pair.format.name());
        let id = pair.register(registry, &topic);
        let subject = format!("{topic}-value");
        let references = json!([{ "name": pair.name, "subject": format!("{topic}-money"), "version": 1 }]);

        let by_id = registry.get(&format!("/schemas/ids/{id}")).json();
        assert_eq!((&by_id["schema"], &by_id["references"]), (&json!(pair.text), &references));
        let latest = registry.get(&format!("/subjects/{subject}/versions/latest")).json();
        assert_eq!((&latest["id"], &latest["version"]), (&json!(id), &json!(1)));
        assert_eq!((&latest["schema"], &latest["references"]), (&json!(pair.text), &references));
        // Avro is what a schema is that names no type.
        for told in [&by_id, &latest] {
            let kind = told.get("schemaType").filter(|kind| !kind.is_null()).cloned();
            assert_eq!(kind.unwrap_or(json!("AVRO")), pair.format.schema_type());
        }
        let wanted = json!({ "schema": pair.text, "schemaType": pair.format.schema_type(), "references": references });
        let known = registry.post(&format!("/subjects/{subject}"), &wanted);
        assert_eq!((known.status, &known.json()["id"]), (200, &json!(id)), "{known}");

        registry.delete(&subject);
        let gone = registry.get(&format!("/subjects/{subject}/versions/latest"));
        assert_eq!((gone.status, &gone.json()["error_code"]), (404, &json!(40401)), "{gone}");
        assert_eq!(registry.get(&format!("/schemas/ids/{id}")).status, 200, "an id outlives its subject");
    }
}

#[test]
fn an_incompatible_version_is_refused() {
    let registry = Registry::shared();
    let topic = "evolution";
    PAIRS[0].register(registry, topic);
    let narrower = json!({ "schema": MONEY_AVRO.replace("\"string\"", "\"long\"") });
    let refused = registry.post(&format!("/subjects/{topic}-money/versions"), &narrower);
    assert_eq!(refused.status, 409, "{refused}");
}

#[test]
fn avro_by_confluents_serializer_reads_the_same_by_both_readers() {
    let registry = Registry::shared();
    let id = PAIRS[0].register(registry, "both.avro");
    let url = registry.url();
    let client = ConfluentClient { url: &url, topic: "both.avro", format: Avro, message: "" };
    let event = |amount: Value, seal: Value| {
        json!({
            "id": "o-1", "number": 9_007_199_254_740_993_i64, "weight": 0.1, "refund": null, "seal": seal,
            "total": { "amount": amount, "currency": "EUR" }, "at": 1_748_772_000_250_001_i64,
        })
    };
    let digits = "-123456789012345678901234567890123456.50";
    let written = client.write(&[event(json!({ "$decimal": digits }), json!({ "$bytes": "AP8=" }))]);
    assert_eq!(written[0][..5], framed(id, &[]));

    let mut expected = event(json!(digits), json!("AP8="));
    expected["at"] = json!("2025-06-01T10:00:00.250001+00:00");
    assert_eq!(client.read(&written), [expected.clone()]);
    let ours = decoded(Avro, &written[0]);
    assert_eq!(ours, Ok(json!({ "schema_id": id, "type": "shop.Order", "value": expected })));
}

#[test]
fn json_by_confluents_serializer_reads_the_same_by_both_readers() {
    let registry = Registry::shared();
    let id = PAIRS[1].register(registry, "both.json");
    let url = registry.url();
    let client = ConfluentClient { url: &url, topic: "both.json", format: JsonSchema, message: "" };
    let event = json!({ "id": "o-1", "at": "2026-01-02T03:04:05Z", "total": { "amount": 12.25, "currency": "EUR" } });
    let written = client.write(std::slice::from_ref(&event));
    assert_eq!(client.read(&written)[0], event);
    let text = String::from_utf8(written[0][5..].to_vec()).expect("JSON is text");
    let ours = decoded(JsonSchema, &written[0]);
    assert_eq!(ours, Ok(json!({ "schema_id": id, "type": null, "value": event, "text": text })));
}

#[test]
fn protobuf_by_confluents_serializer_reads_the_same_by_both_readers() {
    let registry = Registry::shared();
    let id = PAIRS[2].register(registry, "both.proto");
    let url = registry.url();
    let client = ConfluentClient { url: &url, topic: "both.proto", format: Protobuf, message: "shop.Order" };
    let event = json!({
        "id": "o-1", "total": { "minor": "-9007199254740993", "currency": "EUR" }, "lines": [{ "sku": "a" }, {}],
        "at": "2026-01-02T03:04:05.000000006Z", "seal": "AP8=", "number": "18446744073709551615",
    });
    let written = client.write(std::slice::from_ref(&event));
    // The file's second message: one index, and it is 1.
    assert_eq!(written[0][..7], framed(id, &[2, 2]));
    assert_eq!(client.read(&written)[0], event);
    let ours = decoded(Protobuf, &written[0]);
    assert_eq!(ours, Ok(json!({ "schema_id": id, "type": "shop.Order", "value": event })));
}

#[test]
fn a_message_is_found_by_its_indexes() {
    let registry = Registry::shared();
    let id = PAIRS[2].register(registry, "indexes.proto");
    let text = b"\x0a\x01x"; // field 1, a string of one byte
    // The first message in short and in full, the nested one; a count and its indexes are zigzag.
    let cases: [(&[u8], &str, &str); 3] =
        [(&[0], "shop.First", "text"), (&[2, 0], "shop.First", "text"), (&[4, 2, 0], "shop.Order.Line", "sku")];
    for (indexes, name, field) in cases {
        let told = decoded(Protobuf, &framed(id, &[indexes, text].concat()));
        assert_eq!(told, Ok(json!({ "schema_id": id, "type": name, "value": { field: "x" } })));
    }
    let error = decoded(Protobuf, &framed(id, &[2, 4])).expect_err("there is no third message");
    assert!(error.contains("IndexError"), "{error}");
}

#[test]
fn an_avro_union_at_the_root_tells_its_branch() {
    let registry = Registry::shared();
    registry.register("union-money", Avro, MONEY_AVRO, &[]);
    let money = Reference { name: "shop.Money", subject: "union-money", version: 1 };
    let note = r#"["shop.Money", { "type": "record", "name": "Note", "fields": [{ "name": "n", "type": "int" }] }]"#;
    let id = registry.register("union-value", Avro, note, &[money]);
    // 12.50 is 1250 is 0x04e2 in two bytes; then the text of one byte.
    let records = [framed(id, b"\x00\x04\x04\xe2\x02x"), framed(id, b"\x02\x03")];
    let records: Vec<_> = records.iter().map(|bytes| Framed { format: Avro, bytes }).collect();
    let told = decode(&registry.url(), &records);
    assert_eq!((&told[0]["type"], &told[1]["type"]), (&json!("shop.Money"), &json!("Note")));
    assert_eq!(told[0]["value"], json!({ "amount": "12.50", "currency": "x" }));
    assert_eq!(told[1]["value"], json!({ "n": -2 }));
}

#[test]
fn what_is_wrong_with_a_record_is_told() {
    let registry = Registry::shared();
    let [avro, json, proto] = PAIRS.map(|pair| pair.register(registry, &format!("wrong.{}", pair.format.name())));
    let int = registry.register("wrong-int", Avro, r#""int""#, &[]);
    let cases = [
        (Avro, vec![], "not Confluent's framing: 0 bytes"),
        (Avro, b"\x01\0\0\0\x01\0".to_vec(), "not Confluent's framing"),
        (Avro, framed(u32::MAX >> 1, &[]), "404"),
        (Avro, framed(json, b"{}"), "is of type JSON, expected AVRO"),
        (Avro, framed(avro, b"\x06ab"), "EOF"),
        (Avro, framed(int, b"\x02\x02"), "1 bytes are left"),
        (Protobuf, framed(proto, b"\x00\x0a\x05x"), "DecodeError"),
        (Protobuf, framed(proto, b""), "no whole number"),
        (JsonSchema, framed(json, b"{"), "JSONDecodeError"),
        (JsonSchema, framed(json, br#"{"id":1,"total":{"amount":1}}"#), "$.id"),
        // What is referred to holds, and so does `format`.
        (JsonSchema, framed(json, br#"{"id":"1","total":{"amount":-1}}"#), "$.total.amount"),
        (JsonSchema, framed(json, br#"{"id":"1","at":"today","total":{"amount":1}}"#), "'date-time'"),
    ];
    let records: Vec<_> = cases.iter().map(|(format, bytes, _)| Framed { format: *format, bytes }).collect();
    for ((_, bytes, wanted), told) in cases.iter().zip(try_decode(&registry.url(), &records)) {
        let error = told.expect_err("it is wrong");
        assert!(error.contains(wanted), "{bytes:?}: {error}, not {wanted}");
    }
}

#[test]
fn a_killed_registry_comes_back_with_all_that_it_knew() {
    let mut registry = Registry::start();
    let id = PAIRS[0].register(&registry, "kept");
    let (url, before) = (registry.url(), registry.get(&format!("/schemas/ids/{id}")).json());
    registry.kill();
    let refused = Client::new(&registry.address()).try_send(&Request::get("/")).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    registry.restart();
    assert_eq!(registry.url(), url);
    assert_eq!(registry.get(&format!("/schemas/ids/{id}")).json(), before);
    assert!(registry.register("new-value", Avro, r#""long""#, &[]) > id, "ids are given once");
}

#[test]
fn a_frozen_registry_is_silent_and_goes_on_when_thawed() {
    let mut registry = Registry::start();
    registry.register("frozen-value", Avro, r#""long""#, &[]);
    registry.freeze();
    let address = registry.address();
    let asked = std::thread::spawn(move || Client::new(&address).get("/apis/ccompat/v7/subjects"));
    std::thread::sleep(Duration::from_secs(1));
    assert!(!asked.is_finished(), "a frozen process answers nothing");
    registry.thaw();
    let answer = asked.join().expect("an answer after the thaw");
    assert_eq!(answer.json(), json!(["frozen-value"]));
}
