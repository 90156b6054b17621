//! The contracts that are in force: one immutable set behind one swap. Knows how a folder of contracts and a
//! folder of conventions become such a set; knows nothing of requests.

pub(crate) mod folder;
pub(crate) mod program;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use forebay_policies::{Conventions, Date, Decision, Finding, Rollout};
use forebay_schemas::contract::Compiled;
use forebay_schemas::contract::{self, Contract};
use forebay_schemas::encoder::Material;
use forebay_schemas::pii::HashKey;
use forebay_schemas::problem::Problem;

use crate::code::Code;
use crate::config::Config;
use crate::metrics::{Metrics, TopicMetrics};

pub use program::{Misfit, Program, Rulebook};

/// Versions of a topic's schema beside the current one that are kept ready.
const VERSIONS: usize = 32;

/// One topic's contract, with its metrics at hand.
#[derive(Debug, Clone)]
pub struct Topic {
    /// What its people wrote.
    pub contract: Arc<Contract>,
    /// What the files beside the contract give for its programs.
    pub material: Arc<Material>,
    /// What writes its events, or why nothing does yet.
    pub bound: Version,
    /// The conventions that the contract or its schema breaks and that let events pass: those that only warn, and those
    /// that are tried in shadow.
    pub standing: Arc<[Finding]>,
    /// The conventions in force.
    pub rulebook: Arc<Rulebook>,
    /// Counters with this topic's labels.
    pub metrics: TopicMetrics,
    /// What writes events by other versions of the schema, by its id, for requests that name one; or why nothing can.
    versions: Arc<ArcSwap<HashMap<u32, Version>>>,
}

/// What writes events by one version of a schema, or why nothing can.
pub type Version = Result<Arc<Program>, Unready>;

/// Why a topic's events can't be written now: nothing is known to write them by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unready {
    /// The code for the sender.
    pub code: Code,
    /// A sentence for the sender.
    pub detail: Cow<'static, str>,
    /// The conventions that block the topic, if that is why.
    pub broken: Arc<[Finding]>,
    /// The rules over events that don't go with the schema, if that is why.
    pub unfit: Arc<[Problem]>,
}

impl Unready {
    /// With its sentence.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), broken: Arc::default(), unfit: Arc::default() }
    }

    /// Conventions block the topic, if one of the findings does.
    pub fn blocked(findings: &[Finding]) -> Option<Self> {
        let broken: Arc<[_]> = findings.iter().filter(|finding| finding.blocks()).cloned().collect();
        let first = broken.first()?;
        let detail = format!("The topic itself breaks a convention, which its owner must mend: {first}");
        Some(Self { broken, ..Self::new(Code::ConventionViolation, detail) })
    }

    /// The registry's schema does not go with the contract, or with the rules over its events.
    pub fn misfit(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Schema(_) => {
                let detail = "The registry's schema does not go with the topic's contract. Tell the topic's owner.";
                Self::new(Code::IncompatibleSchema, detail)
            }
            Misfit::Rules(problems) => {
                let first = problems.first().map(ToString::to_string).unwrap_or_default();
                let detail =
                    format!("A convention does not go with the topic's schema. Tell those who wrote it: {first}");
                Self { unfit: problems.into(), ..Self::new(Code::IncompatibleSchema, detail) }
            }
        }
    }

    /// Whether a convention blocks the topic.
    pub fn is_blocked(&self) -> bool {
        !self.broken.is_empty()
    }

    /// The registry has not said yet, or does not answer now.
    pub fn unavailable() -> Self {
        let detail = "The schema is in a registry that does not answer now. Nothing was written; send it again later.";
        Self::new(Code::RegistryUnavailable, detail)
    }
}

impl Topic {
    /// A contract that nothing is known to write by yet.
    pub fn of(contract: Contract, material: Material, rulebook: Arc<Rulebook>, metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.topic(&contract.topic),
            contract: Arc::new(contract),
            material: Arc::new(material),
            bound: Err(Unready::unavailable()),
            standing: Arc::default(),
            rulebook,
            versions: Arc::default(),
        }
    }

    /// The same topic with other programs.
    #[must_use]
    pub fn rebound(&self, bound: Version) -> Self {
        Self { bound, versions: Arc::default(), ..self.clone() }
    }

    /// The same topic, judged with the schema of this material and written by it, unless a convention blocks it now.
    pub fn bind(&self, material: Material) -> Result<Self, Misfit> {
        let findings = self.rulebook.decide(&self.contract, &material).findings;
        let program = self.rulebook.compile(&self.contract, material, None)?;
        let bound = Unready::blocked(&findings).map_or_else(|| Ok(Arc::new(program)), Err);
        Ok(Self { standing: standing(&findings), ..self.rebound(bound) })
    }

    /// Whether its bond is not waited for: it has one, or a convention keeps it from having one.
    pub fn is_settled(&self) -> bool {
        self.bound.is_ok() || self.is_blocked()
    }

    /// Whether a convention that it breaks keeps all of its events out.
    pub fn is_blocked(&self) -> bool {
        self.bound.as_ref().is_err_and(Unready::is_blocked)
    }

    /// The rules over events that keep it from being bound, since they don't go with its schema.
    pub fn unfit(&self) -> &[Problem] {
        self.bound.as_ref().err().map_or(&[], |unready| &unready.unfit)
    }

    /// The topic and the keyword of its JSON Schema that demands a general validator, if one does.
    pub fn slow_because(&self) -> Option<(Arc<str>, String)> {
        let because = self.bound.as_ref().ok()?.encoder.slow_because()?;
        Some((self.contract.topic.as_str().into(), because.to_owned()))
    }

    /// What writes events by the schema of this id, or that nothing can, if that is known.
    pub fn version(&self, id: u32) -> Option<Version> {
        let current = self.bound.as_ref().ok().filter(|bound| bound.schema_id() == Some(id));
        current.map(|bound| Ok(Arc::clone(bound))).or_else(|| self.versions.load().get(&id).cloned())
    }

    /// Keeps what became of another version. Of too many all are forgotten: they are soon made again.
    pub fn remember(&self, id: u32, version: &Version) {
        self.versions.rcu(|versions| {
            let mut versions = if versions.len() < VERSIONS { HashMap::clone(versions) } else { HashMap::new() };
            versions.insert(id, version.clone());
            versions
        });
    }
}

/// All contracts of one load. A request reads one set from its beginning to its end.
#[derive(Debug, Default, Clone)]
pub struct ContractSet {
    topics: HashMap<String, Arc<Topic>>,
    rulebook: Arc<Rulebook>,
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

    /// The same set with this topic in place of the one of its name.
    #[must_use]
    pub fn with(mut self, topic: Topic) -> Self {
        self.topics.insert(topic.contract.topic.clone(), Arc::new(topic));
        self
    }

    /// Whether both hold the very same topics.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |(name, topic): (&String, &Arc<Topic>)| {
            other.topics.get(name).is_some_and(|other| Arc::ptr_eq(topic, other))
        };
        self.len() == other.len() && self.topics.iter().all(same)
    }

    /// The conventions that it was judged by.
    pub fn rulebook(&self) -> &Rulebook {
        &self.rulebook
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

    /// Puts another set in force, unless the one that it was made from no longer is.
    pub fn replace_if(&self, current: &Arc<ContractSet>, set: ContractSet) {
        self.current.compare_and_swap(current, Arc::new(set));
    }
}

/// What one load found: a set where nothing blocks it, and everything that is wrong either way.
#[derive(Debug)]
pub struct Load {
    /// The set, unless something is wrong.
    pub set: Option<ContractSet>,
    /// Mistakes in files. Any one keeps the set from being used.
    pub problems: Vec<Problem>,
    /// Broken conventions, and exceptions that have ended. Those that block keep the set from being used.
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

impl Broken {
    /// Whether it keeps the set from being used. A convention that holds again because its exception has ended takes out
    /// its topic alone, so that a date never keeps a gateway from starting.
    pub fn is_fatal(&self) -> bool {
        self.finding.blocks() && !self.finding.lapsed
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.finding.rollout {
            _ if self.finding.blocks() => "error",
            Rollout::Enforce => "warning",
            Rollout::Shadow => "note",
        };
        write!(f, "{severity}: {}: {}", self.file, self.finding)
    }
}

/// Where contracts and conventions lie, and what they are read with.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The folder of contracts.
    pub catalog: PathBuf,
    /// The folder of conventions; none holds the contracts against nothing.
    pub conventions: Option<PathBuf>,
    /// The key of the hashes of personal values.
    pub hash_key: Option<HashKey>,
}

impl Sources {
    /// As the configuration says.
    pub fn of(config: &Config) -> Self {
        Self {
            catalog: config.catalog.dir.clone(),
            conventions: Some(config.conventions.dir.clone()),
            hash_key: config.pii.hash_key.clone(),
        }
    }
}

/// Reads, checks and compiles all contracts, and holds them against all conventions. Nothing that is wrong hides something
/// else that is wrong. Where a registry has a say, it has not been asked yet.
pub fn load(sources: &Sources, today: Date, metrics: &Metrics) -> Load {
    let mut problems = Vec::new();
    let contracts = read_contracts(sources, &mut problems);
    let mut conventions = Conventions::default();
    if let Some(folder) = &sources.conventions {
        match Conventions::load(&folder::rules(folder, &mut problems)) {
            Ok(read) => conventions = read,
            Err(found) => problems.extend(found),
        }
    }
    let topics = contracts.iter().map(|one| one.contract.topic.clone()).collect();
    let rulebook = Arc::new(Rulebook { conventions, topics, today });
    let mut broken = Vec::new();
    let mut topics = HashMap::new();
    for compiled in contracts {
        let Decision { findings, ended } = rulebook.decide(&compiled.contract, &compiled.material);
        let file = &compiled.contract.file;
        let said = findings.iter().cloned().chain(ended);
        broken.extend(said.map(|finding| Broken { file: file.clone(), finding }));
        match topic(compiled, &findings, &rulebook, metrics) {
            Ok(topic) => drop(topics.insert(topic.contract.topic.clone(), Arc::new(topic))),
            Err(found) => problems.extend(found),
        }
    }
    problems.sort();
    problems.dedup();
    let sound = problems.is_empty() && !broken.iter().any(Broken::is_fatal);
    Load { set: sound.then_some(ContractSet { topics, rulebook }), problems, broken }
}

/// The contracts that are sound; files are named as they lie from the working directory.
fn read_contracts(sources: &Sources, problems: &mut Vec<Problem>) -> Vec<Compiled> {
    let below = |file: &str| sources.catalog.join(file).display().to_string();
    let mut loaded = contract::load(&folder::topics(&sources.catalog, problems), sources.hash_key.as_ref());
    problems.extend(loaded.problems.into_iter().map(|problem| Problem { file: below(&problem.file), ..problem }));
    for one in &mut loaded.topics {
        one.contract.file = below(&one.contract.file);
    }
    loaded.topics
}

fn topic(
    compiled: Compiled,
    findings: &[Finding],
    rulebook: &Arc<Rulebook>,
    metrics: &Metrics,
) -> Result<Topic, Vec<Problem>> {
    let Compiled { contract, material, encoder } = compiled;
    let program = match encoder {
        Some(encoder) => rulebook.compile(&contract, material.clone(), Some(encoder)).map(Some),
        None => rulebook.fits(&contract, &material).map(|()| None),
    };
    let bound = match (Unready::blocked(findings), program.map_err(Misfit::into_problems)?) {
        (Some(blocked), _) => Err(blocked),
        (None, Some(program)) => Ok(Arc::new(program)),
        (None, None) => Err(Unready::unavailable()),
    };
    let topic = Topic::of(contract, material, Arc::clone(rulebook), metrics);
    Ok(Topic { bound, standing: standing(findings), ..topic })
}

/// What stays true of a topic while its events pass.
fn standing(findings: &[Finding]) -> Arc<[Finding]> {
    findings.iter().filter(|finding| !finding.blocks()).cloned().collect()
}
