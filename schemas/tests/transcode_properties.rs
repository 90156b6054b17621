//! Schemas and values generated together: what apache-avro's reader finds in the bytes is the value, whatever the
//! text's spelling and order; and whatever is done to the text, it is taken or refused for a reason.
#![expect(clippy::panic, reason = "how a test fails")]

mod transcode_kit;

use apache_avro::Schema;
use apache_avro::types::Value;
use forebay_schemas::encoder::{Encoder, Fault, Scratch};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use transcode_kit::generate::{Source, record};
use transcode_kit::{avro, encoder, read};

/// NaN aside, which is never generated, values compare; doubles also by their sign of zero.
fn same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Double(found), Value::Double(expected)) => found.to_bits() == expected.to_bits(),
        (Value::Float(found), Value::Float(expected)) => found.to_bits() == expected.to_bits(),
        (Value::Union(found, a), Value::Union(expected, b)) => found == expected && same(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Record(a), Value::Record(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (found, expected) => found == expected,
    }
}

/// Encodes by memory that other events have used before.
fn encode(encoder: &Encoder, text: &[u8], scratch: &mut Scratch) -> Result<Vec<u8>, Fault> {
    let mut arena = vec![7; 3];
    match encoder.encode(text, &mut arena, scratch) {
        Ok(record) => Ok(arena[record.value].to_vec()),
        Err(fault) => {
            assert_eq!(arena, [7; 3]);
            Err(fault)
        }
    }
}

fn mutate(text: &str, source: &mut Source<'_>) -> Vec<u8> {
    const PIECES: [&[u8]; 18] = [
        b"",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"0",
        b"-",
        b".",
        b"e9",
        b"null",
        b"true",
        b"\xff",
        b"\"f0\":1,",
        b"\\ud800",
    ];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=source.below(3) {
        let start = source.below(bytes.len() + 1);
        let end = (start + source.below(4)).min(bytes.len());
        bytes.splice(start..end, PIECES[source.below(PIECES.len())].iter().copied());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_back_is_what_was_meant(entropy in vec(any::<u8>(), 0..600)) {
        let mut source = Source::new(&entropy);
        let kind = record(&mut source);
        let text = kind.schema();
        let schema = Schema::parse_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let encoder = encoder(&avro(), &text);
        let mut scratch = Scratch::default();
        for _ in 0..3 {
            let (event, expected) = kind.event(&mut source);
            let bytes = encode(&encoder, event.as_bytes(), &mut scratch);
            let bytes = bytes.unwrap_or_else(|fault| panic!("{fault:?}\n{text}\n{event}"));
            let found = read(&schema, &bytes);
            assert!(same(&found, &expected), "{found:?}\n{expected:?}\n{text}\n{event}");
        }
    }

    #[test]
    fn whatever_is_done_to_a_text_it_is_taken_or_refused_for_a_reason(entropy in vec(any::<u8>(), 0..600)) {
        let mut source = Source::new(&entropy);
        let kind = record(&mut source);
        let text = kind.schema();
        let schema = Schema::parse_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let encoder = encoder(&avro(), &text);
        let mut scratch = Scratch::default();
        let (event, _) = kind.event(&mut source);
        for _ in 0..8 {
            let event = mutate(&event, &mut source);
            let sound = serde_json::from_slice::<serde_json::Value>(&event).is_ok();
            match encode(&encoder, &event, &mut scratch) {
                Ok(bytes) => drop(read(&schema, &bytes)),
                Err(Fault::Violation(list)) => assert!((1..=20).contains(&list.len()), "{}", event.escape_ascii()),
                Err(Fault::Syntax { offset, .. }) => assert!(!sound && offset <= event.len(), "{}", event.escape_ascii()),
                Err(Fault::Ambiguous { .. }) => {}
                Err(Fault::MissingKey { .. } | Fault::Undecodable { .. }) => panic!("no key is asked for, no bytes are sent"),
            }
        }
    }
}
