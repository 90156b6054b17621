//! Which topics a rule is for, as patterns. Knows no rule.

/// Patterns of topics' names, in which `*` is any run of characters; none stands for every topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topics(pub(crate) Vec<String>);

impl Topics {
    /// Whether the rule is for this topic.
    pub fn include(&self, topic: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| matches(pattern, topic))
    }

    /// The patterns as they were written.
    pub fn patterns(&self) -> &[String] {
        &self.0
    }
}

/// Takes at most the pattern's length times the name's steps: of all stars only the last one is tried again.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < name.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, read));
            at += 1;
        } else if pattern.get(at) == Some(&name[read]) {
            at += 1;
            read += 1;
        } else if let Some((starred, from)) = star {
            star = Some((starred, from + 1));
            at = starred + 1;
            read = from + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run_of_characters() {
        let cases = [
            ("billing.*", "billing.invoice.v1", true),
            ("billing.*", "billing.", true),
            ("billing.*", "billing", false),
            ("*", "", true),
            ("*.v1", "a.v1.v1", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a", "ab", false),
            ("", "a", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        assert!(Topics::default().include("anything"));
        let stars = "*a".repeat(100);
        assert!(!matches(&stars, &"b".repeat(249)));
    }
}
