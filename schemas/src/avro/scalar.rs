//! Null, booleans, numbers, strings, bytes and enums.

use super::binary::{push_bytes, push_length, push_long};
use super::lookup::Lookup;
use super::write::Writer;
use crate::json::Kind;
use crate::json::bytes::decode_bytes;
use crate::json::number::Numeral;
use crate::pass::{self, Stop};

/// Digits of a whole number that every double (and every float) holds exactly.
const DOUBLE_DIGITS: usize = 15;
const FLOAT_DIGITS: usize = 7;

impl<'a> Writer<'_, 'a> {
    pub(super) fn null(&mut self) -> Result<(), Stop> {
        if self.reader.byte() != b'n' {
            return Err(Stop::Mismatch);
        }
        Ok(self.reader.null()?)
    }

    pub(super) fn boolean(&mut self) -> Result<(), Stop> {
        if self.reader.kind()? != Kind::Boolean {
            return Err(Stop::Mismatch);
        }
        let value = self.reader.boolean()?;
        self.out.push(u8::from(value));
        Ok(())
    }

    pub(super) fn int(&mut self) -> Result<(), Stop> {
        let value = self.numeric()?;
        self.push_int(value)
    }

    pub(super) fn long(&mut self) -> Result<(), Stop> {
        let value = self.numeric()?;
        push_long(self.out, value);
        Ok(())
    }

    pub(super) fn push_int(&mut self, value: i64) -> Result<(), Stop> {
        i32::try_from(value).map_err(|_| Stop::Mismatch)?;
        push_long(self.out, value);
        Ok(())
    }

    /// A whole number, or a numeral in a string where the contract takes those.
    fn numeric(&mut self) -> Result<i64, Stop> {
        if self.reader.byte() == b'"' && self.program.rule.numeric_strings {
            let text = self.characters()?;
            let numeral = ascii(text).and_then(Numeral::parse).filter(|numeral| numeral.plain);
            return numeral.and_then(Numeral::to_i64).ok_or(Stop::Mismatch);
        }
        self.whole()
    }

    /// A whole number in any spelling.
    pub(super) fn whole(&mut self) -> Result<i64, Stop> {
        if let Some(value) = self.reader.short_integer() {
            return Ok(value);
        }
        self.numeral()?.to_i64().ok_or(Stop::Mismatch)
    }

    pub(super) fn numeral(&mut self) -> Result<Numeral<'a>, Stop> {
        if self.reader.kind()? != Kind::Number {
            return Err(Stop::Mismatch);
        }
        Ok(self.reader.number()?)
    }

    pub(super) fn float(&mut self) -> Result<(), Stop> {
        let value = match self.reader.kind()? {
            Kind::Number => exact_float(Ok(self.reader.number()?)),
            Kind::String => exact_float(Err(self.characters()?)),
            _ => None,
        };
        self.out.extend_from_slice(&value.ok_or(Stop::Mismatch)?.to_le_bytes());
        Ok(())
    }

    pub(super) fn double(&mut self) -> Result<(), Stop> {
        if let Some(value) = self.reader.short_double() {
            self.out.extend_from_slice(&value.to_le_bytes());
            return Ok(());
        }
        let value = match self.reader.kind()? {
            Kind::Number => exact_double(Ok(self.reader.number()?)),
            Kind::String => exact_double(Err(self.characters()?)),
            _ => None,
        };
        self.out.extend_from_slice(&value.ok_or(Stop::Mismatch)?.to_le_bytes());
        Ok(())
    }

    /// A string's characters, as UTF-8.
    #[inline]
    pub(super) fn characters(&mut self) -> Result<&[u8], Stop> {
        pass::characters(&mut self.reader, &mut self.memory.decoded)
    }

    pub(super) fn string(&mut self) -> Result<(), Stop> {
        push_bytes(self.out, pass::characters(&mut self.reader, &mut self.memory.decoded)?);
        Ok(())
    }

    pub(super) fn symbol(&mut self, symbols: &Lookup) -> Result<(), Stop> {
        let place = symbols.find(self.characters()?).ok_or(Stop::Mismatch)?;
        push_length(self.out, place);
        Ok(())
    }

    pub(super) fn bytes(&mut self) -> Result<(), Stop> {
        let mut decoded = std::mem::take(&mut self.memory.avro.moved);
        let read = self.read_bytes(&mut decoded);
        if read.is_ok() {
            push_bytes(self.out, &decoded);
        }
        self.memory.avro.moved = decoded;
        read
    }

    pub(super) fn fixed(&mut self, size: usize) -> Result<(), Stop> {
        let mut decoded = std::mem::take(&mut self.memory.avro.moved);
        let mut read = self.read_bytes(&mut decoded);
        if read.is_ok() && decoded.len() != size {
            read = Err(Stop::Mismatch);
        }
        if read.is_ok() {
            self.out.extend_from_slice(&decoded);
        }
        self.memory.avro.moved = decoded;
        read
    }

    /// The bytes that a string stands for in the contract's spelling.
    pub(super) fn read_bytes(&mut self, decoded: &mut Vec<u8>) -> Result<(), Stop> {
        let spelling = self.program.rule.bytes;
        let text = self.characters()?;
        decoded.clear();
        if decode_bytes(spelling, text, decoded) { Ok(()) } else { Err(Stop::Mismatch) }
    }
}

/// Text that has no other characters than ASCII's.
pub(crate) fn ascii(text: &[u8]) -> Option<&str> {
    std::str::from_utf8(text).ok().filter(|text| text.is_ascii())
}

/// The nearest double of a number (given as `Ok`) or the value of a name (given as `Err`). None if that is infinite,
/// or if a numeral without fraction and exponent is not held exactly.
pub(crate) fn exact_double(number: Result<Numeral<'_>, &[u8]>) -> Option<f64> {
    match number {
        Ok(numeral) => {
            let value: f64 = numeral.text.parse().ok()?;
            let exact = !numeral.plain || numeral.text.len() <= DOUBLE_DIGITS || format!("{value:.0}") == numeral.text;
            (value.is_finite() && exact).then_some(value)
        }
        Err(b"NaN") => Some(f64::NAN),
        Err(b"Infinity") => Some(f64::INFINITY),
        Err(b"-Infinity") => Some(f64::NEG_INFINITY),
        Err(_) => None,
    }
}

/// As `exact_double`, rounded from the text once.
pub(crate) fn exact_float(number: Result<Numeral<'_>, &[u8]>) -> Option<f32> {
    match number {
        Ok(numeral) => {
            let value: f32 = numeral.text.parse().ok()?;
            let exact = !numeral.plain || numeral.text.len() <= FLOAT_DIGITS || format!("{value:.0}") == numeral.text;
            (value.is_finite() && exact).then_some(value)
        }
        Err(b"NaN") => Some(f32::NAN),
        Err(b"Infinity") => Some(f32::INFINITY),
        Err(b"-Infinity") => Some(f32::NEG_INFINITY),
        Err(_) => None,
    }
}
