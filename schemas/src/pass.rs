//! What every format's pass over an event's text shares: working memory that is lent from event to event, and the
//! values that a contract has picked on the way. Knows no format.

use std::borrow::Cow;

use crate::calendar::Unit;
use crate::edit::Edits;
use crate::json::names::{Names, Open};
use crate::json::reader::{Expected, Reader};
use crate::json::skip::{Levels, skip_value};

/// Values that a contract may pick out of an event: key, id, time.
pub(crate) const SLOTS: usize = 3;

/// Where a picked value stands in the text, and what its schema says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tapped {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) leaf: Leaf,
}

/// What was picked out of one event, by slot.
pub(crate) type Taps = [Option<Tapped>; SLOTS];

/// What a schema says of a value, as far as key, id and time care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaf {
    /// A string.
    Text,
    /// A string out of a set or of one form: an enum's symbol, a UUID.
    Symbol,
    /// A whole number.
    Whole,
    /// A string that stands for bytes.
    Bytes,
    /// A timestamp with an offset, or a count of these units since 1970.
    Moment(Unit),
    /// The schema does not say; what stands in the text decides.
    Any,
    /// Nothing that a key, an id or a time can be.
    Other,
}

/// A picked value of an event that came as bytes. Null is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stored<'a> {
    /// A string, where [`Leaf::Text`] is.
    Text(Cow<'a, str>),
    /// A string, where [`Leaf::Symbol`] is.
    Symbol(Cow<'a, str>),
    /// A whole number, signed or not.
    Whole(i128),
    Bytes(&'a [u8]),
    /// A count of these units since 1970.
    Moment(i64, Unit),
    /// Nothing that a key, an id or a time can be.
    Other,
}

/// What was picked out of one event that came as bytes, by slot.
pub(crate) type StoredTaps<'a> = [Option<Stored<'a>>; SLOTS];

/// Why a fast pass stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The schema does not accept the value here; another branch might.
    Mismatch,
    /// No branch can help: the text is broken, ambiguous or too deep.
    Fatal,
}

impl From<Expected> for Stop {
    fn from(_: Expected) -> Self {
        Self::Fatal
    }
}

/// Bytes that each part of the memory keeps between events.
pub(crate) const KEPT: usize = 1 << 16;

/// What a pass needs besides its output. Lent from event to event.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) names: Names,
    pub(crate) levels: Levels,
    /// One string without its escapes.
    pub(crate) decoded: Vec<u8>,
    /// Changes to the text, where the text is what is stored.
    pub(crate) edits: Edits,
    /// What only JSON Schema's pass needs.
    pub(crate) json_schema: crate::json_schema::Space,
    /// What only Avro's pass needs.
    pub(crate) avro: crate::avro::write::Space,
    /// What only Protobuf's pass needs.
    pub(crate) protobuf: crate::protobuf::write::Space,
}

impl Memory {
    /// Gives back what an unusually big event has taken.
    pub(crate) fn trim(&mut self) {
        self.decoded.clear();
        self.decoded.shrink_to(KEPT);
        self.names.trim();
        self.levels.trim();
        self.edits.trim();
        self.json_schema.trim();
        self.avro.trim();
        self.protobuf.trim();
    }
}

/// Reads a string's characters.
#[inline]
pub(crate) fn characters<'a: 't, 't>(reader: &mut Reader<'a>, decoded: &'t mut Vec<u8>) -> Result<&'t [u8], Stop> {
    if reader.byte() != b'"' {
        return Err(Stop::Mismatch);
    }
    if let Some(plain) = reader.plain_string() {
        return Ok(plain);
    }
    let string = reader.string()?;
    if string.lone {
        return Err(Stop::Fatal);
    }
    Ok(string.text(reader.bytes(), decoded))
}

/// Steps over a value that is not written.
pub(crate) fn skip(reader: &mut Reader<'_>, memory: &mut Memory) -> Result<(), Stop> {
    skip_value(reader, &mut memory.names, &mut memory.levels).map_err(|_| Stop::Fatal)
}

/// Steps over a member that no field is called like. `open` holds the names of the object's other such members.
pub(crate) fn skip_member(reader: &mut Reader<'_>, memory: &mut Memory, open: &mut Option<Open>) -> Result<(), Stop> {
    let name = reader.string()?;
    let open = *open.get_or_insert_with(|| memory.names.open());
    if name.lone || !memory.names.add(open, reader.bytes(), name) {
        return Err(Stop::Fatal);
    }
    reader.colon()?;
    skip(reader, memory)
}
