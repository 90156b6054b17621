//! Decimals: a numeral's own digits, scaled, as a big-endian two's complement number. No float is involved.

use num_bigint::BigInt;

use super::binary::push_bytes;
use super::program::Decimal;
use super::scalar::ascii;
use super::write::Writer;
use crate::contract::BytesText;
use crate::json::Kind;
use crate::json::number::Numeral;
use crate::pass::Stop;

/// Digits that an i128 holds, whichever they are.
const SHORT: u64 = 38;

impl Writer<'_, '_> {
    pub(super) fn decimal(&mut self, decimal: Decimal) -> Result<(), Stop> {
        let kind = self.reader.kind()?;
        if kind == Kind::String && self.program.rule.bytes == BytesText::CodePoints {
            return self.decimal_bytes(decimal);
        }
        let unscaled = match kind {
            Kind::Number => unscaled(self.reader.number()?, decimal),
            Kind::String => {
                let numeral = ascii(self.characters()?).and_then(Numeral::parse);
                numeral.and_then(|numeral| unscaled(numeral, decimal))
            }
            _ => None,
        };
        match unscaled.ok_or(Stop::Mismatch)? {
            Unscaled::Short(value) => self.push_decimal(decimal, shortest(&value.to_be_bytes())),
            Unscaled::Long(value) => self.push_decimal(decimal, &value.to_signed_bytes_be()),
        }
    }

    /// A decimal whose bytes are spelt as code points, as Avro's JSON encoding has it.
    fn decimal_bytes(&mut self, decimal: Decimal) -> Result<(), Stop> {
        let mut decoded = std::mem::take(&mut self.memory.avro.moved);
        let mut read = self.read_bytes(&mut decoded);
        let fits = decimal.fixed.is_none_or(|size| size == decoded.len());
        if read.is_ok() {
            read = if fits && !decoded.is_empty() && within(&decoded, decimal.precision) {
                self.push_decimal(decimal, shortest(&decoded))
            } else {
                Err(Stop::Mismatch)
            };
        }
        self.memory.avro.moved = decoded;
        read
    }

    /// Writes a two's complement number: as it is, or with its sign repeated up to the fixed's size.
    fn push_decimal(&mut self, decimal: Decimal, bytes: &[u8]) -> Result<(), Stop> {
        let Some(size) = decimal.fixed else {
            push_bytes(self.out, bytes);
            return Ok(());
        };
        let room = size.checked_sub(bytes.len()).ok_or(Stop::Mismatch)?;
        let sign = if bytes[0] < 0x80 { 0 } else { 0xFF };
        self.out.resize(self.out.len() + room, sign);
        self.out.extend_from_slice(bytes);
        Ok(())
    }
}

enum Unscaled {
    Short(i128),
    Long(BigInt),
}

/// A numeral times ten to the scale; none if that is not whole or has too many digits.
fn unscaled(numeral: Numeral<'_>, decimal: Decimal) -> Option<Unscaled> {
    let significant = numeral.significant();
    if significant.is_zero() {
        return Some(Unscaled::Short(0));
    }
    let zeros = u64::try_from(significant.exponent + i64::from(decimal.scale)).ok()?;
    let digits = significant.len() + zeros;
    if digits > u64::from(decimal.precision) {
        return None;
    }
    let zeros = usize::try_from(zeros).ok()?;
    let spelt = significant.digits().chain(std::iter::repeat_n(b'0', zeros));
    if digits <= SHORT {
        let value = spelt.fold(0, |value, digit| value * 10 + i128::from(digit - b'0'));
        return Some(Unscaled::Short(if numeral.negative { -value } else { value }));
    }
    let value = BigInt::parse_bytes(&spelt.collect::<Vec<u8>>(), 10)?;
    Some(Unscaled::Long(if numeral.negative { -value } else { value }))
}

/// Without the bytes that only repeat the sign.
fn shortest(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && let Some(second) = rest.first()
        && ((*first == 0 && *second < 0x80) || (*first == 0xFF && *second >= 0x80))
    {
        bytes = rest;
    }
    bytes
}

/// Whether a two's complement number has no more digits than that.
pub(super) fn within(bytes: &[u8], precision: u32) -> bool {
    let bytes = shortest(bytes);
    // 2.41 digits a byte at most: longer ones are refused before anything is multiplied.
    if bytes.len() > precision as usize / 2 + 2 {
        return false;
    }
    BigInt::from_signed_bytes_be(bytes).magnitude() < &num_bigint::BigUint::from(10_u8).pow(precision)
}
