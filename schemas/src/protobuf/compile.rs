//! From descriptors to a program: names in tables, tags written, well-known types told from others.

use std::collections::HashMap;
use std::sync::Arc;

use prost_reflect::prost_types;
use prost_reflect::{
    Cardinality, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor, Syntax,
};

use super::program::{
    Entries, Enumeration, Field, Key, Known, Message, Node, NodeId, Program, Shape, Tag, Whole, WireType,
};
use crate::avro::lookup::Lookup;
use crate::schema::Mistake;

/// Compiles a message type and all that it is made of.
pub(crate) fn compile(root: &MessageDescriptor, drop_unknown: bool) -> Result<Program, Vec<Mistake>> {
    let mut compiler = Compiler::default();
    let node = compiler.message(root);
    // Types are followed from a list, since a chain of them may be as long as the schema.
    while let Some((message, node)) = compiler.waiting.pop() {
        compiler.nodes[node] = compiler.define(&message);
    }
    if !compiler.mistakes.is_empty() {
        return Err(compiler.mistakes);
    }
    Ok(Program { nodes: compiler.nodes, root: node, drop_unknown, message_indexes: super::root::indexes(root) })
}

#[derive(Default)]
struct Compiler {
    nodes: Vec<Node>,
    messages: HashMap<String, NodeId>,
    enums: HashMap<String, Arc<Enumeration>>,
    waiting: Vec<(MessageDescriptor, NodeId)>,
    mistakes: Vec<Mistake>,
}

/// What fields and extensions say alike.
#[expect(clippy::struct_excessive_bools, reason = "each is one word of a declaration")]
struct Declared {
    number: u32,
    names: [String; 2],
    full_name: String,
    kind: Kind,
    cardinality: Cardinality,
    map: bool,
    packed: bool,
    group: bool,
    presence: bool,
    oneof: Option<String>,
}

impl From<FieldDescriptor> for Declared {
    fn from(field: FieldDescriptor) -> Self {
        Self {
            number: field.number(),
            names: [field.name().to_owned(), field.json_name().to_owned()],
            full_name: field.full_name().to_owned(),
            kind: field.kind(),
            cardinality: field.cardinality(),
            map: field.is_map(),
            packed: field.is_packed(),
            group: field.is_group(),
            presence: field.supports_presence(),
            oneof: field.containing_oneof().map(|oneof| oneof.name().to_owned()),
        }
    }
}

impl From<ExtensionDescriptor> for Declared {
    fn from(field: ExtensionDescriptor) -> Self {
        let name = field.json_name().to_owned();
        Self {
            number: field.number(),
            names: [name.clone(), name],
            full_name: field.full_name().to_owned(),
            kind: field.kind(),
            cardinality: field.cardinality(),
            map: field.is_map(),
            packed: field.is_packed(),
            group: field.is_group(),
            presence: field.supports_presence(),
            oneof: None,
        }
    }
}

impl Compiler {
    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// The node of a message type, to be defined later.
    fn message(&mut self, message: &MessageDescriptor) -> NodeId {
        if let Some(node) = self.messages.get(message.full_name()) {
            return *node;
        }
        let node = self.push(Node::Null);
        self.messages.insert(message.full_name().to_owned(), node);
        self.waiting.push((message.clone(), node));
        node
    }

    fn define(&mut self, message: &MessageDescriptor) -> Node {
        let fields = Box::new(self.fields(message));
        match known(message.full_name()) {
            Some(known) => Node::Known(known, fields),
            None => Node::Message(fields),
        }
    }

    fn fields(&mut self, message: &MessageDescriptor) -> Message {
        if message.descriptor_proto().options.as_ref().is_some_and(prost_types::MessageOptions::message_set_wire_format)
        {
            self.refuse(message.full_name(), "a message of fields", "message_set_wire_format, an encoding of its own");
        }
        let mut declared: Vec<Declared> = message.fields().map(Declared::from).collect();
        declared.extend(message.extensions().map(Declared::from));
        declared.sort_by_key(|field| field.number);
        let mut oneofs: Vec<String> = Vec::new();
        let fields: Vec<Field> = declared.iter().map(|field| self.field(field, &mut oneofs)).collect();
        let required = fields.iter().any(|field| matches!(field.shape, Shape::Required));
        let (names, places) = self.names(&declared);
        let (names, places) = (Arc::new(names), places.into());
        Message { fields, names, places, oneofs: oneofs.len(), required }
    }

    /// Each field by both of its names. A name that is one field's own and another's in lowerCamelCase means the
    /// former.
    fn names(&mut self, declared: &[Declared]) -> (Lookup, Vec<usize>) {
        let mut known: HashMap<&str, usize> = HashMap::new();
        let (mut names, mut places) = (Vec::new(), Vec::new());
        for spelling in 0..2 {
            for (place, field) in declared.iter().enumerate() {
                let name = field.names[spelling].as_str();
                match known.get(name) {
                    None => {
                        known.insert(name, place);
                        names.push(name);
                        places.push(place);
                    }
                    Some(other) if *other != place && spelling == 1 && declared[*other].names[0] != name => {
                        self.refuse(
                            &field.full_name,
                            "fields of different names in JSON",
                            &format!("a second `{name}`"),
                        );
                    }
                    Some(_) => {}
                }
            }
        }
        (Lookup::new(names).unwrap_or_default(), places)
    }

    fn field(&mut self, field: &Declared, oneofs: &mut Vec<String>) -> Field {
        let oneof = field.oneof.as_ref().map(|name| {
            oneofs.iter().position(|known| known == name).unwrap_or_else(|| {
                oneofs.push(name.clone());
                oneofs.len() - 1
            })
        });
        let (kind, shape, wire_type) = match entry(field) {
            Some((key, value)) => {
                let key = key_kind(&key.kind());
                let key_tag = Tag::new(1, key_wire_type(key));
                let value_tag = Tag::new(2, wire_type(&value.kind()));
                let entries = Entries { key, key_tag, value_tag, picked: Vec::new() };
                (value.kind(), Shape::Map(Box::new(entries)), WireType::Delimited)
            }
            None if field.group => (field.kind.clone(), shape(field), WireType::Start),
            None if field.packed => (field.kind.clone(), shape(field), WireType::Delimited),
            None => (field.kind.clone(), shape(field), wire_type(&field.kind)),
        };
        let single = matches!(shape, Shape::Optional | Shape::Implicit | Shape::Required);
        let null = single && matches!(full_name(&kind), Some("google.protobuf.Value" | "google.protobuf.NullValue"));
        Field {
            number: field.number,
            quoted: field.names.clone().map(|name| format!("\"{name}\"").into_bytes().into()),
            tag: Tag::new(field.number, wire_type),
            end: field.group.then(|| Tag::new(field.number, WireType::End)),
            node: self.node(&kind),
            shape,
            oneof,
            null,
            dropped: false,
            slots: 0,
            whole: Vec::new(),
        }
    }

    fn node(&mut self, kind: &Kind) -> NodeId {
        let node = match kind {
            Kind::Message(message) => return self.message(message),
            Kind::Enum(symbols) if symbols.full_name() == "google.protobuf.NullValue" => Node::Null,
            Kind::Enum(symbols) => Node::Enum(self.enumeration(symbols)),
            Kind::Bool => Node::Bool,
            Kind::Float => Node::Float,
            Kind::Double => Node::Double,
            Kind::String => Node::String,
            Kind::Bytes => Node::Bytes,
            other => Node::Whole(whole(other)),
        };
        self.push(node)
    }

    fn enumeration(&mut self, symbols: &EnumDescriptor) -> Arc<Enumeration> {
        if let Some(known) = self.enums.get(symbols.full_name()) {
            return Arc::clone(known);
        }
        let values: Vec<_> = symbols.values().collect();
        let numbers: Vec<i32> = values.iter().map(prost_reflect::EnumValueDescriptor::number).collect();
        let mut known = numbers.clone();
        known.sort_unstable();
        let enumeration = Arc::new(Enumeration {
            names: Lookup::new(values.iter().map(prost_reflect::EnumValueDescriptor::name)).unwrap_or_default(),
            numbers,
            known,
            closed: symbols.parent_file().syntax() == Syntax::Proto2,
        });
        self.enums.insert(symbols.full_name().to_owned(), Arc::clone(&enumeration));
        enumeration
    }

    fn refuse(&mut self, path: &str, expected: &str, found: &str) {
        self.mistakes.push(Mistake::new(path, expected, found));
    }
}

/// A map's key and value.
fn entry(field: &Declared) -> Option<(FieldDescriptor, FieldDescriptor)> {
    let entry = field.kind.as_message().filter(|_| field.map)?;
    Some((entry.map_entry_key_field(), entry.map_entry_value_field()))
}

fn shape(field: &Declared) -> Shape {
    match field.cardinality {
        Cardinality::Repeated => Shape::List { packed: field.packed, picked: Vec::new() },
        Cardinality::Required => Shape::Required,
        Cardinality::Optional if field.presence => Shape::Optional,
        Cardinality::Optional => Shape::Implicit,
    }
}

fn full_name(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Message(message) => Some(message.full_name()),
        Kind::Enum(symbols) => Some(symbols.full_name()),
        _ => None,
    }
}

fn known(name: &str) -> Option<Known> {
    Some(match name.strip_prefix("google.protobuf.")? {
        "Timestamp" => Known::Timestamp,
        "Duration" => Known::Duration,
        "FieldMask" => Known::FieldMask,
        "Struct" => Known::Struct,
        "Value" => Known::Value,
        "ListValue" => Known::ListValue,
        "Any" => Known::Any,
        "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value" | "BoolValue"
        | "StringValue" | "BytesValue" => Known::Wrapper,
        _ => return None,
    })
}

fn key_kind(kind: &Kind) -> Key {
    match kind {
        Kind::String => Key::String,
        Kind::Bool => Key::Bool,
        other => Key::Whole(whole(other)),
    }
}

const fn key_wire_type(key: Key) -> WireType {
    match key {
        Key::String => WireType::Delimited,
        Key::Bool => WireType::Varint,
        Key::Whole(whole) => Node::Whole(whole).wire_type(),
    }
}

fn wire_type(kind: &Kind) -> WireType {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => WireType::Eight,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => WireType::Four,
        Kind::String | Kind::Bytes | Kind::Message(_) => WireType::Delimited,
        _ => WireType::Varint,
    }
}

fn whole(kind: &Kind) -> Whole {
    match kind {
        Kind::Int32 => Whole::Int32,
        Kind::Uint32 => Whole::Uint32,
        Kind::Uint64 => Whole::Uint64,
        Kind::Sint32 => Whole::Sint32,
        Kind::Sint64 => Whole::Sint64,
        Kind::Fixed32 => Whole::Fixed32,
        Kind::Fixed64 => Whole::Fixed64,
        Kind::Sfixed32 => Whole::Sfixed32,
        Kind::Sfixed64 => Whole::Sfixed64,
        _ => Whole::Int64,
    }
}
