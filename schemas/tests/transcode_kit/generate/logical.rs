//! Values of logical types, spelt as text or as the count that is stored.

use std::fmt::Write as _;

use apache_avro::types::Value;
use apache_avro::{Days, Decimal, Duration, Millis, Months, Uuid};

use super::Source;
use super::spelling::integer;

pub(super) fn logical_value(logical: &str, source: &mut Source<'_>) -> (String, Value) {
    if logical == "uuid" {
        return uuid(source);
    }
    let spelt = source.one_in(2);
    let wide = source.wide();
    if logical == "date" {
        let days = (wide % 700_000) as i32;
        let text = if spelt { format!("\"{}\"", civil(i64::from(days))) } else { days.to_string() };
        return (text, Value::Date(days));
    }
    let unit: i64 = match logical.rsplit('-').next() {
        Some("millis") => 1_000,
        Some("micros") => 1_000_000,
        _ => 1_000_000_000,
    };
    if logical.starts_with("time-") {
        let count = wide.rem_euclid(86_400 * unit);
        let text = if spelt { format!("\"{}\"", clock(count, unit)) } else { count.to_string() };
        let value = if unit == 1_000 { Value::TimeMillis(count as i32) } else { Value::TimeMicros(count) };
        return (text, value);
    }
    let count = if spelt { wide % (60_000_000_000 * unit.min(100_000_000)) } else { wide };
    let local = logical.starts_with("local");
    let text = if spelt {
        let offset = if local { 0 } else { source.below(2 * 1439 + 1) as i64 - 1439 };
        let there = i128::from(count) + i128::from(offset) * 60 * i128::from(unit);
        let day = there.div_euclid(i128::from(86_400 * unit)) as i64;
        let within = there.rem_euclid(i128::from(86_400 * unit)) as i64;
        let zone = match (local, offset) {
            (true, _) => String::new(),
            (false, 0) => "Z".to_owned(),
            (false, minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        };
        format!("\"{}T{}{zone}\"", civil(day), clock(within, unit))
    } else {
        integer(count, source)
    };
    let value = match logical {
        "timestamp-millis" => Value::TimestampMillis(count),
        "timestamp-micros" => Value::TimestampMicros(count),
        "timestamp-nanos" => Value::TimestampNanos(count),
        "local-timestamp-millis" => Value::LocalTimestampMillis(count),
        "local-timestamp-micros" => Value::LocalTimestampMicros(count),
        _ => Value::LocalTimestampNanos(count),
    };
    (text, value)
}

/// A date from days, found by counting years and months: slow, and another way than the transcoder's.
fn civil(mut days: i64) -> String {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days < 0 {
        year -= 1;
        days += if leap(year) { 366 } else { 365 };
    }
    while days >= if leap(year) { 366 } else { 365 } {
        days -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let mut month = 0;
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    format!("{year:04}-{:02}-{:02}", month + 1, days + 1)
}

fn clock(count: i64, unit: i64) -> String {
    let (seconds, part) = (count / unit, count % unit);
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if part != 0 {
        let digits = unit.ilog10() as usize;
        write!(text, ".{part:0digits$}").expect("a String takes everything");
    }
    text
}

pub(super) fn uuid(source: &mut Source<'_>) -> (String, Value) {
    let uuid = Uuid::from_bytes(std::array::from_fn(|_| source.byte()));
    let text = if source.one_in(2) { uuid.to_string().to_uppercase() } else { uuid.to_string() };
    (format!("\"{text}\""), Value::Uuid(uuid))
}

pub(super) fn duration(source: &mut Source<'_>) -> (String, Value) {
    let [months, days, millis] = std::array::from_fn(|_| source.wide() as u32);
    let text = format!(
        "\"P{}Y{}M{days}DT{}H{}M{}.{:03}S\"",
        months / 12,
        months % 12,
        millis / 3_600_000,
        millis / 60_000 % 60,
        millis / 1000 % 60,
        millis % 1000
    );
    (text, Value::Duration(Duration::new(Months::new(months), Days::new(days), Millis::new(millis))))
}

pub(super) fn decimal(precision: u32, scale: u32, fixed: Option<usize>, source: &mut Source<'_>) -> (String, Value) {
    let unscaled = source.wide() % 10_i64.pow(precision);
    let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = scale as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
    let sign = if unscaled < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    let numeral = match source.below(3) {
        0 => format!("{sign}{whole}{point}{fraction}"),
        1 => format!("{unscaled}e-{scale}"),
        _ => format!("\"{sign}{whole}{point}{fraction}\""),
    };
    let mut bytes = num_bigint::BigInt::from(unscaled).to_signed_bytes_be();
    if let Some(size) = fixed {
        let sign = if unscaled < 0 { 0xFF } else { 0 };
        bytes.splice(0..0, std::iter::repeat_n(sign, size - bytes.len()));
    }
    (numeral, Value::Decimal(Decimal::from(bytes)))
}
