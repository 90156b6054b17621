//! A number's lexeme, kept as its digits: exact whole numbers and decimals come straight from them, whatever their
//! spelling, and no exponent makes anything big.

use std::ops::RangeInclusive;

use super::Kind;

/// A number as RFC 8259, section 6, spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numeral<'a> {
    /// The lexeme.
    pub(crate) text: &'a str,
    /// Whether it starts with `-`.
    pub(crate) negative: bool,
    /// Whether it has neither a fraction nor an exponent.
    pub(crate) plain: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

/// Significant digits and where the point stands: the value is `digits × 10^exponent`, sign aside. No zeros lead or
/// trail; zero has no digits at all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Significant<'a> {
    head: &'a [u8],
    tail: &'a [u8],
    /// Power of ten of the last digit.
    pub(crate) exponent: i64,
}

/// Exponents beyond this are all the same: no schema's range reaches there, and sums of them stay in an i64.
const EXPONENT_CAP: i64 = 1 << 40;

impl<'a> Numeral<'a> {
    /// Reads the lexeme that starts at `start`; gives its end too. On failure: the offset and what should stand
    /// there.
    pub(crate) fn scan(text: &'a str, start: usize) -> Result<(Self, usize), (usize, &'static str)> {
        let bytes = text.as_bytes();
        let negative = bytes.get(start) == Some(&b'-');
        let first = start + usize::from(negative);
        let mut at = digits(bytes, first)?;
        if bytes[first] == b'0' && at > first + 1 {
            return Err((first + 1, "no digit after a leading zero"));
        }
        let whole = &bytes[first..at];
        let mut fraction = &bytes[at..at];
        if bytes.get(at) == Some(&b'.') {
            let end = digits(bytes, at + 1)?;
            fraction = &bytes[at + 1..end];
            at = end;
        }
        let mut exponent = 0_i64;
        let before_exponent = at;
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
            let from = at + 1 + usize::from(signed);
            let end = digits(bytes, from)?;
            for digit in &bytes[from..end] {
                exponent = (exponent * 10 + i64::from(digit - b'0')).min(EXPONENT_CAP);
            }
            if bytes[at + 1] == b'-' {
                exponent = -exponent;
            }
            at = end;
        }
        let plain = fraction.is_empty() && before_exponent == at;
        Ok((Self { text: &text[start..at], negative, plain, whole, fraction, exponent }, at))
    }

    /// Reads a text that is a numeral from end to end.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (numeral, end) = Self::scan(text, 0).ok()?;
        (end == text.len()).then_some(numeral)
    }

    /// Its significant digits.
    pub(crate) fn significant(&self) -> Significant<'a> {
        let mut exponent = self.exponent - i64::try_from(self.fraction.len()).unwrap_or(EXPONENT_CAP);
        let (mut head, mut tail) = (self.whole, self.fraction);
        while let [b'0', rest @ ..] = head {
            head = rest;
        }
        if head.is_empty() {
            while let [b'0', rest @ ..] = tail {
                tail = rest;
            }
        }
        while let [rest @ .., b'0'] = tail {
            tail = rest;
            exponent += 1;
        }
        if tail.is_empty() {
            while let [rest @ .., b'0'] = head {
                head = rest;
                exponent += 1;
            }
        }
        Significant { head, tail, exponent }
    }

    /// Its value, if that is whole and fits.
    pub(crate) fn to_i64(self) -> Option<i64> {
        self.to_i128().and_then(|value| i64::try_from(value).ok())
    }

    /// Its value, if that is whole and has at most 20 digits, as many as 64 bits may have.
    pub(crate) fn to_i128(self) -> Option<i128> {
        let significant = self.significant();
        if significant.is_zero() {
            return Some(0);
        }
        let zeros = u32::try_from(significant.exponent).ok()?;
        if significant.len().checked_add(u64::from(zeros))? > 20 {
            return None;
        }
        let mut value = 0_i128;
        for digit in significant.digits() {
            value = value * 10 + i128::from(digit - b'0');
        }
        value *= 10_i128.pow(zeros);
        Some(if self.negative { -value } else { value })
    }

    /// What it is where a whole number of a range is wanted, for people.
    pub(crate) fn kind_beside(self, range: &RangeInclusive<i64>) -> &'static str {
        let significant = self.significant();
        if !significant.is_zero() && significant.exponent < 0 {
            "number with a fraction"
        } else if self.to_i64().is_some_and(|value| range.contains(&value)) {
            Kind::Number.name()
        } else {
            "number out of range"
        }
    }
}

impl<'a> Significant<'a> {
    /// How many digits there are.
    pub(crate) const fn len(&self) -> u64 {
        (self.head.len() + self.tail.len()) as u64
    }

    /// Whether the value is zero.
    pub(crate) const fn is_zero(&self) -> bool {
        self.len() == 0
    }

    /// The digits as ASCII, highest first.
    pub(crate) fn digits(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.head.iter().chain(self.tail).copied()
    }
}

fn digits(bytes: &[u8], start: usize) -> Result<usize, (usize, &'static str)> {
    let mut at = start;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if at == start { Err((at, "a digit")) } else { Ok(at) }
}
