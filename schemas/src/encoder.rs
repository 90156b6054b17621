//! One contract, compiled: an event's text is read once, checked, and its record's bytes are written into the
//! batch's arena, with the few values that the contract names picked out on the way.

mod material;
mod compile;
mod part;
mod personal;
mod text;
mod facts;
mod picks;
mod check;

use std::ops::Range;

use self::facts::Facts;
use self::picks::Picks;
use self::text::check;
use crate::contract::BytesText;
use crate::json::reader::Reader;
use crate::json_schema::{self, Refused};
use crate::pass::{FACTS, Leaf, Memory, Stop, Tapped, Taps};
use crate::pick::Tree;
use crate::picked::Picked;
use crate::report::Report;
use crate::{avro, protobuf};

pub use self::check::Payload;
pub use self::material::{Material, Sourced};
pub use crate::fault::{Fault, Mismatch};
pub use crate::pass::MAX_PICKS;

/// A contract's program. Immutable; shared by all requests.
#[derive(Debug)]
pub struct Encoder {
    /// What stands before the payload.
    prefix: Vec<u8>,
    body: Body,
    facts: Facts,
    picks: Picks,
}

/// How the payload is made.
#[derive(Debug)]
enum Body {
    Avro(avro::program::Program),
    Protobuf(protobuf::program::Program),
    JsonSchema(Box<json_schema::Program>),
    Json(Tree),
    String,
    Bytes(BytesText),
}

/// Working memory that one caller lends to one call after another.
#[derive(Debug, Default)]
pub struct Scratch {
    memory: Memory,
    picked: Picked,
}

impl Scratch {
    /// The picks of all events since this was last asked, in the order of [`Encoded::picks`]. The next event's begin at 0
    /// again.
    pub fn take_picks(&mut self) -> Picked {
        std::mem::take(&mut self.picked)
    }
}

/// What one event became. Ranges lie in the arena, where they don't say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The record's value, framing included.
    pub value: Range<usize>,
    /// The record's key, where the contract takes it from the event.
    pub key: Option<Range<usize>>,
    /// The event's id as text, where the contract names one.
    pub id: Option<Range<usize>>,
    /// The event's time in milliseconds since the epoch, where the contract names one and the event has it.
    pub time_millis: Option<i64>,
    /// The values of the fields that the contract binds, in its order, and then of those that its material names: a range
    /// of [`Scratch::take_picks`].
    pub picks: Range<usize>,
}

impl Encoder {
    /// Reads one event's text once and appends its record's bytes to `arena`; what a failed event wrote is taken back.
    pub fn encode(&self, text: &[u8], arena: &mut Vec<u8>, scratch: &mut Scratch) -> Result<Encoded, Fault> {
        let (start, picked) = (arena.len(), scratch.picked.mark());
        let encoded = self.append(text, arena, scratch);
        scratch.memory.trim();
        encoded.inspect_err(|_| {
            arena.truncate(start);
            scratch.picked.take_back(picked);
        })
    }

    /// Why the schema's judge reads every event as a tree, where it does: a keyword that the one pass over the text does
    /// not know, and its place in the schema.
    pub fn slow_because(&self) -> Option<&str> {
        match &self.body {
            Body::JsonSchema(program) => program.slow_because(),
            _ => None,
        }
    }

    fn append(&self, text: &[u8], arena: &mut Vec<u8>, scratch: &mut Scratch) -> Result<Encoded, Fault> {
        let Scratch { memory, picked } = scratch;
        let reader = Reader::of(text)?;
        let value = self.value(reader, arena, memory)?;
        let facts = self.facts.of_text(&reader, &memory.taps);
        let first = picked.len();
        if !self.picks.is_empty() {
            self.picks.of_text(reader, memory, picked)?;
        }
        let found = self.facts.append(&facts, arena, memory)?;
        Ok(Encoded { value, key: found.key, id: found.id, time_millis: found.time_millis, picks: first..picked.len() })
    }

    /// Appends a record's value. What was picked is in the memory.
    fn value(&self, reader: Reader<'_>, arena: &mut Vec<u8>, memory: &mut Memory) -> Result<Range<usize>, Fault> {
        let start = arena.len();
        arena.extend_from_slice(&self.prefix);
        self.payload(reader, arena, memory)?;
        Ok(start..arena.len())
    }

    fn payload(&self, reader: Reader<'_>, arena: &mut Vec<u8>, memory: &mut Memory) -> Result<(), Fault> {
        match &self.body {
            Body::Avro(program) => {
                let mut writer = avro::write::Writer::new(program, reader, arena, memory);
                let read = writer.run();
                self.settle(read, reader, memory, |memory| {
                    avro::explain::explain(avro::write::Writer::new(program, reader, &mut Vec::new(), memory))
                })
            }
            Body::Protobuf(program) => {
                let mut writer = protobuf::write::Writer::new(program, reader, arena, memory);
                let read = writer.run();
                self.settle(read, reader, memory, |memory| {
                    protobuf::explain::explain(protobuf::write::Writer::new(program, reader, &mut Vec::new(), memory))
                })
            }
            Body::JsonSchema(program) => match program.write(reader, arena, memory) {
                Ok(()) => {
                    debug_assert!(program.agrees(reader), "the judge accepts what the fast pass accepts");
                    Ok(())
                }
                Err(Refused::Flawed(fault)) => Err(fault),
                Err(Refused::Unlike(mut mismatches)) => {
                    let picked = self.facts.of_text(&reader, &memory.taps);
                    self.facts.complete(&picked, &mut mismatches, memory);
                    Err(Fault::Violation(mismatches))
                }
            },
            Body::Json(tree) => text::json(tree, reader, arena, memory),
            Body::String => {
                let whole = text::string(reader, arena, memory, None)?;
                self.note_whole(whole, Leaf::Text, memory);
                Ok(())
            }
            Body::Bytes(spelling) => {
                let whole = text::string(reader, arena, memory, Some(*spelling))?;
                self.note_whole(whole, Leaf::Bytes, memory);
                Ok(())
            }
        }
    }

    /// An event that is one string is all that a pointer can lead to. `leaf`: what it is to those who pick it.
    fn note_whole(&self, whole: Tapped, leaf: Leaf, memory: &mut Memory) {
        memory.taps.clear();
        for slot in 0..FACTS {
            memory.taps.note(slot, whole);
        }
        for slot in self.picks.slots() {
            memory.taps.note(slot, Tapped { leaf, ..whole });
        }
    }

    /// Writes a part of an event that has a program of its own.
    fn append_part(&self, text: &str, arena: &mut Vec<u8>, memory: &mut Memory) -> Result<(), Fault> {
        self.value(Reader::of(text.as_bytes())?, arena, memory).map(drop)
    }

    /// Takes what a fast pass found, or asks the slow one what is wrong.
    #[inline]
    fn settle(
        &self,
        read: Result<(), Stop>,
        reader: Reader<'_>,
        memory: &mut Memory,
        explain: impl Fn(&mut Memory) -> Report,
    ) -> Result<(), Fault> {
        match read {
            Ok(()) => {
                debug_assert!(
                    agrees(reader, &memory.taps, &explain),
                    "the slow pass accepts what the fast one accepts"
                );
                Ok(())
            }
            Err(_) => Err(self.refuse(reader, memory, explain)),
        }
    }

    /// What is wrong with an event that the fast pass refused.
    #[cold]
    fn refuse(&self, reader: Reader<'_>, memory: &mut Memory, explain: impl Fn(&mut Memory) -> Report) -> Fault {
        if let Err(fault) = check(reader, memory) {
            return fault;
        }
        let mut report = explain(memory);
        let picked = self.facts.of_text(&reader, &report.taps);
        self.facts.complete(&picked, &mut report.mismatches, memory);
        Fault::Violation(report.mismatches)
    }
}

/// Whether the slow pass finds nothing wrong with an accepted event, and the same values in it.
fn agrees(reader: Reader<'_>, taps: &Taps, explain: impl Fn(&mut Memory) -> Report) -> bool {
    let mut memory = Memory::default();
    let report = explain(&mut memory);
    check(reader, &mut memory).is_ok() && report.mismatches.is_empty() && report.taps == *taps
}
