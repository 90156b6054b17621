//! The words of a contract's `producers`: whom each entry lets in. Knows principals' names and groups, no topic.

use crate::event::Principal;
use crate::glob;

/// What an entry for a group begins with.
const GROUP: &str = "group:";
/// What a SPIFFE id begins with; the trust domain follows, up to the next slash (SPIFFE-ID, section 2).
const SPIFFE: &str = "spiffe://";

/// Whether one of the entries is for this caller. Reads them as they were written: nothing is allocated, and comparing a
/// few texts once a batch is cheaper than anything that would have to be kept beside them.
pub(super) fn include(entries: &[String], who: &Principal) -> bool {
    entries.iter().any(|entry| is_for(entry, who))
}

/// An entry `group:NAME` is for the groups of that name, one that begins with `spiffe://` for the ids of its trust
/// domain, and any other for the names that it matches.
fn is_for(entry: &str, who: &Principal) -> bool {
    if let Some(group) = entry.strip_prefix(GROUP) {
        return who.groups().iter().any(|one| glob::matches(group, one));
    }
    match entry.strip_prefix(SPIFFE) {
        Some(pattern) => who.name().strip_prefix(SPIFFE).is_some_and(|id| is_in(pattern, id)),
        None => glob::matches(entry, who.name()),
    }
}

/// The trust domain says who has vouched for the id, so that no pattern reaches over its end: it is compared letter by
/// letter, and a star in it is a character that no trust domain has.
fn is_in(pattern: &str, id: &str) -> bool {
    let (domain, path) = split(pattern);
    let (its_domain, its_path) = split(id);
    domain == its_domain && !domain.contains('*') && glob::matches(path, its_path)
}

/// A trust domain, and the path from its slash on.
fn split(id: &str) -> (&str, &str) {
    id.split_at(id.find('/').unwrap_or(id.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn principal(name: &str, groups: &[&str]) -> Principal {
        Principal::new(name.into()).in_groups(groups.iter().map(|group| Arc::from(*group)).collect())
    }

    #[test]
    fn entries_let_in_whom_they_name() {
        let sa = "spiffe://corp.example/ns/billing/sa/x";
        for (entry, name, groups, expected) in [
            ("svc-billing", "svc-billing", &[][..], true),
            ("svc-billing", "svc-billing-2", &[], false),
            ("svc-*", "svc-billing", &[], true),
            ("svc-*", "other", &["svc-billing"], false),
            ("group:billing", "anyone", &["search", "billing"], true),
            ("group:billing", "billing", &[], false),
            ("group:billing", "group:billing", &[], false),
            ("group:team-*", "anyone", &["team-billing"], true),
            ("group:team-*", "team-billing", &["other"], false),
            ("group:", "anyone", &["billing"], false),
            ("*", "anyone", &[], true),
            (sa, sa, &[], true),
            ("spiffe://corp.example/ns/billing/*", sa, &[], true),
            ("spiffe://corp.example/ns/*/sa/x", sa, &[], true),
            ("spiffe://corp.example/*", sa, &[], true),
            ("spiffe://corp.example/ns/other/*", sa, &[], false),
            ("spiffe://corp.example/*", "spiffe://corp.example.evil/ns/billing", &[], false),
            ("spiffe://corp.example/*", "corp.example/ns/billing", &[], false),
            ("spiffe://*/ns/billing/*", sa, &[], false),
            ("spiffe://corp*", sa, &[], false),
            ("spiffe://*", sa, &[], false),
            ("spiffe://*", "spiffe://*", &[], false),
            ("spiffe://corp.example", "spiffe://corp.example", &[], true),
        ] {
            let who = principal(name, groups);
            assert_eq!(include(&[entry.to_owned()], &who), expected, "{entry} for {name} in {groups:?}");
        }
        assert!(!include(&[], &principal("anyone", &[])));
        assert!(include(&["a".to_owned(), "b".to_owned()], &principal("b", &[])));
    }
}
