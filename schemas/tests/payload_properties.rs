//! Schemas and values generated together, as bytes: what the encoder writes is read as it is, with the same key, id
//! and time; what is treated in text is treated in bytes; and what is taken is what apache-avro's reader takes.
#![expect(clippy::panic, reason = "how a test fails")]

mod transcode_kit;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use forebay_fuzz::fuzz;
use forebay_schemas::contract::{Contract, KeyFormat, Personal};
use forebay_schemas::encoder::{Encoded, Encoder, Fault, Material, Payload, Scratch};
use forebay_schemas::pii::{Action, HashKey};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use transcode_kit::generate::{Absent, Source, Type, record};
use transcode_kit::{avro, bytes, encoder, key, material, pointer};

/// What one event became, without its place in the arena.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    value: Vec<u8>,
    key: Option<Vec<u8>>,
    id: Option<Vec<u8>>,
    time: Option<i64>,
}

fn record_of(arena: &[u8], encoded: Encoded) -> Record {
    let of = |range: std::ops::Range<usize>| arena[range].to_vec();
    Record { value: of(encoded.value), key: encoded.key.map(of), id: encoded.id.map(of), time: encoded.time_millis }
}

fn from_text(encoder: &Encoder, text: &str) -> Result<Record, Fault> {
    let mut arena = vec![1, 2];
    let written = encoder.encode(text.as_bytes(), &mut arena, &mut Scratch::default())?;
    Ok(record_of(&arena, written))
}

fn from_bytes(encoder: &Encoder, payload: &[u8]) -> Result<Record, Fault> {
    let mut arena = vec![1, 2];
    let written = encoder.check(Payload::Avro, payload, &mut arena, &mut Scratch::default())?;
    Ok(record_of(&arena, written))
}

/// Pointers to a record's fields and one level into them, and whether an event always has them.
fn pointers(kind: &Type) -> Vec<(String, bool)> {
    let Type::Record { fields, .. } = kind else { return Vec::new() };
    let mut found = Vec::new();
    for (index, (kind, absent)) in fields.iter().enumerate() {
        let here = format!("/f{index}");
        let written = !matches!(absent, Absent::Default(..));
        let below: Vec<String> = match kind {
            Type::Array(_) => vec!["0".to_owned(), "1".to_owned(), "*".to_owned()],
            Type::Map(_) => vec!["k\u{e9}0".to_owned(), "*".to_owned()],
            Type::Record { fields, .. } => (0..fields.len()).map(|index| format!("f{index}")).collect(),
            Type::Union(_) => vec!["f0".to_owned(), "0".to_owned(), "*".to_owned()],
            _ => Vec::new(),
        };
        found.extend(below.into_iter().map(|token| (format!("{here}/{token}"), written)));
        found.push((here, written));
    }
    found
}

/// UUIDs of 16 bytes are spelt anew.
fn lower(bytes: Option<Vec<u8>>) -> Option<Vec<u8>> {
    bytes.map(|bytes| bytes.to_ascii_lowercase())
}

/// apache-avro's verdict. It takes the end of a payload for null, so more bytes follow that it must leave.
fn readable(schema: &Schema, payload: &[u8]) -> bool {
    const BEYOND: [u8; 16] = [2; 16];
    let bytes = [payload, &BEYOND].concat();
    let mut rest = &bytes[..];
    let reader = GenericDatumReader::builder(schema).build().expect("a resolved schema");
    reader.read_value(&mut rest).is_ok() && rest.len() == BEYOND.len()
}

/// Where we refuse more than apache-avro 0.22 does: a map's name that occurs twice, block sizes that lie, values past
/// what their logical types say, nesting and empty values without end.
const STRICTER: [&str; 8] = [
    "a name that this map",
    "a block of",
    "a time of day",
    "a decimal of",
    "a UUID of 36",
    "a count of no more items",
    "fewer values",
    "values nested",
];

/// Whether a number of more than 64 bits stands there, which apache-avro cuts down to them.
fn over_64_bits(payload: &[u8], offset: usize) -> bool {
    let number = payload[offset..].first_chunk::<10>();
    number.is_some_and(|bytes| bytes[..9].iter().all(|byte| *byte >= 0x80) && bytes[9] > 1)
}

fn mutated(payload: &[u8], source: &mut Source<'_>) -> Vec<u8> {
    let mut bytes = payload.to_vec();
    for _ in 0..=source.below(2) {
        let start = source.below(bytes.len() + 1);
        let end = (start + source.below(3)).min(bytes.len());
        let piece: Vec<u8> = (0..source.below(3)).map(|_| u8::try_from(source.below(256)).expect("a byte")).collect();
        bytes.splice(start..end, piece);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read_with_the_same_facts(entropy in vec(any::<u8>(), 0..600)) {
        let mut source = Source::new(&entropy);
        let kind = record(&mut source);
        let schema = kind.schema();
        let (event, _) = kind.event(&mut source);
        let plain = encoder(&avro(), &schema);
        let written = bytes(&plain, &event).unwrap_or_else(|fault| panic!("{fault:?}\n{schema}\n{event}"));
        assert_eq!(from_bytes(&plain, &written).map(|record| record.value).as_ref(), Ok(&written), "{schema}\n{event}");
        for (path, written_out) in pointers(&kind) {
            for format in [None, Some(KeyFormat::String), Some(KeyFormat::Int), Some(KeyFormat::Long), Some(KeyFormat::Bytes)] {
                let contract = match format {
                    Some(format) => Contract { key: key(&path, format), ..avro() },
                    None => Contract { id: Some(pointer(&path)), time: Some(pointer(&path)), ..avro() },
                };
                let contracts = match format {
                    Some(_) => vec![contract],
                    None => vec![Contract { id: None, ..contract.clone() }, Contract { time: None, ..contract }],
                };
                for contract in contracts {
                    let Ok(encoder) = Encoder::compile(&contract, &material(Some(&schema))) else { continue };
                    match (from_text(&encoder, &event), from_bytes(&encoder, &written)) {
                        (Ok(text), Ok(bytes)) => {
                            assert_eq!((text.value, lower(text.key), lower(text.id)), (bytes.value, lower(bytes.key), lower(bytes.id)));
                            assert!(text.time == bytes.time || !written_out && text.time.is_none(), "{path}\n{schema}\n{event}");
                        }
                        (Err(text), Err(bytes)) => assert_eq!(std::mem::discriminant(&text), std::mem::discriminant(&bytes)),
                        // A default that was left out counts in the bytes only.
                        (text, bytes) => assert!(!written_out, "{text:?}\n{bytes:?}\n{path}\n{schema}\n{event}"),
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_treated_in_text_is_treated_in_bytes(entropy in vec(any::<u8>(), 0..600)) {
        let mut source = Source::new(&entropy);
        let kind = record(&mut source);
        let schema = kind.schema();
        let parsed = Schema::parse_str(&schema).unwrap_or_else(|error| panic!("{schema}: {error}"));
        let (event, _) = kind.event(&mut source);
        let written = bytes(&encoder(&avro(), &schema), &event).unwrap_or_else(|fault| panic!("{fault:?}\n{schema}\n{event}"));
        let material = Material { hash_key: HashKey::new(&[3; 32]), ..material(Some(&schema)) };
        let mut all = Vec::new();
        for (path, written_out) in pointers(&kind) {
            for action in Action::ALL {
                let personal = Personal { pointer: pointer(&path), action };
                let contract = Contract { pii: vec![personal.clone()], ..avro() };
                let Ok(encoder) = Encoder::compile(&contract, &material) else { continue };
                // A default that was left out is no personal value in the text.
                if written_out || action == Action::Drop {
                    assert_eq!(from_text(&encoder, &event), from_bytes(&encoder, &written), "{path}\n{schema}\n{event}");
                }
                let treated = from_bytes(&encoder, &written).expect("what was written can be read");
                assert!(readable(&parsed, &treated.value), "{} of {path}\n{schema}\n{event}", action.name());
                all.push((personal, written_out));
            }
        }
        // Several at once, of different fields.
        all.retain(|(one, written_out)| *written_out && one.pointer.tokens.len() == 1);
        all.dedup_by(|a, b| a.0.pointer == b.0.pointer);
        let contract = Contract { pii: all.into_iter().map(|(one, _)| one).collect(), ..avro() };
        let encoder = Encoder::compile(&contract, &material).expect("each of them was good alone");
        assert_eq!(from_text(&encoder, &event), from_bytes(&encoder, &written), "{schema}\n{event}");
    }

    #[test]
    fn what_is_taken_is_what_apache_avro_takes(entropy in vec(any::<u8>(), 0..600)) {
        apache_avro::util::max_allocation_bytes(1 << 20);
        let mut source = Source::new(&entropy);
        let kind = record(&mut source);
        let schema = kind.schema();
        let parsed = Schema::parse_str(&schema).unwrap_or_else(|error| panic!("{schema}: {error}"));
        let encoder = encoder(&avro(), &schema);
        let (event, _) = kind.event(&mut source);
        let written = bytes(&encoder, &event).unwrap_or_else(|fault| panic!("{fault:?}\n{schema}\n{event}"));
        assert!(readable(&parsed, &written));
        for _ in 0..12 {
            let payload = mutated(&written, &mut source);
            let theirs = readable(&parsed, &payload);
            match from_bytes(&encoder, &payload) {
                Ok(_) => assert!(theirs, "{payload:?}\n{schema}"),
                Err(Fault::Undecodable { expected, offset }) => {
                    assert!(offset <= payload.len());
                    let stricter = STRICTER.iter().any(|reason| expected.starts_with(reason)) || over_64_bits(&payload, offset);
                    assert!(!theirs || stricter, "byte {offset}: {expected}\n{payload:?}\n{schema}");
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

const SCHEMAS: [&str; 4] = [
    r#"{"type":"record","name":"N","fields":[{"name":"a","type":["null","int","string"]},{"name":"b","type":["null","N"],"default":null},
        {"name":"c","type":{"type":"map","values":["string","long",{"type":"array","items":"null"}]}}]}"#,
    r#"{"type":"array","items":{"type":"map","values":["null","boolean",{"type":"array","items":"string"}]}}"#,
    r#"[{"type":"long","logicalType":"timestamp-micros"},{"type":"bytes","logicalType":"decimal","precision":40,"scale":3},
        {"type":"enum","name":"U","symbols":["KWH","a"]},{"type":"fixed","name":"D","size":12,"logicalType":"duration"},
        {"type":"array","items":["null","double",{"type":"string","logicalType":"uuid"}]}]"#,
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":["null","R"]},{"name":"b","type":["null","R"]},
        {"name":"e","type":{"type":"array","items":{"type":"record","name":"E","fields":[]}}}]}"#,
];

/// Personal fields of each schema above.
const PERSONAL: [&[(&str, Action)]; 4] = [
    &[("/c/*", Action::Drop), ("/b", Action::Drop)],
    &[("/*/m", Action::Drop)],
    &[("/*", Action::Drop)],
    &[("/a/a", Action::Drop), ("/b", Action::Drop)],
];

#[test]
fn any_bytes_are_read_or_refused() {
    let of = |(schema, personal): (&&str, &[(&str, Action)])| {
        let pii = personal.iter().map(|(path, action)| Personal { pointer: pointer(path), action: *action }).collect();
        let treating = encoder(&Contract { pii, ..avro() }, schema);
        (Schema::parse_str(schema).expect("a schema"), encoder(&avro(), schema), treating)
    };
    let programs: Vec<_> = SCHEMAS.iter().zip(PERSONAL).map(of).collect();
    fuzz!(20_000).for_each(|bytes| {
        let mut scratch = Scratch::default();
        for (schema, plain, treating) in &programs {
            let mut arena = Vec::new();
            let taken = plain.check(Payload::Avro, bytes, &mut arena, &mut scratch).is_ok();
            assert_eq!(arena, if taken { bytes } else { &[] });
            assert!(arena.capacity() <= 2 * bytes.len().max(32), "{} for {}", arena.capacity(), bytes.len());
            let mut treated = Vec::new();
            assert_eq!(treating.check(Payload::Avro, bytes, &mut treated, &mut scratch).is_ok(), taken);
            assert!(treated.capacity() <= 4 * bytes.len().max(32), "{} for {}", treated.capacity(), bytes.len());
            assert!(!taken || readable(schema, &treated));
        }
    });
}
