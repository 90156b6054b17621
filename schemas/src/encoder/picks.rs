//! Values that are handed on beside a record's bytes: those of the fields that a contract binds, and of those that
//! conventions name. The passes note where they stand, as they do for key, id and time; here they get their types. What an
//! event's text does not tell is read from its bytes: defaults, and numbers that stand for symbols. What its bytes do not
//! tell without effort, such as arrays, is read back as JSON.

mod text;

use serde_json::Value as Tree;

use self::text::Reading;
use super::Body;
use crate::contract::{BytesText, Contract, Pointer};
use crate::decoder::{Decoder, shortest};
use crate::fault::Fault;
use crate::json::pointer::push_token;
use crate::json::reader::Reader;
use crate::pass::{FACTS, Leaf, MAX_PICKS, Memory, Slots, Stored, StoredTaps, Tapped};
use crate::picked::{Moment, Pick, Picked};
use crate::problem::Problem;
use crate::{avro, protobuf};

/// The values that a topic's events hand on.
#[derive(Debug, Default)]
pub(super) struct Picks {
    wanted: Vec<Wanted>,
    bytes: BytesText,
    /// Slots that an absent field's default fills.
    defaulted: Slots,
    binary: Option<Box<Binary>>,
}

/// One of them.
#[derive(Debug, Default)]
struct Wanted {
    /// Whether the schema has something there.
    found: bool,
    /// Leads on from there, where that is any JSON.
    rest: String,
}

/// The ways between text and bytes of a binary format.
#[derive(Debug)]
struct Binary {
    /// The value's program, without what becomes of personal values.
    plain: Body,
    decoder: Decoder,
}

impl Picks {
    pub(super) fn new(contract: &Contract, named: &[Pointer]) -> Result<Self, Problem> {
        let count = contract.bind.len() + named.len();
        if count > MAX_PICKS {
            let expected = format!("at most {MAX_PICKS} fields that this contract binds and conventions name");
            let path = if contract.bind.is_empty() { "/topic" } else { "/bind" };
            return Err(contract.problem(path, expected, count.to_string()));
        }
        let wanted = (0..count).map(|_| Wanted::default()).collect();
        Ok(Self { wanted, bytes: contract.value.bytes, ..Self::default() })
    }

    /// A slot's pointer leads somewhere; `rest` is what leads on from there.
    pub(super) fn found(&mut self, slot: usize, rest: &[String]) {
        let Some(wanted) = slot.checked_sub(FACTS).and_then(|pick| self.wanted.get_mut(pick)) else { return };
        wanted.found = true;
        for token in rest {
            push_token(&mut wanted.rest, token);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The slots in which there may be something.
    pub(super) fn slots(&self) -> impl Iterator<Item = usize> + Clone {
        self.wanted.iter().enumerate().filter(|(_, wanted)| wanted.found).map(|(pick, _)| FACTS + pick)
    }

    /// For a binary format: its program without treatments, and the way back.
    pub(super) fn set_binary(&mut self, plain: Body, decoder: Decoder) {
        if let Body::Avro(program) = &plain {
            self.defaulted = program.defaulted(&self.slots().collect::<Vec<_>>());
        }
        self.binary = Some(Box::new(Binary { plain, decoder }));
    }

    /// Appends the picks of an event whose text was just read.
    pub(super) fn of_text(&self, reader: Reader<'_>, memory: &mut Memory, picked: &mut Picked) -> Result<(), Fault> {
        let start = picked.len();
        picked.picks.resize(start + self.wanted.len(), Pick::Absent);
        let mut missing = self.defaulted;
        // What was said last of a slot holds.
        for (slot, tapped) in memory.taps.said() {
            let Some(pick) = slot.checked_sub(FACTS) else { continue };
            let value = tapped.and_then(|tapped| self.read(reader, tapped, &self.wanted[pick], picked));
            missing &= !(1 << slot);
            if value.is_none() && (tapped.is_some() || self.defaulted >> slot & 1 == 1) {
                missing |= 1 << slot;
            }
            picked.picks[start + pick] = value.unwrap_or(Pick::Absent);
        }
        if missing == 0 { Ok(()) } else { self.of_written(reader, missing, memory, (start, picked)) }
    }

    /// Appends the picks of an event that came as bytes.
    pub(super) fn of_bytes(
        &self,
        payload: &[u8],
        taps: &StoredTaps<'_>,
        memory: &mut Memory,
        picked: &mut Picked,
    ) -> Result<(), Fault> {
        let start = picked.len();
        picked.picks.resize(start + self.wanted.len(), Pick::Absent);
        let missing = (0..self.wanted.len()).fold(0, |missing, pick| missing | 1 << (FACTS + pick));
        self.fill((payload, taps), missing, memory, (start, picked))
    }

    /// Fills in what the text did not tell, of the event whose picks begin at a place.
    #[cold]
    fn of_written(
        &self,
        reader: Reader<'_>,
        missing: Slots,
        memory: &mut Memory,
        at: (usize, &mut Picked),
    ) -> Result<(), Fault> {
        let Some(binary) = &self.binary else { return Ok(()) };
        let mut payload = Vec::new();
        if !binary.plain.write(reader, &mut payload, memory) {
            return Err(unread());
        }
        let taps = binary.plain.read(&payload, memory)?;
        self.fill((&payload, &taps), missing, memory, at)
    }

    fn fill(
        &self,
        (payload, taps): (&[u8], &StoredTaps<'_>),
        missing: Slots,
        memory: &mut Memory,
        (start, picked): (usize, &mut Picked),
    ) -> Result<(), Fault> {
        let mut others: Slots = 0;
        for pick in (0..self.wanted.len()).filter(|pick| missing >> (FACTS + pick) & 1 == 1) {
            match taps.get(FACTS + pick) {
                None => {}
                Some(stored) if self.wanted[pick].rest.is_empty() && *stored != Stored::Other => {
                    picked.picks[start + pick] = of_stored(stored, picked);
                }
                Some(_) => others |= 1 << (FACTS + pick),
            }
        }
        match &self.binary {
            Some(binary) if others != 0 => self.of_json(binary, payload, others, memory, (start, picked)),
            _ => Ok(()),
        }
    }

    /// Fills in what only reading the event back as JSON tells. What can't be read back is refused: a rule would take it
    /// for absent.
    #[cold]
    fn of_json(
        &self,
        binary: &Binary,
        payload: &[u8],
        others: Slots,
        memory: &mut Memory,
        (start, picked): (usize, &mut Picked),
    ) -> Result<(), Fault> {
        let mut fill = |slot: usize, reader: Reader<'_>, tapped: Tapped| -> Result<(), Fault> {
            if others >> slot & 1 == 1 {
                let (tapped, pick) = (Tapped { leaf: uncounted(tapped.leaf), ..tapped }, slot - FACTS);
                let value = self.read(reader, tapped, &self.wanted[pick], picked).ok_or_else(unread)?;
                picked.picks[start + pick] = value;
            }
            Ok(())
        };
        if let Body::Avro(program) = &binary.plain {
            for (slot, leaf, value) in binary.decoder.tapped(program, payload).map_err(|_| unread())? {
                let text = value.to_string();
                fill(slot, Reader::new(&text), Tapped { start: 0, end: text.len(), leaf })?;
            }
            return Ok(());
        }
        let text = binary.decoder.decode_payload(payload).map_err(|_| unread())?.to_string();
        let reader = Reader::new(&text);
        if !binary.plain.write(reader, &mut Vec::new(), memory) {
            return Err(unread());
        }
        for slot in self.slots() {
            if let Some(tapped) = memory.taps.get(slot) {
                fill(slot, reader, tapped)?;
            }
        }
        Ok(())
    }

    fn read(&self, reader: Reader<'_>, tapped: Tapped, wanted: &Wanted, picked: &mut Picked) -> Option<Pick> {
        if wanted.rest.is_empty() {
            return Reading { reader, bytes: self.bytes, picked }.pick(tapped);
        }
        let tree: Tree = serde_json::from_str(reader.slice(tapped.start, tapped.end)).ok()?;
        let Some(value) = tree.pointer(&wanted.rest) else { return Some(Pick::Absent) };
        let text = value.to_string();
        let whole = Tapped { start: 0, end: text.len(), leaf: Leaf::Loose };
        Reading { reader: Reader::new(&text), bytes: self.bytes, picked }.pick(whole)
    }
}

/// Bytes of which JSON can't say all: a moment beyond the year 9999, an infinite number where JSON has none, a value
/// inside too many others.
#[cold]
fn unread() -> Fault {
    let expected =
        "a payload that JSON can say whole, since the topic's conventions judge a list, a map or a record in it";
    Fault::Undecodable { offset: 0, expected: expected.to_owned() }
}

impl Body {
    /// Writes an event's text that is known to be good; what was picked is in the memory.
    fn write(&self, reader: Reader<'_>, out: &mut Vec<u8>, memory: &mut Memory) -> bool {
        match self {
            Self::Avro(program) => avro::write::Writer::new(program, reader, out, memory).run().is_ok(),
            Self::Protobuf(program) => protobuf::write::Writer::new(program, reader, out, memory).run().is_ok(),
            _ => false,
        }
    }

    fn read<'p>(&'p self, payload: &'p [u8], memory: &mut Memory) -> Result<StoredTaps<'p>, Fault> {
        match self {
            Self::Avro(program) => program.read(payload, &mut Vec::new(), memory),
            Self::Protobuf(program) => program.read(payload, &mut Vec::new()),
            _ => Ok(StoredTaps::default()),
        }
    }
}

/// What the decoder spells as a number is one.
const fn uncounted(leaf: Leaf) -> Leaf {
    match leaf {
        Leaf::Counted | Leaf::SymbolNumber => Leaf::Other,
        leaf => leaf,
    }
}

fn of_stored(stored: &Stored<'_>, picked: &mut Picked) -> Pick {
    match stored {
        Stored::Text(characters) | Stored::Symbol(characters) => Pick::Text(picked.keep(characters)),
        Stored::Spelled(characters) => Pick::Text(picked.keep(characters)),
        Stored::Whole(number) => whole(*number),
        Stored::Bytes(bytes) => Pick::Bytes(picked.keep_bytes(bytes)),
        Stored::Moment(moment) => Pick::Time(Moment { seconds: moment.seconds, nanos: moment.nanos }),
        Stored::Bool(value) => Pick::Bool(*value),
        Stored::Double(value) => Pick::Double(*value),
        Stored::Other => Pick::Absent,
    }
}

/// A whole number as what 64 bits hold, or as a double.
fn whole(number: i128) -> Pick {
    match (i64::try_from(number), u64::try_from(number)) {
        (Ok(number), _) => Pick::Int(number),
        (_, Ok(number)) => Pick::Uint(number),
        #[expect(clippy::cast_precision_loss, reason = "the nearest double is meant")]
        _ => Pick::Double(number as f64),
    }
}

/// A float as the double that its shortest numeral is.
fn of_float(text: &str) -> Option<f64> {
    text.parse().ok().map(shortest)
}
