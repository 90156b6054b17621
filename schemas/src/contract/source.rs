//! Where a contract's schema is found: a file beside the contract, a registry's subject, or both. Knows which members
//! go together; asks no registry.

use super::names::check_file_name;
use super::{Compatibility, Framing, SchemaRule, Version};
use crate::document::{Kind, Node, Reader};
use crate::problem::Problem;

/// Confluent's registry counts schemas and versions in a positive Java int.
const MAX_ID: u64 = 2_147_483_647;
/// The longest subject, in bytes.
const MAX_SUBJECT: usize = 512;

/// What subjects are made from.
#[derive(Clone, Copy)]
pub(super) struct Places<'t> {
    /// The contract's topic, unless it is missing.
    pub(super) topic: Option<&'t str>,
    /// `value` or `key`.
    pub(super) of: &'static str,
}

/// How a subject is named (Confluent's subject name strategies).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strategy {
    Topic,
    Record,
    TopicRecord,
}

/// Reads `schema`, `subject`, `version`, `schema_id`, `framing` and `compatibility`.
pub(super) fn read(reader: &mut Reader<'_, '_>, places: Places<'_>) -> (Framing, Option<SchemaRule>) {
    let framings = [("confluent", Framing::Confluent), ("none", Framing::None)];
    let misread = reader.member("framing").is_some();
    let framing = reader.one_of("framing", &framings);
    let misread = misread && framing.is_none();
    let framing = framing.unwrap_or(Framing::Confluent);
    let file = reader.optional("schema", read_file);
    let subject = reader.optional("subject", |node, problems| read_subject(node, places, problems));
    let version = read_version(reader);
    let id = read_id(reader, framing, misread);
    let modes = Compatibility::ALL.map(|mode| (mode.name(), mode));
    let compatibility = reader.one_of("compatibility", &modes).unwrap_or(Compatibility::Backward);
    if reader.member("schema").is_none() && reader.member("subject").is_none() {
        reader.missing(
            "schema",
            "the schema's file beside the contract, such as event.avsc, or subject, whose schema a registry has",
        );
    }
    (framing, Some(SchemaRule { file, subject, version, id, compatibility }))
}

fn read_file(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let name = node.string(problems)?;
    check_file_name(&name).map_err(|expected| problems.push(node.mismatch(expected))).ok()?;
    Some(name)
}

/// `subject: name`, or `subject: { strategy: record, record: com.example.Invoice }`.
fn read_subject(node: &Node, places: Places<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    if matches!(node.kind, Kind::Scalar(_)) {
        let name = node.text(problems)?;
        let fits = name.len() <= MAX_SUBJECT && !name.chars().any(char::is_control);
        if !fits {
            problems.push(node.mismatch("a subject of at most 512 bytes without control characters"));
        }
        return fits.then_some(name);
    }
    let strategies =
        [("topic", Strategy::Topic), ("record", Strategy::Record), ("topic-record", Strategy::TopicRecord)];
    let mut reader =
        Reader::expecting("a subject's name, or how it is made, as in { strategy: topic }", node, problems);
    let strategy = reader.required("strategy", "one of topic, record, topic-record", |node, problems| {
        node.one_of(&strategies, problems)
    });
    let record = if let Some(Strategy::Record | Strategy::TopicRecord) = strategy {
        reader.required("record", "the full name of the record or message, such as com.example.Invoice", Node::text)
    } else {
        reader.refuse("record", "no such member (it goes with strategy: record and topic-record)");
        None
    };
    reader.finish();
    match (strategy?, places.topic, record) {
        (Strategy::Topic, Some(topic), _) => Some(format!("{topic}-{}", places.of)),
        (Strategy::Record, _, Some(record)) => Some(record),
        (Strategy::TopicRecord, Some(topic), Some(record)) => Some(format!("{topic}-{record}")),
        _ => None,
    }
}

fn read_version(reader: &mut Reader<'_, '_>) -> Version {
    let Some(node) = reader.member("version") else { return Version::Latest };
    if reader.member("schema").is_some() || reader.member("subject").is_none() {
        let expected = "no such member (it goes with subject alone: with schema the file says which version it is)";
        reader.problems().push(node.mismatch(expected));
        return Version::Latest;
    }
    if matches!(&node.kind, Kind::Scalar(scalar) if scalar.text == "latest") {
        return Version::Latest;
    }
    let number = node.integer(&(1..=MAX_ID), &mut Vec::new()).and_then(|number| u32::try_from(number).ok());
    if number.is_none() {
        reader.problems().push(node.mismatch("latest, or a version's number, as in version: 3"));
    }
    number.map_or(Version::Latest, Version::Number)
}

fn read_id(reader: &mut Reader<'_, '_>, framing: Framing, misread: bool) -> Option<u32> {
    let node = reader.member("schema_id");
    let by_subject = reader.member("subject").is_some();
    match (node, framing) {
        (Some(node), _) if by_subject => {
            reader.problems().push(node.mismatch("no such member (the subject's registry says the id)"));
            None
        }
        (Some(node), Framing::None) => {
            let expected = "no such member (with framing: none no id is written), or framing: confluent";
            reader.problems().push(node.mismatch(expected));
            None
        }
        (Some(_), Framing::Confluent) => reader.integer("schema_id", 1..=MAX_ID).and_then(|id| u32::try_from(id).ok()),
        (None, Framing::Confluent) if !by_subject && !misread && reader.member("schema").is_some() => {
            reader.missing(
                "schema_id",
                "the schema's id, as in schema_id: 17 (framing: confluent writes it into each record), or subject, whose registry says it, or framing: none",
            );
            None
        }
        (None, _) => None,
    }
}
