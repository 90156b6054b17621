//! Two versions of a message: which fields are there, and what is reserved.

use prost_reflect::{Cardinality, FieldDescriptor, MessageDescriptor};

use super::{Comparison, rules};
use crate::compatibility::finding::Stop;

impl Comparison<'_> {
    pub(super) fn messages(&mut self, from: &MessageDescriptor, to: &MessageDescriptor) -> Result<(), Stop> {
        let place = self.new.own_name(to.full_name()).to_owned();
        for old in from.fields() {
            self.findings.step()?;
            match to.get_field(old.number()) {
                Some(new) => self.fields(&old, &new),
                None => self.gone(&old, to, &place),
            }
        }
        for new in to.fields() {
            self.findings.step()?;
            if self.findings.backward()
                && new.cardinality() == Cardinality::Required
                && from.get_field(new.number()).is_none()
            {
                let what = || format!("the required field `{}` is new", new.name());
                self.add(&rules::REQUIRED, to, new.path(), &format!("{place}.{}", new.name()), what);
            }
        }
        self.reservations(from, to, &place)
    }

    fn gone(&mut self, old: &FieldDescriptor, to: &MessageDescriptor, place: &str) {
        if let Some(new) = to.get_field_by_name(old.name()) {
            let what =
                || format!("the number of the field `{}` was {} and is {}", old.name(), old.number(), new.number());
            self.add(&rules::RENUMBERED, to, new.path(), &format!("{place}.{}", new.name()), what);
            return;
        }
        if !self.findings.backward() && old.cardinality() == Cardinality::Required {
            let what = || format!("the field `{}`, which the old version requires, is gone", old.name());
            self.add(&rules::REQUIRED, to, &[], place, what);
        }
        let number = to.reserved_ranges().any(|range| range.contains(&old.number()));
        let name = to.reserved_names().any(|name| name == old.name());
        let missing = match (number, name) {
            (true, true) => return,
            (true, false) => "its name is",
            (false, true) => "its number is",
            (false, false) => "its number and name are",
        };
        let what = || format!("the field `{}` = {} is gone, and {missing} not reserved", old.name(), old.number());
        self.add(&rules::REMOVED, to, &[], place, what);
    }

    fn reservations(&mut self, from: &MessageDescriptor, to: &MessageDescriptor, place: &str) -> Result<(), Stop> {
        for old in from.reserved_ranges() {
            self.findings.steps(to.reserved_ranges().len())?;
            if !covered(old.clone(), to.reserved_ranges().collect()) {
                let what = || format!("the numbers {} to {} are not reserved any more", old.start, old.end - 1);
                self.add(&rules::RESERVED, to, &[], place, what);
            }
        }
        for old in from.reserved_names() {
            self.findings.steps(to.reserved_names().len())?;
            if !to.reserved_names().any(|name| name == old) {
                let what = || format!("the name `{old}` is not reserved any more");
                self.add(&rules::RESERVED, to, &[], place, what);
            }
        }
        Ok(())
    }
}

/// Whether ranges cover one, several together if need be. Ends are exclusive.
pub(super) fn covered<N: Copy + Ord>(old: std::ops::Range<N>, mut ranges: Vec<std::ops::Range<N>>) -> bool {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut reached = old.start;
    for range in ranges {
        if range.start <= reached && range.end > reached {
            reached = range.end;
        }
    }
    reached >= old.end
}
