//! Picked values of events that are text.

use super::{Role, Unfit};
use crate::calendar::{self, Unit};
use crate::contract::{BytesText, KeyFormat};
use crate::json::Kind;
use crate::json::bytes::decode_bytes;
use crate::json::number::Numeral;
use crate::json::reader::Reader;
use crate::pass::{Leaf, Tapped};

/// A picked value: its lexeme, and what its type says about reading it.
pub(in crate::encoder) struct Spelt<'a> {
    pub(super) lexeme: &'a str,
    /// Stands before the lexeme.
    reader: Reader<'a>,
    /// What a count of time counts.
    unit: Option<Unit>,
    /// How a string stands for bytes.
    bytes: BytesText,
    /// Whether its type is one that the contract can take.
    fits: bool,
}

impl<'a> Spelt<'a> {
    /// None if it is null.
    pub(super) fn new(reader: &Reader<'a>, tapped: Tapped, role: Role, bytes: BytesText) -> Option<Self> {
        let Tapped { start, end, leaf } = tapped;
        let mut reader = *reader;
        reader.jump(start);
        let unit = match leaf {
            Leaf::Any => Some(Unit::Millis),
            Leaf::Moment(unit) => Some(unit),
            _ => None,
        };
        let bytes = if matches!(leaf, Leaf::Text | Leaf::Stamp) { BytesText::Base64 } else { bytes };
        let value = Self { lexeme: reader.slice(start, end), reader, unit, bytes, fits: role.fits(leaf) };
        (value.kind() != "null").then_some(value)
    }

    fn kind(&self) -> &'static str {
        self.reader.kind().map_or("nothing", Kind::name)
    }

    /// What it is beside what a role wants.
    pub(super) fn kind_beside(&self, role: Role) -> &'static str {
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

    pub(super) fn key(&self, format: KeyFormat, arena: &mut Vec<u8>) -> Result<(), Unfit> {
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

    pub(super) fn id(&self, arena: &mut Vec<u8>) -> Result<(), Unfit> {
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

    pub(super) fn time_millis(&self) -> Result<i64, Unfit> {
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
