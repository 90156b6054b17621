//! The functions of expressions. Knows each one's arguments, not how they are come by.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, Timelike, Utc};
use forebay_schemas::picked::Moment;

use super::node::{Function, Part};
use super::numbers::SECONDS;
use super::value::V;
use super::wrong::Wrong;

const NANOS: i64 = 1_000_000_000;
/// Units of a duration's text, the longer names first.
const UNITS: [(&str, i128); 6] = [
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

/// Calls a function with the number of arguments that it has.
pub(crate) fn call<'a>(function: Function, arguments: &[V<'a>]) -> Result<V<'a>, Wrong> {
    match (function, arguments) {
        (Function::Part(part), [of]) => self::part(part, function, of),
        (Function::StartsWith | Function::EndsWith | Function::Contains, [text, searched]) => {
            let (V::Text(text), V::Text(searched)) = (text, searched) else {
                return Err(Wrong::Between(function.name(), text.kind(), searched.kind()));
            };
            Ok(V::Bool(match function {
                Function::StartsWith => text.starts_with(searched.as_ref()),
                Function::EndsWith => text.ends_with(searched.as_ref()),
                _ => text.contains(searched.as_ref()),
            }))
        }
        (Function::Size, [of]) => size(of),
        (_, [of]) => convert(function, of),
        _ => Err(Wrong::Of(function.name(), "nothing")),
    }
}

/// Characters of a text, bytes of bytes, elements or members.
fn size<'a>(of: &V<'_>) -> Result<V<'a>, Wrong> {
    let size = match of {
        V::Text(text) => text.chars().count(),
        V::Bytes(bytes) => bytes.len(),
        other => other.length().ok_or(Wrong::Of("size", other.kind()))?,
    };
    i64::try_from(size).map(V::Int).map_err(|_| Wrong::Long)
}

fn convert<'a>(function: Function, of: &V<'a>) -> Result<V<'a>, Wrong> {
    let name = function.name();
    let unfit = || Wrong::Of(name, of.kind());
    let unreadable = |()| Wrong::Unreadable(name);
    match (function, of) {
        (Function::Dyn, value)
        | (Function::Int, value @ V::Int(_))
        | (Function::Uint, value @ V::Uint(_))
        | (Function::Double, value @ V::Double(_))
        | (Function::Text, value @ V::Text(_))
        | (Function::Bool, value @ V::Bool(_))
        | (Function::Timestamp, value @ V::Time(_))
        | (Function::Duration, value @ V::Span(_)) => Ok(value.clone()),
        (Function::Int, V::Text(text)) => text.parse().map(V::Int).map_err(|_| Wrong::Unreadable(name)),
        (Function::Uint, V::Text(text)) => text.parse().map(V::Uint).map_err(|_| Wrong::Unreadable(name)),
        (Function::Double, V::Text(text)) => text.parse().map(V::Double).map_err(|_| Wrong::Unreadable(name)),
        (Function::Int, V::Time(at)) => Ok(V::Int(at.seconds)),
        (Function::Int | Function::Uint, V::Double(value)) => truncate(function, *value),
        (Function::Int, V::Uint(value)) => i64::try_from(*value).map(V::Int).map_err(|_| Wrong::Overflow(name)),
        (Function::Uint, V::Int(value)) => u64::try_from(*value).map(V::Uint).map_err(|_| Wrong::Overflow(name)),
        (Function::Double, value) => value.as_double().map(V::Double).ok_or_else(unfit),
        (Function::Text, value) => text(value).map(|text| V::Text(Cow::Owned(text))).ok_or_else(unfit),
        (Function::Bool, V::Text(text)) => match text.as_ref() {
            "true" | "True" | "TRUE" | "t" | "1" => Ok(V::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "0" => Ok(V::Bool(false)),
            _ => Err(Wrong::Unreadable(name)),
        },
        (Function::Timestamp, V::Text(text)) => timestamp(text).map(V::Time).ok_or(()).map_err(unreadable),
        (Function::Timestamp, V::Int(seconds)) if SECONDS.contains(seconds) => {
            Ok(V::Time(Moment { seconds: *seconds, nanos: 0 }))
        }
        (Function::Timestamp, V::Int(_)) => Err(Wrong::Overflow(name)),
        (Function::Duration, V::Text(text)) => duration(text).map(V::Span).ok_or(()).map_err(unreadable),
        _ => Err(unfit()),
    }
}

/// Towards zero, as CEL has it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn truncate<'a>(function: Function, value: f64) -> Result<V<'a>, Wrong> {
    const SIGNED: f64 = 9_223_372_036_854_775_808.0;
    match function {
        Function::Int if value > -SIGNED && value < SIGNED => Ok(V::Int(value as i64)),
        Function::Uint if (0.0..2.0 * SIGNED).contains(&value) => Ok(V::Uint(value as u64)),
        _ => Err(Wrong::Overflow(function.name())),
    }
}

fn text(value: &V<'_>) -> Option<String> {
    Some(match value {
        V::Bool(value) => value.to_string(),
        V::Int(value) => value.to_string(),
        V::Uint(value) => value.to_string(),
        V::Double(value) => value.to_string(),
        V::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.to_owned(),
        V::Time(at) => {
            let (base, nanos) = (utc(*at)?.format("%Y-%m-%dT%H:%M:%S").to_string(), format!("{:09}", at.nanos));
            if at.nanos == 0 { format!("{base}Z") } else { format!("{base}.{}Z", nanos.trim_end_matches('0')) }
        }
        V::Span(span) => {
            let (seconds, nanos) = (span / NANOS, format!("{:09}", (span % NANOS).abs()));
            let sign = if *span < 0 && seconds == 0 { "-" } else { "" };
            let fraction = nanos.trim_end_matches('0');
            let dot = if fraction.is_empty() { "" } else { "." };
            format!("{sign}{seconds}{dot}{fraction}s")
        }
        _ => return None,
    })
}

/// A moment as RFC 3339 has it, of the years that a timestamp may have.
pub(crate) fn timestamp(text: &str) -> Option<Moment> {
    let read = DateTime::parse_from_rfc3339(text).ok()?;
    let nanos = read.timestamp_subsec_nanos();
    // A leap second is the first moment of the next one.
    let (seconds, nanos) = match nanos.checked_sub(1_000_000_000) {
        Some(beyond) => (read.timestamp().checked_add(1)?, beyond),
        None => (read.timestamp(), nanos),
    };
    SECONDS.contains(&seconds).then_some(Moment { seconds, nanos })
}

/// `1h30m`, `-1.5s`, `250ms`, in nanoseconds that fit 64 bits; finer parts are cut off.
fn duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let (unit, size) = UNITS.into_iter().find(|(unit, _)| after.starts_with(unit))?;
        total = total.checked_add(scaled(number, size)?)?;
        rest = &after[unit.len()..];
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// A decimal number of this many nanoseconds.
fn scaled(number: &str, size: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() > 20 || fraction.contains('.') {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<i128>().ok()? };
    let fraction = &fraction[..fraction.len().min(13)];
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<i128>().ok()? * size };
    let digits = u32::try_from(fraction.len()).ok()?;
    whole.checked_mul(size)?.checked_add(part / 10_i128.pow(digits))
}

fn utc(at: Moment) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.seconds, at.nanos)
}

fn part<'a>(part: Part, function: Function, of: &V<'_>) -> Result<V<'a>, Wrong> {
    let unfit = || Wrong::Of(function.name(), of.kind());
    if let V::Span(span) = of {
        let whole = match part {
            Part::Hours => span / (3_600 * NANOS),
            Part::Minutes => span / (60 * NANOS),
            Part::Seconds => span / NANOS,
            Part::Milliseconds => span / 1_000_000,
            _ => return Err(unfit()),
        };
        return Ok(V::Int(whole));
    }
    let V::Time(at) = of else { return Err(unfit()) };
    let time = utc(*at).ok_or(Wrong::Overflow(function.name()))?;
    Ok(V::Int(match part {
        Part::FullYear => i64::from(time.year()),
        Part::Month => i64::from(time.month0()),
        Part::DayOfYear => i64::from(time.ordinal0()),
        Part::DayOfMonth => i64::from(time.day0()),
        Part::Date => i64::from(time.day()),
        Part::DayOfWeek => i64::from(time.weekday().num_days_from_sunday()),
        Part::Hours => i64::from(time.hour()),
        Part::Minutes => i64::from(time.minute()),
        Part::Seconds => i64::from(time.second()),
        Part::Milliseconds => i64::from(at.nanos / 1_000_000),
    }))
}
