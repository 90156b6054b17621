//! A contract's personal fields, handed to whatever format's program treats them; and what is wrong with them.

use super::material::Material;
use crate::contract::{Contract, KeySource, Personal, Pointer};
use crate::json::pointer::push_member;
use crate::pii::{Action, HashKey, Treatment, Untreatable};
use crate::problem::Problem;

/// Has each personal field treated. `treat` is the program's.
pub(super) fn treat_all(
    contract: &Contract,
    material: &Material,
    problems: &mut Vec<Problem>,
    mut treat: impl FnMut(&[String], &Treatment) -> Result<(), Untreatable>,
) {
    for personal in &contract.pii {
        if let Some(problem) = exposed(contract, personal) {
            problems.push(problem);
        }
        let Some(treatment) = treatment(personal.action, material.hash_key.as_ref()) else {
            let expected = "a key of the hashes in the configuration, pii.hash_key_file";
            problems.push(problem(contract, personal, expected, "none"));
            continue;
        };
        if let Err(untreatable) = treat(&personal.pointer.tokens, &treatment) {
            problems.push(not_treated(contract, personal, untreatable));
        }
    }
}

/// Personal fields of a format whose events have no fields.
pub(super) fn refuse_all(contract: &Contract, problems: &mut Vec<Problem>) {
    for personal in &contract.pii {
        let expected = "a format whose events have fields";
        problems.push(problem(contract, personal, expected, contract.value.format.name()));
    }
}

fn treatment(action: Action, hash_key: Option<&HashKey>) -> Option<Treatment> {
    match action {
        Action::Drop => Some(Treatment::Drop),
        Action::Mask => Some(Treatment::Mask),
        Action::Hash => hash_key.cloned().map(Treatment::Hash),
    }
}

/// Key and id are written outside of the value, as they came, and what is bound names the caller.
fn exposed(contract: &Contract, personal: &Personal) -> Option<Problem> {
    let key = contract.key.as_ref().and_then(|key| match &key.source {
        KeySource::Event(pointer) => Some(("key", pointer)),
        KeySource::Header(_) => None,
    });
    let id = contract.id.as_ref().map(|pointer| ("id", pointer));
    if let Some(bind) = contract.bind.iter().find(|bind| overlap(&personal.pointer, &bind.pointer)) {
        let bound = &bind.pointer.text;
        let expected = format!("no personal field that is bound too ({bound}), which names the caller");
        return Some(problem(contract, personal, expected, &personal.pointer.text));
    }
    let (what, pointer) = key.into_iter().chain(id).find(|(_, pointer)| overlap(&personal.pointer, pointer))?;
    let expected = format!("no personal field that is the {what} too ({}), which is written as it comes", pointer.text);
    Some(problem(contract, personal, expected, &personal.pointer.text))
}

/// Whether one of the two leads to the other's value or into it; `*` is any element.
fn overlap(personal: &Pointer, other: &Pointer) -> bool {
    personal.tokens.iter().zip(&other.tokens).all(|(one, other)| one == other || one == "*")
}

fn not_treated(contract: &Contract, personal: &Personal, untreatable: Untreatable) -> Problem {
    let pointer = &personal.pointer.text;
    match untreatable {
        Untreatable::Nowhere => {
            let found = format!("`{pointer}`, which leads to none");
            problem(contract, personal, "a pointer to a field of the schema", found)
        }
        Untreatable::Unfit(there) => {
            let expected = match personal.action {
                Action::Drop => {
                    "a field that may be absent, since drop leaves it out (give it a default, or let it be null)"
                }
                Action::Mask => {
                    "a field that is a string of any form, since mask writes \"****\" (drop it, or change its type)"
                }
                Action::Hash => {
                    "a field that is a string of any form, since hash writes 64 hexadecimal digits (drop it, or change its type)"
                }
            };
            problem(contract, personal, expected, format!("`{pointer}`, which leads to {there}"))
        }
    }
}

fn problem(contract: &Contract, personal: &Personal, expected: impl Into<String>, found: impl Into<String>) -> Problem {
    let mut path = "/pii".to_owned();
    push_member(&mut path, &personal.pointer.text);
    contract.problem(&path, expected, found)
}
