//! Whether a JSON text's numbers survive being held as `serde_json` holds them: as 64-bit integers or doubles.

use serde_json::Number;

use crate::json::number::Numeral;

/// Whether each number in a text, which is JSON, is still the same number when it is written again.
pub(super) fn all_exact(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = after_string(bytes, at),
            b'-' | b'0'..=b'9' => match Numeral::scan(text, at) {
                Ok((numeral, end)) if is_exact(numeral) => at = end,
                _ => return false,
            },
            _ => at += 1,
        }
    }
    true
}

fn after_string(bytes: &[u8], opening: usize) -> usize {
    let mut at = opening + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn is_exact(numeral: Numeral<'_>) -> bool {
    let Ok(held) = serde_json::from_str::<Number>(numeral.text) else { return false };
    let written = held.to_string();
    let Some(written) = Numeral::parse(&written) else { return false };
    let (before, after) = (numeral.significant(), written.significant());
    let same = before.exponent == after.exponent && before.digits().eq(after.digits());
    (before.is_zero() && after.is_zero()) || (same && numeral.negative == written.negative)
}
