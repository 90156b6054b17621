//! Names that others rule over: Kafka's topics, HTTP's header fields, files. Knows their syntax only.

/// Kafka's limit on a topic's name, in characters.
const MAX_TOPIC: usize = 249;

/// Whether Kafka takes this name and it is not one that Kafka or its tools keep for themselves; the error is
/// what would have been right.
pub fn check_topic_name(name: &str) -> Result<(), &'static str> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > MAX_TOPIC {
        return Err("a topic's name of 1 to 249 characters");
    }
    if !name.bytes().all(allowed) {
        return Err("a topic's name of letters, digits, dots, underscores and dashes (ASCII)");
    }
    if name == "." || name == ".." {
        return Err("a topic's name that is not just dots");
    }
    if name.starts_with("__") || name == "_schemas" {
        return Err("another name (those that begin with __, and _schemas, are kept for Kafka and its registry)");
    }
    Ok(())
}

/// Whether this is a header field's name (a token of RFC 9110, section 5.6.2); the error is what would have been right.
pub fn check_header_name(name: &str) -> Result<(), &'static str> {
    let tchar = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(tchar) {
        return Err("a header's name, such as Forebay-Key");
    }
    Ok(())
}

/// Whether this is the name of a header field whose value may be looked at and kept; the error is what would have been
/// right. Those in which callers and proxies show their credentials may not (RFC 9110, sections 11.6.2 and 11.7.2; RFC 6265,
/// section 5.4).
pub fn check_open_header_name(name: &str) -> Result<(), &'static str> {
    check_header_name(name)?;
    if ["authorization", "proxy-authorization", "cookie"].iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
        return Err(
            "another header (Authorization, Proxy-Authorization and Cookie hold callers' credentials, which no \
            record and no rule may see)",
        );
    }
    Ok(())
}

/// Whether this names a file of the same folder.
pub(super) fn check_file_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\\', '\0']) {
        return Err("the name of a file beside the contract, without a path");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafkas_names() {
        for name in ["a", "billing.invoice.issued.v1", "_private", "UP-per_1", "123", "...", &"x".repeat(249)] {
            assert_eq!(check_topic_name(name), Ok(()), "{name}");
        }
        let bad = ["", ".", "..", "a b", "a/b", "ä", "__consumer_offsets", "_schemas", "a\n", "a:b", &"x".repeat(250)];
        for name in bad {
            assert!(check_topic_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn https_names() {
        for name in ["Forebay-Key", "x", "X_1!"] {
            assert_eq!(check_header_name(name), Ok(()), "{name}");
        }
        for name in ["", "a b", "a:b", "ä", "a\n", "(x)"] {
            assert!(check_header_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn credentials_are_nobodys_business() {
        for name in ["Authorization", "authorization", "PROXY-Authorization", "cookie", "a b"] {
            assert!(check_open_header_name(name).is_err(), "{name}");
        }
        for name in ["Forebay-Key", "x-authorization-id", "cookies"] {
            assert_eq!(check_open_header_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn files_stay_beside_the_contract() {
        assert_eq!(check_file_name("invoice-issued.avsc"), Ok(()));
        for name in ["", ".", "..", "../x.avsc", "/etc/x", "a/b", "a\\b"] {
            assert!(check_file_name(name).is_err(), "{name}");
        }
    }
}
