//! What the writer's parts say together about one place: kinds of value, values, whether a member must be there.

use serde_json::Value;

use super::document::{Document, Id};
use super::parts::Part;
use crate::compatibility::finding::Stop;

pub(super) const NULL: u8 = 1;
pub(super) const BOOLEAN: u8 = 2;
pub(super) const INTEGER: u8 = 4;
pub(super) const FRACTION: u8 = 8;
pub(super) const STRING: u8 = 16;
pub(super) const ARRAY: u8 = 32;
pub(super) const OBJECT: u8 = 64;
pub(super) const NUMBER: u8 = INTEGER | FRACTION;
pub(super) const ALL: u8 = 127;
pub(super) const EACH: [u8; 7] = [NULL, BOOLEAN, INTEGER, FRACTION, STRING, ARRAY, OBJECT];

/// Choices inside choices whose kinds are looked at.
const LOOK: usize = 3;

/// The kind of a value.
pub(super) fn kind_of(value: &Value) -> u8 {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOLEAN,
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => INTEGER,
        Value::Number(_) => FRACTION,
        Value::String(_) => STRING,
        Value::Array(_) => ARRAY,
        Value::Object(_) => OBJECT,
    }
}

/// The kinds that `type` names.
pub(super) fn kinds_named(value: &Value) -> u8 {
    let kind = |name: &str| match name {
        "null" => NULL,
        "boolean" => BOOLEAN,
        "integer" => INTEGER,
        "number" => NUMBER,
        "string" => STRING,
        "array" => ARRAY,
        "object" => OBJECT,
        _ => 0,
    };
    match value {
        Value::String(name) => kind(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(kind).fold(0, |all, kind| all | kind),
        _ => ALL,
    }
}

/// How a sentence names kinds.
pub(super) fn name_kinds(kinds: u8) -> String {
    if kinds == ALL {
        return "anything".to_owned();
    }
    let names = [
        (NULL, "null"),
        (BOOLEAN, "boolean"),
        (NUMBER, "number"),
        (INTEGER, "integer"),
        (FRACTION, "number with a fraction"),
        (STRING, "string"),
        (ARRAY, "array"),
        (OBJECT, "object"),
    ];
    let mut left = kinds;
    let mut said = Vec::new();
    for (kind, name) in names {
        if left & kind == kind && left != 0 {
            said.push(name);
            left &= !kind;
        }
    }
    if said.is_empty() { "nothing".to_owned() } else { said.join(" or ") }
}

impl<'a> Document<'a> {
    /// The values that parts name: the shortest list among them, less what others rule out.
    pub(super) fn values(&self, parts: &[Part], named: &[&'a Value]) -> Option<Vec<&'a Value>> {
        let list = |part: &Part| -> Option<Vec<&'a Value>> {
            match *part {
                Part::Plain(id) => match (self.keyword(id, "const"), self.keyword(id, "enum")) {
                    (Some(value), _) => Some(vec![value]),
                    (None, Some(Value::Array(values))) => Some(values.iter().collect()),
                    _ => None,
                },
                Part::Value(index) => Some(vec![named[index]]),
                _ => None,
            }
        };
        let mut values = parts.iter().filter_map(list).min_by_key(Vec::len)?;
        for part in parts {
            match *part {
                Part::Plain(id) => {
                    let kinds = self.keyword(id, "type").map_or(ALL, kinds_named);
                    values.retain(|value| kind_of(value) & kinds != 0);
                }
                Part::Kinds(kinds) => values.retain(|value| kind_of(value) & kinds != 0),
                Part::Never => values.clear(),
                _ => {}
            }
        }
        Some(values)
    }

    /// The kinds of value that parts leave.
    pub(super) fn kinds(&mut self, parts: &[Part], named: &[&'a Value]) -> Result<u8, Stop> {
        self.kinds_within(parts, named, LOOK)
    }

    fn kinds_within(&mut self, parts: &[Part], named: &[&'a Value], look: usize) -> Result<u8, Stop> {
        let mut kinds = ALL;
        for part in parts {
            kinds &= match *part {
                Part::Plain(id) => {
                    let by_type = self.keyword(id, "type").map_or(ALL, kinds_named);
                    let by_enum = match (self.keyword(id, "const"), self.keyword(id, "enum")) {
                        (Some(value), _) => kind_of(value),
                        (None, Some(Value::Array(values))) => values.iter().fold(0, |all, value| all | kind_of(value)),
                        _ => ALL,
                    };
                    by_type & by_enum
                }
                Part::AnyOf(_) | Part::OneOf(_) if look == 0 => ALL,
                Part::AnyOf(_) | Part::OneOf(_) => {
                    let mut of_branches = 0;
                    for branch in self.branches(*part).iter() {
                        let parts = self.parts(*branch)?;
                        of_branches |= self.kinds_within(&parts, named, look - 1)?;
                        if of_branches == ALL {
                            break;
                        }
                    }
                    of_branches
                }
                Part::Never => 0,
                Part::Kinds(kinds) => kinds,
                Part::Value(index) => kind_of(named[index]),
            };
        }
        Ok(kinds)
    }

    /// Whether some part asks for a member.
    pub(super) fn requires(&self, parts: &[Part], name: &str) -> bool {
        self.required(parts).any(|required| required == name)
    }

    /// The members that parts ask for.
    pub(super) fn required<'s>(&'s self, parts: &'s [Part]) -> impl Iterator<Item = &'a str> + 's {
        let lists = plain(parts).filter_map(|id| self.keyword(id, "required").and_then(Value::as_array));
        lists.flatten().filter_map(Value::as_str)
    }
}

/// The schemas whose keywords are among parts.
pub(super) fn plain(parts: &[Part]) -> impl Iterator<Item = Id> + '_ {
    parts.iter().filter_map(|part| if let Part::Plain(id) = part { Some(*id) } else { None })
}
