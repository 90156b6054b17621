//! Avro: what a reader makes of what a writer wrote, by the specification's "Schema Resolution" (1.12).
//!
//! Beyond its letter: where several branches of a reader's union match, the one of the same type and full name is
//! taken first, as libraries do; and a logical type that changes its meaning over the same stored value (a unit, an
//! instant to a local time, a decimal's scale) is a break, since readers take the value for another without an error.
//! A unit that was only added to a plain number, or dropped from it, is none: the number stays the same.

mod schema;
mod names;
mod matching;
mod resolve;
mod record;
mod rules;
mod logical;

use super::finding::{Findings, Stop};

pub(super) use schema::{Avro, read};

/// Holds two versions against each other in the findings' direction.
pub(super) fn compare(old: &Avro, new: &Avro, findings: &mut Findings) -> Result<(), Stop> {
    let (writer, reader) = if findings.backward() { (old, new) } else { (new, old) };
    resolve::Resolution::new(writer, reader, findings).run()
}
