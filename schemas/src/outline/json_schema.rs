//! The fields of a JSON Schema: its `properties`, wherever they stand. Knows the keywords that say what a value is; whether
//! an event is accepted is not its business.

use serde_json::{Map, Value};

use super::FieldKind;
use super::gather::{Gathering, Said, Spot};
use crate::documented::json_member;
use crate::json::pointer::push_member;
use crate::json_schema::{Orders, orders};
use crate::schema::Schema;

/// Times that a schema may be inside itself.
const MOST: usize = 2;
/// Schemas that are put together for one value, at most.
const MAX_PARTS: usize = 256;

/// Drafts in which `$ref` hides what stands beside it.
const LEGACY: [&str; 4] = ["draft-03", "draft-04", "draft-06", "draft-07"];
/// Keywords of references that are not followed at all.
const ELSEWHERE: [&str; 2] = ["$dynamicRef", "$recursiveRef"];

/// Gathers a schema's fields; none if it is none.
pub(super) fn gather(schema: &Schema, gathering: &mut Gathering<'_>) -> Option<()> {
    let text = schema.text()?;
    let root: Value = serde_json::from_str(text).ok()?;
    gathering.text = Some(text.to_owned());
    if !root.is_object() {
        gathering.open = true;
        return Some(());
    }
    let draft = root.get("$schema").and_then(Value::as_str).unwrap_or_default();
    let legacy = LEGACY.iter().any(|old| draft.contains(old));
    let mut walk = Walk { root: &root, legacy, orders: orders(text), around: Vec::new(), gathering };
    let parts = walk.parts(&root, "");
    walk.inner(&parts, &Spot::event());
    Some(())
}

/// One of the schemas that a value may meet.
struct Part<'s> {
    schema: &'s Map<String, Value>,
    /// Its place in the text.
    place: String,
    /// Whether every value meets it.
    sure: bool,
    /// Whether all that it is put together from is among the parts.
    whole: bool,
}

struct Walk<'s, 'g, 'c> {
    root: &'s Value,
    legacy: bool,
    /// The order of members in each `properties`.
    orders: Orders,
    /// Schemas around the present place.
    around: Vec<*const Map<String, Value>>,
    gathering: &'g mut Gathering<'c>,
}

impl<'s> Walk<'s, '_, '_> {
    /// A schema and all that it is put together from.
    fn parts(&self, schema: &'s Value, place: &str) -> Vec<Part<'s>> {
        let mut parts = Vec::new();
        self.add_parts(schema, place, true, &mut parts);
        parts
    }

    fn add_parts(&self, schema: &'s Value, place: &str, sure: bool, parts: &mut Vec<Part<'s>>) {
        let Value::Object(schema) = schema else { return };
        if parts.len() == MAX_PARTS || parts.iter().any(|part| std::ptr::eq(part.schema, schema)) {
            return;
        }
        let below = |tokens: &[&str]| {
            let mut below = place.to_owned();
            for token in tokens {
                push_member(&mut below, token);
            }
            below
        };
        let target = schema.get("$ref").and_then(Value::as_str);
        let target = target.map(|to| (to, to.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer))));
        let whole = parts.len() + 1 < MAX_PARTS
            && !matches!(target, Some((_, None)))
            && !ELSEWHERE.iter().any(|keyword| schema.contains_key(*keyword));
        parts.push(Part { schema, place: place.to_owned(), sure, whole });
        if let Some((to, Some(target))) = target {
            self.add_parts(target, &to[1..], sure, parts);
        }
        for (keyword, sure) in [("allOf", sure), ("anyOf", false), ("oneOf", false)] {
            let list = schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
            for (index, one) in list.enumerate() {
                self.add_parts(one, &below(&[keyword, &index.to_string()]), sure, parts);
            }
        }
        for keyword in ["if", "then", "else"] {
            if let Some(one) = schema.get(keyword) {
                self.add_parts(one, &below(&[keyword]), false, parts);
            }
        }
        for keyword in ["dependentSchemas", "dependencies"] {
            for (name, one) in schema.get(keyword).and_then(Value::as_object).into_iter().flatten() {
                self.add_parts(one, &below(&[keyword, name]), false, parts);
            }
        }
    }

    /// Adds a value, and what lies in it.
    fn value(&mut self, schema: &'s Value, spot: &Spot) {
        let parts = self.parts(schema, spot.place.as_deref().unwrap_or_default());
        let said = said(&parts);
        let optional = spot.optional || said.nullable;
        if self.gathering.add(spot, said) {
            self.inner(&parts, &Spot { optional, ..spot.clone() });
        }
    }

    fn inner(&mut self, parts: &[Part<'s>], spot: &Spot) {
        // A reference leads to the same schema from many places.
        let Some(last) = parts.iter().rfind(|part| part.sure).map(|part| std::ptr::from_ref(part.schema)) else {
            return;
        };
        if self.around.iter().filter(|around| **around == last).count() == MOST {
            return;
        }
        self.around.push(last);
        self.members(parts, spot);
        self.elements(parts, spot);
        self.around.pop();
    }

    fn members(&mut self, parts: &[Part<'s>], spot: &Spot) {
        let required = |name: &str| {
            let sure = parts.iter().filter(|part| part.sure).filter_map(|part| part.schema.get("required")?.as_array());
            sure.flatten().any(|one| one == name)
        };
        for part in parts {
            for keyword in ["properties", "patternProperties", "additionalProperties", "unevaluatedProperties"] {
                let Some(inner) = part.schema.get(keyword) else { continue };
                let mut place = part.place.clone();
                push_member(&mut place, keyword);
                match (keyword, inner) {
                    ("additionalProperties" | "unevaluatedProperties", Value::Object(_)) => {
                        self.value(inner, &Spot { optional: true, place: Some(place), ..spot.every() });
                    }
                    ("properties", Value::Object(members)) => {
                        for name in self.orders.get(&place).cloned().unwrap_or_default() {
                            let Some(schema) = members.get(&name).filter(|schema| **schema != Value::Bool(false))
                            else {
                                continue;
                            };
                            let mut place = place.clone();
                            push_member(&mut place, &name);
                            let member = Spot {
                                optional: spot.optional || !required(&name),
                                documented: json_member(schema, self.root),
                                place: Some(place),
                                line: None,
                                ..spot.member(&name)
                            };
                            // What only sometimes holds says less of a member than what always does.
                            if !part.sure && parts.iter().any(|part| part.sure && has(part, &name)) {
                                let parts = self.parts(schema, member.place.as_deref().unwrap_or_default());
                                self.inner(&parts, &Spot { optional: true, ..member });
                            } else {
                                self.value(schema, &member);
                            }
                        }
                    }
                    ("patternProperties", Value::Object(members)) => {
                        for (name, schema) in members {
                            let mut place = place.clone();
                            push_member(&mut place, name);
                            self.value(schema, &Spot { optional: true, place: Some(place), ..spot.every() });
                        }
                    }
                    _ => {}
                }
            }
        }
        let closed = |part: &Part<'_>| {
            let says =
                |keyword| part.schema.get(keyword).is_some_and(|one| *one == Value::Bool(false) || one.is_object());
            let hidden = self.legacy && part.schema.contains_key("$ref");
            part.sure && !hidden && (says("additionalProperties") || says("unevaluatedProperties"))
        };
        let object = spot.pointer.is_empty() || said(parts).kind == FieldKind::Object;
        let whole = parts.iter().all(|part| part.whole);
        self.gathering.open |= object && !(whole && parts.iter().any(closed));
    }

    fn elements(&mut self, parts: &[Part<'s>], spot: &Spot) {
        for part in parts {
            let keyword = |name: &str| {
                let mut place = part.place.clone();
                push_member(&mut place, name);
                part.schema.get(name).map(|one| (one, place))
            };
            let lists = [keyword("prefixItems"), keyword("items").filter(|(one, _)| one.is_array())];
            let mut some = false;
            for (list, place) in lists.into_iter().flatten() {
                for (index, schema) in list.as_array().into_iter().flatten().enumerate() {
                    some = true;
                    self.value(schema, &Spot { place: Some(format!("{place}/{index}")), ..spot.every() });
                }
            }
            if let Some((schema, place)) = keyword("contains") {
                self.value(schema, &Spot { optional: true, place: Some(place), ..spot.every() });
            }
            let rest = ["items", "additionalItems", "unevaluatedItems"].map(keyword);
            let rest = rest.into_iter().flatten().find(|(one, _)| !one.is_array());
            match rest {
                Some((Value::Bool(false), _)) => {}
                Some((schema, place)) => self.value(schema, &Spot { place: Some(place), ..spot.every() }),
                // Behind those that are listed anything may stand.
                None if some => drop(self.gathering.add(&spot.every(), Said::new(FieldKind::Any, "any"))),
                None => {}
            }
        }
    }
}

/// Whether a part has a property of this name.
fn has(part: &Part<'_>, name: &str) -> bool {
    part.schema.get("properties").is_some_and(|members| members.get(name).is_some())
}

/// What the parts say of a value together.
fn said(parts: &[Part<'_>]) -> Said {
    let of = |sure: bool| parts.iter().filter(move |part| part.sure == sure).filter_map(|part| of_part(part.schema));
    let nullable = parts.iter().any(|part| of_part(part.schema).is_some_and(|said| said.nullable));
    let said = of(true).reduce(narrower).or_else(|| Said::one_of(of(false)));
    let said = said.unwrap_or_else(|| {
        let elsewhere = parts.iter().any(|part| part.schema.contains_key("$ref"));
        Said::new(FieldKind::Any, if elsewhere && parts.len() == 1 { "$ref" } else { "any" })
    });
    Said { nullable, ..said }
}

/// Of two that hold both, the one that says more.
fn narrower(one: Said, other: Said) -> Said {
    if one.kind == FieldKind::Any { other } else { one }
}

fn of_part(schema: &Map<String, Value>) -> Option<Said> {
    let null = Value::from("null");
    let format = schema.get("format").and_then(Value::as_str);
    match schema.get("type") {
        Some(Value::String(name)) => Some(of_type(name, format)),
        Some(Value::Array(names)) => {
            let others = names.iter().filter(|name| **name != null).filter_map(Value::as_str);
            let said = Said::one_of(others.map(|name| of_type(name, format)))?;
            Some(Said { nullable: names.contains(&null), ..said })
        }
        _ => {
            let one = schema.get("const").map(std::slice::from_ref);
            let listed = one.or_else(|| schema.get("enum")?.as_array().map(Vec::as_slice))?;
            let others = listed.iter().filter(|value| !value.is_null());
            let said =
                Said::one_of(others.map(|value| Said { spelled: "enum".to_owned(), ..of_type(type_of(value), None) }))?;
            Some(Said { nullable: listed.contains(&Value::Null), ..said })
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn of_type(name: &str, format: Option<&str>) -> Said {
    match (name, format) {
        ("string", Some(format @ "date-time")) => Said::new(FieldKind::Time, format),
        ("string", Some(format)) => Said::new(FieldKind::Text, format),
        ("string", None) => Said::new(FieldKind::Text, name),
        ("boolean", _) => Said::new(FieldKind::Bool, name),
        ("integer", _) => Said::new(FieldKind::Int, name),
        ("number", _) => Said::new(FieldKind::Double, name),
        ("array", _) => Said::new(FieldKind::List, name),
        ("object", _) => Said::new(FieldKind::Object, name),
        ("null", _) => Said { nullable: true, ..Said::new(FieldKind::Any, name) },
        _ => Said::new(FieldKind::Any, name),
    }
}
