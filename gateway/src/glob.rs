//! Whether a name matches a pattern in which `*` stands for any run of characters. Knows nothing of what is named.

/// Whether a name matches a pattern in which `*` stands for any run of characters.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
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
    use super::matches;

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, name, expected) in [
            ("shop.order.placed.v1", "shop.order.placed.v1", true),
            ("shop.order.placed.v1", "shop.order.placed.v10", false),
            ("shop.*", "shop.", true),
            ("shop.*", "workshop.a", false),
            ("*.v1", "shop.order.v1", true),
            ("shop.*.v1", "shop.v1", false),
            ("a*a", "a", false),
            ("*", "anything", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
