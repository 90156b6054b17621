//! Picked values that stand in a text, by what the schema says that they are.

use super::{of_float, whole};
use crate::avro::program::Decimal;
use crate::calendar;
use crate::contract::BytesText;
use crate::decoder::decimal;
use crate::json::bytes::{decode_bytes, decode_either_base64};
use crate::json::number::Numeral;
use crate::json::reader::Reader;
use crate::pass::{Leaf, Tapped};
use crate::picked::{Moment, Pick};

/// A text, and where its values go.
pub(super) struct Reading<'a, 'o> {
    pub(super) reader: Reader<'a>,
    /// How a string stands for bytes.
    pub(super) bytes: BytesText,
    pub(super) arena: &'o mut Vec<u8>,
}

impl Reading<'_, '_> {
    /// The value that was noted; none if the event's bytes have to tell.
    pub(super) fn pick(self, tapped: Tapped) -> Option<Pick> {
        let lexeme = self.reader.slice(tapped.start, tapped.end);
        match lexeme.as_bytes().first()? {
            b'n' => Some(Pick::Absent),
            b't' => Some(Pick::Bool(true)),
            b'f' => Some(Pick::Bool(false)),
            b'{' | b'[' => {
                let start = self.arena.len();
                self.arena.extend_from_slice(lexeme.as_bytes());
                Some(Pick::Json(start..self.arena.len()))
            }
            b'"' => self.string(tapped),
            _ => number(lexeme, tapped.leaf),
        }
    }

    fn string(self, tapped: Tapped) -> Option<Pick> {
        let decoded;
        let text = if let Some(text) = plain(self.reader.slice(tapped.start, tapped.end)) {
            text
        } else {
            decoded = self.unescaped(tapped.start)?;
            &decoded
        };
        let characters = text.as_bytes();
        let moment = |moment: calendar::Moment| Pick::Time(Moment { seconds: moment.seconds, nanos: moment.nanos });
        let typed = match tapped.leaf {
            Leaf::Whole => Numeral::parse(text).and_then(Numeral::to_i128).map(whole),
            Leaf::Moment(unit) => calendar::timestamp(characters).map(|found| moment(found.cut(unit))),
            // A leap second is none that the calendar knows: it stays text.
            Leaf::Stamp => calendar::timestamp(characters).map(moment),
            Leaf::Double => double(text).map(Pick::Double),
            Leaf::Float => of_float(text).map(Pick::Double),
            Leaf::Decimal { precision, scale } => self.decimal(text, Decimal { precision, scale, fixed: None }),
            Leaf::Bytes => return self.decoded(characters),
            _ => None,
        };
        Some(typed.unwrap_or_else(|| {
            let start = self.arena.len();
            self.arena.extend_from_slice(characters);
            Pick::Text(start..self.arena.len())
        }))
    }

    /// The string that begins here.
    fn unescaped(&self, start: usize) -> Option<String> {
        let mut reader = self.reader;
        reader.jump(start);
        let quoted = reader.string().ok()?;
        let mut buffer = Vec::new();
        let characters = quoted.text(reader.bytes(), &mut buffer);
        String::from_utf8(characters.to_vec()).ok()
    }

    fn decoded(self, characters: &[u8]) -> Option<Pick> {
        let start = self.arena.len();
        let decoded = match self.bytes {
            BytesText::Base64 => decode_either_base64(characters, self.arena),
            spelling @ BytesText::CodePoints => decode_bytes(spelling, characters, self.arena),
        };
        decoded.then_some(Pick::Bytes(start..self.arena.len()))
    }

    fn decimal(&self, text: &str, bounds: Decimal) -> Option<Pick> {
        if self.bytes == BytesText::Base64 {
            return double(text).map(Pick::Double);
        }
        let mut unscaled = Vec::new();
        let decoded = decode_bytes(self.bytes, text.as_bytes(), &mut unscaled);
        let numeral = decoded.then(|| decimal::numeral(&unscaled, bounds).ok()).flatten()?;
        double(&numeral).map(Pick::Double)
    }
}

/// What stands between quotes, if that is spelt without escapes.
fn plain(lexeme: &str) -> Option<&str> {
    lexeme.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('\\'))
}

/// A numeral, or one of the names of those that JSON can't spell.
fn double(text: &str) -> Option<f64> {
    text.parse().ok()
}

fn number(lexeme: &str, leaf: Leaf) -> Option<Pick> {
    match leaf {
        Leaf::Counted | Leaf::SymbolNumber => None,
        Leaf::Moment(unit) => {
            let moment = calendar::Moment::of(Numeral::parse(lexeme)?.to_i64()?, unit);
            Some(Pick::Time(Moment { seconds: moment.seconds, nanos: moment.nanos }))
        }
        Leaf::Float => of_float(lexeme).map(Pick::Double),
        Leaf::Double | Leaf::Loose | Leaf::Decimal { .. } => double(lexeme).map(Pick::Double),
        _ => match lexeme.parse() {
            Ok(number) => Some(Pick::Int(number)),
            Err(_) => unusual(lexeme, matches!(leaf, Leaf::Whole)),
        },
    }
}

/// A whole number that 64 bits with a sign don't hold, or that is spelt with a fraction or an exponent; `counts`: whether
/// such a spelling is a whole number too.
fn unusual(lexeme: &str, counts: bool) -> Option<Pick> {
    let numeral = Numeral::parse(lexeme)?;
    let value = numeral.to_i128().filter(|_| counts || numeral.plain);
    value.map(whole).or_else(|| double(lexeme).map(Pick::Double))
}
