//! Events that come as Protobuf bytes: what is accepted, what is refused, what is picked and what is treated.

#![expect(clippy::panic, reason = "how a test fails")]

mod protobuf_kit;
mod transcode_kit;

use forebay_schemas::contract::{Contract, KeyFormat, Personal};
use forebay_schemas::encoder::{Encoder, Fault, Material, Payload, Scratch};
use forebay_schemas::pii::{Action, HashKey};
use protobuf_kit::{bytes, dropping, encoder, first, material, protobuf, read};
use transcode_kit::{key, pointer};

const SCHEMA: &str = r#"
syntax = "proto3";
package t;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
message M {
  string name = 1;
  int64 number = 2;
  google.protobuf.Timestamp at = 3;
  M inner = 4;
  repeated int32 packed = 5;
  repeated string list = 6;
  map<string, string> labels = 7;
  oneof choice { string left = 8; M right = 9; }
  Color color = 10;
  google.protobuf.StringValue wrapped = 11;
  map<int32, M> by_number = 12;
  repeated M many = 13;
  optional string maybe = 14;
  google.protobuf.Struct any = 15;
  fixed32 four = 16;
  double eight = 17;
  bytes raw = 18;
}
enum Color { NONE = 0; RED = 1; }
"#;

#[derive(Debug, PartialEq)]
struct Record {
    value: Vec<u8>,
    key: Option<Vec<u8>>,
    id: Option<String>,
    time_millis: Option<i64>,
}

fn check(encoder: &Encoder, bytes: &[u8]) -> Result<Record, Fault> {
    let mut arena = b"before".to_vec();
    let checked = encoder.check(Payload::Protobuf, bytes, &mut arena, &mut Scratch::default());
    assert!(arena.starts_with(b"before"));
    if checked.is_err() {
        assert_eq!(arena, b"before", "a failed event leaves nothing");
    }
    let checked = checked?;
    Ok(Record {
        value: arena[checked.value].to_vec(),
        key: checked.key.map(|range| arena[range].to_vec()),
        id: checked.id.map(|range| String::from_utf8(arena[range].to_vec()).expect("ids are text")),
        time_millis: checked.time_millis,
    })
}

fn encoded(encoder: &Encoder, text: &str) -> Record {
    let mut arena = Vec::new();
    let record = encoder.encode(text.as_bytes(), &mut arena, &mut Scratch::default());
    let record = record.unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    Record {
        value: arena[record.value].to_vec(),
        key: record.key.map(|range| arena[range].to_vec()),
        id: record.id.map(|range| String::from_utf8(arena[range].to_vec()).expect("ids are text")),
        time_millis: record.time_millis,
    }
}

const EVENTS: [&str; 12] = [
    "{}",
    r#"{"name":"a","number":-1,"at":"2025-06-30T12:34:56.789Z","packed":[0,-1,300],"list":["","b"]}"#,
    r#"{"inner":{"inner":{"inner":{"name":"deep"}}},"labels":{"a":"b","":""}}"#,
    r#"{"left":"","color":"RED","wrapped":"","maybe":""}"#,
    r#"{"right":{"left":"x"},"wrapped":"w","by_number":{"-5":{"name":"y"},"0":{}}}"#,
    r#"{"many":[{},{"name":"z","many":[{"number":7}]}],"color":9}"#,
    r#"{"any":{"a":[1,"b",null,{"c":true}]},"four":1,"eight":-0.0,"raw":"AAEC"}"#,
    r#"{"at":"1969-12-31T23:59:59.999Z"}"#,
    r#"{"name":"","number":0}"#,
    r#"{"number":"9007199254740993"}"#,
    r#"{"many":[{"name":"first"},{"name":"second"}]}"#,
    r#"{"labels":{"id":"labelled","x":"y"}}"#,
];

#[test]
fn what_was_written_is_read_as_it_is_with_the_same_facts() {
    let plain = protobuf();
    let mut contracts = vec![plain.clone()];
    for place in [
        "/name",
        "/wrapped",
        "/color",
        "/inner/inner/inner/name",
        "/many/1/name",
        "/labels/id",
        "/left",
        "/right/left",
        "/by_number/-5/name",
        "/maybe",
    ] {
        contracts.push(Contract { key: key(place, KeyFormat::String), ..plain.clone() });
    }
    contracts.push(Contract { key: key("/number", KeyFormat::Long), ..plain.clone() });
    contracts.push(Contract { key: key("/packed/2", KeyFormat::Int), ..plain.clone() });
    contracts.push(Contract { key: key("/raw", KeyFormat::Bytes), ..plain.clone() });
    contracts.push(Contract { id: Some(pointer("/number")), time: Some(pointer("/at")), ..plain.clone() });
    let mut agreed = 0;
    for contract in contracts {
        let encoder = encoder(&contract, SCHEMA);
        for event in EVENTS {
            let value = encoded(&encoder_of(&plain), event).value;
            let mut arena = Vec::new();
            let from_text = encoder.encode(event.as_bytes(), &mut arena, &mut Scratch::default());
            let from_bytes = check(&encoder, &value);
            match (from_text, from_bytes) {
                (Ok(_), Ok(record)) => {
                    assert_eq!(record.value, value, "{event}");
                    assert_eq!(record, encoded(&encoder, event), "{event}");
                    agreed += 1;
                }
                // A number that stands for no symbol is called otherwise.
                (Err(Fault::Violation(_)), Err(Fault::Violation(_))) => {}
                (Err(one), Err(other)) => assert_eq!(one, other, "{event}"),
                (one, other) => panic!("{event}: {:?} {:?}: {one:?} {other:?}", contract.key, contract.id),
            }
        }
    }
    assert!(agreed >= 30, "{agreed}");
}

fn encoder_of(contract: &Contract) -> Encoder {
    encoder(contract, SCHEMA)
}

#[test]
fn later_occurrences_are_what_a_parser_sees() {
    let contract = |place: &str| Contract { key: key(place, KeyFormat::String), ..protobuf() };
    let key = |place: &str, bytes: &[u8]| check(&encoder(&contract(place), SCHEMA), bytes).map(|record| record.key);
    let text = |text: &str| Ok(Some(text.as_bytes().to_vec()));
    let missing = |place: &str| Err(Fault::MissingKey { pointer: place.to_owned() });
    // name: "a", name: "b"
    assert_eq!(key("/name", b"\x0A\x01a\x0A\x01b"), text("b"));
    // inner { name: "a" }, inner { number: 1 }
    assert_eq!(key("/inner/name", b"\x22\x03\x0A\x01a\x22\x02\x10\x01"), text("a"));
    // name: "a", name: "": the default
    assert_eq!(key("/name", b"\x0A\x01a\x0A\x00"), missing("/name"));
    assert_eq!(key("/name", b"\x0A\x01a\x0A\x80\x00"), missing("/name"));
    // left: "a", right {}
    assert_eq!(key("/left", b"\x42\x01a\x4A\x00"), missing("/left"));
    // right { name: "a" }, left: "b", right {}
    assert_eq!(key("/right/name", b"\x4A\x03\x0A\x01a\x42\x01b\x4A\x00"), missing("/right/name"));
    // labels: k=a, k=b; then the entry's value before its key; then a key alone
    assert_eq!(key("/labels/k", b"\x3A\x06\x0A\x01k\x12\x01a\x3A\x06\x0A\x01k\x12\x01b"), text("b"));
    assert_eq!(key("/labels/k", b"\x3A\x06\x12\x01a\x0A\x01k"), text("a"));
    assert_eq!(key("/labels/k", b"\x3A\x06\x0A\x01k\x12\x01a\x3A\x03\x0A\x01k"), missing("/labels/k"));
    // list: "a", list: "b" in two messages that are one
    assert_eq!(key("/inner/list/1", b"\x22\x03\x32\x01a\x22\x03\x32\x01b"), text("b"));
    // color: RED, color: NONE
    assert_eq!(key("/color", b"\x50\x01\x50\x00"), missing("/color"));
    // wrapped {}
    assert_eq!(key("/wrapped", b"\x5A\x00"), text(""));
    // wrapped { value: "a" }, wrapped {}
    assert_eq!(key("/wrapped", b"\x5A\x03\x0A\x01a\x5A\x00"), text("a"));
    // at { seconds: 5 }, at { nanos: 7_000_000 }
    let timed = encoder(&Contract { time: Some(pointer("/at")), ..protobuf() }, SCHEMA);
    let merged = check(&timed, b"\x1A\x02\x08\x05\x1A\x05\x10\xC0\x9F\xAB\x03").expect("it is sound");
    assert_eq!(merged.time_millis, Some(5_007));
}

#[test]
fn packed_and_unpacked_lists_are_both_read() {
    let encoder = encoder(&protobuf(), SCHEMA);
    for bytes in [&b"\x2A\x03\x01\x02\x03"[..], b"\x28\x01\x28\x02", b"\x28\x01\x2A\x02\x02\x03", b"\x2A\x00"] {
        assert_eq!(check(&encoder, bytes).map(|record| record.value).as_deref(), Ok(bytes));
    }
}

#[test]
fn what_is_no_such_message_is_refused_with_its_place() {
    let encoder = encoder(&protobuf(), SCHEMA);
    let cases: [(&[u8], usize, &str); 18] = [
        (b"\x00", 0, "a field's number"),
        (b"\x0A", 1, "a varint"),
        (b"\x0A\x05abc", 1, "a length of at most the 3 bytes"),
        (b"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 1, "a length"),
        (b"\x0A\x01\xFF", 2, "UTF-8"),
        (b"\x0A\x02a\xC3", 3, "UTF-8"),
        (b"\x08\x01", 0, "the wire type of the field `name`"),
        (b"\x12\x01a", 0, "the wire type of the field `number`"),
        (b"\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 1, "a varint"),
        (b"\x22\x02\x0A\x05", 3, "a length"),
        (b"\x2A\x02\x01\xFF", 3, "a varint"),
        (b"\xA0\x06\x01", 0, "a field the schema knows"),
        (b"\x0C", 0, "no end of a group"),
        (b"\x3A\x02\x18\x01", 2, "a map's key or value"),
        (b"\x3A\x02\x08\x01", 2, "the wire type of a map's"),
        (b"\x85\x01\x01\x02\x03", 2, "4 bytes"),
        (b"\x07\x01", 0, "a field's number"),
        (b"\xF8\xFF\xFF\xFF\xFF\xFF\x01\x00", 0, "a field's number"),
    ];
    for (bytes, offset, expected) in cases {
        match check(&encoder, bytes) {
            Err(Fault::Undecodable { offset: at, expected: said }) => {
                assert_eq!(at, offset, "{bytes:?}: {said}");
                assert!(said.contains(expected), "{bytes:?}: {said}");
            }
            other => panic!("{bytes:?}: {other:?}"),
        }
    }
}

#[test]
fn messages_nest_to_a_bound() {
    let nested = |depth: usize| {
        (0..depth).fold(Vec::new(), |inner: Vec<u8>, _| {
            let mut outer = vec![0x22];
            let mut length = inner.len();
            while length >= 0x80 {
                outer.push(u8::try_from(length & 0x7F).expect("seven bits") | 0x80);
                length >>= 7;
            }
            outer.push(u8::try_from(length).expect("seven bits"));
            outer.extend(inner);
            outer
        })
    };
    let encoder = encoder(&protobuf(), SCHEMA);
    let deepest = nested(100);
    assert!(check(&encoder, &deepest).is_ok());
    read(&first(SCHEMA), &deepest);
    assert!(
        matches!(check(&encoder, &nested(101)), Err(Fault::Undecodable { expected, .. }) if expected.contains("100"))
    );
    let groups = |depth: usize| [[0xA3, 0x06].repeat(depth), [0xA4, 0x06].repeat(depth)].concat();
    let dropping = self::encoder(&dropping(), SCHEMA);
    assert_eq!(check(&dropping, &groups(100)).map(|record| record.value), Ok(Vec::new()));
    assert!(check(&dropping, &groups(101)).is_err());
    assert!(check(&dropping, &[0xA3, 0x06].repeat(1 << 19)).is_err());
}

#[test]
fn unknown_fields_are_dropped_where_the_contract_says_so() {
    let encoder = encoder(&dropping(), SCHEMA);
    let cases: [(&[u8], &[u8]); 6] = [
        (b"\xA0\x06\x01\x0A\x01a", b"\x0A\x01a"),
        (b"\xA1\x0612345678\xA5\x061234\xA2\x06\x02ab", b""),
        (b"\x22\x06\xA0\x06\x01\x0A\x01a", b"\x22\x03\x0A\x01a"),
        (b"\xA3\x06\x08\x01\xA3\x06\xA4\x06\xA4\x06\x0A\x01a", b"\x0A\x01a"),
        (b"\x3A\x08\x0A\x01k\x12\x01v\x18\x01", b"\x3A\x06\x0A\x01k\x12\x01v"),
        (b"\x62\x09\x08\x01\x12\x05\xA0\x06\x01\x10\x02", b"\x62\x06\x08\x01\x12\x02\x10\x02"),
    ];
    for (bytes, kept) in cases {
        assert_eq!(check(&encoder, bytes).map(|record| record.value).as_deref(), Ok(kept), "{bytes:?}");
    }
}

fn treated(pii: &[(&str, Action)]) -> (Contract, Material) {
    let personal = |(at, action): &(&str, Action)| Personal { pointer: pointer(at), action: *action };
    let contract = Contract { pii: pii.iter().map(personal).collect(), ..protobuf() };
    let hash_key = HashKey::new(&[7; 32]);
    (contract, Material { hash_key, ..material(SCHEMA) })
}

#[test]
fn personal_fields_are_treated_alike_in_text_and_in_bytes() {
    let cases: [(&str, Action, &str, &str); 14] = [
        ("/name", Action::Mask, r#"{"name":"a","number":1}"#, r#"{"name":"****","number":1}"#),
        ("/name", Action::Mask, r#"{"name":"","number":1}"#, r#"{"number":1}"#),
        ("/name", Action::Drop, r#"{"name":"a","number":1}"#, r#"{"number":1}"#),
        ("/inner", Action::Drop, r#"{"inner":{"name":"a"},"number":1}"#, r#"{"number":1}"#),
        ("/inner/name", Action::Drop, r#"{"inner":{"name":"a"},"name":"b"}"#, r#"{"inner":{},"name":"b"}"#),
        ("/list/*", Action::Mask, r#"{"list":["a","b",""]}"#, r#"{"list":["****","****",""]}"#),
        ("/list/1", Action::Mask, r#"{"list":["a","b"]}"#, r#"{"list":["a","****"]}"#),
        ("/list", Action::Drop, r#"{"list":["a","b"]}"#, "{}"),
        ("/labels/k", Action::Mask, r#"{"labels":{"k":"a","l":"b"}}"#, r#"{"labels":{"k":"****","l":"b"}}"#),
        ("/labels/*", Action::Mask, r#"{"labels":{"k":"a","l":"b"}}"#, r#"{"labels":{"k":"****","l":"****"}}"#),
        ("/labels/k", Action::Drop, r#"{"labels":{"k":"a","l":"b"}}"#, r#"{"labels":{"l":"b"}}"#),
        (
            "/many/*/name",
            Action::Mask,
            r#"{"many":[{"name":"a"},{"number":1}]}"#,
            r#"{"many":[{"name":"****"},{"number":1}]}"#,
        ),
        ("/wrapped", Action::Mask, r#"{"wrapped":"a"}"#, r#"{"wrapped":"****"}"#),
        ("/left", Action::Mask, r#"{"left":"a"}"#, r#"{"left":"****"}"#),
    ];
    let plain = encoder(&protobuf(), SCHEMA);
    for (place, action, event, expected) in cases {
        let (contract, material) = treated(&[(place, action)]);
        let encoder = Encoder::compile(&contract, &material).unwrap_or_else(|problems| panic!("{place}: {problems:?}"));
        let wanted = bytes(&plain, expected).expect("it is sound");
        assert_eq!(bytes(&encoder, event).as_ref(), Ok(&wanted), "{place}: {event}");
        let sent = bytes(&plain, event).expect("it is sound");
        assert_eq!(check(&encoder, &sent).map(|record| record.value).as_ref(), Ok(&wanted), "{place}: {event}");
    }
}

#[test]
fn a_hash_makes_lengths_longer() {
    let (contract, material) = treated(&[("/inner/inner/name", Action::Hash)]);
    let encoder = Encoder::compile(&contract, &material).expect("it is sound");
    let long = "x".repeat(70);
    let event = format!(r#"{{"inner":{{"inner":{{"name":"a","left":"{long}"}},"name":"b"}},"number":1}}"#);
    let from_text = bytes(&encoder, &event).expect("it is sound");
    let sent = bytes(&self::encoder(&protobuf(), SCHEMA), &event).expect("it is sound");
    assert_eq!(check(&encoder, &sent).map(|record| record.value).as_ref(), Ok(&from_text));
    let message = read(&first(SCHEMA), &from_text);
    let shown = format!("{message}");
    assert!(!shown.contains("\"a\"") && shown.contains("name:\"b\""), "{shown}");
}

#[test]
fn what_can_not_be_treated_is_refused_when_loading() {
    let cases = [
        ("/number", Action::Mask, "which leads to a whole number"),
        ("/list", Action::Mask, "which leads to an array"),
        ("/labels", Action::Hash, "which leads to an object"),
        ("/inner", Action::Mask, "which leads to an object"),
        ("/list/*", Action::Drop, "an item of an array"),
        ("/at", Action::Hash, "which leads to a timestamp"),
        ("/color", Action::Mask, "which leads to one of"),
        ("/raw", Action::Mask, "which leads to a string of base64"),
        ("/nowhere", Action::Drop, "which leads to none"),
        ("/any/x", Action::Mask, "which leads to an object"),
        ("/by_number/x/name", Action::Mask, "which leads to none"),
    ];
    for (place, action, found) in cases {
        let (contract, material) = treated(&[(place, action)]);
        let problems = Encoder::compile(&contract, &material).expect_err(place);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].found.contains(found), "{place}: {:?}", problems[0]);
    }
    // The key by another spelling of its name.
    let (mut contract, material) = treated(&[("/byNumber/1/name", Action::Mask), ("/inner", Action::Drop)]);
    contract.key = key("/by_number/1/name", KeyFormat::String);
    contract.id = Some(pointer("/inner/name"));
    let problems = Encoder::compile(&contract, &material).expect_err("key and id are written as they come");
    assert!(problems.iter().any(|problem| problem.found.contains("the key or the id")), "{problems:?}");
}
