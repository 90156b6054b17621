//! Avro values as JSON: the mapping of events, the other way round. Dates, times and timestamps outside of what RFC
//! 3339 spells are shown as the counts that are stored.

use apache_avro::types::Value as Stored;
use serde_json::Value;

use super::{Undecodable, calendar, decimal};
use crate::avro::program::{Node, NodeId, Program, Record, Union};
use crate::contract::{BytesText, Unions};
use crate::json::bytes::encode_bytes;
use crate::pass::Leaf;

/// A noted value: its slot, what the schema says that it is, and the value.
pub(crate) type Tapped = (usize, Leaf, Value);

/// A value that was read by a node's plain type.
pub(super) fn value(program: &Program, node: NodeId, stored: Stored) -> Result<Value, Undecodable> {
    let spelling = program.rule.bytes;
    Ok(match (&program.nodes[node], stored) {
        (Node::Null, Stored::Null) => Value::Null,
        (Node::Boolean, Stored::Boolean(value)) => Value::from(value),
        (Node::Int, Stored::Int(number)) => Value::from(number),
        (Node::Long, Stored::Long(number)) => Value::from(number),
        (Node::Float, Stored::Float(number)) => float(number),
        (Node::Double, Stored::Double(number)) => double(number),
        (Node::Bytes, Stored::Bytes(bytes)) | (Node::Fixed { .. }, Stored::Fixed(_, bytes)) => {
            Value::from(encode_bytes(spelling, &bytes))
        }
        (Node::String | Node::UuidText, Stored::String(text)) => Value::from(text),
        (Node::Enum(_), Stored::Enum(_, symbol)) => Value::from(symbol),
        (Node::Array { items, .. }, Stored::Array(list)) => {
            list.into_iter().map(|item| value(program, *items, item)).collect::<Result<_, _>>()?
        }
        (Node::Map { values, .. }, Stored::Map(members)) => {
            let members = members.into_iter().map(|(name, member)| Ok((name, value(program, *values, member)?)));
            Value::Object(members.collect::<Result<_, _>>()?)
        }
        (Node::Record(node), Stored::Record(fields)) => record(program, node, fields)?,
        (Node::Union(node), Stored::Union(index, inner)) => union(program, node, index, *inner)?,
        (Node::Date, Stored::Int(days)) => text_or(calendar::date(i64::from(days)), i64::from(days)),
        (Node::TimeOfDay(unit), Stored::Int(count)) => {
            text_or(calendar::time_of_day(i64::from(count), *unit), i64::from(count))
        }
        (Node::TimeOfDay(unit), Stored::Long(count)) => text_or(calendar::time_of_day(count, *unit), count),
        (Node::Timestamp { unit, local }, Stored::Long(count)) => {
            let zone = if *local { "" } else { "Z" };
            text_or(calendar::date_time(count, *unit).map(|text| text + zone), count)
        }
        (Node::UuidBytes, Stored::Fixed(_, bytes)) => Value::from(uuid(&bytes).ok_or_else(other_type)?),
        // Where strings are code points a numeral would be read as its characters' codes.
        (Node::Decimal(_), Stored::Bytes(bytes) | Stored::Fixed(_, bytes)) if spelling == BytesText::CodePoints => {
            Value::from(encode_bytes(spelling, &bytes))
        }
        (Node::Decimal(bounds), Stored::Bytes(bytes) | Stored::Fixed(_, bytes)) => {
            Value::from(decimal::numeral(&bytes, *bounds)?)
        }
        (Node::Tap { node, .. } | Node::Omit { node, .. }, stored) => value(program, *node, stored)?,
        (Node::Treat(treated), stored) => value(program, treated.node, stored)?,
        (Node::Duration, Stored::Fixed(_, bytes)) => Value::from(duration(&bytes).ok_or_else(other_type)?),
        _ => return Err(other_type()),
    })
}

/// Gathers what the program has noted on the way to a value's parts.
pub(super) fn tapped(
    program: &Program,
    node: NodeId,
    stored: &Stored,
    found: &mut Vec<Tapped>,
) -> Result<(), Undecodable> {
    match (&program.nodes[node], stored) {
        (Node::Tap { slot, leaf, node }, stored) => {
            found.push((*slot, *leaf, value(program, *node, stored.clone())?));
            tapped(program, *node, stored, found)
        }
        (Node::Omit { node, .. }, stored) => tapped(program, *node, stored, found),
        (Node::Record(record), Stored::Record(fields)) => {
            let mut fields = record.fields.iter().zip(fields);
            fields.try_for_each(|(field, (_, stored))| tapped(program, field.node, stored, found))
        }
        (Node::Union(union), Stored::Union(index, inner)) => {
            let branch = union.branches.get(*index as usize).ok_or_else(other_type)?;
            tapped(program, branch.node, inner, found)
        }
        (Node::Array { picked, .. }, Stored::Array(list)) => {
            let mut items = picked.iter().filter_map(|(index, node)| Some((*node, list.get(*index)?)));
            items.try_for_each(|(node, stored)| tapped(program, node, stored, found))
        }
        (Node::Map { picked, .. }, Stored::Map(members)) => {
            let mut values = picked.iter().filter_map(|(name, node)| Some((*node, members.get(name)?)));
            values.try_for_each(|(node, stored)| tapped(program, node, stored, found))
        }
        _ => Ok(()),
    }
}

fn record(program: &Program, record: &Record, fields: Vec<(String, Stored)>) -> Result<Value, Undecodable> {
    let named = record.fields.iter().zip(fields);
    let members = named.map(|(field, (name, stored))| Ok((name, value(program, field.node, stored)?)));
    Ok(Value::Object(members.collect::<Result<_, _>>()?))
}

/// The bare value, or `{"branch": value}` where the contract takes nothing else.
fn union(program: &Program, union: &Union, index: u32, stored: Stored) -> Result<Value, Undecodable> {
    let index = index as usize;
    let branch = union.branches.get(index).ok_or_else(other_type)?;
    let bare = value(program, branch.node, stored)?;
    if program.rule.unions != Unions::Tagged || bare.is_null() {
        return Ok(bare);
    }
    let tag = union.tags.names().nth(index).ok_or_else(other_type)?;
    Ok(Value::Object([(tag.to_owned(), bare)].into_iter().collect()))
}

fn text_or(text: Option<String>, count: i64) -> Value {
    text.map_or(Value::from(count), Value::from)
}

fn float(number: f32) -> Value {
    double(shortest(number))
}

/// The double of the shortest numeral that is nearest to this float; the float's own has more digits.
pub(crate) fn shortest(number: f32) -> f64 {
    let numeral = if number.is_finite() { number.to_string().parse().ok() } else { None };
    numeral.unwrap_or(f64::from(number))
}

fn double(number: f64) -> Value {
    if number.is_nan() {
        Value::from("NaN")
    } else if number.is_infinite() {
        Value::from(if number > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        Value::from(number)
    }
}

/// RFC 9562, section 4, in lower case.
fn uuid(bytes: &[u8]) -> Option<String> {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes.try_into().ok()?));
    Some([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

fn duration(bytes: &[u8]) -> Option<String> {
    let (parts, []) = bytes.as_chunks::<4>() else { return None };
    let &[months, days, millis] = parts else { return None };
    Some(calendar::duration([months, days, millis].map(u32::from_le_bytes)))
}

fn other_type() -> Undecodable {
    Undecodable::Unlike("a value is of another type".to_owned())
}
