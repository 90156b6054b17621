//! The pull reader: one position in one text, moved by whoever knows what should come next. Knows the tokens of
//! RFC 8259 and counts nesting; which names were seen is `names`' business.

use super::number::Numeral;
use super::string::{Quoted, find_special};
use super::{Kind, MAX_DEPTH, SyntaxError};

/// What should have stood at the reader's position, which is where the text went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected(pub(crate) &'static str);

/// A position in a text. All methods leave it behind what they have read, or at the fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// A reader before the first byte.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, depth: 0 }
    }

    /// A reader of bytes that may not be text at all: UTF-8 is checked here, once.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.starts_with('\u{feff}') => {
                Err(SyntaxError { offset: 0, expected: "JSON text without a byte order mark" })
            }
            Ok(text) => Ok(Self::new(text)),
            Err(error) => Err(SyntaxError { offset: error.valid_up_to(), expected: "UTF-8" }),
        }
    }

    /// The text, from a byte offset to another; both lie next to ASCII delimiters.
    pub(crate) fn slice(&self, start: usize, end: usize) -> &'a str {
        &self.text[start..end]
    }

    /// The whole text's bytes.
    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Byte offset of the next byte to be read.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Goes on from another offset at the same nesting.
    pub(crate) const fn jump(&mut self, at: usize) {
        self.at = at;
    }

    /// The next byte; 0, which no JSON token starts with, at the end.
    #[inline]
    pub(crate) fn byte(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Steps over white space.
    #[inline]
    pub(crate) fn space(&mut self) {
        while matches!(self.byte(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// The kind of the value that starts at the next byte (white space is already behind).
    #[inline]
    pub(crate) fn kind(&self) -> Result<Kind, Expected> {
        Ok(match self.byte() {
            b'"' => Kind::String,
            b'-' | b'0'..=b'9' => Kind::Number,
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b't' | b'f' => Kind::Boolean,
            b'n' => Kind::Null,
            _ => return Err(Expected("a JSON value")),
        })
    }

    /// Reads `null`.
    #[inline]
    pub(crate) fn null(&mut self) -> Result<(), Expected> {
        self.word(b"null", "`null`")
    }

    /// Reads `true` or `false`.
    #[inline]
    pub(crate) fn boolean(&mut self) -> Result<bool, Expected> {
        if self.byte() == b't' {
            self.word(b"true", "`true`")?;
            Ok(true)
        } else {
            self.word(b"false", "`false`")?;
            Ok(false)
        }
    }

    fn word(&mut self, word: &[u8], expected: &'static str) -> Result<(), Expected> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(Expected(expected));
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads a number's lexeme.
    pub(crate) fn number(&mut self) -> Result<Numeral<'a>, Expected> {
        match Numeral::scan(self.text, self.at) {
            Ok((numeral, end)) => {
                self.at = end;
                Ok(numeral)
            }
            Err((offset, expected)) => {
                self.at = offset;
                Err(Expected(expected))
            }
        }
    }

    /// Reads an integer that is spelt with at most 18 digits and nothing else; anything else is left unread.
    #[inline]
    pub(crate) fn short_integer(&mut self) -> Option<i64> {
        let mut at = self.at;
        let negative = self.byte() == b'-';
        at += usize::from(negative);
        let first = at;
        let mut value = 0_i64;
        while let Some(digit) = self.bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            if at - first == 18 {
                return None;
            }
            value = value * 10 + i64::from(digit);
            at += 1;
        }
        let spelt_plainly = at - first == 1 || (at > first && self.bytes[first] != b'0');
        if !spelt_plainly || matches!(self.bytes.get(at), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.at = at;
        Some(if negative { -value } else { value })
    }

    /// Reads a number of at most 15 digits without an exponent; anything else is left unread.
    ///
    /// Such digits are a whole number below 2^53, and powers of ten up to the 22nd are doubles too: one division
    /// rounds once, to the nearest.
    #[inline]
    pub(crate) fn short_double(&mut self) -> Option<f64> {
        const TENS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
        let negative = self.byte() == b'-';
        let first = self.at + usize::from(negative);
        let (whole, mut value) = short_digits(self.bytes, first, 0);
        let (mut at, mut digits, mut fraction) = (first + whole, whole, 0);
        if self.bytes.get(at) == Some(&b'.') {
            (fraction, value) = short_digits(self.bytes, at + 1, value);
            at += 1 + fraction;
            digits += fraction;
            if fraction == 0 {
                return None;
            }
        }
        let spelt_plainly = whole == 1 || (whole > 1 && self.bytes[first] != b'0');
        if !spelt_plainly || digits > 15 || matches!(self.bytes.get(at), Some(b'e' | b'E')) {
            return None;
        }
        self.at = at;
        let value = f64::from(u32::try_from(value >> 32).ok()?) * 4_294_967_296.0
            + f64::from(u32::try_from(value & 0xFFFF_FFFF).ok()?);
        let value = value / TENS[fraction];
        Some(if negative { -value } else { value })
    }

    /// Reads a string's lexeme: its end is found, its escapes are checked.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Quoted, Expected> {
        debug_assert_eq!(self.byte(), b'"', "the caller has seen the quote");
        match Quoted::scan(self.bytes, self.at) {
            Ok(quoted) => {
                self.at = quoted.end + 1;
                Ok(quoted)
            }
            Err((offset, expected)) => {
                self.at = offset;
                Err(Expected(expected))
            }
        }
    }

    /// Reads a string without escapes as it stands in the text; any other is left unread.
    #[inline]
    pub(crate) fn plain_string(&mut self) -> Option<&'a [u8]> {
        let start = self.at + 1;
        let end = find_special(self.bytes, start);
        if self.bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        Some(&self.bytes[start..end])
    }

    /// Steps over a member's name if it is spelt exactly so (quotes included).
    #[inline]
    pub(crate) fn exactly(&mut self, quoted: &[u8]) -> bool {
        let found = self.bytes.get(self.at..self.at + quoted.len()).is_some_and(|found| same(found, quoted));
        if found {
            self.at += quoted.len();
        }
        found
    }

    /// Steps into an array or an object.
    #[inline]
    pub(crate) fn open(&mut self) -> Result<(), Expected> {
        if self.depth == MAX_DEPTH {
            return Err(Expected("no deeper nesting"));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// After `open` on an object: stands at the first member's name, or has left the empty object.
    #[inline]
    pub(crate) fn first_member(&mut self) -> Result<bool, Expected> {
        self.space();
        match self.byte() {
            b'"' => Ok(true),
            b'}' => {
                self.close();
                Ok(false)
            }
            _ => Err(Expected("a member's name or `}`")),
        }
    }

    /// After a member's value: stands at the next member's name, or has left the object.
    #[inline]
    pub(crate) fn next_member(&mut self) -> Result<bool, Expected> {
        self.space();
        match self.byte() {
            b',' => {
                self.at += 1;
                self.space();
                if self.byte() == b'"' { Ok(true) } else { Err(Expected("a member's name")) }
            }
            b'}' => {
                self.close();
                Ok(false)
            }
            _ => Err(Expected("`,` or `}`")),
        }
    }

    /// Between a member's name and its value.
    #[inline]
    pub(crate) fn colon(&mut self) -> Result<(), Expected> {
        if self.byte() != b':' {
            self.space();
            if self.byte() != b':' {
                return Err(Expected("`:`"));
            }
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// After `open` on an array: stands at the first element, or has left the empty array.
    #[inline]
    pub(crate) fn first_item(&mut self) -> bool {
        self.space();
        let empty = self.byte() == b']';
        if empty {
            self.close();
        }
        !empty
    }

    /// After an element: stands at the next one, or has left the array.
    #[inline]
    pub(crate) fn next_item(&mut self) -> Result<bool, Expected> {
        self.space();
        match self.byte() {
            b',' => {
                self.at += 1;
                self.space();
                Ok(true)
            }
            b']' => {
                self.close();
                Ok(false)
            }
            _ => Err(Expected("`,` or `]`")),
        }
    }

    /// After the outermost value: nothing but white space may follow.
    pub(crate) fn end(&mut self) -> Result<(), Expected> {
        self.space();
        if self.at == self.bytes.len() { Ok(()) } else { Err(Expected("the end of the text")) }
    }

    /// The fault at the reader's position.
    pub(crate) const fn fault(&self, expected: Expected) -> SyntaxError {
        SyntaxError { offset: self.at, expected: expected.0 }
    }

    const fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }
}

/// Whether two runs of one length are equal. Names are short: eight bytes at a time, the last eight perhaps twice,
/// cost less than a call.
#[inline]
fn same(found: &[u8], wanted: &[u8]) -> bool {
    let Some(last) = wanted.last_chunk::<8>() else {
        return found.iter().zip(wanted).all(|(found, wanted)| found == wanted);
    };
    let (found_chunks, _) = found.as_chunks::<8>();
    let (wanted_chunks, _) = wanted.as_chunks::<8>();
    found.last_chunk() == Some(last) && found_chunks.iter().zip(wanted_chunks).all(|(found, wanted)| found == wanted)
}

/// Goes on with a number's digits: how many there are, 16 counted at most, and the value with them added.
#[inline]
fn short_digits(bytes: &[u8], start: usize, mut value: u64) -> (usize, u64) {
    let mut count = 0;
    while count < 16
        && let Some(digit) = bytes.get(start + count).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10)
    {
        value = value * 10 + u64::from(digit);
        count += 1;
    }
    (count, value)
}
