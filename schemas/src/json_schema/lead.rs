//! Where a contract's JSON Pointers lead in a program. The states on the way are copied, so that a schema that is used in
//! several places is picked only where the pointer goes.

use std::collections::HashMap;

use super::states::{ALL_KINDS, NONE, Picks, State, StateId, States, Whole};
use super::string::Answer;
use super::string::Format;
use crate::avro::tap::array_index;
use crate::json::{Kind, MAX_DEPTH};
use crate::pass::Leaf;
use crate::pick::EVERY;
use crate::pii::{HASH_LENGTH, MASK, Treatment, Untreatable};

/// The highest index of an element that a pointer may lead to: all before it become states of their own.
const MAX_INDEX: usize = 1_024;

/// Why a pointer can't be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lost {
    /// No value that the schema accepts is there.
    Nowhere,
    /// What is there can never be what the contract takes it for: what it is, for people.
    Unfit(String),
}

impl States {
    /// Has the value at a pointer noted in a slot; gives what the schema says that it is.
    pub(super) fn tap(&mut self, tokens: &[String], slot: usize, fits: &dyn Fn(Leaf) -> bool) -> Result<Leaf, Lost> {
        let found = std::cell::Cell::new(Leaf::Any);
        let pick = |state: &State, picks: &mut Picks| {
            let leaf = leaf(state);
            found.set(leaf);
            picks.slots.push((slot, leaf));
            if fits(leaf) { Ok(()) } else { Err(Lost::Unfit(kinds(state))) }
        };
        self.lead(tokens, &pick, false)?;
        Ok(found.get())
    }

    /// Has the value at a pointer treated.
    pub(super) fn treat(&mut self, tokens: &[String], treatment: &Treatment) -> Result<(), Untreatable> {
        let dropped = matches!(treatment, Treatment::Drop);
        let pick = |state: &State, picks: &mut Picks| {
            if picks.treatment.replace(treatment.clone()).is_some() {
                return Err(Lost::Unfit("a value that is treated already".to_owned()));
            }
            if dropped { Ok(()) } else { accepts(state, treatment).map_err(Lost::Unfit) }
        };
        self.lead(tokens, &pick, dropped).map_err(|lost| match lost {
            Lost::Nowhere => Untreatable::Nowhere,
            Lost::Unfit(unfit) => Untreatable::Unfit(unfit),
        })
    }

    fn lead(&mut self, tokens: &[String], pick: Pick<'_>, dropped: bool) -> Result<(), Lost> {
        if tokens.len() > MAX_DEPTH {
            return Err(Lost::Nowhere);
        }
        let mut leader = Leader { states: &mut self.all, pick, dropped, copies: HashMap::new() };
        self.root = leader.lead(self.root, tokens)?;
        Ok(())
    }
}

/// Adds what the contract wants to a state's picks, or says why not.
type Pick<'p> = &'p dyn Fn(&State, &mut Picks) -> Result<(), Lost>;

struct Leader<'p> {
    states: &'p mut Vec<State>,
    pick: Pick<'p>,
    /// Whether the value is left out.
    dropped: bool,
    /// Copies by original and tokens left: an array and an object may lead to the same copy.
    copies: HashMap<(StateId, usize), Result<StateId, Lost>>,
}

impl Leader<'_> {
    fn lead(&mut self, id: StateId, tokens: &[String]) -> Result<StateId, Lost> {
        if let Some(known) = self.copies.get(&(id, tokens.len())) {
            return known.clone();
        }
        let copy = self.copy(id, tokens);
        self.copies.insert((id, tokens.len()), copy.clone());
        copy
    }

    fn copy(&mut self, id: StateId, tokens: &[String]) -> Result<StateId, Lost> {
        if id == NONE {
            return Err(Lost::Nowhere);
        }
        let mut state = self.states[id].clone();
        match tokens.split_first() {
            None => {
                let mut picks = state.picks.take().unwrap_or_default();
                (self.pick)(&state, &mut picks)?;
                state.picks = Some(picks);
            }
            Some((token, rest)) => {
                let ways = [self.member(&mut state, token, rest), self.element(&mut state, token, rest)];
                match ways {
                    [Err(lost @ Lost::Unfit(_)), _] | [_, Err(lost @ Lost::Unfit(_))] => return Err(lost),
                    [Err(Lost::Nowhere), Err(Lost::Nowhere)] => return Err(Lost::Nowhere),
                    _ => {}
                }
            }
        }
        self.states.push(state);
        Ok(self.states.len() - 1)
    }

    fn member(&mut self, state: &mut State, token: &str, rest: &[String]) -> Result<(), Lost> {
        let object = state.object.as_deref_mut().filter(|_| token != EVERY).ok_or(Lost::Nowhere)?;
        if object.names.find(token.as_bytes()).is_none() && object.rest == NONE {
            return Err(Lost::Nowhere);
        }
        let field = object.field(token);
        object.fields[field].state = self.lead(object.fields[field].state, rest)?;
        if self.dropped && rest.is_empty() {
            if object.requires(field) || object.least > 0 {
                return Err(Lost::Unfit("a member that is required, so it can't be left out".to_owned()));
            }
            object.drops = true;
        }
        Ok(())
    }

    fn element(&mut self, state: &mut State, token: &str, rest: &[String]) -> Result<(), Lost> {
        let array = state.array.as_deref_mut().ok_or(Lost::Nowhere)?;
        let index = if token == EVERY { None } else { Some(array_index(token).ok_or(Lost::Nowhere)?) };
        if rest.is_empty() && (self.dropped || (index.is_none() && array.unique)) {
            let unfit = "an element of an array, which can't be left out, nor be like others where all must differ";
            return Err(Lost::Unfit(unfit.to_owned()));
        }
        if let Some(index) = index {
            if index > MAX_INDEX {
                return Err(Lost::Nowhere);
            }
            array.prefix.resize(array.prefix.len().max(index + 1), array.rest);
            array.prefix[index] = self.lead(array.prefix[index], rest)?;
            return Ok(());
        }
        let mut found = false;
        for element in array.prefix.iter_mut().chain([&mut array.rest]) {
            match self.lead(*element, rest) {
                Ok(copy) => (*element, found) = (copy, true),
                Err(Lost::Nowhere) => {}
                Err(unfit) => return Err(unfit),
            }
        }
        if found { Ok(()) } else { Err(Lost::Nowhere) }
    }
}

fn leaf(state: &State) -> Leaf {
    const NULL: u8 = Kind::Null.bit();
    const TEXT: u8 = Kind::String.bit();
    const NUMBER: u8 = Kind::Number.bit();
    let formats = || state.texts.iter().flat_map(|texts| &texts.formats);
    let symbol = || !state.allowed.is_empty() || formats().any(|format| matches!(format, Format::Uuid));
    let moment = || formats().any(|format| matches!(format, Format::DateTime));
    match state.kinds & !NULL {
        TEXT if symbol() => Leaf::Symbol,
        TEXT if moment() => Leaf::Stamp,
        TEXT => Leaf::Text,
        NUMBER if state.whole != Whole::Unasked => Leaf::Whole,
        NUMBER => Leaf::Double,
        kinds if kinds & (TEXT | NUMBER) == 0 => Leaf::Other,
        _ => Leaf::Any,
    }
}

/// What a state accepts, as half a sentence.
fn kinds(state: &State) -> String {
    const KINDS: [Kind; Kind::COUNT] =
        [Kind::Null, Kind::Boolean, Kind::Number, Kind::String, Kind::Array, Kind::Object];
    if state.kinds == ALL_KINDS {
        return "any value".to_owned();
    }
    let names: Vec<&str> = KINDS.into_iter().filter(|kind| state.accepts(*kind)).map(Kind::name).collect();
    names.join(" or ")
}

/// Whether a state accepts what a treatment makes of its values, whatever they are.
fn accepts(state: &State, treatment: &Treatment) -> Result<(), String> {
    let text = Kind::String.bit();
    if state.kinds & !Kind::Null.bit() != text {
        return Err(format!("{}, where only a string (or null) can be masked or hashed", kinds(state)));
    }
    let taken = match treatment {
        Treatment::Hash(_) => {
            let texts = state.texts.as_deref();
            state.allowed.is_empty()
                && texts.is_none_or(|texts| {
                    let length = HASH_LENGTH as u64;
                    (texts.least..=texts.most).contains(&length)
                        && texts.formats.is_empty()
                        && texts.patterns.iter().all(super::pattern::Pattern::takes_hashes)
                })
        }
        _ => {
            state.allowed.iter().all(|allowed| allowed.strings.find(MASK.as_bytes()).is_some())
                && state.texts.as_ref().is_none_or(|texts| texts.accept(MASK.as_bytes()) == Answer::Yes)
        }
    };
    if taken {
        Ok(())
    } else {
        Err("a string whose rules (enum, pattern, format, length) refuse the result".to_owned())
    }
}
