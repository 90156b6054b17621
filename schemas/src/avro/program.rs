//! What a schema compiles to: nodes that name one another by index, with everything looked up beforehand that does
//! not depend on an event.

use super::lookup::Lookup;
use crate::calendar::Unit;
use crate::contract::{BytesText, Unions, UnknownFields, ValueRule};
use crate::json::Kind;
use crate::pass::Leaf;
use crate::pii::Treatment;

/// Index of a node in its program.
pub(crate) type NodeId = usize;

/// A schema and the contract's reading of it.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    pub(crate) rule: Rule,
    /// Whether personal values are treated, so that bytes can't be taken as they come.
    pub(crate) treats: bool,
}

impl Program {
    /// No event's text is shorter than this many bytes. Only the outermost record's own members are counted, one byte
    /// for each of their values.
    pub(crate) fn shortest_text(&self) -> usize {
        let Node::Record(record) = &self.nodes[self.root] else { return 1 };
        let needed = record.fields.iter().filter(|field| field.absent.is_none());
        let members: Vec<usize> = needed.map(|field| field.quoted.len() + ":1".len()).collect();
        "{}".len() + members.iter().sum::<usize>() + members.len().saturating_sub(1)
    }
}

/// How the contract reads JSON where Avro leaves a choice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) unions: Unions,
    pub(crate) bytes: BytesText,
    /// An int or a long may be a numeral in a string.
    pub(crate) numeric_strings: bool,
    /// Members that the schema does not know are left out instead of refused.
    pub(crate) drop_unknown: bool,
}

impl Rule {
    /// What a contract says.
    pub(crate) fn of(value: &ValueRule) -> Self {
        Self {
            unions: value.unions,
            bytes: value.bytes,
            numeric_strings: value.numeric_strings,
            drop_unknown: value.unknown_fields == UnknownFields::Drop,
        }
    }
}

/// One type of the schema. A node that is tapped or treated is a copy that only its pointer leads to.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed {
        size: usize,
    },
    Enum(Box<Lookup>),
    Array {
        items: NodeId,
        picked: Vec<(usize, NodeId)>,
    },
    Map {
        values: NodeId,
        picked: Vec<(String, NodeId)>,
    },
    Record(Box<Record>),
    Union(Box<Union>),
    Date,
    TimeOfDay(Unit),
    Timestamp {
        unit: Unit,
        local: bool,
    },
    UuidText,
    UuidBytes,
    Decimal(Decimal),
    Duration,
    Tap {
        slot: usize,
        leaf: Leaf,
        node: NodeId,
    },
    /// A string that is personal: another one is written in its place.
    Treat(Box<Treated>),
    /// A value that is personal: it is read, and what is written in its place is what stands for an absent one. None
    /// for a map's value: the whole member is left out.
    Omit {
        node: NodeId,
        absent: Option<Box<[u8]>>,
    },
}

/// A string and what becomes of it.
#[derive(Debug, Clone)]
pub(crate) struct Treated {
    pub(crate) node: NodeId,
    pub(crate) treatment: Treatment,
}

/// A decimal's bounds and its bytes' length, where the schema fixes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    pub(crate) precision: u32,
    pub(crate) scale: u32,
    pub(crate) fixed: Option<usize>,
}

/// A record's fields in the order in which they are written.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) fields: Vec<Field>,
    pub(crate) names: Lookup,
}

/// One field of a record.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// The name as most events spell it: between quotes.
    pub(crate) quoted: Box<[u8]>,
    pub(crate) node: NodeId,
    /// What is written where the event has no such member.
    pub(crate) absent: Option<Box<[u8]>>,
}

impl Field {
    /// The field's name.
    pub(crate) fn name(&self) -> &[u8] {
        &self.quoted[1..self.quoted.len() - 1]
    }
}

/// A union's branches, and which of them a JSON value of each kind may be.
#[derive(Debug, Clone)]
pub(crate) struct Union {
    pub(crate) branches: Vec<Branch>,
    /// By `Kind`, in schema order.
    pub(crate) candidates: [Candidates; Kind::COUNT],
    /// Branch names that tag a value; empty where the contract has no tags.
    pub(crate) tags: Lookup,
}

/// One branch of a union.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    pub(crate) node: NodeId,
    /// Its index as it is written.
    pub(crate) index: Box<[u8]>,
}

/// The branches that a value of one kind may be.
#[derive(Debug, Clone, Default)]
pub(crate) enum Candidates {
    #[default]
    None,
    One(usize),
    Many(Box<[usize]>),
}

impl Candidates {
    /// The branches, in schema order.
    pub(crate) fn as_slice(&self) -> &[usize] {
        match self {
            Self::None => &[],
            Self::One(branch) => std::slice::from_ref(branch),
            Self::Many(branches) => branches,
        }
    }
}

/// The set of JSON kinds that a node may accept, as bits of `Kind`.
fn kinds(nodes: &[Node], rule: Rule, node: NodeId) -> u8 {
    let (number, string) = (Kind::Number.bit(), Kind::String.bit());
    match &nodes[node] {
        Node::Null => Kind::Null.bit(),
        Node::Boolean => Kind::Boolean.bit(),
        Node::Int | Node::Long if !rule.numeric_strings => number,
        Node::Int
        | Node::Long
        | Node::Float
        | Node::Double
        | Node::Date
        | Node::TimeOfDay(_)
        | Node::Timestamp { .. }
        | Node::Decimal(_) => number | string,
        Node::Bytes
        | Node::String
        | Node::Fixed { .. }
        | Node::Enum(_)
        | Node::UuidText
        | Node::UuidBytes
        | Node::Duration => string,
        Node::Array { .. } => Kind::Array.bit(),
        Node::Map { .. } | Node::Record(_) => Kind::Object.bit(),
        Node::Union(union) => union.branches.iter().fold(0, |set, branch| set | kinds(nodes, rule, branch.node)),
        Node::Tap { node, .. } | Node::Omit { node, .. } => kinds(nodes, rule, *node),
        Node::Treat(treated) => kinds(nodes, rule, treated.node),
    }
}

/// Sorts branches by the kinds that they accept.
pub(super) fn candidates(nodes: &[Node], rule: Rule, branches: &[Branch]) -> [Candidates; Kind::COUNT] {
    const KINDS: [Kind; Kind::COUNT] =
        [Kind::Null, Kind::Boolean, Kind::Number, Kind::String, Kind::Array, Kind::Object];
    KINDS.map(|kind| {
        let tagged_only = rule.unions == Unions::Tagged && kind != Kind::Null;
        let accepts = |branch: &usize| kinds(nodes, rule, branches[*branch].node) & kind.bit() != 0;
        let found: Vec<usize> = if tagged_only { Vec::new() } else { (0..branches.len()).filter(accepts).collect() };
        match found[..] {
            [] => Candidates::None,
            [one] => Candidates::One(one),
            _ => Candidates::Many(found.into()),
        }
    })
}
