//! Events of a drawn type, spelt at random, each with the value that apache-avro must read back: containers and
//! plain types.

use apache_avro::types::Value;

use super::logical::{decimal, duration, logical_value, uuid};
use super::spelling::{base64, integer, space, string, text};
use super::{Absent, Source, Type};

impl Type {
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
