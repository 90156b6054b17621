//! Patterns: those of which it is sure that the judge reads them the same way. Most patterns of event schemas are a row
//! of character classes with counts between `^` and `$`, and are matched byte by byte; others go to the `regex` crate,
//! which is linear.

use std::panic::{AssertUnwindSafe, catch_unwind};

use regex::bytes::{Regex, RegexBuilder};

use super::judge::PATTERN_BYTES;
use super::string::Answer;
use crate::pii::HASH_LENGTH;

/// Repetitions of one class that are counted out.
const MAX_COUNT: u32 = 10_000;

/// One pattern.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// The whole string is this row.
    Row(Box<[Piece]>),
    Regex(Regex),
}

/// Some characters of one class, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// ASCII characters, as bits.
    class: u128,
    least: u32,
    most: u32,
}

const DIGITS: u128 = span(b'0', b'9');
const WORD: u128 = DIGITS | span(b'A', b'Z') | span(b'a', b'z') | 1 << b'_';

const fn span(first: u8, last: u8) -> u128 {
    (u128::MAX >> (127 - last)) & (u128::MAX << first)
}

impl Pattern {
    /// A pattern; none if it is not sure that the judge reads it the same way.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        if let Some(row) = row(pattern) {
            return Some(Self::Row(row.into()));
        }
        let translated = translate(pattern)?;
        RegexBuilder::new(&translated)
            .size_limit(PATTERN_BYTES)
            .dfa_size_limit(PATTERN_BYTES)
            .build()
            .ok()
            .map(Self::Regex)
    }

    pub(super) fn matches(&self, characters: &[u8]) -> Answer {
        let matched = match self {
            Self::Row(row) => matches_row(row, characters),
            Self::Regex(regex) => {
                // The engine has panicked on patterns before; what it can't say, the judge says.
                match catch_unwind(AssertUnwindSafe(|| regex.is_match(characters))) {
                    Ok(matched) => matched,
                    Err(_) => return Answer::Unsure,
                }
            }
        };
        if matched { Answer::Yes } else { Answer::No }
    }

    /// Whether it is sure that every hash in hexadecimal matches.
    pub(super) fn takes_hashes(&self) -> bool {
        let Self::Row(row) = self else { return false };
        let [piece] = row[..] else { return false };
        let hexadecimal = DIGITS | span(b'a', b'f');
        let length = u32::try_from(HASH_LENGTH).unwrap_or(u32::MAX);
        piece.class & hexadecimal == hexadecimal && (piece.least..=piece.most).contains(&length)
    }
}

/// Each piece takes as much as it can: what may follow it never belongs to its class, or its count is fixed.
fn matches_row(row: &[Piece], characters: &[u8]) -> bool {
    let mut rest = characters;
    for piece in row {
        let most = rest.len().min(piece.most as usize);
        let taken = rest[..most].iter().take_while(|byte| **byte < 128 && piece.class >> **byte & 1 == 1).count();
        if taken < piece.least as usize {
            return false;
        }
        rest = &rest[taken..];
    }
    rest.is_empty()
}

/// A pattern as a row of pieces, if it is one that can be matched without going back.
fn row(pattern: &str) -> Option<Vec<Piece>> {
    let mut rest = pattern.strip_prefix('^')?.as_bytes();
    let mut row: Vec<Piece> = Vec::new();
    loop {
        match rest {
            [b'$'] => break,
            [] => return None,
            _ => {}
        }
        let (class, behind) = class(rest)?;
        let (least, most, behind) = count(behind)?;
        if most > MAX_COUNT && most != u32::MAX {
            return None;
        }
        match row.last_mut() {
            Some(before) if before.class == class && before.least == before.most && least == most => {
                let count = before.least.checked_add(least).filter(|count| *count <= MAX_COUNT)?;
                (before.least, before.most) = (count, count);
            }
            _ => row.push(Piece { class, least, most }),
        }
        rest = behind;
    }
    let apart =
        |pair: &[Piece]| pair[0].least == pair[0].most || (pair[1].least > 0 && pair[0].class & pair[1].class == 0);
    row.windows(2).all(apart).then_some(row)
}

/// One character or class at the start of a pattern, and what follows it.
fn class(pattern: &[u8]) -> Option<(u128, &[u8])> {
    match pattern {
        [b'[', rest @ ..] => set(rest),
        [b'\\', escaped, rest @ ..] => Some((escape(*escaped)?, rest)),
        [plain, rest @ ..] if is_plain(*plain) => Some((1 << plain, rest)),
        _ => None,
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" _-/:,@#%&=~;!<>\"'`".contains(&byte)
}

fn escape(escaped: u8) -> Option<u128> {
    match escaped {
        b'd' => Some(DIGITS),
        b'w' => Some(WORD),
        b'.' | b'-' | b'/' | b'\\' | b'+' | b'*' | b'?' | b'$' | b'^' | b'|' | b'(' | b')' | b'[' | b']' | b'{'
        | b'}' => Some(1 << escaped),
        _ => None,
    }
}

/// The rest of `[…]`, without negation and without anything that engines read differently.
fn set(mut rest: &[u8]) -> Option<(u128, &[u8])> {
    let mut class = 0;
    loop {
        match rest {
            [b']', behind @ ..] if class != 0 => return Some((class, behind)),
            [b'\\', escaped, behind @ ..] => {
                class |= escape(*escaped)?;
                // A range that begins or ends with an escape is left to the engine.
                if behind.first() == Some(&b'-') && behind.get(1) != Some(&b']') {
                    return None;
                }
                rest = behind;
            }
            [first, b'-', last, behind @ ..] if *last != b']' => {
                let ranged = first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() && first <= last;
                class |= ranged.then(|| span(*first, *last))?;
                rest = behind;
            }
            [b'-', b']', ..] => {
                class |= 1 << b'-';
                rest = &rest[1..];
            }
            [plain, behind @ ..] if plain.is_ascii_alphanumeric() || b" _.:,@#%/+=!;*?".contains(plain) => {
                class |= 1 << plain;
                rest = behind;
            }
            _ => return None,
        }
    }
}

/// How often, and what follows.
fn count(pattern: &[u8]) -> Option<(u32, u32, &[u8])> {
    let (least, most, rest) = match pattern {
        [b'*', rest @ ..] => (0, u32::MAX, rest),
        [b'+', rest @ ..] => (1, u32::MAX, rest),
        [b'?', rest @ ..] => (0, 1, rest),
        [b'{', rest @ ..] => {
            let end = rest.iter().position(|byte| *byte == b'}')?;
            let text = std::str::from_utf8(&rest[..end]).ok()?;
            let number = |text: &str| {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                digits.then(|| text.parse::<u32>().ok()).flatten()
            };
            let (least, most) = match text.split_once(',') {
                None => (number(text)?, number(text)?),
                Some((least, "")) => (number(least)?, u32::MAX),
                Some((least, most)) => (number(least)?, number(most)?),
            };
            if least > most {
                return None;
            }
            (least, most, &rest[end + 1..])
        }
        _ => return Some((1, 1, pattern)),
    };
    // A lazy or a doubled repetition is left to the engine.
    if matches!(rest.first(), Some(b'?' | b'*' | b'+' | b'{')) { None } else { Some((least, most, rest)) }
}

/// A pattern for the `regex` crate, if all that is in it means there what it means to the judge.
fn translate(pattern: &str) -> Option<String> {
    let mut translated = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    let mut in_set = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next()? {
                'd' => translated.push_str("[0-9]"),
                'D' => translated.push_str("[^0-9]"),
                'w' => translated.push_str("[A-Za-z0-9_]"),
                'W' => translated.push_str("[^A-Za-z0-9_]"),
                escaped @ ('n' | 'r' | 't' | 'f' | 'v') => translated.extend(['\\', escaped]),
                escaped if escape(u8::try_from(escaped).ok()?).is_some() => translated.extend(['\\', escaped]),
                _ => return None,
            },
            '[' if in_set => return None,
            '[' => {
                in_set = true;
                translated.push('[');
                if characters.next_if_eq(&'^').is_some() {
                    translated.push('^');
                }
                // `[]` and `[^]` mean something else to ECMA-262.
                if characters.peek() == Some(&']') {
                    return None;
                }
            }
            ']' => {
                in_set = false;
                translated.push(']');
            }
            '&' | '~' | '-' if in_set && characters.peek() == Some(&character) => return None,
            '-' if in_set && translated.ends_with(']') => return None,
            '(' if !in_set && characters.peek() == Some(&'?') => {
                characters.next();
                characters.next_if_eq(&':')?;
                translated.push_str("(?:");
            }
            other => translated.push(other),
        }
    }
    (!in_set).then_some(translated)
}

#[cfg(test)]
mod tests {
    use jsonschema::PatternOptions;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn judged(pattern: &str, text: &str) -> Option<bool> {
        let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
        let judge = options.build(&json!({ "pattern": pattern })).ok()?;
        Some(judge.is_valid(&json!(text)))
    }

    #[test]
    fn rows_are_found() {
        for pattern in ["^[A-Z]{3}$", "^ord-[0-9]{4}-[0-9]{10}$", r"^\d+\.\d{2}$", "^[a-z0-9-]+$", "^SKU-\\d{6}$"] {
            assert!(matches!(Pattern::new(pattern), Some(Pattern::Row(_))), "{pattern}");
        }
        for pattern in ["^a*a$", "^a?b?a$", "^(a|b)$", "a", "^a", "^[^a]$", "^.$", "^a+?$"] {
            assert!(matches!(Pattern::new(pattern), Some(Pattern::Regex(_))), "{pattern}");
        }
        for pattern in [r"^\s$", r"\bword", "[]", r"\u00e9", "[a[b]", "(?i)a", r"\p{L}", "(?=a)", r"[\d-z]", "[a&&b]"] {
            assert!(Pattern::new(pattern).is_none(), "{pattern}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn a_pattern_says_what_the_judge_says(
            pattern in r"\^?(([ab01.-]|\[[a-c0-2_-]{1,4}\]|\[\^ab\]|\\d|\\w|\\\.|\\-|\(a\|b\))([*+?]|\{[0-3]\}|\{1,3\}|\{2,\})?){1,5}\$?",
            texts in prop::collection::vec("[ab01.c_é\n-]{0,6}", 1..12),
        ) {
            if let Some(known) = Pattern::new(&pattern) {
                for text in texts {
                    let judged = judged(&pattern, &text);
                    let answer = known.matches(text.as_bytes());
                    prop_assert_eq!(Some(answer == Answer::Yes), judged, "{} on {:?}", &pattern, &text);
                }
            }
        }
    }
}
