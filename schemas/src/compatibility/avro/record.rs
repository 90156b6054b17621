//! Records by the names of their fields, with the reader's aliases and defaults.

use std::collections::HashMap;

use super::resolve::Resolution;
use super::rules;
use super::schema::{Field, Id};
use crate::compatibility::finding::Stop;

impl<'a> Resolution<'a> {
    /// What the writer alone has is passed over by every reader; what the reader alone has needs a default.
    pub(super) fn fields(&mut self, written: &'a [Field], read: &'a [Field], pair: (Id, Id)) -> Result<(), Stop> {
        self.findings.steps(written.len() + read.len())?;
        let by_name: HashMap<&str, &Field> = written.iter().map(|field| (field.name.as_str(), field)).collect();
        for field in read {
            self.findings.steps(field.aliases.len())?;
            let aliased = || field.aliases.iter().find_map(|alias| by_name.get(alias.as_str()));
            match by_name.get(field.name.as_str()).or_else(aliased) {
                Some(source) => self.waiting.push((source.kind, field.kind)),
                None if field.has_default => {}
                None => self.missing(field, pair),
            }
        }
        Ok(())
    }

    fn missing(&mut self, field: &Field, pair: (Id, Id)) {
        if self.findings.backward() {
            let what = || format!("the field `{}` is new and has no default", field.name);
            self.findings.add(&rules::FIELD, &field.place, 0, what);
        } else {
            let what = || format!("the field `{}` is gone, and the old version has no default for it", field.name);
            self.add(&rules::FIELD, pair.0, pair.1, what);
        }
    }
}
