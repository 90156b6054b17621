//! A field's default, written once: as the specification reads defaults (a union's is of its first branch, bytes
//! are code points, logical types are their underlying types), which is not how events are read.

use std::collections::HashSet;

use serde_json::{Map, Number, Value};

use super::binary::{close_block, push_bytes, push_length, push_long};
use super::program::{Node, NodeId, Record};
use super::scalar::{exact_double, exact_float};
use super::source::kind_of;
use crate::json::MAX_DEPTH;
use crate::json::number::Numeral;

/// Bytes of all defaults of a schema together: defaults of records repeat those of their fields, so that nesting
/// could double them at each level.
const MAX_BYTES: usize = 1 << 20;

/// What is left of `MAX_BYTES`.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_BYTES)
    }
}

/// Why a default was not written.
#[derive(Debug)]
pub(super) enum Refused {
    /// It leaves a field out whose own default is not written yet.
    Waits,
    /// It is none of its field's values.
    Mistaken { expected: String, found: String },
}

/// Writes a default. `open` names the fields whose own defaults are still to be written.
pub(super) fn write(
    nodes: &[Node],
    value: &Value,
    node: NodeId,
    open: &HashSet<(NodeId, usize)>,
    budget: &mut Budget,
) -> Result<Vec<u8>, Refused> {
    let mut writer = Writer { nodes, open, out: Vec::new(), left: budget.0 };
    writer.write(value, node, 0)?;
    writer.within_budget(0)?;
    budget.0 -= writer.out.len();
    Ok(writer.out)
}

struct Writer<'w> {
    nodes: &'w [Node],
    open: &'w HashSet<(NodeId, usize)>,
    out: Vec<u8>,
    left: usize,
}

impl Writer<'_> {
    fn write(&mut self, value: &Value, node: NodeId, depth: usize) -> Result<(), Refused> {
        self.within_budget(depth)?;
        match (&self.nodes[node], value) {
            (Node::Null, Value::Null) => {}
            (Node::Boolean, Value::Bool(value)) => self.out.push(u8::from(*value)),
            (Node::Int | Node::Date | Node::TimeOfDay(crate::calendar::Unit::Millis), Value::Number(number)) => {
                let value = integer(number).filter(|value| i32::try_from(*value).is_ok());
                push_long(&mut self.out, value.ok_or_else(|| not("an int", "another number"))?);
            }
            (Node::Long | Node::TimeOfDay(_) | Node::Timestamp { .. }, Value::Number(number)) => {
                push_long(&mut self.out, integer(number).ok_or_else(|| not("a long", "another number"))?);
            }
            (Node::Float, _) => {
                let float = with_numeral(value, exact_float).ok_or_else(|| not("a float", kind_of(value)))?;
                self.out.extend_from_slice(&float.to_le_bytes());
            }
            (Node::Double, _) => {
                let double = with_numeral(value, exact_double).ok_or_else(|| not("a double", kind_of(value)))?;
                self.out.extend_from_slice(&double.to_le_bytes());
            }
            (Node::String | Node::UuidText, Value::String(text)) => push_bytes(&mut self.out, text.as_bytes()),
            (Node::Enum(symbols), Value::String(text)) => {
                let place = symbols.find(text.as_bytes()).ok_or_else(|| not("a symbol of the enum", "another"))?;
                push_length(&mut self.out, place);
            }
            (Node::Array { items, .. }, Value::Array(values)) => {
                let start = self.out.len();
                self.out.push(0);
                for value in values {
                    self.write(value, *items, depth + 1)?;
                }
                close_block(&mut self.out, start, values.len());
            }
            (Node::Map { values, .. }, Value::Object(members)) => {
                let start = self.out.len();
                self.out.push(0);
                for (name, value) in members {
                    push_bytes(&mut self.out, name.as_bytes());
                    self.write(value, *values, depth + 1)?;
                }
                close_block(&mut self.out, start, members.len());
            }
            (Node::Record(record), Value::Object(members)) => self.record(node, record, members, depth)?,
            (Node::Union(union), _) => {
                self.out.push(0);
                self.write(value, union.branches[0].node, depth)?;
            }
            (_, Value::String(text)) => self.code_points(node, text)?,
            _ => return mistaken(self.expected(node), kind_of(value)),
        }
        Ok(())
    }

    fn within_budget(&self, depth: usize) -> Result<(), Refused> {
        if depth > MAX_DEPTH || self.out.len() > self.left {
            return mistaken("defaults of at most 1 MiB together, 64 deep", "more");
        }
        Ok(())
    }

    fn record(
        &mut self,
        node: NodeId,
        record: &Record,
        members: &Map<String, Value>,
        depth: usize,
    ) -> Result<(), Refused> {
        if members.keys().any(|name| record.names.find(name.as_bytes()).is_none()) {
            return mistaken("fields of the record", "another member");
        }
        for (index, (name, field)) in record.names.names().zip(&record.fields).enumerate() {
            match (members.get(name), &field.absent) {
                (Some(value), _) => self.write(value, field.node, depth + 1)?,
                (None, Some(absent)) => self.out.extend_from_slice(absent),
                (None, None) if self.open.contains(&(node, index)) => return Err(Refused::Waits),
                (None, None) => return mistaken(format!("a member `{name}`"), "none"),
            }
            self.within_budget(depth)?;
        }
        Ok(())
    }

    fn code_points(&mut self, node: NodeId, text: &str) -> Result<(), Refused> {
        let bytes: Result<Vec<u8>, _> = text.chars().map(|point| u8::try_from(u32::from(point))).collect();
        let size = match &self.nodes[node] {
            Node::Bytes => None,
            Node::Fixed { size } => Some(*size),
            Node::Decimal(decimal) => decimal.fixed,
            Node::UuidBytes => Some(16),
            Node::Duration => Some(12),
            _ => return mistaken(self.expected(node), "a string"),
        };
        match (bytes, size) {
            (Ok(bytes), None) => push_bytes(&mut self.out, &bytes),
            (Ok(bytes), Some(size)) if bytes.len() == size => self.out.extend_from_slice(&bytes),
            (Ok(_), _) => return mistaken("as many code points as the fixed has bytes", "another number of them"),
            (Err(_), _) => return mistaken("code points up to U+00FF, one a byte", "others"),
        }
        Ok(())
    }

    fn expected(&self, node: NodeId) -> &'static str {
        match &self.nodes[node] {
            Node::Null => "null",
            Node::Boolean => "a boolean",
            Node::Array { .. } => "an array",
            Node::Map { .. } | Node::Record(_) => "an object",
            Node::Int | Node::Long | Node::Date | Node::TimeOfDay(_) | Node::Timestamp { .. } => "a number",
            _ => "a string",
        }
    }
}

fn integer(number: &Number) -> Option<i64> {
    Numeral::parse(&number.to_string())?.to_i64()
}

/// Reads a number, or one of the names that stand for those that JSON can't spell.
fn with_numeral<T>(value: &Value, read: impl FnOnce(Result<Numeral<'_>, &[u8]>) -> Option<T>) -> Option<T> {
    match value {
        Value::Number(number) => read(Ok(Numeral::parse(&number.to_string())?)),
        Value::String(text) => read(Err(text.as_bytes())),
        _ => None,
    }
}

fn not(expected: &str, found: &str) -> Refused {
    Refused::Mistaken { expected: expected.to_owned(), found: found.to_owned() }
}

fn mistaken<T>(expected: impl AsRef<str>, found: &str) -> Result<T, Refused> {
    Err(not(expected.as_ref(), found))
}
