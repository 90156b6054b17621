//! Events that came as Avro's bytes: one walk over them by the program, which proves that they are what the schema
//! says, picks the values that the contract names and copies the bytes to the output, as they are or with personal
//! values treated. What the mapping of JSON refuses is refused here too: times beyond a day, UUIDs that are none,
//! decimals of too many digits, a map's name that occurs twice.

mod scalar;

use std::borrow::Cow;

use self::scalar::uuid_text;
use super::binary::{Cursor, close_block, push_bytes};
use super::program::{Node, NodeId, Program, Record, Treated, Union};
use crate::calendar::Moment;
use crate::decoder::{calendar, decimal, shortest};
use crate::fault::Fault;
use crate::json::MAX_DEPTH;
use crate::json::names::Names;
use crate::json::string::Quoted;
use crate::pass::{Memory, Slots, Stored, StoredTaps};

/// Values that no byte stands for, such as nulls outside a union, beyond one for each byte of the payload. An array
/// may announce any number of them, and whoever reads it later allocates that many.
const MAX_WEIGHTLESS: usize = 4_096;

impl Program {
    /// Slots that are filled where an event leaves a field out, since the field's default holds their values.
    pub(crate) fn defaulted(&self, slots: &[usize]) -> Slots {
        let records =
            self.nodes.iter().filter_map(|node| if let Node::Record(record) = node { Some(record) } else { None });
        let fields = records.flat_map(|record| &record.fields);
        let defaults = fields.filter_map(|field| Some((field.node, field.absent.as_deref()?)));
        let mut filled = 0;
        for (node, default) in defaults {
            let taps = self.walk(node, default, &mut Vec::new(), &mut Memory::default());
            let Ok(taps) = taps else { continue };
            filled |= slots.iter().filter(|slot| taps.get(**slot).is_some()).fold(0, |slots, slot| slots | 1 << slot);
        }
        filled
    }

    /// Reads a payload and appends it to the output, treated where the contract says so. What a refused one wrote
    /// stays for the caller to take back.
    pub(crate) fn read<'p>(
        &'p self,
        payload: &'p [u8],
        out: &mut Vec<u8>,
        memory: &mut Memory,
    ) -> Result<StoredTaps<'p>, Fault> {
        self.walk(self.root, payload, out, memory)
    }

    fn walk<'p>(
        &'p self,
        root: NodeId,
        payload: &'p [u8],
        out: &mut Vec<u8>,
        memory: &mut Memory,
    ) -> Result<StoredTaps<'p>, Fault> {
        memory.names.reset();
        let mut walk = Walk {
            program: self,
            cursor: Cursor::new(payload),
            payload,
            out,
            copied: 0,
            weightless: payload.len().saturating_add(MAX_WEIGHTLESS),
            names: &mut memory.names,
            taps: StoredTaps::default(),
        };
        match walk.whole(root) {
            Ok(()) => Ok(walk.taps),
            Err(odd) => Err(odd.fault(payload)),
        }
    }
}

/// A count as the decoder spells it, if it does.
fn spelled<'a>(text: Option<String>) -> Stored<'a> {
    text.map_or(Stored::Other, Stored::Spelled)
}

/// Where a payload is not what the schema says.
struct Odd {
    at: usize,
    expected: Cow<'static, str>,
}

impl Odd {
    #[cold]
    fn fault(self, payload: &[u8]) -> Fault {
        let mut expected = self.expected.into_owned();
        // Byte 0 and an id below 2^24, as registries count.
        if payload.starts_with(&[0, 0]) && payload.len() >= 5 {
            expected +=
                " (the first five bytes look like a frame, byte 0 and a schema id, which a bare payload has not)";
        }
        Fault::Undecodable { offset: self.at, expected }
    }
}

struct Walk<'p, 'o> {
    program: &'p Program,
    cursor: Cursor<'p>,
    payload: &'p [u8],
    out: &'o mut Vec<u8>,
    /// What stands before is in the output, as it is or treated.
    copied: usize,
    /// How many more values may take no bytes.
    weightless: usize,
    names: &'o mut Names,
    taps: StoredTaps<'p>,
}

impl<'p> Walk<'p, '_> {
    fn whole(&mut self, root: NodeId) -> Result<(), Odd> {
        self.value(root, 0)?;
        if self.cursor.left() > 0 {
            return self.odd("the end of the payload");
        }
        self.copy_up_to(self.payload.len());
        Ok(())
    }

    /// Walks over a value that is inside so many others.
    fn value(&mut self, id: NodeId, depth: usize) -> Result<(), Odd> {
        match &self.program.nodes[id] {
            Node::Null => self.nothing(),
            Node::Boolean => self.boolean(),
            Node::Int | Node::Date => self.int().map(drop),
            Node::Long | Node::Timestamp { .. } => self.long("a long").map(drop),
            Node::TimeOfDay(unit) => self.time_of_day(*unit),
            Node::Float => self.take(4, "the four bytes of a float").map(drop),
            Node::Double => self.take(8, "the eight bytes of a double").map(drop),
            Node::Duration => self.take(12, "the twelve bytes of a duration").map(drop),
            Node::UuidBytes => self.take(16, "the sixteen bytes of a UUID").map(drop),
            Node::Fixed { size } => self.fixed(*size).map(drop),
            Node::String => self.text().map(drop),
            Node::UuidText => self.uuid_text(),
            Node::Bytes => self.sized("bytes").map(drop),
            Node::Decimal(decimal) => self.decimal(*decimal),
            Node::Enum(symbols) => self.index(symbols.names().len(), "an enum index").map(drop),
            Node::Array { items, picked } => self.array((*items, picked), depth),
            Node::Map { values, picked } => self.map((*values, picked), depth),
            Node::Record(record) => self.record(record, depth),
            Node::Union(union) => self.union(union, depth),
            Node::Tap { slot, node, .. } => self.tap(*slot, *node, depth),
            Node::Treat(treated) => self.treated(treated),
            Node::Omit { node, absent } => self.omitted(*node, absent.as_deref(), depth),
        }
    }

    fn record(&mut self, record: &'p Record, depth: usize) -> Result<(), Odd> {
        self.deep(depth)?;
        if record.fields.is_empty() {
            self.nothing()?;
        }
        record.fields.iter().try_for_each(|field| self.value(field.node, depth + 1))
    }

    fn union(&mut self, union: &'p Union, depth: usize) -> Result<(), Odd> {
        let branch = self.index(union.branches.len(), "a union's branch")?;
        self.value(union.branches[branch].node, depth)
    }

    fn array(&mut self, (items, picked): (NodeId, &'p [(usize, NodeId)]), depth: usize) -> Result<(), Odd> {
        self.blocks(depth, |walk, index| {
            let own = picked.iter().find(|(picked, _)| *picked == index);
            walk.value(own.map_or(items, |(_, node)| *node), depth + 1)?;
            Ok(true)
        })
    }

    fn map(&mut self, (values, picked): (NodeId, &'p [(String, NodeId)]), depth: usize) -> Result<(), Odd> {
        let open = self.names.open();
        self.blocks(depth, |walk, _| {
            let member = walk.cursor.at();
            let name = walk.text()?;
            let end = walk.cursor.at();
            let place = Quoted { start: end - name.len(), end, escaped: false, lone: false };
            if !walk.names.add(open, walk.payload, place) {
                return Err(Odd { at: member, expected: "a name that this map does not have yet".into() });
            }
            let own = picked.iter().find(|(picked, _)| picked == name);
            let node = own.map_or(values, |(_, node)| *node);
            if !walk.program.nodes[node].leaves_out_member() {
                return walk.value(node, depth + 1).map(|()| true);
            }
            walk.copy_up_to(member);
            let mark = walk.out.len();
            walk.value(node, depth + 1)?;
            walk.out.truncate(mark);
            Ok(false)
        })?;
        self.names.close(open);
        Ok(())
    }

    /// An array's or a map's items, block by block. Where values are treated, the output has one block: counts and
    /// sizes may change. `item` says whether an item is kept.
    fn blocks(&mut self, depth: usize, mut item: impl FnMut(&mut Self, usize) -> Result<bool, Odd>) -> Result<(), Odd> {
        self.deep(depth)?;
        let rewritten = self.program.treats.then(|| {
            self.copy_up_to(self.cursor.at());
            self.out.push(0);
            self.out.len() - 1
        });
        let (mut index, mut kept) = (0, 0);
        loop {
            let header = self.cursor.at();
            let (count, end) = self.block()?;
            if rewritten.is_some() {
                self.copy_up_to(header);
                self.copied = self.cursor.at();
            }
            if count == 0 {
                break;
            }
            for _ in 0..count {
                kept += usize::from(item(self, index)?);
                index += 1;
            }
            if end.is_some_and(|end| end != self.cursor.at()) {
                return Err(Odd { at: header, expected: "a block of the size that it says".into() });
            }
        }
        if let Some(start) = rewritten {
            close_block(self.out, start, kept);
        }
        Ok(())
    }

    /// A block's count, and where the block ends if it says so.
    fn block(&mut self) -> Result<(usize, Option<usize>), Odd> {
        let at = self.cursor.at();
        let odd = |expected: &'static str| Odd { at, expected: expected.into() };
        let count = self.long("a count of items")?;
        let mut end = None;
        if count < 0 {
            let size = self.long("a block's size in bytes")?;
            let size = usize::try_from(size).ok().filter(|size| *size <= self.cursor.left());
            end = Some(self.cursor.at() + size.ok_or_else(|| odd("a block of no more bytes than are left"))?);
        }
        let most = self.cursor.left().saturating_add(self.weightless);
        let count = usize::try_from(count.unsigned_abs()).ok().filter(|count| *count <= most);
        Ok((count.ok_or_else(|| odd("a count of no more items than there is room for"))?, end))
    }

    fn tap(&mut self, slot: usize, node: NodeId, depth: usize) -> Result<(), Odd> {
        let start = self.cursor.at();
        self.value(node, depth)?;
        let stored = self.stored(node, start);
        self.taps.set(slot, stored);
        Ok(())
    }

    /// The value that was walked over since then; none if it is null.
    fn stored(&self, id: NodeId, start: usize) -> Option<Stored<'p>> {
        let mut value = Cursor::new(self.cursor.slice(start, self.cursor.at()));
        let text = |value: &mut Cursor<'p>| {
            value.long()?;
            std::str::from_utf8(value.take(value.left())?).ok().map(Cow::Borrowed)
        };
        match &self.program.nodes[id] {
            Node::Null => None,
            Node::Tap { node, .. } | Node::Omit { node, .. } => self.stored(*node, start),
            Node::Treat(treated) => self.stored(treated.node, start),
            Node::String => text(&mut value).map(Stored::Text),
            Node::UuidText => text(&mut value).map(Stored::Symbol),
            Node::UuidBytes => value.take(16).map(|bytes| Stored::Symbol(uuid_text(bytes).into())),
            Node::Enum(symbols) => {
                let index = usize::try_from(value.long()?).ok()?;
                symbols.names().nth(index).map(|symbol| Stored::Symbol(symbol.into()))
            }
            Node::Int | Node::Long => value.long().map(|number| Stored::Whole(number.into())),
            Node::Bytes => {
                value.long()?;
                value.take(value.left()).map(Stored::Bytes)
            }
            Node::Fixed { .. } => value.take(value.left()).map(Stored::Bytes),
            Node::Timestamp { unit, local: false } => {
                value.long().map(|count| Stored::Moment(Moment::of(count, *unit)))
            }
            Node::Boolean => value.take(1).map(|byte| Stored::Bool(byte == [1])),
            Node::Float => {
                value.take(4)?.try_into().ok().map(|bytes| Stored::Double(shortest(f32::from_le_bytes(bytes))))
            }
            Node::Double => value.take(8)?.try_into().ok().map(|bytes| Stored::Double(f64::from_le_bytes(bytes))),
            Node::Decimal(bounds) => {
                if bounds.fixed.is_none() {
                    value.long()?;
                }
                let numeral = decimal::numeral(value.take(value.left())?, *bounds).ok()?;
                numeral.parse().ok().map(Stored::Double)
            }
            Node::Date => Some(spelled(calendar::date(value.long()?))),
            Node::TimeOfDay(unit) => Some(spelled(calendar::time_of_day(value.long()?, *unit))),
            Node::Timestamp { unit, local: true } => Some(spelled(calendar::date_time(value.long()?, *unit))),
            _ => Some(Stored::Other),
        }
    }

    fn treated(&mut self, treated: &Treated) -> Result<(), Odd> {
        let start = self.cursor.at();
        let text = self.text()?;
        self.copy_up_to(start);
        treated.treatment.replace(text.as_bytes(), |replaced| push_bytes(self.out, replaced));
        self.copied = self.cursor.at();
        Ok(())
    }

    fn omitted(&mut self, node: NodeId, absent: Option<&[u8]>, depth: usize) -> Result<(), Odd> {
        self.copy_up_to(self.cursor.at());
        let mark = self.out.len();
        self.value(node, depth)?;
        self.out.truncate(mark);
        self.out.extend_from_slice(absent.unwrap_or_default());
        self.copied = self.cursor.at();
        Ok(())
    }
}

impl Walk<'_, '_> {
    /// Whether an array, map or record may open inside so many others: as deep as JSON may be.
    fn deep(&self, depth: usize) -> Result<(), Odd> {
        if depth < MAX_DEPTH { Ok(()) } else { self.odd("values nested 64 deep at most") }
    }

    fn odd<T>(&self, expected: &'static str) -> Result<T, Odd> {
        Err(Odd { at: self.cursor.at(), expected: expected.into() })
    }

    fn copy_up_to(&mut self, end: usize) {
        self.out.extend_from_slice(&self.payload[self.copied..end]);
        self.copied = end;
    }
}

const _: () = assert!(MAX_DEPTH == 64, "the sentence above names the number");
