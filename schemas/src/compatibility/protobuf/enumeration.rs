//! Two versions of an enum.

use std::collections::{HashMap, HashSet};

use prost_reflect::EnumDescriptor;

use super::message::covered;
use super::{Comparison, rules};
use crate::compatibility::finding::{Rule, Stop};

impl Comparison<'_> {
    pub(super) fn enums(&mut self, from: &EnumDescriptor, to: &EnumDescriptor) -> Result<(), Stop> {
        self.findings.steps(from.values().len() + to.values().len())?;
        let mut names: HashMap<i32, HashSet<String>> = HashMap::new();
        for value in to.values() {
            names.entry(value.number()).or_default().insert(value.name().to_owned());
        }
        for old in from.values() {
            match names.get(&old.number()) {
                Some(names) if names.contains(old.name()) => {}
                Some(_) => {
                    let what = || format!("the value {} was named `{}` and is not any more", old.number(), old.name());
                    self.at_enum(&rules::VALUE_NAME, to, what);
                }
                None => self.value_gone(old.number(), old.name(), to)?,
            }
        }
        for old in from.reserved_ranges() {
            self.findings.steps(to.reserved_ranges().len())?;
            if !covered(exclusive(&old), to.reserved_ranges().map(|range| exclusive(&range)).collect()) {
                let what = || format!("the numbers {} to {} are not reserved any more", old.start(), old.end());
                self.at_enum(&rules::RESERVED, to, what);
            }
        }
        for old in from.reserved_names() {
            self.findings.steps(to.reserved_names().len())?;
            if !to.reserved_names().any(|name| name == old) {
                self.at_enum(&rules::RESERVED, to, || format!("the name `{old}` is not reserved any more"));
            }
        }
        Ok(())
    }

    fn value_gone(&mut self, number: i32, name: &str, to: &EnumDescriptor) -> Result<(), Stop> {
        self.findings.steps(to.reserved_ranges().len() + to.reserved_names().len())?;
        let number_kept = to.reserved_ranges().any(|range| range.contains(&number));
        let name_kept = to.reserved_names().any(|kept| kept == name);
        let missing = match (number_kept, name_kept) {
            (true, true) => return Ok(()),
            (true, false) => "its name is",
            (false, true) => "its number is",
            (false, false) => "its number and name are",
        };
        let what = || format!("the value `{name}` = {number} is gone, and {missing} not reserved");
        self.at_enum(&rules::VALUE_REMOVED, to, what);
        Ok(())
    }

    fn at_enum(&mut self, rule: &Rule, to: &EnumDescriptor, what: impl FnOnce() -> String) {
        let place = self.new.own_name(to.full_name()).to_owned();
        let line = self.new.line(&to.parent_file(), to.path());
        self.findings.add(rule, &place, line, what);
    }
}

/// A range that reaches the last number has no exclusive end of its own kind.
fn exclusive(range: &std::ops::RangeInclusive<i32>) -> std::ops::Range<i64> {
    i64::from(*range.start())..i64::from(*range.end()) + 1
}
