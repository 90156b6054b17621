//! A string's lexeme: where it ends, whether its escapes are sound, which characters it stands for. Eight bytes are
//! looked at together, since most of a text is inside strings.

use std::ops::ControlFlow;

/// A string between its quotes, as it is spelt in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quoted {
    /// Offset of the byte after the opening quote.
    pub(crate) start: usize,
    /// Offset of the closing quote.
    pub(crate) end: usize,
    /// Whether there are escapes to undo.
    pub(crate) escaped: bool,
    /// Whether an escape is half of a surrogate pair, so that the string is no Unicode text.
    pub(crate) lone: bool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// High bit of each byte that is `"`, `\` or a control character. Bytes above the lowest marked one may be marked
/// wrongly (borrows run upwards), which is why only the lowest counts.
const fn special(chunk: u64) -> u64 {
    let quote = chunk ^ (ONES * b'"' as u64);
    let slash = chunk ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_slash = slash.wrapping_sub(ONES) & !slash;
    let is_control = chunk.wrapping_sub(ONES * 0x20) & !chunk;
    (is_quote | is_slash | is_control) & HIGHS
}

/// Offset of the first `"`, `\` or control character; the text's length if there is none.
#[inline]
pub(super) fn find_special(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..at + 8).and_then(|chunk| <[u8; 8]>::try_from(chunk).ok()) {
        let marks = special(u64::from_le_bytes(chunk));
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\') {
        at += 1;
    }
    at
}

impl Quoted {
    /// Finds the end of the string whose opening quote stands at `quote`. On failure: the offset and what should
    /// stand there.
    #[inline]
    pub(crate) fn scan(bytes: &[u8], quote: usize) -> Result<Self, (usize, &'static str)> {
        let start = quote + 1;
        let end = find_special(bytes, start);
        if bytes.get(end) == Some(&b'"') {
            return Ok(Self { start, end, escaped: false, lone: false });
        }
        Self::scan_escaped(bytes, start, end)
    }

    fn scan_escaped(bytes: &[u8], start: usize, mut at: usize) -> Result<Self, (usize, &'static str)> {
        let (mut escaped, mut lone) = (false, false);
        loop {
            match bytes.get(at) {
                Some(b'"') => return Ok(Self { start, end: at, escaped, lone }),
                Some(b'\\') => {
                    let escape = Escape::at(bytes, at)?;
                    escaped = true;
                    lone |= escape.scalar.is_none();
                    at = find_special(bytes, at + escape.length);
                }
                Some(_) => return Err((at, "an escape in place of a control character")),
                None => return Err((at, "`\"`")),
            }
        }
    }

    /// The string's characters: borrowed where they are spelt out, else decoded into `buffer`. A lone surrogate
    /// reads as U+FFFD; callers refuse it before.
    #[inline]
    pub(crate) fn text<'t>(&self, bytes: &'t [u8], buffer: &'t mut Vec<u8>) -> &'t [u8] {
        if !self.escaped {
            return &bytes[self.start..self.end];
        }
        buffer.clear();
        self.decode(bytes, &mut |piece| {
            buffer.extend_from_slice(piece);
            ControlFlow::Continue(())
        });
        buffer
    }

    /// Whether the string's characters are these.
    pub(crate) fn is(&self, bytes: &[u8], wanted: &[u8]) -> bool {
        if !self.escaped {
            return &bytes[self.start..self.end] == wanted;
        }
        let mut rest = Some(wanted);
        self.decode(bytes, &mut |piece| {
            rest = rest.and_then(|rest| rest.strip_prefix(piece));
            if rest.is_some() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        rest.is_some_and(<[u8]>::is_empty)
    }

    fn decode(&self, bytes: &[u8], take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) {
        let mut at = self.start;
        while at < self.end {
            let next = find_special(bytes, at).min(self.end);
            if take(&bytes[at..next]).is_break() {
                return;
            }
            at = next;
            if at < self.end {
                let Ok(escape) = Escape::at(bytes, at) else { return };
                let scalar = escape.scalar.unwrap_or(char::REPLACEMENT_CHARACTER);
                if take(scalar.encode_utf8(&mut [0; 4]).as_bytes()).is_break() {
                    return;
                }
                at += escape.length;
            }
        }
    }
}

/// One escape: how many bytes it takes and the character it stands for (`None`: half of a surrogate pair).
struct Escape {
    length: usize,
    scalar: Option<char>,
}

impl Escape {
    fn at(bytes: &[u8], slash: usize) -> Result<Self, (usize, &'static str)> {
        let simple = |scalar| Ok(Self { length: 2, scalar: Some(scalar) });
        match bytes.get(slash + 1) {
            Some(b'"') => simple('"'),
            Some(b'\\') => simple('\\'),
            Some(b'/') => simple('/'),
            Some(b'b') => simple('\u{8}'),
            Some(b'f') => simple('\u{c}'),
            Some(b'n') => simple('\n'),
            Some(b'r') => simple('\r'),
            Some(b't') => simple('\t'),
            Some(b'u') => {
                let high = hex4(bytes, slash + 2)?;
                if (0xD800..0xDC00).contains(&high)
                    && bytes.get(slash + 6..slash + 8) == Some(b"\\u")
                    && let low @ 0xDC00..0xE000 = hex4(bytes, slash + 8)?
                {
                    let scalar = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                    return Ok(Self { length: 12, scalar: char::from_u32(scalar) });
                }
                Ok(Self { length: 6, scalar: char::from_u32(high) })
            }
            _ => Err((slash + 1, "one of `\"\\/bfnrtu` after `\\`")),
        }
    }
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, (usize, &'static str)> {
    let mut value = 0;
    for offset in at..at + 4 {
        let digit = bytes.get(offset).and_then(|byte| char::from(*byte).to_digit(16));
        value = value * 16 + digit.ok_or((offset, "four hexadecimal digits after `\\u`"))?;
    }
    Ok(value)
}
