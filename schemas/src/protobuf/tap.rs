//! Where a contract's JSON Pointers lead in a schema: to values that it picks, and to values that it treats. The nodes
//! on the way are copied, so that a type that is used in several places is changed only where the pointer goes.
//! Pointers spell members as the schema does or in lowerCamelCase.

use super::collection::push_key;
use super::program::{Field, Known, Node, NodeId, Pick, Program, Shape};
use crate::avro::tap::{Lost, array_index};
use crate::calendar::Unit;
use crate::json::MAX_DEPTH;
use crate::pass::{Leaf, Slots};
use crate::pii::{Treatment, Untreatable};

/// The token that stands for every item of an array and every value of a map.
const EVERY: &str = "*";

/// Slots of values that are written outside of the record's value as they came: key and id.
const EXPOSED: Slots = 0b011;

const EXPOSED_VALUE: &str = "the key or the id, or what holds it";

const ITEM: &str = "an item of an array, which has a place to keep";

impl Program {
    /// Has the value at a pointer noted in a slot. `fits` tells which types it may be.
    pub(crate) fn tap(&mut self, tokens: &[String], slot: usize, fits: impl Fn(Leaf) -> bool) -> Result<(), Lost> {
        self.lead_tap(tokens, Goal::Tap { slot, fits: &fits, any: false }).map(drop)
    }

    /// Has the value at a pointer noted in a slot, whatever it is; gives how many of the tokens lead on from there, into a
    /// value that is any JSON.
    pub(crate) fn tap_any(&mut self, tokens: &[String], slot: usize) -> Result<usize, Lost> {
        self.lead_tap(tokens, Goal::Tap { slot, fits: &|_| true, any: true })
    }

    fn lead_tap(&mut self, tokens: &[String], goal: Goal<'_>) -> Result<usize, Lost> {
        let mut leader = Leader { nodes: &mut self.nodes, goal, left: 0 };
        self.root = leader.lead(self.root, tokens).map_err(|stray| match stray {
            Stray::Nowhere | Stray::Untreatable(_) => Lost::Nowhere,
            Stray::Unfit(node) => Lost::Unfit(node),
        })?;
        Ok(leader.left)
    }

    /// Has the value at a pointer left out, masked or hashed.
    pub(crate) fn treat(&mut self, tokens: &[String], treatment: &Treatment) -> Result<(), Untreatable> {
        let mut leader = Leader { nodes: &mut self.nodes, goal: Goal::Treat(treatment), left: 0 };
        let led = leader.lead(self.root, tokens);
        match led {
            Ok(root) => {
                self.root = root;
                Ok(())
            }
            Err(Stray::Nowhere) => Err(Untreatable::Nowhere),
            Err(Stray::Untreatable(there)) => Err(Untreatable::Unfit(there.to_owned())),
            Err(Stray::Unfit(node)) => Err(Untreatable::Unfit(self.expected(node))),
        }
    }
}

/// What is to happen where the pointer ends.
enum Goal<'g> {
    /// `any`: a list, a map, and what lies in a value that is any JSON are good as well.
    Tap {
        slot: usize,
        fits: &'g dyn Fn(Leaf) -> bool,
        any: bool,
    },
    Treat(&'g Treatment),
}

/// Why a pointer can't be followed.
enum Stray {
    Nowhere,
    Unfit(NodeId),
    Untreatable(&'static str),
}

struct Leader<'p> {
    nodes: &'p mut Vec<Node>,
    goal: Goal<'p>,
    /// Tokens that lead on from where the way through the schema ended.
    left: usize,
}

impl Leader<'_> {
    fn lead(&mut self, id: NodeId, tokens: &[String]) -> Result<NodeId, Stray> {
        if tokens.len() > MAX_DEPTH {
            return Err(Stray::Nowhere);
        }
        let mut node = self.nodes[id].clone();
        match (&mut node, tokens.split_first()) {
            (Node::Tap { node, .. } | Node::Treat { node, .. }, Some(_)) => *node = self.lead(*node, tokens)?,
            (_, None) => return self.arrive(id),
            (Node::Message(message), Some((token, rest))) => {
                let place = message.named(token.as_bytes()).ok_or(Stray::Nowhere)?;
                self.field(&mut message.fields[place], rest)?;
            }
            (Node::Known(Known::Struct | Known::Value | Known::ListValue, _), Some(_)) if self.takes_any() => {
                self.left = tokens.len();
                return self.arrive(id);
            }
            (Node::Known(..), Some(_)) => return Err(Stray::Unfit(id)),
            (_, Some(_)) => return Err(Stray::Nowhere),
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    fn field(&mut self, field: &mut Field, rest: &[String]) -> Result<(), Stray> {
        field.slots |= self.slots();
        if rest.is_empty() && self.drops() {
            if matches!(field.shape, Shape::Required) {
                return Err(Stray::Untreatable("a required field"));
            }
            if field.slots & EXPOSED != 0 {
                return Err(Stray::Untreatable(EXPOSED_VALUE));
            }
            field.dropped = true;
            return Ok(());
        }
        match (&field.shape, rest.split_first()) {
            (Shape::List { .. } | Shape::Map(_), None) if self.takes_any() => {
                if let Goal::Tap { slot, .. } = self.goal {
                    field.whole.push(slot);
                }
                Ok(())
            }
            (Shape::List { .. }, None) => Err(Stray::Untreatable("an array")),
            (Shape::Map(_), None) => Err(Stray::Untreatable("an object")),
            (Shape::List { .. } | Shape::Map(_), Some((token, rest))) if token == EVERY && self.treats() => {
                self.every(field, rest)
            }
            (Shape::List { .. }, Some((token, rest))) => self.item(field, token, rest),
            (Shape::Map(_), Some((token, rest))) => self.entry(field, token, rest),
            _ => {
                field.node = self.lead(field.node, rest)?;
                Ok(())
            }
        }
    }

    /// Every item of a list, or every value of a map.
    fn every(&mut self, field: &mut Field, rest: &[String]) -> Result<(), Stray> {
        let picked: Vec<&mut NodeId> = match &mut field.shape {
            Shape::List { .. } if rest.is_empty() && self.drops() => return Err(Stray::Untreatable(ITEM)),
            Shape::List { picked, .. } => picked.iter_mut().map(|(_, node)| node).collect(),
            Shape::Map(_) if rest.is_empty() && self.drops() => {
                if field.slots & EXPOSED != 0 {
                    return Err(Stray::Untreatable(EXPOSED_VALUE));
                }
                field.dropped = true;
                return Ok(());
            }
            Shape::Map(entries) => entries.picked.iter_mut().map(|pick| &mut pick.node).collect(),
            _ => Vec::new(),
        };
        for node in picked {
            *node = self.lead(*node, rest)?;
        }
        field.node = self.lead(field.node, rest)?;
        Ok(())
    }

    fn item(&mut self, field: &mut Field, token: &str, rest: &[String]) -> Result<(), Stray> {
        let Shape::List { picked, .. } = &mut field.shape else { return Err(Stray::Nowhere) };
        let index = array_index(token).ok_or(Stray::Nowhere)?;
        if rest.is_empty() && self.drops() {
            return Err(Stray::Untreatable(ITEM));
        }
        let at = picked.iter().position(|(picked, _)| *picked == index);
        let copy = self.lead(at.map_or(field.node, |at| picked[at].1), rest)?;
        match at {
            Some(at) => picked[at].1 = copy,
            None => picked.push((index, copy)),
        }
        Ok(())
    }

    fn entry(&mut self, field: &mut Field, token: &str, rest: &[String]) -> Result<(), Stray> {
        let Shape::Map(entries) = &mut field.shape else { return Err(Stray::Nowhere) };
        if push_key(&mut Vec::new(), entries.key, token.as_bytes()).is_err() {
            return Err(Stray::Nowhere);
        }
        let at = entries.picked.iter().position(|pick| pick.key == token).unwrap_or_else(|| {
            entries.picked.push(Pick { key: token.to_owned(), node: field.node, slots: 0, dropped: false });
            entries.picked.len() - 1
        });
        let pick = &mut entries.picked[at];
        pick.slots |= self.slots();
        if rest.is_empty() && self.drops() {
            if pick.slots & EXPOSED != 0 {
                return Err(Stray::Untreatable(EXPOSED_VALUE));
            }
            pick.dropped = true;
        } else {
            pick.node = self.lead(pick.node, rest)?;
        }
        Ok(())
    }

    /// The slot that a pick fills, as a bit.
    fn slots(&self) -> Slots {
        match self.goal {
            Goal::Tap { slot, .. } => 1 << slot,
            Goal::Treat(_) => 0,
        }
    }

    const fn takes_any(&self) -> bool {
        matches!(self.goal, Goal::Tap { any: true, .. })
    }

    const fn treats(&self) -> bool {
        matches!(self.goal, Goal::Treat(_))
    }

    const fn drops(&self) -> bool {
        matches!(self.goal, Goal::Treat(Treatment::Drop))
    }

    fn arrive(&mut self, id: NodeId) -> Result<NodeId, Stray> {
        let leaf = self.leaf(id);
        let node = match (self.nodes[id].clone(), &self.goal) {
            (_, Goal::Treat(Treatment::Drop)) => return Err(Stray::Untreatable("the whole event")),
            // The only field stands for the message, in JSON and in bytes.
            (Node::Known(Known::Wrapper, mut message), _) => {
                if let Some(field) = message.fields.first_mut() {
                    field.node = self.arrive(field.node)?;
                }
                Node::Known(Known::Wrapper, message)
            }
            (Node::Tap { slot, .. }, Goal::Treat(_)) if EXPOSED & 1 << slot != 0 => {
                return Err(Stray::Untreatable(EXPOSED_VALUE));
            }
            (Node::Tap { slot, leaf, node }, Goal::Treat(_)) => Node::Tap { slot, leaf, node: self.arrive(node)? },
            (_, Goal::Tap { slot, fits, .. }) if fits(leaf) => Node::Tap { slot: *slot, leaf, node: id },
            (_, Goal::Treat(treatment)) if leaf == Leaf::Text => {
                Node::Treat { treatment: (*treatment).clone(), node: id }
            }
            _ => return Err(Stray::Unfit(id)),
        };
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// What a node is to those who pick it.
    fn leaf(&self, id: NodeId) -> Leaf {
        match &self.nodes[id] {
            Node::String => Leaf::Text,
            Node::Enum(_) => Leaf::Symbol,
            Node::Whole(_) => Leaf::Whole,
            Node::Bytes => Leaf::Bytes,
            Node::Known(Known::Timestamp, _) => Leaf::Moment(Unit::Nanos),
            Node::Known(Known::Value, _) => Leaf::Loose,
            Node::Float => Leaf::Float,
            Node::Double => Leaf::Double,
            Node::Known(Known::Wrapper, message) => {
                message.fields.first().map_or(Leaf::Other, |field| self.leaf(field.node))
            }
            Node::Tap { node, .. } | Node::Treat { node, .. } => self.leaf(*node),
            _ => Leaf::Other,
        }
    }
}
