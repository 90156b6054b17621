//! What a schema compiles to: nodes that name one another by index, with everything looked up beforehand that does
//! not depend on an event.

use std::sync::Arc;

use crate::avro::lookup::Lookup;
use crate::pass::{Leaf, Slots};
use crate::pii::Treatment;

/// Index of a node in its program.
pub(crate) type NodeId = usize;

/// A message type and the contract's reading of it.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    /// Members and fields that the schema does not know are left out instead of refused.
    pub(crate) drop_unknown: bool,
    /// Where the message stands in its file, as Confluent's wire format counts: by its place among the file's
    /// messages, then among those inside that, and so on.
    pub(crate) message_indexes: Vec<i32>,
}

impl Program {
    /// No event's text is shorter than this many bytes. Only the outermost message's own members are counted, one
    /// byte for each of their values.
    pub(crate) fn shortest_text(&self) -> usize {
        let Node::Message(message) = &self.nodes[self.root] else { return 1 };
        let needed = message.fields.iter().filter(|field| matches!(field.shape, Shape::Required));
        let members: Vec<usize> = needed.map(|field| field.shortest_name() + ":1".len()).collect();
        "{}".len() + members.iter().sum::<usize>() + members.len().saturating_sub(1)
    }
}

/// One type of the schema. A tapped or treated node is a copy that only its pointer leads to.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Bool,
    Whole(Whole),
    Float,
    Double,
    String,
    Bytes,
    Enum(Arc<Enumeration>),
    /// `google.protobuf.NullValue`.
    Null,
    Message(Box<Message>),
    /// A message that has a form of its own in JSON.
    Known(Known, Box<Message>),
    Tap {
        slot: usize,
        leaf: Leaf,
        node: NodeId,
    },
    /// A string that is masked or hashed.
    Treat {
        treatment: Treatment,
        node: NodeId,
    },
}

/// The well-known types (Protocol Buffers documentation, "Well-Known Types") whose form in JSON is no object of their
/// fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// `google.protobuf.StringValue` and the like: the only field stands for the message.
    Wrapper,
    Timestamp,
    Duration,
    FieldMask,
    Struct,
    Value,
    ListValue,
    Any,
}

/// The ways to write a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
}

impl Whole {
    /// The numbers that it holds.
    pub(crate) fn range(self) -> std::ops::RangeInclusive<i128> {
        match self {
            Self::Int32 | Self::Sint32 | Self::Sfixed32 => i32::MIN.into()..=i32::MAX.into(),
            Self::Int64 | Self::Sint64 | Self::Sfixed64 => i64::MIN.into()..=i64::MAX.into(),
            Self::Uint32 | Self::Fixed32 => 0..=u32::MAX.into(),
            Self::Uint64 | Self::Fixed64 => 0..=u64::MAX.into(),
        }
    }
}

/// An enum's symbols.
#[derive(Debug)]
pub(crate) struct Enumeration {
    pub(crate) names: Lookup,
    /// By a name's place.
    pub(crate) numbers: Vec<i32>,
    /// The numbers in their order.
    pub(crate) known: Vec<i32>,
    /// Whether other numbers are refused: those of proto2 are.
    pub(crate) closed: bool,
}

impl Enumeration {
    /// Whether a number may stand for itself.
    pub(crate) fn takes(&self, number: i32) -> bool {
        !self.closed || self.known.binary_search(&number).is_ok()
    }

    /// The first symbol of a number.
    pub(crate) fn name(&self, number: i32) -> Option<&str> {
        let place = self.numbers.iter().position(|known| *known == number)?;
        self.names.names().nth(place)
    }
}

/// A message's fields by number, and those of its extensions that the schema knows.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) fields: Vec<Field>,
    /// Names as the schema has them, and in lowerCamelCase.
    pub(crate) names: Arc<Lookup>,
    /// The field that each name means.
    pub(crate) places: Arc<[usize]>,
    pub(crate) oneofs: usize,
    /// Whether a field is required.
    pub(crate) required: bool,
}

impl Message {
    /// The field of a name.
    pub(crate) fn named(&self, name: &[u8]) -> Option<usize> {
        self.names.find(name).map(|place| self.places[place])
    }

    /// The field of a number; the likely ones are the last one and the next.
    pub(crate) fn numbered(&self, number: u32, last: usize) -> Option<usize> {
        for place in [last, last + 1] {
            if self.fields.get(place).is_some_and(|field| field.number == number) {
                return Some(place);
            }
        }
        self.fields.binary_search_by_key(&number, |field| field.number).ok()
    }
}

/// One field of a message.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) number: u32,
    /// The name as events spell it, between quotes: as the schema has it, and in lowerCamelCase.
    pub(crate) quoted: [Box<[u8]>; 2],
    /// What is written before a value; for a packed list before all of them, for a group at its start.
    pub(crate) tag: Tag,
    /// What is written behind a group.
    pub(crate) end: Option<Tag>,
    pub(crate) node: NodeId,
    pub(crate) shape: Shape,
    pub(crate) oneof: Option<usize>,
    /// Whether `null` is a value of it, and not its absence.
    pub(crate) null: bool,
    /// The value is read and left out.
    pub(crate) dropped: bool,
    /// Slots of values at this field and below.
    pub(crate) slots: Slots,
    /// Slots of a whole list or map: it has no node of its own.
    pub(crate) whole: Vec<usize>,
}

impl Field {
    /// The name as the schema has it.
    pub(crate) fn name(&self) -> &[u8] {
        &self.quoted[0][1..self.quoted[0].len() - 1]
    }

    fn shortest_name(&self) -> usize {
        self.quoted[0].len().min(self.quoted[1].len())
    }
}

/// How often a field occurs, and what its absence means.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// It may be absent.
    Optional,
    /// Absent, it has its default value: that is not written.
    Implicit,
    Required,
    List {
        packed: bool,
        picked: Vec<(usize, NodeId)>,
    },
    Map(Box<Entries>),
}

/// A map's key and value. `node` of the field is the value's.
#[derive(Debug, Clone)]
pub(crate) struct Entries {
    pub(crate) key: Key,
    pub(crate) key_tag: Tag,
    pub(crate) value_tag: Tag,
    pub(crate) picked: Vec<Pick>,
}

/// A map's value that a pointer leads to.
#[derive(Debug, Clone)]
pub(crate) struct Pick {
    pub(crate) key: String,
    pub(crate) node: NodeId,
    /// As a field's.
    pub(crate) slots: Slots,
    /// The entry is read and left out.
    pub(crate) dropped: bool,
}

/// What a map's keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    String,
    Bool,
    Whole(Whole),
}

/// How a value is encoded (Protocol Buffers documentation, "Encoding").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint = 0,
    Eight = 1,
    Delimited = 2,
    Start = 3,
    End = 4,
    Four = 5,
}

impl WireType {
    /// The type that a tag names; none if there is no such.
    pub(crate) const fn of(tag: u64) -> Option<Self> {
        Some(match tag & 7 {
            0 => Self::Varint,
            1 => Self::Eight,
            2 => Self::Delimited,
            3 => Self::Start,
            4 => Self::End,
            5 => Self::Four,
            _ => return None,
        })
    }
}

/// A field's number and wire type as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag {
    bytes: [u8; 5],
    length: u8,
}

impl Tag {
    /// Numbers have 29 bits.
    pub(crate) fn new(number: u32, wire_type: WireType) -> Self {
        let mut bytes = [0; 5];
        let mut rest = number << 3 | wire_type as u32;
        let mut length = 0;
        while rest >= 0x80 {
            bytes[length] = rest.to_le_bytes()[0] | 0x80;
            rest >>= 7;
            length += 1;
        }
        bytes[length] = rest.to_le_bytes()[0];
        Self { bytes, length: u8::try_from(length + 1).expect("five bytes at most") }
    }

    /// The bytes.
    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl Node {
    /// How a value is encoded outside a packed list.
    pub(crate) const fn wire_type(&self) -> WireType {
        match self {
            Self::Whole(Whole::Fixed32 | Whole::Sfixed32) | Self::Float => WireType::Four,
            Self::Whole(Whole::Fixed64 | Whole::Sfixed64) | Self::Double => WireType::Eight,
            Self::Bool | Self::Enum(_) | Self::Null | Self::Whole(_) => WireType::Varint,
            _ => WireType::Delimited,
        }
    }
}
