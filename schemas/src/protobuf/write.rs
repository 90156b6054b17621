//! The fast pass: one reading of an event's text, Protobuf's bytes appended as it goes. It only says yes or no; what
//! is wrong with a refused event is `explain`'s business, which asks this pass about the parts.

use super::binary::close;
use super::program::{Field, Node, NodeId, Program};
use crate::json::reader::Reader;
use crate::pass::{self, KEPT, Leaf, Memory, Stop, Tapped};

/// Messages inside one another, at most: parsers of Java, C++ and Rust go no deeper.
pub(crate) const MAX_MESSAGES: usize = 100;

/// What Protobuf's pass keeps on its way.
#[derive(Debug, Default)]
pub(crate) struct Space {
    /// A bit for each field and each oneof of the open messages, set once a member was there.
    pub(super) seen: Vec<u64>,
    /// The fields of the open messages as they were written, and where each begins.
    pub(super) pieces: Vec<(usize, usize)>,
    /// A message's fields on their way to the right order.
    pub(super) moved: Vec<u8>,
}

impl Space {
    /// Gives back what an unusually big event has taken.
    pub(crate) fn trim(&mut self) {
        self.seen.clear();
        self.seen.shrink_to(KEPT / size_of::<u64>());
        self.pieces.clear();
        self.pieces.shrink_to(KEPT / size_of::<(usize, usize)>());
        self.moved.clear();
        self.moved.shrink_to(KEPT);
    }
}

/// One event's pass.
pub(crate) struct Writer<'e, 'a> {
    pub(super) program: &'e Program,
    pub(super) reader: Reader<'a>,
    pub(super) out: &'e mut Vec<u8>,
    pub(super) memory: &'e mut Memory,
    /// Messages around the present place, the outermost aside.
    pub(super) depth: usize,
    /// Whether there were more than parsers go into.
    pub(super) too_deep: bool,
}

impl<'e, 'a> Writer<'e, 'a> {
    /// A pass over a text, before its first byte.
    pub(crate) fn new(program: &'e Program, reader: Reader<'a>, out: &'e mut Vec<u8>, memory: &'e mut Memory) -> Self {
        memory.names.reset();
        memory.taps.clear();
        memory.protobuf.seen.clear();
        memory.protobuf.pieces.clear();
        Self { program, reader, out, memory, depth: 0, too_deep: false }
    }

    /// The whole text: one value, white space around it.
    pub(crate) fn run(&mut self) -> Result<(), Stop> {
        self.reader.space();
        self.body(self.program.root)?;
        Ok(self.reader.end()?)
    }

    /// Reads a value and writes a message's fields, with nothing around them.
    pub(super) fn body(&mut self, id: NodeId) -> Result<(), Stop> {
        match &self.program.nodes[id] {
            Node::Message(message) => self.message(message),
            Node::Known(known, message) => self.known(*known, message),
            Node::Tap { slot, leaf, node } => self.tap(*slot, *leaf, |writer| writer.body(*node)),
            _ => Err(Stop::Mismatch),
        }
    }

    /// Reads the value at the reader's position as a node's and writes it, its length before it where it has one.
    pub(super) fn write(&mut self, id: NodeId) -> Result<(), Stop> {
        match &self.program.nodes[id] {
            Node::Bool => self.bool(),
            Node::Whole(whole) => self.whole(*whole),
            Node::Float => self.float(),
            Node::Double => self.double(),
            Node::String => self.string(),
            Node::Bytes => self.bytes(),
            Node::Enum(symbols) => self.symbol(symbols),
            Node::Null => self.null(),
            Node::Tap { slot, leaf, node } => self.tap(*slot, *leaf, |writer| writer.write(*node)),
            Node::Treat { treatment, node } => self.treat(treatment, *node),
            _ => self.nested(|writer| writer.body(id)),
        }
    }

    /// A message inside another: its length, then what `body` writes.
    pub(super) fn nested(&mut self, body: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        let start = self.out.len();
        self.out.push(0);
        self.deeper(body)?;
        close(self.out, start);
        Ok(())
    }

    /// Goes one message deeper.
    pub(super) fn deeper(&mut self, body: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        if self.depth == MAX_MESSAGES {
            self.too_deep = true;
            return Err(Stop::Mismatch);
        }
        self.depth += 1;
        let done = body(self);
        self.depth -= 1;
        done
    }

    /// A field whose default value is not written.
    pub(super) fn implicit(&mut self, field: &Field) -> Result<(), Stop> {
        let start = self.out.len();
        self.out.extend_from_slice(field.tag.as_slice());
        let value = self.out.len();
        self.write(field.node)?;
        // Zero and the empty string are nothing but zero bytes, and nothing else is.
        if self.out[value..].iter().all(|byte| *byte == 0) {
            self.out.truncate(start);
        }
        Ok(())
    }

    /// Steps over a value that is not written.
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        pass::skip(&mut self.reader, self.memory)
    }

    fn tap(&mut self, slot: usize, leaf: Leaf, write: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        let start = self.reader.at();
        // A number that stands for a symbol is none that a key or an id can be.
        let leaf = if leaf == Leaf::Symbol && self.reader.byte() != b'"' { Leaf::SymbolNumber } else { leaf };
        write(self)?;
        self.memory.taps.note(slot, Tapped { start, end: self.reader.at(), leaf });
        Ok(())
    }
}
