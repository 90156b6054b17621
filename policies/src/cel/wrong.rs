//! Why an expression can't be judged: kinds and operators, never values. Knows how to say it, not how it comes about.

use std::fmt;

/// Why an expression has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// An operator between kinds that it does not take.
    Between(&'static str, &'static str, &'static str),
    /// A function or an operator with a kind that it does not take.
    Of(&'static str, &'static str),
    /// A number, a duration or a moment that is too large to be held.
    Overflow(&'static str),
    /// A division by zero.
    Zero,
    /// A text that a conversion can't read.
    Unreadable(&'static str),
    /// An index that no element has.
    Index,
    /// A text or a list over its bound.
    Long,
    /// More steps than there may be.
    Work,
    /// An event that is no JSON text.
    Json,
    /// JSON with a number that no double holds, or too deep.
    Extreme,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(operator, left, right) => {
                write!(f, "{operator} between {} and {}", article(left), article(right))
            }
            Self::Of(function, kind) => write!(f, "{function} of {}", article(kind)),
            Self::Overflow(operator) => write!(f, "a result of {operator} that is too large"),
            Self::Zero => f.write_str("a division by zero"),
            Self::Unreadable(function) => write!(f, "a text that {function} can't read"),
            Self::Index => f.write_str("an index that no element has"),
            Self::Long => f.write_str("a text or a list that is too long"),
            Self::Work => f.write_str("more work than an expression may make"),
            Self::Json => f.write_str("an event that is no JSON"),
            Self::Extreme => f.write_str("a number over 1.8e308, or values more than 127 deep"),
        }
    }
}

/// A kind with its article.
pub(crate) fn article(kind: &str) -> String {
    match kind {
        "nothing" | "bytes" => kind.to_owned(),
        _ if kind.starts_with(['a', 'o']) => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}
