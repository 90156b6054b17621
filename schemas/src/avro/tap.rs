//! Where a contract's JSON Pointers lead in a schema. The nodes on the way are copied, so that a type that is used
//! in several places is tapped only where the pointer goes.

use std::collections::HashMap;

use super::program::{Node, NodeId, Program};
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
            (Node::Tap { node, .. }, _) => *node = self.lead(*node, tokens)?,
            (Node::Null, None) => return Ok(self.wrap(id)),
            (node, None) if (self.fits)(leaf(node)) => return Ok(self.wrap(id)),
            (_, None) => return Err(Lost::Unfit(id)),
            (Node::Record(record), Some((token, rest))) => {
                let field = record.names.find(token.as_bytes()).ok_or(Lost::Nowhere)?;
                record.fields[field].node = self.lead(record.fields[field].node, rest)?;
            }
            (Node::Map { values, picked }, Some((token, rest))) => {
                let at = picked.iter().position(|(name, _)| name == token);
                let copy = self.lead(at.map_or(*values, |at| picked[at].1), rest)?;
                match at {
                    Some(at) => picked[at].1 = copy,
                    None => picked.push((token.clone(), copy)),
                }
            }
            (Node::Array { items, picked }, Some((token, rest))) => {
                let index = array_index(token).ok_or(Lost::Nowhere)?;
                let at = picked.iter().position(|(picked, _)| *picked == index);
                let copy = self.lead(at.map_or(*items, |at| picked[at].1), rest)?;
                match at {
                    Some(at) => picked[at].1 = copy,
                    None => picked.push((index, copy)),
                }
            }
            (_, Some(_)) => return Err(Lost::Nowhere),
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// What the node behind taps is.
    fn leaf(&self, mut id: NodeId) -> Leaf {
        while let Node::Tap { node, .. } = &self.nodes[id] {
            id = *node;
        }
        leaf(&self.nodes[id])
    }

    fn wrap(&mut self, node: NodeId) -> NodeId {
        let leaf = self.leaf(node);
        self.nodes.push(Node::Tap { slot: self.slot, leaf, node });
        self.nodes.len() - 1
    }
}

const fn leaf(node: &Node) -> Leaf {
    match node {
        Node::String => Leaf::Text,
        Node::Enum(_) | Node::UuidText | Node::UuidBytes => Leaf::Symbol,
        Node::Int | Node::Long => Leaf::Whole,
        Node::Bytes | Node::Fixed { .. } => Leaf::Bytes,
        Node::Timestamp { unit, local: false } => Leaf::Moment(*unit),
        _ => Leaf::Other,
    }
}

/// An array's index as RFC 6901, section 4, spells it: no leading zeros.
pub(crate) fn array_index(token: &str) -> Option<usize> {
    let plain = token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
    token.parse().ok().filter(|_| plain)
}
