//! One contract, compiled: an event's text is read once, checked, and its record's bytes are written into the
//! batch's arena, with the few values that the contract names picked out on the way.

mod compile;
mod text;
mod facts;

use std::ops::Range;

use self::facts::Facts;
use self::text::Tree;
use crate::avro::explain::explain;
use crate::avro::program::Program;
use crate::avro::write::{Memory, Taps, Writer};
use crate::contract::{BytesText, Contract};
use crate::json::reader::Reader;
use crate::json::skip::check_text;
use crate::json::{Flaw, SyntaxError};
use crate::problem::Problem;

/// A contract's program. Immutable; shared by all requests.
#[derive(Debug)]
pub struct Encoder {
    /// What stands before the payload.
    prefix: Vec<u8>,
    body: Body,
    facts: Facts,
}

/// How the payload is made.
#[derive(Debug)]
enum Body {
    Avro(Program),
    Json(Tree),
    String,
    Bytes(BytesText),
}

/// Working memory that one caller lends to one call after another.
#[derive(Debug, Default)]
pub struct Scratch {
    memory: Memory,
}

/// What one event became. Ranges lie in the arena.
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
}

/// Why one event was not encoded. Never holds a value of the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON text (RFC 8259). In a JSON array this sinks the whole document, in NDJSON the line.
    Syntax {
        /// Byte offset in the event's text.
        offset: usize,
        /// What would have been right there.
        expected: &'static str,
    },
    /// JSON, but not one meaning: duplicate member, lone surrogate, nested too deeply.
    Ambiguous {
        /// JSON Pointer of the place.
        pointer: String,
        /// What is wrong there, as a sentence.
        detail: &'static str,
    },
    /// The schema does not accept it: every mismatch, 20 at most.
    Violation(Vec<Mismatch>),
    /// The contract takes the key from this pointer, and the event has none or null there.
    MissingKey {
        /// JSON Pointer of the key.
        pointer: String,
    },
}

/// One place where an event and its schema disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON Pointer (RFC 6901) into the event; a missing or unknown member is named itself.
    pub pointer: String,
    /// What the schema accepts there, for people.
    pub expected: String,
    /// The kind of what stands there (`string`, `number`, `missing`, …); never its value.
    pub actual: &'static str,
}

impl Encoder {
    /// Compiles a contract. `schema` is the text of the file that `contract.value.format` names.
    pub fn compile(contract: &Contract, schema: Option<&str>) -> Result<Self, Vec<Problem>> {
        compile::compile(contract, schema)
    }

    /// Reads one event's text once and appends its record's bytes to `arena`; what a failed event wrote is taken back.
    pub fn encode(&self, text: &[u8], arena: &mut Vec<u8>, scratch: &mut Scratch) -> Result<Encoded, Fault> {
        let start = arena.len();
        let memory = &mut scratch.memory;
        let encoded = self.append(text, arena, memory);
        memory.trim();
        encoded.inspect_err(|_| arena.truncate(start))
    }

    fn append(&self, text: &[u8], arena: &mut Vec<u8>, memory: &mut Memory) -> Result<Encoded, Fault> {
        let reader = Reader::of(text)?;
        let start = arena.len();
        arena.extend_from_slice(&self.prefix);
        let taps = self.payload(reader, arena, memory)?;
        let value = start..arena.len();
        let found = self.facts.append(self, &reader, &taps, arena)?;
        Ok(Encoded { value, key: found.key, id: found.id, time_millis: found.time_millis })
    }

    fn payload(&self, reader: Reader<'_>, arena: &mut Vec<u8>, memory: &mut Memory) -> Result<Taps, Fault> {
        match &self.body {
            Body::Avro(program) => {
                let mut writer = Writer::new(program, reader, arena, memory);
                if writer.run().is_err() {
                    return Err(self.refuse(program, reader, arena, memory));
                }
                let taps = writer.taps;
                debug_assert!(agrees(program, reader, &taps), "the slow pass accepts what the fast one accepts");
                Ok(taps)
            }
            Body::Json(tree) => text::json(tree, reader, arena, memory),
            Body::String => text::string(reader, arena, memory, None),
            Body::Bytes(spelling) => text::string(reader, arena, memory, Some(*spelling)),
        }
    }

    /// What is wrong with an event that the fast pass refused.
    #[cold]
    fn refuse(&self, program: &Program, reader: Reader<'_>, arena: &mut Vec<u8>, memory: &mut Memory) -> Fault {
        if let Err(fault) = check(reader, memory) {
            return fault;
        }
        let mut report = explain(Writer::new(program, reader, arena, memory));
        self.facts.complete(self, &reader, &report.taps, &mut report.mismatches);
        Fault::Violation(report.mismatches)
    }

    fn program(&self) -> Option<&Program> {
        match &self.body {
            Body::Avro(program) => Some(program),
            _ => None,
        }
    }
}

/// Whether the slow pass finds nothing wrong with an accepted event, and the same values in it.
fn agrees(program: &Program, reader: Reader<'_>, taps: &Taps) -> bool {
    let (mut out, mut memory) = (Vec::new(), Memory::default());
    let report = explain(Writer::new(program, reader, &mut out, &mut memory));
    check(reader, &mut memory).is_ok() && report.mismatches.is_empty() && report.taps == *taps
}

/// Whether the whole text is JSON with one meaning.
fn check(mut reader: Reader<'_>, memory: &mut Memory) -> Result<(), Fault> {
    memory.names.reset();
    Ok(check_text(&mut reader, &mut memory.names, &mut memory.levels)?)
}

impl From<Flaw> for Fault {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Syntax(error) => error.into(),
            Flaw::Ambiguous { pointer, detail } => Self::Ambiguous { pointer, detail },
        }
    }
}

impl From<SyntaxError> for Fault {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax { offset: error.offset, expected: error.expected }
    }
}
