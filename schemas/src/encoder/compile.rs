//! From a contract to its encoder, or to everything that is wrong with it. Knows which file and line each mistake
//! belongs to.

use super::facts::{Facts, Role};
use super::personal::{refuse_all, treat_all};
use super::text::Tree;
use super::{Body, Encoder};
use crate::avro;
use crate::avro::program::{Program, Rule};
use crate::avro::tap::Lost;
use crate::contract::{Contract, Format, Framing, KeySource, Pointer, UnknownFields, ValueRule};
use crate::pass::Leaf;
use crate::pii::HashKey;
use crate::problem::Problem;
use crate::schema::{Mistake, Schema};
use crate::wire;

/// What a contract's programs are made of, beside the contract itself.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// The value's schema, for formats that have one.
    pub value: Option<Sourced>,
    /// The key's schema, where it has one.
    pub key: Option<Sourced>,
    /// The key of the hashes of personal values, where one is configured.
    pub hash_key: Option<HashKey>,
}

/// A schema, and its id if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced {
    /// The schema.
    pub schema: Schema,
    /// What a registry, or the contract, calls it.
    pub id: Option<u32>,
}

impl Material {
    /// Whether everything is here that the contract's programs need; a registry may have to say more first.
    pub fn suffices(&self, contract: &Contract) -> bool {
        let key = contract.key.as_ref().and_then(|key| key.value.as_deref());
        let known = |rule: &ValueRule, sourced: &Option<Sourced>| match (&rule.schema, sourced) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(schema), Some(sourced)) => {
                sourced.id.is_some() || (rule.framing == Framing::None && schema.subject.is_none())
            }
        };
        known(&contract.value, &self.value) && key.is_none_or(|key| known(key, &self.key))
    }
}

impl Encoder {
    /// Compiles a contract whose material [suffices](Material::suffices).
    pub fn compile(contract: &Contract, material: &Material) -> Result<Self, Vec<Problem>> {
        if material.suffices(contract) {
            return build(contract, material);
        }
        Err(vec![contract.problem("/value", "a schema with its id", "none yet")])
    }

    /// Everything that is wrong with a contract as far as its material goes.
    pub fn prove(contract: &Contract, material: &Material) -> Result<(), Vec<Problem>> {
        if contract.value.format.has_schema() && material.value.is_none() {
            return Ok(());
        }
        build(contract, material).map(drop)
    }
}

fn build(contract: &Contract, material: &Material) -> Result<Encoder, Vec<Problem>> {
    let mut problems = Vec::new();
    let pointers = pointers(contract);
    let sourced = material.value.as_ref();
    if contract.key.as_ref().is_some_and(|key| key.value.is_some()) {
        problems.push(problem(contract, "/key/format", "string, int, long or bytes", "a key with a schema"));
    }
    if matches!(contract.value.format, Format::Json | Format::String | Format::Bytes) {
        refuse_all(contract, &mut problems);
    }
    let body = match contract.value.format {
        Format::Avro => avro(contract, material, &pointers, &mut problems),
        Format::JsonSchema | Format::Protobuf => {
            problems.push(problem(contract, "/value/format", "another format", contract.value.format.name()));
            None
        }
        Format::Json => Some(Body::Json(json(&pointers))),
        Format::String => whole(contract, &pointers, &mut problems).then_some(Body::String),
        Format::Bytes => whole(contract, &pointers, &mut problems).then_some(Body::Bytes(contract.value.bytes)),
    };
    let id = sourced.and_then(|sourced| sourced.id).unwrap_or(0);
    match body {
        Some(body) if problems.is_empty() => {
            Ok(Encoder { prefix: wire::prefix(contract.value.framing, id), body, facts: Facts::new(contract) })
        }
        _ => Err(problems),
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
    material: &Material,
    pointers: &[(Role, &Pointer)],
    problems: &mut Vec<Problem>,
) -> Option<Body> {
    let Some(Sourced { schema, .. }) = &material.value else {
        problems.push(problem(contract, "/value/schema", "a schema's text", "none"));
        return None;
    };
    let rule = Rule {
        unions: contract.value.unions,
        bytes: contract.value.bytes,
        numeric_strings: contract.value.numeric_strings,
        drop_unknown: contract.value.unknown_fields == UnknownFields::Drop,
    };
    match avro::compile(schema, rule) {
        Ok(mut program) => {
            for (role, pointer) in pointers {
                if let Err(lost) = program.tap(&pointer.tokens, role.slot(), |leaf| role.fits(leaf)) {
                    problems.push(lost_pointer(contract, &program, (*role, pointer), lost));
                }
            }
            treat_all(contract, material, problems, |tokens, treatment| program.treat(tokens, treatment));
            problems.extend(narrow_limit(contract, &program));
            Some(Body::Avro(program))
        }
        Err(mistakes) => {
            problems.extend(mistakes.into_iter().map(|mistake| in_schema(contract, schema, mistake)));
            None
        }
    }
}

/// A mistake in a schema or in one of its references, as a problem of its file.
fn in_schema(contract: &Contract, schema: &Schema, mistake: Mistake) -> Problem {
    let Mistake { reference, path, line, expected, found } = mistake;
    let name = reference.as_ref().unwrap_or(&schema.name);
    let line = line.or_else(|| match &reference {
        None => schema.text().map(|text| avro::line_of(text, &path)),
        Some(_) => None,
    });
    Problem { file: beside(&contract.file, name), line: line.unwrap_or(0), path, expected, found }
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
