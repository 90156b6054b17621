//! Whole records of Protobuf contracts: frames, messages by name and index, and the way back to JSON.

mod protobuf_kit;
mod transcode_kit;

use forebay_schemas::contract::{Contract, Framing, Message};
use forebay_schemas::decoder::{Decoder, Undecodable};
use forebay_schemas::encoder::{Encoder, Fault, Payload, Scratch};
use protobuf_kit::{bytes, encoder, material, of_message, protobuf, report};
use serde_json::Value;

const SCHEMA: &str = r#"
syntax = "proto3";
package a.b;
message First { string name = 1; }
message Second {
  message Inner { message Deep { int32 x = 1; } int32 x = 1; }
  message Other { int32 y = 1; }
  Inner inner = 1;
}
"#;

fn framed(message: Message) -> Contract {
    let mut contract = protobuf();
    contract.value.framing = Framing::Confluent;
    contract.value.message = message;
    contract
}

fn named(name: &str) -> Message {
    Message::Name(name.to_owned())
}

#[test]
fn a_frame_names_the_message() {
    let id = [0, 1, 2, 3, 4];
    let cases: [(Message, &str, &[u8], &[u8]); 7] = [
        (Message::First, r#"{"name":"x"}"#, &[0], b"\x0A\x01x"),
        (Message::Index(0), r#"{"name":"x"}"#, &[0], b"\x0A\x01x"),
        (Message::Index(1), r#"{"inner":{}}"#, &[2, 2], b"\x0A\x00"),
        (named("a.b.Second"), r#"{"inner":{}}"#, &[2, 2], b"\x0A\x00"),
        (named("Second.Inner"), r#"{"x":1}"#, &[4, 2, 0], b"\x08\x01"),
        (named("a.b.Second.Other"), r#"{"y":1}"#, &[4, 2, 2], b"\x08\x01"),
        (named("Second.Inner.Deep"), r#"{"x":1}"#, &[6, 2, 0, 0], b"\x08\x01"),
    ];
    for (message, event, indexes, payload) in cases {
        let contract = framed(message);
        let encoder = encoder(&contract, SCHEMA);
        let record = bytes(&encoder, event).expect("it is sound");
        assert_eq!(record, [&id[..], indexes, payload].concat());
        let decoder = Decoder::new(&contract, &material(SCHEMA));
        assert_eq!(decoder.decode(&record), Ok(serde_json::from_str(event).expect("it is JSON")));
        let mut arena = Vec::new();
        let sent = [indexes, payload].concat();
        let checked = encoder.check_framed(Payload::Protobuf, &sent, &mut arena, &mut Scratch::default());
        assert_eq!(arena[checked.expect("it is sound").value], record);
        let other = encoder.check_framed(Payload::Protobuf, b"\x02\x08", &mut arena, &mut Scratch::default());
        assert!(matches!(other, Err(Fault::Undecodable { offset: 0, .. })));
    }
}

#[test]
fn a_message_that_is_none_is_refused_when_loading() {
    for message in [named("Third"), named("a.Second"), named("Inner"), Message::Index(2), named("google.protobuf.Any")]
    {
        let contract = framed(message);
        let problems = Encoder::compile(&contract, &material(SCHEMA)).expect_err("there is none");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].path, "/value/message");
        assert!(problems[0].expected.contains("a.b.First, a.b.Second"), "{:?}", problems[0]);
    }
    let problems = Encoder::compile(&protobuf(), &material("syntax = \"proto3\";")).expect_err("there is none");
    assert_eq!(problems[0].found, "none in the schema");
}

#[test]
fn what_comes_back_can_be_posted_again() {
    let schema = r#"
        syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";
        message M { string full_name = 1; int64 big = 2; google.protobuf.Timestamp at = 3; google.protobuf.Struct any = 4; map<string, C> colors = 5;
          bytes raw = 6; google.protobuf.StringValue wrapped = 7; double d = 8; repeated uint64 many = 9; float f = 10; oneof o { string left = 11; int32 right = 12; } optional string p = 13; }
        enum C { NONE = 0; RED = 1; }"#;
    let contract = protobuf();
    let (encoder, decoder) = (encoder(&contract, schema), Decoder::new(&contract, &material(schema)));
    for event in [
        "{}",
        r#"{"fullName":"x","big":"-9223372036854775808","at":"2025-06-30T12:34:56.789Z"}"#,
        r#"{"any":{"a":[1.0,"b",null,{"c":true}]},"colors":{"a":"RED","b":"NONE"}}"#,
        r#"{"raw":"AAEC","wrapped":"","d":"NaN","many":["18446744073709551615","0"],"right":0,"p":""}"#,
    ] {
        let record = bytes(&encoder, event).expect("it is sound");
        let back = decoder.decode(&record).expect("we wrote it");
        assert_eq!(back, serde_json::from_str::<Value>(event).expect("it is JSON"));
        assert_eq!(bytes(&encoder, &back.to_string()), Ok(record));
    }
    let float = bytes(&encoder, r#"{"f":0.1}"#).expect("it is sound");
    let back = decoder.decode(&float).expect("we wrote it");
    assert_eq!(bytes(&encoder, &back.to_string()), Ok(float));
}

#[test]
fn what_is_no_such_record_is_refused() {
    let contract = framed(Message::Index(1));
    let decoder = Decoder::new(&contract, &material(SCHEMA));
    for (bytes, expected) in [
        (&b"\x00\x01\x02\x03\x04\x02\x02\x0A\x05"[..], "not what the contract says: at byte 1, expected a length"),
        (b"\x00\x01\x02\x03\x04\x00", "not what the contract says: the indexes lead to another message"),
        (b"\x00\x01\x02\x03\x05\x02\x02", "written by the schema of id 16909061"),
        (b"\x00\x01\x02\x03\x04\x02", "expected byte 0"),
    ] {
        let error = decoder.decode(bytes).expect_err("it is none").to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let none = Decoder::new(&contract, &material("oops"));
    assert_eq!(none.decode(b"\x00\x01\x02\x03\x04\x00"), Err(Undecodable::NoSchema));
}

#[test]
fn reports_say_everything_with_its_place() {
    let schema = r#"
        syntax = "proto2"; import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/field_mask.proto";
        message M { required string id = 1; optional uint32 count = 2; optional Color color = 3; repeated Item items = 4; map<int32, bool> flags = 5; optional bytes raw = 6;
          oneof o { string left = 7; string right = 8; } optional google.protobuf.Timestamp at = 9; optional google.protobuf.Duration took = 10;
          optional google.protobuf.FieldMask mask = 11; optional double d = 12; }
        message Item { required string sku = 1; optional int32 quantity = 2; }
        enum Color { RED = 1; GREEN = 2; }"#;
    let event = r#"{"count":-1,"color":"BLUE","items":[{"quantity":1.5},7,{"sku":"x","more":1}],"flags":{"x":true,"1":"true"},"raw":"*","left":"a","right":"b",
        "at":"yesterday","took":5,"mask":"a_b","d":"many","unknown":null}"#;
    insta::assert_snapshot!(report(&of_message("M"), schema, event).join("\n"));
    let twice = r#"{"fullName":"a","full_name":"b"}"#;
    let lines = report(&protobuf(), "syntax = \"proto3\"; message M { string full_name = 1; }", twice);
    assert_eq!(
        lines,
        ["/full_name: expected a field under one of its names alone, found a second member of this field"]
    );
}
