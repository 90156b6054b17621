//! Bytes of any kind against JSON Schema: as events of schemas that use every keyword, and as schemas. Nothing panics, the
//! judge and the fast pass never disagree (a debug assertion), and what is stored is what was sent.
#![expect(clippy::panic, reason = "how a test fails")]

mod transcode_kit;

use forebay_fuzz::fuzz;
use forebay_schemas::contract::{Contract, Format, Personal};
use forebay_schemas::encoder::{Encoder, Material, Scratch, Sourced};
use forebay_schemas::pii::{Action, HashKey};
use forebay_schemas::schema::Schema;
use transcode_kit::{contract, pointer};

/// Pieces of events and of schemas: random bytes alone seldom get past the first one.
const PIECES: [&str; 64] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0061",
    "\\ud83d",
    "0",
    "1",
    "-",
    ".",
    "e",
    "+",
    " ",
    "null",
    "true",
    "false",
    "\"a\"",
    "\"b\"",
    "\"a\":",
    "\"b\":",
    "\"c\":",
    "\"d\":",
    "{\"a\":1}",
    "1e400",
    "9223372036854775808",
    "0.10",
    "é",
    "\u{0}",
    "\"2025-11-21T14:03:00Z\"",
    "\"AB-1\"",
    "[1,2]",
    "[\"x\",\"x\"]",
    "\"type\":",
    "\"object\"",
    "\"string\"",
    "\"integer\"",
    "\"properties\":{",
    "\"required\":[",
    "\"items\":",
    "\"prefixItems\":[",
    "\"allOf\":[",
    "\"anyOf\":[",
    "\"$ref\":\"#\"",
    "\"$ref\":\"#/$defs/a\"",
    "\"$defs\":{",
    "\"additionalProperties\":",
    "\"enum\":[",
    "\"const\":",
    "\"minimum\":",
    "\"multipleOf\":",
    "\"pattern\":\"^[a-z]+$\"",
    "\"pattern\":\"(a*)*b\"",
    "\"format\":\"date\"",
    "\"uniqueItems\":true",
    "\"$id\":\"a\"",
    "\"$schema\":\"http://json-schema.org/draft-07/schema#\"",
    "\"$schema\":",
    "\"maxLength\":",
    "\"not\":",
    "\"$dynamicRef\":\"#a\"",
];

const SCHEMA: &str = r##"{"$defs": {"t": {"type": "string", "pattern": "^[A-Z]+-[0-9]*$"}}, "properties": {
    "a": {"type": ["integer", "string", "null"], "minimum": 0, "multipleOf": 2, "maxLength": 3},
    "b": {"items": {"$ref": "#"}, "uniqueItems": true, "maxItems": 3},
    "c": {"allOf": [{"$ref": "#/$defs/t"}, {"format": "uuid"}]},
    "d": {"enum": ["a", 1, null, 0.1], "description": "x"},
    "e": {"type": "string"}, "f": {"prefixItems": [{"type": "null"}], "items": {"type": "object", "properties": {"e": {}}}}},
    "additionalProperties": {"maxProperties": 2, "properties": {"a": {"format": "date-time"}}}, "required": ["a"]}"##;

fn assembled(choices: &[u8]) -> Vec<u8> {
    choices.iter().flat_map(|choice| PIECES[usize::from(*choice) % PIECES.len()].bytes()).collect()
}

fn compile(contract: &Contract, schema: &[u8]) -> Option<Encoder> {
    let schema = Schema { name: "t.json".to_owned(), content: schema.to_vec(), references: Vec::new() };
    let value = Some(Sourced { schema, id: Some(1) });
    Encoder::compile(contract, &Material { value, hash_key: HashKey::new(&[7; 32]), ..Material::default() }).ok()
}

fn treating(pii: &[(&str, Action)]) -> Contract {
    let personal = |(path, action): &(&str, Action)| Personal { pointer: pointer(path), action: *action };
    Contract { pii: pii.iter().map(personal).collect(), ..contract(Format::JsonSchema) }
}

/// Encoders of one schema: as it is, left to the judge, with personal values.
fn encoders() -> Vec<Encoder> {
    let slow = SCHEMA.replacen('{', "{\"anyOf\": [{}], ", 1);
    let personal = [("/e", Action::Hash), ("/f/*/e", Action::Drop), ("/b", Action::Drop)];
    let encoders = [
        compile(&treating(&[]), SCHEMA.as_bytes()),
        compile(&treating(&[]), slow.as_bytes()),
        compile(&treating(&personal), SCHEMA.as_bytes()),
    ];
    encoders.map(|encoder| encoder.expect("the schema is sound")).into()
}

fn hold(encoders: &[Encoder], text: &[u8]) {
    let (mut arena, mut scratch) = (Vec::new(), Scratch::default());
    let mut stored = |encoder: &Encoder| {
        arena.clear();
        encoder.encode(text, &mut arena, &mut scratch).map(|encoded| arena[encoded.value].to_vec()).ok()
    };
    let [fast, slow, treated] = [0, 1, 2].map(|which| stored(&encoders[which]));
    assert_eq!(fast, slow, "the judge and the fast pass");
    assert_eq!(fast.is_some(), treated.is_some(), "what is treated is checked as it came");
    if let (Some(fast), Some(treated)) = (fast, treated) {
        assert_eq!(fast, text.trim_ascii());
        let treated: serde_json::Value = serde_json::from_slice(&treated).unwrap_or_else(|error| panic!("{error}"));
        assert!(treated.get("b").is_none(), "it was left out");
    }
}

#[test]
fn events_of_any_bytes() {
    let encoders = encoders();
    fuzz!(2_000).for_each(|bytes: &[u8]| {
        hold(&encoders, bytes);
        hold(&encoders, &assembled(bytes));
        hold(&encoders, &[b"{\"a\":0,\"f\":[null,{\"e\":", &assembled(bytes)[..], b"}],\"b\":[]}"].concat());
    });
}

#[test]
fn schemas_of_any_bytes() {
    let contract = contract(Format::JsonSchema);
    fuzz!(2_000).for_each(|bytes: &[u8]| {
        let texts = [bytes.to_vec(), assembled(bytes), [b"{", &assembled(bytes)[..], b"}"].concat()];
        for encoder in texts.iter().filter_map(|text| compile(&contract, text)) {
            let (mut arena, mut scratch) = (Vec::new(), Scratch::default());
            for event in ["1", "{\"a\":{\"a\":[]}}", "[[\"a\"],null]", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac\""] {
                // Whatever the schema says, an event ends in a verdict.
                let _ = encoder.encode(event.as_bytes(), &mut arena, &mut scratch);
            }
        }
    });
}
