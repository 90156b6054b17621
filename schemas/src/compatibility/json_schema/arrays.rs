//! Arrays: items by their index, and the rest; before draft 2020-12 `items` may be a list, with `additionalItems`
//! for the rest.

use serde_json::Value;

use super::document::{Document, Id};
use super::rules;
use super::view::plain;
use super::walk::{Meeting, View, Walk};
use crate::compatibility::finding::Stop;

impl Walk<'_, '_> {
    pub(super) fn array_keywords(&mut self, at: &Meeting, reader: Id) -> Result<bool, Stop> {
        let parts = self.parts_of(at.view);
        let most = self.writer.bound(&parts, "maxItems", "", false).and_then(|bound| bound.at.as_u64());
        let mut fits = self.unique(at, reader, most)?;
        let listed = plain(&parts).map(|id| self.writer.first_items(id)).max().unwrap_or_default();
        let listed = listed.max(self.reader.first_items(reader));
        for index in 0..=listed {
            self.findings.step()?;
            if most.is_some_and(|most| most <= index as u64) {
                break;
            }
            let rest = index == listed;
            let Some(schema) = self.reader.item_schema(reader, index, rest) else { continue };
            let view = self.at_index(at.view, index, rest)?;
            if self.parts_of(view).is_empty() && !self.schema(view, schema, &at.place, false)? {
                let what = || "items that could be anything in one version have a schema in the other".to_owned();
                fits = self.no(at, &rules::UNCONSTRAINED, "items", what)?;
            } else {
                fits &= self.schema(view, schema, &at.place, at.loud)?;
            }
            if !fits && !at.loud {
                return Ok(false);
            }
        }
        Ok(fits)
    }

    fn at_index(&mut self, view: View, index: usize, rest: bool) -> Result<View, Stop> {
        let mut parts = Vec::new();
        for id in plain(&self.parts_of(view)) {
            if let Some(schema) = self.writer.item_schema(id, index, rest) {
                parts.extend(self.writer.parts(schema)?.iter().copied());
            }
        }
        Ok(self.view(&parts))
    }

    fn unique(&mut self, at: &Meeting, reader: Id, most: Option<u64>) -> Result<bool, Stop> {
        let truth = Some(&Value::Bool(true));
        let written = plain(&self.parts_of(at.view)).any(|id| self.writer.keyword(id, "uniqueItems") == truth);
        if self.reader.keyword(reader, "uniqueItems") != truth || written || most.is_some_and(|most| most < 2) {
            return Ok(true);
        }
        let backward = self.findings.backward();
        self.no(at, &rules::UNIQUE, "uniqueItems", || {
            if backward { "items have to be unique now" } else { "items need not be unique any more" }.to_owned()
        })
    }
}

impl Document<'_> {
    /// How many items have a schema of their own.
    fn first_items(&self, id: Id) -> usize {
        self.listed(id, "prefixItems").max(self.listed(id, "items"))
    }

    /// The schema of one item, or of all that have none of their own.
    fn item_schema(&mut self, id: Id, index: usize, rest: bool) -> Option<Id> {
        let list = if self.listed(id, "items") > 0 { "items" } else { "prefixItems" };
        let own = if rest { None } else { self.item(id, list, index) };
        let others = if list == "items" { "additionalItems" } else { "items" };
        own.or_else(|| self.under(id, others).filter(|other| !self.value(*other).is_array()))
    }
}
