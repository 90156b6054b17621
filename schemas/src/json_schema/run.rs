//! One schema, ready for events: the program where there is one, the judge behind it or in its place.

use super::check::Checker;
use super::compile::compile as compile_states;
use super::flatten::Slow;
use super::judge::{Judge, Verdict};
pub(crate) use super::lead::Lost;
use super::object;
use super::states::States;
use crate::fault::{Fault, Mismatch};
use crate::json::reader::Reader;
use crate::json::skip::check_text;
use crate::pass::{Leaf, Memory, Stop};
use crate::pick::{Tree, pick};
use crate::pii::{Treatment, Untreatable};
use crate::schema::{Mistake, Schema};

/// A compiled schema. Immutable once its pointers are in.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) fast: Result<States, Slow>,
    judge: Judge,
    /// What the contract picks, for events that only the judge reads.
    tree: Tree,
}

/// Compiles a schema.
pub(crate) fn compile(schema: &Schema) -> Result<Program, Vec<Mistake>> {
    let (judge, documents) = Judge::new(schema)?;
    let orders = schema.text().map(object::orders).unwrap_or_default();
    let fast = compile_states(&documents.root, documents.draft, &orders);
    if fast.is_err() {
        judge.warm();
    }
    Ok(Program { fast, judge, tree: Tree::default() })
}

impl Program {
    /// Why the whole schema is left to the judge, if it is: a keyword and its place.
    pub(crate) fn slow_because(&self) -> Option<&str> {
        self.fast.as_ref().err().map(|slow| slow.0.as_str())
    }

    /// Has the value at a pointer noted in a slot. `fits` tells which types it may be; where the schema is left to the
    /// judge, any value may be there, and it is noted as `judged`.
    pub(crate) fn tap(
        &mut self,
        tokens: &[String],
        slot: usize,
        fits: impl Fn(Leaf) -> bool,
        judged: Leaf,
    ) -> Result<(), Lost> {
        let leaf = match &mut self.fast {
            Ok(states) => states.tap(tokens, slot, &fits)?,
            Err(_) => judged,
        };
        self.tree.tap(tokens, slot, leaf);
        Ok(())
    }

    /// Has the value at a pointer treated, after all taps.
    pub(crate) fn treat(&mut self, tokens: &[String], treatment: &Treatment) -> Result<(), Untreatable> {
        match &mut self.fast {
            Ok(states) => states.treat(tokens, treatment)?,
            Err(slow) => {
                let Slow(reason) = slow;
                return Err(Untreatable::Unfit(format!(
                    "a schema with {reason}, of which it can't be said beforehand that it accepts the result"
                )));
            }
        }
        self.tree.treat(tokens, treatment)
    }

    /// No event's text is shorter than this many bytes.
    pub(crate) fn shortest_text(&self) -> usize {
        self.fast.as_ref().map_or(1, States::shortest_text)
    }

    /// Reads one event's text and appends what is stored: the text, white space around it aside, with its changes. What
    /// was picked is in the memory.
    pub(crate) fn write(&self, reader: Reader<'_>, arena: &mut Vec<u8>, memory: &mut Memory) -> Result<(), Refused> {
        if let Ok(states) = &self.fast {
            let mut checker = Checker::new(states, reader, memory);
            if let Ok((start, end)) = checker.run() {
                memory.edits.apply(reader.bytes(), start, end, arena);
                return Ok(());
            }
        }
        self.judge(reader, arena, memory)
    }

    /// Whether judge and fast pass say nothing that contradicts the other. For assertions.
    pub(crate) fn agrees(&self, reader: Reader<'_>) -> bool {
        let mut memory = Memory::default();
        let Ok(states) = &self.fast else { return true };
        let fast = Checker::new(states, reader, &mut memory).run();
        memory.names.reset();
        let sound = check_text(&mut { reader }, &mut memory.names, &mut memory.levels).is_ok();
        let accepted = sound && matches!(self.judge.judge(reader.bytes()), Verdict::Accepted);
        match fast {
            Ok(_) => accepted,
            Err(Stop::Mismatch) => !accepted,
            Err(Stop::Fatal) => true,
        }
    }

    #[cold]
    fn judge(&self, reader: Reader<'_>, arena: &mut Vec<u8>, memory: &mut Memory) -> Result<(), Refused> {
        memory.names.reset();
        check_text(&mut { reader }, &mut memory.names, &mut memory.levels)
            .map_err(|flaw| Refused::Flawed(flaw.into()))?;
        let verdict = self.judge.judge(reader.bytes());
        // A text that was checked is walked over to its end: there is nothing in a schema's own tree to be hashed
        // that is no string.
        let picked = pick(&self.tree, reader, memory);
        match (verdict, picked) {
            (Verdict::Accepted, Ok((start, end))) => {
                memory.edits.apply(reader.bytes(), start, end, arena);
                Ok(())
            }
            (Verdict::Accepted, Err(_)) => Err(Refused::Unlike(Vec::new())),
            (Verdict::Refused(mismatches), _) => Err(Refused::Unlike(mismatches)),
        }
    }
}

/// Why an event is not stored.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Not JSON, or not one meaning.
    Flawed(Fault),
    /// The schema does not accept it. The values that the contract picks are in the memory, as far as they are there.
    Unlike(Vec<Mismatch>),
}
