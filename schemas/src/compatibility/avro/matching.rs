//! Whether a reader's type takes a writer's at first sight: kinds, names, sizes and promotions, nothing inside
//! (specification, "Schema Resolution", "To match, one of the following must hold").

use super::schema::{Avro, Id, Shape};

/// How well a reader's type suits a writer's, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    None,
    /// By promotion, or by the last part of the name.
    Loose,
    /// The same type, and the same full name if it has one.
    Exact,
}

/// Holds a reader's type that is no union against a writer's that is none.
pub(super) fn matches(writer: &Shape, reader: &Shape) -> Match {
    use Shape::{Array, Enum, Fixed, Map, Primitive, Record};
    match (writer, reader) {
        (Primitive(from), Primitive(to)) => match (*from, *to) {
            (from, to) if from == to => Match::Exact,
            ("int", "long" | "float" | "double")
            | ("long", "float" | "double")
            | ("float", "double")
            | ("string", "bytes")
            | ("bytes", "string") => Match::Loose,
            _ => Match::None,
        },
        (Array(_), Array(_)) | (Map(_), Map(_)) => Match::Exact,
        (Record { name: from, .. }, Record { name: to, .. }) | (Enum { name: from, .. }, Enum { name: to, .. }) => {
            named(&from.full, &to.full, to.takes(&from.full))
        }
        (Fixed { name: from, size: out }, Fixed { name: to, size: back }) => {
            named(&from.full, &to.full, to.takes(&from.full) && out == back)
        }
        _ => Match::None,
    }
}

fn named(writer: &str, reader: &str, takes: bool) -> Match {
    match (takes, writer == reader) {
        (false, _) => Match::None,
        (true, true) => Match::Exact,
        (true, false) => Match::Loose,
    }
}

/// The branch of a reader's union that takes a writer's type: the first exact one, else the first that matches.
pub(super) fn branch(writer: &Shape, reader: &Avro, branches: &[Id]) -> Option<Id> {
    let suits = |id: &Id| matches(writer, &reader.types[*id].shape);
    let exact = branches.iter().find(|id| suits(id) == Match::Exact);
    exact.or_else(|| branches.iter().find(|id| suits(id) == Match::Loose)).copied()
}

/// How a sentence names a type.
pub(super) fn describe(avro: &Avro, id: Id) -> String {
    let kind = &avro.types[id];
    let base = match &kind.shape {
        Shape::Primitive(name) => (*name).to_owned(),
        Shape::Array(items) => format!("array of {}", word(avro, *items)),
        Shape::Map(values) => format!("map of {}", word(avro, *values)),
        Shape::Union(branches) if branches.len() > 6 => format!("a union of {} branches", branches.len()),
        Shape::Union(branches) => {
            format!("[{}]", branches.iter().map(|id| word(avro, *id)).collect::<Vec<_>>().join(", "))
        }
        Shape::Record { name, .. } => format!("record {}", name.full),
        Shape::Enum { name, .. } => format!("enum {}", name.full),
        Shape::Fixed { name, size } => format!("fixed {} of {size} bytes", name.full),
    };
    match &kind.logical {
        Some(logical) => format!("`{}` ({base})", logical.describe()),
        None => format!("`{base}`"),
    }
}

/// A type in one word, so that a description of nested types stays short.
fn word(avro: &Avro, id: Id) -> &str {
    match &avro.types[id].shape {
        Shape::Primitive(name) => name,
        Shape::Array(_) => "array",
        Shape::Map(_) => "map",
        Shape::Union(_) => "union",
        Shape::Record { name, .. } | Shape::Enum { name, .. } | Shape::Fixed { name, .. } => &name.full,
    }
}
