//! Schemas and events generated together: our bytes say what prost-reflect makes of the same text, they are proven by
//! our own walk, and they come back as JSON that makes the same bytes. And bytes of any kind: nothing panics, and what
//! is taken is what prost-reflect takes.

#![expect(clippy::panic, reason = "how a test fails")]

mod protobuf_kit;
mod transcode_kit;

use forebay_fuzz::fuzz;
use forebay_schemas::contract::KeyFormat;
use forebay_schemas::decoder::Decoder;
use forebay_schemas::encoder::{Encoder, Fault, Payload, Scratch};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use prost_reflect::DynamicMessage;
use prost_reflect::prost::Message as _;
use protobuf_kit::generate::{Choices, Schema};
use protobuf_kit::{bytes, dropping, encoder, first, judged, material, protobuf, read};
use transcode_kit::key;

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn our_bytes_say_what_the_text_says(input in vec(any::<u8>(), 0..256)) {
        let mut choices = Choices(input.iter());
        let schema = Schema::new(&mut choices);
        let (message, encoder) = (first(&schema.text), encoder(&protobuf(), &schema.text));
        let decoder = Decoder::new(&protobuf(), &material(&schema.text));
        for _ in 0..3 {
            let event = schema.event(&mut choices, 3);
            let written = bytes(&encoder, &event).unwrap_or_else(|fault| panic!("{}: {event}: {fault:?}", schema.text));
            let judged = judged(&message, &event).unwrap_or_else(|| panic!("{}: {event}", schema.text));
            let judged = read(&message, &judged.encode_to_vec());
            assert!(read(&message, &written) == judged, "{}: {event}", schema.text);
            let mut arena = Vec::new();
            let checked = encoder.check(Payload::Protobuf, &written, &mut arena, &mut Scratch::default());
            assert_eq!(arena[checked.expect("we wrote it").value], written, "{event}");
            let theirs = judged.encode_to_vec();
            arena.clear();
            let checked = encoder.check(Payload::Protobuf, &theirs, &mut arena, &mut Scratch::default());
            assert_eq!(arena[checked.expect("prost-reflect wrote it").value], theirs, "{event}");
            let back = decoder.decode(&written).unwrap_or_else(|error| panic!("{event}: {error}"));
            let again = bytes(&encoder, &back.to_string()).unwrap_or_else(|fault| panic!("{back}: {fault:?}"));
            assert!(read(&message, &again) == judged, "{back}");
        }
    }

    #[test]
    fn a_text_that_was_tampered_with_is_taken_or_refused_for_a_reason(
        input in vec(any::<u8>(), 0..200),
        places in vec((any::<proptest::sample::Index>(), 0..12_usize), 1..4),
    ) {
        const PIECES: [&str; 12] = ["", "null", "\"", "{", "}", "[1]", "-", "1.5", "\"x\":1,", "\\ud800", ",", "true"];
        let mut choices = Choices(input.iter());
        let schema = Schema::new(&mut choices);
        let event = schema.event(&mut choices, 2);
        let mut tampered: Vec<char> = event.chars().collect();
        for (place, piece) in places {
            let at = place.index(tampered.len());
            let end = (at + choices.below(4)).min(tampered.len());
            tampered.splice(at..end, PIECES[piece].chars());
            if tampered.is_empty() {
                break;
            }
        }
        let tampered: String = tampered.into_iter().collect();
        let (message, encoder) = (first(&schema.text), encoder(&protobuf(), &schema.text));
        match bytes(&encoder, &tampered) {
            Ok(written) => drop(read(&message, &written)),
            Err(Fault::Violation(mismatches)) => assert!(!mismatches.is_empty(), "{tampered}"),
            Err(Fault::Syntax { .. }) => assert!(serde_json::from_str::<serde_json::Value>(&tampered).is_err(), "{tampered}"),
            Err(Fault::Ambiguous { .. }) => {}
            Err(fault) => panic!("{tampered}: {fault:?}"),
        }
    }
}

const WIDE: &str = r#"
syntax = "proto2";
import "google/protobuf/timestamp.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";
message M {
  optional string a = 1; repeated int32 b = 2 [packed = true]; map<string, M> c = 3; optional M d = 4; optional google.protobuf.Timestamp e = 5;
  optional google.protobuf.Struct f = 6; oneof o { string g = 7; M h = 8; } optional group Grp = 9 { optional M i = 1; } optional google.protobuf.StringValue j = 10;
  repeated M k = 11; optional fixed32 l = 12; repeated double m = 13; map<int64, bytes> n = 14; optional sint64 p = 15;
}"#;

fn any_bytes(encoder: &Encoder, input: &[u8], arena: &mut Vec<u8>) -> bool {
    arena.clear();
    let taken = encoder.check(Payload::Protobuf, input, arena, &mut Scratch::default()).is_ok();
    // Nothing but copies, of at most one hash or mask a string.
    assert!(arena.capacity() <= 4_096 + 64 * input.len());
    taken
}

#[test]
fn any_bytes_are_taken_or_refused() {
    let message = first(WIDE);
    let (strict, loose) = (encoder(&protobuf(), WIDE), encoder(&dropping(), WIDE));
    let mut keyed = protobuf();
    keyed.key = key("/k/0/c/x/a", KeyFormat::String);
    let keyed = encoder(&keyed, WIDE);
    let decoder = Decoder::new(&protobuf(), &material(WIDE));
    fuzz!(6_000).for_each(|input: &[u8]| {
        // Small tags are more often those of fields.
        let input: Vec<u8> = input.iter().map(|byte| if byte & 0x80 == 0 { byte & 0x7B } else { *byte }).collect();
        let mut arena = Vec::new();
        let taken = any_bytes(&strict, &input, &mut arena);
        if taken {
            assert_eq!(arena, input);
        }
        let theirs = DynamicMessage::decode(message.clone(), input.as_slice());
        if taken {
            assert!(theirs.is_ok(), "{input:?}");
        }
        if any_bytes(&loose, &input, &mut arena) {
            assert!(DynamicMessage::decode(message.clone(), arena.as_slice()).is_ok(), "{input:?}");
        }
        any_bytes(&keyed, &input, &mut arena);
        drop(decoder.decode(&input));
    });
}

#[test]
fn any_text_is_a_schema_or_none() {
    const PIECES: [&str; 40] = [
        "syntax = \"proto3\";",
        "syntax = \"proto2\";",
        "message ",
        "enum ",
        "M",
        "N",
        "{",
        "}",
        "[",
        "]",
        "<",
        ">",
        "=",
        ";",
        "1",
        "2",
        "string ",
        "int32 ",
        "optional ",
        "repeated ",
        "required ",
        "map<string, ",
        "oneof ",
        "group ",
        "extend ",
        "extensions 1 to max",
        "reserved ",
        "option ",
        "import ",
        "\"google/protobuf/any.proto\"",
        "\"",
        "'",
        "//",
        "/*",
        "*/",
        "#",
        "\n",
        "default",
        ".",
        "package a;",
    ];
    fuzz!(2_000).for_each(|input: &[u8]| {
        let text: String =
            input.iter().map(|byte| PIECES.get(usize::from(*byte) % 44).copied().unwrap_or(" x ")).collect();
        drop(Encoder::compile(&protobuf(), &material(&text)));
        // Also as a descriptor set.
        let mut material = material("");
        if let Some(sourced) = &mut material.value {
            sourced.schema.name = "t.pb".to_owned();
            sourced.schema.content = input.to_vec();
        }
        drop(Encoder::compile(&protobuf(), &material));
    });
}

#[test]
fn any_text_is_an_event_or_none() {
    const PIECES: [&str; 36] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\":",
        "\"b\":",
        "\"c\":",
        "\"d\":",
        "\"e\":",
        "\"f\":",
        "\"g\":",
        "\"h\":",
        "\"grp\":",
        "\"j\":",
        "\"k\":",
        "\"n\":",
        "null",
        "true",
        "1",
        "-1",
        "1.5",
        "1e3",
        "\"x\"",
        "\"1\"",
        "\"AA==\"",
        "\"2025-06-30T12:34:56Z\"",
        "{}",
        "[]",
        "[1,2]",
        "{\"a\":\"x\"}",
        "\"\\ud800\"",
        "\\u",
        " ",
        "\"i\":",
    ];
    let message = first(WIDE);
    let encoder = encoder(&protobuf(), WIDE);
    fuzz!(6_000).for_each(|input: &[u8]| {
        let text: String =
            input.iter().map(|byte| PIECES.get(usize::from(*byte) % 40).copied().unwrap_or("\"")).collect();
        if let Ok(written) = bytes(&encoder, &text) {
            read(&message, &written);
        }
    });
}
