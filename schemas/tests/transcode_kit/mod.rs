//! What the transcoder's tests share: contracts in one line, and apache-avro's reader as the judge of bytes.
#![expect(clippy::panic, reason = "how a test fails")]
#![allow(dead_code, reason = "each test file takes what it needs")]

pub(crate) mod generate;
pub(crate) mod rows;

use std::collections::BTreeMap;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use forebay_schemas::contract::{
    BytesText, Compatibility, Contract, Format, Framing, KafkaRule, KeyFormat, KeyRule, KeySource, Message, Pointer,
    SchemaRule, Unions, UnknownFields, ValueRule, Version,
};
use forebay_schemas::encoder::{Encoder, Fault, Material, Scratch, Sourced};
use forebay_schemas::schema::Schema as SchemaSource;

/// A contract with nothing but a value, as plainly as it goes.
pub(crate) fn contract(format: Format) -> Contract {
    Contract {
        file: "catalog/t/contract.yaml".to_owned(),
        lines: BTreeMap::from([("/key/from".to_owned(), 7), ("/id/from".to_owned(), 8)]),
        topic: "t".to_owned(),
        owner: "team".to_owned(),
        description: "a test".to_owned(),
        classification: None,
        value: ValueRule {
            format,
            schema: format.has_schema().then(|| SchemaRule {
                file: Some("t.avsc".to_owned()),
                subject: None,
                version: Version::Latest,
                id: None,
                compatibility: Compatibility::Backward,
            }),
            framing: Framing::None,
            message: Message::First,
            unions: Unions::Either,
            bytes: BytesText::Base64,
            numeric_strings: false,
            unknown_fields: UnknownFields::Refuse,
        },
        key: None,
        id: None,
        time: None,
        producers: None,
        bind: Vec::new(),
        bytes_per_event: None,
        events_per_second: None,
        bytes_per_second: None,
        dead_letter: None,
        pii: Vec::new(),
        kafka: KafkaRule::default(),
        labels: BTreeMap::new(),
    }
}

pub(crate) fn avro() -> Contract {
    contract(Format::Avro)
}

pub(crate) fn pointer(text: &str) -> Pointer {
    let tokens = text.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
    Pointer { text: text.to_owned(), tokens }
}

#[expect(clippy::unnecessary_wraps, reason = "a contract may have none")]
pub(crate) fn key(from: &str, format: KeyFormat) -> Option<KeyRule> {
    Some(KeyRule { source: KeySource::Event(pointer(from)), format, value: None })
}

/// The id of every schema here.
pub(crate) const ID: u32 = 0x0102_0304;

/// A contract's material: one schema, or nothing.
pub(crate) fn material(schema: Option<&str>) -> Material {
    let value = schema.map(|text| Sourced {
        schema: SchemaSource { name: "t.avsc".to_owned(), content: text.into(), references: Vec::new() },
        id: Some(ID),
    });
    Material { value, ..Material::default() }
}

pub(crate) fn encoder(contract: &Contract, schema: &str) -> Encoder {
    Encoder::compile(contract, &material(Some(schema))).unwrap_or_else(|problems| panic!("{schema}: {problems:?}"))
}

/// One event's bytes; the arena holds others' bytes before, which must stay.
pub(crate) fn bytes(encoder: &Encoder, text: &str) -> Result<Vec<u8>, Fault> {
    let mut arena = b"before".to_vec();
    let outcome = encoder.encode(text.as_bytes(), &mut arena, &mut Scratch::default());
    assert!(arena.starts_with(b"before"));
    match outcome {
        Ok(record) => Ok(arena[record.value].to_vec()),
        Err(fault) => {
            assert_eq!(arena, b"before", "a failed event leaves nothing");
            Err(fault)
        }
    }
}

/// What apache-avro reads from bytes; all of them must be read.
pub(crate) fn read(schema: &Schema, mut bytes: &[u8]) -> Value {
    let reader = GenericDatumReader::builder(schema).build().expect("a resolved schema");
    let value = reader.read_value(&mut bytes).unwrap_or_else(|error| panic!("{error}"));
    assert!(bytes.is_empty(), "{} bytes are left", bytes.len());
    value
}

/// Encodes by a schema under a contract and reads it back.
pub(crate) fn through(contract: &Contract, schema: &str, text: &str) -> Result<Value, Fault> {
    let parsed = Schema::parse_str(schema).expect("an Avro schema");
    bytes(&encoder(contract, schema), text).map(|bytes| read(&parsed, &bytes))
}
