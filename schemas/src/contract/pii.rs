//! The `pii` section: which values are personal, and what becomes of them. Whether the schema accepts the result is
//! asked when the contract is compiled.

use super::{Personal, Pointer};
use crate::document::Node;
use crate::pii::Action;
use crate::problem::Problem;

/// `{ /customer/email: hash, /customer/name: drop }`.
pub(super) fn read_pii(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<Personal>> {
    let actions = Action::ALL.map(|action| (action.name(), action));
    let read = node.map(problems, |path, action, problems| {
        let pointer = Pointer::parse(path).map_err(|expected| problems.push(action.problem(expected, path)));
        let action = action.one_of(&actions, problems)?;
        Some(Personal { pointer: pointer.ok()?, action })
    })?;
    let personal: Vec<Personal> = read.into_iter().map(|(_, one)| one).collect();
    for one in &personal {
        let around = personal.iter().find(|other| one.pointer.lies_within(&other.pointer) && *one != **other);
        if let Some(around) = around {
            let expected = format!("a path that is not inside {}, which is treated as a whole", around.pointer.text);
            problems.push(node.problem(expected, &one.pointer.text));
        }
        if one.pointer.tokens.is_empty() {
            problems.push(node.problem("a path to a member of the event", "the whole event"));
        }
    }
    Some(personal)
}
