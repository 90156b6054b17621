//! From a contract and its material to its encoder, or to everything that is wrong with it.

use super::facts::{Aim, Facts, Role};
use super::material::Material;
use super::part::Part;
use super::picks::Picks;
use super::{Body, Encoder};
use crate::contract::{Contract, KeySource, ValueRule};
use crate::decoder::Decoder;
use crate::pass::FACTS;
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
        aims: aims(contract, material),
        personal: Some(material),
    };
    // Without a slot for each nothing can be picked.
    let mut picks = Picks::new(contract, &material.named).map_err(|problem| vec![problem])?;
    match value.body(&mut picks, &mut problems) {
        Some(body) if problems.is_empty() => {
            if picks.slots().next().is_some() && matches!(body, Body::Avro(_) | Body::Protobuf(_)) {
                let plain = Part { personal: None, aims: aims(contract, material), ..value };
                let plain = plain.body(&mut Picks::default(), &mut problems).ok_or(problems)?;
                picks.set_binary(plain, Decoder::of_payloads(contract, material));
            }
            Ok(Encoder { prefix: value.prefix(&body), body, facts: Facts::new(contract, key), picks })
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
    let key = Part { contract, rule, sourced, path: "/key", aims: Vec::new(), personal: None };
    let body = key.body(&mut Picks::default(), problems)?;
    let (facts, picks) = (Facts::default(), Picks::default());
    Some(Box::new(Encoder { prefix: key.prefix(&body), body, facts, picks }))
}

/// The contract's pointers by what they are for, and those that its material names.
fn aims<'c>(contract: &'c Contract, material: &'c Material) -> Vec<Aim<'c>> {
    let key = contract.key.as_ref().and_then(|key| match &key.source {
        KeySource::Event(pointer) => Some((Role::Key(key.format), pointer)),
        KeySource::Header(_) => None,
    });
    let id = contract.id.as_ref().map(|pointer| (Role::Id, pointer));
    let time = contract.time.as_ref().map(|pointer| (Role::Time, pointer));
    let facts = key.into_iter().chain(id).chain(time);
    let facts = facts.map(|(role, pointer)| Aim { role, slot: role.slot(), pointer });
    let binds = contract.bind.iter().map(|bind| (Role::Bind, &bind.pointer));
    let named = material.named.iter().map(|pointer| (Role::Named, pointer));
    let picks = binds.chain(named).enumerate();
    facts.chain(picks.map(|(pick, (role, pointer))| Aim { role, slot: FACTS + pick, pointer })).collect()
}
