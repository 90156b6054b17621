//! Events that come encoded: one walk over their bytes proves that they are what the program says, copies them, and
//! treats and picks values on the way. Picked is what a parser would see: the last occurrence of a field, in messages
//! that are merged from several. Where nothing is treated or left out, the copy is the original.

use std::borrow::Cow;
use std::collections::HashMap;

use self::picked::symbol;
use self::primitive::{low, number};
use super::binary::push_bytes;
use super::program::{Field, Key, Known, Message, Node, NodeId, Program, Shape, WireType};
use super::write::MAX_MESSAGES;
use crate::calendar::Moment;
use crate::decoder::shortest;
use crate::fault::Fault;
use crate::pass::{Stored, StoredTaps};
use crate::pii::Treatment;

mod entry;
mod primitive;
mod picked;

/// The highest number of a field ("Language Guide", "Assigning Field Numbers").
const MAX_NUMBER: u64 = (1 << 29) - 1;

impl Program {
    /// Checks one message's bytes and appends them to `out`.
    pub(crate) fn read<'a>(&'a self, payload: &'a [u8], out: &mut Vec<u8>) -> Result<StoredTaps<'a>, Fault> {
        let mut walk = Walk {
            program: self,
            bytes: payload,
            at: 0,
            out,
            taps: StoredTaps::default(),
            depth: 0,
            items: HashMap::new(),
        };
        match walk.message(self.root, payload.len(), None) {
            Ok(()) => Ok(walk.taps),
            Err(Refused { offset, expected }) => Err(Fault::Undecodable { offset, expected }),
        }
    }
}

/// Where the bytes are wrong, and what would have been right.
struct Refused {
    offset: usize,
    expected: String,
}

fn refuse<T>(offset: usize, expected: impl Into<String>) -> Result<T, Refused> {
    Err(Refused { offset, expected: expected.into() })
}

struct Walk<'a, 'o> {
    program: &'a Program,
    bytes: &'a [u8],
    at: usize,
    out: &'o mut Vec<u8>,
    taps: StoredTaps<'a>,
    /// Messages around the present place, the outermost aside.
    depth: usize,
    /// Items so far of the lists of which a pointer leads to one, by their node and field.
    items: HashMap<(NodeId, usize), usize>,
}

impl<'a> Walk<'a, '_> {
    /// The fields of a message up to its end; of a group up to the tag that ends it.
    fn message(&mut self, id: NodeId, end: usize, group: Option<u32>) -> Result<(), Refused> {
        match &self.program.nodes[id] {
            Node::Message(message) => self.fields(id, message, end, group),
            Node::Known(known, message) => {
                if let (Known::Wrapper, Some(field)) = (known, message.fields.first()) {
                    self.unwritten(field);
                }
                self.fields(id, message, end, group)
            }
            Node::Tap { slot, node, .. } => {
                self.message(*node, end, group)?;
                self.taps.set(*slot, Some(Stored::Other));
                Ok(())
            }
            _ => refuse(self.at, "a message"),
        }
    }

    fn fields(&mut self, id: NodeId, message: &'a Message, end: usize, group: Option<u32>) -> Result<(), Refused> {
        let mut seen = vec![false; if message.required { message.fields.len() } else { 0 }];
        let mut last = 0;
        while self.at < end {
            let start = self.at;
            let (number, wire_type) = self.tag(end)?;
            if wire_type == WireType::End {
                if group != Some(number) {
                    return refuse(start, "no end of a group that has not begun");
                }
                self.out.extend_from_slice(&self.bytes[start..self.at]);
                return self.all_required(message, &seen);
            }
            match message.numbered(number, last) {
                Some(place) => {
                    last = place;
                    if let Some(seen) = seen.get_mut(place) {
                        *seen = true;
                    }
                    self.field((id, place), message, start, wire_type, end)?;
                }
                None if self.program.drop_unknown => self.skip(number, wire_type, end)?,
                None => return refuse(start, "a field the schema knows"),
            }
        }
        if group.is_some() {
            return refuse(self.at, "the end of a group");
        }
        self.all_required(message, &seen)
    }

    fn all_required(&self, message: &Message, seen: &[bool]) -> Result<(), Refused> {
        let missing = |(field, seen): &(&Field, &bool)| matches!(field.shape, Shape::Required) && !**seen;
        match message.fields.iter().zip(seen).find(missing) {
            Some((field, _)) => {
                let name = String::from_utf8_lossy(field.name());
                refuse(self.at, format!("the required field `{name}`"))
            }
            None => Ok(()),
        }
    }

    /// One occurrence of a field, its tag behind.
    fn field(
        &mut self,
        (id, place): (NodeId, usize),
        message: &'a Message,
        start: usize,
        wire_type: WireType,
        end: usize,
    ) -> Result<(), Refused> {
        let field = &message.fields[place];
        if field.oneof.is_some() {
            let others = message.fields.iter().filter(|other| other.oneof == field.oneof);
            let slots = others.filter(|other| other.number != field.number).fold(0, |slots, other| slots | other.slots);
            self.taps.forget(slots);
        }
        let kept = self.out.len();
        self.out.extend_from_slice(&self.bytes[start..self.at]);
        let element = if field.end.is_some() { WireType::Start } else { self.untapped(field.node).wire_type() };
        match &field.shape {
            Shape::Map(entries) if wire_type == WireType::Delimited => self.entry(field, entries, kept, end)?,
            Shape::List { picked, .. } if wire_type == WireType::Delimited && element != WireType::Delimited => {
                self.packed((id, place), field, picked, end)?;
            }
            Shape::List { picked, .. } if wire_type == element => {
                let node = self.item((id, place), field, picked);
                self.occurrence(field, node, end)?;
            }
            Shape::Optional | Shape::Implicit | Shape::Required if wire_type == element => {
                let value = self.at;
                self.occurrence(field, field.node, end)?;
                if matches!(field.shape, Shape::Implicit) && field.slots != 0 {
                    self.forget_default(field.slots, element, value);
                }
            }
            _ => {
                let name = String::from_utf8_lossy(field.name());
                return refuse(start, format!("the wire type of the field `{name}`"));
            }
        }
        for slot in &field.whole {
            self.taps.set(*slot, Some(Stored::Other));
        }
        if field.dropped {
            self.out.truncate(kept);
        }
        Ok(())
    }

    fn occurrence(&mut self, field: &Field, node: NodeId, end: usize) -> Result<(), Refused> {
        if field.end.is_none() {
            return self.value(node, end).map(drop);
        }
        self.deeper(|walk| walk.message(node, end, Some(field.number)))
    }

    /// The node of a list's next item.
    fn item(&mut self, list: (NodeId, usize), field: &Field, picked: &[(usize, NodeId)]) -> NodeId {
        if picked.is_empty() {
            return field.node;
        }
        let index = self.items.entry(list).or_default();
        let tapped = picked.iter().find(|(picked, _)| picked == index);
        *index += 1;
        tapped.map_or(field.node, |(_, node)| *node)
    }

    fn packed(
        &mut self,
        list: (NodeId, usize),
        field: &Field,
        picked: &[(usize, NodeId)],
        end: usize,
    ) -> Result<(), Refused> {
        let length = self.length(end)?;
        let end = self.at + length;
        while self.at < end {
            let node = self.item(list, field, picked);
            self.value(node, end)?;
        }
        Ok(())
    }

    /// A value outside its tag; a group aside. Copies it, and gives what a key, an id or a time may be.
    fn value(&mut self, id: NodeId, end: usize) -> Result<Stored<'a>, Refused> {
        let start = self.at;
        match &self.program.nodes[id] {
            Node::Tap { slot, node, .. } => {
                let stored = match (self.value(*node, end)?, self.untapped(*node)) {
                    // Two messages that are one: what the second leaves out is the first's.
                    (Stored::Moment(_), _) => self.moment(start, self.taps.get(*slot)),
                    (Stored::Whole(number), Node::Enum(symbols)) => symbol(symbols, number),
                    (stored, _) => stored,
                };
                self.taps.set(*slot, Some(stored.clone()));
                Ok(stored)
            }
            Node::Treat { treatment, node } => self.treated(treatment, *node, end),
            Node::String => {
                let length = self.length(end)?;
                let text = self.text(length)?;
                self.out.extend_from_slice(text.as_bytes());
                Ok(Stored::Text(Cow::Borrowed(text)))
            }
            Node::Bytes => {
                let length = self.length(end)?;
                let bytes = self.take(length);
                self.out.extend_from_slice(bytes);
                Ok(Stored::Bytes(bytes))
            }
            Node::Message(_) | Node::Known(..) => {
                self.nested(end, |walk, end| walk.message(id, end, None))?;
                let moment = matches!(self.program.nodes[id], Node::Known(Known::Timestamp, _));
                Ok(if moment { Stored::Moment(Moment { seconds: 0, nanos: 0 }) } else { Stored::Other })
            }
            node => self.scalar(node, end),
        }
    }

    /// A number, a boolean or a symbol.
    fn scalar(&mut self, node: &'a Node, end: usize) -> Result<Stored<'a>, Refused> {
        let start = self.at;
        let bits = match node.wire_type() {
            WireType::Four => u64::from(u32::from_le_bytes(self.array(end)?)),
            WireType::Eight => u64::from_le_bytes(self.array(end)?),
            _ => self.varint(end)?,
        };
        self.out.extend_from_slice(&self.bytes[start..self.at]);
        Ok(match node {
            Node::Whole(whole) => Stored::Whole(number(*whole, bits)),
            Node::Enum(symbols) => {
                let number = low(bits).cast_signed();
                if !symbols.takes(number) {
                    return refuse(start, "one of the enum's numbers");
                }
                Stored::Whole(number.into())
            }
            Node::Bool => Stored::Bool(bits != 0),
            Node::Float => Stored::Double(shortest(f32::from_bits(low(bits)))),
            Node::Double => Stored::Double(f64::from_bits(bits)),
            _ => Stored::Other,
        })
    }

    fn treated(&mut self, treatment: &Treatment, node: NodeId, end: usize) -> Result<Stored<'a>, Refused> {
        let start = self.out.len();
        let stored = self.value(node, end)?;
        if let Stored::Text(text) = &stored
            && !text.is_empty()
        {
            self.out.truncate(start);
            treatment.replace(text.as_bytes(), |characters| push_bytes(self.out, characters));
        }
        Ok(stored)
    }

    /// A message inside another. Its length is copied too, and written again where its content has changed.
    fn nested(
        &mut self,
        end: usize,
        body: impl FnOnce(&mut Self, usize) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let before = self.out.len();
        let length = self.length(end)?;
        let start = self.out.len();
        let end = self.at + length;
        self.deeper(|walk| body(walk, end))?;
        let written = self.out.len() - start;
        if written != length {
            let mut again = Vec::new();
            crate::varint::push_varint(&mut again, written as u64);
            self.out.splice(before..start, again);
        }
        Ok(())
    }

    fn deeper(&mut self, body: impl FnOnce(&mut Self) -> Result<(), Refused>) -> Result<(), Refused> {
        if self.depth == MAX_MESSAGES {
            return refuse(self.at, format!("at most {MAX_MESSAGES} messages inside one another"));
        }
        self.depth += 1;
        body(self)?;
        self.depth -= 1;
        Ok(())
    }
}
