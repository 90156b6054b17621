//! The few values that a contract takes out of an event beside its bytes: key, id, time. The passes say where they
//! stand in the text; here they are read and appended.

use std::ops::{Range, RangeInclusive};

use crate::calendar::{self, Unit};
use crate::contract::{BytesText, Contract, KeyFormat, KeySource};
use crate::fault::{Fault, MAX_MISMATCHES, Mismatch};
use crate::json::Kind;
use crate::json::bytes::decode_bytes;
use crate::json::number::Numeral;
use crate::json::reader::Reader;
use crate::pass::{Leaf, Tapped, Taps};

/// What a pointer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Key(KeyFormat),
    Id,
    Time,
}

impl Role {
    /// The slot in which the passes note the value.
    pub(super) const fn slot(self) -> usize {
        match self {
            Self::Key(_) => 0,
            Self::Id => 1,
            Self::Time => 2,
        }
    }

    /// Where the contract writes the pointer.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Key(_) => "/key/from",
            Self::Id => "/id/from",
            Self::Time => "/time/from",
        }
    }

    /// What the value may be.
    pub(crate) fn fits(self, leaf: Leaf) -> bool {
        match (self, leaf) {
            (_, Leaf::Any) | (Self::Key(KeyFormat::Schema), _) => true,
            (Self::Key(KeyFormat::String), leaf) => matches!(leaf, Leaf::Text | Leaf::Symbol),
            (Self::Key(KeyFormat::Int | KeyFormat::Long), leaf) => leaf == Leaf::Whole,
            (Self::Key(KeyFormat::Bytes), leaf) => matches!(leaf, Leaf::Text | Leaf::Bytes),
            (Self::Id, leaf) => matches!(leaf, Leaf::Text | Leaf::Symbol | Leaf::Whole),
            (Self::Time, leaf) => matches!(leaf, Leaf::Text | Leaf::Moment(_)),
        }
    }

    /// Those types, for people who write contracts.
    pub(super) const fn fields(self) -> &'static str {
        match self {
            Self::Key(KeyFormat::String) => "a field that is a string, an enum or a UUID",
            Self::Key(KeyFormat::Int | KeyFormat::Long) => "a field that is an int or a long",
            Self::Key(KeyFormat::Bytes) => "a field that is a string, bytes or a fixed",
            Self::Key(KeyFormat::Schema) => "a field",
            Self::Id => "a field that is a string, an enum, a UUID, an int or a long",
            Self::Time => "a field that is a timestamp or a string",
        }
    }

    /// The whole numbers that the value may be, if any. An id may be longer, but only where it is spelt plainly.
    fn whole_numbers(self) -> Option<RangeInclusive<i64>> {
        match self {
            Self::Key(KeyFormat::String | KeyFormat::Bytes | KeyFormat::Schema) => None,
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
        }
    }
}

/// A contract's pointers.
#[derive(Debug)]
pub(super) struct Facts {
    key: Option<(KeyFormat, String)>,
    id: Option<String>,
    time: Option<String>,
    bytes: BytesText,
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
    pub(super) fn new(contract: &Contract) -> Self {
        let key = contract.key.as_ref().and_then(|key| match &key.source {
            KeySource::Event(pointer) => Some((key.format, pointer.text.clone())),
            KeySource::Header(_) => None,
        });
        let text = |pointer: &Option<crate::contract::Pointer>| pointer.as_ref().map(|pointer| pointer.text.clone());
        Self { key, id: text(&contract.id), time: text(&contract.time), bytes: contract.value.bytes }
    }

    /// Appends key and id and reads the time.
    pub(super) fn append(&self, reader: &Reader<'_>, taps: &Taps, arena: &mut Vec<u8>) -> Result<Found, Fault> {
        let mut found = Found::default();
        let mut mismatches = Vec::new();
        let mut missing_key = None;
        if let Some((format, pointer)) = &self.key {
            let role = Role::Key(*format);
            match self.value(reader, taps, role) {
                None => missing_key = Some(pointer.clone()),
                Some(value) => match appended(arena, |arena| value.key(*format, arena)) {
                    Ok(range) => found.key = Some(range),
                    Err(Unfit) => mismatches.push(mismatch(role, pointer, value.kind_beside(role))),
                },
            }
        }
        if let Some(pointer) = &self.id {
            let value = self.value(reader, taps, Role::Id);
            match value.as_ref().map(|value| appended(arena, |arena| value.id(arena))) {
                Some(Ok(range)) => found.id = Some(range),
                _ => mismatches.push(mismatch(
                    Role::Id,
                    pointer,
                    value.map_or("missing", |value| value.kind_beside(Role::Id)),
                )),
            }
        }
        if let (Some(pointer), Some(value)) = (&self.time, self.value(reader, taps, Role::Time)) {
            match value.time_millis() {
                Ok(millis) => found.time_millis = Some(millis),
                Err(Unfit) => mismatches.push(mismatch(Role::Time, pointer, value.kind_beside(Role::Time))),
            }
        }
        match missing_key {
            _ if !mismatches.is_empty() => Err(Fault::Violation(mismatches)),
            Some(pointer) => Err(Fault::MissingKey { pointer }),
            None => Ok(found),
        }
    }

    /// Adds to a refused event's mismatches those of its key, id and time that the schema's don't cover already.
    pub(super) fn complete(&self, reader: &Reader<'_>, taps: &Taps, mismatches: &mut Vec<Mismatch>) {
        let Err(Fault::Violation(own)) = self.append(reader, taps, &mut Vec::new()) else { return };
        let first_token = |pointer: &str| pointer.split('/').nth(1).map(str::to_owned);
        let covered: Vec<_> = mismatches.iter().map(|mismatch| first_token(&mismatch.pointer)).collect();
        for mismatch in own {
            let token = first_token(&mismatch.pointer);
            if mismatches.len() < MAX_MISMATCHES && !covered.contains(&None) && !covered.contains(&token) {
                mismatches.push(mismatch);
            }
        }
    }

    /// The value for a role; none if it is absent or null.
    fn value<'a>(&self, reader: &Reader<'a>, taps: &Taps, role: Role) -> Option<Value<'a>> {
        let Tapped { start, end, leaf } = taps[role.slot()]?;
        let mut reader = *reader;
        reader.jump(start);
        let unit = match leaf {
            Leaf::Any => Some(Unit::Millis),
            Leaf::Moment(unit) => Some(unit),
            _ => None,
        };
        let bytes = if leaf == Leaf::Text { BytesText::Base64 } else { self.bytes };
        let fits = role.fits(leaf);
        let value = Value { lexeme: reader.slice(start, end), reader, unit, bytes, fits };
        (value.kind() != "null").then_some(value)
    }
}

fn mismatch(role: Role, pointer: &str, actual: &'static str) -> Mismatch {
    Mismatch { pointer: pointer.to_owned(), expected: role.expected().to_owned(), actual }
}

fn appended(
    arena: &mut Vec<u8>,
    append: impl FnOnce(&mut Vec<u8>) -> Result<(), Unfit>,
) -> Result<Range<usize>, Unfit> {
    let start = arena.len();
    append(arena)?;
    Ok(start..arena.len())
}

/// A picked value: its lexeme, and what its type says about reading it.
struct Value<'a> {
    lexeme: &'a str,
    /// Stands before the lexeme.
    reader: Reader<'a>,
    /// What a count of time counts.
    unit: Option<Unit>,
    /// How a string stands for bytes.
    bytes: BytesText,
    /// Whether its type is one that the contract can take.
    fits: bool,
}

impl Value<'_> {
    fn kind(&self) -> &'static str {
        self.reader.kind().map_or("nothing", Kind::name)
    }

    /// What it is beside what a role wants.
    fn kind_beside(&self, role: Role) -> &'static str {
        match (role.whole_numbers(), Numeral::parse(self.lexeme)) {
            (Some(range), Some(numeral)) => numeral.kind_beside(&range),
            _ => self.kind(),
        }
    }

    /// Hands on a string's characters.
    fn characters<T>(&self, read: impl FnOnce(&[u8]) -> Result<T, Unfit>) -> Result<T, Unfit> {
        if self.reader.byte() != b'"' || !self.fits {
            return Err(Unfit);
        }
        let mut ahead = self.reader;
        let string = ahead.string().map_err(|_| Unfit)?;
        read(string.text(self.reader.bytes(), &mut Vec::new()))
    }

    fn numeral(&self) -> Result<Numeral<'_>, Unfit> {
        Numeral::parse(self.lexeme.trim_matches('"')).filter(|_| self.fits).ok_or(Unfit)
    }

    fn whole(&self) -> Result<i64, Unfit> {
        self.numeral()?.to_i64().ok_or(Unfit)
    }

    fn key(&self, format: KeyFormat, arena: &mut Vec<u8>) -> Result<(), Unfit> {
        match format {
            KeyFormat::String => self.characters(|characters| {
                arena.extend_from_slice(characters);
                Ok(())
            }),
            KeyFormat::Int => {
                let value = i32::try_from(self.whole()?).map_err(|_| Unfit)?;
                arena.extend_from_slice(&value.to_be_bytes());
                Ok(())
            }
            KeyFormat::Long => {
                arena.extend_from_slice(&self.whole()?.to_be_bytes());
                Ok(())
            }
            KeyFormat::Schema => Err(Unfit),
            KeyFormat::Bytes => self
                .characters(|characters| if decode_bytes(self.bytes, characters, arena) { Ok(()) } else { Err(Unfit) }),
        }
    }

    fn id(&self, arena: &mut Vec<u8>) -> Result<(), Unfit> {
        if self.reader.byte() == b'"' {
            return self.characters(|characters| {
                arena.extend_from_slice(characters);
                Ok(())
            });
        }
        let numeral = self.numeral()?;
        if numeral.plain {
            arena.extend_from_slice(numeral.text.as_bytes());
        } else {
            arena.extend_from_slice(self.whole()?.to_string().as_bytes());
        }
        Ok(())
    }

    fn time_millis(&self) -> Result<i64, Unfit> {
        if self.reader.byte() == b'"' {
            return self.characters(|characters| {
                let moment = calendar::timestamp(characters).ok_or(Unfit)?;
                moment.count(Unit::Millis.per_second()).ok_or(Unfit)
            });
        }
        let unit = self.unit.ok_or(Unfit)?;
        Ok(self.whole()?.div_euclid(unit.per_second() / 1_000))
    }
}
