//! One contract, compiled: an event's text is read once, checked, and its record's bytes are written into the
//! batch's arena, with the few values that the contract names picked out on the way.

use std::ops::Range;

use crate::contract::Contract;
use crate::problem::Problem;

/// A contract's program. Immutable; shared by all requests.
#[derive(Debug)]
pub struct Encoder {
    _private: (),
}

/// Working memory that one caller lends to one call after another.
#[derive(Debug, Default)]
pub struct Scratch {
    _private: (),
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
        let _ = (contract, schema);
        Ok(Self { _private: () })
    }

    /// Reads one event's text once and appends its record's bytes to `arena`; what a failed event wrote is taken back.
    pub fn encode(&self, text: &[u8], arena: &mut Vec<u8>, scratch: &mut Scratch) -> Result<Encoded, Fault> {
        let _ = (text, arena, scratch);
        Err(Fault::Syntax { offset: 0, expected: "a program" })
    }
}
