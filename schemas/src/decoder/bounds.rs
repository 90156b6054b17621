//! A payload's outline, walked before apache-avro reads it, since its reader (0.22) takes bytes at their word:
//!
//! - strings, booleans and unions that are cut off are read as null;
//! - what a length announces is allocated first, up to 512 MiB for each string or list
//!   (`apache_avro::max_allocation_bytes`, one limit for the process), and items without bytes are read to any number
//!   within that;
//! - nesting is followed to any depth: each level of a linked list takes 8 KiB of stack, or 100 KiB where it is not
//!   optimised.
//!
//! What passes here has all its bytes, and costs memory in proportion to them.

use super::Undecodable;
use crate::avro::program::{Decimal, Node, NodeId, Program};
use crate::json::MAX_DEPTH;

/// Values that no byte stands for, such as nulls outside a union, beyond one for each byte of the payload.
const MAX_WEIGHTLESS: usize = 1 << 16;

/// Checks that a payload's values have all their bytes and are not too many or too deep.
pub(super) fn check(program: &Program, payload: &[u8]) -> Result<(), Undecodable> {
    let weightless = payload.len().saturating_add(MAX_WEIGHTLESS);
    Outline { nodes: &program.nodes, rest: payload, weightless }.value(program.root, 0)
}

struct Outline<'p> {
    nodes: &'p [Node],
    rest: &'p [u8],
    /// How many more values may take no bytes.
    weightless: usize,
}

impl Outline<'_> {
    /// Walks over a value that is inside so many others.
    fn value(&mut self, node: NodeId, depth: usize) -> Result<(), Undecodable> {
        let nodes = self.nodes;
        match &nodes[node] {
            Node::Null => self.skip(0),
            Node::Boolean => self.skip(1),
            Node::Float => self.skip(4),
            Node::Double => self.skip(8),
            Node::Duration => self.skip(12),
            Node::UuidBytes => self.skip(16),
            Node::Fixed { size } | Node::Decimal(Decimal { fixed: Some(size), .. }) => self.skip(*size),
            Node::Int | Node::Long | Node::Enum(_) | Node::Date | Node::TimeOfDay(_) | Node::Timestamp { .. } => {
                self.long().map(drop)
            }
            Node::Bytes | Node::String | Node::UuidText | Node::Decimal(_) => self.sized(),
            Node::Array { items, .. } => self.blocks(depth, |outline| outline.value(*items, depth + 1)),
            Node::Map { values, .. } => self.blocks(depth, |outline| {
                outline.sized()?;
                outline.value(*values, depth + 1)
            }),
            Node::Record(record) => {
                deep(depth)?;
                if record.fields.is_empty() {
                    self.skip(0)?;
                }
                record.fields.iter().try_for_each(|field| self.value(field.node, depth + 1))
            }
            Node::Union(union) => {
                let branch = usize::try_from(self.long()?).ok().and_then(|index| union.branches.get(index));
                let branch = branch.ok_or_else(|| Undecodable::Unlike("a union has no such branch".to_owned()))?;
                self.value(branch.node, depth)
            }
            Node::Tap { node, .. } | Node::Omit { node, .. } => self.value(*node, depth),
            Node::Treat(treated) => self.value(treated.node, depth),
        }
    }

    /// An array's or a map's items, block by block.
    fn blocks(&mut self, depth: usize, item: impl Fn(&mut Self) -> Result<(), Undecodable>) -> Result<(), Undecodable> {
        deep(depth)?;
        loop {
            let count = self.long()?;
            match count {
                0 => return Ok(()),
                // The block's length in bytes follows, for readers that skip it.
                ..0 => drop(self.long()?),
                1.. => {}
            }
            for _ in 0..count.unsigned_abs() {
                item(self)?;
            }
        }
    }

    /// Bytes after their length.
    fn sized(&mut self) -> Result<(), Undecodable> {
        let length = self.long()?;
        match usize::try_from(length) {
            Ok(0) => Ok(()),
            Ok(length) => self.skip(length),
            Err(_) => Err(Undecodable::Unlike("a length is negative".to_owned())),
        }
    }

    fn long(&mut self) -> Result<i64, Undecodable> {
        let mut zigzag = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or_else(cut_off)?;
            self.rest = rest;
            zigzag |= u64::from(byte & 0x7F) << shift;
            if *byte < 0x80 {
                return Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed());
            }
        }
        Err(Undecodable::Unlike("a number is longer than ten bytes".to_owned()))
    }

    fn skip(&mut self, length: usize) -> Result<(), Undecodable> {
        if length == 0 {
            self.weightless = self.weightless.checked_sub(1).ok_or(Undecodable::TooMuch("too many empty values"))?;
        }
        self.rest = self.rest.get(length..).ok_or_else(cut_off)?;
        Ok(())
    }
}

/// Whether an array, map or record may open inside so many others: as deep as the encoder's text.
fn deep(depth: usize) -> Result<(), Undecodable> {
    if depth < MAX_DEPTH { Ok(()) } else { Err(Undecodable::TooMuch("nested more than 64 deep")) }
}

const _: () = assert!(MAX_DEPTH == 64, "the sentence above names the number");

fn cut_off() -> Undecodable {
    Undecodable::Unlike("the payload is cut off".to_owned())
}
