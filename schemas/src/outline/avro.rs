//! The fields of an Avro schema.

use std::collections::HashMap;

use serde_json::Value;

use super::FieldKind;
use super::gather::{Gathering, Said, Spot, UNION};
use crate::avro::program::Rule;
use crate::avro::{compile, logical_type_fits};
use crate::contract::ValueRule;
use crate::documented;
use crate::json::pointer::{push_index, push_member};
use crate::references::avro::resolve;
use crate::schema::Schema;

/// The attribute under which a field's place in the text is kept.
const PLACE: &str = "the place in the text";

/// Times that a type may be inside itself.
const MOST: usize = 2;

/// Gathers a schema's fields; none if it is none.
pub(super) fn gather(schema: &Schema, rule: &ValueRule, gathering: &mut Gathering<'_>) -> Option<()> {
    compile(schema, Rule::of(rule)).ok()?;
    let mut documents: Vec<_> = crate::avro::gather(schema).ok()?.into_iter().map(|document| document.value).collect();
    gathering.text = schema.text().map(str::to_owned);
    mark(documents.last_mut()?, &mut String::new());
    for document in &mut documents {
        resolve(document);
    }
    let mut walk = Walk { names: HashMap::new(), around: Vec::new(), gathering };
    for document in &documents {
        walk.define(document);
    }
    walk.value(documents.last()?, &Spot::event());
    Some(())
}

/// Notes each field's place in it.
fn mark(schema: &mut Value, at: &mut String) {
    let parent = at.len();
    match schema {
        Value::Array(parts) => {
            for (index, part) in parts.iter_mut().enumerate() {
                push_index(at, index);
                mark(part, at);
                at.truncate(parent);
            }
        }
        Value::Object(members) => {
            for (name, inner) in members.iter_mut() {
                push_member(at, name);
                mark(inner, at);
                at.truncate(parent);
            }
            members.insert(PLACE.to_owned(), Value::from(at.as_str()));
        }
        _ => {}
    }
}

struct Walk<'s, 'g, 'c> {
    /// Definitions by their full names.
    names: HashMap<&'s str, &'s Value>,
    /// Records around the present place.
    around: Vec<&'s str>,
    gathering: &'g mut Gathering<'c>,
}

impl<'s> Walk<'s, '_, '_> {
    fn define(&mut self, schema: &'s Value) {
        match schema {
            Value::Array(parts) => parts.iter().for_each(|part| self.define(part)),
            Value::Object(members) => {
                let named =
                    matches!(members.get("type").and_then(Value::as_str), Some("record" | "error" | "enum" | "fixed"));
                if let (true, Some(name)) = (named, members.get("name").and_then(Value::as_str)) {
                    self.names.insert(name, schema);
                }
                for (_, inner) in members.iter().filter(|(name, _)| !matches!(name.as_str(), "default" | "symbols")) {
                    self.define(inner);
                }
            }
            _ => {}
        }
    }

    fn definition(&self, schema: &'s Value) -> &'s Value {
        schema.as_str().and_then(|name| self.names.get(name)).copied().unwrap_or(schema)
    }

    fn said(&self, schema: &'s Value) -> Said {
        match self.definition(schema) {
            Value::Array(branches) => {
                let nullable = branches
                    .iter()
                    .any(|branch| branch == "null" || branch.get("type").is_some_and(|kind| kind == "null"));
                let others = branches.iter().map(|branch| self.said(branch)).filter(|said| said.spelled != "null");
                let several = branches.len() - usize::from(nullable) > 1;
                let said = Said::one_of(others).unwrap_or_else(|| Said::new(FieldKind::Any, "null"));
                let spelled = if several { UNION.to_owned() } else { said.spelled };
                Said { spelled, nullable, ..said }
            }
            Value::String(name) => plain(name),
            Value::Object(members) => match (members.get("logicalType"), members.get("type")) {
                (Some(Value::String(logical)), _) if logical_type_fits(members) => self::logical(logical),
                (_, Some(Value::String(name))) => plain(name),
                (_, Some(inner)) => self.said(inner),
                _ => Said::new(FieldKind::Any, ""),
            },
            _ => Said::new(FieldKind::Any, ""),
        }
    }

    /// Adds a value, and what lies in it.
    fn value(&mut self, schema: &'s Value, spot: &Spot) {
        let said = self.said(schema);
        let optional = spot.optional || said.nullable;
        if self.gathering.add(spot, said) {
            self.inner(schema, &Spot { optional, ..spot.clone() });
        }
    }

    fn inner(&mut self, schema: &'s Value, spot: &Spot) {
        let definition = self.definition(schema);
        match definition {
            Value::Array(branches) => {
                let several = branches.iter().filter(|branch| self.said(branch).spelled != "null").count() > 1;
                let spot = Spot { optional: spot.optional || several, ..spot.clone() };
                for branch in branches {
                    self.inner(branch, &spot);
                }
            }
            Value::Object(members) => match members.get("type") {
                Some(Value::String(kind)) if matches!(kind.as_str(), "record" | "error") => {
                    self.record(definition, spot);
                }
                Some(Value::String(kind)) if kind == "array" => {
                    members.get("items").into_iter().for_each(|items| self.value(items, &spot.every()));
                }
                Some(Value::String(kind)) if kind == "map" => {
                    members.get("values").into_iter().for_each(|values| self.value(values, &spot.every()));
                }
                Some(inner @ (Value::Object(_) | Value::Array(_))) => self.inner(inner, spot),
                _ => {}
            },
            _ => {}
        }
    }

    fn record(&mut self, record: &'s Value, spot: &Spot) {
        let name = record.get("name").and_then(Value::as_str).unwrap_or_default();
        if self.around.iter().filter(|around| **around == name).count() == MOST {
            return;
        }
        self.around.push(name);
        for field in record.get("fields").and_then(Value::as_array).into_iter().flatten() {
            let (Some(name), Some(schema)) = (field.get("name").and_then(Value::as_str), field.get("type")) else {
                continue;
            };
            let member = Spot {
                optional: spot.optional || field.get("default").is_some(),
                documented: documented::avro_field(field),
                place: field.get(PLACE).and_then(Value::as_str).map(str::to_owned),
                ..spot.member(name)
            };
            self.value(schema, &member);
        }
        self.around.pop();
    }
}

fn plain(name: &str) -> Said {
    let kind = match name {
        "boolean" => FieldKind::Bool,
        "int" | "long" => FieldKind::Int,
        "float" | "double" => FieldKind::Double,
        "string" | "enum" => FieldKind::Text,
        "bytes" | "fixed" => FieldKind::Bytes,
        "array" => FieldKind::List,
        "map" | "record" | "error" => FieldKind::Object,
        _ => FieldKind::Any,
    };
    Said::new(kind, name)
}

fn logical(name: &str) -> Said {
    let kind = match name {
        "timestamp-millis" | "timestamp-micros" | "timestamp-nanos" => FieldKind::Time,
        "decimal" => FieldKind::Double,
        _ => FieldKind::Text,
    };
    Said::new(kind, name)
}
