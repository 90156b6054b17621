//! Breaks between two versions of a schema, as findings: those that the contract promises to keep out are errors, the
//! others are noted.

use std::borrow::Cow;

use super::super::{Finding, Severity, beside};
use crate::compatibility::{Break, Direction, Kind, Mode, Side, Unreadable, Version, compare};
use crate::contract::{Compatibility, Contract, Format, Message, ValueRule};
use crate::encoder::Sourced;
use crate::identity::identity;
use crate::schema::Schema;

/// A contract's schema as it is now, for the value or for the key.
#[derive(Debug, Clone, Copy)]
pub struct Now<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// `/value` or `/key`.
    pub path: &'static str,
    /// What the contract says of it.
    pub rule: &'a ValueRule,
    /// The schema.
    pub sourced: &'a Sourced,
}

/// What a schema breaks against an earlier version. `since` is what people call that version.
pub fn breaks(now: &Now<'_>, old: &Schema, old_message: &Message, since: &str) -> Vec<Finding> {
    let kind = match now.rule.format {
        Format::Avro => Kind::Avro,
        Format::JsonSchema => Kind::JsonSchema,
        Format::Protobuf => Kind::Protobuf,
        Format::Json | Format::String | Format::Bytes => return Vec::new(),
    };
    let new = Version { schema: &now.sourced.schema, message: &now.rule.message };
    let old = Version { schema: old, message: old_message };
    match compare(kind, &old, &new, Mode::Full) {
        Ok(breaks) => merged(now, breaks, since),
        Err(why) => vec![not_compared(now, &why, since)],
    }
}

/// Whether two schemas are the same but for spaces and spelling.
pub(super) fn are_same(format: Format, one: &Schema, other: &Schema) -> bool {
    let same = || {
        let own = identity(format, one);
        own.is_some() && own == identity(format, other)
    };
    one.content == other.content || same()
}

/// One finding for each change, with what comes of it for those who are looked after.
fn merged(now: &Now<'_>, breaks: Vec<Break>, since: &str) -> Vec<Finding> {
    let promise = now.rule.schema.as_ref().map_or(Compatibility::Backward, |schema| schema.compatibility);
    let mut findings: Vec<(Finding, String)> = Vec::new();
    for found in breaks {
        let severity = if is_kept(promise, found.direction) { Severity::Error } else { Severity::Note };
        let finding = finding(now, &found, severity, since);
        let twin = findings.iter_mut().find(|(other, what)| {
            other.rule == finding.rule && other.pointer == finding.pointer && *what == found.what
        });
        match twin {
            Some((other, _)) if other.severity == severity => {
                if !other.says.ends_with(found.consequence) {
                    other.says = format!("{} {}", other.says, found.consequence);
                }
            }
            Some((other, _)) if other.severity > severity => *other = finding,
            Some(_) => {}
            None => findings.push((finding, found.what)),
        }
    }
    findings.into_iter().map(|(finding, _)| finding).collect()
}

fn finding(now: &Now<'_>, found: &Break, severity: Severity, since: &str) -> Finding {
    let (name, pointer) = match found.place.split_once('#') {
        Some((reference, pointer)) => (reference, pointer),
        None => (now.sourced.schema.name.as_str(), found.place.as_str()),
    };
    let way_out = match severity {
        Severity::Error => " If that can't be, make a new topic with the next version in its name.",
        Severity::Warning | Severity::Note => "",
    };
    Finding {
        severity,
        file: beside(&now.contract.file, name),
        line: found.line,
        pointer: pointer.to_owned(),
        rule: Cow::Borrowed(found.rule),
        says: format!("Since {since}, {}. {}", found.what, found.consequence),
        remedy: format!("{}{way_out}", found.remedy),
    }
}

/// What can't be compared might break anything, unless it is the earlier version that is wrong: that one is being mended.
fn not_compared(now: &Now<'_>, why: &Unreadable, since: &str) -> Finding {
    let says = format!("The schema could not be held against that of {since}: {why}.");
    let finding = Finding::of_member("change/unreadable", now.contract, &format!("{}/schema", now.path), says);
    let severity = if why.side == Some(Side::Old) { Severity::Warning } else { Severity::Error };
    Finding { severity, ..finding }
}

/// Whether a promise looks after the readers that a break hits.
pub(super) fn is_kept(promise: Compatibility, direction: Direction) -> bool {
    match promise {
        Compatibility::None => false,
        Compatibility::Backward => direction == Direction::Backward,
        Compatibility::Forward => direction == Direction::Forward,
        Compatibility::Full => true,
    }
}
