//! `enum` and `const`: the values that a schema lists, in tables.

use serde_json::Value;

use super::number::{EXACT, Limit, Number};
use crate::avro::lookup::Lookup;
use crate::json::Kind;

/// Listed values; none of them an array or an object.
#[derive(Debug, Clone)]
pub(super) struct Allowed {
    pub(super) strings: Lookup,
    null: bool,
    /// By value.
    booleans: [bool; 2],
    /// Sorted.
    whole: Vec<i64>,
    /// Sorted.
    doubles: Vec<f64>,
}

impl Allowed {
    /// Tables of these values; none if there is one that the program does not compare.
    pub(super) fn new(values: &[Value]) -> Option<Self> {
        let mut strings: Vec<&str> = Vec::new();
        let mut allowed = Self {
            strings: Lookup::default(),
            null: false,
            booleans: [false; 2],
            whole: Vec::new(),
            doubles: Vec::new(),
        };
        for value in values {
            match value {
                Value::Null => allowed.null = true,
                Value::Bool(value) => allowed.booleans[usize::from(*value)] = true,
                Value::String(text) => strings.push(text),
                Value::Number(number) => allowed.number(Limit::new(number)?)?,
                Value::Array(_) | Value::Object(_) => return None,
            }
        }
        strings.sort_unstable();
        strings.dedup();
        allowed.strings = Lookup::new(strings)?;
        allowed.whole.sort_unstable();
        allowed.doubles.sort_unstable_by(f64::total_cmp);
        Some(allowed)
    }

    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "checked to be at most 2^53")]
    fn number(&mut self, number: Limit) -> Option<()> {
        match number {
            Limit::Whole(number) => self.whole.push(i64::try_from(number).ok()?),
            Limit::Double(number) if number.fract() == 0.0 && number.abs() <= EXACT as f64 => {
                self.whole.push(number as i64);
            }
            Limit::Double(number) if number.fract() != 0.0 => self.doubles.push(number),
            Limit::Double(_) => return None,
        }
        Some(())
    }

    pub(super) const fn null(&self) -> bool {
        self.null
    }

    pub(super) const fn boolean(&self, value: bool) -> bool {
        self.booleans[value as usize]
    }

    /// Whether a number is listed, however it is spelt.
    #[expect(clippy::cast_possible_truncation, reason = "doubles of events are below 10^15")]
    pub(super) fn lists(&self, number: Number) -> bool {
        match number {
            Number::Whole(number) => self.whole.binary_search(&number).is_ok(),
            Number::Double(number) if number.fract() == 0.0 => self.whole.binary_search(&(number as i64)).is_ok(),
            Number::Double(number) => self.doubles.binary_search_by(|listed| listed.total_cmp(&number)).is_ok(),
        }
    }

    /// The kinds that have a value in the list, as bits of `Kind`.
    pub(super) fn kinds(&self) -> u8 {
        let bit = |any: bool, kind: Kind| if any { kind.bit() } else { 0 };
        bit(self.null, Kind::Null)
            | bit(self.booleans.contains(&true), Kind::Boolean)
            | bit(!self.strings.is_empty(), Kind::String)
            | bit(!self.whole.is_empty() || !self.doubles.is_empty(), Kind::Number)
    }
}
