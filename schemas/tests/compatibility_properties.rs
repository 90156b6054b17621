//! Compatibility against its meaning: what is called compatible is read by libraries that know nothing of it, whatever
//! pair of versions and whatever event is drawn; and a version is always compatible with itself.
#![expect(clippy::panic, reason = "how a test fails")]

mod compatibility_kit;
mod transcode_kit;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use compatibility_kit::{breaks, report};
use forebay_schemas::compatibility::{Direction, Kind, Mode};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::{Value, json};
use transcode_kit::generate::{Source, record};
use transcode_kit::{avro, bytes, encoder};

/// Holds a pair in all modes against one another; whether it is backward compatible.
fn backward(kind: Kind, old: &str, new: &str) -> bool {
    assert_eq!(report(&breaks(kind, old, old, Mode::Full)), "", "with itself: {old}");
    let [back, forth, both] = [Mode::Backward, Mode::Forward, Mode::Full].map(|mode| breaks(kind, old, new, mode));
    assert!(back.iter().all(|one| one.direction == Direction::Backward));
    let fits = back.is_empty();
    assert_eq!([back, forth].concat(), both);
    fits
}

/// Changes an Avro schema somewhere: types, fields, symbols, branches. Bytes are never made strings, since the
/// specification lets readers fail on those that are no UTF-8; nor are logical types or unions with such touched or
/// fields renamed, since apache-avro's reader neither promotes those nor knows these' aliases.
fn change(schema: &mut Value, source: &mut Source<'_>) {
    match schema {
        Value::String(name) if source.below(6) == 0 && matches!(name.as_str(), "int" | "long" | "float" | "string") => {
            let others = ["long", "float", "double", "bytes", "int", "string"];
            others[source.below(others.len())].clone_into(name);
        }
        Value::Array(branches) if !branches.iter().any(is_logical) => {
            for branch in branches.iter_mut() {
                change(branch, source);
            }
            if source.below(3) == 0 && branches.len() > 1 {
                branches.rotate_left(1);
            } else if source.below(4) == 0 && branches.len() > 1 && branches.last().is_some_and(|last| last != "bytes")
            {
                branches.pop();
            }
            let mut seen = std::collections::HashSet::new();
            branches.retain(|branch| seen.insert(branch_name(branch)));
        }
        Value::Object(object) if !object.contains_key("logicalType") => {
            for member in ["items", "values"] {
                if let Some(inner) = object.get_mut(member) {
                    change(inner, source);
                }
            }
            if let Some(Value::Array(fields)) = object.get_mut("fields") {
                change_fields(fields, source);
            }
            if let Some(Value::Array(symbols)) = object.get_mut("symbols") {
                match source.below(4) {
                    0 => symbols.push(json!("NEW")),
                    1 if symbols.len() > 1 => drop(symbols.pop()),
                    _ => symbols.reverse(),
                }
                if source.below(3) == 0 {
                    let first = object["symbols"][0].clone();
                    object.insert("default".to_owned(), first);
                }
            }
        }
        _ => {}
    }
}

fn change_fields(fields: &mut Vec<Value>, source: &mut Source<'_>) {
    for field in fields.iter_mut() {
        if field.get("default").is_none() {
            change(&mut field["type"], source);
        }
    }
    match source.below(5) {
        0 if !fields.is_empty() => drop(fields.remove(source.below(fields.len()))),
        1 => fields.push(json!({"name": "more", "type": "int", "default": 3})),
        2 => fields.push(json!({"name": "more", "type": "int"})),
        3 => fields.reverse(),
        _ => {}
    }
}

fn is_logical(branch: &Value) -> bool {
    branch.get("logicalType").is_some()
}

fn branch_name(branch: &Value) -> String {
    branch.get("name").or_else(|| branch.get("type")).unwrap_or(branch).to_string()
}

/// A JSON Schema out of few words, so that pairs often have to do with each other.
fn json_schema(source: &mut Source<'_>, depth: usize) -> Value {
    let mut schema = serde_json::Map::new();
    for _ in 0..=source.below(3) {
        let (name, value) = keyword(source, depth);
        schema.insert(name.to_owned(), value);
    }
    Value::Object(schema)
}

fn keyword(source: &mut Source<'_>, depth: usize) -> (&'static str, Value) {
    let types = ["object", "object", "string", "integer", "number", "array", "null", "boolean"];
    let small = source.below(3);
    let kind = types[source.below(types.len())];
    let inner = |source: &mut Source<'_>| {
        if depth == 0 { json!({"type": types[source.below(types.len())]}) } else { json_schema(source, depth - 1) }
    };
    match source.below(24) {
        0..4 => ("type", json!(kind)),
        4 => ("type", json!([types[source.below(6)], "null"])),
        5 => ("enum", [json!(""), json!("a"), json!(1)][..=small].into()),
        6 => ("const", json!(small)),
        7 => (["minimum", "maximum", "exclusiveMinimum"][small], json!(source.below(3))),
        8 => (["minLength", "maxLength", "multipleOf"][small], json!(1 + source.below(2))),
        9 => (["minItems", "maxItems", "uniqueItems"][small], if small == 2 { json!(true) } else { json!(1) }),
        10 => (["minProperties", "maxProperties", "pattern"][small], if small == 2 { json!("a") } else { json!(1) }),
        11 => ("required", json!(["a", "b"][..small])),
        12..15 => {
            let (a, b) = (inner(source), inner(source));
            ("properties", if small == 0 { json!({"a": a}) } else { json!({"a": a, "b": b}) })
        }
        15 => ("additionalProperties", if small == 0 { inner(source) } else { json!(false) }),
        16 => ("patternProperties", json!({["^a", "b"][small % 2]: inner(source)})),
        17 => ("items", if small == 0 { json!(false) } else { inner(source) }),
        18 => ("prefixItems", json!([inner(source)])),
        19 => ("allOf", json!([inner(source), inner(source)])),
        20 => ("anyOf", json!([inner(source), inner(source)])),
        21 => ("oneOf", json!([inner(source), inner(source)])),
        22 => ("not", inner(source)),
        _ => (["contains", "propertyNames", "unevaluatedProperties"][small], inner(source)),
    }
}

/// Takes something away from a JSON Schema, or puts something in: the other version.
fn edit(schema: &mut Value, source: &mut Source<'_>) {
    let Value::Object(object) = schema else { return };
    let names: Vec<String> = object.keys().cloned().collect();
    if names.is_empty() || source.below(3) == 0 {
        let (name, value) = keyword(source, 1);
        object.insert(name.to_owned(), value);
        return;
    }
    let name = &names[source.below(names.len())];
    match &mut object[name] {
        Value::Array(list) if !list.is_empty() && source.below(2) == 0 => {
            let index = source.below(list.len());
            edit(&mut list[index], source);
        }
        Value::Object(inside) if name.ends_with("roperties") && inside.len() < 3 && name.as_bytes()[0] == b'p' => {
            for inner in inside.values_mut() {
                edit(inner, source);
            }
        }
        inner @ Value::Object(_) if source.below(3) > 0 => edit(inner, source),
        _ => drop(object.remove(name)),
    }
}

fn instance(source: &mut Source<'_>, depth: usize) -> Value {
    match source.below(if depth == 0 { 7 } else { 11 }) {
        0 => Value::Null,
        1 => json!(source.below(2) == 0),
        2 | 3 => json!(source.below(4)),
        4 => json!(1.5),
        5 | 6 => json!(["", "a", "b", "ab"][source.below(4)]),
        7 => (0..source.below(3)).map(|_| instance(source, depth - 1)).collect(),
        _ => {
            let names = ["a", "b", "ab", "c"];
            let count = source.below(4);
            (0..count).map(|_| (names[source.below(4)].to_owned(), instance(source, depth - 1))).collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_compatible_in_avro_is_read_by_another_library(entropy in vec(any::<u8>(), 0..500)) {
        let mut source = Source::new(&entropy);
        let drawn = record(&mut source);
        let old = drawn.schema();
        let mut new: Value = serde_json::from_str(&old).unwrap_or_else(|error| panic!("{error}: {old}"));
        change(&mut new, &mut source);
        let new = new.to_string();
        // apache-avro's reader refuses decimals that were written in fewer bytes than their precision may need, and
        // reads UUIDs into the first branch that is a string.
        let readable = !old.contains("decimal") && !old.contains("uuid");
        if backward(Kind::Avro, &old, &new) && readable {
            let parse = |text: &str| Schema::parse_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            let (writer, reader) = (parse(&old), parse(&new));
            for _ in 0..3 {
                let (event, _) = drawn.event(&mut source);
                let written = bytes(&encoder(&avro(), &old), &event).unwrap_or_else(|fault| panic!("{fault:?}"));
                let reader = GenericDatumReader::builder(&writer).reader_schema(&reader).build();
                let read = reader.and_then(|reader| reader.read_value(&mut written.as_slice()));
                read.unwrap_or_else(|error| panic!("{error}\n{old}\n{new}\n{event}"));
            }
        }
    }

    #[test]
    fn what_is_compatible_in_json_schema_is_accepted_by_a_validator(entropy in vec(any::<u8>(), 0..400)) {
        let mut source = Source::new(&entropy);
        let old = json_schema(&mut source, 2);
        let mut new = if source.below(4) == 0 { json_schema(&mut source, 2) } else { old.clone() };
        for _ in 0..=source.below(2) {
            edit(&mut new, &mut source);
        }
        let validator = |schema: &Value| jsonschema::validator_for(schema).unwrap_or_else(|error| panic!("{error}: {schema}"));
        if backward(Kind::JsonSchema, &old.to_string(), &new.to_string()) {
            let (writer, reader) = (validator(&old), validator(&new));
            for _ in 0..30 {
                let event = instance(&mut source, 3);
                assert!(!writer.is_valid(&event) || reader.is_valid(&event), "{event}\n{old}\n{new}");
            }
        }
    }
}
