//! Logical types of time, and UUIDs: text in the standard's form, or the count that is stored.

use super::binary::push_bytes;
use super::write::Writer;
use crate::calendar::{self, Unit};
use crate::pass::Stop;

pub(super) const SECONDS_A_DAY: i64 = 86_400;

impl Writer<'_, '_> {
    pub(super) fn date(&mut self) -> Result<(), Stop> {
        let days = if self.reader.byte() == b'"' {
            i64::from(calendar::date(self.characters()?).ok_or(Stop::Mismatch)?)
        } else {
            self.whole()?
        };
        self.push_int(days)
    }

    pub(super) fn time_of_day(&mut self, unit: Unit) -> Result<(), Stop> {
        let count = if self.reader.byte() == b'"' {
            calendar::time_of_day(self.characters()?, unit.per_second()).ok_or(Stop::Mismatch)?
        } else {
            self.whole()?
        };
        if !(0..SECONDS_A_DAY * unit.per_second()).contains(&count) {
            return Err(Stop::Mismatch);
        }
        super::binary::push_long(self.out, count);
        Ok(())
    }

    pub(super) fn timestamp(&mut self, unit: Unit, local: bool) -> Result<(), Stop> {
        let count = if self.reader.byte() == b'"' {
            let text = self.characters()?;
            let moment = if local { calendar::local_timestamp(text) } else { calendar::timestamp(text) };
            moment.and_then(|moment| moment.count(unit.per_second())).ok_or(Stop::Mismatch)?
        } else {
            self.whole()?
        };
        super::binary::push_long(self.out, count);
        Ok(())
    }

    pub(super) fn uuid_text(&mut self) -> Result<(), Stop> {
        let text = self.characters()?;
        uuid(text).ok_or(Stop::Mismatch)?;
        let spelt: [u8; UUID_LENGTH] = text.try_into().map_err(|_| Stop::Mismatch)?;
        push_bytes(self.out, &spelt);
        Ok(())
    }

    pub(super) fn uuid_bytes(&mut self) -> Result<(), Stop> {
        let bytes = uuid(self.characters()?).ok_or(Stop::Mismatch)?;
        self.out.extend_from_slice(&bytes);
        Ok(())
    }

    pub(super) fn duration(&mut self) -> Result<(), Stop> {
        for part in calendar::duration(self.characters()?).ok_or(Stop::Mismatch)? {
            self.out.extend_from_slice(&part.to_le_bytes());
        }
        Ok(())
    }
}

const UUID_LENGTH: usize = 36;

/// A UUID's bytes (RFC 9562, section 4): hexadecimal digits of either case, dashes where they belong.
pub(super) fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != UUID_LENGTH {
        return None;
    }
    let mut bytes = [0; 16];
    let mut at = 0;
    for (index, byte) in bytes.iter_mut().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            if text[at] != b'-' {
                return None;
            }
            at += 1;
        }
        *byte = hex(text[at])? << 4 | hex(text[at + 1])?;
        at += 2;
    }
    Some(bytes)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
