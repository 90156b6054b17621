//! Which fields a contract's events have, whatever the schema's language: for conventions over schemas, and to check the
//! fields that conventions name before there is an event.

mod gather;
mod avro;
mod json_schema;
mod protobuf;

use std::collections::HashMap;

use self::gather::Gathering;
use crate::contract::{Contract, Format, Pointer};
use crate::encoder::Material;
use crate::json::pointer::push_token;

/// The fields of a contract's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// In the schema's order, outer ones before inner ones. A type that is used inside itself is followed once.
    pub fields: Vec<Field>,
    /// Whether events may hold fields that are not listed: there is no schema, or it allows others.
    pub open: bool,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// JSON Pointer into an event; the token `*` stands for every element of an array and every value of a map.
    pub pointer: String,
    /// What its value is, as far as judging it goes.
    pub kind: FieldKind,
    /// The type as the schema spells it, such as `timestamp-millis`.
    pub spelled: String,
    /// Whether an event may be without it, or have null there.
    pub optional: bool,
    /// Whether the schema says what it means.
    pub documented: bool,
    /// Whether the contract calls it, or something that it lies in, personal.
    pub personal: bool,
    /// The field's line in its schema's file, from 1, if it is known.
    pub line: Option<usize>,
}

/// What a field's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldKind {
    /// A boolean.
    Bool,
    /// A whole number.
    Int,
    /// Any number.
    Double,
    /// A string, an enum's symbol, a UUID, a date, a time of day, a duration. A stored number for which there is no such
    /// text is an event's whole number there.
    Text,
    /// Bytes.
    Bytes,
    /// A moment.
    Time,
    /// An array.
    List,
    /// A record or a map.
    Object,
    /// One of several, or the schema does not say.
    Any,
}

/// What lies at a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// This field.
    Field(&'a Field),
    /// Perhaps something; the schema does not say what.
    Open,
    /// Nothing, in any event.
    Nowhere,
}

impl Outline {
    /// The fields of a contract's events, by the schema of this material. A schema that can't be read gives none, and may
    /// have any.
    ///
    /// Protobuf's fields are called as the schema calls them. A field with JSON Schema's `anyOf`, `oneOf`, `if`, `then`, `else`
    /// or `dependentSchemas` around it is optional; one behind a reference that does not lead into the schema by a pointer is
    /// not listed, and its object may hold any.
    pub fn of(contract: &Contract, material: &Material) -> Self {
        let mut gathering = Gathering::new(contract);
        let schema = material.value.as_ref().map(|sourced| &sourced.schema);
        let read = schema.and_then(|schema| match contract.value.format {
            Format::Avro => avro::gather(schema, &contract.value, &mut gathering),
            Format::JsonSchema => json_schema::gather(schema, &mut gathering),
            Format::Protobuf => protobuf::gather(schema, &contract.value.message, &mut gathering),
            Format::Json | Format::String | Format::Bytes => None,
        });
        match read {
            Some(()) => gathering.outline(),
            None => Self { fields: Vec::new(), open: true },
        }
    }

    /// What lies at a pointer; an array's index and a map's key are found under `*`. A name that is a listed one in
    /// lowerCamelCase may be there, since Protobuf takes both.
    pub fn find(&self, pointer: &Pointer) -> Place<'_> {
        let listed: HashMap<&str, &Field> = self.fields.iter().map(|field| (field.pointer.as_str(), field)).collect();
        let mut found: Option<&Field> = None;
        let mut at = String::new();
        for token in &pointer.tokens {
            let parent = at.len();
            push_token(&mut at, token);
            if !listed.contains_key(at.as_str()) {
                at.truncate(parent);
                push_token(&mut at, EVERY);
            }
            let Some(field) = listed.get(at.as_str()) else {
                at.truncate(parent);
                return self.beyond(found, &at, token);
            };
            found = Some(field);
        }
        found.map_or(Place::Open, Place::Field)
    }

    /// What lies below a field, or below the event, where no such thing is listed.
    fn beyond(&self, parent: Option<&Field>, at: &str, token: &str) -> Place<'_> {
        let below = || {
            let inside = |field: &&Field| field.pointer.strip_prefix(at).is_some_and(|rest| rest.starts_with('/'));
            self.fields.iter().filter(inside).map(|field| &field.pointer[at.len() + 1..])
        };
        let kind = parent.map_or(FieldKind::Object, |parent| parent.kind);
        let open = match kind {
            FieldKind::Any => true,
            // A type inside itself is not followed for ever.
            FieldKind::List | FieldKind::Object => {
                let uncounted = parent.is_some() && below().next().is_none();
                self.open || uncounted || below().any(|name| name.contains('_') && lower_camel(name) == token)
            }
            _ => false,
        };
        if open { Place::Open } else { Place::Nowhere }
    }
}

/// The token that stands for every element of an array and every value of a map.
const EVERY: &str = "*";

/// A field's name as `ProtoJSON` spells it: the letter behind an underscore is a capital one.
fn lower_camel(name: &str) -> String {
    let mut capital = false;
    let mut spelled = String::new();
    for letter in name.chars() {
        match letter {
            '_' => capital = true,
            letter if capital => {
                spelled.push(letter.to_ascii_uppercase());
                capital = false;
            }
            letter => spelled.push(letter),
        }
    }
    spelled
}
