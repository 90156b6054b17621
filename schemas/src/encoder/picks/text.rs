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
use crate::picked::{Moment, Pick, Picked};

/// A text, and where its values go.
pub(super) struct Reading<'a, 'o> {
    pub(super) reader: Reader<'a>,
    /// How a string stands for bytes.
    pub(super) bytes: BytesText,
    pub(super) picked: &'o mut Picked,
}

impl Reading<'_, '_> {
    /// The value that was noted; none if the event's bytes have to tell.
    pub(super) fn pick(self, tapped: Tapped) -> Option<Pick> {
        let lexeme = self.reader.slice(tapped.start, tapped.end);
        match lexeme.as_bytes().first()? {
            b'n' => Some(Pick::Absent),
            b't' => Some(Pick::Bool(true)),
            b'f' => Some(Pick::Bool(false)),
            b'{' | b'[' => Some(Pick::Json(self.picked.keep(lexeme))),
            b'"' => self.string(tapped),
            _ => number(lexeme, tapped.leaf),
        }
    }

    fn string(self, tapped: Tapped) -> Option<Pick> {
        let mut reader = self.reader;
        reader.jump(tapped.start);
        let unescaped;
        let text = if let Some(plain) = reader.plain_string() {
            let start = tapped.start + 1;
            self.reader.slice(start, start + plain.len())
        } else {
            unescaped = unescape(reader)?;
            &unescaped
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
        Some(typed.unwrap_or_else(|| Pick::Text(self.picked.keep(text))))
    }

    fn decoded(self, characters: &[u8]) -> Option<Pick> {
        let decoded = self.picked.keep_written(|bytes| match self.bytes {
            BytesText::Base64 => decode_either_base64(characters, bytes),
            spelling @ BytesText::CodePoints => decode_bytes(spelling, characters, bytes),
        });
        decoded.map(Pick::Bytes)
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

/// The string that the reader stands before.
fn unescape(mut reader: Reader<'_>) -> Option<String> {
    let quoted = reader.string().ok()?;
    let mut buffer = Vec::new();
    let characters = quoted.text(reader.bytes(), &mut buffer);
    String::from_utf8(characters.to_vec()).ok()
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
