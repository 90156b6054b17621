//! The facts of a case as YAML. Knows no rule.

use std::collections::{BTreeMap, BTreeSet};

use forebay_schemas::contract::{Classification, Compatibility, Pointer};
use forebay_schemas::document::{Node, Reader};
use forebay_schemas::outline::{Field, FieldKind, Outline};
use forebay_schemas::problem::Problem;

use super::event::{self, OwnedEvent};
use crate::facts::{Facts, Member};
use crate::requirement::schema::{KINDS, kind_name};

/// What a case says of a topic.
#[derive(Debug, Clone)]
pub(super) struct OwnedFacts {
    topic: String,
    owner: String,
    description: String,
    classification: Option<Classification>,
    labels: BTreeMap<String, Vec<String>>,
    members: Vec<Member>,
    id: Option<Pointer>,
    time: Option<Pointer>,
    format: String,
    compatibility: Option<Compatibility>,
    compacted: bool,
    outline: Option<Outline>,
    catalogue: Option<BTreeSet<String>>,
}

impl OwnedFacts {
    pub(super) fn lend(&self) -> Facts<'_> {
        Facts {
            topic: &self.topic,
            owner: &self.owner,
            description: &self.description,
            classification: self.classification,
            labels: Some(&self.labels),
            members: self.members.clone(),
            id: self.id.as_ref(),
            time: self.time.as_ref(),
            format: &self.format,
            compatibility: self.compatibility,
            compacted: self.compacted,
            outline: self.outline.as_ref(),
            catalogue: self.catalogue.as_ref(),
        }
    }
}

/// Reads a case's `facts`, and the event among them.
pub(super) fn read(node: &Node, problems: &mut Vec<Problem>) -> Option<(OwnedFacts, Option<OwnedEvent>)> {
    let mut reader = Reader::new(node, problems);
    let topic = reader.required_string("topic");
    let owner = reader.string("owner");
    let description = reader.string("description");
    let classification = reader.one_of("classification", &Classification::ALL.map(|class| (class.name(), class)));
    let labels =
        reader.optional("labels", |node, problems| node.map(problems, |_, label, problems| label.strings(problems)));
    let members = reader
        .optional("has", |node, problems| node.list(problems, |item, problems| item.one_of(&Member::NAMES, problems)));
    let id = reader.optional("id", pointer);
    let time = reader.optional("time", pointer);
    let format = reader.string("format");
    let compatibility = reader.one_of("compatibility", &Compatibility::ALL.map(|one| (one.name(), one)));
    let compacted = reader.boolean("compacted");
    let fields = reader.optional("schema", |node, problems| node.list(problems, read_field));
    let catalogue = reader.optional("catalogue", |node, problems| node.list(problems, Node::text));
    let event = event::read(&mut reader);
    reader.finish();
    let facts = OwnedFacts {
        topic: topic?,
        owner: owner.unwrap_or_default(),
        description: description.unwrap_or_default(),
        classification,
        labels: labels.unwrap_or_default().into_iter().collect(),
        members: members.unwrap_or_default(),
        id,
        time,
        format: format.unwrap_or_default(),
        compatibility,
        compacted: compacted.unwrap_or_default(),
        outline: fields.map(|fields| Outline { fields, open: false }),
        catalogue: catalogue.map(BTreeSet::from_iter),
    };
    Some((facts, event))
}

fn pointer(node: &Node, problems: &mut Vec<Problem>) -> Option<Pointer> {
    let text = node.text(problems)?;
    Pointer::parse(&text).map_err(|expected| problems.push(node.mismatch(expected))).ok()
}

/// A field's path alone, which is a documented text, or a mapping.
fn read_field(node: &Node, problems: &mut Vec<Problem>) -> Option<Field> {
    if matches!(node.kind, forebay_schemas::document::Kind::Scalar(_)) {
        let pointer = pointer(node, problems)?.text;
        let (kind, spelled) = (FieldKind::Text, "string".to_owned());
        return Some(Field { pointer, kind, spelled, optional: false, documented: true, personal: false, line: None });
    }
    let expected = "a field's path as in /customer/id, or a mapping with field and kind";
    let mut reader = Reader::expecting(expected, node, problems);
    let pointer = reader.required("field", "the field's path, as in /customer/id", pointer);
    let kind = reader.one_of("kind", &KINDS).unwrap_or(FieldKind::Text);
    let spelled = reader.string("type");
    let optional = reader.boolean("optional").unwrap_or_default();
    let documented = reader.boolean("documented").unwrap_or(true);
    let personal = reader.boolean("personal").unwrap_or_default();
    reader.finish();
    let spelled = spelled.unwrap_or_else(|| kind_name(kind).to_owned());
    Some(Field { pointer: pointer?.text, kind, spelled, optional, documented, personal, line: None })
}
