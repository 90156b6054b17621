//! What a scalar's text can be read as: YAML 1.2's core schema, sizes and durations. Knows no place in a file.

use std::time::Duration;

use bytesize::ByteSize;

/// How much of a scalar a problem shows, in characters.
const SHOWN: usize = 60;

/// Text as it was written, before anyone takes it for a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text, quotes and escapes resolved.
    pub text: String,
    /// Whether it stood there without quotes, so that the core schema may see a number or a boolean in it.
    pub plain: bool,
}

impl Scalar {
    /// The boolean that this is.
    pub fn as_bool(&self) -> Option<bool> {
        match self.text.as_str() {
            "true" | "True" | "TRUE" if self.plain => Some(true),
            "false" | "False" | "FALSE" if self.plain => Some(false),
            _ => None,
        }
    }

    /// The integer that this is: decimal, `0x…` or `0o…`.
    pub fn as_integer(&self) -> Option<i128> {
        if !self.plain {
            return None;
        }
        let unsigned = |digits: &str, radix| {
            let first = digits.chars().next()?;
            first.is_digit(radix).then(|| i128::from_str_radix(digits, radix).ok())?
        };
        match self.text.as_bytes() {
            [b'0', b'x', ..] => unsigned(&self.text[2..], 16),
            [b'0', b'o', ..] => unsigned(&self.text[2..], 8),
            [b'-', ..] => unsigned(&self.text[1..], 10).map(|value| -value),
            [b'+', ..] => unsigned(&self.text[1..], 10),
            _ => unsigned(&self.text, 10),
        }
    }

    /// The finite number that this is.
    pub fn as_number(&self) -> Option<f64> {
        let digits = self.text.strip_prefix(['-', '+']).unwrap_or(&self.text);
        let numeric = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        if !self.plain || !numeric {
            return None;
        }
        self.text.parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// The bytes of a size such as `64KiB`; a bare number counts bytes.
    pub fn as_size(&self) -> Option<u64> {
        let size = self.text.parse::<ByteSize>().ok()?.as_u64();
        (size < u64::MAX).then_some(size)
    }

    /// The time of a duration such as `250ms` or `7d`.
    pub fn as_duration(&self) -> Option<Duration> {
        humantime::parse_duration(&self.text).ok()
    }

    pub(super) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    pub(super) fn describe(&self) -> String {
        let shown = abridge(&self.text);
        if self.plain || self.text.is_empty() { shown } else { format!("\"{shown}\"") }
    }
}

/// A text for a problem: one line, no control characters, not long, and `""` where there is none.
pub(super) fn abridge(text: &str) -> String {
    if text.is_empty() {
        return "\"\"".to_owned();
    }
    let mut shown: String = text.chars().take(SHOWN).flat_map(visible).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

fn visible(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let kept = (!c.is_control()).then_some(c);
    escaped.into_iter().flatten().chain(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        Scalar { text: text.to_owned(), plain: true }
    }

    #[test]
    fn the_core_schema_decides_what_plain_text_is() {
        let cases = [("12", 12), ("-7", -7), ("+7", 7), ("0x1F", 31), ("0o17", 15), ("012", 12)];
        for (text, value) in cases {
            assert_eq!(plain(text).as_integer(), Some(value), "{text}");
        }
        for text in [
            "",
            "-",
            "+",
            "--1",
            "+-1",
            "1_000",
            "0x",
            "0x-1",
            "0b1",
            "1.0",
            "1e3",
            "ten",
            "½",
            "0xfffffffffffffffffffffffffffffffff",
        ] {
            assert_eq!(plain(text).as_integer(), None, "{text}");
        }
        assert_eq!(plain("1e3").as_number(), Some(1000.0));
        assert_eq!(plain(".5").as_number(), Some(0.5));
        for text in ["inf", "nan", ".inf", "-.inf", "1e999", "infinity", "e3", "."] {
            assert_eq!(plain(text).as_number(), None, "{text}");
        }
        assert_eq!(plain("TRUE").as_bool(), Some(true));
        for text in ["yes", "on", "no", "off", "y", "tRUE"] {
            assert_eq!(plain(text).as_bool(), None, "{text}");
        }
    }

    #[test]
    fn quotes_make_text() {
        let quoted = |text: &str| Scalar { text: text.to_owned(), plain: false };
        assert_eq!(quoted("12").as_integer(), None);
        assert_eq!(quoted("true").as_bool(), None);
        assert_eq!(quoted("1.5").as_number(), None);
        assert!(!quoted("").is_null());
        assert_eq!(quoted("64KiB").as_size(), Some(65536));
    }

    #[test]
    fn sizes_and_durations_carry_their_units() {
        assert_eq!(plain("64KiB").as_size(), Some(65536));
        assert_eq!(plain("1 MB").as_size(), Some(1_000_000));
        assert_eq!(plain("512").as_size(), Some(512));
        for text in ["", "-1KiB", "KiB", "1XB", "99999999999999999999EiB", "16EiB", "é", "1é"] {
            assert_eq!(plain(text).as_size(), None, "{text}");
        }
        assert_eq!(plain("250ms").as_duration(), Some(Duration::from_millis(250)));
        assert_eq!(plain("7d").as_duration(), Some(Duration::from_hours(168)));
        for text in ["", "7", "-7d", "7 dogs", "99999999999999999999d"] {
            assert_eq!(plain(text).as_duration(), None, "{text}");
        }
    }

    #[test]
    fn a_problem_shows_one_short_line() {
        assert_eq!(abridge("a\nb\u{7}"), "a\\nb\\u{7}");
        assert_eq!(abridge(&"x".repeat(100)), format!("{}…", "x".repeat(60)));
        assert_eq!(abridge(""), "\"\"");
        assert_eq!(Scalar { text: String::new(), plain: false }.describe(), "\"\"");
    }
}
