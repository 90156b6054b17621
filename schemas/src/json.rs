//! JSON text (RFC 8259) as it arrives: read in place, piece by piece, never as a tree. Knows grammar, nesting,
//! duplicate names and lone surrogates. Knows no schema.

pub(crate) mod reader;
pub(crate) mod string;
pub(crate) mod number;
pub(crate) mod names;
pub(crate) mod skip;
pub(crate) mod pointer;
pub(crate) mod bytes;
mod split;

pub use split::{Document, SplitError, split};

use std::fmt;

/// Arrays and objects inside one another, at most. Deeper text is JSON, but refused.
pub const MAX_DEPTH: usize = 64;

/// Where a text stops being JSON (RFC 8259).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What would have been right there.
    pub expected: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.offset)
    }
}

impl std::error::Error for SyntaxError {}

/// What is wrong with a text before any schema has a say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Not JSON.
    Syntax(SyntaxError),
    /// JSON with more than one meaning: the first such place.
    Ambiguous { pointer: String, detail: &'static str },
}

/// The kinds of JSON value, in the order in which unions keep their candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// How many kinds there are.
    pub(crate) const COUNT: usize = 6;

    /// The word that people read.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }

    /// This kind's bit in a set of kinds.
    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }
}
