//! Schemas and events grown together: what is picked is what `serde_json` finds, an event's bytes give what its JSON gives,
//! and picking changes nothing else.
#![expect(clippy::panic, reason = "how a test fails")]

mod picks_kit;
mod transcode_kit;

use forebay_schemas::contract::{Format, Unions};
use forebay_schemas::decoder::Decoder;
use forebay_schemas::encoder::Payload;
use picks_kit::{compiled, naming, picked, picked_from_bytes};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::Value as Tree;
use transcode_kit::generate::{Source, Type, record};
use transcode_kit::{avro, contract};

/// Pointers to all fields of a record, and into them.
fn pointers(kind: &Type, at: &str, depth: usize, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match kind {
        Type::Record { fields, .. } if depth > 0 => {
            for (index, (kind, _)) in fields.iter().enumerate() {
                pointers(kind, &format!("{at}/f{index}"), depth - 1, found);
            }
        }
        Type::Array(items) if depth > 0 => pointers(items, &format!("{at}/0"), depth - 1, found),
        Type::Map(values) if depth > 0 => pointers(values, &format!("{at}/k\u{e9}0"), depth - 1, found),
        Type::Union(branches) if depth > 0 => {
            for branch in branches {
                pointers(branch, at, depth - 1, found);
            }
        }
        _ => {}
    }
}

/// As many of a record's pointers as may be picked.
fn all_pointers(kind: &Type) -> Vec<String> {
    let mut found = Vec::new();
    pointers(kind, "", 3, &mut found);
    found.truncate(61);
    found
}

/// JSON is compared by its value.
fn parsed(shown: &[String]) -> Vec<Result<serde_json::Value, String>> {
    let parse = |text: &String| match text.strip_prefix("json ") {
        Some(json) => Ok(serde_json::from_str(json).expect("it is JSON")),
        None => Err(text.clone()),
    };
    shown.iter().map(parse).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_give_what_their_json_gives(entropy in vec(any::<u8>(), 0..600)) {
        let mut source = Source::new(&entropy);
        let kind = record(&mut source);
        let schema = kind.schema();
        let named = all_pointers(&kind);
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let mut contract = avro();
        // Branches that look alike in JSON are told apart by their tags alone.
        contract.value.unions = Unions::Tagged;
        let picking = naming(transcode_kit::material(Some(&schema)), &named);
        let (encoder, plain) = (compiled(&contract, &picking), transcode_kit::encoder(&avro(), &schema));
        let way_back = Decoder::new(&contract, &picking);
        for _ in 0..3 {
            let (event, _) = kind.event(&mut source);
            let Ok(written) = transcode_kit::bytes(&plain, &event) else { panic!("{event}") };
            let Ok(back) = way_back.decode(&written) else { continue };
            let (again, of_text) = picked(&encoder, &back.to_string()).unwrap_or_else(|fault| panic!("{fault:?}: {back}"));
            assert_eq!(again, written, "{back}\n{schema}");
            let of_bytes = picked_from_bytes(&encoder, (Payload::Avro, &written));
            assert_eq!(parsed(&of_bytes), parsed(&of_text), "{named:?}\n{back}\n{schema}");
        }
    }

    /// Also where a bare union's branches look alike in JSON: the bytes tell them apart.
    #[test]
    fn bytes_give_what_the_way_back_has_there(entropy in vec(any::<u8>(), 0..600)) {
        let mut source = Source::new(&entropy);
        let kind = record(&mut source);
        let schema = kind.schema();
        let named = all_pointers(&kind);
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let picking = naming(transcode_kit::material(Some(&schema)), &named);
        let encoder = compiled(&avro(), &picking);
        let way_back = Decoder::new(&avro(), &picking);
        for _ in 0..3 {
            let (event, _) = kind.event(&mut source);
            let Ok(written) = transcode_kit::bytes(&encoder, &event) else { panic!("{event}") };
            let Ok(back) = way_back.decode(&written) else { continue };
            let found = picked_from_bytes(&encoder, (Payload::Avro, &written));
            for (pointer, shown) in named.iter().zip(parsed(&found)) {
                let there = back.pointer(pointer).cloned().unwrap_or_default();
                match shown {
                    Ok(json) => assert_eq!(json, there, "{pointer}\n{back}\n{schema}"),
                    Err(_) => assert!(!there.is_array() && !there.is_object(), "{pointer}\n{back}\n{schema}"),
                }
            }
        }
    }

    #[test]
    fn picking_changes_neither_bytes_nor_verdicts(entropy in vec(any::<u8>(), 0..600), cut in 0..200_usize) {
        let mut source = Source::new(&entropy);
        let kind = record(&mut source);
        let schema = kind.schema();
        let named = all_pointers(&kind);
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let material = transcode_kit::material(Some(&schema));
        let (encoder, plain) = (compiled(&avro(), &naming(material.clone(), &named)), compiled(&avro(), &material));
        let (event, _) = kind.event(&mut source);
        let mut broken = event.clone();
        if let Some((at, _)) = event.char_indices().nth(cut) {
            broken.replace_range(at..=at, if event.is_char_boundary(at + 1) { "7" } else { return Ok(()) });
        }
        for text in [&event, &broken] {
            let (picked, plain) = (picked(&encoder, text), picked(&plain, text));
            assert_eq!(picked.map(|(value, _)| value), plain.map(|(value, _)| value), "{text}\n{schema}");
        }
    }
}

/// Any JSON of bounded depth.
fn json(source: &mut Source<'_>, depth: usize) -> Tree {
    match source.below(if depth == 0 { 5 } else { 7 }) {
        0 => Tree::Null,
        1 => Tree::from(source.below(2) == 0),
        2 => Tree::from(i64::try_from(source.below(9)).unwrap_or(0) - 4),
        3 => Tree::from([0.5, 1e30, -2.25][source.below(3)]),
        4 => Tree::from(["", "a\"\\\n", "é😀", "1970-01-01T00:00:00Z"][source.below(4)]),
        5 => Tree::Array((0..source.below(4)).map(|_| json(source, depth - 1)).collect()),
        _ => {
            let members =
                (0..source.below(4)).map(|index| (["a", "0", "b/c~"][index].to_owned(), json(source, depth - 1)));
            Tree::Object(members.collect())
        }
    }
}

/// What the pick of a value is by JSON's own types.
fn by_json(value: Option<&Tree>) -> String {
    match value {
        None | Some(Tree::Null) => "absent".to_owned(),
        Some(Tree::Bool(value)) => value.to_string(),
        Some(Tree::Number(number)) => match number.as_i64() {
            Some(whole) => format!("int {whole}"),
            None => format!("double {}", number.as_f64().unwrap_or(f64::NAN)),
        },
        Some(Tree::String(text)) => format!("text {text}"),
        Some(json) => format!("json {json}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_gives_what_serde_json_finds(entropy in vec(any::<u8>(), 0..400)) {
        let event = json(&mut Source::new(&entropy), 4);
        let tokens = ["a", "0", "1", "b~1c~0", "2"];
        let named: Vec<String> = std::iter::once(String::new())
            .chain(tokens.iter().map(|one| format!("/{one}")))
            .chain(tokens.iter().flat_map(|one| tokens.iter().map(move |two| format!("/{one}/{two}"))))
            .chain(tokens.iter().map(|one| format!("/a/0/{one}")))
            .collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let wanted: Vec<String> = named.iter().map(|pointer| by_json(event.pointer(pointer))).collect();
        for format in [Format::Json, Format::JsonSchema] {
            let material = transcode_kit::material(Some(r#"{"properties":{"a":{}}}"#));
            let encoder = compiled(&contract(format), &naming(material, &named));
            let (value, found) = picked(&encoder, &event.to_string()).unwrap_or_else(|fault| panic!("{fault:?}"));
            assert_eq!(value, event.to_string().into_bytes());
            assert_eq!(found, wanted, "{named:?}\n{event}");
        }
    }
}
