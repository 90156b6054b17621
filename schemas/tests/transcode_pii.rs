//! Personal fields in Avro: what is stored in their place, what is still refused, and which contracts can't have them.
#![expect(clippy::panic, reason = "how a test fails")]

mod transcode_kit;

use std::fmt::Write as _;

use apache_avro::Schema;
use apache_avro::types::Value;
use forebay_schemas::contract::{Contract, KeyFormat, Personal, Unions};
use forebay_schemas::encoder::{Encoder, Fault, Material, Scratch};
use forebay_schemas::pii::{Action, HashKey};
use transcode_kit::{avro, bytes, key, material, pointer, read};

const CUSTOMER: &str = r#"{"type":"record","name":"C","fields":[
    {"name":"id","type":"string"},
    {"name":"email","type":["null","string"],"default":null},
    {"name":"name","type":"string","default":"unknown"},
    {"name":"born","type":["null",{"type":"int","logicalType":"date"}]},
    {"name":"card","type":{"type":"record","name":"Card","fields":[{"name":"number","type":"string"},{"name":"until","type":"int"}]}},
    {"name":"old","type":["null","Card"],"default":null},
    {"name":"phones","type":{"type":"array","items":["null","string"]}},
    {"name":"tags","type":{"type":"map","values":"string"}},
    {"name":"friend","type":["null","C"],"default":null}]}"#;

const EVENT: &str = r#"{"tags":{"a":"1","b":"2"},"id":"c1","email":"ann@example.org","name":"Ann","born":"1980-02-03",
    "card":{"until":12,"number":"4111"},"old":{"number":"42","until":1},"phones":["1",null,"2"],
    "friend":{"id":"c2","email":"bob@example.org","name":"Bob","born":null,"card":{"number":"5","until":6},"phones":[],"tags":{}}}"#;

fn treating(pii: &[(&str, Action)]) -> Contract {
    let personal = |(path, action): &(&str, Action)| Personal { pointer: pointer(path), action: *action };
    Contract { pii: pii.iter().map(personal).collect(), ..avro() }
}

fn with_key(schema: &str) -> Material {
    Material { hash_key: HashKey::new(&[9; 32]), ..material(Some(schema)) }
}

fn stored(contract: &Contract, schema: &str, text: &str) -> Result<serde_json::Value, Fault> {
    let encoder = Encoder::compile(contract, &with_key(schema)).unwrap_or_else(|problems| panic!("{problems:?}"));
    let parsed = Schema::parse_str(schema).expect("a schema");
    bytes(&encoder, text).map(|bytes| plain(read(&parsed, &bytes)))
}

/// A value without the names of branches.
fn plain(value: Value) -> serde_json::Value {
    match value {
        Value::Union(_, inner) => plain(*inner),
        Value::Record(fields) => fields.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        Value::Map(members) => members.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::String(text) => text.into(),
        Value::Int(number) | Value::Date(number) => number.into(),
        _ => serde_json::Value::Null,
    }
}

#[test]
fn each_action_changes_its_field_alone() {
    let untouched = stored(&avro(), CUSTOMER, EVENT).expect("an event");
    let hashed = "a3c521b9b9f3c33c6e6ae79905f5c20edf838c66ceafbf9c96e52cb726381363";
    let cases = [
        ("/email", Action::Drop, "/email", serde_json::Value::Null),
        ("/email", Action::Mask, "/email", "****".into()),
        ("/email", Action::Hash, "/email", hashed.into()),
        ("/name", Action::Drop, "/name", "unknown".into()),
        ("/name", Action::Mask, "/name", "****".into()),
        ("/born", Action::Drop, "/born", serde_json::Value::Null),
        ("/card/number", Action::Mask, "/card/number", "****".into()),
        ("/old/number", Action::Mask, "/old/number", "****".into()),
        ("/old", Action::Drop, "/old", serde_json::Value::Null),
        ("/phones/2", Action::Mask, "/phones/2", "****".into()),
        ("/phones/*", Action::Mask, "/phones", serde_json::json!(["****", null, "****"])),
        ("/phones/*", Action::Drop, "/phones", serde_json::json!([null, null, null])),
        ("/phones/0", Action::Drop, "/phones/0", serde_json::Value::Null),
        ("/tags/a", Action::Mask, "/tags/a", "****".into()),
        ("/tags/a", Action::Drop, "/tags", serde_json::json!({"b": "2"})),
        ("/tags/*", Action::Drop, "/tags", serde_json::json!({})),
        ("/tags/*", Action::Mask, "/tags", serde_json::json!({"a": "****", "b": "****"})),
        ("/friend/email", Action::Mask, "/friend/email", "****".into()),
        ("/friend/card/number", Action::Mask, "/friend/card/number", "****".into()),
        ("/friend", Action::Drop, "/friend", serde_json::Value::Null),
    ];
    for (path, action, place, expected) in cases {
        let found = stored(&treating(&[(path, action)]), CUSTOMER, EVENT).expect(path);
        let mut wanted = untouched.clone();
        *wanted.pointer_mut(place).expect("a place in the event") = expected;
        assert_eq!(found, wanted, "{} of {path}", action.name());
    }
}

#[test]
fn several_fields_at_once_and_absent_ones() {
    let pii = [
        ("/email", Action::Hash),
        ("/friend/email", Action::Drop),
        ("/phones/*", Action::Mask),
        ("/name", Action::Drop),
    ];
    let found = stored(&treating(&pii), CUSTOMER, EVENT).expect("an event");
    assert_eq!(found["friend"]["email"], serde_json::Value::Null);
    assert_eq!(found["email"].as_str().map(str::len), Some(64));
    assert_eq!(found["name"], "unknown");
    let bare = r#"{"id":"c","card":{"number":"1","until":2},"phones":[],"tags":{}}"#;
    let found = stored(&treating(&pii), CUSTOMER, bare).expect("an event");
    assert_eq!((&found["email"], &found["name"]), (&serde_json::Value::Null, &"unknown".into()));
}

#[test]
fn a_union_of_records_is_treated_in_each() {
    let schema = r#"["null",{"type":"record","name":"A","fields":[{"name":"mail","type":"string"},{"name":"a","type":"int"}]},
        {"type":"record","name":"B","fields":[{"name":"mail","type":["null","string"]},{"name":"b","type":"int"}]},
        {"type":"record","name":"N","fields":[{"name":"n","type":"int"}]}]"#;
    let mut contract = treating(&[("/mail", Action::Mask)]);
    for unions in [Unions::Either, Unions::Plain] {
        contract.value.unions = unions;
        for (text, mail) in [
            (r#"{"mail":"x","a":1}"#, serde_json::json!("****")),
            (r#"{"b":1,"mail":"x"}"#, serde_json::json!("****")),
            (r#"{"b":1,"mail":null}"#, serde_json::Value::Null),
            (r#"{"n":1}"#, serde_json::Value::Null),
        ] {
            assert_eq!(stored(&contract, schema, text).expect(text)["mail"], mail, "{text}");
        }
    }
}

#[test]
fn what_is_treated_is_checked_first() {
    let contract = treating(&[("/born", Action::Drop), ("/email", Action::Mask), ("/tags/a", Action::Drop)]);
    let encoder = Encoder::compile(&contract, &with_key(CUSTOMER)).expect("a contract");
    let event = |from: &str, to: &str| EVENT.replacen(from, to, 1);
    let refused = |text: &str| match encoder.encode(text.as_bytes(), &mut Vec::new(), &mut Scratch::default()) {
        Err(Fault::Violation(list)) => list.into_iter().map(|one| one.pointer).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&event("1980-02-03", "1980-02-30")), ["/born"]);
    assert_eq!(refused(&event("\"ann@example.org\"", "5")), ["/email"]);
    assert_eq!(refused(&event("\"1\"", "1")), ["/tags/a"]);
    let lone = encoder.encode(event("ann@", "\\ud800").as_bytes(), &mut Vec::new(), &mut Scratch::default());
    assert!(matches!(lone, Err(Fault::Ambiguous { .. })));
}

#[test]
fn a_time_may_be_personal_and_still_be_the_records_time() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"k","type":"string"},
        {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null}]}"#;
    let contract = Contract {
        key: key("/k", KeyFormat::String),
        time: Some(pointer("/at")),
        ..treating(&[("/at", Action::Drop)])
    };
    let encoder = Encoder::compile(&contract, &with_key(schema)).expect("a contract");
    let mut arena = Vec::new();
    let written = encoder.encode(br#"{"at":1234,"k":"x"}"#, &mut arena, &mut Scratch::default()).expect("an event");
    assert_eq!(written.time_millis, Some(1234));
    assert_eq!(&arena[written.value], [2, b'x', 0]);
}

fn problems(contract: &Contract, material: &Material) -> Vec<String> {
    Encoder::compile(contract, material).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn contracts_that_the_schema_can_not_follow() {
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"s","type":"string"},
        {"name":"n","type":"long","default":0},
        {"name":"u","type":["null","string","int"]},
        {"name":"uuid","type":{"type":"string","logicalType":"uuid"}},
        {"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}},
        {"name":"b","type":"bytes"},
        {"name":"f","type":{"type":"fixed","name":"F","size":4}},
        {"name":"list","type":{"type":"array","items":"string"}},
        {"name":"either","type":[{"type":"record","name":"X","fields":[{"name":"mail","type":"string"}]},
            {"type":"record","name":"Y","fields":[{"name":"mail","type":"int"}]}]}]}"#;
    let cases = [
        ("/nope", Action::Mask),
        ("/s/deeper", Action::Hash),
        ("/list/*/*", Action::Mask),
        ("/s", Action::Drop),
        ("/n", Action::Mask),
        ("/u", Action::Hash),
        ("/uuid", Action::Mask),
        ("/uuid", Action::Hash),
        ("/e", Action::Mask),
        ("/b", Action::Mask),
        ("/b", Action::Hash),
        ("/f", Action::Hash),
        ("/list", Action::Mask),
        ("/list/0", Action::Drop),
        ("/either/mail", Action::Mask),
        ("/either/mail", Action::Drop),
    ];
    let mut report = String::new();
    for (path, action) in cases {
        let found = problems(&treating(&[(path, action)]), &with_key(schema));
        assert_eq!(found.len(), 1, "{} of {path}: {found:?}", action.name());
        writeln!(report, "{} of {path}\n    {}", action.name(), found[0]).expect("a String takes everything");
    }
    let keyed = Contract { key: key("/s", KeyFormat::String), ..treating(&[("/s", Action::Mask)]) };
    let identified = Contract { id: Some(pointer("/list/3")), ..treating(&[("/list/*", Action::Mask)]) };
    for (what, contract, material) in [
        ("the key too", keyed, with_key(schema)),
        ("the id too", identified, with_key(schema)),
        ("no key of hashes", treating(&[("/s", Action::Hash)]), material(Some(schema))),
        ("twice", treating(&[("/list/0", Action::Mask), ("/list/*", Action::Mask)]), with_key(schema)),
        (
            "no fields",
            Contract {
                pii: treating(&[("", Action::Mask)]).pii,
                ..transcode_kit::contract(forebay_schemas::contract::Format::String)
            },
            Material::default(),
        ),
    ] {
        let found = problems(&contract, &material);
        assert_eq!(found.len(), 1, "{what}: {found:?}");
        writeln!(report, "{what}\n    {}", found[0]).expect("a String takes everything");
    }
    insta::assert_snapshot!(report);
}
