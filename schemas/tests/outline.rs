//! Which fields events have: the same kind of list for every language of schemas, and no event with a field that is
//! neither listed nor allowed for.
#![expect(clippy::panic, reason = "how a test fails")]

mod protobuf_kit;
mod transcode_kit;

use std::fmt::Write as _;
use std::sync::Arc;

use forebay_schemas::contract::{Contract, Format, Personal, Unions};
use forebay_schemas::decoder::Decoder;
use forebay_schemas::encoder::{Encoder, Material, Scratch};
use forebay_schemas::outline::{Field, FieldKind, Outline, Place};
use forebay_schemas::picked::Value;
use forebay_schemas::pii::Action;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::Value as Tree;
use transcode_kit::generate::{Source, record};
use transcode_kit::{contract, material, pointer};

/// A line for each field.
fn shown(outline: &Outline) -> String {
    let mut lines = if outline.open { "open\n".to_owned() } else { "closed\n".to_owned() };
    for field in &outline.fields {
        let line = field.line.map_or("-".to_owned(), |line| line.to_string());
        write!(lines, "{line}: {} {:?} {}", field.pointer, field.kind, field.spelled).expect("a string takes all");
        for (is, word) in
            [(field.optional, " optional"), (!field.documented, " undocumented"), (field.personal, " personal")]
        {
            lines.push_str(if is { word } else { "" });
        }
        lines.push('\n');
    }
    lines
}

fn personal(pointers: &[&str]) -> Vec<Personal> {
    pointers.iter().map(|text| Personal { pointer: pointer(text), action: Action::Mask }).collect()
}

#[test]
fn avro() {
    let schema = r#"{"type": "record", "name": "R", "namespace": "a.b", "fields": [
  {"name": "s", "type": "string", "doc": "Words."},
  {"name": "n", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
  {"name": "u", "type": ["int", "string"], "doc": " "},
  {"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4}, "default": "\u0000", "doc": "A sum."},
  {"name": "odd", "type": {"type": "string", "logicalType": "date"}},
  {"name": "list", "type": {"type": "array", "items": {"type": "record", "name": "I",
      "fields": [{"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A"]}, "doc": "One."}]}}},
  {"name": "map", "type": {"type": "map", "values": "double"}},
  {"name": "again", "type": ["null", "a.b.R"], "default": null, "doc": "Itself."},
  {"name": "either", "type": [{"type": "record", "name": "X", "fields": [{"name": "k", "type": "int", "doc": "K."}]},
      {"type": "record", "name": "Y", "fields": [{"name": "k", "type": "string", "doc": "K."}]}]},
  {"name": "other", "type": "I"}
]}"#;

    let contract = Contract { pii: personal(&["/s", "/list/*/e", "/other"]), ..contract(Format::Avro) };
    insta::assert_snapshot!(shown(&Outline::of(&contract, &material(Some(schema)))));
}

#[test]
fn json_schema() {
    let schema = r##"{"type": "object", "required": ["s", "o"], "additionalProperties": false,
  "properties": {
    "s": {"type": "string", "description": "Words."},
    "at": {"type": ["string", "null"], "format": "date-time"},
    "n": {"type": "number", "title": "N"}, "i": {"type": "integer"}, "b": {"type": "boolean"},
    "any": {"description": "Whatever."},
    "alt": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "set": {"enum": ["a", "b", null]},
    "o": {"$ref": "#/$defs/o"},
    "a/b": {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "integer"}}},
    "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false},
    "away": {"$ref": "other.json"},
    "never": false
  },
  "$defs": {"o": {"type": "object", "description": "Itself.", "additionalProperties": false,
    "properties": {"o": {"$ref": "#/$defs/o"}, "x": {"type": "string"}}, "required": ["x"]}}}"##;
    let contract = Contract { pii: personal(&["/o"]), ..contract(Format::JsonSchema) };
    insta::assert_snapshot!(shown(&Outline::of(&contract, &material(Some(schema)))));
    let open = Outline::of(&contract, &material(Some(r#"{"properties": {"a": {}}}"#)));
    assert_eq!((open.open, open.fields.len()), (true, 1));
}

/// Whatever a closed schema lets in is listed, or the outline is open: no rule may be set aside for a field that an event
/// can have.
#[test]
fn closed_json_schemas_hide_nothing() {
    let closed = |more: &str| {
        format!(
            r#"{{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","unevaluatedProperties":false,
            "properties":{{"id":{{"type":"string"}}}},"$defs":{{
                "with mail":{{"$anchor":"mail","properties":{{"email":{{"type":"string"}}}}}},
                "own":{{"$id":"https://example.com/own","properties":{{"email":{{"type":"string"}}}}}}}},{more}}}"#
        )
    };
    for more in [
        r#""dependentSchemas":{"id":{"properties":{"email":{"type":"string"}}}}"#,
        r#""if":{"properties":{"email":{"type":"string"}},"required":["email"]}"#,
        r##""$ref":"#mail""##,
        r##""$ref":"#/$defs/with%20mail""##,
        r##""$ref":"#/$defs/with mail""##,
        r#""$ref":"https://example.com/own""#,
        r##""allOf":[{"$dynamicRef":"#mail"}]"##,
        r#""patternProperties":{"^e":{"type":"string"}}"#,
    ] {
        let outline = Outline::of(&contract(Format::JsonSchema), &material(Some(&closed(more))));
        assert_ne!(outline.find(&pointer("/email")), Place::Nowhere, "{more}");
    }
    for schema in [
        r#"{"type":"object","unevaluatedProperties":{"type":"string"},"properties":{"id":{}}}"#,
        r##"{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/o","additionalProperties":false,
            "definitions":{"o":{"type":"object","properties":{"id":{}}}}}"##,
    ] {
        let outline = Outline::of(&contract(Format::JsonSchema), &material(Some(schema)));
        assert_ne!(outline.find(&pointer("/email")), Place::Nowhere, "{schema}");
    }
    let told = r#"{"additionalProperties":false,"properties":{"kind":{"type":"string","description":"Which."}},
        "if":{"properties":{"kind":{"const":"a"}}},"then":{"required":["kind"]}}"#;
    let outline = Outline::of(&contract(Format::JsonSchema), &material(Some(told)));
    let [field] = &outline.fields[..] else { panic!("{outline:?}") };
    assert!(field.documented && field.spelled == "string", "{field:?}");
    let outline = Outline::of(&contract(Format::JsonSchema), &material(Some(&closed(r#""title":"O""#))));
    assert_eq!(outline.find(&pointer("/email")), Place::Nowhere);
}

#[test]
fn protobuf() {
    let schema = r#"syntax = "proto3";
import "google/protobuf/timestamp.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
message R {
  // Words.
  string some_text = 1;
  google.protobuf.Timestamp at = 2;
  google.protobuf.Struct free = 3; // Free.
  google.protobuf.Int64Value wrapped = 4;
  repeated I list = 5;
  map<string, bytes> map = 6;
  R again = 7;
  E e = 8;
}
message I { double x = 1; }
enum E { A = 0; }"#;
    let contract = Contract { pii: personal(&["/someText", "/list/*"]), ..protobuf_kit::protobuf() };
    insta::assert_snapshot!(shown(&Outline::of(&contract, &protobuf_kit::material(schema))));
}

#[test]
fn what_has_no_schema_or_a_broken_one_may_have_any_field() {
    let anything = Outline { fields: Vec::new(), open: true };
    for format in [Format::Json, Format::String, Format::Bytes, Format::Avro, Format::Protobuf, Format::JsonSchema] {
        for schema in [None, Some("{"), Some("syntax"), Some("7")] {
            let outline = Outline::of(&contract(format), &material(schema));
            assert_eq!(outline, anything, "{format:?} {schema:?}");
            assert_eq!(outline.find(&pointer("/a")), Place::Open);
        }
    }
}

#[test]
fn places_are_found() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"some_text","type":"string"},
        {"name":"list","type":{"type":"array","items":{"type":"map","values":"int"}}},
        {"name":"next","type":["null","R"],"default":null},{"name":"any","type":["int","string","R"]}]}"#;
    let outline = Outline::of(&contract(Format::Avro), &material(Some(schema)));
    let found = |text: &str| match outline.find(&pointer(text)) {
        Place::Field(field) => field.pointer.as_str(),
        Place::Open => "open",
        Place::Nowhere => "nowhere",
    };
    for (pointer, place) in [
        ("", "open"),
        ("/some_text", "/some_text"),
        ("/someText", "open"),
        ("/some_text/x", "nowhere"),
        ("/list/7", "/list/*"),
        ("/list/7/a~1b", "/list/*/*"),
        ("/next/next", "/next/next"),
        ("/next/nowhere", "nowhere"),
        ("/next/next/next/next", "open"),
        ("/any/list", "/any/list"),
        ("/any/else", "open"),
        ("/nowhere", "nowhere"),
    ] {
        assert_eq!(found(pointer), place, "{pointer}");
    }
}

#[test]
fn types_that_are_used_everywhere_end() {
    let doubling = (0..14).fold(r#"{"type":"record","name":"L","fields":[{"name":"x","type":"int"}]}"#.to_owned(), |inner, level| {
        let name = if level == 0 { "L".to_owned() } else { format!("D{}", level - 1) };
        format!(r#"{{"type":"record","name":"D{level}","fields":[{{"name":"a","type":{inner}}},{{"name":"b","type":"{name}"}}]}}"#)
    });
    let outline = Outline::of(&contract(Format::Avro), &material(Some(&doubling)));
    assert_eq!((outline.open, outline.fields.len()), (true, 10_000));
}

/// Every pointer into a value.
fn pointers(value: &Tree, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Tree::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), found));
        }
        Tree::Object(members) => members.iter().for_each(|(name, member)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            pointers(member, &format!("{at}/{name}"), found);
        }),
        _ => {}
    }
}

fn goes_with(field: &Field, value: Value<'_>) -> bool {
    match (field.kind, value) {
        // A date or a symbol that there is no text for.
        (FieldKind::Text, Value::Int(_)) => field.spelled != "string",
        (FieldKind::Any, _) | (_, Value::Absent) => true,
        (kind, Value::Bool(_)) => kind == FieldKind::Bool,
        (kind, Value::Int(_) | Value::Uint(_)) => kind == FieldKind::Int,
        (kind, Value::Double(_)) => kind == FieldKind::Double,
        (kind, Value::Text(_)) => kind == FieldKind::Text,
        (kind, Value::Bytes(_)) => kind == FieldKind::Bytes,
        (kind, Value::Time(_)) => kind == FieldKind::Time,
        (kind, Value::Json(text)) => kind == if text.starts_with('[') { FieldKind::List } else { FieldKind::Object },
    }
}

/// Holds an event's values to the outline.
fn hold(contract: &Contract, material: &Material, event: &Tree) {
    let outline = Outline::of(contract, material);
    let mut all = Vec::new();
    pointers(event, "", &mut all);
    for some in all.chunks(61) {
        let named: Vec<_> = some.iter().map(|text| pointer(text)).collect();
        let material = Material { named: Arc::from(named.clone()), ..material.clone() };
        let encoder = Encoder::compile(contract, &material).unwrap_or_else(|problems| panic!("{problems:?}"));
        let (mut arena, mut scratch) = (Vec::new(), Scratch::default());
        let record = encoder.encode(event.to_string().as_bytes(), &mut arena, &mut scratch);
        record.unwrap_or_else(|fault| panic!("{fault:?}: {event}"));
        let picked = scratch.take_picks();
        for (pointer, value) in named.iter().zip(picked.values(0..picked.len())) {
            let place = outline.find(pointer);
            match place {
                Place::Field(field) => assert!(goes_with(field, value), "{field:?}: {value:?}"),
                place => assert_eq!(place, Place::Open, "{}: {event}\n{}", pointer.text, shown(&outline)),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_field_of_an_avro_event_is_found(entropy in vec(any::<u8>(), 0..500)) {
        let mut source = Source::new(&entropy);
        let kind = record(&mut source);
        let material = material(Some(&kind.schema()));
        let written = Encoder::compile(&contract(Format::Avro), &material).unwrap_or_else(|problems| panic!("{problems:?}"));
        let mut plain = contract(Format::Avro);
        plain.value.unions = Unions::Plain;
        let (event, _) = kind.event(&mut source);
        let mut arena = Vec::new();
        let record = written.encode(event.as_bytes(), &mut arena, &mut Scratch::default());
        let record = record.unwrap_or_else(|fault| panic!("{fault:?}"));
        // Bare values, so that no tag stands in a pointer.
        if let Ok(event) = Decoder::new(&plain, &material).decode(&arena[record.value]) {
            hold(&plain, &material, &event);
        }
    }

    #[test]
    fn every_field_of_a_protobuf_event_is_found(entropy in vec(any::<u8>(), 0..500)) {
        let mut choices = protobuf_kit::generate::Choices(entropy.iter());
        let schema = protobuf_kit::generate::Schema::new(&mut choices);
        let event = schema.event(&mut choices, 3);
        let material = protobuf_kit::material(&schema.text);
        let Ok(event) = serde_json::from_str::<Tree>(&event) else { return Ok(()) };
        hold(&protobuf_kit::protobuf(), &material, &event);
    }
}
