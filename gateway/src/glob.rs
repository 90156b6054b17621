//! Patterns in which `*` stands for any run of characters, the empty one too. Knows text, nothing of what it names.

/// Whether all of a text is as the pattern says. Takes time in proportion to both lengths' product at most, and no
/// memory.
pub fn matches(pattern: &str, text: &str) -> bool {
    fits(pattern.split('*'), text)
}

/// Whether all of a text is these pieces with anything between them; of one piece, whether it is the text.
pub fn fits<'p>(mut pieces: impl DoubleEndedIterator<Item = &'p str>, text: &str) -> bool {
    let first = pieces.next().unwrap_or_default();
    let Some(last) = pieces.next_back() else { return first == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    for piece in pieces {
        match left.find(piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::matches;

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, text, expected) in [
            ("svc-billing", "svc-billing", true),
            ("svc-billing", "svc-billing2", false),
            ("svc-*", "svc-", true),
            ("svc-*", "other-svc-", false),
            ("*-billing-*", "a-billing-b", true),
            ("*-billing-*", "billing", false),
            ("a*a", "a", false),
            ("a**a", "aa", true),
            ("*", "anything", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    /// The same question, answered the slow way.
    fn slowly(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|at| slowly(rest, &text[at..])),
            ([one, rest @ ..], [other, left @ ..]) => one == other && slowly(rest, left),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_answers_as_the_definition_does(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(matches(&pattern, &text), slowly(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
