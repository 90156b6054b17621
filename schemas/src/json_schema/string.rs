//! Strings: lengths in code points, patterns, formats.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use super::pattern::Pattern;
use crate::calendar;

/// What is said of strings.
#[derive(Debug, Clone)]
pub(super) struct Texts {
    pub(super) least: u64,
    pub(super) most: u64,
    pub(super) patterns: Vec<Pattern>,
    pub(super) formats: Vec<Format>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { least: 0, most: u64::MAX, patterns: Vec::new(), formats: Vec::new() }
    }
}

/// A format that the draft asserts.
#[derive(Clone)]
pub(super) enum Format {
    DateTime,
    Date,
    Uuid,
    /// The judge's own check, over this one string.
    Judged(Arc<Validator>),
}

// A validator is never changed once it is built, so a panic elsewhere leaves it whole.
impl UnwindSafe for Format {}
impl RefUnwindSafe for Format {}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DateTime => "DateTime",
            Self::Date => "Date",
            Self::Uuid => "Uuid",
            Self::Judged(_) => "Judged",
        })
    }
}

/// Whether strings are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// The judge knows.
    Unsure,
}

impl Texts {
    /// Whether a string of these characters (UTF-8) is accepted.
    pub(super) fn accept(&self, characters: &[u8]) -> Answer {
        if !self.length(characters) {
            return Answer::No;
        }
        for pattern in &self.patterns {
            match pattern.matches(characters) {
                Answer::Yes => {}
                other => return other,
            }
        }
        for format in &self.formats {
            match format.accepts(characters) {
                Answer::Yes => {}
                other => return other,
            }
        }
        Answer::Yes
    }

    /// A code point takes one to four bytes, so most lengths are decided without counting.
    fn length(&self, characters: &[u8]) -> bool {
        let bytes = characters.len() as u64;
        if bytes < self.least || bytes.div_ceil(4) > self.most {
            return false;
        }
        if bytes <= self.most && bytes / 4 >= self.least {
            return true;
        }
        let points = characters.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u64;
        (self.least..=self.most).contains(&points)
    }
}

impl Format {
    /// The check of a format; none if the draft does not assert it.
    pub(super) fn new(name: &str, draft: Draft) -> Option<Self> {
        let address = match draft {
            Draft::Draft4 => "http://json-schema.org/draft-04/schema#",
            Draft::Draft6 => "http://json-schema.org/draft-06/schema#",
            Draft::Draft7 => "http://json-schema.org/draft-07/schema#",
            Draft::Draft201909 => "https://json-schema.org/draft/2019-09/schema",
            _ => "https://json-schema.org/draft/2020-12/schema",
        };
        let options = jsonschema::options().with_draft(draft).should_validate_formats(true);
        if !options.is_known_format(draft, name) {
            return None;
        }
        let judged = options.build(&json!({ "$schema": address, "format": name })).ok()?;
        match name {
            // No date, time or UUID is empty: what accepts that is not asserted.
            "date-time" | "date" | "uuid" if judged.is_valid(&json!("")) => None,
            "date-time" => Some(Self::DateTime),
            "date" => Some(Self::Date),
            "uuid" => Some(Self::Uuid),
            _ => Some(Self::Judged(Arc::new(judged))),
        }
    }

    fn accepts(&self, characters: &[u8]) -> Answer {
        let yes = |accepted| if accepted { Answer::Yes } else { Answer::No };
        match self {
            // A leap second may be right or wrong, which the judge knows.
            Self::DateTime if calendar::timestamp(characters).is_none() && leaps(characters) => Answer::Unsure,
            Self::DateTime => yes(calendar::timestamp(characters).is_some()),
            Self::Date => yes(calendar::date(characters).is_some()),
            Self::Uuid => yes(is_uuid(characters)),
            Self::Judged(judge) => match std::str::from_utf8(characters) {
                Ok(text) => yes(judge.is_valid(&Value::from(text))),
                Err(_) => Answer::Unsure,
            },
        }
    }
}

fn leaps(characters: &[u8]) -> bool {
    characters.windows(3).any(|piece| piece == b":60")
}

/// 36 hexadecimal digits and dashes (RFC 9562).
fn is_uuid(characters: &[u8]) -> bool {
    characters.len() == 36
        && characters.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
