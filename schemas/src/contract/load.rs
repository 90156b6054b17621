//! A catalogue's contracts, loaded and checked in one go, so that no mistake hides another. Knows what stands
//! between folders, contracts and schemas; the folders are read by whoever calls.

use std::collections::{BTreeMap, BTreeSet};

use super::read::{Draft, draft};
use super::{Contract, Format};
use crate::document::nearest;
use crate::encoder::Encoder;
use crate::problem::Problem;

/// The file of a folder that holds the contract.
pub const FILE: &str = "contract.yaml";

/// One topic's folder, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The folder's own name, which is the topic's.
    pub name: String,
    /// Texts of the files directly in it, by name.
    pub files: BTreeMap<String, String>,
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
    /// What encodes its events.
    pub encoder: Encoder,
    /// The schema's text, where the format has one.
    pub schema_text: Option<String>,
}

/// Loads all contracts of a catalogue. Problems name a file as `<folder>/<file>`.
pub fn load(folders: &[Folder]) -> Loaded {
    let mut problems = Vec::new();
    let mut topics = Vec::new();
    let mut places = BTreeMap::new();
    let mut doubled = BTreeSet::new();
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
        match compile(folder, contract) {
            Ok(compiled) if sound => topics.push(compiled),
            Ok(_) => {}
            Err(found) => problems.extend(found),
        }
    }
    topics.retain(|compiled: &Compiled| !doubled.contains(&compiled.contract.topic));
    topics.sort_by(|a, b| a.contract.topic.cmp(&b.contract.topic));
    problems.sort();
    Loaded { topics, problems }
}

fn read_folder(folder: &Folder, problems: &mut Vec<Problem>) -> Option<Draft> {
    let file = format!("{}/{FILE}", folder.name);
    let Some(text) = folder.files.get(FILE) else {
        let found = nearest(FILE, folder.files.keys().map(String::as_str)).unwrap_or("no such file");
        let (expected, found) = ("a contract in every folder of the catalogue".to_owned(), found.to_owned());
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

fn compile(folder: &Folder, contract: Contract) -> Result<Compiled, Vec<Problem>> {
    let schema_text = match &contract.value.format {
        Format::Avro { schema } => match folder.files.get(schema) {
            Some(text) => Some(text.clone()),
            None => return Err(vec![schema_missing(folder, &contract, schema)]),
        },
        Format::Json | Format::String | Format::Bytes => None,
    };
    let encoder = Encoder::compile(&contract, schema_text.as_deref())?;
    Ok(Compiled { contract, encoder, schema_text })
}

fn schema_missing(folder: &Folder, contract: &Contract, schema: &str) -> Problem {
    let others = || folder.files.keys().map(String::as_str).filter(|name| *name != FILE);
    let expected = match nearest(schema, others()) {
        Some(meant) => format!("a file beside the contract (did you mean {meant}?)"),
        None => "a file beside the contract".to_owned(),
    };
    contract.problem("/value/schema", expected, format!("no file {schema}"))
}
