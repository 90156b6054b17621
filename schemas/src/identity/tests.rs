//! What of a spelling counts, and what does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::schema::Reference;

fn of(format: Format, text: &str) -> Option<Vec<u8>> {
    identity(format, &Schema { content: text.into(), ..Schema::default() })
}

fn same(format: Format, one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|text| of(format, text).expect("it is a schema"));
    one == other
}

const ORDER: &str = r#"{"type": "record", "name": "Order", "namespace": "shop", "doc": "An order.",
    "fields": [{"name": "id", "type": {"type": "string"}, "order": "ascending"}, {"name": "next", "type": ["null", "Order"]}]}"#;

#[test]
fn avro_may_be_spelled_otherwise() {
    let other = r#"{"name":"shop.Order","type":"record","fields":[{"type":"string","name":"id"},
        {"name":"next","type":["null","shop.Order"]}],"doc":"An order."}"#;
    assert!(same(Format::Avro, ORDER, other));
    assert!(same(Format::Avro, r#""string""#, r#"{"type": "string"}"#));
    for different in [
        &ORDER.replace("An order.", "A purchase."),
        &ORDER.replace("\"shop\"", "\"store\""),
        &ORDER.replace(r#"["null", "Order"]"#, r#"["Order", "null"]"#),
        &ORDER.replace(r#"{"type": "string"}"#, r#"{"type": "string", "logicalType": "uuid"}"#),
        &ORDER.replace("ascending", "ignore"),
    ] {
        assert!(!same(Format::Avro, ORDER, different), "{different}");
    }
}

#[test]
fn json_schema_may_be_spelled_otherwise() {
    let one = r#"{"type": "object", "properties": {"a": true, "b": {"enum": [1, 2]}}}"#;
    assert!(same(Format::JsonSchema, one, r#"{"properties":{"b":{"enum":[1,2]},"a":true},"type":"object"}"#));
    assert!(!same(Format::JsonSchema, one, &one.replace("[1, 2]", "[2, 1]")));
}

const PARCEL: &str = "syntax = \"proto3\";\npackage post;\n
    // A parcel.\nmessage Parcel { string parcel_id = 1; Size size = 2; enum Size { SMALL = 0; } }\n";

#[test]
fn protobuf_may_be_spelled_otherwise() {
    let other = "syntax = 'proto3'; package post;
        message Parcel { string parcel_id = 1 [json_name = \"parcelId\"]; post.Parcel.Size size = 2; enum Size { SMALL = 0; } }";
    assert!(same(Format::Protobuf, PARCEL, other));
    assert!(same(Format::Protobuf, "message A {}", "syntax = \"proto2\"; message A {}"));
    for (from, to) in [("parcel_id", "id"), ("= 1", "= 3"), ("post", "mail"), ("proto3", "proto2")] {
        let text = PARCEL.replace("string", if to == "proto2" { "optional string" } else { "string" });
        let different = text.replace(" Size size", if to == "proto2" { "optional Size size" } else { " Size size" });
        assert!(!same(Format::Protobuf, PARCEL, &different.replace(from, to)), "{from} {to}");
    }
    let descriptor = STANDARD.encode(of(Format::Protobuf, PARCEL).expect("it is a schema"));
    assert!(same(Format::Protobuf, PARCEL, &descriptor), "{descriptor}");
}

#[test]
fn protobuf_with_imports_is_one_with_them() {
    let text = "syntax = \"proto3\"; import \"parcel.proto\"; message Van { repeated post.Parcel parcels = 1; }";
    assert_eq!(of(Format::Protobuf, text), None);
    let parcel = Reference { name: "parcel.proto".to_owned(), content: PARCEL.into() };
    let schema = Schema { content: text.into(), references: vec![parcel], ..Schema::default() };
    assert!(identity(Format::Protobuf, &schema).is_some());
}

#[test]
fn what_is_no_schema_has_no_identity() {
    for (format, text) in [
        (Format::Avro, "{"),
        (Format::Avro, "17"),
        (Format::JsonSchema, "[]"),
        (Format::JsonSchema, ""),
        (Format::Protobuf, "message {"),
        (Format::Protobuf, "AAAA"),
        (Format::String, "\"string\""),
    ] {
        assert_eq!(of(format, text), None, "{text}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!((of(Format::Avro, &deep), of(Format::JsonSchema, &deep)), (None, None));
}
