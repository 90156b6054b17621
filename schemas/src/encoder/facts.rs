//! The few values that a contract takes out of an event beside its bytes: key, id, time. The passes say where they
//! stand in the text, or what they are in the bytes; here they are appended.

mod spelt;
mod stored;

use std::ops::{Range, RangeInclusive};

use self::spelt::Spelt;
use super::Encoder;
use crate::contract::{BytesText, Contract, KeyFormat, KeySource, Pointer};
use crate::fault::{Fault, MAX_MISMATCHES, Mismatch};
use crate::json::pointer::push_member;
use crate::json::reader::Reader;
use crate::pass::{FACTS, Leaf, Memory, Stored, Taps};

/// What a pointer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Key(KeyFormat),
    Id,
    Time,
    /// To be bound to the caller.
    Bind,
    /// For conventions to look at.
    Named,
}

/// What a contract wants of the value at a pointer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim<'c> {
    pub(super) role: Role,
    /// The slot in which the passes note it.
    pub(super) slot: usize,
    pub(super) pointer: &'c Pointer,
}

impl Aim<'_> {
    /// Where the contract writes the pointer.
    pub(super) fn path(&self) -> String {
        match self.role {
            Role::Key(_) => "/key/from".to_owned(),
            Role::Id => "/id/from".to_owned(),
            Role::Time => "/time/from".to_owned(),
            Role::Bind => {
                let mut path = "/bind".to_owned();
                push_member(&mut path, &self.pointer.text);
                path
            }
            Role::Named => String::new(),
        }
    }
}

impl Role {
    /// The slot of what there is one of.
    pub(super) const fn slot(self) -> usize {
        match self {
            Self::Key(_) => 0,
            Self::Id => 1,
            Self::Time => 2,
            Self::Bind | Self::Named => FACTS,
        }
    }

    /// What the value may be.
    pub(crate) fn fits(self, leaf: Leaf) -> bool {
        match (self, leaf) {
            (_, Leaf::Any) | (Self::Key(KeyFormat::Schema) | Self::Named, _) => true,
            (Self::Key(KeyFormat::String) | Self::Bind, leaf) => {
                matches!(leaf, Leaf::Text | Leaf::Symbol | Leaf::Stamp)
            }
            (Self::Key(KeyFormat::Int | KeyFormat::Long), leaf) => leaf == Leaf::Whole,
            (Self::Key(KeyFormat::Bytes), leaf) => matches!(leaf, Leaf::Text | Leaf::Bytes | Leaf::Stamp),
            (Self::Id, leaf) => matches!(leaf, Leaf::Text | Leaf::Symbol | Leaf::Whole | Leaf::Stamp),
            (Self::Time, leaf) => matches!(leaf, Leaf::Text | Leaf::Moment(_) | Leaf::Stamp),
        }
    }

    /// Those types, for people who write contracts.
    pub(super) const fn fields(self) -> &'static str {
        match self {
            Self::Key(KeyFormat::String) | Self::Bind => "a field that is a string, an enum or a UUID",
            Self::Key(KeyFormat::Int | KeyFormat::Long) => "a field that is an int or a long",
            Self::Key(KeyFormat::Bytes) => "a field that is a string, bytes or a fixed",
            Self::Key(KeyFormat::Schema) | Self::Named => "a field",
            Self::Id => "a field that is a string, an enum, a UUID, an int or a long",
            Self::Time => "a field that is a timestamp or a string",
        }
    }

    /// The whole numbers that the value may be, if any. An id may be longer, but only where it is spelt plainly.
    fn whole_numbers(self) -> Option<RangeInclusive<i64>> {
        match self {
            Self::Key(KeyFormat::String | KeyFormat::Bytes | KeyFormat::Schema) | Self::Bind | Self::Named => None,
            Self::Key(KeyFormat::Int) => Some(i64::from(i32::MIN)..=i64::from(i32::MAX)),
            Self::Key(KeyFormat::Long) | Self::Id | Self::Time => Some(i64::MIN..=i64::MAX),
        }
    }

    /// What the value should be, for people who send events.
    const fn expected(self) -> &'static str {
        match self {
            Self::Key(KeyFormat::String) => "a string, which is the record's key",
            Self::Key(KeyFormat::Int) => "a whole number of 32 bits, which is the record's key",
            Self::Key(KeyFormat::Long) => "a whole number of 64 bits, which is the record's key",
            Self::Key(KeyFormat::Bytes) => "a string that stands for bytes, which are the record's key",
            Self::Key(KeyFormat::Schema) => "what the key's schema says",
            Self::Id => "a string or a whole number, which is the event's id",
            Self::Time => "a timestamp with an offset (RFC 3339), which is the event's time",
            Self::Bind => "a string, which says who is calling",
            Self::Named => "a value",
        }
    }
}

/// A contract's pointers, and what its key is written by.
#[derive(Debug, Default)]
pub(super) struct Facts {
    key: Option<(KeyFormat, String)>,
    /// For a key with a schema of its own.
    key_encoder: Option<Box<Encoder>>,
    id: Option<String>,
    time: Option<String>,
    bytes: BytesText,
}

/// One event's picked values by slot; none where it is absent or null.
pub(super) type Picked<'a> = [Option<Value<'a>>; FACTS];

/// A picked value.
pub(super) enum Value<'a> {
    /// In the event's text.
    Spelt(Spelt<'a>),
    /// In the event's bytes.
    Stored(Stored<'a>),
}

/// What was found of them, the bytes in the arena.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) key: Option<Range<usize>>,
    pub(super) id: Option<Range<usize>>,
    pub(super) time_millis: Option<i64>,
}

/// The value is none of the kind that the contract takes it for.
struct Unfit;

impl Facts {
    pub(super) fn new(contract: &Contract, key_encoder: Option<Box<Encoder>>) -> Self {
        let key = contract.key.as_ref().and_then(|key| match &key.source {
            KeySource::Event(pointer) => Some((key.format, pointer.text.clone())),
            KeySource::Header(_) => None,
        });
        let text = |pointer: &Option<Pointer>| pointer.as_ref().map(|pointer| pointer.text.clone());
        let (id, time) = (text(&contract.id), text(&contract.time));
        Self { key, key_encoder, id, time, bytes: contract.value.bytes }
    }

    /// The picked values of an event that is text.
    pub(super) fn of_text<'a>(&self, reader: &Reader<'a>, taps: &Taps) -> Picked<'a> {
        let spelt = |role: Role| Spelt::new(reader, taps.get(role.slot())?, role, self.bytes).map(Value::Spelt);
        self.roles().map(|role| role.and_then(spelt))
    }

    /// The picked values of an event that came as bytes.
    pub(super) fn of_bytes(taps: [Option<Stored<'_>>; FACTS]) -> Picked<'_> {
        taps.map(|tap| tap.map(Value::Stored))
    }

    /// Whether a key has a schema of its own, by which only text is written.
    pub(super) const fn key_has_schema(&self) -> bool {
        self.key_encoder.is_some()
    }

    /// What each slot is for.
    pub(super) fn roles(&self) -> [Option<Role>; FACTS] {
        let key = self.key.as_ref().map(|(format, _)| Role::Key(*format));
        [key, self.id.as_ref().map(|_| Role::Id), self.time.as_ref().map(|_| Role::Time)]
    }

    /// Appends key and id and reads the time.
    pub(super) fn append(&self, picked: &Picked<'_>, arena: &mut Vec<u8>, memory: &mut Memory) -> Result<Found, Fault> {
        let [key, id, time] = picked;
        let mut found = Found::default();
        let mut mismatches = Vec::new();
        let mut missing_key = None;
        if let Some((format, pointer)) = &self.key {
            match (key, &self.key_encoder) {
                (None, _) => missing_key = Some(pointer.clone()),
                (Some(Value::Spelt(key)), Some(encoder)) => {
                    let start = arena.len();
                    encoder.append_part(key.lexeme, arena, memory).map_err(|fault| inside(pointer, fault))?;
                    found.key = Some(start..arena.len());
                }
                (Some(value), _) => match appended(arena, |arena| value.key(*format, arena)) {
                    Ok(range) => found.key = Some(range),
                    Err(Unfit) => mismatches.push(mismatch(Role::Key(*format), pointer, Some(value))),
                },
            }
        }
        if let Some(pointer) = &self.id {
            match id.as_ref().map(|value| appended(arena, |arena| value.id(arena))) {
                Some(Ok(range)) => found.id = Some(range),
                _ => mismatches.push(mismatch(Role::Id, pointer, id.as_ref())),
            }
        }
        if let (Some(pointer), Some(value)) = (&self.time, time) {
            match value.time_millis() {
                Ok(millis) => found.time_millis = Some(millis),
                Err(Unfit) => mismatches.push(mismatch(Role::Time, pointer, Some(value))),
            }
        }
        match missing_key {
            _ if !mismatches.is_empty() => Err(Fault::Violation(mismatches)),
            Some(pointer) => Err(Fault::MissingKey { pointer }),
            None => Ok(found),
        }
    }

    /// Adds to a refused event's mismatches those of its key, id and time that the schema's don't cover already.
    pub(super) fn complete(&self, picked: &Picked<'_>, mismatches: &mut Vec<Mismatch>, memory: &mut Memory) {
        let Err(Fault::Violation(own)) = self.append(picked, &mut Vec::new(), memory) else { return };
        let first_token = |pointer: &str| pointer.split('/').nth(1).map(str::to_owned);
        let covered: Vec<_> = mismatches.iter().map(|mismatch| first_token(&mismatch.pointer)).collect();
        for mismatch in own {
            let token = first_token(&mismatch.pointer);
            if mismatches.len() < MAX_MISMATCHES && !covered.contains(&None) && !covered.contains(&token) {
                mismatches.push(mismatch);
            }
        }
    }
}

impl Value<'_> {
    fn key(&self, format: KeyFormat, arena: &mut Vec<u8>) -> Result<(), Unfit> {
        match self {
            Self::Spelt(value) => value.key(format, arena),
            Self::Stored(value) => value.key(format, arena),
        }
    }

    fn id(&self, arena: &mut Vec<u8>) -> Result<(), Unfit> {
        match self {
            Self::Spelt(value) => value.id(arena),
            Self::Stored(value) => value.id(arena),
        }
    }

    fn time_millis(&self) -> Result<i64, Unfit> {
        match self {
            Self::Spelt(value) => value.time_millis(),
            Self::Stored(value) => value.time_millis(),
        }
    }

    /// What it is beside what a role wants.
    fn kind_beside(&self, role: Role) -> &'static str {
        match self {
            Self::Spelt(value) => value.kind_beside(role),
            Self::Stored(value) => value.kind_beside(role),
        }
    }
}

fn mismatch(role: Role, pointer: &str, value: Option<&Value<'_>>) -> Mismatch {
    let actual = value.map_or("missing", |value| value.kind_beside(role));
    Mismatch { pointer: pointer.to_owned(), expected: role.expected().to_owned(), actual }
}

/// A fault of the value at a pointer as one of the event.
fn inside(pointer: &str, fault: Fault) -> Fault {
    match fault {
        Fault::Ambiguous { pointer: place, detail } => {
            Fault::Ambiguous { pointer: format!("{pointer}{place}"), detail }
        }
        Fault::Violation(list) => {
            let whole = |one: Mismatch| Mismatch { pointer: format!("{pointer}{}", one.pointer), ..one };
            Fault::Violation(list.into_iter().map(whole).collect())
        }
        other => other,
    }
}

fn appended(
    arena: &mut Vec<u8>,
    append: impl FnOnce(&mut Vec<u8>) -> Result<(), Unfit>,
) -> Result<Range<usize>, Unfit> {
    let start = arena.len();
    append(arena)?;
    Ok(start..arena.len())
}
