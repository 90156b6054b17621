//! Bodies that were sent as something else than they are: lines as one document, or a document as lines. Says which media
//! type was meant, where a fault looks like that. Knows text, neither headers nor schemas.

/// What is said behind a fault in a document, if what went before it is whole and another value follows on a line of its
/// own.
pub(super) fn as_document(body: &[u8], offset: usize, expected: &str) -> &'static str {
    let Some((before, after)) = body.split_at_checked(offset) else { return "" };
    let space = before.iter().rev().take_while(|byte| byte.is_ascii_whitespace());
    let whole = expected == WHOLE && !after.is_empty() && space.into_iter().any(|byte| *byte == b'\n');
    if whole { " If each line is an event, send it as application/x-ndjson." } else { "" }
}

/// What is said behind a fault in a line, if it looks like the beginning of a document.
pub(super) fn as_line(line: &[u8]) -> &'static str {
    let line = line.trim_ascii();
    let begins = line == b"{" || line.starts_with(b"[");
    if begins { " If the body is one JSON document and not a line an event, send it as application/json." } else { "" }
}

/// What the reader expects behind a whole value.
const WHOLE: &str = "the end of the text";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_line_looks_like_lines() {
        for (body, offset, expected) in [
            ("{}\n{}", 3, true),
            ("{} \r\n {}", 6, true),
            ("{} {}", 3, false),
            ("{}{}", 2, false),
            ("{}\n", 3, false),
            ("{}", 9, false),
        ] {
            assert_eq!(!as_document(body.as_bytes(), offset, WHOLE).is_empty(), expected, "{body:?}");
        }
        assert_eq!(as_document(b"{\n}}", 2, "a member's name or `}`"), "");
    }

    #[test]
    fn only_a_beginning_looks_like_a_document() {
        for (line, expected) in
            [("{", true), (" {\r", true), ("[", true), ("[{},", true), ("{\"a\":1", false), ("}", false)]
        {
            assert_eq!(!as_line(line.as_bytes()).is_empty(), expected, "{line:?}");
        }
    }
}
