//! What every format's pass over an event's text shares: working memory that is lent from event to event, and the
//! values that a contract has picked on the way. Knows no format.

use std::borrow::Cow;

use crate::calendar::Unit;
use crate::edit::Edits;
use crate::fault::Mismatch;
use crate::json::names::Names;
use crate::json::reader::Expected;
use crate::json::skip::Levels;

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

/// What a slow pass found.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) mismatches: Vec<Mismatch>,
    /// Values that the contract picks, where they were accepted.
    pub(crate) taps: Taps,
}

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
