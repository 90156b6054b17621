//! Keys that have a schema of their own: the value at the key's pointer, written by it with its own frame.

mod transcode_kit;

use forebay_schemas::contract::{Contract, Format, Framing, KeyFormat, KeyRule, KeySource, ValueRule};
use forebay_schemas::encoder::{Encoder, Fault, Material, Payload, Scratch, Sourced};
use forebay_schemas::schema::Schema;
use transcode_kit::{avro, contract, material, pointer};

const KEY: &str = r#"{"type":"record","name":"K","fields":[
    {"name":"tenant","type":"int"},{"name":"id","type":["null","string"],"default":null}]}"#;

const VALUE: &str = r#"{"type":"record","name":"V","fields":[
    {"name":"n","type":"long"},
    {"name":"key","type":["null",{"type":"record","name":"Inner","fields":[
        {"name":"tenant","type":"long"},{"name":"id","type":["null","string"],"default":null}]}],"default":null}]}"#;

fn keyed(value: Contract) -> Contract {
    let rule = ValueRule { framing: Framing::Confluent, ..avro().value };
    let key =
        KeyRule { source: KeySource::Event(pointer("/key")), format: KeyFormat::Schema, value: Some(Box::new(rule)) };
    Contract { key: Some(key), ..value }
}

fn with_key(value: Material, key: &str) -> Material {
    let schema = Schema { name: "key.avsc".to_owned(), content: key.into(), references: Vec::new() };
    Material { key: Some(Sourced { schema, id: Some(9) }), ..value }
}

#[test]
fn a_key_is_written_by_its_own_schema() {
    let of_avro = Encoder::compile(&keyed(avro()), &with_key(material(Some(VALUE)), KEY)).expect("a contract");
    let of_json = Encoder::compile(&keyed(contract(Format::Json)), &with_key(material(None), KEY)).expect("a contract");
    for encoder in [of_avro, of_json] {
        let key = |text: &str| {
            let mut arena = b"earlier".to_vec();
            let encoded = encoder.encode(text.as_bytes(), &mut arena, &mut Scratch::default());
            if encoded.is_err() {
                assert_eq!(arena, b"earlier");
            }
            encoded.map(|encoded| encoded.key.map(|key| arena[key].to_vec()))
        };
        let expected = [0, 0, 0, 0, 9, 14, 2, 2, b'x'];
        assert_eq!(key(r#"{"n":1,"key":{"id":"x","tenant":7.0}}"#), Ok(Some(expected.to_vec())));
        assert_eq!(key(r#"{"key":{"tenant":7},"n":1}"#), Ok(Some(vec![0, 0, 0, 0, 9, 14, 0])));
        assert_eq!(key(r#"{"n":1,"key":null}"#), Err(Fault::MissingKey { pointer: "/key".to_owned() }));
        assert_eq!(key(r#"{"n":1}"#), Err(Fault::MissingKey { pointer: "/key".to_owned() }));
        let Err(Fault::Violation(list)) = key(r#"{"n":1,"key":{"tenant":3000000000}}"#) else {
            unreachable!("an int can't be that long")
        };
        assert_eq!((list[0].pointer.as_str(), list[0].actual), ("/key/tenant", "number out of range"));
    }
}

#[test]
fn a_key_with_a_schema_is_written_from_json_alone() {
    let encoder = Encoder::compile(&keyed(avro()), &with_key(material(Some(VALUE)), KEY)).expect("a contract");
    assert!(!encoder.takes(Payload::Avro));
    let refused = encoder.check(Payload::Avro, &[2, 0], &mut Vec::new(), &mut Scratch::default());
    assert!(
        matches!(refused, Err(Fault::Violation(list)) if list[0].expected.starts_with("JSON, since the topic's key"))
    );
}

#[test]
fn what_is_wrong_with_a_keys_schema_is_said_of_its_file() {
    let problems = |key: &str| {
        let found = Encoder::compile(&keyed(avro()), &with_key(material(Some(VALUE)), key));
        found.err().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        problems("7"),
        ["catalog/t/key.avsc:1: expected a schema: a name, an object or a list of branches, found a number"]
    );
    assert_eq!(problems(KEY), Vec::<String>::new());
    let missing = Encoder::compile(&keyed(avro()), &material(Some(VALUE)));
    assert!(missing.is_err());
}
