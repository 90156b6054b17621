//! The sample catalogue does what it says: valid samples become records that an independent reader understands,
//! and `<base>--<how>.json` the same record as `<base>.json`; invalid ones, `<code>--<what>.json`, are refused for
//! the reason that their name gives.

#![expect(clippy::panic, reason = "that is how a test fails")]

mod catalog_protobuf;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forebay_schemas::contract::{self, Compiled, Folder, Format, Framing};
use forebay_schemas::encoder::{Encoded, Encoder, Fault, Scratch};
use forebay_schemas::samples::{self, Broken, Samples};
use num_bigint::BigInt;
use serde_json::json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = listing.map(|entry| entry.expect("the folder can be listed").path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().expect("it was listed").to_string_lossy().into_owned()
}

fn topics() -> Vec<Compiled> {
    let folder = |path: &PathBuf| {
        let files = entries(path).into_iter().filter(|file| file.is_file());
        let files = files.map(|file| (name(&file), fs::read(&file).expect("it was listed"))).collect();
        Folder { name: name(path), files }
    };
    let loaded = contract::load(&entries(&root()).iter().map(folder).collect::<Vec<_>>(), None);
    assert_eq!(loaded.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    loaded.topics
}

fn samples(topic: &Compiled) -> Samples {
    let folder = root().join(&topic.contract.topic).join(samples::FOLDER);
    let read = |kind: &str| {
        let sample = |path: PathBuf| (name(&path), fs::read(&path).expect("it was listed"));
        entries(&folder.join(kind)).into_iter().map(sample).collect()
    };
    Samples { valid: read(samples::VALID), invalid: read(samples::INVALID) }
}

/// The text of a topic's schema.
fn text(topic: &Compiled) -> &str {
    topic.material.value.as_ref().and_then(|sourced| sourced.schema.text()).expect("the samples have schemas")
}

fn encoder(topic: &Compiled) -> &Encoder {
    topic.encoder.as_ref().expect("no registry has a say")
}

fn schema(topic: &Compiled) -> Schema {
    Schema::parse_str(text(topic)).expect("the encoder has compiled it")
}

/// What a record's value holds, for a snapshot: Avro is read by apache-avro. What stands before the payload is checked
/// and cut off.
fn decoded(topic: &Compiled, value: &[u8]) -> serde_json::Value {
    let mut payload = match topic.contract.value.framing {
        Framing::Confluent => {
            let id = topic.material.value.as_ref().and_then(|sourced| sourced.id).expect("the contract names it");
            assert_eq!(value[0], 0);
            assert_eq!(value[1..5], id.to_be_bytes());
            &value[5..]
        }
        Framing::None => value,
    };
    match topic.contract.value.format {
        Format::JsonSchema => return serde_json::from_slice(payload).expect("the record is JSON"),
        Format::Protobuf => {
            return catalog_protobuf::decoded(topic, payload, topic.contract.value.framing == Framing::Confluent);
        }
        _ => {}
    }
    let schema = schema(topic);
    let reader = GenericDatumReader::builder(&schema).build().expect("the schema stands alone");
    let value = reader.read_value(&mut payload).expect("the record is Avro");
    assert!(payload.is_empty(), "{} bytes are left over", payload.len());
    shown(value)
}

/// A decoded value for a snapshot. Decimals are shown unscaled, bytes as base64.
fn shown(value: Value) -> serde_json::Value {
    match value {
        Value::Union(_, value) => shown(*value),
        Value::Array(items) => items.into_iter().map(shown).collect(),
        Value::Map(members) => members.into_iter().map(|(name, value)| (name, shown(value))).collect(),
        Value::Record(fields) => fields.into_iter().map(|(name, value)| (name, shown(value))).collect(),
        Value::Float(float) => json!(float.to_string()),
        Value::Decimal(decimal) => json!(format!("{} unscaled", BigInt::from(decimal))),
        Value::Bytes(bytes) | Value::Fixed(_, bytes) => json!(STANDARD.encode(bytes)),
        Value::Duration(duration) => json!(format!("{duration:?}")),
        other => serde_json::Value::try_from(other).expect("JSON has a place for it"),
    }
}

fn summary(encoded: &Encoded, arena: &[u8], value: &serde_json::Value) -> serde_json::Value {
    let text = |range: &Option<std::ops::Range<usize>>| {
        range.clone().map(|range| String::from_utf8(arena[range].to_vec()).expect("the samples' keys and ids are text"))
    };
    json!({
        "key": text(&encoded.key),
        "id": text(&encoded.id),
        "time_millis": encoded.time_millis,
        "bytes": encoded.value.len(),
        "value": value,
    })
}

#[test]
fn valid_samples_become_records() {
    for topic in topics() {
        let mut scratch = Scratch::default();
        let mut report = BTreeMap::new();
        for (file, text) in samples(&topic).valid {
            let mut arena = b"kept".to_vec();
            let encoded = encoder(&topic).encode(&text, &mut arena, &mut scratch);
            let encoded = encoded.unwrap_or_else(|fault| panic!("{}: {file}: {fault:?}", topic.contract.topic));
            assert_eq!(&arena[..4], b"kept");
            let value = decoded(&topic, &arena[encoded.value.clone()]);
            if samples::twin(&file).is_none() {
                report.insert(file, summary(&encoded, &arena, &value));
            }
        }
        let suffix = topic.contract.topic;
        insta::with_settings!({ snapshot_suffix => suffix }, { insta::assert_json_snapshot!(report) });
    }
}

fn explained(fault: &Fault) -> String {
    match fault {
        Fault::Syntax { offset, expected } => format!("at byte {offset}: expected {expected}"),
        Fault::Undecodable { offset, expected } => format!("at byte {offset}: expected {expected}"),
        Fault::Ambiguous { pointer, detail } => format!("{pointer}: {detail}"),
        Fault::MissingKey { pointer } => format!("{pointer}: no key"),
        Fault::Violation(mismatches) => {
            let mismatch = |m: &forebay_schemas::encoder::Mismatch| {
                format!("{}: expected {}, found {}", m.pointer, m.expected, m.actual)
            };
            mismatches.iter().map(mismatch).collect::<Vec<_>>().join("\n  ")
        }
    }
}

#[test]
fn invalid_samples_are_refused_for_the_reason_in_their_name() {
    for topic in topics() {
        let mut scratch = Scratch::default();
        let mut report = String::new();
        for (file, text) in samples(&topic).invalid {
            let mut arena = b"kept".to_vec();
            let Err(fault) = encoder(&topic).encode(&text, &mut arena, &mut scratch) else {
                panic!("{}: {file} was written", topic.contract.topic);
            };
            assert_eq!(arena, b"kept", "{file} left something behind");
            writeln!(report, "{file}\n  {}", explained(&fault)).expect("a string takes all");
        }
        let suffix = topic.contract.topic;
        insta::with_settings!({ snapshot_suffix => suffix }, { insta::assert_snapshot!(report) });
    }
}

#[test]
fn samples_keep_what_their_names_promise() {
    for topic in topics() {
        let broken = samples::hold(encoder(&topic), topic.contract.bytes_per_event, &samples(&topic));
        assert_eq!(broken, Vec::<Broken>::new(), "{}", topic.contract.topic);
    }
}

#[test]
fn every_topic_shows_enough() {
    let topics = topics();
    assert!(topics.len() >= 4);
    for topic in &topics {
        let name = &topic.contract.topic;
        let samples = samples(topic);
        assert!(samples.valid.len() >= 3, "{name}");
        assert!(samples.invalid.len() >= 6, "{name}");
        for code in ["malformed--", "schema_violation--"] {
            assert!(samples.invalid.keys().any(|file| file.starts_with(code)), "{name} has no {code}");
        }
    }
    let keyless = |topic: &Compiled| samples(topic).invalid.keys().any(|file| file.starts_with("missing_key--"));
    assert!(topics.iter().any(keyless), "a key that the schema lets be null is shown");
    let framed = |topic: &&Compiled| matches!(topic.contract.value.framing, Framing::Confluent);
    let count = topics.iter().filter(framed).count();
    assert!(0 < count && count < topics.len(), "both framings are shown");
}

/// Members of a JSON Schema that say nothing of what they mean.
fn undescribed(schema: &serde_json::Value, place: &str, found: &mut Vec<String>) {
    for (keyword, inner) in schema.as_object().into_iter().flatten() {
        for (name, member) in inner.as_object().into_iter().flatten().filter(|_| keyword == "properties") {
            if member["description"].as_str().is_none_or(|description| description.len() <= 8) {
                found.push(format!("{place}/{name}"));
            }
        }
        undescribed(inner, &format!("{place}/{keyword}"), found);
    }
}

/// Names of fields and types that say nothing of what they mean.
fn undocumented(schema: &serde_json::Value, place: &str, found: &mut Vec<String>) {
    match schema {
        serde_json::Value::Array(branches) => branches.iter().for_each(|branch| undocumented(branch, place, found)),
        serde_json::Value::Object(members) => {
            let place =
                members.get("name").map_or(place.to_owned(), |name| format!("{place}/{}", name.as_str().unwrap_or("")));
            let kind = members.get("type").and_then(serde_json::Value::as_str);
            let documented = members.get("doc").and_then(serde_json::Value::as_str).is_some_and(|doc| doc.len() > 8);
            if members.contains_key("name") && kind != Some("fixed") && !documented {
                found.push(place.clone());
            }
            for part in ["type", "fields", "items", "values"] {
                members.get(part).into_iter().for_each(|part| undocumented(part, &place, found));
            }
        }
        _ => {}
    }
}

#[test]
fn every_field_is_documented() {
    for topic in topics() {
        let mut found = Vec::new();
        if topic.contract.value.format == Format::Protobuf {
            assert_eq!(catalog_protobuf::undocumented(&topic), Vec::<String>::new());
            continue;
        }
        let schema = serde_json::from_str(text(&topic)).expect("the encoder has compiled it");
        match topic.contract.value.format {
            Format::JsonSchema => undescribed(&schema, &topic.contract.topic, &mut found),
            _ => undocumented(&schema, &topic.contract.topic, &mut found),
        }
        assert_eq!(found, Vec::<String>::new());
    }
}
