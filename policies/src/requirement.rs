//! What a rule may require, by what it is about: small vocabularies, each word with how it is read and judged. Knows no
//! rule's name or action.

pub(crate) mod topic;
pub(crate) mod contract;
pub(crate) mod schema;
pub(crate) mod event;

use forebay_schemas::document::{Kind, Node};
use forebay_schemas::problem::Problem;

/// What is wrong somewhere.
pub(crate) struct Fault {
    pub(crate) pointer: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

fn read_true(node: &Node, problems: &mut Vec<Problem>) -> Option<()> {
    let wanted = matches!(&node.kind, Kind::Scalar(scalar) if scalar.as_bool() == Some(true));
    if !wanted {
        problems.push(node.mismatch("true, or no such member"));
    }
    wanted.then_some(())
}

fn fault_unless(kept: bool, pointer: &str, expected: impl FnOnce() -> String, found: &str) -> Vec<Fault> {
    if kept {
        return Vec::new();
    }
    vec![Fault { pointer: pointer.to_owned(), expected: expected(), found: found.to_owned() }]
}

/// Complains about a `require` that requires nothing.
fn refuse_none(empty: bool, node: &Node, example: &str, problems: &mut Vec<Problem>) {
    if empty {
        problems.push(node.problem(format!("at least one requirement, as in {example}"), "none"));
    }
}
