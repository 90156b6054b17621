//! What every format's pass over an event's text shares: working memory that is lent from event to event, and the
//! values that a contract has picked on the way. Knows no format.

use std::borrow::Cow;

use crate::calendar::{Moment, Unit};
use crate::edit::Edits;
use crate::json::names::{Names, Open};
use crate::json::reader::{Expected, Reader};
use crate::json::skip::{Levels, skip_value};

/// The first slots: key, id, time.
pub(crate) const FACTS: usize = 3;

/// The slots behind those: fields that contracts bind and conventions name. Sets of slots are the bits of a [`Slots`].
pub const MAX_PICKS: usize = 61;

/// A set of slots.
pub(crate) type Slots = u64;

const _: () = assert!(FACTS + MAX_PICKS <= Slots::BITS as usize, "each slot has a bit");

/// Where a picked value stands in the text, and what its schema says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tapped {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) leaf: Leaf,
}

/// What was picked out of one event: a log in which the last word on a slot counts. An event of which nothing is picked
/// writes nothing here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taps {
    log: Vec<(usize, Option<Tapped>)>,
}

impl Taps {
    pub(crate) fn clear(&mut self) {
        self.log.clear();
    }

    /// A slot's value stands here.
    pub(crate) fn note(&mut self, slot: usize, tapped: Tapped) {
        self.log.push((slot, Some(tapped)));
    }

    /// These slots have no value.
    pub(crate) fn forget(&mut self, slots: Slots) {
        let forgotten = (0..FACTS + MAX_PICKS).filter(|slot| slots >> slot & 1 == 1);
        self.log.extend(forgotten.map(|slot| (slot, None)));
    }

    /// A slot's value, by what was said last.
    pub(crate) fn get(&self, slot: usize) -> Option<Tapped> {
        self.log.iter().rev().find(|(noted, _)| *noted == slot).and_then(|(_, tapped)| *tapped)
    }

    /// All that was said of slots, in that order.
    pub(crate) fn said(&self) -> impl Iterator<Item = (usize, Option<Tapped>)> {
        self.log.iter().copied()
    }

    /// How much was said so far.
    pub(crate) fn depth(&self) -> usize {
        self.log.len()
    }

    /// Takes back what was said since then.
    pub(crate) fn rewind(&mut self, depth: usize) {
        self.log.truncate(depth);
    }

    fn trim(&mut self) {
        self.log.clear();
        self.log.shrink_to(KEPT / size_of::<(usize, Option<Tapped>)>());
    }
}

impl PartialEq for Taps {
    fn eq(&self, other: &Self) -> bool {
        (0..FACTS + MAX_PICKS).all(|slot| self.get(slot) == other.get(slot))
    }
}

/// What a schema says of a value, as far as those care who pick it.
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
    /// A string that is a timestamp with an offset.
    Stamp,
    /// The schema does not say; what stands in the text decides.
    Any,
    /// A number that a double holds.
    Double,
    /// A number that a float holds.
    Float,
    /// A number of so many digits, so many of them behind the point.
    Decimal { precision: u32, scale: u32 },
    /// A string of one form, such as a date, for which a count may stand.
    Counted,
    /// A number that stands for a symbol.
    SymbolNumber,
    /// Any JSON of which all numbers are doubles.
    Loose,
    /// What stands in the text decides; nothing that a key, an id or a time can be.
    Other,
}

/// A picked value of an event that came as bytes. Null is no value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stored<'a> {
    /// A string, where [`Leaf::Text`] is.
    Text(Cow<'a, str>),
    /// A string, where [`Leaf::Symbol`] is.
    Symbol(Cow<'a, str>),
    /// A whole number, signed or not.
    Whole(i128),
    Bytes(&'a [u8]),
    Moment(Moment),
    Bool(bool),
    Double(f64),
    /// A string, where [`Leaf::Counted`] is.
    Spelled(String),
    /// What only reading the event back as JSON tells; nothing that a key, an id or a time can be.
    Other,
}

/// What was picked out of one event that came as bytes, by slot.
#[derive(Debug, Default)]
pub(crate) struct StoredTaps<'a> {
    /// Key, id, time.
    pub(crate) facts: [Option<Stored<'a>>; FACTS],
    /// The slots behind those, as far as one was filled.
    picks: Vec<Option<Stored<'a>>>,
}

impl<'a> StoredTaps<'a> {
    pub(crate) fn get(&self, slot: usize) -> Option<&Stored<'a>> {
        match slot.checked_sub(FACTS) {
            None => self.facts[slot].as_ref(),
            Some(pick) => self.picks.get(pick)?.as_ref(),
        }
    }

    pub(crate) fn set(&mut self, slot: usize, value: Option<Stored<'a>>) {
        let Some(pick) = slot.checked_sub(FACTS) else {
            self.facts[slot] = value;
            return;
        };
        if pick >= self.picks.len() {
            self.picks.resize(pick + 1, None);
        }
        self.picks[pick] = value;
    }

    /// These slots have no value.
    pub(crate) fn forget(&mut self, slots: Slots) {
        let values = self.facts.iter_mut().chain(&mut self.picks).enumerate();
        values.filter(|(slot, _)| slots >> slot & 1 == 1).for_each(|(_, value)| *value = None);
    }
}

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
    /// What was picked on the way.
    pub(crate) taps: Taps,
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
        self.taps.trim();
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
