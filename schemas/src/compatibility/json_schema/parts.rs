//! A schema as a list of parts that all hold together: `$ref` and `allOf` are opened, choices stand by themselves.

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::Value;

use super::document::{Document, Id};
use crate::compatibility::finding::Stop;

/// One of the parts that must hold for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// The keywords of a schema, but for those that the other parts stand for.
    Plain(Id),
    /// A schema's `anyOf`.
    AnyOf(Id),
    /// A schema's `oneOf`.
    OneOf(Id),
    /// Nothing fits.
    Never,
    /// Only these kinds of value: a case of the writer's.
    Kinds(u8),
    /// Only this value: a case of the writer's.
    Value(usize),
}

impl<'a> Document<'a> {
    /// A schema's parts, its own keywords first. Circles and repetitions are opened once.
    pub(super) fn parts(&mut self, id: Id) -> Result<Rc<[Part]>, Stop> {
        if let Some(parts) = self.expanded.get(&id) {
            return Ok(Rc::clone(parts));
        }
        let (mut parts, mut seen, mut waiting) = (Vec::new(), HashSet::new(), vec![id]);
        while let Some(next) = waiting.pop() {
            if !seen.insert(next) {
                continue;
            }
            let value: &'a Value = self.value(next);
            if value == &Value::Bool(false) {
                parts.push(Part::Never);
            }
            let Value::Object(object) = value else { continue };
            let target = self.target(next)?;
            if !(target.is_some() && self.hides_siblings(value)) {
                parts.push(Part::Plain(next));
                let choices = [("anyOf", Part::AnyOf(next)), ("oneOf", Part::OneOf(next))];
                parts.extend(choices.into_iter().filter(|(name, _)| object.contains_key(*name)).map(|(_, part)| part));
                for index in (0..self.listed(next, "allOf")).rev() {
                    waiting.extend(self.item(next, "allOf", index));
                }
            }
            waiting.extend(target);
        }
        let parts: Rc<[Part]> = parts.into();
        self.expanded.insert(id, Rc::clone(&parts));
        Ok(parts)
    }

    /// The branches of a choice.
    pub(super) fn branches(&mut self, part: Part) -> Rc<[Id]> {
        if let Some(branches) = self.branches.get(&part) {
            return Rc::clone(branches);
        }
        let (id, keyword) = match part {
            Part::AnyOf(id) => (id, "anyOf"),
            Part::OneOf(id) => (id, "oneOf"),
            _ => return Rc::default(),
        };
        let count = self.listed(id, keyword);
        let branches: Rc<[Id]> = (0..count).filter_map(|index| self.item(id, keyword, index)).collect();
        self.branches.insert(part, Rc::clone(&branches));
        branches
    }
}
