//! A catalogue's contracts, loaded and checked in one go, so that no mistake hides another. Knows what stands
//! between folders, contracts and schemas; the folders are read by whoever calls.

use std::collections::{BTreeMap, BTreeSet};

use super::read::{Draft, draft};
use super::{Contract, SchemaRule};
use crate::document::nearest;
use crate::encoder::{Encoder, Material, Sourced};
use crate::pii::HashKey;
use crate::problem::Problem;
use crate::schema::{Reference, Schema};

/// The file of a folder that holds the contract.
pub const FILE: &str = "contract.yaml";

/// One topic's folder, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The folder's own name, which is the topic's.
    pub name: String,
    /// Contents of the files in it, by their path from it; samples aside.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// What became of a catalogue.
#[derive(Debug)]
pub struct Loaded {
    /// The contracts without a mistake, by topic.
    pub topics: Vec<Compiled>,
    /// Every mistake, by file and line. A set that has one is not to be used.
    pub problems: Vec<Problem>,
}

/// A contract with its program.
#[derive(Debug)]
pub struct Compiled {
    /// What was written.
    pub contract: Contract,
    /// What the files beside it give for its programs.
    pub material: Material,
    /// What encodes its events; none if a registry has a say in it first.
    pub encoder: Option<Encoder>,
}

/// Loads all contracts of a catalogue. Problems name a file as `<folder>/<file>`. `hash_key` is for personal values.
pub fn load(folders: &[Folder], hash_key: Option<&HashKey>) -> Loaded {
    let mut problems = Vec::new();
    let mut topics = Vec::new();
    let mut places = BTreeMap::new();
    let mut doubled = BTreeSet::new();
    let mut letters = Vec::new();
    for folder in folders {
        let Some(Draft { contract, problems: misread }) = read_folder(folder, &mut problems) else { continue };
        let sound = misread.is_empty();
        problems.extend(misread);
        if !contract.topic.is_empty() {
            let place = contract.problem("/topic", "one contract for a topic", &contract.topic);
            if let Some(Problem { file, line, .. }) = places.get(&contract.topic) {
                doubled.insert(contract.topic.clone());
                let found = format!("{}, which {file}:{line} has too", contract.topic);
                problems.push(Problem { found, ..place });
            } else {
                places.insert(contract.topic.clone(), place);
            }
        }
        if let Some(to) = &contract.dead_letter {
            let expected =
                "a topic whose own contract has no dead_letter, since copies of refused events go no further";
            letters.push((to.clone(), contract.topic.clone(), contract.problem("/dead_letter", expected, to)));
        }
        match compile(folder, contract, hash_key) {
            Ok(compiled) if sound => topics.push(compiled),
            Ok(_) => {}
            Err(found) => problems.extend(found),
        }
    }
    let chained = |to: &String| letters.iter().any(|(_, from, _)| from == to);
    problems.extend(letters.iter().filter(|(to, ..)| chained(to)).map(|(.., problem)| problem.clone()));
    topics.retain(|compiled: &Compiled| !doubled.contains(&compiled.contract.topic));
    topics.sort_by(|a, b| a.contract.topic.cmp(&b.contract.topic));
    problems.sort();
    Loaded { topics, problems }
}

fn read_folder(folder: &Folder, problems: &mut Vec<Problem>) -> Option<Draft> {
    let file = format!("{}/{FILE}", folder.name);
    let Some(content) = folder.files.get(FILE) else {
        let found = nearest(FILE, folder.files.keys().map(String::as_str)).unwrap_or("no such file");
        let (expected, found) = ("a contract in every folder of the catalogue".to_owned(), found.to_owned());
        problems.push(Problem { file, line: 0, path: String::new(), expected, found });
        return None;
    };
    let Ok(text) = std::str::from_utf8(content) else {
        let (expected, found) = ("a UTF-8 text".to_owned(), "other bytes".to_owned());
        problems.push(Problem { file, line: 0, path: String::new(), expected, found });
        return None;
    };
    let draft = draft(&file, text).map_err(|found| problems.extend(found)).ok()?;
    let topic = &draft.contract.topic;
    if !topic.is_empty() && *topic != folder.name {
        let expected = format!("the folder's name, {}", folder.name);
        problems.push(draft.contract.problem("/topic", expected, topic));
    }
    Some(draft)
}

fn compile(folder: &Folder, contract: Contract, hash_key: Option<&HashKey>) -> Result<Compiled, Vec<Problem>> {
    let key_schema = contract.key.as_ref().and_then(|key| key.value.as_ref()?.schema.as_ref());
    let found = [("/value", contract.value.schema.as_ref()), ("/key", key_schema)]
        .map(|(path, rule)| rule.map(|rule| sourced(folder, &contract, path, rule)).transpose());
    let [value, key] = found;
    let (value, key) = match (value, key) {
        (Ok(value), Ok(key)) => (value.flatten(), key.flatten()),
        (value, key) => return Err(value.err().into_iter().chain(key.err()).collect()),
    };
    let material = Material { value, key, hash_key: hash_key.cloned(), ..Material::default() };
    let encoder = if material.suffices(&contract) {
        Some(Encoder::compile(&contract, &material)?)
    } else {
        Encoder::prove(&contract, &material)?;
        None
    };
    Ok(Compiled { contract, material, encoder })
}

/// The schema in a file beside the contract, with all files that it may refer to.
fn sourced(folder: &Folder, contract: &Contract, path: &str, rule: &SchemaRule) -> Result<Option<Sourced>, Problem> {
    let Some(file) = &rule.file else { return Ok(None) };
    let content = folder.files.get(file).ok_or_else(|| schema_missing(folder, contract, path, file))?.clone();
    let others = folder.files.iter().filter(|(name, _)| *name != FILE && *name != file);
    let references = others.map(|(name, content)| Reference { name: name.clone(), content: content.clone() });
    Ok(Some(Sourced { schema: Schema { name: file.clone(), content, references: references.collect() }, id: rule.id }))
}

fn schema_missing(folder: &Folder, contract: &Contract, path: &str, schema: &str) -> Problem {
    let others = || folder.files.keys().map(String::as_str).filter(|name| *name != FILE);
    let expected = match nearest(schema, others()) {
        Some(meant) => format!("a file beside the contract (did you mean {meant}?)"),
        None => "a file beside the contract".to_owned(),
    };
    contract.problem(&format!("{path}/schema"), expected, format!("no file {schema}"))
}
