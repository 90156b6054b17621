//! Fields as they are gathered from a schema, whatever its language: those at one place become one, and personal ones
//! are marked.

use std::collections::{HashMap, HashSet};

use super::{EVERY, Field, FieldKind, Outline, lower_camel};
use crate::avro::lines_of;
use crate::contract::{Contract, Format, Pointer};
use crate::json::pointer::push_token;

/// Fields of one outline. Types that are used in many places could make more of any number.
const MAX_FIELDS: usize = 10_000;

/// What a schema says of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) kind: FieldKind,
    pub(super) spelled: String,
    pub(super) nullable: bool,
}

impl Said {
    pub(super) fn new(kind: FieldKind, spelled: &str) -> Self {
        Self { kind, spelled: spelled.to_owned(), nullable: false }
    }

    /// One of several.
    pub(super) fn one_of(several: impl Iterator<Item = Self>) -> Option<Self> {
        several.reduce(|one, other| Self {
            kind: if one.kind == other.kind { one.kind } else { FieldKind::Any },
            spelled: if one.spelled == other.spelled { one.spelled } else { UNION.to_owned() },
            nullable: one.nullable || other.nullable,
        })
    }
}

/// How types are spelled that may be one of several.
pub(super) const UNION: &str = "union";

/// Where a field is, and what is said beside its type.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) pointer: String,
    pub(super) optional: bool,
    pub(super) documented: bool,
    /// Its line, or its place in a text that is JSON, from which the line is told in the end.
    pub(super) line: Option<usize>,
    pub(super) place: Option<String>,
}

impl Spot {
    /// The whole event.
    pub(super) fn event() -> Self {
        Self { pointer: String::new(), optional: false, documented: true, line: None, place: None }
    }

    /// A member of what is here.
    pub(super) fn member(&self, name: &str) -> Self {
        let mut pointer = self.pointer.clone();
        push_token(&mut pointer, name);
        Self { pointer, ..self.clone() }
    }

    /// Every element or value of what is here. It has no words of its own.
    pub(super) fn every(&self) -> Self {
        Self { documented: true, ..self.member(EVERY) }
    }
}

/// An outline that is being made.
pub(super) struct Gathering<'c> {
    contract: &'c Contract,
    fields: Vec<Field>,
    places: Vec<Option<String>>,
    known: HashMap<String, usize>,
    pub(super) open: bool,
    /// The text that places are in.
    pub(super) text: Option<String>,
}

impl<'c> Gathering<'c> {
    pub(super) fn new(contract: &'c Contract) -> Self {
        let (fields, places, known) = (Vec::new(), Vec::new(), HashMap::new());
        Self { contract, fields, places, known, open: false, text: None }
    }

    /// Adds a field, or what another branch says of one that is known; false if there are enough.
    pub(super) fn add(&mut self, spot: &Spot, said: Said) -> bool {
        if spot.pointer.is_empty() {
            return true;
        }
        if let Some(known) = self.known.get(&spot.pointer) {
            let field = &mut self.fields[*known];
            field.kind = if field.kind == said.kind { field.kind } else { FieldKind::Any };
            if field.spelled != said.spelled {
                UNION.clone_into(&mut field.spelled);
            }
            field.optional |= spot.optional || said.nullable;
            field.documented &= spot.documented;
            return true;
        }
        if self.fields.len() == MAX_FIELDS {
            self.open = true;
            return false;
        }
        self.known.insert(spot.pointer.clone(), self.fields.len());
        self.places.push(spot.place.clone());
        self.fields.push(Field {
            pointer: spot.pointer.clone(),
            kind: said.kind,
            spelled: said.spelled,
            optional: spot.optional || said.nullable,
            documented: spot.documented,
            personal: self.personal(&spot.pointer),
            line: spot.line,
        });
        true
    }

    fn personal(&self, pointer: &str) -> bool {
        let spelled = |pointer: &Pointer| match self.contract.value.format {
            Format::Protobuf => {
                let tokens = pointer.tokens.iter().map(|token| lower_camel(token)).collect();
                Pointer { tokens, ..pointer.clone() }
            }
            _ => pointer.clone(),
        };
        let Ok(field) = Pointer::parse(pointer) else { return false };
        let field = spelled(&field);
        self.contract.pii.iter().any(|personal| field.lies_within(&spelled(&personal.pointer)))
    }

    pub(super) fn outline(mut self) -> Outline {
        let wanted: HashSet<&str> = self.places.iter().flatten().map(String::as_str).collect();
        let lines = self.text.as_deref().map(|text| lines_of(text, &wanted)).unwrap_or_default();
        for (field, place) in self.fields.iter_mut().zip(&self.places) {
            field.line = field.line.or_else(|| lines.get(place.as_deref()?).copied());
        }
        Outline { fields: self.fields, open: self.open }
    }
}
