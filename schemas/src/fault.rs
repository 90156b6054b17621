//! Why an event was refused, said without a value of it. A floor: the schema's passes and the encoder stand on it.

use crate::json::{Flaw, SyntaxError};

/// Mismatches that one report lists.
pub(crate) const MAX_MISMATCHES: usize = 20;

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
    /// Bytes that are not what the contract says.
    Undecodable {
        /// Byte offset in the payload.
        offset: usize,
        /// What would have been right there.
        expected: String,
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
    /// The kind of what stands there (`string`, `number with a fraction`, `missing`, …); never its value.
    pub actual: &'static str,
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
