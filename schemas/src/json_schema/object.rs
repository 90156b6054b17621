//! Objects: the members that several schemas name, put together in the order of the schema's text.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::compile::{Compiler, size};
use super::flatten::{Located, Part, Slow};
use super::states::{Field, Object};
use crate::avro::lookup::Lookup;
use crate::json::Kind;
use crate::json::pointer::{push_index, push_member};
use crate::json::reader::{Expected, Reader};

/// Members of objects in the order of their text, by the object's pointer: events mostly keep to it.
pub(crate) type Orders = HashMap<String, Vec<String>>;

/// The order of members in each `properties` of a text that is known to be sound JSON.
pub(crate) fn orders(text: &str) -> Orders {
    let mut orders = Orders::new();
    let mut reader = Reader::new(text);
    reader.space();
    // The text is sound, and if it were not, only speed would suffer.
    let _ = note(&mut reader, &mut String::new(), &mut orders);
    orders
}

fn note(reader: &mut Reader<'_>, pointer: &mut String, orders: &mut Orders) -> Result<(), Expected> {
    let parent = pointer.len();
    match reader.kind()? {
        Kind::Null => reader.null()?,
        Kind::Boolean => drop(reader.boolean()?),
        Kind::Number => drop(reader.number()?),
        Kind::String => drop(reader.string()?),
        Kind::Array => {
            reader.open()?;
            let mut index = 0;
            let mut more = reader.first_item();
            while more {
                push_index(pointer, index);
                note(reader, pointer, orders)?;
                pointer.truncate(parent);
                index += 1;
                more = reader.next_item()?;
            }
        }
        Kind::Object => {
            reader.open()?;
            let mut names = Vec::new();
            let mut more = reader.first_member()?;
            while more {
                let name = reader.string()?;
                let name = String::from_utf8_lossy(name.text(reader.bytes(), &mut Vec::new())).into_owned();
                reader.colon()?;
                push_member(pointer, &name);
                note(reader, pointer, orders)?;
                pointer.truncate(parent);
                names.push(name);
                more = reader.next_member()?;
            }
            if pointer.ends_with("/properties") {
                orders.insert(pointer.clone(), names);
            }
        }
    }
    Ok(())
}

/// What several schemas say of an object together.
pub(super) fn put_together<'s>(compiler: &mut Compiler<'s>, parts: &[Part<'s>]) -> Result<Object, Slow> {
    let mut object = Object::open();
    let mut required: HashSet<&str> = HashSet::new();
    let mut names: Vec<&str> = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    for part in parts {
        object.least = object.least.max(size(part, "minProperties")?.unwrap_or(0));
        object.most = object.most.min(size(part, "maxProperties")?.unwrap_or(u64::MAX));
        names.extend(named(part, compiler.orders).into_iter().filter(|name| known.insert(name)));
        let listed = part.members.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        required.extend(listed.iter().filter_map(Value::as_str));
    }
    let mut unnamed: Vec<&str> = required.iter().filter(|name| !known.contains(*name)).copied().collect();
    unnamed.sort_unstable();
    names.extend(unnamed);
    compiler.spend(names.len().saturating_mul(parts.len()))?;
    for name in &names {
        let schemas = parts.iter().filter_map(|part| meeting(part, name)).collect();
        object.fields.push(Field::new(name, compiler.state(schemas)?));
    }
    let rest = |part: &Part<'s>| {
        part.members.get("additionalProperties").map(|schema| Located::below(part, "additionalProperties", schema))
    };
    object.rest = compiler.state(parts.iter().filter_map(rest).collect())?;
    object.names = Lookup::new(names.iter().copied()).ok_or_else(|| Slow::keyword("properties", ""))?;
    let mut bits = vec![0; names.len().div_ceil(64)];
    for (field, name) in names.iter().enumerate() {
        bits[field / 64] |= u64::from(required.contains(name)) << (field % 64);
    }
    object.required = bits;
    Ok(object)
}

/// The members that one schema names, in the order of its text.
fn named<'s>(part: &Part<'s>, orders: &Orders) -> Vec<&'s str> {
    let Some(properties) = part.members.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let mut names: Vec<&'s str> = properties.keys().map(String::as_str).collect();
    if let Some(order) = orders.get(&format!("{}/properties", part.path)) {
        let places: HashMap<&str, usize> =
            order.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        names.sort_by_key(|name| places.get(name).copied().unwrap_or(usize::MAX));
    }
    names
}

/// What one schema says of a member: what `properties` has, or else `additionalProperties`.
fn meeting<'s>(part: &Part<'s>, name: &str) -> Option<Located<'s>> {
    if let Some(schema) = part.members.get("properties").and_then(|properties| properties.get(name)) {
        return Some(Located::below(part, "properties", schema).member(name, schema));
    }
    let schema = part.members.get("additionalProperties")?;
    Some(Located::below(part, "additionalProperties", schema))
}
