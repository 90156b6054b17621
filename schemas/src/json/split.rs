//! Where the events of a JSON body begin and end. Looks at strings and brackets, no more: what is inside an event is
//! checked by whoever reads it, and of a body that can't be split is said what they would say.

use std::fmt;
use std::ops::Range;

use super::names::Names;
use super::reader::Reader;
use super::skip::{Levels, check_text};
use super::string::find_special;
use super::{Flaw, SyntaxError};

/// What a body is, by the byte ranges of its events. White space around them is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// What is no array: the whole body, unread.
    One(Range<usize>),
    /// The elements of an array, in order.
    Many(Vec<Range<usize>>),
}

/// Why a body was not split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitError {
    /// The body is not JSON (RFC 8259): empty, cut off, badly separated, or with something after its value.
    Syntax(SyntaxError),
    /// The array has more elements than the caller takes.
    TooMany {
        /// What the caller takes.
        most: usize,
    },
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => error.fmt(f),
            Self::TooMany { most } => write!(f, "more than {most} events"),
        }
    }
}

impl std::error::Error for SplitError {}

/// Finds the events of a body: its array's elements (`most` at the most), or the one value that it must be.
pub fn split(body: &[u8], most: usize) -> Result<Document, SplitError> {
    if body.starts_with(b"\xef\xbb\xbf") {
        return Err(expected(0, "JSON text without a byte order mark"));
    }
    find(body, most).map_err(|error| match error {
        SplitError::Syntax(found) => SplitError::Syntax(exact(body).unwrap_or(found)),
        SplitError::TooMany { .. } => error,
    })
}

/// Where the body stops being JSON, in the words of whoever reads its events: a scanner for brackets sees it later.
fn exact(body: &[u8]) -> Option<SyntaxError> {
    let mut reader = Reader::new(std::str::from_utf8(body).ok()?);
    match check_text(&mut reader, &mut Names::default(), &mut Levels::default()) {
        Err(Flaw::Syntax(error)) => Some(error),
        Ok(()) | Err(Flaw::Ambiguous { .. }) => None,
    }
}

fn find(body: &[u8], most: usize) -> Result<Document, SplitError> {
    let mut scanner = Scanner { body, at: 0, closers: Vec::new() };
    scanner.space();
    let document = if scanner.byte() == Some(b'[') {
        scanner.at += 1;
        Document::Many(scanner.elements(most)?)
    } else {
        return one(body, scanner.at);
    };
    scanner.space();
    if scanner.at < body.len() {
        return Err(expected(scanner.at, "the end of the text"));
    }
    Ok(document)
}

/// A value that is no array is the whole body; whether it is sound, and alone, is seen when it is read.
fn one(body: &[u8], start: usize) -> Result<Document, SplitError> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    let end = body.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    if end == start { Err(expected(start, "a JSON value")) } else { Ok(Document::One(start..end)) }
}

struct Scanner<'a> {
    body: &'a [u8],
    at: usize,
    closers: Vec<u8>,
}

impl Scanner<'_> {
    fn byte(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// The elements of the array whose bracket is behind, up to its end.
    fn elements(&mut self, most: usize) -> Result<Vec<Range<usize>>, SplitError> {
        let mut elements = Vec::new();
        self.space();
        if self.byte() == Some(b']') {
            self.at += 1;
            return Ok(elements);
        }
        loop {
            let element = self.value()?;
            if elements.len() == most {
                return Err(SplitError::TooMany { most });
            }
            elements.push(element);
            self.space();
            match self.byte() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(elements);
                }
                _ => return Err(expected(self.at, "`,` or `]`")),
            }
            self.space();
        }
    }

    /// The value at the scanner's position: a string, a bracketed run, or what looks like a number or a literal.
    fn value(&mut self) -> Result<Range<usize>, SplitError> {
        let start = self.at;
        match self.byte() {
            Some(b'"') => self.string()?,
            Some(b'{' | b'[') => self.brackets()?,
            _ => {
                while self.byte().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
                    self.at += 1;
                }
            }
        }
        if self.at == start { Err(expected(start, "a JSON value")) } else { Ok(start..self.at) }
    }

    fn string(&mut self) -> Result<(), SplitError> {
        self.at += 1;
        loop {
            self.at = find_special(self.body, self.at);
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.at = (self.at + 2).min(self.body.len()),
                Some(_) => self.at += 1,
                None => return Err(expected(self.at, "`\"`")),
            }
        }
    }

    fn brackets(&mut self) -> Result<(), SplitError> {
        self.closers.clear();
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' => self.closers.push(b'}'),
                b'[' => self.closers.push(b']'),
                b'}' | b']' => {
                    if self.closers.pop() != Some(byte) {
                        return Err(expected(self.at, if byte == b'}' { "`]`" } else { "`}`" }));
                    }
                    if self.closers.is_empty() {
                        self.at += 1;
                        return Ok(());
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        let closer = self.closers.last();
        Err(expected(self.at, if closer == Some(&b'}') { "`}`" } else { "`]`" }))
    }
}

fn expected(offset: usize, expected: &'static str) -> SplitError {
    SplitError::Syntax(SyntaxError { offset, expected })
}
