//! Values that are handed on beside a record's bytes, for whoever judges an event: those that the contract binds to the
//! caller, and those that conventions name. Knows their types, not what they are judged by.

use std::ops::Range;

/// One event's value at a pointer, as it was sent; personal values are not yet treated. Ranges lie in the arena. A pointer
/// that is the empty text leads to the whole event.
///
/// The schema says what a value is; where it says nothing, the JSON text does. An absent field of Avro has its default. An
/// absent field of Protobuf is absent, and so is one without presence that has its default value, an empty list and an
/// empty map: those who read the record can't tell them apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Pick {
    /// Nothing is there, or null.
    Absent,
    /// A boolean.
    Bool(bool),
    /// A whole number that fits 64 bits with a sign; also a date or an enum's number for which there is no text.
    Int(i64),
    /// A whole number over that, up to 64 bits without a sign.
    Uint(u64),
    /// Any other number, and every number of a field that is a float, a double, a decimal or JSON Schema's `number`: the
    /// nearest double.
    Double(f64),
    /// A string's characters as UTF-8; also an enum's symbol, a UUID, a date, a time of day, a duration, and a timestamp
    /// without an offset.
    Text(Range<usize>),
    /// Bytes, where the schema says that it has some.
    Bytes(Range<usize>),
    /// A moment, where the schema says that it has one: a timestamp of Avro or Protobuf, `format: date-time` of JSON
    /// Schema. No finer than the schema's unit.
    Time(Moment),
    /// An array's or an object's JSON text, also one that the schema calls a map or a record.
    Json(Range<usize>),
}

/// A moment in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Whole seconds since 1970, rounded down.
    pub seconds: i64,
    /// Nanoseconds on top, below 10⁹.
    pub nanos: u32,
}

/// A [`Pick`] with its bytes at hand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Nothing is there, or null.
    Absent,
    /// A boolean.
    Bool(bool),
    /// A whole number that fits 64 bits with a sign.
    Int(i64),
    /// A whole number over that, up to 64 bits without a sign.
    Uint(u64),
    /// Any other number.
    Double(f64),
    /// A string's characters.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A moment.
    Time(Moment),
    /// An array's or an object's JSON text.
    Json(&'a str),
}

impl Pick {
    /// With its bytes from the arena that it was written to. Text that is none is absent.
    pub fn value<'a>(&self, arena: &'a [u8]) -> Value<'a> {
        let text = |range: &Range<usize>| std::str::from_utf8(&arena[range.clone()]);
        match self {
            Self::Absent => Value::Absent,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Uint(value) => Value::Uint(*value),
            Self::Double(value) => Value::Double(*value),
            Self::Text(range) => text(range).map_or(Value::Absent, Value::Text),
            Self::Bytes(range) => Value::Bytes(&arena[range.clone()]),
            Self::Time(moment) => Value::Time(*moment),
            Self::Json(range) => text(range).map_or(Value::Absent, Value::Json),
        }
    }
}

impl Value<'_> {
    /// What it is, for people; never what it holds.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Bool(_) => "boolean",
            Self::Int(_) | Self::Uint(_) => "whole number",
            Self::Double(_) => "number with a fraction",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Time(_) => "timestamp",
            Self::Json(text) if text.starts_with('[') => "array",
            Self::Json(_) => "object",
        }
    }
}
