//! Picked values as a parser sees them: what replaces, merges and outlives what.

use std::borrow::Cow;

use super::Walk;
use super::primitive::low;
use crate::calendar::{Moment, Unit};
use crate::pass::{Slots, Stored};
use crate::protobuf::binary::take_varint;
use crate::protobuf::program::{Enumeration, Field, Node, NodeId, WireType};

impl<'a> Walk<'a, '_> {
    /// A field without presence that has its default is absent, even if it was written. `value`: where that begins.
    pub(super) fn forget_default(&mut self, slots: Slots, wire_type: WireType, value: usize) {
        // The high bit of a varint's byte, and of a length's, tells that there are more.
        let mask = if matches!(wire_type, WireType::Varint | WireType::Delimited) { 0x7F } else { 0xFF };
        if self.bytes[value..self.at].iter().all(|byte| byte & mask == 0) {
            self.taps.forget(slots);
        }
    }

    /// A wrapper that is there has a value, even if none is written.
    pub(super) fn unwritten(&mut self, field: &Field) {
        let Node::Tap { slot, node, .. } = &self.program.nodes[field.node] else { return };
        if self.taps.get(*slot).is_none() {
            let value = match self.untapped(*node) {
                Node::String => Some(Stored::Text(Cow::Borrowed(""))),
                Node::Bytes => Some(Stored::Bytes(&[])),
                Node::Whole(_) => Some(Stored::Whole(0)),
                Node::Bool => Some(Stored::Bool(false)),
                Node::Float | Node::Double => Some(Stored::Double(0.0)),
                _ => None,
            };
            self.taps.set(*slot, value);
        }
    }

    pub(super) fn untapped(&self, id: NodeId) -> &'a Node {
        match &self.program.nodes[id] {
            Node::Tap { node, .. } | Node::Treat { node, .. } => self.untapped(*node),
            node => node,
        }
    }

    /// The timestamp whose length begins at `start`, up to the present place; `earlier` is what it is merged into.
    pub(super) fn moment(&self, start: usize, earlier: Option<&Stored<'a>>) -> Stored<'a> {
        let (mut seconds, mut nanos) = match earlier {
            Some(Stored::Moment(moment)) => (moment.seconds, i64::from(moment.nanos)),
            _ => (0, 0),
        };
        let mut rest = &self.bytes[start..self.at];
        // The walk has just read all of it; fields that it dropped are none of these.
        let _length = take_varint(&mut rest);
        while let (Some(tag), Some(value)) = (take_varint(&mut rest), take_varint(&mut rest)) {
            match tag {
                0x08 => seconds = value.cast_signed(),
                0x10 => nanos = low(value).cast_signed().into(),
                _ => return Stored::Other,
            }
        }
        let beyond = Moment::of(nanos, Unit::Nanos);
        match seconds.checked_add(beyond.seconds) {
            Some(seconds) => Stored::Moment(Moment { seconds, nanos: beyond.nanos }),
            None => Stored::Other,
        }
    }
}

pub(super) fn symbol(symbols: &Enumeration, number: i128) -> Stored<'_> {
    let name = i32::try_from(number).ok().and_then(|number| symbols.name(number));
    name.map_or(Stored::Other, |name| Stored::Symbol(Cow::Borrowed(name)))
}
