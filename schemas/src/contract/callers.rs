//! Who may write, and which fields say who does: `producers` and `bind`. Knows how both are spelled; who calls, and what
//! the schema has where a bound field should be, is others' business.

use super::{Bind, Pointer};
use crate::document::{Kind, Node};
use crate::problem::Problem;

/// What stands for the caller's name in a pattern.
const CALLER: &str = "{principal}";
/// The word that is that pattern.
const WORD: &str = "principal";
/// What begins a producer that is a group.
const GROUP: &str = "group:";

/// `[svc-billing, "group:billing-*"]`.
pub(super) fn read_producers(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<String>> {
    if matches!(node.kind, Kind::Scalar(_)) {
        problems.push(node.mismatch("a list, as in [svc-billing]"));
        return None;
    }
    let producers = node.list(problems, read_producer)?;
    if producers.is_empty() {
        problems
            .push(node.problem("at least one producer (without the member everyone who is proven may write)", "none"));
        return None;
    }
    Some(producers)
}

fn read_producer(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let producer = node.text(problems)?;
    let expected = if producer.strip_prefix(GROUP).is_some_and(|group| group.trim().is_empty()) {
        "a group's name behind group:, as in group:billing"
    } else if producer.contains(['{', '}']) {
        "a name without { and }, which are kept for later (* matches any run of characters)"
    } else {
        return Some(producer);
    };
    problems.push(node.mismatch(expected));
    None
}

/// `{ /source/service: principal, /tenant: "{principal}/*" }`.
pub(super) fn read_bind(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<Bind>> {
    let read = node.map(problems, |path, pattern, problems| {
        let pointer = Pointer::parse(path).map_err(|expected| problems.push(pattern.problem(expected, path)));
        let text = pattern.text(problems)?;
        if text.replace(CALLER, "").contains(['{', '}']) {
            let expected =
                "a pattern in which * is any run of characters and {principal} the caller's name, as in {principal}/*";
            problems.push(pattern.mismatch(expected));
            return None;
        }
        let pattern = if text == WORD { CALLER.to_owned() } else { text };
        Some(Bind { pointer: pointer.ok()?, pattern })
    })?;
    Some(read.into_iter().map(|(_, bind)| bind).collect())
}
