//! JSON Pointers (RFC 6901) to places in an event, for people to read: made only when something is wrong.

use std::fmt::Write as _;

/// Characters of one member's name that a pointer repeats.
const MAX_NAME: usize = 128;

/// Adds a member's name to a pointer, escaped; a long one is cut and ends in `…`.
pub(crate) fn push_member(pointer: &mut String, name: &str) {
    pointer.push('/');
    for (count, character) in name.chars().enumerate() {
        if count == MAX_NAME {
            pointer.push('…');
            return;
        }
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// Adds a token to a pointer, escaped and never cut: for pointers that are followed.
pub(crate) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
}

/// Adds an element's index to a pointer.
pub(crate) fn push_index(pointer: &mut String, index: usize) {
    write!(pointer, "/{index}").expect("a String takes everything that is written to it");
}
