//! Whether some JSON value can be both of two Avro types. Knows the mapping of JSON to Avro; an answer of no may come
//! from giving up on a schema that is too entangled.

use std::collections::HashMap;

use crate::avro::program::{Node, NodeId, Program, Record};
use crate::contract::BytesText;

/// Comparisons in one schema. Branches are compared in pairs, and members of records within.
const MAX_STEPS: usize = 200_000;

/// The comparisons of one schema.
pub(super) struct Overlaps<'p> {
    program: &'p Program,
    /// What is known of a pair; a pair under way counts as overlapping.
    known: HashMap<(NodeId, NodeId), Option<&'static str>>,
    steps: usize,
}

/// What a type accepts as a JSON string.
enum Text<'p> {
    Any,
    Symbols(Vec<&'p str>),
    Bytes(Option<usize>),
    Uuid,
    Date,
    Time,
    Timestamp {
        local: bool,
    },
    Duration,
    Decimal,
    Numeral,
    /// `NaN` and the infinities.
    NotFinite,
}

impl<'p> Overlaps<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        Self { program, known: HashMap::new(), steps: 0 }
    }

    /// The kind of a JSON value that both of two types accept, `one` being asked first.
    pub(super) fn kind(&mut self, one: NodeId, other: NodeId) -> Option<&'static str> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return None;
        }
        if let Some(known) = self.known.get(&(one, other)) {
            return *known;
        }
        self.known.insert((one, other), Some("value"));
        let found = self.compared(one, other);
        self.known.insert((one, other), found);
        found
    }

    fn compared(&mut self, one: NodeId, other: NodeId) -> Option<&'static str> {
        let nodes = &self.program.nodes;
        match (&nodes[one], &nodes[other]) {
            (Node::Tap { node, .. }, _) => self.kind(*node, other),
            (_, Node::Tap { node, .. }) => self.kind(one, *node),
            (Node::Union(union), _) => union.branches.iter().find_map(|branch| self.kind(branch.node, other)),
            (_, Node::Union(union)) => union.branches.iter().find_map(|branch| self.kind(one, branch.node)),
            (Node::Null, Node::Null) => Some("null"),
            (Node::Boolean, Node::Boolean) => Some("boolean"),
            // The empty one is both.
            (Node::Array { .. }, Node::Array { .. }) => Some("array"),
            (Node::Map { .. }, Node::Map { .. }) => Some("object"),
            (Node::Map { values, .. }, Node::Record(record)) | (Node::Record(record), Node::Map { values, .. }) => {
                self.fits_map(record, *values)
            }
            (Node::Record(one), Node::Record(other)) => self.records(one, other),
            (one, other) if takes_numbers(one) && takes_numbers(other) => Some("number"),
            (one, other) => {
                let (one, other) = (self.text(one)?, self.text(other)?);
                self.texts(&one, &other).then_some("string")
            }
        }
    }

    fn fits_map(&mut self, record: &Record, values: NodeId) -> Option<&'static str> {
        let mut needed = record.fields.iter().filter(|field| field.absent.is_none());
        needed.all(|field| self.kind(field.node, values).is_some()).then_some("object")
    }

    /// An object is both records if both know (or drop) all that the other needs.
    fn records(&mut self, one: &Record, other: &Record) -> Option<&'static str> {
        let drops = self.program.rule.drop_unknown;
        let mut fits = |one: &Record, other: &Record, turned: bool| {
            one.fields.iter().filter(|field| field.absent.is_none()).all(|field| match other.names.find(field.name()) {
                Some(place) if turned => self.kind(other.fields[place].node, field.node).is_some(),
                Some(place) => self.kind(field.node, other.fields[place].node).is_some(),
                None => drops,
            })
        };
        (fits(one, other, false) && fits(other, one, true)).then_some("object")
    }

    fn text(&self, node: &'p Node) -> Option<Text<'p>> {
        Some(match node {
            Node::String => Text::Any,
            Node::Enum(symbols) => Text::Symbols(symbols.names().collect()),
            Node::Bytes => Text::Bytes(None),
            Node::Fixed { size } => Text::Bytes(Some(*size)),
            Node::UuidText | Node::UuidBytes => Text::Uuid,
            Node::Date => Text::Date,
            Node::TimeOfDay(_) => Text::Time,
            Node::Timestamp { local, .. } => Text::Timestamp { local: *local },
            Node::Duration => Text::Duration,
            Node::Decimal(_) => Text::Decimal,
            Node::Int | Node::Long if self.program.rule.numeric_strings => Text::Numeral,
            Node::Float | Node::Double => Text::NotFinite,
            _ => return None,
        })
    }

    fn texts(&self, one: &Text<'_>, other: &Text<'_>) -> bool {
        match (one, other) {
            // Whoever puts `string` before a float means that names of infinities are strings.
            (Text::Any, other) => !matches!(other, Text::NotFinite),
            (Text::Symbols(one), Text::Symbols(other)) => one.iter().any(|symbol| other.contains(symbol)),
            (Text::Bytes(Some(one)), Text::Bytes(Some(other))) => one == other,
            (Text::Bytes(size), text) | (text, Text::Bytes(size)) => self.looks_like_bytes(text, *size),
            (Text::Timestamp { local: one }, Text::Timestamp { local: other }) => one == other,
            (_, Text::Any)
            | (Text::Uuid, Text::Uuid)
            | (Text::Date, Text::Date)
            | (Text::Time, Text::Time)
            | (Text::Duration, Text::Duration)
            | (Text::Decimal | Text::Numeral, Text::Decimal | Text::Numeral)
            | (Text::NotFinite, Text::NotFinite) => true,
            _ => false,
        }
    }

    /// Whether a text of another type can be read as bytes too.
    fn looks_like_bytes(&self, text: &Text<'_>, size: Option<usize>) -> bool {
        match (self.program.rule.bytes, text) {
            (_, Text::Any | Text::Bytes(_)) => true,
            (BytesText::CodePoints, Text::Symbols(symbols)) => {
                symbols.iter().any(|symbol| size.is_none_or(|size| symbol.len() == size))
            }
            (BytesText::Base64, Text::Symbols(symbols)) => {
                let decodes =
                    |symbol: &&str| symbol.len() % 4 != 1 && symbol.bytes().all(|byte| byte.is_ascii_alphanumeric());
                symbols.iter().any(|symbol| decodes(symbol) && size.is_none_or(|size| symbol.len() * 3 / 4 == size))
            }
            (BytesText::CodePoints, _) | (BytesText::Base64, Text::Decimal | Text::Numeral | Text::NotFinite) => {
                size.is_none()
            }
            (BytesText::Base64, _) => false,
        }
    }
}

fn takes_numbers(node: &Node) -> bool {
    matches!(
        node,
        Node::Int
            | Node::Long
            | Node::Float
            | Node::Double
            | Node::Date
            | Node::TimeOfDay(_)
            | Node::Timestamp { .. }
            | Node::Decimal(_)
    )
}
