//! Personal fields in each format: left out, masked or hashed in what is written, and nowhere as they were.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use forebay_tests::catalog::Catalog;
use forebay_tests::decoder::hashes;
use forebay_tests::kafka::Record;
use forebay_tests::process::scratch;
use forebay_tests::registry::{Format, Registry};
use serde_json::{Value, json};

use super::house::{assert_written, confluent, gateway_with, post, post_json, read, records, value};
use super::shop::FORMATS;

const KEY: &[u8] = b"a key of the hashes that is long enough";
const NAME: &str = "Ada Lovelace";
const EMAIL: &str = "ada.lovelace@example.org";
const PHONE: &str = "+44 20 7946 0000";
const SIGNED: &str = "Signed, A. L.";

const AVRO: &str = r#"{
  "type": "record", "name": "Order", "namespace": "shop",
  "fields": [
    { "name": "id", "type": "string" },
    { "name": "name", "type": ["null", "string"], "default": null },
    { "name": "contact", "type": { "type": "record", "name": "Contact", "fields": [
      { "name": "email", "type": "string" }, { "name": "phone", "type": ["null", "string"], "default": null } ] } },
    { "name": "notes", "type": { "type": "array", "items": { "type": "record", "name": "Note", "fields": [
      { "name": "text", "type": "string" } ] } } }
  ]
}"#;
const JSON: &str = r#"{
  "type": "object", "required": ["id", "contact"], "additionalProperties": false,
  "properties": {
    "id": { "type": "string" },
    "name": { "type": "string" },
    "contact": { "type": "object", "required": ["email"], "properties": {
      "email": { "type": "string" }, "phone": { "type": ["string", "null"] } } },
    "notes": { "type": "array", "items": { "type": "object", "properties": { "text": { "type": "string" } } } }
  }
}"#;
const PROTOBUF: &str = r#"syntax = "proto3";
package shop;
message Order {
  string id = 1;
  string name = 2;
  Contact contact = 3;
  repeated Note notes = 4;
}
message Contact {
  string email = 1;
  string phone = 2;
}
message Note {
  string text = 1;
}
"#;

fn sent(id: &str) -> Value {
    json!({
        "id": id,
        "name": NAME,
        "contact": { "email": EMAIL, "phone": PHONE },
        "notes": [{ "text": SIGNED }, { "text": "x" }],
    })
}

fn assert_treated(format: Format, record: &Record, hash: &str) {
    let mut whole = value(record).to_vec();
    whole.extend(record.key.iter().flatten());
    whole.extend(
        record
            .headers
            .iter()
            .flat_map(|(name, value)| [name.as_bytes().to_vec(), value.clone().unwrap_or_default()].concat()),
    );
    for plain in [NAME, EMAIL, PHONE, SIGNED] {
        assert!(!whole.windows(plain.len()).any(|part| part == plain.as_bytes()), "{format:?} keeps {plain}");
    }
    let mut told = read(format, value(record))["value"].take();
    if format == Format::Avro {
        assert_eq!(told["name"].take(), Value::Null);
        told.as_object_mut().expect("a record").remove("name");
    }
    let id = record.header("event-id");
    let notes = json!([{ "text": "****" }, { "text": "****" }]);
    let expected = json!({ "id": id, "contact": { "email": hash, "phone": "****" }, "notes": notes });
    assert_eq!(told, expected, "{format:?}");
}

#[test]
fn personal_fields_are_treated_in_every_format() {
    let registry = Registry::shared();
    let file = scratch("key").join("hash.key");
    std::fs::write(&file, KEY).expect("a key's file");
    let mut catalog = Catalog::new();
    let topics = FORMATS.map(|format| format!("personal.{}.v1", format.name()));
    for ((format, topic), schema) in FORMATS.into_iter().zip(&topics).zip([AVRO, JSON, PROTOBUF]) {
        registry.register(&format!("{topic}-value"), format, schema, &[]);
        let value = format!("value: {{ format: {}, subject: {{ strategy: topic }} }}", format.name());
        let pii = "pii: { /name: drop, /contact/email: hash, /contact/phone: mask, '/notes/*/text': mask }";
        catalog = catalog.contract(topic, &format!("{value}\nid: {{ from: /id }}\n{pii}"));
    }
    let settings = json!({ "registry": { "url": registry.url() }, "pii": { "hash_key_file": file } });
    let names = topics.each_ref().map(String::as_str);
    let gateway = gateway_with(&catalog, &names, settings);
    let hash = hashes(KEY, &[EMAIL]).remove(0);
    for (format, topic) in FORMATS.into_iter().zip(names) {
        assert_written(&post_json(&gateway, topic, &sent("o-1")), 1);
        if let Some(media_type) = media_type(format) {
            let framed = confluent(&registry.url(), topic, format).write(&[sent("o-2")]).remove(0);
            assert!(framed.windows(EMAIL.len()).any(|part| part == EMAIL.as_bytes()), "it was there");
            assert_written(&post(&gateway, topic, media_type, &framed), 1);
        }
        let written = 1 + usize::from(media_type(format).is_some());
        let records = records(topic, written);
        assert_eq!(records.len(), written, "{topic}");
        for record in &records {
            assert_treated(format, record, &hash);
        }
        let refused = post_json(&gateway, topic, &json!({ "id": "o-3", "contact": { "email": 7, "phone": PHONE } }));
        assert_eq!(refused.status, 422, "{refused}");
    }
    let (log, encoded) = (gateway.log().text(), BASE64_STANDARD.encode(EMAIL));
    for plain in [NAME, EMAIL, PHONE, SIGNED, &encoded] {
        assert!(!log.contains(plain), "the log says {plain}");
    }
}

/// What an encoded body of the format is called, if there is one.
fn media_type(format: Format) -> Option<&'static str> {
    match format {
        Format::Avro => Some("avro/binary; framing=confluent"),
        Format::Protobuf => Some("application/x-protobuf; framing=confluent"),
        Format::JsonSchema => None,
    }
}
