//! Objects: content models. A writer's parts say together what may stand under a name; `additionalProperties` speaks
//! of what its own schema does not name.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

use super::document::{Document, Id};
use super::parts::Part;
use super::rules;
use super::view::plain;
use super::walk::{Meeting, View, Walk};
use crate::compatibility::finding::Stop;
use crate::json::pointer::push_member;

impl<'a> Walk<'a, '_> {
    pub(super) fn object_keywords(&mut self, at: &Meeting, reader: Id) -> Result<bool, Stop> {
        let mut fits = self.required(at, reader)?;
        fits &= self.properties(at, reader)?;
        fits &= self.patterns(at, reader)?;
        Ok(fits & self.additional(at, reader)?)
    }

    fn required(&mut self, at: &Meeting, reader: Id) -> Result<bool, Stop> {
        let parts = self.parts_of(at.view);
        let written: BTreeSet<&str> = self.writer.required(&parts).collect();
        let read = self.reader.keyword(reader, "required").and_then(Value::as_array);
        let mut fits = true;
        for name in read.into_iter().flatten().filter_map(Value::as_str) {
            self.findings.step()?;
            let backward = self.findings.backward();
            if !written.contains(name) && !self.listed_values_have(at.view, name) {
                fits = self.no(at, &rules::REQUIRED, "required", || {
                    if backward {
                        format!("the property `{name}` is required now")
                    } else {
                        format!("the property `{name}`, which the old version requires, need not be there any more")
                    }
                })?;
            }
        }
        Ok(fits)
    }

    fn listed_values_have(&mut self, view: View, name: &str) -> bool {
        self.values(view).is_some_and(|values| values.iter().all(|value| value.get(name).is_some()))
    }

    fn properties(&mut self, at: &Meeting, reader: Id) -> Result<bool, Stop> {
        let Some(Value::Object(read)) = self.reader.keyword(reader, "properties") else { return Ok(true) };
        let mut fits = true;
        for name in read.keys() {
            let Some(schema) = self.reader.member(reader, "properties", name) else { continue };
            let view = self.under_name(at.view, name)?;
            if self.parts_of(view).is_empty() && !self.schema(view, schema, &at.place, false)? {
                self.opened(at, schema, name);
                fits = false;
            } else {
                fits &= self.schema(view, schema, &at.place, at.loud)?;
            }
            if !fits && !at.loud {
                return Ok(false);
            }
        }
        Ok(fits)
    }

    /// A property that the reader describes, and of which the writer's version says nothing.
    fn opened(&mut self, at: &Meeting, schema: Id, name: &str) {
        if !at.loud {
            return;
        }
        let backward = self.findings.backward();
        let place = if backward { self.reader.place(schema).to_owned() } else { at.place.to_string() };
        self.findings.add(&rules::OPEN, &place, 0, || {
                if backward {
                    format!("the property `{name}` is new in an object that was open: old events may hold anything under its name")
                } else {
                    format!("the property `{name}` is gone from an object that is open: new events may hold anything under its name")
                }
            });
    }

    /// What the writer's parts say of the value under a name.
    pub(super) fn under_name(&mut self, view: View, name: &str) -> Result<View, Stop> {
        let mut parts = Vec::new();
        for id in plain(&self.parts_of(view)) {
            for schema in self.writer.of_name(id, name, &mut || self.findings.step())? {
                parts.extend(self.writer.parts(schema)?.iter().copied());
            }
        }
        Ok(self.view(&parts))
    }

    /// What the writer's parts say of values under names that they don't know.
    fn under_others(&mut self, view: View) -> Result<View, Stop> {
        let mut parts = Vec::new();
        for id in plain(&self.parts_of(view)) {
            if let Some(schema) = self.writer.under(id, "additionalProperties") {
                parts.extend(self.writer.parts(schema)?.iter().copied());
            }
        }
        Ok(self.view(&parts))
    }

    fn names_of(&mut self, view: View, keyword: &str) -> Result<BTreeSet<&'a str>, Stop> {
        let mut names = BTreeSet::new();
        for id in plain(&self.parts_of(view)) {
            let members = self.writer.keyword(id, keyword).and_then(Value::as_object);
            self.findings.steps(members.map_or(0, serde_json::Map::len))?;
            names.extend(members.into_iter().flat_map(|members| members.keys().map(String::as_str)));
        }
        Ok(names)
    }

    /// `patternProperties`: all that the writer may put under a name that fits has to fit.
    fn patterns(&mut self, at: &Meeting, reader: Id) -> Result<bool, Stop> {
        let Some(Value::Object(read)) = self.reader.keyword(reader, "patternProperties") else { return Ok(true) };
        let mut fits = true;
        for pattern in read.keys() {
            let Some(schema) = self.reader.member(reader, "patternProperties", pattern) else { continue };
            self.findings.steps(100)?;
            let compiled = self.reader.pattern(pattern);
            for name in self.names_of(at.view, "properties")? {
                self.findings.step()?;
                if compiled.as_ref().is_none_or(|compiled| compiled.is_match(name)) {
                    let view = self.under_name(at.view, name)?;
                    fits &= self.schema(view, schema, &at.place, at.loud)?;
                }
            }
            fits &= self.unnamed(at, schema, pattern)?;
        }
        Ok(fits)
    }

    /// Holds what the writer says of names it does not spell out against the reader's schema for names of a pattern.
    fn unnamed(&mut self, at: &Meeting, schema: Id, pattern: &str) -> Result<bool, Stop> {
        let mut fits = true;
        let mut same = false;
        for own in self.names_of(at.view, "patternProperties")? {
            same |= pattern == own;
            let view = self.with_pattern(at.view, own)?;
            fits &= self.schema(view, schema, &at.place, false)?;
        }
        if !same {
            let others = self.under_others(at.view)?;
            fits &= self.schema(others, schema, &at.place, false)?;
        }
        if fits {
            return Ok(true);
        }
        let what = || format!("what may stand under names that fit `{pattern}` has changed");
        self.no(at, &rules::UNDECIDED, "patternProperties", what)
    }

    /// `additionalProperties`: whatever the reader has no name or pattern for.
    fn additional(&mut self, at: &Meeting, reader: Id) -> Result<bool, Stop> {
        let Some(schema) = self.reader.under(reader, "additionalProperties") else { return Ok(true) };
        if self.reader.value(schema) == &Value::Bool(true) {
            return Ok(true);
        }
        let closed = self.reader.value(schema) == &Value::Bool(false);
        let mut fits = true;
        for name in self.names_of(at.view, "properties")? {
            if self.reader.names(reader, name, &mut || self.findings.step())? {
                continue;
            }
            let view = self.under_name(at.view, name)?;
            if self.empty(view)? {
                continue;
            }
            fits &= if closed { self.removed(at, name)? } else { self.schema(view, schema, &at.place, at.loud)? };
            if !fits && !at.loud {
                return Ok(false);
            }
        }
        Ok(fits & self.additional_unnamed(at, reader, schema, closed)?)
    }

    fn additional_unnamed(&mut self, at: &Meeting, reader: Id, schema: Id, closed: bool) -> Result<bool, Stop> {
        let mut fits = true;
        for own in self.names_of(at.view, "patternProperties")? {
            if self.reader.member(reader, "patternProperties", own).is_some() {
                continue;
            }
            let view = self.with_pattern(at.view, own)?;
            if !self.schema(view, schema, &at.place, false)? {
                let what = || format!("names that fit `{own}` have no pattern of their own in both versions");
                fits = self.no(at, &rules::UNDECIDED, "additionalProperties", what)?;
            }
        }
        let others = self.under_others(at.view)?;
        if self.empty(others)? || self.schema(others, schema, &at.place, false)? {
            return Ok(fits);
        }
        let backward = self.findings.backward();
        if closed {
            return self.no(at, &rules::CLOSED, "additionalProperties", || {
                if backward {
                    "properties that it does not name were accepted and are not any more".to_owned()
                } else {
                    "properties that it does not name are accepted now and were not before".to_owned()
                }
            });
        }
        if self.parts_of(others).is_empty() {
            let what = || "`additionalProperties` has a schema in one version only".to_owned();
            return self.no(at, &rules::UNCONSTRAINED, "additionalProperties", what);
        }
        self.schema(others, schema, &at.place, at.loud)
    }

    fn with_pattern(&mut self, view: View, pattern: &str) -> Result<View, Stop> {
        let mut parts: Vec<Part> = Vec::new();
        for id in plain(&self.parts_of(view)) {
            if let Some(schema) = self.writer.member(id, "patternProperties", pattern) {
                parts.extend(self.writer.parts(schema)?.iter().copied());
            }
        }
        Ok(self.view(&parts))
    }

    fn removed(&mut self, at: &Meeting, name: &str) -> Result<bool, Stop> {
        if !at.loud {
            return Ok(false);
        }
        if self.findings.backward() {
            let what = || format!("the property `{name}` is gone from an object that is closed");
            return self.no(at, &rules::REMOVED, "additionalProperties", what);
        }
        let mut place = format!("{}/properties", at.place);
        push_member(&mut place, name);
        let place: Rc<str> = place.into();
        self.findings.add(&rules::REMOVED, &place, 0, || {
            format!("the property `{name}` is new in an object that the old version closes")
        });
        Ok(false)
    }
}

impl Document<'_> {
    /// The schemas that one schema has for the value under a name.
    fn of_name(&mut self, id: Id, name: &str, step: &mut impl FnMut() -> Result<(), Stop>) -> Result<Vec<Id>, Stop> {
        let mut found: Vec<Id> = self.member(id, "properties", name).into_iter().collect();
        if let Some(Value::Object(patterns)) = self.keyword(id, "patternProperties") {
            for pattern in patterns.keys() {
                step()?;
                if self.pattern(pattern).is_some_and(|pattern| pattern.is_match(name)) {
                    found.extend(self.member(id, "patternProperties", pattern));
                }
            }
        }
        if found.is_empty() && !self.unreadable_pattern(id) {
            found.extend(self.under(id, "additionalProperties"));
        }
        Ok(found)
    }

    /// Whether a schema speaks of a name, other than by `additionalProperties`.
    fn names(&mut self, id: Id, name: &str, step: &mut impl FnMut() -> Result<(), Stop>) -> Result<bool, Stop> {
        if self.keyword(id, "properties").is_some_and(|named| named.get(name).is_some()) {
            return Ok(true);
        }
        let Some(Value::Object(patterns)) = self.keyword(id, "patternProperties") else { return Ok(false) };
        for pattern in patterns.keys() {
            step()?;
            if self.pattern(pattern).is_some_and(|pattern| pattern.is_match(name)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a pattern can't be read: it may fit any name.
    fn unreadable_pattern(&mut self, id: Id) -> bool {
        let patterns = self.keyword(id, "patternProperties").and_then(Value::as_object);
        patterns.into_iter().flatten().any(|(pattern, _)| self.pattern(pattern).is_none())
    }
}
