//! A reader's `anyOf` and `oneOf`: some branch has to take whatever is written; for `oneOf` no other one may.

use serde_json::Value;

use super::document::Id;
use super::parts::Part;
use super::rules;
use super::view::{ALL, EACH, OBJECT, plain};
use super::walk::{Meeting, View, Walk};
use crate::compatibility::finding::Stop;

/// Listed values that are tried one by one.
const MAX_VALUES: usize = 256;

impl Walk<'_, '_> {
    /// Tries the view whole, then the cases that it consists of.
    pub(super) fn choice(&mut self, at: &Meeting) -> Result<bool, Stop> {
        let branches = self.reader.branches(at.part);
        let mut taken = false;
        for branch in branches.iter() {
            self.findings.step()?;
            if self.schema(at.view, *branch, &at.place, false)? {
                taken = true;
                if matches!(at.part, Part::AnyOf(_)) || self.alone(at, &branches, *branch)? {
                    return Ok(true);
                }
            }
        }
        if let Some(fits) = self.by_case(at)? {
            return Ok(fits);
        }
        let keyword = if matches!(at.part, Part::OneOf(_)) { "oneOf" } else { "anyOf" };
        if taken {
            let what = || "more than one branch of `oneOf` may accept the same value, which is then refused".to_owned();
            return self.no(at, &rules::UNDECIDED, keyword, what);
        }
        if let [only] = &*branches {
            return self.schema(at.view, *only, &at.place, at.loud);
        }
        let backward = self.findings.backward();
        self.no(at, &rules::BRANCH, if backward { keyword } else { "" }, || {
            if backward {
                format!("no branch of `{keyword}` accepts all that was accepted here")
            } else {
                format!("no branch of the old version's `{keyword}` accepts all that is accepted here")
            }
        })
    }

    /// Takes the view apart: by the writer's own choice, by kinds of value, by listed values. `None` if it is in one piece.
    fn by_case(&mut self, at: &Meeting) -> Result<Option<bool>, Stop> {
        let parts = self.parts_of(at.view);
        if let Some(choice) = parts.iter().copied().find(|part| matches!(part, Part::AnyOf(_) | Part::OneOf(_))) {
            return self.each_branch(at, choice).map(Some);
        }
        let mut cases = Vec::new();
        let kinds = self.kinds(at.view)?;
        let values = self.values(at.view).filter(|values| (2..=MAX_VALUES).contains(&values.len()));
        if let Some(values) = values {
            for value in values.iter().copied() {
                self.named.push(value);
                cases.push(Part::Value(self.named.len() - 1));
            }
        } else if kinds != ALL && kinds.count_ones() > 1 && !parts.iter().any(|part| matches!(part, Part::Value(_))) {
            cases.extend(EACH.into_iter().filter(|kind| kind & kinds != 0).map(Part::Kinds));
        }
        if cases.is_empty() {
            return Ok(None);
        }
        let mut fits = true;
        for case in cases {
            let view = self.with(at.view, None, &[case]);
            fits &= self.check(&Meeting { view, ..at.clone() })?;
        }
        Ok(Some(fits))
    }

    /// Whether no other branch accepts anything of the view.
    fn alone(&mut self, at: &Meeting, branches: &[Id], branch: Id) -> Result<bool, Stop> {
        for other in branches {
            if *other != branch && !self.apart(at.view, *other)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a view and a reader's schema have no value in common: by kind, by listed values, or by a member that both
    /// must have.
    fn apart(&mut self, view: View, other: Id) -> Result<bool, Stop> {
        self.findings.step()?;
        let parts = self.reader.parts(other)?;
        self.findings.steps(parts.len())?;
        let kinds = self.reader.kinds(&parts, &[])? & self.kinds(view)?;
        if kinds == 0 || distinct(self.values(view).as_deref(), self.reader.values(&parts, &[])) {
            return Ok(true);
        }
        if kinds != OBJECT {
            // What has no members is not told apart by them: `required` lets it pass.
            return Ok(false);
        }
        let written = self.parts_of(view);
        let required: Vec<String> = self.reader.required(&parts).map(str::to_owned).collect();
        for name in required {
            self.findings.step()?;
            let under = self.under_name(view, &name)?;
            if self.empty(under)? {
                return Ok(true);
            }
            let mut read = Vec::new();
            for id in plain(&parts) {
                if let Some(schema) = self.reader.member(id, "properties", &name) {
                    read.extend(self.reader.parts(schema)?.iter().copied());
                }
            }
            let values = (self.values(under), self.reader.values(&read, &[]));
            let kinds = (self.kinds(under)?, self.reader.kinds(&read, &[])?);
            if self.writer.requires(&written, &name)
                && (kinds.0 & kinds.1 == 0 || distinct(values.0.as_deref(), values.1))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn distinct(left: Option<&[&Value]>, right: Option<Vec<&Value>>) -> bool {
    left.zip(right).is_some_and(|(left, right)| left.iter().all(|value| !right.contains(value)))
}
