//! What stands between a .proto file's text and protox: how deep its brackets nest, since protox recurses by them
//! without a bound of its own, and that a text on which protox panics is a text like any other. Knows comments,
//! strings and brackets; what they mean is the parser's business.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::schema::Mistake;

/// Brackets inside one another, at most: messages in messages, options in options. Those of real files nest less
/// than ten deep, and the parser takes a few KiB of stack for each.
const MAX_NESTING: usize = 32;

/// Refuses a text whose nesting the parser is not to follow.
pub(super) fn check_nesting(text: &str) -> Result<(), Mistake> {
    let bytes = text.as_bytes();
    let mistake = |at: usize, expected: &str, found: &str| {
        let line = bytes[..at].split(|byte| *byte == b'\n').count();
        Mistake { line: Some(line), ..Mistake::new("", expected, found) }
    };
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => at = string(bytes, at).ok_or_else(|| mistake(at, "a string that ends", "an open one"))?,
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = line_end(bytes, at),
            b'#' => at = line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let expected = "a comment that ends, with none inside";
                at = comment(bytes, at).ok_or_else(|| mistake(at, expected, "an open one"))?;
            }
            b'{' | b'[' | b'<' => {
                depth += 1;
                if depth > MAX_NESTING {
                    let expected = format!("at most {MAX_NESTING} brackets inside one another");
                    return Err(mistake(at, &expected, "more"));
                }
            }
            b'}' | b']' | b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// What protox makes of a text; none if it panics, as it does where it is built with assertions on the number `08`.
pub(super) fn guarded<T>(parse: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(parse)).ok()
}

/// The last byte of the line.
fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

/// The closing quote of the string that opens here.
fn string(bytes: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        match *bytes.get(at)? {
            b'\n' => return None,
            b'\\' if bytes.get(at + 1) != Some(&b'\n') => at += 2,
            byte if byte == bytes[open] => return Some(at),
            _ => at += 1,
        }
    }
}

/// The last byte of the comment that opens here.
fn comment(bytes: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 2;
    loop {
        match bytes.get(at..at + 2)? {
            b"*/" => return Some(at + 1),
            b"/*" => return None,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Option<usize> {
        check_nesting(text).err().and_then(|mistake| mistake.line)
    }

    #[test]
    fn brackets_nest_to_a_bound() {
        let nested = |depth: usize| format!("\n{}{}", "message A {".repeat(depth), "}".repeat(depth));
        assert_eq!(line(&nested(MAX_NESTING)), None);
        assert_eq!(line(&nested(MAX_NESTING + 1)), Some(2));
        assert_eq!(line(&"{}".repeat(100)), None);
    }

    #[test]
    fn brackets_in_comments_and_strings_are_none() {
        let many = "{".repeat(MAX_NESTING + 1);
        for hidden in
            [format!("// {many}\n"), format!("/* \n{many} */"), format!("\"\\\"{many}\""), format!("'{many}'")]
        {
            assert_eq!(line(&hidden), None, "{hidden}");
            assert!(line(&format!("{hidden}\n{many}")).is_some(), "{hidden}");
        }
        assert_eq!(line(&format!("# ' {many}\n")), None);
    }

    #[test]
    fn what_the_parser_might_read_otherwise_is_refused() {
        assert_eq!(line("\n\n\"open\n\""), Some(3));
        assert_eq!(line("\n/* open"), Some(2));
        assert_eq!(line("/* /* */ */"), Some(1));
    }
}
