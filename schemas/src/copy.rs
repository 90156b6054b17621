//! A refused event's text for those who look into why: personal values treated as its contract says, and what the schema
//! did not accept masked, since nobody knows what stands there. Knows the text and the contract, no schema.

use crate::avro::tap::array_index;
use crate::contract::{Contract, Format, Pointer, Unions, UnknownFields};
use crate::edit::{Edits, Gaps};
use crate::fault::{MAX_MISMATCHES, Mismatch};
use crate::json::Kind;
use crate::json::names::Names;
use crate::json::reader::{Expected, Reader};
use crate::json::skip::{Levels, check_text, skip_value};
use crate::pick::EVERY;
use crate::pii::{Action, HashKey, Treatment};

/// Characters of a member's name that a mismatch's pointer repeats; a longer one is cut and ends in `…`.
const CUT: (usize, char) = (129, '…');

/// The text of a refused event, fit to be kept: byte for byte as it came, but for personal values, which are dropped,
/// masked or hashed as the contract says (hashes are masks without a key), and the values at the mismatches, which are
/// masked. A contract without personal values keeps any text, also one that is no JSON.
///
/// None where personal values could be left: in a text that is not JSON with one meaning; where more may be wrong than the
/// mismatches list; where the contract drops members that its schema does not know; and in Protobuf, whose events may
/// call a field by another name than the contract does.
pub fn copy(contract: &Contract, hash_key: Option<&HashKey>, text: &[u8], faults: &[Mismatch]) -> Option<Vec<u8>> {
    if contract.pii.is_empty() {
        return Some(text.to_vec());
    }
    let unsure = contract.value.format == Format::Protobuf || contract.value.unknown_fields == UnknownFields::Drop;
    if unsure || faults.len() >= MAX_MISMATCHES {
        return None;
    }
    let reader = Reader::of(text).ok()?;
    check_text(&mut { reader }, &mut Names::default(), &mut Levels::default()).ok()?;
    let mut ways: Vec<Way> = contract.pii.iter().map(|one| Way::personal(&one.pointer, one.action, hash_key)).collect();
    for fault in faults {
        ways.push(Way::mismatch(&fault.pointer)?);
    }
    let tagged = contract.value.format == Format::Avro && contract.value.unions != Unions::Plain;
    let mut walk = Walk { reader, ways: &ways, tagged, edits: Edits::default(), decoded: Vec::new() };
    walk.reader.space();
    let start: Vec<Step> = (0..ways.len()).map(|way| Step { way, at: 0 }).collect();
    if walk.value(&start).ok()? {
        // The whole event is personal.
        return None;
    }
    let mut copy = Vec::new();
    walk.edits.apply(text, 0, text.len(), &mut copy);
    Some(copy)
}

/// The way to a value that is not kept as it is.
struct Way {
    tokens: Vec<String>,
    /// Whether `*` is every element and every member, and a union's tag may stand between two tokens.
    personal: bool,
    treatment: Treatment,
}

impl Way {
    fn personal(pointer: &Pointer, action: Action, hash_key: Option<&HashKey>) -> Self {
        let treatment = match (action, hash_key) {
            (Action::Drop, _) => Treatment::Drop,
            (Action::Hash, Some(key)) => Treatment::Hash(key.clone()),
            (Action::Mask | Action::Hash, _) => Treatment::Mask,
        };
        Self { tokens: pointer.tokens.clone(), personal: true, treatment }
    }

    /// None if it can't be told where the value is.
    fn mismatch(pointer: &str) -> Option<Self> {
        let mut tokens = Pointer::parse(pointer).ok()?.tokens;
        let cut = |token: &String| token.ends_with(CUT.1) && token.chars().count() >= CUT.0;
        if let Some(known) = tokens.iter().position(cut) {
            tokens.truncate(known);
        }
        Some(Self { tokens, personal: false, treatment: Treatment::Mask })
    }
}

/// How far a way was followed: to the token that comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Step {
    way: usize,
    at: usize,
}

struct Walk<'a> {
    reader: Reader<'a>,
    ways: &'a [Way],
    /// Whether a union's branch may be told by an object of one member.
    tagged: bool,
    edits: Edits,
    decoded: Vec<u8>,
}

impl<'a> Walk<'a> {
    /// Walks over a value; says whether it is to be left out.
    fn value(&mut self, steps: &[Step]) -> Result<bool, Expected> {
        let start = self.reader.at();
        let kind = self.reader.kind()?;
        if let Some(treatment) = self.arrived(steps) {
            self.skip()?;
            let masked = match (treatment, kind) {
                (Treatment::Drop, _) => return Ok(true),
                (Treatment::Hash(_), Kind::String | Kind::Number) => treatment,
                _ => &Treatment::Mask,
            };
            self.edits.treat(masked, self.reader.bytes(), (start, self.reader.at()), &mut self.decoded);
            return Ok(false);
        }
        match kind {
            Kind::Object if !steps.is_empty() => self.object(steps)?,
            Kind::Array if !steps.is_empty() => self.array(steps)?,
            _ => self.skip()?,
        }
        Ok(false)
    }

    /// What becomes of a value: of several treatments, the one that leaves least.
    fn arrived(&self, steps: &[Step]) -> Option<&'a Treatment> {
        let ways = self.ways;
        let ended = steps.iter().map(|step| (&ways[step.way], step.at)).filter(|(way, at)| *at == way.tokens.len());
        ended.map(|(way, _)| &way.treatment).max_by_key(|treatment| match treatment {
            Treatment::Hash(_) => 0,
            Treatment::Mask => 1,
            Treatment::Drop => 2,
        })
    }

    fn object(&mut self, steps: &[Step]) -> Result<(), Expected> {
        self.reader.open()?;
        let mut gaps = Gaps::default();
        let mut first = true;
        let mut more = self.reader.first_member()?;
        while more {
            let start = self.reader.at();
            gaps.member(start, &mut self.edits);
            let name = self.reader.string()?;
            let name = name.text(self.reader.bytes(), &mut self.decoded).to_vec();
            self.reader.colon()?;
            let inner =
                self.follow(steps, first, |way, token| token.as_bytes() == name || (token == EVERY && way.personal));
            let dropped = self.value(&inner)?;
            gaps.end(start, self.reader.at(), dropped, &mut self.edits);
            first = false;
            more = self.reader.next_member()?;
        }
        gaps.close(&mut self.edits);
        Ok(())
    }

    fn array(&mut self, steps: &[Step]) -> Result<(), Expected> {
        self.reader.open()?;
        let mut index = 0;
        let mut more = self.reader.first_item();
        while more {
            let inner = self.follow(steps, false, |way, token| {
                array_index(token) == Some(index) || (token == EVERY && way.personal)
            });
            let start = self.reader.at();
            if self.value(&inner)? {
                // It has a place to keep.
                let end = self.reader.at();
                self.edits.treat(&Treatment::Mask, self.reader.bytes(), (start, end), &mut self.decoded);
            }
            index += 1;
            more = self.reader.next_item()?;
        }
        Ok(())
    }

    /// The steps below: those whose token leads there, and, where a union's tag may stand, those of personal values as they
    /// are.
    fn follow(&self, steps: &[Step], first: bool, leads: impl Fn(&Way, &str) -> bool) -> Vec<Step> {
        let mut below: Vec<Step> = Vec::new();
        for step in steps {
            let way = &self.ways[step.way];
            let on = way.tokens.get(step.at).is_some_and(|token| leads(way, token));
            let on = on.then_some(Step { at: step.at + 1, ..*step });
            let same = (first && self.tagged && way.personal).then_some(*step);
            for next in on.into_iter().chain(same) {
                // The same place may be reached with a tag and without.
                if !below.contains(&next) {
                    below.push(next);
                }
            }
        }
        below
    }

    fn skip(&mut self) -> Result<(), Expected> {
        skip_value(&mut self.reader, &mut Names::default(), &mut Levels::default())
            .map_err(|_| Expected("JSON with one meaning"))
    }
}
