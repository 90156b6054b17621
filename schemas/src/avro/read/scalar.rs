//! Values without others in them: what their bytes must be.

use super::{Odd, Walk};
use crate::avro::decimal::within;
use crate::avro::logical::{SECONDS_A_DAY, uuid};
use crate::avro::program::Decimal;
use crate::calendar::Unit;

impl<'p> Walk<'p, '_> {
    /// A value without a byte.
    pub(super) fn nothing(&mut self) -> Result<(), Odd> {
        match self.weightless.checked_sub(1) {
            Some(left) => self.weightless = left,
            None => return self.odd("fewer values that take no bytes"),
        }
        Ok(())
    }

    pub(super) fn boolean(&mut self) -> Result<(), Odd> {
        let at = self.cursor.at();
        match self.cursor.take(1) {
            Some([0 | 1]) => Ok(()),
            _ => Err(Odd { at, expected: "a boolean, 0 or 1".into() }),
        }
    }

    pub(super) fn long(&mut self, expected: &'static str) -> Result<i64, Odd> {
        let at = self.cursor.at();
        self.cursor.long().ok_or_else(|| Odd { at, expected: expected.into() })
    }

    pub(super) fn int(&mut self) -> Result<i32, Odd> {
        let at = self.cursor.at();
        let value = self.cursor.long().and_then(|value| i32::try_from(value).ok());
        value.ok_or_else(|| Odd { at, expected: "an int".into() })
    }

    pub(super) fn time_of_day(&mut self, unit: Unit) -> Result<(), Odd> {
        let at = self.cursor.at();
        let day = 0..SECONDS_A_DAY * unit.per_second();
        match self.cursor.long() {
            Some(count) if day.contains(&count) => Ok(()),
            _ => Err(Odd { at, expected: "a time of day, less than a day after midnight".into() }),
        }
    }

    /// An index below a bound.
    pub(super) fn index(&mut self, bound: usize, what: &'static str) -> Result<usize, Odd> {
        let at = self.cursor.at();
        let index = self.cursor.long().and_then(|index| usize::try_from(index).ok());
        index.filter(|index| *index < bound).ok_or_else(|| Odd { at, expected: format!("{what} below {bound}").into() })
    }

    pub(super) fn take(&mut self, length: usize, expected: &'static str) -> Result<&'p [u8], Odd> {
        let at = self.cursor.at();
        self.cursor.take(length).ok_or_else(|| Odd { at, expected: expected.into() })
    }

    pub(super) fn fixed(&mut self, size: usize) -> Result<&'p [u8], Odd> {
        if size == 0 {
            self.nothing()?;
        }
        let at = self.cursor.at();
        self.cursor.take(size).ok_or_else(|| Odd { at, expected: format!("the {size} bytes of a fixed").into() })
    }

    /// Bytes after their length.
    pub(super) fn sized(&mut self, what: &'static str) -> Result<&'p [u8], Odd> {
        let at = self.cursor.at();
        let length = self.cursor.long().and_then(|length| usize::try_from(length).ok());
        let bytes = length.and_then(|length| self.cursor.take(length));
        bytes.ok_or_else(|| Odd { at, expected: format!("the length of {what}, no longer than what is left").into() })
    }

    pub(super) fn text(&mut self) -> Result<&'p str, Odd> {
        let bytes = self.sized("a string")?;
        std::str::from_utf8(bytes).map_err(|error| {
            let at = self.cursor.at() - bytes.len() + error.valid_up_to();
            Odd { at, expected: "UTF-8 in a string".into() }
        })
    }

    pub(super) fn uuid_text(&mut self) -> Result<(), Odd> {
        let at = self.cursor.at();
        match uuid(self.text()?.as_bytes()) {
            Some(_) => Ok(()),
            None => Err(Odd { at, expected: "a UUID of 36 characters (RFC 9562)".into() }),
        }
    }

    pub(super) fn decimal(&mut self, decimal: Decimal) -> Result<(), Odd> {
        let at = self.cursor.at();
        let bytes = match decimal.fixed {
            Some(size) => self.fixed(size)?,
            None => self.sized("a decimal")?,
        };
        if !bytes.is_empty() && within(bytes, decimal.precision) {
            return Ok(());
        }
        Err(Odd { at, expected: format!("a decimal of 1 to {} digits", decimal.precision).into() })
    }
}

/// RFC 9562, section 4, in lower case.
pub(super) fn uuid_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    text
}
