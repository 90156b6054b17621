//! Bounds of numbers and lengths: what the writer's parts guarantee.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::document::Document;
use super::parts::Part;
use super::view::plain;

/// A bound; `open` leaves the number itself out.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) at: Number,
    pub(super) open: bool,
}

/// Compares two numbers: exactly if both are integers, else as doubles.
pub(super) fn order(left: &Number, right: &Number) -> Ordering {
    if let (Some(left), Some(right)) = (left.as_i128(), right.as_i128()) {
        return left.cmp(&right);
    }
    let double = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
    double(left).partial_cmp(&double(right)).unwrap_or(Ordering::Equal)
}

impl Bound {
    /// Whether everything within this lower (or upper) bound is within the other.
    pub(super) fn within(&self, other: &Self, lower: bool) -> bool {
        match order(&self.at, &other.at) {
            Ordering::Equal => self.open || !other.open,
            Ordering::Greater => lower,
            Ordering::Less => !lower,
        }
    }
}

/// A schema's bound under a keyword such as `minimum` with its `exclusiveMinimum`: a number of its own, or (draft 4) a
/// boolean beside it.
pub(super) fn of(schema: &Value, keyword: &str, exclusive: &str, lower: bool) -> Option<Bound> {
    let number = |name: &str| if let Some(Value::Number(at)) = schema.get(name) { Some(at.clone()) } else { None };
    let sharpened = schema.get(exclusive).and_then(Value::as_bool).unwrap_or_default();
    let closed = number(keyword).map(|at| Bound { at, open: sharpened });
    let open = number(exclusive).map(|at| Bound { at, open: true });
    match (closed, open) {
        (Some(closed), Some(open)) => Some(if open.within(&closed, lower) { open } else { closed }),
        (closed, open) => closed.or(open),
    }
}

impl Document<'_> {
    /// The sharpest bound among parts.
    pub(super) fn bound(&self, parts: &[Part], keyword: &str, exclusive: &str, lower: bool) -> Option<Bound> {
        let bounds = plain(parts).filter_map(|id| of(self.value(id), keyword, exclusive, lower));
        bounds.reduce(|best, next| if next.within(&best, lower) { next } else { best })
    }
}
