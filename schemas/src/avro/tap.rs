//! Where a contract's JSON Pointers lead in a schema. The nodes on the way are copied, so that a type that is used
//! in several places is tapped only where the pointer goes.

use std::collections::HashMap;

use super::program::{Decimal, Node, NodeId, Program};
use crate::json::MAX_DEPTH;
use crate::pass::Leaf;

/// Why a pointer can't be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// No field of the schema is there.
    Nowhere,
    /// What is there can never be what the contract takes it for.
    Unfit(NodeId),
}

impl Program {
    /// Has the value at a pointer noted in a slot. `fits` tells which types it may be.
    pub(crate) fn tap(&mut self, tokens: &[String], slot: usize, fits: impl Fn(Leaf) -> bool) -> Result<(), Lost> {
        if tokens.len() > MAX_DEPTH {
            return Err(Lost::Nowhere);
        }
        let mut tapper = Tapper { nodes: &mut self.nodes, slot, fits: &fits, copies: HashMap::new() };
        self.root = tapper.lead(self.root, tokens)?;
        Ok(())
    }
}

struct Tapper<'p> {
    nodes: &'p mut Vec<Node>,
    slot: usize,
    fits: &'p dyn Fn(Leaf) -> bool,
    /// Copies by original and tokens left: a recursive union leads to the same copy on many ways.
    copies: HashMap<(NodeId, usize), Result<NodeId, Lost>>,
}

impl Tapper<'_> {
    fn lead(&mut self, id: NodeId, tokens: &[String]) -> Result<NodeId, Lost> {
        if let Some(known) = self.copies.get(&(id, tokens.len())) {
            return *known;
        }
        let copy = self.copy(id, tokens);
        self.copies.insert((id, tokens.len()), copy);
        copy
    }

    fn copy(&mut self, id: NodeId, tokens: &[String]) -> Result<NodeId, Lost> {
        let mut node = self.nodes[id].clone();
        match (&mut node, tokens.split_first()) {
            (Node::Union(union), _) => {
                let mut lost = Lost::Nowhere;
                let mut found = false;
                for branch in &mut union.branches {
                    match self.lead(branch.node, tokens) {
                        Ok(copy) => {
                            found |= !matches!(self.nodes[branch.node], Node::Null);
                            branch.node = copy;
                        }
                        Err(Lost::Unfit(_)) => {
                            lost = Lost::Unfit(id);
                            branch.node = self.wrap(branch.node);
                        }
                        Err(Lost::Nowhere) => {}
                    }
                }
                if !found {
                    return Err(lost);
                }
            }
            (Node::Tap { node, .. } | Node::Omit { node, .. }, _) => *node = self.lead(*node, tokens)?,
            (Node::Null, None) => return Ok(self.wrap(id)),
            (_, None) if (self.fits)(self.leaf(id)) => return Ok(self.wrap(id)),
            (_, None) => return Err(Lost::Unfit(id)),
            (node, Some((token, rest))) => {
                let child = child(node, token).ok_or(Lost::Nowhere)?;
                *child = self.lead(*child, rest)?;
            }
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// What the node behind taps and treatments is.
    fn leaf(&self, mut id: NodeId) -> Leaf {
        loop {
            match &self.nodes[id] {
                Node::Tap { node, .. } | Node::Omit { node, .. } => id = *node,
                Node::Treat(treated) => id = treated.node,
                node => return leaf(node),
            }
        }
    }

    fn wrap(&mut self, node: NodeId) -> NodeId {
        let leaf = self.leaf(node);
        self.nodes.push(Node::Tap { slot: self.slot, leaf, node });
        self.nodes.len() - 1
    }
}

/// What a token leads to in a record, a map or an array; an item gets a node of its own.
pub(super) fn child<'n>(node: &'n mut Node, token: &str) -> Option<&'n mut NodeId> {
    match node {
        Node::Record(record) => {
            let field = record.names.find(token.as_bytes())?;
            Some(&mut record.fields[field].node)
        }
        Node::Map { values, picked } => {
            let at = picked.iter().position(|(name, _)| name == token).unwrap_or_else(|| {
                picked.push((token.to_owned(), *values));
                picked.len() - 1
            });
            Some(&mut picked[at].1)
        }
        Node::Array { items, picked } => {
            let index = array_index(token)?;
            let at = picked.iter().position(|(picked, _)| *picked == index).unwrap_or_else(|| {
                picked.push((index, *items));
                picked.len() - 1
            });
            Some(&mut picked[at].1)
        }
        _ => None,
    }
}

const fn leaf(node: &Node) -> Leaf {
    match node {
        Node::String => Leaf::Text,
        Node::Enum(_) | Node::UuidText | Node::UuidBytes => Leaf::Symbol,
        Node::Int | Node::Long => Leaf::Whole,
        Node::Bytes | Node::Fixed { .. } => Leaf::Bytes,
        Node::Timestamp { unit, local: false } => Leaf::Moment(*unit),
        Node::Timestamp { local: true, .. } | Node::Date | Node::TimeOfDay(_) => Leaf::Counted,
        Node::Float => Leaf::Float,
        Node::Double => Leaf::Double,
        Node::Decimal(Decimal { precision, scale, .. }) => Leaf::Decimal { precision: *precision, scale: *scale },
        _ => Leaf::Other,
    }
}

/// An array's index as RFC 6901, section 4, spells it: no leading zeros.
pub(crate) fn array_index(token: &str) -> Option<usize> {
    let plain = token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
    token.parse().ok().filter(|_| plain)
}
