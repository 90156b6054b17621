//! Schemas, and events of them together with what apache-avro must read back: all drawn from one stream of bytes,
//! so that a shorter stream is a simpler case.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "bits are drawn at random, and any will do"
)]

use std::fmt::Write as _;

use apache_avro::types::Value;
use apache_avro::{Days, Decimal, Duration, Millis, Months, Uuid};

/// A stream of choices; zeros when it has run dry.
pub(crate) struct Source<'s> {
    bytes: &'s [u8],
    names: usize,
}

impl<'s> Source<'s> {
    pub(crate) fn new(bytes: &'s [u8]) -> Self {
        Self { bytes, names: 0 }
    }

    fn byte(&mut self) -> u8 {
        let (first, rest) = self.bytes.split_first().unwrap_or((&0, &[]));
        self.bytes = rest;
        *first
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % bound.max(1)
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == chances - 1
    }

    fn wide(&mut self) -> i64 {
        let width = self.below(9);
        let bits = (0..width).fold(0_u64, |bits, _| bits << 8 | u64::from(self.byte()));
        if self.one_in(2) { (bits as i64).wrapping_neg() } else { bits as i64 }
    }
}

/// A type, with the name that the text gives it.
pub(crate) enum Type {
    Plain(&'static str),
    Logical(&'static str, &'static str),
    Fixed { name: usize, size: usize, uuid: bool, duration: bool },
    Decimal { name: usize, precision: u32, scale: u32, fixed: Option<usize> },
    Enum { name: usize, symbols: usize },
    Array(Box<Type>),
    Map(Box<Type>),
    Record { name: usize, fields: Vec<(Type, Absent)> },
    Union(Vec<Type>),
}

/// What a field has when the event leaves it out.
pub(crate) enum Absent {
    Refused,
    Null,
    Default(&'static str, Value),
}

const PLAIN: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "string", "bytes"];
const LOGICAL: [(&str, &str); 10] = [
    ("int", "date"),
    ("int", "time-millis"),
    ("long", "time-micros"),
    ("long", "timestamp-millis"),
    ("long", "timestamp-micros"),
    ("long", "timestamp-nanos"),
    ("long", "local-timestamp-millis"),
    ("long", "local-timestamp-micros"),
    ("long", "local-timestamp-nanos"),
    ("string", "uuid"),
];

pub(crate) fn record(source: &mut Source<'_>) -> Type {
    let name = fresh(source);
    let count = 1 + source.below(7);
    let fields = (0..count).map(|_| field(source)).collect();
    Type::Record { name, fields }
}

fn field(source: &mut Source<'_>) -> (Type, Absent) {
    match source.below(5) {
        0 => (Type::Plain("int"), Absent::Default("7", Value::Int(7))),
        1 => (Type::Plain("string"), Absent::Default("\"none\"", Value::String("none".to_owned()))),
        2 => {
            let other = match any(source, 2) {
                Type::Union(_) | Type::Plain("null") => Type::Plain("long"),
                other => other,
            };
            (Type::Union(vec![Type::Plain("null"), other]), Absent::Null)
        }
        _ => (any(source, 3), Absent::Refused),
    }
}

fn fresh(source: &mut Source<'_>) -> usize {
    source.names += 1;
    source.names
}

fn any(source: &mut Source<'_>, depth: usize) -> Type {
    match source.below(if depth == 0 { 16 } else { 26 }) {
        0..8 => Type::Plain(PLAIN[source.below(PLAIN.len())]),
        8..12 => {
            let (base, logical) = LOGICAL[source.below(LOGICAL.len())];
            Type::Logical(base, logical)
        }
        12 => {
            let (uuid, duration) = (source.one_in(3), source.one_in(3));
            let size = if uuid {
                16
            } else if duration {
                12
            } else {
                source.below(20)
            };
            Type::Fixed { name: fresh(source), size, uuid, duration: duration && !uuid }
        }
        13 | 14 => {
            let precision = 1 + source.below(18) as u32;
            let scale = source.below(precision as usize + 1) as u32;
            Type::Decimal { name: fresh(source), precision, scale, fixed: source.one_in(2).then_some(9) }
        }
        15 => Type::Enum { name: fresh(source), symbols: 1 + source.below(20) },
        16..19 => Type::Array(Box::new(any(source, depth - 1))),
        19..21 => Type::Map(Box::new(any(source, depth - 1))),
        21..24 => {
            let name = fresh(source);
            let count = source.below(5);
            Type::Record { name, fields: (0..count).map(|_| (any(source, depth - 1), Absent::Refused)).collect() }
        }
        _ => {
            let mut branches: Vec<Type> = Vec::new();
            for _ in 0..=source.below(4) {
                let branch = any(source, depth - 1);
                let known = branches.iter().any(|other| other.branch() == branch.branch());
                if !known && !matches!(branch, Type::Union(_)) {
                    branches.push(branch);
                }
            }
            if branches.is_empty() { Type::Plain("int") } else { Type::Union(branches) }
        }
    }
}

impl Type {
    /// The name that tags it in a union.
    fn branch(&self) -> String {
        match self {
            Self::Plain(name) | Self::Logical(name, _) => (*name).to_owned(),
            Self::Decimal { fixed: None, .. } => "bytes".to_owned(),
            Self::Fixed { name, .. }
            | Self::Decimal { name, .. }
            | Self::Enum { name, .. }
            | Self::Record { name, .. } => {
                format!("ns.T{name}")
            }
            Self::Array(_) => "array".to_owned(),
            Self::Map(_) => "map".to_owned(),
            Self::Union(_) => "union".to_owned(),
        }
    }

    /// The JSON kinds that it may accept, roughly: whatever is not sure counts.
    fn kinds(&self) -> &'static str {
        match self {
            Self::Plain("null") => "z",
            Self::Plain("boolean") => "b",
            Self::Plain("int" | "long") => "n",
            Self::Plain("string" | "bytes") | Self::Fixed { .. } | Self::Enum { .. } | Self::Logical("string", _) => {
                "s"
            }
            Self::Array(_) => "a",
            Self::Map(_) | Self::Record { .. } => "o",
            Self::Union(_) => "znbsao",
            _ => "ns",
        }
    }

    pub(crate) fn schema(&self) -> String {
        match self {
            Self::Plain(name) => format!("\"{name}\""),
            Self::Logical(base, logical) => format!(r#"{{"type":"{base}","logicalType":"{logical}"}}"#),
            Self::Fixed { name, size, uuid, duration } => {
                let logical = if *uuid {
                    r#","logicalType":"uuid""#
                } else if *duration {
                    r#","logicalType":"duration""#
                } else {
                    ""
                };
                format!(r#"{{"type":"fixed","namespace":"ns","name":"T{name}","size":{size}{logical}}}"#)
            }
            Self::Decimal { name, precision, scale, fixed } => {
                let inner = match fixed {
                    Some(size) => format!(r#""fixed","namespace":"ns","name":"T{name}","size":{size}"#),
                    None => "\"bytes\"".to_owned(),
                };
                format!(r#"{{"type":{inner},"logicalType":"decimal","precision":{precision},"scale":{scale}}}"#)
            }
            Self::Enum { name, symbols } => {
                let symbols: Vec<String> = (0..*symbols).map(|symbol| format!("\"S{symbol}\"")).collect();
                format!(r#"{{"type":"enum","namespace":"ns","name":"T{name}","symbols":[{}]}}"#, symbols.join(","))
            }
            Self::Array(items) => format!(r#"{{"type":"array","items":{}}}"#, items.schema()),
            Self::Map(values) => format!(r#"{{"type":"map","values":{}}}"#, values.schema()),
            Self::Record { name, fields } => {
                let fields: Vec<String> = fields
                    .iter()
                    .enumerate()
                    .map(|(index, (kind, absent))| {
                        let default = if let Absent::Default(text, _) = absent {
                            format!(",\"default\":{text}")
                        } else {
                            String::new()
                        };
                        format!(r#"{{"name":"f{index}","type":{}{default}}}"#, kind.schema())
                    })
                    .collect();
                format!(r#"{{"type":"record","namespace":"ns","name":"T{name}","fields":[{}]}}"#, fields.join(","))
            }
            Self::Union(branches) => {
                format!("[{}]", branches.iter().map(Self::schema).collect::<Vec<_>>().join(","))
            }
        }
    }

    /// An event's text, spelt at random, and its value.
    pub(crate) fn event(&self, source: &mut Source<'_>) -> (String, Value) {
        let (text, value) = match self {
            Self::Plain(name) => plain(name, source),
            Self::Logical(_, logical) => logical_value(logical, source),
            Self::Fixed { uuid: true, .. } => uuid(source),
            Self::Fixed { duration: true, .. } => duration(source),
            Self::Fixed { size, .. } => {
                let bytes: Vec<u8> = (0..*size).map(|_| source.byte()).collect();
                (base64(&bytes, source), Value::Fixed(*size, bytes))
            }
            Self::Decimal { precision, scale, fixed, .. } => decimal(*precision, *scale, *fixed, source),
            Self::Enum { symbols, .. } => {
                let symbol = source.below(*symbols);
                (string(&format!("S{symbol}"), source), Value::Enum(symbol as u32, format!("S{symbol}")))
            }
            Self::Array(items) => {
                let count = source.below(if source.names.is_multiple_of(3) { 80 } else { 4 });
                let (texts, values): (Vec<_>, Vec<_>) = (0..count).map(|_| items.event(source)).unzip();
                (format!("[{}{}]", space(source), texts.join(",")), Value::Array(values))
            }
            Self::Map(kind) => {
                let count = source.below(5);
                let mut members = Vec::new();
                let mut entries = std::collections::HashMap::new();
                for index in 0..count {
                    let name = format!("k\u{e9}{index}");
                    let (text, value) = kind.event(source);
                    members.push(format!("{}{}:{text}", string(&name, source), space(source)));
                    entries.insert(name, value);
                }
                (format!("{{{}{}}}", space(source), members.join(",")), Value::Map(entries))
            }
            Self::Record { fields, .. } => record_event(fields, source),
            Self::Union(branches) => union_event(branches, source),
        };
        (format!("{}{text}{}", space(source), space(source)), value)
    }
}

fn record_event(fields: &[(Type, Absent)], source: &mut Source<'_>) -> (String, Value) {
    let mut members = Vec::new();
    let mut values = Vec::new();
    for (index, (kind, absent)) in fields.iter().enumerate() {
        let name = format!("f{index}");
        let left_out = !matches!(absent, Absent::Refused) && source.one_in(3);
        let value = match absent {
            Absent::Default(_, value) if left_out => value.clone(),
            Absent::Null if left_out => Value::Union(0, Box::new(Value::Null)),
            _ => {
                let (text, value) = kind.event(source);
                members.push(format!("{}{}:{text}", string(&name, source), space(source)));
                value
            }
        };
        values.push((name, value));
    }
    if source.one_in(2) {
        for place in (1..members.len()).rev() {
            members.swap(place, source.below(place + 1));
        }
    }
    (
        format!("{{{}{}}}", space(source), members.join(&format!("{},{}", space(source), space(source)))),
        Value::Record(values),
    )
}

fn union_event(branches: &[Type], source: &mut Source<'_>) -> (String, Value) {
    let index = source.below(branches.len());
    let branch = &branches[index];
    let (text, value) = branch.event(source);
    let value = Value::Union(index as u32, Box::new(value));
    if matches!(branch, Type::Plain("null")) {
        return (text, value);
    }
    let unsure = branches[..index].iter().any(|other| other.kinds().chars().any(|kind| branch.kinds().contains(kind)));
    if unsure || source.one_in(2) {
        return (format!("{{{}:{text}}}", string(&branch.branch(), source)), value);
    }
    (text, value)
}

fn plain(name: &str, source: &mut Source<'_>) -> (String, Value) {
    match name {
        "null" => ("null".to_owned(), Value::Null),
        "boolean" => {
            let value = source.one_in(2);
            (value.to_string(), Value::Boolean(value))
        }
        "int" => {
            let value = source.wide() as i32;
            (integer(i64::from(value), source), Value::Int(value))
        }
        "long" => {
            let value = source.wide();
            (integer(value, source), Value::Long(value))
        }
        "float" => {
            let value = f32::from_bits(source.wide() as u32);
            let value = if value.is_finite() { value } else { 0.5 };
            (format!("{value:?}"), Value::Float(value))
        }
        "double" => {
            let value = f64::from_bits(source.wide() as u64);
            let value = if value.is_finite() { value } else { 0.5 };
            let text = if source.one_in(2) { format!("{value:?}") } else { format!("{value:e}") };
            let plain = !text.contains(['.', 'e']);
            (if plain { format!("{text}.0") } else { text }, Value::Double(value))
        }
        "string" => {
            let text = text(source);
            (string(&text, source), Value::String(text))
        }
        _ => {
            let bytes: Vec<u8> = (0..source.below(20)).map(|_| source.byte()).collect();
            (base64(&bytes, source), Value::Bytes(bytes))
        }
    }
}

fn logical_value(logical: &str, source: &mut Source<'_>) -> (String, Value) {
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

fn uuid(source: &mut Source<'_>) -> (String, Value) {
    let uuid = Uuid::from_bytes(std::array::from_fn(|_| source.byte()));
    let text = if source.one_in(2) { uuid.to_string().to_uppercase() } else { uuid.to_string() };
    (format!("\"{text}\""), Value::Uuid(uuid))
}

fn duration(source: &mut Source<'_>) -> (String, Value) {
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

fn decimal(precision: u32, scale: u32, fixed: Option<usize>, source: &mut Source<'_>) -> (String, Value) {
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

fn integer(value: i64, source: &mut Source<'_>) -> String {
    match source.below(5) {
        0 => format!("{value}.00"),
        1 => format!("{value}e0"),
        2 if value != 0 => format!("{value}00E-2"),
        _ => value.to_string(),
    }
}

fn text(source: &mut Source<'_>) -> String {
    let alphabet = ['a', 'z', '"', '\\', '/', '\n', '\u{0}', '\u{7f}', 'é', '日', '😀', ' '];
    (0..source.below(40)).map(|_| alphabet[source.below(alphabet.len())]).collect()
}

/// A string's spelling: what must be escaped is, the rest at random.
fn string(text: &str, source: &mut Source<'_>) -> String {
    let mut spelt = String::from("\"");
    for character in text.chars() {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '/' => "\\/",
            _ => "",
        };
        let escape = source.one_in(6);
        if !short.is_empty() && !escape {
            spelt.push_str(short);
        } else if escape || character < ' ' || character == '"' || character == '\\' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(spelt, "\\u{unit:04x}").expect("a String takes everything");
            }
        } else {
            spelt.push(character);
        }
    }
    spelt.push('"');
    spelt
}

fn base64(bytes: &[u8], source: &mut Source<'_>) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    string(if source.one_in(2) { text.trim_end_matches('=') } else { &text }, source)
}

fn space(source: &mut Source<'_>) -> &'static str {
    ["", "", "", " ", "\n", "\t \r"][source.below(6)]
}
