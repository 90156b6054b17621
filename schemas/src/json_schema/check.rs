//! The fast pass: one reading of an event's text, no tree, no allocation. It says yes where the judge would; where it
//! stops, the judge decides.

use super::number::Number;
use super::states::{Array, Field, Object, Picks, State, StateId, States, Whole};
use super::string::Answer;
use crate::edit::Gaps;
use crate::json::Kind;
use crate::json::names::Open;
use crate::json::number::Numeral;
use crate::json::reader::Reader;
use crate::pass::{KEPT, Memory, Stop, Tapped};

/// Digits of a number that is surely in a double's range.
const MAX_DIGITS: usize = 300;

/// What the pass keeps on its way.
#[derive(Debug, Default)]
pub(crate) struct Space {
    /// A bit for each field of the open objects that has had a member.
    seen: Vec<u64>,
}

impl Space {
    /// Gives back what an unusually big event has taken.
    pub(crate) fn trim(&mut self) {
        self.seen.clear();
        self.seen.shrink_to(KEPT / size_of::<u64>());
    }
}

/// One event's pass. `Stop::Mismatch` says that the judge refuses too, `Stop::Fatal` that it alone can tell.
pub(super) struct Checker<'e, 'a> {
    program: &'e States,
    pub(super) reader: Reader<'a>,
    memory: &'e mut Memory,
}

/// An object that is being read.
struct Progress {
    /// Where its bits start in memory.
    seen: usize,
    /// The field that is expected next.
    next: usize,
    /// Members so far.
    count: u64,
    /// Names that no field is called, once there are any.
    others: Option<Open>,
}

impl<'e, 'a> Checker<'e, 'a> {
    /// A pass over a text, before its first byte.
    pub(super) fn new(program: &'e States, reader: Reader<'a>, memory: &'e mut Memory) -> Self {
        memory.names.reset();
        memory.edits.clear();
        memory.taps.clear();
        memory.json_schema.seen.clear();
        Self { program, reader, memory }
    }

    /// The whole text; gives where its value starts and ends.
    pub(super) fn run(&mut self) -> Result<(usize, usize), Stop> {
        self.reader.space();
        let start = self.reader.at();
        self.value(self.program.root)?;
        let end = self.reader.at();
        self.reader.end()?;
        Ok((start, end))
    }

    fn value(&mut self, id: StateId) -> Result<(), Stop> {
        let program = self.program;
        let state = &program.all[id];
        let start = self.reader.at();
        let kind = self.reader.kind()?;
        if !state.accepts(kind) {
            return Err(Stop::Mismatch);
        }
        match kind {
            Kind::String => self.string(state)?,
            Kind::Number => self.number(state)?,
            Kind::Object => self.members(state.object.as_deref().ok_or(Stop::Fatal)?)?,
            Kind::Array => self.elements(state.array.as_deref().ok_or(Stop::Fatal)?)?,
            Kind::Boolean => {
                let value = self.reader.boolean()?;
                sure(state.allowed.iter().all(|allowed| allowed.boolean(value)))?;
            }
            Kind::Null => {
                self.reader.null()?;
                sure(state.allowed.iter().all(super::allowed::Allowed::null))?;
            }
        }
        if let Some(picks) = &state.picks {
            self.pick(picks, start);
        }
        Ok(())
    }

    #[inline]
    fn string(&mut self, state: &State) -> Result<(), Stop> {
        if let Some(plain) = self.reader.plain_string() {
            return characters(state, plain);
        }
        let quoted = self.reader.string()?;
        if quoted.lone {
            return Err(Stop::Fatal);
        }
        characters(state, quoted.text(self.reader.bytes(), &mut self.memory.decoded))
    }

    #[inline]
    fn number(&mut self, state: &State) -> Result<(), Stop> {
        let negative = self.reader.byte() == b'-';
        let number = match self.reader.short_integer() {
            // Minus nothing is a double to the judge.
            Some(0) if negative => Number::Double(-0.0),
            Some(whole) => Number::Whole(whole),
            None => match self.reader.short_double() {
                Some(double) => Number::Double(double),
                None => return self.long_number(state),
            },
        };
        match (state.whole, number) {
            (Whole::Unasked, _) | (_, Number::Whole(_)) => {}
            (Whole::ByValue, number) => sure(number.is_whole())?,
            (Whole::BySpelling, Number::Double(_)) => return Err(Stop::Fatal),
        }
        if let Some(numbers) = &state.numbers {
            sure(numbers.accept(number).ok_or(Stop::Fatal)?)?;
        }
        sure(state.allowed.iter().all(|allowed| allowed.lists(number)))
    }

    /// A number that is not read here passes only where nothing is said of numbers, and the judge could read it.
    #[cold]
    fn long_number(&mut self, state: &State) -> Result<(), Stop> {
        let numeral: Numeral<'_> = self.reader.number()?;
        let short = numeral.text.len() <= MAX_DIGITS && !numeral.text.contains(['e', 'E']);
        let free = state.whole == Whole::Unasked && state.numbers.is_none() && state.allowed.is_empty();
        if short && free { Ok(()) } else { Err(Stop::Fatal) }
    }

    fn members(&mut self, object: &Object) -> Result<(), Stop> {
        self.reader.open()?;
        let seen = self.memory.json_schema.seen.len();
        self.memory.json_schema.seen.resize(seen + object.required.len(), 0);
        let mut progress = Progress { seen, next: 0, count: 0, others: None };
        let mut gaps = Gaps::default();
        let mut more = self.reader.first_member()?;
        while more {
            progress.count += 1;
            if object.drops {
                let start = self.reader.at();
                gaps.member(start, &mut self.memory.edits);
                let dropped = self.member(object, &mut progress)?.is_some_and(|field| self.dropped(object, field));
                gaps.end(start, self.reader.at(), dropped, &mut self.memory.edits);
            } else {
                self.member(object, &mut progress)?;
            }
            more = self.reader.next_member()?;
        }
        gaps.close(&mut self.memory.edits);
        if let Some(open) = progress.others {
            self.memory.names.close(open);
        }
        let bits = &mut self.memory.json_schema.seen;
        let complete = object.required.iter().zip(&bits[seen..]).all(|(required, seen)| required & !seen == 0);
        bits.truncate(seen);
        sure(complete && (object.least..=object.most).contains(&progress.count))
    }

    fn dropped(&self, object: &Object, field: usize) -> bool {
        self.program.all[object.fields[field].state].dropped()
    }

    /// Reads one member; gives its field, if one is called so.
    #[inline]
    fn member(&mut self, object: &Object, progress: &mut Progress) -> Result<Option<usize>, Stop> {
        let expected: Option<&Field> = object.fields.get(progress.next);
        let field = match expected {
            Some(field) if self.reader.exactly(&field.quoted) => progress.next,
            _ => {
                let Some(field) = self.other_name(object, progress)? else {
                    self.reader.colon()?;
                    self.value(object.rest)?;
                    return Ok(None);
                };
                field
            }
        };
        let (word, bit) = (progress.seen + field / 64, 1 << (field % 64));
        let seen = &mut self.memory.json_schema.seen[word];
        if *seen & bit != 0 {
            return Err(Stop::Fatal);
        }
        *seen |= bit;
        progress.next = field + 1;
        self.reader.colon()?;
        self.value(object.fields[field].state)?;
        Ok(Some(field))
    }

    /// Reads a name that is not the expected one: a field's, or another, which no second member may have.
    fn other_name(&mut self, object: &Object, progress: &mut Progress) -> Result<Option<usize>, Stop> {
        let name = self.reader.string()?;
        if name.lone {
            return Err(Stop::Fatal);
        }
        let field = object.names.find(name.text(self.reader.bytes(), &mut self.memory.decoded));
        if field.is_none() {
            let others = *progress.others.get_or_insert_with(|| self.memory.names.open());
            if !self.memory.names.add(others, self.reader.bytes(), name) {
                return Err(Stop::Fatal);
            }
        }
        Ok(field)
    }

    fn elements(&mut self, array: &Array) -> Result<(), Stop> {
        self.reader.open()?;
        let mut count = 0;
        let distinct = array.unique.then(|| self.memory.names.open());
        let mut more = self.reader.first_item();
        while more {
            let start = self.reader;
            self.value(array.prefix.get(count).copied().unwrap_or(array.rest))?;
            if let Some(distinct) = distinct {
                self.differs(start, distinct)?;
            }
            count += 1;
            more = self.reader.next_item()?;
        }
        if let Some(distinct) = distinct {
            self.memory.names.close(distinct);
        }
        sure((array.least..=array.most).contains(&(count as u64)))
    }

    /// Strings are kept like names, of which no two are alike; whether other values differ is the judge's to say.
    fn differs(&mut self, mut start: Reader<'a>, distinct: Open) -> Result<(), Stop> {
        if start.byte() != b'"' {
            return Err(Stop::Fatal);
        }
        let string = start.string()?;
        sure(self.memory.names.add(distinct, self.reader.bytes(), string))
    }

    #[cold]
    fn pick(&mut self, picks: &Picks, start: usize) {
        let end = self.reader.at();
        for (slot, leaf) in &picks.slots {
            self.memory.taps.note(*slot, Tapped { start, end, leaf: *leaf });
        }
        if let Some(treatment) = &picks.treatment {
            let Memory { edits, decoded, .. } = &mut *self.memory;
            edits.treat(treatment, self.reader.bytes(), (start, end), decoded);
        }
    }
}

#[inline]
const fn sure(accepted: bool) -> Result<(), Stop> {
    if accepted { Ok(()) } else { Err(Stop::Mismatch) }
}

#[inline]
fn characters(state: &State, characters: &[u8]) -> Result<(), Stop> {
    sure(state.allowed.iter().all(|allowed| allowed.strings.find(characters).is_some()))?;
    match state.texts.as_ref().map_or(Answer::Yes, |texts| texts.accept(characters)) {
        Answer::Yes => Ok(()),
        Answer::No => Err(Stop::Mismatch),
        Answer::Unsure => Err(Stop::Fatal),
    }
}
