//! Schemas; under this module, events of them together with what apache-avro must read back. All is drawn from one
//! stream of bytes, so that a shorter stream is a simpler case.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "bits are drawn at random, and any will do"
)]

mod event;
mod logical;
mod spelling;

use apache_avro::types::Value;

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
}
