//! What a format's slow pass gathers over an event that was refused: mismatches, each with its place, up to a full list.
//! Knows no format.

use std::ops::RangeInclusive;

use crate::fault::{MAX_MISMATCHES, Mismatch};
use crate::json::Kind;
use crate::json::reader::{Expected, Reader};
use crate::pass::{Stop, Taps};

/// What a slow pass found.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) mismatches: Vec<Mismatch>,
    /// Values that are picked, where they were accepted.
    pub(crate) taps: Taps,
}

/// The list is full.
pub(crate) struct Enough;

impl From<Expected> for Enough {
    fn from(_: Expected) -> Self {
        Self
    }
}

impl From<Stop> for Enough {
    fn from(_: Stop) -> Self {
        Self
    }
}

/// The mismatches so far, and the place where the pass stands.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// JSON Pointer of the value at the reader's position.
    pub(crate) pointer: String,
    pub(crate) mismatches: Vec<Mismatch>,
}

impl Gathered {
    /// Adds a mismatch at the present place.
    pub(crate) fn refuse(&mut self, expected: String, actual: &'static str) -> Result<(), Enough> {
        self.mismatches.push(Mismatch { pointer: self.pointer.clone(), expected, actual });
        if self.mismatches.len() == MAX_MISMATCHES { Err(Enough) } else { Ok(()) }
    }
}

/// Reads a member's name, its escapes resolved, and the colon.
pub(crate) fn member_name(reader: &mut Reader<'_>) -> Result<String, Expected> {
    let name = reader.string()?;
    let mut buffer = Vec::new();
    let name = String::from_utf8_lossy(name.text(reader.bytes(), &mut buffer)).into_owned();
    reader.colon()?;
    Ok(name)
}

/// The kind of the value at the reader's position; of a number, what it is beside the whole numbers that would fit.
pub(crate) fn actual(reader: &Reader<'_>, fitting: Option<RangeInclusive<i64>>) -> Result<&'static str, Expected> {
    match (reader.kind()?, fitting) {
        (Kind::Number, Some(range)) => {
            let mut ahead = *reader;
            Ok(ahead.number()?.kind_beside(&range))
        }
        (kind, _) => Ok(kind.name()),
    }
}
