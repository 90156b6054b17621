//! The pull reader: one position in one text, moved by whoever knows what should come next. Knows the tokens of
//! RFC 8259 and counts nesting; which names were seen is `names`' business.

use super::number::Numeral;
use super::string::Quoted;
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

    /// Reads a string's lexeme: its end is found, its escapes are checked.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Quoted, Expected> {
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

    /// Steps over a member's name if it is spelt exactly so (quotes included).
    #[inline]
    pub(crate) fn exactly(&mut self, quoted: &[u8]) -> bool {
        let found = self.bytes[self.at..].starts_with(quoted);
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
