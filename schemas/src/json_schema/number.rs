//! Numbers: what the bounds say of those that are read without loss. Others are the judge's.

use std::cmp::Ordering;

/// A number of an event that is read exactly (at most 18 digits), or rounded once (at most 15 digits).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i64),
    /// Below 10^15.
    Double(f64),
}

/// A number of a schema, as the judge reads it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    Whole(i128),
    Double(f64),
}

/// Which side of a limit is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    AtLeast,
    Above,
    AtMost,
    Below,
}

/// What is said of numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    pub(super) bounds: Vec<(Side, Limit)>,
    /// Whole divisors, at most [`EXACT`].
    pub(super) divisors: Vec<i64>,
}

/// Whole numbers up to here are doubles too.
pub(super) const EXACT: i64 = 1 << 53;

impl Limit {
    pub(super) fn new(number: &serde_json::Number) -> Option<Self> {
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        whole.map(Self::Whole).or_else(|| number.as_f64().filter(|number| number.is_finite()).map(Self::Double))
    }
}

impl Number {
    /// Whether it has no fraction.
    pub(super) fn is_whole(self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Double(number) => number.fract() == 0.0,
        }
    }

    /// How it stands to a limit; none if that can't be told here.
    #[expect(clippy::cast_precision_loss, reason = "only of whole numbers that doubles hold, or beyond all of ours")]
    pub(super) fn beside(self, limit: Limit) -> Option<Ordering> {
        match (self, limit) {
            (Self::Whole(number), Limit::Whole(limit)) => Some(i128::from(number).cmp(&limit)),
            (Self::Whole(number), Limit::Double(limit)) if number.abs() <= EXACT => (number as f64).partial_cmp(&limit),
            (Self::Whole(_), Limit::Double(_)) => None,
            (Self::Double(number), Limit::Whole(limit)) => number.partial_cmp(&(limit as f64)),
            (Self::Double(number), Limit::Double(limit)) => number.partial_cmp(&limit),
        }
    }
}

impl Numbers {
    /// Whether a number is accepted; none if that can't be told here.
    #[expect(clippy::cast_precision_loss, reason = "divisors are at most 2^53")]
    pub(super) fn accept(&self, number: Number) -> Option<bool> {
        for (side, limit) in &self.bounds {
            let ordering = number.beside(*limit)?;
            let within = match side {
                Side::AtLeast => ordering.is_ge(),
                Side::Above => ordering.is_gt(),
                Side::AtMost => ordering.is_le(),
                Side::Below => ordering.is_lt(),
            };
            if !within {
                return Some(false);
            }
        }
        Some(self.divisors.iter().all(|divisor| match number {
            Number::Whole(number) => number % divisor == 0,
            Number::Double(number) => number % *divisor as f64 == 0.0,
        }))
    }
}
