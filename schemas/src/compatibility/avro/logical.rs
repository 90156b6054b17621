//! Logical types, and what becomes of a value that is read as another one. Those that the specification does not know,
//! or that don't fit their type, are none ("Logical Types": implementations must ignore them).

use serde_json::{Map, Value};

/// A logical type over its stored type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Logical {
    /// Digits in all, and behind the point.
    Decimal { precision: u64, scale: u64 },
    /// Any other by its name.
    Named(&'static str),
}

const OF_INT: [&str; 2] = ["date", "time-millis"];
const OF_LONG: [&str; 7] = [
    "time-micros",
    "timestamp-millis",
    "timestamp-micros",
    "timestamp-nanos",
    "local-timestamp-millis",
    "local-timestamp-micros",
    "local-timestamp-nanos",
];

/// The logical type of a definition. `size` is a fixed's.
pub(super) fn of(object: &Map<String, Value>, base: &str, size: Option<u64>) -> Option<Logical> {
    let name = object.get("logicalType")?.as_str()?;
    let known = |names: &[&'static str]| names.iter().find(|known| **known == name).map(|name| Logical::Named(name));
    match (base, size) {
        ("int", _) => known(&OF_INT),
        ("long", _) => known(&OF_LONG),
        ("string", _) | ("fixed", Some(16)) if name == "uuid" => Some(Logical::Named("uuid")),
        ("fixed", Some(12)) if name == "duration" => Some(Logical::Named("duration")),
        ("bytes" | "fixed", _) if name == "decimal" => {
            let precision = object.get("precision")?.as_u64()?;
            let scale = object.get("scale").map_or(Some(0), Value::as_u64)?;
            (precision > 0 && scale <= precision).then_some(Logical::Decimal { precision, scale })
        }
        _ => None,
    }
}

/// What reading one as the other does.
pub(super) enum Change {
    /// The value keeps its meaning.
    Harmless,
    /// The reader finds a decimal of other digits: such types don't match.
    Decimal,
    /// The reader takes the stored value for something else.
    Meaning,
    /// The reader refuses texts that are no UUIDs.
    Uuid,
}

/// Holds a writer's logical type against a reader's.
pub(super) fn change(writer: Option<&Logical>, reader: Option<&Logical>) -> Change {
    use Logical::{Decimal, Named};
    match (writer, reader) {
        (writer, reader) if writer == reader => Change::Harmless,
        (Some(Decimal { .. }), Some(Decimal { .. })) => Change::Decimal,
        (None, Some(Named("uuid"))) => Change::Uuid,
        // The number or text is what it was; only its description came or went.
        (Some(Named(name)), None) | (None, Some(Named(name))) if *name != "duration" => Change::Harmless,
        _ => Change::Meaning,
    }
}

impl Logical {
    /// How a sentence names it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
            Self::Named(name) => (*name).to_owned(),
        }
    }
}
