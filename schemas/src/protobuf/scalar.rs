//! Booleans, numbers, strings, bytes and enums.

use super::binary::{close, push_bytes};
use super::program::{Enumeration, NodeId, Whole};
use super::write::Writer;
use crate::avro::scalar::{ascii, exact_double, exact_float};
use crate::json::Kind;
use crate::json::bytes::decode_either_base64;
use crate::json::number::Numeral;
use crate::pass::{self, Stop};
use crate::pii::Treatment;
use crate::varint::{push_varint, zigzag};

impl Writer<'_, '_> {
    pub(super) fn bool(&mut self) -> Result<(), Stop> {
        if self.reader.kind()? != Kind::Boolean {
            return Err(Stop::Mismatch);
        }
        let value = self.reader.boolean()?;
        self.out.push(u8::from(value));
        Ok(())
    }

    /// A whole number in any spelling, or such a number in a string.
    pub(super) fn whole(&mut self, whole: Whole) -> Result<(), Stop> {
        let value = match self.reader.short_integer() {
            Some(value) => value.into(),
            None => self.numeral()?.to_i128().ok_or(Stop::Mismatch)?,
        };
        push_whole(self.out, whole, value)
    }

    pub(super) fn float(&mut self) -> Result<(), Stop> {
        let value = match self.numeral_or_name()? {
            Ok(numeral) => exact_float(Ok(numeral)),
            Err(name) => exact_float(Err(name)),
        };
        self.out.extend_from_slice(&value.ok_or(Stop::Mismatch)?.to_le_bytes());
        Ok(())
    }

    pub(super) fn double(&mut self) -> Result<(), Stop> {
        let value = match self.reader.short_double() {
            Some(value) => Some(value),
            None => match self.numeral_or_name()? {
                Ok(numeral) => exact_double(Ok(numeral)),
                Err(name) => exact_double(Err(name)),
            },
        };
        self.out.extend_from_slice(&value.ok_or(Stop::Mismatch)?.to_le_bytes());
        Ok(())
    }

    /// A number, or what a string says in its place: a number too, or a name.
    fn numeral_or_name(&mut self) -> Result<Result<Numeral<'_>, &[u8]>, Stop> {
        match self.reader.kind()? {
            Kind::Number => Ok(Ok(self.reader.number()?)),
            Kind::String => {
                let text = self.characters()?;
                Ok(ascii(text).and_then(Numeral::parse).ok_or(text))
            }
            _ => Err(Stop::Mismatch),
        }
    }

    fn numeral(&mut self) -> Result<Numeral<'_>, Stop> {
        self.numeral_or_name()?.map_err(|_| Stop::Mismatch)
    }

    /// A string's characters, as UTF-8.
    #[inline]
    pub(super) fn characters(&mut self) -> Result<&[u8], Stop> {
        pass::characters(&mut self.reader, &mut self.memory.decoded)
    }

    #[inline]
    pub(super) fn string(&mut self) -> Result<(), Stop> {
        push_bytes(self.out, pass::characters(&mut self.reader, &mut self.memory.decoded)?);
        Ok(())
    }

    pub(super) fn bytes(&mut self) -> Result<(), Stop> {
        let mut out = std::mem::take(self.out);
        let start = out.len();
        out.push(0);
        let decoded = self.characters().map(|text| decode_either_base64(text, &mut out));
        *self.out = out;
        if !decoded? {
            return Err(Stop::Mismatch);
        }
        close(self.out, start);
        Ok(())
    }

    pub(super) fn symbol(&mut self, symbols: &Enumeration) -> Result<(), Stop> {
        let number = if self.reader.byte() == b'"' {
            let place = symbols.names.find(self.characters()?).ok_or(Stop::Mismatch)?;
            symbols.numbers[place]
        } else {
            let number = i32::try_from(self.numeral()?.to_i64().ok_or(Stop::Mismatch)?).map_err(|_| Stop::Mismatch)?;
            if !symbols.takes(number) {
                return Err(Stop::Mismatch);
            }
            number
        };
        push_varint(self.out, i64::from(number).cast_unsigned());
        Ok(())
    }

    /// `google.protobuf.NullValue`, whose one symbol is 0.
    pub(super) fn null(&mut self) -> Result<(), Stop> {
        match self.reader.kind()? {
            Kind::Null => self.reader.null()?,
            Kind::Number if self.numeral()?.to_i64() == Some(0) => {}
            Kind::String if self.characters()? == b"NULL_VALUE" => {}
            _ => return Err(Stop::Mismatch),
        }
        self.out.push(0);
        Ok(())
    }

    /// A string that another one replaces. The empty one stays: where a field has no presence it is its absence.
    pub(super) fn treat(&mut self, treatment: &Treatment, node: NodeId) -> Result<(), Stop> {
        let start = self.out.len();
        let mut ahead = self.reader;
        self.write(node)?;
        self.out.truncate(start);
        let string = ahead.string()?;
        let characters = string.text(self.reader.bytes(), &mut self.memory.decoded);
        if characters.is_empty() {
            self.out.push(0);
        } else {
            let out = &mut *self.out;
            treatment.replace(characters, |characters| push_bytes(out, characters));
        }
        Ok(())
    }
}

/// Appends a whole number in one of the ways to write it; `Mismatch` if that does not hold it.
#[inline]
pub(super) fn push_whole(out: &mut Vec<u8>, whole: Whole, value: i128) -> Result<(), Stop> {
    if !whole.range().contains(&value) {
        return Err(Stop::Mismatch);
    }
    let bits = low_bits(value);
    match whole {
        Whole::Int32 | Whole::Int64 | Whole::Uint32 | Whole::Uint64 => push_varint(out, bits),
        Whole::Sint32 | Whole::Sint64 => push_varint(out, zigzag(bits.cast_signed())),
        Whole::Fixed32 | Whole::Sfixed32 => out.extend_from_slice(&bits.to_le_bytes()[..4]),
        Whole::Fixed64 | Whole::Sfixed64 => out.extend_from_slice(&bits.to_le_bytes()),
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "two's complement is what is written")]
const fn low_bits(value: i128) -> u64 {
    value as u64
}
