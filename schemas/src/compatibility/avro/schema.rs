//! An Avro schema as a table of types, each with its place; names are resolved, aliases and logical types kept. Reads
//! what comparison needs, and leaves it to the compiler to judge the rest of a schema.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::logical::{self, Logical};
use super::names::{Name, full_name, namespace_of};
use crate::compatibility::finding::mistake;
use crate::compatibility::{Side, Unreadable, Version, text};
use crate::json::pointer::{push_index, push_member};

/// A type's place in the table.
pub(super) type Id = usize;

/// A version, read.
#[derive(Debug)]
pub(in crate::compatibility) struct Avro {
    pub(super) types: Vec<Type>,
    pub(super) root: Id,
}

/// One type where it is defined.
#[derive(Debug)]
pub(super) struct Type {
    /// JSON Pointer; in a reference after its name and `#`.
    pub(super) place: String,
    pub(super) shape: Shape,
    pub(super) logical: Option<Logical>,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// A primitive type by its name.
    Primitive(&'static str),
    Array(Id),
    Map(Id),
    Union(Vec<Id>),
    Record {
        name: Name,
        fields: Vec<Field>,
    },
    Enum {
        name: Name,
        symbols: Vec<String>,
        default: Option<String>,
    },
    Fixed {
        name: Name,
        size: u64,
    },
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) place: String,
    pub(super) kind: Id,
    pub(super) has_default: bool,
}

pub(super) const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// Reads a version.
pub(in crate::compatibility) fn read(version: &Version<'_>, side: Side) -> Result<Avro, Unreadable> {
    let (value, references) = text::read_all(version.schema, side)?;
    let mut table = Table { side, types: Vec::new(), named: HashMap::new(), place: String::new() };
    for (name, reference) in &references {
        table.place = format!("{name}#");
        table.kind(reference, "").map_err(|mistake| text::within(name, mistake))?;
    }
    table.place.clear();
    let root = table.kind(&value, "")?;
    Ok(Avro { types: table.types, root })
}

struct Table {
    side: Side,
    types: Vec<Type>,
    named: HashMap<String, Id>,
    place: String,
}

impl Table {
    fn kind(&mut self, value: &Value, namespace: &str) -> Result<Id, Unreadable> {
        match value {
            Value::String(name) => self.name(name, namespace),
            Value::Array(branches) if branches.iter().any(Value::is_array) => {
                Err(self.mistake("a union of types", "a union inside it"))
            }
            Value::Array(branches) => {
                let id = self.push(Shape::Union(Vec::new()), None);
                let mut ids = Vec::with_capacity(branches.len());
                for (index, branch) in branches.iter().enumerate() {
                    ids.push(self.inside(|place| push_index(place, index), |table| table.kind(branch, namespace))?);
                }
                self.types[id].shape = Shape::Union(ids);
                Ok(id)
            }
            Value::Object(object) => self.object(object, namespace),
            _ => Err(self.mistake("a schema: a name, an object or a list of branches", "something else")),
        }
    }

    fn name(&mut self, name: &str, namespace: &str) -> Result<Id, Unreadable> {
        if let Some(primitive) = PRIMITIVES.into_iter().find(|primitive| *primitive == name) {
            return Ok(self.push(Shape::Primitive(primitive), None));
        }
        let found = self.named.get(&full_name(name, namespace)).or_else(|| self.named.get(name));
        found.copied().ok_or_else(|| self.mistake("a type, or a name that is defined before", &format!("`{name}`")))
    }

    fn object(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<Id, Unreadable> {
        match object.get("type") {
            Some(Value::String(kind)) => match kind.as_str() {
                "record" | "error" => self.record(object, namespace),
                "enum" => self.enumeration(object, namespace),
                "fixed" => self.fixed(object, namespace),
                "array" => self.container(object, "items", namespace, Shape::Array),
                "map" => self.container(object, "values", namespace, Shape::Map),
                name => {
                    let id = self.name(name, namespace)?;
                    if let Shape::Primitive(primitive) = self.types[id].shape {
                        self.types[id].logical = logical::of(object, primitive, None);
                    }
                    Ok(id)
                }
            },
            Some(nested) => self.inside(|place| push_member(place, "type"), |table| table.kind(nested, namespace)),
            None => Err(self.mistake("a member `type`", "none")),
        }
    }

    fn container(
        &mut self,
        object: &Map<String, Value>,
        member: &str,
        namespace: &str,
        shape: fn(Id) -> Shape,
    ) -> Result<Id, Unreadable> {
        let Some(inner) = object.get(member) else {
            return Err(self.mistake(&format!("a member `{member}`"), "none"));
        };
        let id = self.push(Shape::Primitive("null"), None);
        let inner = self.inside(|place| push_member(place, member), |table| table.kind(inner, namespace))?;
        self.types[id].shape = shape(inner);
        Ok(id)
    }

    fn record(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<Id, Unreadable> {
        let name = self.definition(object, namespace)?;
        let namespace = namespace_of(&name.full).to_owned();
        let id = self.define(&name, Shape::Record { name: name.clone(), fields: Vec::new() }, None)?;
        let Some(Value::Array(list)) = object.get("fields") else {
            return Err(self.mistake("a list `fields`", "none"));
        };
        let fields = self.inside(
            |place| push_member(place, "fields"),
            |table| {
                let field = |(index, field)| {
                    table.inside(|place| push_index(place, index), |table| table.field(field, &namespace))
                };
                list.iter().enumerate().map(field).collect::<Result<Vec<_>, _>>()
            },
        )?;
        self.types[id].shape = Shape::Record { name, fields };
        Ok(id)
    }

    fn field(&mut self, field: &Value, namespace: &str) -> Result<Field, Unreadable> {
        let (Some(name), Some(kind)) = (field.get("name").and_then(Value::as_str), field.get("type")) else {
            return Err(self.mistake("a field: an object with `name` and `type`", "something else"));
        };
        let aliases = field.get("aliases").and_then(Value::as_array);
        Ok(Field {
            name: name.to_owned(),
            aliases: aliases.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            place: self.place.clone(),
            kind: self.inside(|place| push_member(place, "type"), |table| table.kind(kind, namespace))?,
            has_default: field.get("default").is_some(),
        })
    }

    fn enumeration(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<Id, Unreadable> {
        let name = self.definition(object, namespace)?;
        let Some(Value::Array(list)) = object.get("symbols") else {
            return Err(self.mistake("a list `symbols`", "none"));
        };
        let symbols = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let default = object.get("default").and_then(Value::as_str).map(str::to_owned);
        self.define(&name, Shape::Enum { name: name.clone(), symbols, default }, None)
    }

    fn fixed(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<Id, Unreadable> {
        let name = self.definition(object, namespace)?;
        let Some(size) = object.get("size").and_then(Value::as_u64) else {
            return Err(self.mistake("a number `size`", "none"));
        };
        let logical = logical::of(object, "fixed", Some(size));
        self.define(&name, Shape::Fixed { name: name.clone(), size }, logical)
    }

    fn definition(&self, object: &Map<String, Value>, namespace: &str) -> Result<Name, Unreadable> {
        Name::of(object, namespace).ok_or_else(|| self.mistake("a definition with a `name`", "none"))
    }

    fn define(&mut self, name: &Name, shape: Shape, logical: Option<Logical>) -> Result<Id, Unreadable> {
        if PRIMITIVES.contains(&name.full.as_str()) || self.named.contains_key(&name.full) {
            return Err(self.mistake("one definition of each name", &format!("a second `{}`", name.full)));
        }
        let id = self.push(shape, logical);
        self.named.insert(name.full.clone(), id);
        Ok(id)
    }

    fn push(&mut self, shape: Shape, logical: Option<Logical>) -> Id {
        self.types.push(Type { place: self.place.clone(), shape, logical });
        self.types.len() - 1
    }

    fn inside<T>(&mut self, push: impl FnOnce(&mut String), run: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.place.len();
        push(&mut self.place);
        let result = run(self);
        self.place.truncate(length);
        result
    }

    fn mistake(&self, expected: &str, found: &str) -> Unreadable {
        mistake(self.side, &self.place, expected, found)
    }
}
