//! What all fields are made of: tags, varints, lengths, and fields that are stepped over.

use super::{MAX_NUMBER, Refused, Walk, refuse};
use crate::protobuf::binary::{take_varint, unzigzag};
use crate::protobuf::program::{Whole, WireType};

impl<'a> Walk<'a, '_> {
    /// Steps over a field that the schema does not know, its tag behind.
    pub(super) fn skip(&mut self, number: u32, wire_type: WireType, end: usize) -> Result<(), Refused> {
        match wire_type {
            WireType::Varint => self.varint(end).map(drop),
            WireType::Eight => self.array::<8>(end).map(drop),
            WireType::Four => self.array::<4>(end).map(drop),
            WireType::Delimited => {
                let kept = self.out.len();
                let length = self.length(end)?;
                self.out.truncate(kept);
                self.at += length;
                Ok(())
            }
            WireType::Start => self.deeper(|walk| walk.skip_group(number, end)),
            WireType::End => refuse(self.at, "no end of a group that has not begun"),
        }
    }

    pub(super) fn skip_group(&mut self, group: u32, end: usize) -> Result<(), Refused> {
        loop {
            let start = self.at;
            if start == end {
                return refuse(start, "the end of a group");
            }
            match self.tag(end)? {
                (number, WireType::End) if number == group => return Ok(()),
                (number, wire_type) => self.skip(number, wire_type, end)?,
            }
        }
    }

    pub(super) fn tag(&mut self, end: usize) -> Result<(u32, WireType), Refused> {
        let start = self.at;
        let tag = self.varint(end)?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| (1..=MAX_NUMBER).contains(&u64::from(*number)));
        match (number, WireType::of(tag)) {
            (Some(number), Some(wire_type)) => Ok((number, wire_type)),
            _ => refuse(start, "a field's number and wire type"),
        }
    }

    pub(super) fn varint(&mut self, end: usize) -> Result<u64, Refused> {
        let mut rest = &self.bytes[self.at..end];
        match take_varint(&mut rest) {
            Some(value) => {
                self.at = end - rest.len();
                Ok(value)
            }
            None => refuse(self.at, "a varint of at most 10 bytes"),
        }
    }

    /// A length that what is left holds. Copies it.
    pub(super) fn length(&mut self, end: usize) -> Result<usize, Refused> {
        let start = self.at;
        let length = self.varint(end)?;
        match usize::try_from(length).ok().filter(|length| *length <= end - self.at) {
            Some(length) => {
                self.out.extend_from_slice(&self.bytes[start..self.at]);
                Ok(length)
            }
            None => refuse(start, format!("a length of at most the {} bytes that are left", end - self.at)),
        }
    }

    pub(super) fn array<const N: usize>(&mut self, end: usize) -> Result<[u8; N], Refused> {
        match self.bytes[self.at..end].first_chunk() {
            Some(chunk) => {
                self.at += N;
                Ok(*chunk)
            }
            None => refuse(self.at, format!("{N} bytes")),
        }
    }

    /// Bytes that `length` has measured.
    pub(super) fn take(&mut self, length: usize) -> &'a [u8] {
        let bytes = &self.bytes[self.at..self.at + length];
        self.at += length;
        bytes
    }

    pub(super) fn text(&mut self, length: usize) -> Result<&'a str, Refused> {
        let start = self.at;
        match std::str::from_utf8(self.take(length)) {
            Ok(text) => Ok(text),
            Err(error) => refuse(start + error.valid_up_to(), "UTF-8"),
        }
    }
}

/// What the bits of a whole number mean.
pub(super) fn number(whole: Whole, bits: u64) -> i128 {
    match whole {
        Whole::Int32 | Whole::Sfixed32 => low(bits).cast_signed().into(),
        Whole::Uint32 | Whole::Fixed32 => low(bits).into(),
        Whole::Sint32 => unzigzag(low(bits).into()).into(),
        Whole::Int64 | Whole::Sfixed64 => bits.cast_signed().into(),
        Whole::Uint64 | Whole::Fixed64 => bits.into(),
        Whole::Sint64 => unzigzag(bits).into(),
    }
}

/// The low 32 bits, which are all that parsers keep of a longer varint.
#[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
pub(super) const fn low(bits: u64) -> u32 {
    bits as u32
}
