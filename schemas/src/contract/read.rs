//! One contract's text, read. Knows the members of a contract and their defaults; files beside it and other
//! contracts are `load`'s.

use std::collections::BTreeMap;
use std::time::Duration;

use super::callers::{read_bind, read_producers};
use super::pii::read_pii;
use super::source::Places;
use super::value::{read_members, read_value};
use super::{
    Classification, Cleanup, Contract, Format, KafkaRule, KeyFormat, KeyRule, KeySource, Pointer,
    check_open_header_name, check_topic_name,
};
use crate::document::{self, Kind, Node, Reader};
use crate::problem::Problem;

/// A key's format as contracts spell it: bytes of its own, or a schema's.
const KEY_FORMATS: [(&str, (KeyFormat, Option<Format>)); 7] = [
    ("string", (KeyFormat::String, None)),
    ("int", (KeyFormat::Int, None)),
    ("long", (KeyFormat::Long, None)),
    ("bytes", (KeyFormat::Bytes, None)),
    ("avro", (KeyFormat::Schema, Some(Format::Avro))),
    ("json-schema", (KeyFormat::Schema, Some(Format::JsonSchema))),
    ("protobuf", (KeyFormat::Schema, Some(Format::Protobuf))),
];

const CLEANUPS: [(&str, Cleanup); 3] =
    [("delete", Cleanup::Delete), ("compact", Cleanup::Compact), ("compact-delete", Cleanup::CompactDelete)];

/// What stands in later versions of the format. Refused rather than ignored: a contract must not promise what
/// the gateway doesn't keep.
const LATER: [(&str, &str); 1] =
    [("allow_tombstones", "no such member (null records come later and are refused until then)")];

/// A contract as far as it could be read, and what is wrong with it. Where a member is missing or wrong something
/// harmless stands in, so that what depends on the others is looked at too; with a problem it is not to be used.
pub(super) struct Draft {
    pub(super) contract: Contract,
    pub(super) problems: Vec<Problem>,
}

/// Reads one contract. `file` is what problems call it.
pub fn read(file: &str, text: &str) -> Result<Contract, Vec<Problem>> {
    let Draft { contract, mut problems } = draft(file, text)?;
    problems.sort();
    if problems.is_empty() { Ok(contract) } else { Err(problems) }
}

/// Reads one contract as far as it goes.
pub(super) fn draft(file: &str, text: &str) -> Result<Draft, Vec<Problem>> {
    let node = document::read(file, text)?;
    let mut problems = Vec::new();
    let contract = read_contract(&node, &mut problems);
    Ok(Draft { contract, problems })
}

fn read_contract(node: &Node, problems: &mut Vec<Problem>) -> Contract {
    let mut reader = Reader::new(node, problems);
    let topic = reader.required("topic", "the topic's name", read_topic);
    let owner = reader.required("owner", "the team that answers for the topic", Node::text);
    let description =
        reader.required("description", "a sentence that says what an event of this topic means", Node::text);
    let classification = reader.one_of("classification", &Classification::ALL.map(|class| (class.name(), class)));
    let value = read_value(&mut reader, topic.as_deref());
    let key = read_key(&mut reader, topic.as_deref());
    let id = read_source(&mut reader, "id");
    let time = read_source(&mut reader, "time");
    let producers = reader.optional("producers", read_producers);
    let bind = reader.optional("bind", read_bind);
    let limits = read_limits(&mut reader);
    let dead_letter =
        reader.optional("dead_letter", |node, problems| read_dead_letter(node, topic.as_deref(), problems));
    let pii = reader.optional("pii", read_pii);
    let kafka = read_kafka(&mut reader);
    let labels = reader.optional("labels", read_labels);
    for (name, expected) in LATER {
        reader.refuse(name, expected);
    }
    reader.finish();
    Contract {
        file: node.place.file.to_string(),
        lines: node.lines(),
        topic: topic.unwrap_or_default(),
        owner: owner.unwrap_or_default(),
        description: description.unwrap_or_default(),
        classification,
        value,
        key,
        id,
        time,
        producers,
        bind: bind.unwrap_or_default(),
        bytes_per_event: limits.bytes_per_event,
        events_per_second: limits.events_per_second,
        bytes_per_second: limits.bytes_per_second,
        dead_letter,
        pii: pii.unwrap_or_default(),
        kafka,
        labels: labels.unwrap_or_default(),
    }
}

fn read_topic(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let name = node.string(problems)?;
    match check_topic_name(&name) {
        Ok(()) => Some(name),
        Err(expected) => {
            problems.push(node.mismatch(expected));
            None
        }
    }
}

fn read_pointer(node: &Node, problems: &mut Vec<Problem>) -> Option<Pointer> {
    let text = node.string(problems)?;
    Pointer::parse(&text).map_err(|expected| problems.push(node.mismatch(expected))).ok()
}

/// `key: none`, `key: { from: /pointer }` or `key: { header: Name }`; with a schema, the members of `value`.
fn read_key(reader: &mut Reader<'_, '_>, topic: Option<&str>) -> Option<KeyRule> {
    let node = reader.member("key")?;
    match &node.kind {
        Kind::Scalar(scalar) if scalar.text == "none" => return None,
        Kind::Map(_) => {}
        Kind::Null | Kind::Scalar(_) | Kind::List(_) => {
            let expected = "none, or where the key comes from: { from: /customer_id } or { header: Forebay-Key }";
            reader.problems().push(node.mismatch(expected));
            return None;
        }
    }
    let mut key = Reader::new(node, reader.problems());
    let (from, header) = (key.member("from"), key.member("header"));
    let source = match (from, header) {
        (Some(from), None) => read_pointer(from, key.problems()).map(KeySource::Event),
        (None, Some(header)) => read_header(header, key.problems()).map(KeySource::Header),
        (Some(_), Some(header)) => {
            key.problems().push(header.problem("either from or header", "both"));
            None
        }
        (None, None) => {
            key.problems().push(node.problem("from, a JSON Pointer into the event, or header, a name", "neither"));
            None
        }
    };
    let (format, of_schema) = key.one_of("format", &KEY_FORMATS).unwrap_or((KeyFormat::String, None));
    if let (Some(_), Some(header)) = (of_schema, header) {
        key.problems().push(header.problem("from (only a value of the event is written by a schema)", "header"));
    }
    let value = of_schema.map(|format| Box::new(read_members(&mut key, format, Places { topic, of: "key" })));
    key.finish();
    Some(KeyRule { source: source?, format, value })
}

fn read_header(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let name = node.string(problems)?;
    match check_open_header_name(&name) {
        Ok(()) => Some(name.to_ascii_lowercase()),
        Err(expected) => {
            problems.push(node.mismatch(expected));
            None
        }
    }
}

/// `id` and `time`: `{ from: /pointer }`.
fn read_source(reader: &mut Reader<'_, '_>, name: &'static str) -> Option<Pointer> {
    let mut source = reader.section_like(name, "where it comes from, as in { from: /event_id }")?;
    let pointer = source.required("from", "a JSON Pointer into the event", read_pointer);
    source.finish();
    pointer
}

/// What a contract limits.
#[derive(Default)]
struct Limits {
    bytes_per_event: Option<u64>,
    events_per_second: Option<u64>,
    bytes_per_second: Option<u64>,
}

fn read_limits(reader: &mut Reader<'_, '_>) -> Limits {
    let Some(mut limits) = reader.section("limits") else { return Limits::default() };
    let read = Limits {
        bytes_per_event: read_size(&mut limits, "bytes_per_event", "a size that can hold an event, such as 64KiB"),
        events_per_second: limits.integer("events_per_second", 1..=u64::MAX),
        bytes_per_second: read_size(&mut limits, "bytes_per_second", "a size of a byte or more, such as 8MiB"),
    };
    limits.finish();
    read
}

fn read_size(limits: &mut Reader<'_, '_>, name: &'static str, expected: &str) -> Option<u64> {
    limits.optional(name, |node, problems| {
        let bytes = node.size(problems)?;
        if bytes == 0 {
            problems.push(node.mismatch(expected));
            return None;
        }
        Some(bytes)
    })
}

fn read_dead_letter(node: &Node, topic: Option<&str>, problems: &mut Vec<Problem>) -> Option<String> {
    let name = read_topic(node, problems)?;
    if topic == Some(&*name) {
        problems.push(node.mismatch("another topic than the contract's own, to which refused events are copied"));
        return None;
    }
    Some(name)
}

fn read_kafka(reader: &mut Reader<'_, '_>) -> KafkaRule {
    let keyed = matches!(reader.node().get("key"), Some(Node { kind: Kind::Map(_), .. }));
    let Some(mut kafka) = reader.section("kafka") else {
        return KafkaRule::default();
    };
    let partitions = kafka.integer("partitions", 1..=100_000);
    let replication = kafka.integer("replication", 1..=1_000);
    let retention = kafka.optional("retention", |node, problems| {
        let retention = node.duration(problems)?;
        if retention < Duration::from_millis(1) {
            problems.push(node.mismatch("a time of 1ms or more"));
        }
        Some(retention)
    });
    let cleanup = kafka.one_of("cleanup", &CLEANUPS);
    let compacts = matches!(cleanup, Some(Cleanup::Compact | Cleanup::CompactDelete));
    if let (true, false, Some(node)) = (compacts, keyed, kafka.member("cleanup")) {
        let expected = "delete, or a key beside it (Kafka refuses a compacted topic's records without one)";
        kafka.problems().push(node.mismatch(expected));
    }
    kafka.finish();
    KafkaRule {
        partitions: partitions.and_then(|value| u32::try_from(value).ok()),
        replication: replication.and_then(|value| u16::try_from(value).ok()),
        retention,
        cleanup,
    }
}

fn read_labels(node: &Node, problems: &mut Vec<Problem>) -> Option<BTreeMap<String, Vec<String>>> {
    let labels = node.map(problems, |_, label, problems| label.strings(problems))?;
    Some(labels.into_iter().collect())
}
