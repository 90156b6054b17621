//! What is wrong, or could be better, with a contract that can be loaded: its samples, its schema, and what changed
//! since an earlier version. Each finding says where, what, and what to do. Knows no files and no terminal.

mod rules;
mod documented;
mod overlap;
mod unions;
mod sampled;
pub mod change;

use std::borrow::Cow;

use crate::avro;
use crate::contract::{Compiled, Contract, FILE, Format, ValueRule};
use crate::encoder::{Encoder, Material, Sourced};
use crate::problem::Problem;
use crate::samples::{self, Samples};

pub use rules::{RULES, Rule, rule};

/// Findings of one rule in one schema, at most; the last one then says that there are more.
const MOST: usize = 50;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It is not to be merged.
    Error,
    /// Someone should look at it.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// The word for it, which is SARIF's too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// The file, as named by whoever loaded it.
    pub file: String,
    /// Line in it, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// JSON Pointer (RFC 6901) into the file's document, or a Protobuf element's name; empty for the whole of it.
    pub pointer: String,
    /// The rule's stable id, such as `schema/undocumented`.
    pub rule: Cow<'static, str>,
    /// What is wrong, in sentences.
    pub says: String,
    /// What to do, in sentences.
    pub remedy: String,
}

impl Finding {
    /// A finding of a rule of [`RULES`] about a whole file, with the rule's own severity and remedy.
    fn new(id: &'static str, file: &str, says: String) -> Self {
        let (severity, remedy) = rule(id).map_or((Severity::Error, ""), |rule| (rule.severity, rule.remedy));
        let (file, remedy) = (file.to_owned(), remedy.to_owned());
        Self { severity, file, line: 0, pointer: String::new(), rule: Cow::Borrowed(id), says, remedy }
    }

    /// The same about a member of a contract.
    fn of_member(id: &'static str, contract: &Contract, path: &str, says: String) -> Self {
        let place = contract.problem(path, "", "");
        Self { line: place.line, pointer: place.path, ..Self::new(id, &place.file, says) }
    }
}

/// What a load refuses, as a finding.
pub fn problem(problem: &Problem) -> Finding {
    let id = if problem.file.rsplit('/').next() == Some(FILE) { "contract/wrong" } else { "schema/wrong" };
    let says = format!("Expected {}, found {}.", problem.expected, problem.found);
    let finding = Finding::new(id, &problem.file, says);
    Finding { line: problem.line, pointer: problem.path.clone(), ..finding }
}

/// What a load refuses of conventions, as a finding.
pub fn convention_problem(found: &Problem) -> Finding {
    let severity = Severity::Error;
    let rule = rule("conventions/wrong").map_or("", |rule| rule.remedy);
    Finding { severity, rule: Cow::Borrowed("conventions/wrong"), remedy: rule.to_owned(), ..problem(found) }
}

/// Everything about one sound contract: its samples, then its schemas.
pub fn contract(compiled: &Compiled, samples: &Samples) -> Vec<Finding> {
    let Compiled { contract, material, encoder } = compiled;
    let own = if encoder.is_some() { None } else { offline(contract, material) };
    let mut findings = sampled::check(contract, encoder.as_ref().or(own.as_ref()), samples);
    let key = contract.key.as_ref().and_then(|key| key.value.as_deref());
    for (rule, sourced) in [(Some(&contract.value), &material.value), (key, &material.key)] {
        let (Some(rule), Some(sourced)) = (rule, sourced) else { continue };
        findings.extend(schema(contract, rule, sourced));
    }
    let slow = encoder.as_ref().or(own.as_ref()).and_then(Encoder::slow_because);
    if let (Some(because), Some(sourced)) = (slow, &material.value) {
        let says = format!("Every event is read as a tree before it is checked, which is slower: {because}.");
        findings.push(Finding::new("schema/slow", &beside(&contract.file, &sourced.schema.name), says));
    }
    findings
}

/// A finding about a sample, by a rule of [`RULES`].
pub fn of_sample(contract: &Contract, id: &'static str, folder: &str, file: &str, says: String) -> Finding {
    Finding::new(id, &beside(&contract.file, &format!("{}/{folder}/{file}", samples::FOLDER)), says)
}

/// The program of a contract whose schema's id only a registry knows: the id is written, never read, so any one does.
fn offline(contract: &Contract, material: &Material) -> Option<Encoder> {
    let numbered = |sourced: &Option<Sourced>| {
        sourced.clone().map(|sourced| Sourced { id: Some(sourced.id.unwrap_or_default()), ..sourced })
    };
    let hash_key = material.hash_key.clone();
    let material =
        Material { value: numbered(&material.value), key: numbered(&material.key), hash_key, ..Material::default() };
    Encoder::compile(contract, &material).ok()
}

fn schema(contract: &Contract, rule: &ValueRule, sourced: &Sourced) -> Vec<Finding> {
    let places = match rule.format {
        Format::Avro => {
            let mut places = documented::avro(&sourced.schema);
            places.extend(unions::ambiguous(&sourced.schema, rule));
            places
        }
        Format::JsonSchema => documented::json_schema(&sourced.schema),
        Format::Protobuf => documented::protobuf(&sourced.schema),
        Format::Json | Format::String | Format::Bytes => Vec::new(),
    };
    let file = beside(&contract.file, &sourced.schema.name);
    let text = sourced.schema.text().unwrap_or_default();
    places
        .into_iter()
        .map(|Place { rule, pointer, line, says }| {
            let line = line.unwrap_or_else(|| avro::line_of(text, &pointer));
            Finding { line, pointer, ..Finding::new(rule, &file, says) }
        })
        .collect()
}

/// Something found in a schema, before it knows its file.
struct Place {
    rule: &'static str,
    pointer: String,
    /// The line, where the pointer can't tell it.
    line: Option<usize>,
    says: String,
}

/// The first of these, and one that says how many more there are.
fn at_most(mut places: Vec<Place>, what: &str) -> Vec<Place> {
    let more = places.len().saturating_sub(MOST);
    if more > 0 {
        places.truncate(MOST);
        let rule = places[0].rule;
        places.push(Place { rule, pointer: String::new(), line: Some(0), says: format!("So are {more} more {what}.") });
    }
    places
}

/// The name of a file in the same folder as another.
fn beside(file: &str, name: &str) -> String {
    match file.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.to_owned(),
    }
}
