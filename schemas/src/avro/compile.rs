//! From a schema's text to its program: names resolved, fields and symbols in tables, defaults written, branches
//! sorted by what may stand for them.

use std::collections::{HashMap, HashSet};

use apache_avro::Schema as Parsed;
use apache_avro::schema::{
    DecimalSchema, EnumSchema, InnerDecimalSchema, Name, RecordField, RecordSchema, UnionSchema, UuidSchema,
};
use serde_json::Value;

use super::binary::push_length;
use super::default::{self, Budget};
use super::gather::gather;
use super::lookup::Lookup;
use super::program::{Branch, Candidates, Decimal, Field, Node, NodeId, Program, Record, Rule, Union, candidates};
use super::source::{self, DEFAULT, PLACE};
use crate::calendar::Unit;
use crate::contract::Unions;
use crate::json::Kind;
use crate::schema::{Mistake, Schema};

/// Branches of one union. Each is tried on values that several may accept, so there are not to be many.
const MAX_BRANCHES: usize = 256;
/// Digits of a decimal: arithmetic over them is quadratic.
const MAX_PRECISION: usize = 1_000;
/// Defaults that rest on defaults of fields that come later in the text, at most.
const MAX_ROUNDS: usize = 64;

/// Compiles a schema.
pub(crate) fn compile(schema: &Schema, rule: Rule) -> Result<Program, Vec<Mistake>> {
    let mut documents = gather(schema)?;
    let parsed = source::parse(&mut documents).map_err(|mistake| vec![mistake])?;
    let mut compiler = Compiler {
        rule,
        nodes: Vec::new(),
        named: HashMap::new(),
        defaults: Vec::new(),
        mistakes: Vec::new(),
        reference: None,
    };
    let mut root = 0;
    for (document, parsed) in documents.iter().zip(source::fields_of(&parsed)) {
        compiler.reference.clone_from(&document.reference);
        root = compiler.node(parsed, "");
    }
    compiler.sort_branches();
    compiler.write_defaults();
    let Compiler { nodes, mistakes, .. } = compiler;
    if mistakes.is_empty() { Ok(Program { nodes, root, rule, treats: false }) } else { Err(mistakes) }
}

struct Compiler {
    rule: Rule,
    nodes: Vec<Node>,
    named: HashMap<String, NodeId>,
    defaults: Vec<Default>,
    mistakes: Vec<Mistake>,
    /// The reference that is being compiled; none for the schema itself.
    reference: Option<String>,
}

/// A field whose default is to be written once all nodes are there.
struct Default {
    record: NodeId,
    field: usize,
    value: Value,
    place: String,
    reference: Option<String>,
}

impl Compiler {
    /// Adds a schema's nodes. `place` is the field that it belongs to.
    fn node(&mut self, schema: &Parsed, place: &str) -> NodeId {
        let node = match schema {
            Parsed::Null => Node::Null,
            Parsed::Boolean => Node::Boolean,
            Parsed::Int => Node::Int,
            Parsed::Long => Node::Long,
            Parsed::Float => Node::Float,
            Parsed::Double => Node::Double,
            Parsed::Bytes | Parsed::BigDecimal | Parsed::Uuid(UuidSchema::Bytes) => Node::Bytes,
            Parsed::String => Node::String,
            Parsed::Array(array) => Node::Array { items: self.node(&array.items, place), picked: Vec::new() },
            Parsed::Map(map) => Node::Map { values: self.node(&map.types, place), picked: Vec::new() },
            Parsed::Union(union) => self.union(union, place),
            Parsed::Record(record) => return self.record(record, place),
            Parsed::Enum(symbols) => return self.enumeration(symbols, place),
            Parsed::Fixed(fixed) => return self.define(&fixed.name, Node::Fixed { size: fixed.size }, place),
            Parsed::Decimal(decimal) => return self.decimal(decimal, place),
            Parsed::Uuid(UuidSchema::String) => Node::UuidText,
            Parsed::Uuid(UuidSchema::Fixed(fixed)) => return self.define(&fixed.name, Node::UuidBytes, place),
            Parsed::Duration(fixed) => return self.define(&fixed.name, Node::Duration, place),
            Parsed::Ref { name } => return self.reference(name, place),
            Parsed::Date => Node::Date,
            Parsed::TimeMillis => Node::TimeOfDay(Unit::Millis),
            Parsed::TimeMicros => Node::TimeOfDay(Unit::Micros),
            Parsed::TimestampMillis => Node::Timestamp { unit: Unit::Millis, local: false },
            Parsed::TimestampMicros => Node::Timestamp { unit: Unit::Micros, local: false },
            Parsed::TimestampNanos => Node::Timestamp { unit: Unit::Nanos, local: false },
            Parsed::LocalTimestampMillis => Node::Timestamp { unit: Unit::Millis, local: true },
            Parsed::LocalTimestampMicros => Node::Timestamp { unit: Unit::Micros, local: true },
            Parsed::LocalTimestampNanos => Node::Timestamp { unit: Unit::Nanos, local: true },
        };
        self.push(node)
    }

    fn mistake(&mut self, place: &str, expected: impl Into<String>, found: impl Into<String>) {
        let reference = self.reference.clone();
        self.mistakes.push(Mistake { reference, ..Mistake::new(place, expected, found) });
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn define(&mut self, name: &Name, node: Node, place: &str) -> NodeId {
        let id = self.push(node);
        let name = name.fullname(None);
        if self.named.insert(name.clone(), id).is_some() {
            self.mistake(place, "one definition of each name", format!("a second `{name}`"));
        }
        id
    }

    fn reference(&mut self, name: &Name, place: &str) -> NodeId {
        let name = name.fullname(None);
        self.named.get(&name).copied().unwrap_or_else(|| {
            self.mistake(place, "a name that is defined before", format!("`{name}`"));
            self.push(Node::Null)
        })
    }

    fn record(&mut self, record: &RecordSchema, place: &str) -> NodeId {
        let id = self.define(&record.name, Node::Null, place);
        let names = Lookup::new(record.fields.iter().map(|field| field.name.as_str())).unwrap_or_else(|| {
            self.mistake(place, "fields of different names", "two of one name");
            Lookup::default()
        });
        let fields = record.fields.iter().enumerate().map(|(index, field)| self.field(id, index, field)).collect();
        self.nodes[id] = Node::Record(Box::new(Record { fields, names }));
        id
    }

    fn field(&mut self, record: NodeId, index: usize, field: &RecordField) -> Field {
        let place = field.custom_attributes.get(PLACE).and_then(Value::as_str).unwrap_or_default();
        let node = self.node(&field.schema, place);
        let quoted = format!("\"{}\"", field.name).into_bytes().into();
        let mut absent = None;
        if let Some(value) = field.custom_attributes.get(DEFAULT) {
            self.defaults.push(Default {
                record,
                field: index,
                value: value.clone(),
                place: place.to_owned(),
                reference: self.reference.clone(),
            });
        } else if let Node::Union(union) = &self.nodes[node] {
            let null = |branch: &&Branch| matches!(self.nodes[branch.node], Node::Null);
            absent = union.branches.iter().find(null).map(|branch| branch.index.clone());
        }
        Field { quoted, node, absent }
    }

    fn enumeration(&mut self, symbols: &EnumSchema, place: &str) -> NodeId {
        let table = Lookup::new(symbols.symbols.iter().map(String::as_str)).unwrap_or_default();
        if table.is_empty() {
            self.mistake(place, "an enum with symbols", "none");
        }
        self.define(&symbols.name, Node::Enum(Box::new(table)), place)
    }

    fn decimal(&mut self, decimal: &DecimalSchema, place: &str) -> NodeId {
        if decimal.precision > MAX_PRECISION {
            let expected = format!("a decimal of at most {MAX_PRECISION} digits");
            self.mistake(place, expected, format!("a precision of {}", decimal.precision));
        }
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (precision, scale) = (small(decimal.precision), small(decimal.scale));
        match &decimal.inner {
            InnerDecimalSchema::Bytes => self.push(Node::Decimal(Decimal { precision, scale, fixed: None })),
            InnerDecimalSchema::Fixed(fixed) => {
                let node = Node::Decimal(Decimal { precision, scale, fixed: Some(fixed.size) });
                self.define(&fixed.name, node, place)
            }
        }
    }

    fn union(&mut self, union: &UnionSchema, place: &str) -> Node {
        let variants = union.variants();
        if variants.is_empty() || variants.len() > MAX_BRANCHES {
            let expected = format!("a union of 1 to {MAX_BRANCHES} branches");
            self.mistake(place, expected, format!("{}", variants.len()));
            return Node::Null;
        }
        let names: Vec<String> = variants.iter().map(branch_name).collect();
        let tags = Lookup::new(names.iter().map(String::as_str)).unwrap_or_else(|| {
            self.mistake(place, "branches of different names", "two of one name");
            Lookup::default()
        });
        let mut branches = Vec::with_capacity(variants.len());
        for (index, variant) in variants.iter().enumerate() {
            let node = self.node(variant, place);
            let mut written = Vec::new();
            push_length(&mut written, index);
            branches.push(Branch { node, index: written.into() });
        }
        let tags = if self.rule.unions == Unions::Plain { Lookup::default() } else { tags };
        let candidates: [Candidates; Kind::COUNT] = std::array::from_fn(|_| Candidates::None);
        Node::Union(Box::new(Union { branches, candidates, tags }))
    }

    /// A branch may be a record that was not finished when its union was, so this waits for all nodes.
    fn sort_branches(&mut self) {
        for id in 0..self.nodes.len() {
            if let Node::Union(union) = &self.nodes[id] {
                let sorted = candidates(&self.nodes, self.rule, &union.branches);
                if let Node::Union(union) = &mut self.nodes[id] {
                    union.candidates = sorted;
                }
            }
        }
    }

    /// Inner records come first, since their fields were seen first; a default that rests on a later one is put off
    /// until that is written.
    fn write_defaults(&mut self) {
        let mut waiting = std::mem::take(&mut self.defaults);
        let mut budget = Budget::default();
        for _ in 0..MAX_ROUNDS {
            let open: HashSet<(NodeId, usize)> =
                waiting.iter().map(|default| (default.record, default.field)).collect();
            let mut put_off = Vec::new();
            for default in waiting {
                match default::write(&self.nodes, &default.value, self.field_node(&default), &open, &mut budget) {
                    Ok(bytes) => self.set_absent(&default, bytes),
                    Err(default::Refused::Waits) => put_off.push(default),
                    Err(default::Refused::Mistaken { expected, found }) => {
                        self.reference.clone_from(&default.reference);
                        self.mistake(&format!("{}/default", default.place), expected, found);
                        self.set_absent(&default, Vec::new());
                    }
                }
            }
            waiting = put_off;
            if waiting.is_empty() {
                return;
            }
        }
        for default in waiting {
            self.reference.clone_from(&default.reference);
            let path = format!("{}/default", default.place);
            self.mistake(&path, "a default that does not rest on itself", "a circle");
        }
    }

    fn field_node(&self, default: &Default) -> NodeId {
        match &self.nodes[default.record] {
            Node::Record(record) => record.fields[default.field].node,
            _ => default.record,
        }
    }

    fn set_absent(&mut self, default: &Default, bytes: Vec<u8>) {
        if let Node::Record(record) = &mut self.nodes[default.record] {
            record.fields[default.field].absent = Some(bytes.into());
        }
    }
}

/// The name that tags a branch: a named type's full name, else the type's.
fn branch_name(schema: &Parsed) -> String {
    if let Some(name) = schema.name() {
        return name.fullname(None);
    }
    match schema {
        Parsed::Null => "null",
        Parsed::Boolean => "boolean",
        Parsed::Int | Parsed::Date | Parsed::TimeMillis => "int",
        Parsed::Float => "float",
        Parsed::Double => "double",
        Parsed::Bytes | Parsed::Decimal(_) | Parsed::BigDecimal | Parsed::Uuid(UuidSchema::Bytes) => "bytes",
        Parsed::String | Parsed::Uuid(_) => "string",
        Parsed::Array(_) => "array",
        Parsed::Map(_) => "map",
        _ => "long",
    }
    .to_owned()
}
