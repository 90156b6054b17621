//! Whether two schemas say the same, word for word, whatever they are called: `$ref` is followed, annotations and
//! definitions are passed over. Pairs that are under way count as the same, so recursive schemas end.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::document::{Document, Id};
use crate::compatibility::finding::{Findings, Stop};

/// What a validator passes over.
pub(super) const ANNOTATIONS: [&str; 18] = [
    "$schema",
    "$id",
    "id",
    "$anchor",
    "$dynamicAnchor",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
];

const SCHEMAS: [&str; 11] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const MAPS: [&str; 4] = ["dependencies", "dependentSchemas", "patternProperties", "properties"];

/// A comparison of a writer's schema with a reader's.
pub(super) struct Same<'w, 'a> {
    pub(super) writer: &'w mut Document<'a>,
    pub(super) reader: &'w mut Document<'a>,
    pub(super) findings: &'w mut Findings,
    /// What earlier comparisons have found.
    pub(super) known: &'w mut HashMap<Pair, bool>,
}

/// A writer's schema and a reader's.
pub(super) type Pair = (Id, Id);

impl<'a> Same<'_, 'a> {
    /// Whole schemas.
    pub(super) fn schemas(&mut self, writer: Id, reader: Id) -> Result<bool, Stop> {
        self.all(vec![(writer, reader)])
    }

    /// Some keywords of two schemas: all that they hold must be the same, or missing on both sides.
    pub(super) fn keywords(&mut self, writer: Id, reader: Id, names: &[&str]) -> Result<bool, Stop> {
        let mut waiting = Vec::new();
        for name in names {
            if !self.keyword((writer, reader), name, &mut waiting)? {
                return Ok(false);
            }
        }
        self.all(waiting)
    }

    /// What holds a pair that differs differs as well: it is remembered up to the roots, so that the walk that asks
    /// again one level further down does not go over all of it once more.
    fn all(&mut self, roots: Vec<Pair>) -> Result<bool, Stop> {
        let mut parents: HashMap<Pair, Option<Pair>> = HashMap::new();
        let mut waiting: Vec<(Pair, Option<Pair>)> = roots.into_iter().map(|root| (root, None)).collect();
        while let Some((pair, parent)) = waiting.pop() {
            let known = self.known.get(&pair).copied();
            if known == Some(true) || parents.contains_key(&pair) {
                continue;
            }
            parents.insert(pair, parent);
            let mut inside = Vec::new();
            if known == Some(false) || !self.pair(pair, &mut inside)? {
                let mut holder = Some(pair);
                while let Some(differs) = holder {
                    self.known.insert(differs, false);
                    holder = parents.get(&differs).copied().flatten();
                }
                return Ok(false);
            }
            waiting.extend(inside.into_iter().map(|inner| (inner, Some(pair))));
        }
        self.known.extend(parents.into_keys().map(|pair| (pair, true)));
        Ok(true)
    }

    fn pair(&mut self, pair: Pair, waiting: &mut Vec<Pair>) -> Result<bool, Stop> {
        self.findings.step()?;
        let (Value::Object(writer), Value::Object(reader)) = (self.writer.value(pair.0), self.reader.value(pair.1))
        else {
            return Ok(self.writer.value(pair.0) == self.reader.value(pair.1));
        };
        match (self.writer.target(pair.0)?, self.reader.target(pair.1)?) {
            (Some(writer), Some(reader)) => waiting.push((writer, reader)),
            (None, None) => {}
            _ => return Ok(false),
        }
        let names = |object: &'a Map<String, Value>| {
            let name = |name: &&'a String| !ANNOTATIONS.contains(&name.as_str()) && *name != "$ref";
            object.keys().filter(name).map(String::as_str)
        };
        if names(writer).count() != names(reader).count() {
            return Ok(false);
        }
        for name in names(writer) {
            if !self.keyword(pair, name, waiting)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn keyword(&mut self, pair: Pair, name: &str, waiting: &mut Vec<Pair>) -> Result<bool, Stop> {
        let (writer, reader) = match (self.writer.keyword(pair.0, name), self.reader.keyword(pair.1, name)) {
            (None, None) => return Ok(true),
            (Some(writer), Some(reader)) => (writer, reader),
            _ => return Ok(false),
        };
        let list = LISTS.contains(&name) || SCHEMAS.contains(&name) && writer.is_array();
        match (writer, reader) {
            (Value::Array(from), Value::Array(to)) if list => {
                for index in 0..from.len() {
                    self.findings.step()?;
                    let item = (self.writer.item(pair.0, name, index), self.reader.item(pair.1, name, index));
                    let (Some(from), Some(to)) = item else { return Ok(false) };
                    waiting.push((from, to));
                }
                Ok(from.len() == to.len())
            }
            (Value::Object(from), Value::Object(to)) if MAPS.contains(&name) => {
                for member in from.keys() {
                    self.findings.step()?;
                    let member = (self.writer.member(pair.0, name, member), self.reader.member(pair.1, name, member));
                    let (Some(from), Some(to)) = member else { return Ok(false) };
                    waiting.push((from, to));
                }
                Ok(from.len() == to.len())
            }
            _ if SCHEMAS.contains(&name) => {
                let (from, to) = (self.writer.under(pair.0, name), self.reader.under(pair.1, name));
                waiting.extend(from.zip(to));
                Ok(true)
            }
            _ => {
                self.findings.steps(writer.as_array().map_or(0, Vec::len))?;
                Ok(writer == reader)
            }
        }
    }
}
