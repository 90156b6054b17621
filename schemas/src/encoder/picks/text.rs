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
        let mut reader = self.reader;
        reader.jump(tapped.start);
        let quoted = reader.string().ok()?;
        let mut buffer = Vec::new();
        let characters = quoted.text(reader.bytes(), &mut buffer);
        let text = std::str::from_utf8(characters).ok()?;
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

/// A numeral, or one of the names of those that JSON can't spell.
fn double(text: &str) -> Option<f64> {
    text.parse().ok()
}

fn number(lexeme: &str, leaf: Leaf) -> Option<Pick> {
    let numeral = Numeral::parse(lexeme)?;
    let pick = match leaf {
        Leaf::Counted | Leaf::SymbolNumber => return None,
        Leaf::Moment(unit) => {
            let moment = calendar::Moment::of(numeral.to_i64()?, unit);
            Pick::Time(Moment { seconds: moment.seconds, nanos: moment.nanos })
        }
        Leaf::Float => Pick::Double(of_float(lexeme)?),
        Leaf::Double | Leaf::Loose | Leaf::Decimal { .. } => Pick::Double(double(lexeme)?),
        Leaf::Whole => {
            numeral.to_i128().map_or_else(|| double(lexeme).map(Pick::Double), |value| Some(whole(value)))?
        }
        _ => match numeral.to_i128().filter(|_| numeral.plain) {
            Some(value) => whole(value),
            None => Pick::Double(double(lexeme)?),
        },
    };
    Some(pick)
}
