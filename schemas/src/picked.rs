//! Values that are handed on beside a record's bytes, for whoever judges an event: those that the contract binds to the
//! caller, and those that conventions name. Knows their types, not what they are judged by.

use std::ops::Range;

/// A moment in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Whole seconds since 1970, rounded down.
    pub seconds: i64,
    /// Nanoseconds on top, below 10⁹.
    pub nanos: u32,
}

/// One event's value at a pointer, as it was sent; personal values are not yet treated. A pointer that is the empty text leads
/// to the whole event.
///
/// The schema says what a value is; where it says nothing, the JSON text does. An absent field of Avro has its default. An
/// absent field of Protobuf is absent, and so is one without presence that has its default value, an empty list and an
/// empty map: those who read the record can't tell them apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
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
    /// A string's characters; also an enum's symbol, a UUID, a date, a time of day, a duration, and a timestamp without an
    /// offset.
    Text(&'a str),
    /// Bytes, where the schema says that it has some.
    Bytes(&'a [u8]),
    /// A moment, where the schema says that it has one: a timestamp of Avro or Protobuf, `format: date-time` of JSON
    /// Schema. No finer than the schema's unit.
    Time(Moment),
    /// An array's or an object's JSON text, also one that the schema calls a map or a record.
    Json(&'a str),
}

/// The values of many events.
#[derive(Debug, Default)]
pub struct Picked {
    pub(crate) picks: Vec<Pick>,
    /// The characters of all texts: kept as such, they need no second check of their encoding.
    texts: String,
    bytes: Vec<u8>,
}

/// A [`Value`] whose characters and bytes lie in [`Picked`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pick {
    Absent,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Range<usize>),
    Bytes(Range<usize>),
    Time(Moment),
    Json(Range<usize>),
}

/// How far [`Picked`] was filled at one time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) picks: usize,
    texts: usize,
    bytes: usize,
}

impl Picked {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.picks.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.picks.is_empty()
    }

    /// Some of the values, in their order.
    pub fn values(&self, range: Range<usize>) -> impl ExactSizeIterator<Item = Value<'_>> {
        self.picks[range].iter().map(|pick| match pick {
            Pick::Absent => Value::Absent,
            Pick::Bool(value) => Value::Bool(*value),
            Pick::Int(value) => Value::Int(*value),
            Pick::Uint(value) => Value::Uint(*value),
            Pick::Double(value) => Value::Double(*value),
            Pick::Text(range) => Value::Text(&self.texts[range.clone()]),
            Pick::Bytes(range) => Value::Bytes(&self.bytes[range.clone()]),
            Pick::Time(moment) => Value::Time(*moment),
            Pick::Json(range) => Value::Json(&self.texts[range.clone()]),
        })
    }

    /// Keeps a text's characters.
    pub(crate) fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.texts.len();
        self.texts.push_str(text);
        start..self.texts.len()
    }

    /// Keeps bytes.
    pub(crate) fn keep_bytes(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// Keeps the bytes that `write` appends; none if it does not say that they are good.
    pub(crate) fn keep_written(&mut self, write: impl FnOnce(&mut Vec<u8>) -> bool) -> Option<Range<usize>> {
        let start = self.bytes.len();
        write(&mut self.bytes).then_some(start..self.bytes.len())
    }

    /// How far it is filled.
    pub(crate) fn mark(&self) -> Mark {
        Mark { picks: self.picks.len(), texts: self.texts.len(), bytes: self.bytes.len() }
    }

    /// Forgets what came since then.
    pub(crate) fn take_back(&mut self, mark: Mark) {
        self.picks.truncate(mark.picks);
        self.texts.truncate(mark.texts);
        self.bytes.truncate(mark.bytes);
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
