//! From a contract to its encoder, or to everything that is wrong with it. Knows which file and line each mistake
//! belongs to.

use super::facts::{Facts, Role};
use super::text::Tree;
use super::{Body, Encoder};
use crate::avro;
use crate::avro::program::{Program, Rule};
use crate::avro::tap::Lost;
use crate::contract::{Contract, Format, KeySource, Pointer, UnknownFields};
use crate::pass::Leaf;
use crate::problem::Problem;
use crate::wire;

impl Encoder {
    /// Compiles a contract. `schema` is the text of the file that `contract.value.format` names.
    pub fn compile(contract: &Contract, schema: Option<&str>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let pointers = pointers(contract);
        let body = match &contract.value.format {
            Format::Avro { schema: file } => avro(contract, file, schema, &pointers, &mut problems),
            Format::Json => Some(Body::Json(json(&pointers))),
            Format::String => whole(contract, &pointers, &mut problems).then_some(Body::String),
            Format::Bytes => whole(contract, &pointers, &mut problems).then_some(Body::Bytes(contract.value.bytes)),
        };
        match body {
            Some(body) if problems.is_empty() => {
                Ok(Self { prefix: wire::prefix(contract.value.framing), body, facts: Facts::new(contract) })
            }
            _ => Err(problems),
        }
    }
}

/// The contract's pointers by what they are for.
fn pointers(contract: &Contract) -> Vec<(Role, &Pointer)> {
    let key = contract.key.as_ref().and_then(|key| match &key.source {
        KeySource::Event(pointer) => Some((Role::Key(key.format), pointer)),
        KeySource::Header(_) => None,
    });
    let id = contract.id.as_ref().map(|pointer| (Role::Id, pointer));
    let time = contract.time.as_ref().map(|pointer| (Role::Time, pointer));
    key.into_iter().chain(id).chain(time).collect()
}

fn avro(
    contract: &Contract,
    file: &str,
    schema: Option<&str>,
    pointers: &[(Role, &Pointer)],
    problems: &mut Vec<Problem>,
) -> Option<Body> {
    if contract.value.unknown_fields == UnknownFields::Keep {
        problems.push(problem(
            contract,
            "/unknown_fields",
            "refuse or drop, since Avro has no room for others",
            "keep",
        ));
    }
    let Some(text) = schema else {
        problems.push(problem(contract, "/value/schema", "a schema's text", "none"));
        return None;
    };
    let rule = Rule {
        unions: contract.value.unions,
        bytes: contract.value.bytes,
        numeric_strings: contract.value.numeric_strings,
        drop_unknown: contract.value.unknown_fields == UnknownFields::Drop,
    };
    match avro::compile(text, rule) {
        Ok(mut program) => {
            for (role, pointer) in pointers {
                if let Err(lost) = program.tap(&pointer.tokens, role.slot(), |leaf| role.fits(leaf)) {
                    problems.push(lost_pointer(contract, &program, (*role, pointer), lost));
                }
            }
            problems.extend(narrow_limit(contract, &program));
            Some(Body::Avro(program))
        }
        Err(mistakes) => {
            let file = beside(&contract.file, file);
            problems.extend(mistakes.into_iter().map(|mistake| Problem {
                file: file.clone(),
                line: mistake.line.unwrap_or_else(|| avro::line_of(text, &mistake.path)),
                path: mistake.path,
                expected: mistake.expected,
                found: mistake.found,
            }));
            None
        }
    }
}

/// A limit that would refuse every event.
fn narrow_limit(contract: &Contract, program: &Program) -> Option<Problem> {
    let (limit, least) = (contract.bytes_per_event?, program.shortest_text());
    let narrow = usize::try_from(limit).is_ok_and(|limit| limit < least);
    let expected = || format!("a limit that can hold one event: at least {least} bytes");
    narrow.then(|| problem(contract, "/limits/bytes_per_event", expected(), limit.to_string()))
}

fn lost_pointer(contract: &Contract, program: &Program, (role, pointer): (Role, &Pointer), lost: Lost) -> Problem {
    let (expected, found) = match lost {
        Lost::Nowhere => ("a pointer to a field of the schema", format!("`{}`, which leads to none", pointer.text)),
        Lost::Unfit(node) => (role.fields(), format!("`{}`, which leads to {}", pointer.text, program.expected(node))),
    };
    problem(contract, role.path(), expected, found)
}

fn json(pointers: &[(Role, &Pointer)]) -> Tree {
    let mut tree = Tree::default();
    for (role, pointer) in pointers {
        tree.insert(&pointer.tokens, role.slot());
    }
    tree
}

/// An event that is one string has no members for a pointer to lead to.
fn whole(contract: &Contract, pointers: &[(Role, &Pointer)], problems: &mut Vec<Problem>) -> bool {
    for (role, pointer) in pointers {
        if !pointer.tokens.is_empty() {
            let found = format!("`{}`", pointer.text);
            problems.push(problem(contract, role.path(), "the empty pointer, since the event is one string", found));
        } else if !role.fits(Leaf::Text) {
            problems.push(problem(contract, role.path(), role.fields(), "an event that is one string"));
        }
    }
    problems.is_empty()
}

fn problem(contract: &Contract, path: &str, expected: impl Into<String>, found: impl Into<String>) -> Problem {
    let line = contract.lines.get(path).copied().unwrap_or(0);
    Problem { file: contract.file.clone(), line, path: path.to_owned(), expected: expected.into(), found: found.into() }
}

/// The name of a file in the same folder as another.
fn beside(file: &str, name: &str) -> String {
    match file.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.to_owned(),
    }
}
