//! What a type accepts, said for people who send events.

use std::ops::RangeInclusive;

use super::logical::SECONDS_A_DAY;
use super::program::{Node, NodeId, Program};
use crate::calendar::Unit;
use crate::contract::BytesText;

/// Symbols or branches that one sentence names.
const MAX_LISTED: usize = 16;

impl Program {
    /// What a node accepts, as half a sentence.
    pub(crate) fn expected(&self, id: NodeId) -> String {
        match &self.nodes[id] {
            Node::Null => "null".to_owned(),
            Node::Boolean => "true or false".to_owned(),
            Node::Int => "a whole number of 32 bits".to_owned(),
            Node::Long => "a whole number of 64 bits".to_owned(),
            Node::Float => "a number that a float holds".to_owned(),
            Node::Double => "a number that a double holds".to_owned(),
            Node::Bytes => self.bytes().to_owned(),
            Node::String => "a string".to_owned(),
            Node::Fixed { size } => format!("{} that stands for {size} bytes", self.bytes()),
            Node::Enum(symbols) => format!("one of: {}", listed(symbols.names(), ", ")),
            Node::Array { .. } => "an array".to_owned(),
            Node::Map { .. } | Node::Record(_) => "an object".to_owned(),
            Node::Union(union) => {
                let mut branches: Vec<String> =
                    union.branches.iter().map(|branch| self.expected(branch.node)).collect();
                branches.dedup();
                listed(branches.iter().map(String::as_str), ", or ")
            }
            Node::Date => "a date (RFC 3339), or a count of days since 1970".to_owned(),
            Node::TimeOfDay(unit) => format!(
                "a time of day (RFC 3339) with at most {} digits after the point, or a count of {} since midnight",
                if *unit == Unit::Millis { 3 } else { 6 },
                unit_name(*unit),
            ),
            Node::Timestamp { unit, local } => format!(
                "a timestamp {} an offset (RFC 3339), or a count of {} since 1970",
                if *local { "without" } else { "with" },
                unit_name(*unit),
            ),
            Node::UuidText | Node::UuidBytes => "a UUID of 36 characters (RFC 9562)".to_owned(),
            Node::Decimal(decimal) => format!(
                "a decimal numeral with at most {} digits after the point and {} digits in all",
                decimal.scale, decimal.precision,
            ),
            Node::Duration => "a duration of years, months, days, hours, minutes and seconds (ISO 8601)".to_owned(),
            Node::Tap { node, .. } | Node::Omit { node, .. } => self.expected(*node),
            Node::Treat(treated) => self.expected(treated.node),
        }
    }

    /// The whole numbers that a node accepts, if any.
    pub(crate) fn whole_numbers(&self, id: NodeId) -> Option<RangeInclusive<i64>> {
        match &self.nodes[id] {
            Node::Int | Node::Date => Some(i64::from(i32::MIN)..=i64::from(i32::MAX)),
            Node::Long | Node::Timestamp { .. } => Some(i64::MIN..=i64::MAX),
            Node::TimeOfDay(unit) => Some(0..=SECONDS_A_DAY * unit.per_second() - 1),
            Node::Tap { node, .. } | Node::Omit { node, .. } => self.whole_numbers(*node),
            _ => None,
        }
    }

    const fn bytes(&self) -> &'static str {
        match self.rule.bytes {
            BytesText::Base64 => "a string of base64",
            BytesText::CodePoints => "a string of code points up to U+00FF",
        }
    }
}

const fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Millis => "milliseconds",
        Unit::Micros => "microseconds",
        Unit::Nanos => "nanoseconds",
    }
}

fn listed<'n>(names: impl ExactSizeIterator<Item = &'n str>, between: &str) -> String {
    let more = names.len().saturating_sub(MAX_LISTED);
    let list = names.take(MAX_LISTED).collect::<Vec<_>>().join(between);
    if more > 0 { format!("{list} and {more} more") } else { list }
}
