//! The name that was probably meant. Knows how people mistype.

/// Longer texts are no names that someone mistyped, and comparing them would take long.
const MAX_COMPARED: usize = 64;

/// The known name closest to `found`, if one is close enough to be meant.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if found.len() > MAX_COMPARED {
        return None;
    }
    let lower = found.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| {
            let shorter = name.len().min(lower.len());
            *distance <= 1 + shorter / 4 && *distance < shorter
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `one of a, b, c`, with the one that was probably meant.
pub(super) fn expected_one_of(found: &str, known: &[&str]) -> String {
    let list = match known {
        [] => return "no member".to_owned(),
        [only] => (*only).to_owned(),
        several => format!("one of {}", several.join(", ")),
    };
    match nearest(found, known.iter().copied()) {
        Some(meant) if known.len() > 1 => format!("{list} (did you mean {meant}?)"),
        _ => list,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["labels", "limits", "owner", "id"];
        assert_eq!(nearest("lables", known), Some("labels"));
        assert_eq!(nearest("Owner", known), Some("owner"));
        assert_eq!(nearest("ids", known), Some("id"));
        assert_eq!(nearest("retention", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("b", ["a"]), None);
        assert_eq!(nearest(&"labels".repeat(1000), known), None);
    }
}
