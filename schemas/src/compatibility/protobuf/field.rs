//! Two versions of a field, by its number.

use prost_reflect::{Cardinality, FieldDescriptor, Kind};

use super::{Comparison, Type, rules};
use crate::compatibility::finding::Rule;

impl Comparison<'_> {
    pub(super) fn fields(&mut self, old: &FieldDescriptor, new: &FieldDescriptor) {
        self.field_names(old, new);
        self.presence(old, new);
        if shape(old) != shape(new) {
            self.changed(&rules::CARDINALITY, new, shape(old), shape(new));
        } else if let (true, Kind::Message(from), Kind::Message(to)) = (old.is_map(), old.kind(), new.kind()) {
            self.kinds(&from.map_entry_key_field().kind(), &to.map_entry_key_field().kind(), new);
            self.kinds(&from.map_entry_value_field().kind(), &to.map_entry_value_field().kind(), new);
        } else {
            self.kinds(&old.kind(), &new.kind(), new);
        }
    }

    fn field_names(&mut self, old: &FieldDescriptor, new: &FieldDescriptor) {
        let moved = new.parent_message().get_field_by_name(old.name()).filter(|moved| moved.number() != old.number());
        if let Some(moved) = moved {
            let what =
                || format!("the number of the field `{}` was {} and is {}", old.name(), old.number(), moved.number());
            self.at(&rules::RENUMBERED, &moved, what);
        }
        if old.json_name() != new.json_name() {
            let (from, to) = (old.json_name(), new.json_name());
            self.at(&rules::JSON_NAME, new, || format!("the field's name in JSON was `{from}` and is `{to}`"));
        } else if old.name() != new.name() {
            let (from, to) = (old.name(), new.name());
            self.at(&rules::NAME, new, || format!("the field's name was `{from}` and is `{to}`"));
        }
    }

    fn presence(&mut self, old: &FieldDescriptor, new: &FieldDescriptor) {
        let required = |field: &FieldDescriptor| field.cardinality() == Cardinality::Required;
        match (required(old), required(new)) {
            (false, true) if self.findings.backward() => {
                self.at(&rules::REQUIRED, new, || "the field was optional and is required".to_owned());
            }
            (true, false) if !self.findings.backward() => {
                self.at(&rules::REQUIRED, new, || "the field was required and is optional".to_owned());
            }
            _ => {}
        }
        if oneof(old) != oneof(new) {
            let word = |name: Option<String>| name.map_or("no oneof".to_owned(), |name| format!("the oneof `{name}`"));
            let (from, to) = (word(oneof(old)), word(oneof(new)));
            self.at(&rules::ONEOF, new, || format!("the field was in {from} and is in {to}"));
        }
        let default = |field: &FieldDescriptor| field.field_descriptor_proto().default_value.clone();
        if default(old) != default(new) {
            let word = |default: Option<String>| default.map_or("none".to_owned(), |default| format!("`{default}`"));
            let (from, to) = (word(default(old)), word(default(new)));
            self.at(&rules::DEFAULT, new, || format!("the field's default was {from} and is {to}"));
        }
    }

    fn kinds(&mut self, old: &Kind, new: &Kind, at: &FieldDescriptor) {
        match (old, new) {
            (Kind::Message(from), Kind::Message(to))
                if self.old.own_name(from.full_name()) == self.new.own_name(to.full_name()) =>
            {
                self.waiting.push((Type::Message(from.clone()), Type::Message(to.clone())));
            }
            (Kind::Enum(from), Kind::Enum(to)) if from.name() == to.name() => {
                self.waiting.push((Type::Enum(from.clone()), Type::Enum(to.clone())));
            }
            _ if same_group(old, new) => {}
            _ => {
                let rule = if old.wire_type() == new.wire_type() { &rules::TYPE_MISREAD } else { &rules::TYPE };
                let (old, new) = (describe(old), describe(new));
                self.changed(rule, at, &old, &new);
            }
        }
    }

    fn changed(&mut self, rule: &Rule, new: &FieldDescriptor, from: &str, to: &str) {
        self.at(rule, new, || format!("the field was {from} and is {to}"));
    }

    fn at(&mut self, rule: &Rule, new: &FieldDescriptor, what: impl FnOnce() -> String) {
        let message = new.parent_message().clone();
        let place = format!("{}.{}", self.new.own_name(message.full_name()), new.name());
        self.add(rule, &message, new.path(), &place, what);
    }
}

fn shape(field: &FieldDescriptor) -> &'static str {
    if field.is_map() {
        "a map"
    } else if field.is_list() {
        "repeated"
    } else {
        "single"
    }
}

/// The oneof that a field stands in; `optional` makes one that nobody sees.
fn oneof(field: &FieldDescriptor) -> Option<String> {
    field.containing_oneof().filter(|oneof| !oneof.is_synthetic()).map(|oneof| oneof.name().to_owned())
}

/// Whether both the wire format and JSON of one type are read as the other (Buf, `FIELD_WIRE_JSON_COMPATIBLE_TYPE`).
fn same_group(old: &Kind, new: &Kind) -> bool {
    let group = |kind: &Kind| match kind {
        Kind::Int32 | Kind::Uint32 => Some(0),
        Kind::Int64 | Kind::Uint64 => Some(1),
        Kind::Fixed32 | Kind::Sfixed32 => Some(2),
        Kind::Fixed64 | Kind::Sfixed64 => Some(3),
        Kind::Message(_) | Kind::Enum(_) => None,
        Kind::Double => Some(4),
        Kind::Float => Some(5),
        Kind::Sint32 => Some(6),
        Kind::Sint64 => Some(7),
        Kind::Bool => Some(8),
        Kind::String => Some(9),
        Kind::Bytes => Some(10),
    };
    group(old).is_some_and(|old| Some(old) == group(new))
}

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => format!("message `{}`", message.full_name()),
        Kind::Enum(values) => format!("enum `{}`", values.full_name()),
        other => format!("`{other:?}`").to_lowercase(),
    }
}
