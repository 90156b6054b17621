//! JSON Schema: whether everything that one version accepts is accepted by the other.
//!
//! A reader's keyword has to follow from what the writer's version says about the same place. From that come the
//! published rules: Confluent's "Schema Evolution and Compatibility" and Robert Yokota's "Understanding JSON Schema
//! Compatibility", with their open, closed and partially open content models (a property that is added to an open
//! object is a break backward, since old events may hold that name with anything; one that is dropped from a closed
//! object is a break as well). Stricter than Confluent's registry in two ways: a default makes no missing member good,
//! since validators don't fill it in; and what can't be decided (`not`, conditions, overlapping `oneOf`, other patterns)
//! is said to be undecided, never passed over.

mod document;
mod uri;
mod parts;
mod same;
mod view;
mod bounds;
mod walk;
mod choices;
mod scalars;
mod objects;
mod arrays;
mod rules;

use serde_json::Value;

use super::finding::{Findings, Stop};
use super::{Side, Unreadable, Version, text};

/// A version, read.
#[derive(Debug)]
pub(super) struct Read {
    side: Side,
    value: Value,
    references: Vec<(String, Value)>,
}

/// Reads a version.
pub(super) fn read(version: &Version<'_>, side: Side) -> Result<Read, Unreadable> {
    let (value, references) = text::read_all(version.schema, side)?;
    let references = references.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Read { side, value, references })
}

/// Holds two versions against each other in the findings' direction.
pub(super) fn compare(old: &Read, new: &Read, findings: &mut Findings) -> Result<(), Stop> {
    let (writer, reader) = if findings.backward() { (old, new) } else { (new, old) };
    let (writer, reader) = (document::Document::new(writer), document::Document::new(reader));
    walk::Walk::new(writer, reader, findings).run()
}
