//! JSON Pointers (RFC 6901), parsed. Knows their syntax, no event.

use super::Pointer;

impl Pointer {
    /// Parses a pointer; the error is what would have been right.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let tokens = match text.strip_prefix('/') {
            None if text.is_empty() => Vec::new(),
            None => return Err("a JSON Pointer, which begins with a slash, as in /customer/id"),
            Some(rest) => rest.split('/').map(unescape).collect::<Option<_>>().ok_or(ESCAPES)?,
        };
        Ok(Self { text: text.to_owned(), tokens })
    }

    /// Whether this leads to the same value as another pointer, or into it. A token `*` of the other one stands for any.
    pub fn lies_within(&self, other: &Self) -> bool {
        let same = |(own, other): (&String, &String)| own == other || other == "*" || own == "*";
        self.tokens.len() >= other.tokens.len() && self.tokens.iter().zip(&other.tokens).all(same)
    }
}

const ESCAPES: &str = "a JSON Pointer, in which ~ is written ~0 and a slash within a name ~1";

fn unescape(token: &str) -> Option<String> {
    let mut parts = token.split('~');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        name.push(match part.as_bytes().first()? {
            b'0' => '~',
            b'1' => '/',
            _ => return None,
        });
        name.push_str(&part[1..]);
    }
    Some(name)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn pointers_follow_the_rfc() {
        let cases: [(&str, &[&str]); 7] = [
            ("", &[]),
            ("/", &[""]),
            ("/foo/0", &["foo", "0"]),
            ("/a~1b", &["a/b"]),
            ("/m~0n", &["m~n"]),
            ("/~01", &["~1"]),
            ("/a//b", &["a", "", "b"]),
        ];
        for (text, tokens) in cases {
            assert_eq!(Pointer::parse(text).unwrap().tokens, tokens, "{text}");
        }
        for text in ["foo", "#/foo", " /foo", "/~", "/a~2", "/~~0"] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
    }
}
