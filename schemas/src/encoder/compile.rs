//! From a contract and its material to its encoder, or to everything that is wrong with it.

use super::Encoder;
use super::facts::{Facts, Role};
use super::material::Material;
use super::part::Part;
use crate::contract::{Contract, KeySource, Pointer, ValueRule};
use crate::problem::Problem;

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
    let key = contract.key.as_ref().and_then(|key| key.value.as_deref());
    let key = key.and_then(|rule| build_key(contract, rule, material, &mut problems));
    let value = Part {
        contract,
        rule: &contract.value,
        sourced: material.value.as_ref(),
        path: "/value",
        pointers: pointers(contract),
        personal: Some(material),
    };
    match value.body(&mut problems) {
        Some(body) if problems.is_empty() => {
            Ok(Encoder { prefix: value.prefix(&body), body, facts: Facts::new(contract, key) })
        }
        _ => Err(problems),
    }
}

/// What writes a key that has a schema of its own. None if that isn't known yet, or is wrong.
fn build_key(
    contract: &Contract,
    rule: &ValueRule,
    material: &Material,
    problems: &mut Vec<Problem>,
) -> Option<Box<Encoder>> {
    let sourced = Some(material.key.as_ref()?);
    let key = Part { contract, rule, sourced, path: "/key", pointers: Vec::new(), personal: None };
    let body = key.body(problems)?;
    Some(Box::new(Encoder { prefix: key.prefix(&body), body, facts: Facts::default() }))
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
