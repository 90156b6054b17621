//! The contracts that are in force: one immutable set behind one swap. Knows how a folder of contracts and a
//! folder of conventions become such a set; knows nothing of requests.

mod folder;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use forebay_policies::{Action, Conventions, Date, Facts, Finding};
use forebay_schemas::contract::Compiled;
use forebay_schemas::contract::{self, Contract};
use forebay_schemas::decoder::Decoder;
use forebay_schemas::encoder::Encoder;
use forebay_schemas::problem::Problem;

use crate::metrics::{Metrics, TopicMetrics};

/// One topic's contract, compiled, with its metrics at hand.
#[derive(Debug)]
pub struct Topic {
    /// What its people wrote.
    pub contract: Contract,
    /// The program that checks and writes its events; none while a registry has not said by which schema.
    pub encoder: Option<Encoder>,
    /// Reads its records back.
    pub decoder: Decoder,
    /// The schema's text, for formats that have one.
    pub schema: Option<String>,
    /// Names of the conventions that the contract breaks and that only warn.
    pub warnings: BTreeSet<Arc<str>>,
    /// Counters with this topic's labels.
    pub metrics: TopicMetrics,
}

/// All contracts of one load. A request reads one set from its beginning to its end.
#[derive(Debug, Default)]
pub struct ContractSet {
    topics: HashMap<String, Arc<Topic>>,
}

impl ContractSet {
    /// The contract of a topic, by Kafka's exact name.
    pub fn get(&self, topic: &str) -> Option<&Arc<Topic>> {
        self.topics.get(topic)
    }

    /// All topics, by name.
    pub fn sorted(&self) -> Vec<&Arc<Topic>> {
        let mut topics: Vec<_> = self.topics.values().collect();
        topics.sort_by(|a, b| a.contract.topic.cmp(&b.contract.topic));
        topics
    }

    /// How many topics there are.
    pub fn len(&self) -> usize {
        self.topics.len()
    }

    /// Whether there is no topic at all.
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }
}

/// The set in force, swapped as a whole.
#[derive(Debug)]
pub struct Catalog {
    current: ArcSwap<ContractSet>,
}

impl Catalog {
    /// A catalogue with its first set.
    pub fn new(set: ContractSet) -> Self {
        Self { current: ArcSwap::from_pointee(set) }
    }

    /// The set in force now.
    pub fn current(&self) -> Arc<ContractSet> {
        self.current.load_full()
    }

    /// Puts another set in force; requests under way keep theirs.
    pub fn replace(&self, set: ContractSet) {
        self.current.store(Arc::new(set));
    }
}

/// What one load found: a set where nothing blocks it, and everything that is wrong either way.
#[derive(Debug)]
pub struct Load {
    /// The set, unless something is wrong.
    pub set: Option<ContractSet>,
    /// Mistakes in files. Any one keeps the set from being used.
    pub problems: Vec<Problem>,
    /// Broken conventions. Those that block keep the set from being used.
    pub broken: Vec<Broken>,
}

/// A convention that a contract breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The contract's file.
    pub file: String,
    /// What is broken, and what follows.
    pub finding: Finding,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = if self.finding.action == Action::Block { "error" } else { "warning" };
        write!(f, "{severity}: {}: {}", self.file, self.finding)
    }
}

/// Reads, checks and compiles all contracts below `catalog`, and holds them against all conventions below
/// `conventions`. Nothing that is wrong hides something else that is wrong.
pub fn load(catalog: &Path, conventions: &Path, today: Date, metrics: &Metrics) -> Load {
    let mut problems = Vec::new();
    let contracts = read_contracts(catalog, &mut problems);
    let rules = Conventions::load(&folder::rules(conventions, &mut problems)).map_err(|found| problems.extend(found));
    let rules = rules.unwrap_or_default();
    let findings = |one: &Compiled| rules.decide(&Facts::from(&one.contract), today).findings;
    let judged = contracts.into_iter().map(|one| (findings(&one), one)).collect();
    conclude(judged, problems, metrics)
}

/// Reads, checks and compiles all contracts below `catalog`, whatever the conventions say of them.
pub fn load_contracts(catalog: &Path, metrics: &Metrics) -> Load {
    let mut problems = Vec::new();
    let judged = read_contracts(catalog, &mut problems).into_iter().map(|one| (Vec::new(), one)).collect();
    conclude(judged, problems, metrics)
}

/// The contracts that are sound; files are named as they lie from the working directory.
fn read_contracts(catalog: &Path, problems: &mut Vec<Problem>) -> Vec<Compiled> {
    let below = |file: &str| catalog.join(file).display().to_string();
    let mut loaded = contract::load(&folder::topics(catalog, problems), None);
    problems.extend(loaded.problems.into_iter().map(|problem| Problem { file: below(&problem.file), ..problem }));
    for one in &mut loaded.topics {
        one.contract.file = below(&one.contract.file);
    }
    loaded.topics
}

fn conclude(judged: Vec<(Vec<Finding>, Compiled)>, mut problems: Vec<Problem>, metrics: &Metrics) -> Load {
    problems.sort();
    let mut broken = Vec::new();
    let mut topics = HashMap::new();
    for (findings, compiled) in judged {
        let Compiled { contract, material, encoder } = compiled;
        broken.extend(findings.iter().cloned().map(|finding| Broken { file: contract.file.clone(), finding }));
        let warnings = findings.into_iter().map(|finding| finding.rule.into()).collect();
        let decoder = Decoder::new(&contract, &material);
        let schema = material.value.and_then(|sourced| sourced.schema.text().map(str::to_owned));
        let metrics = metrics.topic(&contract.topic);
        let name = contract.topic.clone();
        topics.insert(name, Arc::new(Topic { contract, encoder, decoder, schema, warnings, metrics }));
    }
    let sound = problems.is_empty() && broken.iter().all(|one| one.finding.action != Action::Block);
    Load { set: sound.then_some(ContractSet { topics }), problems, broken }
}
