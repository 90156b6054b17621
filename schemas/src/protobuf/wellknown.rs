//! The types that have a JSON form of their own (Protocol Buffers documentation, "`ProtoJSON` Format"): points and spans
//! of time, field masks, and JSON itself.

use super::binary::{close, push_bytes};
use super::program::{Known, Message};
use super::write::Writer;
use crate::calendar;
use crate::json::Kind;
use crate::pass::Stop;
use crate::varint::push_varint;

/// The first and the last second of a `google.protobuf.Timestamp`: 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
pub(super) const TIMESTAMPS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// The seconds of a `google.protobuf.Duration`, in both directions: 10,000 years.
pub(super) const MAX_DURATION: u64 = 315_576_000_000;

/// Digits after the point: a nanosecond has nine.
const MAX_DIGITS: usize = 9;

/// Tags of the fields below, as `timestamp.proto`, `duration.proto`, `field_mask.proto` and `struct.proto` have them.
const SECONDS: u8 = 0x08;
const NANOS: u8 = 0x10;
const PATHS: u8 = 0x0A;
const FIELDS: u8 = 0x0A;
const ENTRY_KEY: u8 = 0x0A;
const ENTRY_VALUE: u8 = 0x12;
const LIST_VALUES: u8 = 0x0A;
const NULL_VALUE: u8 = 0x08;
const NUMBER_VALUE: u8 = 0x11;
const STRING_VALUE: u8 = 0x1A;
const BOOL_VALUE: u8 = 0x20;
const STRUCT_VALUE: u8 = 0x2A;
const LIST_VALUE: u8 = 0x32;

impl Writer<'_, '_> {
    pub(super) fn known(&mut self, known: Known, message: &Message) -> Result<(), Stop> {
        match (known, message.fields.first()) {
            (Known::Wrapper, Some(field)) => self.implicit(field),
            (Known::Timestamp, _) => self.timestamp(),
            (Known::Duration, _) => self.duration(),
            (Known::FieldMask, _) => self.field_mask(),
            (Known::Struct, _) => self.structure(),
            (Known::Value, _) => self.any_value(),
            (Known::ListValue, _) => self.list_value(),
            (Known::Wrapper | Known::Any, _) => Err(Stop::Mismatch),
        }
    }

    fn timestamp(&mut self) -> Result<(), Stop> {
        let (seconds, nanos) = timestamp(self.characters()?).ok_or(Stop::Mismatch)?;
        self.push_time(seconds, i64::from(nanos));
        Ok(())
    }

    fn duration(&mut self) -> Result<(), Stop> {
        let (seconds, nanos) = duration(self.characters()?).ok_or(Stop::Mismatch)?;
        self.push_time(seconds, nanos);
        Ok(())
    }

    fn push_time(&mut self, seconds: i64, nanos: i64) {
        for (tag, value) in [(SECONDS, seconds), (NANOS, nanos)] {
            if value != 0 {
                self.out.push(tag);
                push_varint(self.out, value.cast_unsigned());
            }
        }
    }

    /// `"user.displayName,photo"` as the paths `user.display_name` and `photo`.
    fn field_mask(&mut self) -> Result<(), Stop> {
        let mut out = std::mem::take(self.out);
        let pushed = self.characters().map(|text| push_paths(&mut out, text));
        *self.out = out;
        pushed?.ok_or(Stop::Mismatch)
    }

    /// `google.protobuf.Struct`: any JSON object.
    fn structure(&mut self) -> Result<(), Stop> {
        self.each_member(|writer, name| {
            writer.out.push(FIELDS);
            writer.nested(|writer| {
                writer.out.push(ENTRY_KEY);
                push_bytes(writer.out, name.text(writer.reader.bytes(), &mut writer.memory.decoded));
                writer.out.push(ENTRY_VALUE);
                writer.nested(Self::any_value)
            })
        })
    }

    /// `google.protobuf.ListValue`: any JSON array.
    fn list_value(&mut self) -> Result<(), Stop> {
        if self.reader.byte() != b'[' {
            return Err(Stop::Mismatch);
        }
        self.reader.open()?;
        let mut more = self.reader.first_item();
        while more {
            self.out.push(LIST_VALUES);
            self.nested(Self::any_value)?;
            more = self.reader.next_item()?;
        }
        Ok(())
    }

    /// `google.protobuf.Value`: any JSON value.
    fn any_value(&mut self) -> Result<(), Stop> {
        match self.reader.kind()? {
            Kind::Null => {
                self.reader.null()?;
                self.out.extend_from_slice(&[NULL_VALUE, 0]);
                Ok(())
            }
            Kind::Boolean => {
                self.out.push(BOOL_VALUE);
                self.bool()
            }
            Kind::Number => {
                self.out.push(NUMBER_VALUE);
                self.double()
            }
            Kind::String => {
                self.out.push(STRING_VALUE);
                self.string()
            }
            Kind::Object => {
                self.out.push(STRUCT_VALUE);
                self.nested(Self::structure)
            }
            Kind::Array => {
                self.out.push(LIST_VALUE);
                self.nested(Self::list_value)
            }
        }
    }
}

/// RFC 3339 with capital letters: whole seconds since 1970, and the nanoseconds beyond them.
fn timestamp(text: &[u8]) -> Option<(i64, u32)> {
    let digits = match text.iter().position(|byte| *byte == b'.') {
        Some(point) => text[point + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
        None => 0,
    };
    if digits > MAX_DIGITS || text.iter().any(u8::is_ascii_lowercase) {
        return None;
    }
    let moment = calendar::timestamp(text)?;
    TIMESTAMPS.contains(&moment.seconds).then_some((moment.seconds, moment.nanos))
}

/// `-1.5s`: seconds and nanoseconds, both of one sign.
fn duration(text: &[u8]) -> Option<(i64, i64)> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('s')?;
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text),
    };
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(|fraction| digits(fraction) && fraction.len() <= MAX_DIGITS) {
        return None;
    }
    let seconds = whole.parse::<u64>().ok().filter(|seconds| *seconds <= MAX_DURATION)?;
    let nanos: i64 = format!("{:0<9}", fraction.unwrap_or_default()).parse().ok()?;
    if seconds == MAX_DURATION && nanos > 0 {
        return None;
    }
    Some((sign * i64::try_from(seconds).ok()?, sign * nanos))
}

/// Appends the paths that a field mask's text lists; none if it is no such text.
fn push_paths(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    if text.is_empty() {
        return Some(());
    }
    for path in text.split(|byte| *byte == b',') {
        out.push(PATHS);
        let start = out.len();
        out.push(0);
        for part in path.split(|byte| *byte == b'.') {
            if !part.first().is_some_and(u8::is_ascii_alphabetic) || !part.iter().all(u8::is_ascii_alphanumeric) {
                return None;
            }
            for byte in part {
                if byte.is_ascii_uppercase() {
                    out.push(b'_');
                }
                out.push(byte.to_ascii_lowercase());
            }
            out.push(b'.');
        }
        out.pop();
        close(out, start);
    }
    Some(())
}
