//! Expressions of the Common Expression Language (CEL) in rules: read once, held to bounds and types, and judged without
//! allocating where they only look at scalars. Knows no rule.
//!
//! The grammar is the `cel` crate's. Judging is not: that crate makes several allocations for each comparison, reads
//! `duration("5m")` and regular expressions anew each time, and has no bound on its steps. A test judges random
//! expressions with both. Where they differ on purpose:
//!
//! - null and absent are the same: a member that is not there is null, and `has(x)` says whether `x` is not null;
//! - whole numbers and numbers with a fraction mix in arithmetic, since JSON does not tell them apart;
//! - `matches` takes a literal, timestamps are in UTC, and there are no types, optionals or messages as values.
//!
//! What an expression may cost is bounded twice. When it is read: [`syntax::MAX_TEXT`] bytes, [`syntax::MAX_OPERATORS`]
//! operators, [`syntax::MAX_NODES`] parts, two macros inside one another. When it is judged: each step takes from
//! [`eval::FUEL`], a text or a JSON document takes by its length, a regular expression by its size
//! too, and an expression that has none left fails. So the time is bounded whatever an event holds.

pub(crate) mod syntax;
pub(crate) mod node;
pub(crate) mod value;
pub(crate) mod json;
pub(crate) mod wrong;
pub(crate) mod functions;
pub(crate) mod numbers;
pub(crate) mod eval;
pub(crate) mod lower;
pub(crate) mod infer;

use std::borrow::Cow;

use forebay_schemas::contract::Pointer;

use self::infer::{Types, infer};
use self::node::Node;
use crate::rule::Place;

/// Characters of an expression that a sentence shows.
const MAX_SHOWN: usize = 300;

/// What is wrong with an expression: what would have been right, and what stands there.
pub(crate) type Flaw = (String, String);

/// An expression whose result is a boolean, as far as can be known without an event.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// As it was written, on one line.
    pub(crate) text: String,
    pub(crate) root: Node,
    /// The event's fields that it names, in the order of its `Node::Field`s.
    pub(crate) named: Vec<Pointer>,
    /// The header fields that it names, in lower case.
    pub(crate) headers: Vec<String>,
    /// Whether it asks for the values that the contract calls the event's id and time.
    pub(crate) wants_id: bool,
    pub(crate) wants_time: bool,
    /// Whether it asks who sends the event.
    pub(crate) wants_principal: bool,
}

impl Program {
    /// Reads an expression for a rule of this place.
    pub(crate) fn compile(text: &str, place: Place) -> Result<Self, Flaw> {
        let program = lower::lower(text, &syntax::parse(text)?, place)?;
        program.check(&Types::unknown(program.named.len()))?;
        Ok(program)
    }

    /// Holds the expression against the types of the fields that it names.
    pub(crate) fn check(&self, types: &Types) -> Result<(), Flaw> {
        let kind = infer(&self.root, types, &self.named)?;
        if kind.may_be(infer::Type::Bool) {
            return Ok(());
        }
        Err(("an expression that is true or false".to_owned(), format!("one whose result is {}", kind.article())))
    }

    /// Its text as far as a sentence has room for it: each refused event carries it.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self.text.char_indices().nth(MAX_SHOWN) {
            Some((end, _)) => Cow::Owned(format!("{}…", &self.text[..end])),
            None => Cow::Borrowed(&self.text),
        }
    }

    /// Whether it wants the event as a whole.
    pub(crate) fn needs_whole_event(&self) -> bool {
        self.named.iter().any(|pointer| pointer.tokens.is_empty())
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "that is how a test fails")]
mod tests;
