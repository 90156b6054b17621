//! The fast pass: one reading of an event's text, Avro's bytes appended as it goes. It only says yes or no; what is
//! wrong with a refused event is `explain`'s business, which asks this pass about the parts.

use std::collections::HashMap;
use std::ops::Range;

use super::program::{Node, NodeId, Program};
use crate::json::reader::Reader;
use crate::pass::{self, KEPT, Leaf, Memory, Stop, Tapped};

/// What Avro's pass keeps on its way.
#[derive(Debug, Default)]
pub(crate) struct Space {
    /// Where the fields of the open records were written; `UNSEEN` where they were not.
    pub(super) spans: Vec<Range<usize>>,
    /// A record's fields on their way to the right order.
    pub(super) moved: Vec<u8>,
    /// What unions were decided to be while a branch around them was only tried.
    pub(super) decided: HashMap<(usize, NodeId), Option<usize>>,
    /// Branches that were tried, all in all.
    pub(super) attempts: u64,
}

impl Space {
    /// Gives back what an unusually big event has taken.
    pub(crate) fn trim(&mut self) {
        self.moved.clear();
        self.moved.shrink_to(KEPT);
        self.spans.clear();
        self.spans.shrink_to(KEPT / size_of::<Range<usize>>());
        self.decided.clear();
        self.decided.shrink_to(KEPT / size_of::<(usize, NodeId, Option<usize>)>());
    }
}

/// One event's pass.
pub(crate) struct Writer<'e, 'a> {
    pub(super) program: &'e Program,
    pub(super) reader: Reader<'a>,
    pub(super) out: &'e mut Vec<u8>,
    pub(super) memory: &'e mut Memory,
    /// Unions around the present place whose branch is only tried.
    pub(super) trials: usize,
}

impl<'e, 'a> Writer<'e, 'a> {
    /// A pass over a text, before its first byte.
    pub(crate) fn new(program: &'e Program, reader: Reader<'a>, out: &'e mut Vec<u8>, memory: &'e mut Memory) -> Self {
        memory.names.reset();
        memory.taps.clear();
        memory.avro.spans.clear();
        memory.avro.decided.clear();
        Self { program, reader, out, memory, trials: 0 }
    }

    /// The whole text: one value, white space around it.
    pub(crate) fn run(&mut self) -> Result<(), Stop> {
        self.reader.space();
        self.write(self.program.root)?;
        Ok(self.reader.end()?)
    }

    /// Reads the value at the reader's position as a node's and writes it.
    pub(super) fn write(&mut self, id: NodeId) -> Result<(), Stop> {
        match &self.program.nodes[id] {
            Node::Null => self.null(),
            Node::Boolean => self.boolean(),
            Node::Int => self.int(),
            Node::Long => self.long(),
            Node::Float => self.float(),
            Node::Double => self.double(),
            Node::String => self.string(),
            Node::Bytes => self.bytes(),
            Node::Fixed { size } => self.fixed(*size),
            Node::Enum(symbols) => self.symbol(symbols),
            Node::Array { items, picked } => self.array(*items, picked),
            Node::Map { values, picked } => self.map(*values, picked),
            Node::Record(record) => self.record(record),
            Node::Union(union) => self.union(id, union),
            Node::Date => self.date(),
            Node::TimeOfDay(unit) => self.time_of_day(*unit),
            Node::Timestamp { unit, local } => self.timestamp(*unit, *local),
            Node::UuidText => self.uuid_text(),
            Node::UuidBytes => self.uuid_bytes(),
            Node::Decimal(decimal) => self.decimal(*decimal),
            Node::Duration => self.duration(),
            Node::Tap { slot, leaf, node } => self.tap(*slot, *leaf, *node),
            Node::Treat(treated) => self.treated(treated),
            Node::Omit { node, absent } => self.omitted(*node, absent.as_deref()),
        }
    }

    /// Steps over a value that is not written.
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        pass::skip(&mut self.reader, self.memory)
    }

    fn tap(&mut self, slot: usize, leaf: Leaf, node: NodeId) -> Result<(), Stop> {
        let start = self.reader.at();
        self.write(node)?;
        self.memory.taps.note(slot, Tapped { start, end: self.reader.at(), leaf });
        Ok(())
    }
}
