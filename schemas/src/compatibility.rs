//! A schema's new version held against its old one: who could no longer read what, said so that the schema's author
//! understands it. Knows the rules of the three formats. Doesn't know where versions come from, nor what an event is.
//!
//! Sources: Avro specification 1.12, "Schema Resolution"; for JSON Schema, Confluent's "Schema Evolution and
//! Compatibility" and Robert Yokota's "Understanding JSON Schema Compatibility" (open, closed and partially open
//! content models); for Protobuf, the language guide's "Updating A Message Type" and Buf's "Rules and categories",
//! category `WIRE_JSON`. The formats' modules say where they are stricter, and why.

mod finding;
mod text;
mod avro;
mod json_schema;
mod protobuf;

use std::fmt;

use finding::{Findings, Stop};

use crate::contract::Message;
use crate::schema::Schema;

/// Which readers must go on working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nobody: nothing is compared.
    None,
    /// Readers with the new schema read what was written with the old one.
    Backward,
    /// Readers with the old schema read what is written with the new one.
    Forward,
    /// Both.
    Full,
}

/// Which readers a break hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Readers with the new schema, of what was written with the old one.
    Backward,
    /// Readers with the old schema, of what is written with the new one.
    Forward,
}

/// A schema's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Avro, as JSON (`.avsc`).
    Avro,
    /// JSON Schema, of any draft from 4 to 2020-12.
    JsonSchema,
    /// A `.proto` file, proto2 or proto3.
    Protobuf,
}

/// One version of a schema.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    /// The schema with what it refers to.
    pub schema: &'a Schema,
    /// Protobuf: the message that events are, as the contract says it. Other formats pass over it.
    pub message: &'a Message,
}

/// A change after which someone can't read what someone else wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Who is hit.
    pub direction: Direction,
    /// The rule's stable name, such as `avro/field-without-default`.
    pub rule: &'static str,
    /// Where, in the new version: a JSON Pointer, in a reference after its name and `#`; for Protobuf `message.field`.
    /// What is gone is placed where it was missed.
    pub place: String,
    /// Line of that place in the new version's text, from 1; 0 where it is not known or stands in a reference.
    pub line: usize,
    /// What has changed: one sentence without its full stop.
    pub what: String,
    /// What comes of it: one sentence.
    pub consequence: &'static str,
    /// What to do instead: one sentence.
    pub remedy: &'static str,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        let place = if self.place.is_empty() { "the schema" } else { &self.place };
        write!(f, "{place}: {}. {} {} ({})", self.what, self.consequence, self.remedy, self.rule)
    }
}

/// Which of the two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The version that was there before.
    Old,
    /// The version that is to replace it.
    New,
}

/// Why two versions could not be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The version that can't be read; `None` if it is the two together.
    pub side: Option<Side>,
    /// The reference in which it is; `None` in the schema itself.
    pub reference: Option<String>,
    /// Where: a JSON Pointer, or empty.
    pub place: String,
    /// Line, from 1; 0 where it is not known.
    pub line: usize,
    /// What would have been right.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.side {
            Some(Side::Old) => "the old version",
            Some(Side::New) => "the new version",
            None => "the two versions",
        })?;
        if let Some(reference) = &self.reference {
            write!(f, ", reference `{}`", reference.escape_debug())?;
        }
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        if !self.place.is_empty() {
            write!(f, ", {}", self.place)?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for Unreadable {}

impl Mode {
    fn directions(self) -> &'static [Direction] {
        match self {
            Self::None => &[],
            Self::Backward => &[Direction::Backward],
            Self::Forward => &[Direction::Forward],
            Self::Full => &[Direction::Backward, Direction::Forward],
        }
    }
}

/// Holds a new version against the old one. An empty list means: whoever must go on working can read everything.
/// At most 50 breaks are listed a direction; a last one of rule `compatibility/more` says that there are more.
///
/// # Errors
/// [`Unreadable`] if a version is not of its format, refers to what is not there, or if the two are so entangled
/// that comparing them would not end soon.
pub fn compare(kind: Kind, old: &Version<'_>, new: &Version<'_>, mode: Mode) -> Result<Vec<Break>, Unreadable> {
    let mut breaks = Vec::new();
    match kind {
        Kind::Avro => {
            let (old, new) = (avro::read(old, Side::Old)?, avro::read(new, Side::New)?);
            run(mode, &mut breaks, |findings| avro::compare(&old, &new, findings))?;
        }
        Kind::JsonSchema => {
            let (old, new) = (json_schema::read(old, Side::Old)?, json_schema::read(new, Side::New)?);
            run(mode, &mut breaks, |findings| json_schema::compare(&old, &new, findings))?;
        }
        Kind::Protobuf => {
            let (old, new) = (protobuf::read(old, Side::Old)?, protobuf::read(new, Side::New)?);
            run(mode, &mut breaks, |findings| protobuf::compare(&old, &new, findings))?;
        }
    }
    if let (Kind::Avro | Kind::JsonSchema, Some(text)) = (kind, new.schema.text()) {
        for found in breaks.iter_mut().filter(|found| !found.place.contains('#')) {
            found.line = crate::avro::line_of(text, &found.place);
        }
    }
    Ok(breaks)
}

fn run(
    mode: Mode,
    breaks: &mut Vec<Break>,
    mut compare: impl FnMut(&mut Findings) -> Result<(), Stop>,
) -> Result<(), Unreadable> {
    for direction in mode.directions() {
        let mut findings = Findings::new(*direction);
        compare(&mut findings).map_err(Stop::unreadable)?;
        breaks.append(&mut findings.breaks);
    }
    Ok(())
}
