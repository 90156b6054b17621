//! Arithmetic of expressions: numbers, moments, durations, and what `+` puts together. Never wraps, never panics.

use std::borrow::Cow;
use std::sync::Arc;

use forebay_schemas::picked::Moment;

use super::json::MAX_BYTES;
use super::node::Op;
use super::value::V;
use super::wrong::Wrong;

const NANOS: i64 = 1_000_000_000;
/// The first and the last second of a timestamp: years 1 to 9999, as CEL has it.
pub(crate) const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// `left op right`, for the operators that make a new value.
pub(crate) fn calculate<'a>(op: Op, left: &V<'a>, right: &V<'a>) -> Result<V<'a>, Wrong> {
    let between = || Wrong::Between(op.sign(), left.kind(), right.kind());
    let overflow = || Wrong::Overflow(op.sign());
    match (op, left, right) {
        (Op::Add, V::Text(a), V::Text(b)) => join(a, b),
        (Op::Add, V::List(a), V::List(b)) => Ok(V::List(Arc::new(a.iter().chain(b.iter()).cloned().collect()))),
        (Op::Add, V::Time(at), V::Span(span)) | (Op::Add, V::Span(span), V::Time(at)) => {
            shift(*at, i128::from(*span)).ok_or_else(overflow)
        }
        (Op::Subtract, V::Time(at), V::Span(span)) => shift(*at, -i128::from(*span)).ok_or_else(overflow),
        (Op::Subtract, V::Time(a), V::Time(b)) => {
            i64::try_from(nanos(*a) - nanos(*b)).map(V::Span).map_err(|_| overflow())
        }
        (Op::Add, V::Span(a), V::Span(b)) => a.checked_add(*b).map(V::Span).ok_or_else(overflow),
        (Op::Subtract, V::Span(a), V::Span(b)) => a.checked_sub(*b).map(V::Span).ok_or_else(overflow),
        (Op::Modulo, V::Double(_), _) | (Op::Modulo, _, V::Double(_)) => Err(between()),
        (_, V::Double(_), _) | (_, _, V::Double(_)) => {
            let (Some(a), Some(b)) = (left.as_double(), right.as_double()) else { return Err(between()) };
            Ok(V::Double(match op {
                Op::Add => a + b,
                Op::Subtract => a - b,
                Op::Multiply => a * b,
                _ => a / b,
            }))
        }
        _ => {
            let (Some(a), Some(b)) = (left.as_whole(), right.as_whole()) else { return Err(between()) };
            let unsigned = matches!((left, right), (V::Uint(_), V::Uint(_)));
            whole(op, a, b, unsigned)
        }
    }
}

/// Whole numbers: without a sign only between two that have none.
fn whole(op: Op, a: i128, b: i128, unsigned: bool) -> Result<V<'static>, Wrong> {
    let result = match op {
        Op::Divide | Op::Modulo if b == 0 => return Err(Wrong::Zero),
        Op::Add => a + b,
        Op::Subtract => a - b,
        Op::Multiply => a.checked_mul(b).ok_or(Wrong::Overflow(op.sign()))?,
        Op::Divide => a / b,
        _ => a % b,
    };
    let value = if unsigned { u64::try_from(result).map(V::Uint) } else { i64::try_from(result).map(V::Int) };
    value.map_err(|_| Wrong::Overflow(op.sign()))
}

/// `-value`.
pub(crate) fn negate(value: &V<'_>) -> Result<V<'static>, Wrong> {
    match value {
        V::Int(value) => value.checked_neg().map(V::Int).ok_or(Wrong::Overflow("-")),
        V::Double(value) => Ok(V::Double(-value)),
        other => Err(Wrong::Of("-", other.kind())),
    }
}

fn join<'a>(a: &str, b: &str) -> Result<V<'a>, Wrong> {
    if a.len() + b.len() > MAX_BYTES {
        return Err(Wrong::Long);
    }
    Ok(V::Text(Cow::Owned([a, b].concat())))
}

fn nanos(moment: Moment) -> i128 {
    i128::from(moment.seconds) * i128::from(NANOS) + i128::from(moment.nanos)
}

fn shift<'a>(moment: Moment, by: i128) -> Option<V<'a>> {
    self::moment(nanos(moment) + by).map(V::Time)
}

/// The moment that lies this many nanoseconds after 1970.
fn moment(nanos: i128) -> Option<Moment> {
    let seconds = i64::try_from(nanos.div_euclid(i128::from(NANOS))).ok()?;
    let nanos = u32::try_from(nanos.rem_euclid(i128::from(NANOS))).ok()?;
    SECONDS.contains(&seconds).then_some(Moment { seconds, nanos })
}
