//! Personal values: where a contract's pointers to them lead in a schema, whether the schema accepts what becomes of
//! them, and how that is written. As for taps, the nodes on the way are copied.

use std::collections::HashMap;

use super::binary::push_bytes;
use super::program::{Node, NodeId, Program, Treated};
use super::tap::child;
use super::write::Writer;
use crate::json::MAX_DEPTH;
use crate::pass::Stop;
use crate::pii::{Treatment, Untreatable};

/// The token that stands for every item of an array and every value of a map.
const EVERY: &str = "*";

impl Program {
    /// Has the value at a pointer treated wherever an event has it. Null stays null.
    pub(crate) fn treat(&mut self, tokens: &[String], treatment: &Treatment) -> Result<(), Untreatable> {
        if tokens.len() > MAX_DEPTH {
            return Err(Untreatable::Nowhere);
        }
        let root = self.root;
        let mut treater = Treater { program: self, treatment, copies: HashMap::new() };
        self.root = treater.lead(root, tokens)?;
        self.treats = true;
        Ok(())
    }
}

struct Treater<'p> {
    program: &'p mut Program,
    treatment: &'p Treatment,
    /// Copies by original and tokens left: a recursive union leads to the same copy on many ways.
    copies: HashMap<(NodeId, usize), Result<NodeId, Untreatable>>,
}

impl Treater<'_> {
    fn lead(&mut self, id: NodeId, tokens: &[String]) -> Result<NodeId, Untreatable> {
        if let Some(known) = self.copies.get(&(id, tokens.len())) {
            return known.clone();
        }
        let copy = self.copy(id, tokens);
        self.copies.insert((id, tokens.len()), copy.clone());
        copy
    }

    fn copy(&mut self, id: NodeId, tokens: &[String]) -> Result<NodeId, Untreatable> {
        let mut node = self.program.nodes[id].clone();
        match (&mut node, tokens.split_first()) {
            (Node::Union(union), _) => {
                let mut found = false;
                for branch in &mut union.branches {
                    if tokens.is_empty() && is_null(&self.program.nodes, branch.node) {
                        continue;
                    }
                    match self.lead(branch.node, tokens) {
                        Ok(copy) => (branch.node, found) = (copy, true),
                        Err(Untreatable::Nowhere) => {}
                        Err(unfit) => return Err(unfit),
                    }
                }
                if !found {
                    return Err(Untreatable::Nowhere);
                }
            }
            (Node::Tap { node, .. }, _) => *node = self.lead(*node, tokens)?,
            (Node::Treat(_) | Node::Omit { .. }, _) => return unfit("a value that is treated already"),
            (Node::String, None) if !matches!(self.treatment, Treatment::Drop) => {
                node = Node::Treat(Box::new(Treated { node: id, treatment: self.treatment.clone() }));
            }
            (_, None) if matches!(self.treatment, Treatment::Drop) => return unfit("the whole event"),
            (_, None) => return unfit(self.program.expected(id)),
            (node, Some((token, []))) if matches!(self.treatment, Treatment::Drop) => self.omit(node, token)?,
            (node, Some((token, rest))) => {
                for child in children(node, token)? {
                    *child = self.lead(*child, rest)?;
                }
            }
        }
        Ok(self.push(node))
    }

    fn omit(&mut self, parent: &mut Node, token: &str) -> Result<(), Untreatable> {
        let absent = match parent {
            Node::Record(record) => {
                let field = record.names.find(token.as_bytes()).ok_or(Untreatable::Nowhere)?;
                let Some(absent) = record.fields[field].absent.clone() else {
                    return unfit("a field without a default that can't be null");
                };
                Some(absent)
            }
            Node::Map { .. } => None,
            Node::Array { items, .. } => {
                let Some(null) = self.null_index(*items) else {
                    return unfit("an item of an array, which has a place to keep and can't be null");
                };
                Some(null)
            }
            _ => return Err(Untreatable::Nowhere),
        };
        for child in children(parent, token)? {
            *child = self.push(Node::Omit { node: *child, absent: absent.clone() });
        }
        Ok(())
    }

    /// How a node's null branch is written.
    fn null_index(&self, id: NodeId) -> Option<Box<[u8]>> {
        match &self.program.nodes[id] {
            Node::Tap { node, .. } => self.null_index(*node),
            Node::Union(union) => {
                let null = union.branches.iter().find(|branch| is_null(&self.program.nodes, branch.node))?;
                Some(null.index.clone())
            }
            _ => None,
        }
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.program.nodes.push(node);
        self.program.nodes.len() - 1
    }
}

/// Whether a node is null, noted or not.
fn is_null(nodes: &[Node], id: NodeId) -> bool {
    match &nodes[id] {
        Node::Null => true,
        Node::Tap { node, .. } => is_null(nodes, *node),
        _ => false,
    }
}

/// What a token leads to.
fn children<'n>(node: &'n mut Node, token: &str) -> Result<Vec<&'n mut NodeId>, Untreatable> {
    if token != EVERY || matches!(node, Node::Record(_)) {
        return child(node, token).map(|child| vec![child]).ok_or(Untreatable::Nowhere);
    }
    match node {
        Node::Map { values, picked } => Ok(picked.iter_mut().map(|(_, node)| node).chain([values]).collect()),
        Node::Array { items, picked } => Ok(picked.iter_mut().map(|(_, node)| node).chain([items]).collect()),
        _ => Err(Untreatable::Nowhere),
    }
}

fn unfit<T>(there: impl Into<String>) -> Result<T, Untreatable> {
    Err(Untreatable::Unfit(there.into()))
}

impl Node {
    /// Whether a map's member is left out if this is its value.
    pub(super) const fn leaves_out_member(&self) -> bool {
        matches!(self, Self::Omit { absent: None, .. })
    }
}

impl Writer<'_, '_> {
    pub(super) fn treated(&mut self, treated: &Treated) -> Result<(), Stop> {
        if self.reader.byte() != b'"' {
            return Err(Stop::Mismatch);
        }
        let string = self.reader.string()?;
        if string.lone {
            return Err(Stop::Fatal);
        }
        let characters = string.text(self.reader.bytes(), &mut self.memory.decoded);
        treated.treatment.replace(characters, |replaced| push_bytes(self.out, replaced));
        Ok(())
    }

    pub(super) fn omitted(&mut self, node: NodeId, absent: Option<&[u8]>) -> Result<(), Stop> {
        let start = self.out.len();
        self.write(node)?;
        self.out.truncate(start);
        self.out.extend_from_slice(absent.unwrap_or_default());
        Ok(())
    }
}
