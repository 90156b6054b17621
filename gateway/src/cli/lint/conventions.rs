//! A catalogue held to the organisation's conventions: its topics, contracts and schemas, its sample events by the
//! gateway's own way, the rules' own cases, and what is wrong with the rules themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use forebay_policies::{Action, Case, Conventions, EventRules, Finding as Breach, Held, Place, Rollout, RuleInfo};
use forebay_schemas::contract::{Compiled, Contract, Folder, KeySource, Pointer};
use forebay_schemas::lint::{self, Finding, Severity};
use forebay_schemas::outline::{self, Outline};
use forebay_schemas::problem::Problem;
use forebay_schemas::samples::{self, Samples};
use http::HeaderMap;
use tokio::runtime::Runtime;

use super::report::Report;
use crate::binding::Binder;
use crate::catalog::folder;
use crate::catalog::{Misfit, Rulebook, Topic};
use crate::cli::offline::numbered;
use crate::clock;
use crate::config::Config;
use crate::event::{Allowed, Event, Form, Principal};
use crate::ingest::encode;
use crate::ingest::judge::{self, Bench};
use crate::metrics::Metrics;

/// The group of findings that belong to no topic.
const GROUP: &str = "conventions";
/// Where the cases of rules lie, beside the folder of the rules.
const CASES: &str = "cases";
/// Who sends the samples. Nobody, as far as rights go: they are not looked at here.
const SENDER: &str = "lint";

/// The rules, and what tries them.
#[derive(Default)]
pub(super) struct Standard {
    conventions: Conventions,
    runtime: Option<Runtime>,
    /// The topics of all catalogues.
    topics: BTreeSet<String>,
    /// Rules over events that have applied to some topic.
    applied: BTreeSet<String>,
    /// Why other ones did not apply, by the first topic that they are for.
    aside: BTreeMap<String, String>,
}

impl Standard {
    /// Reads the rules of a folder and holds them to their cases, those in a folder named `cases` beside it.
    pub(super) fn read(dir: Option<&Path>, report: &mut Report) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().ok();
        let Some(dir) = dir else { return Self { runtime, ..Self::default() } };
        let mut problems = Vec::new();
        let rules = Conventions::load(&folder::rules(dir, &mut problems)).map_err(|found| problems.extend(found));
        let cases = cases_beside(dir).filter(|cases| cases.is_dir());
        match (&rules, &cases) {
            (Ok(conventions), Some(cases)) => run_cases(cases, conventions, &mut problems, report),
            (Err(()), Some(cases)) => report.add(GROUP, untried(cases)),
            (_, None) => {}
        }
        let conventions = rules.unwrap_or_default();
        for problem in &problems {
            report.add(GROUP, lint::convention_problem(problem));
        }
        report.conventions = conventions.rules().count();
        Self { conventions, runtime, ..Self::default() }
    }

    /// The rules as they judge one catalogue of these topics, also those whose contract is wrong.
    pub(super) fn rulebook(&mut self, folders: &[Folder]) -> Arc<Rulebook> {
        let topics: BTreeSet<_> = folders.iter().map(|folder| folder.name.clone()).collect();
        self.topics.extend(topics.iter().cloned());
        Arc::new(Rulebook { conventions: self.conventions.clone(), topics, today: clock::today() })
    }

    /// Holds one contract, its schema and its samples to the rules.
    pub(super) fn hold(
        &mut self,
        compiled: &Compiled,
        samples: &Samples,
        rulebook: &Arc<Rulebook>,
        report: &mut Report,
    ) {
        let Compiled { contract, material, .. } = compiled;
        let outline = Outline::of(contract, material);
        for breach in rulebook.decide(contract, material).findings {
            let place = self.in_schema(&breach, &outline);
            let schema = place.zip(material.value.as_ref()).map(|(line, sourced)| (sourced.schema.name.as_str(), line));
            report.add(&contract.topic, broken(contract, &breach, schema));
        }
        self.remember(contract, rulebook.event_rules(contract, material));
        // Binds ask who sends an event, and some keys come from its request: neither is in a sample.
        let key = contract.key.clone().filter(|key| matches!(key.source, KeySource::Event(_)));
        let unbound = Contract { bind: Vec::new(), key, ..contract.clone() };
        let Some(material) = numbered(&unbound, material) else { return };
        // Samples are tried also where a convention keeps the topic itself from being written.
        match rulebook.compile(&unbound, material.clone(), None) {
            Ok(program) => {
                let topic = Topic::of(unbound, material, Arc::clone(rulebook), &Metrics::new());
                self.try_samples(&Arc::new(topic.rebound(Ok(Arc::new(program)))), samples, report);
            }
            Err(misfit) => {
                for problem in misfit.into_problems() {
                    report.add(GROUP, lint::convention_problem(&problem));
                }
            }
        }
    }

    /// Keeps in mind which rules over events apply to a topic, and why others don't. One that does not go with the schema is
    /// said to be wrong, not to apply to nothing.
    fn remember(&mut self, contract: &Contract, rules: Result<EventRules, Misfit>) {
        let Ok(rules) = rules else {
            let ours = self.conventions.rules().filter(|rule| rule.topics.include(&contract.topic));
            self.applied.extend(ours.map(|rule| rule.name.clone()));
            return;
        };
        self.applied.extend(rules.rules().iter().map(|rule| rule.name.clone()));
        for (rule, why) in rules.does_not_apply() {
            self.aside.entry(rule.name.clone()).or_insert_with(|| format!("{why} ({})", contract.topic));
        }
    }

    /// What is to be said of the rules once all contracts have been held to them.
    pub(super) fn conclude(self, report: &mut Report) {
        let today = clock::today();
        for rule in self.conventions.rules() {
            for exception in &rule.exceptions {
                let (name, topic) = (&rule.name, &exception.topic);
                if exception.expires < today {
                    let says = format!("The exception of {name} for {topic} ended on {}, in UTC.", exception.expires);
                    let remedy = "Bring the topic in line and take the exception out, or agree on another day.";
                    report.add(GROUP, of_rule(rule, Severity::Error, ("expired", exception.line), says, remedy));
                }
                let why = match () {
                    () if !rule.topics.include(topic) => "the rule is not for it",
                    () if report.contracts > 0 && !self.topics.contains(topic) => "it has no contract",
                    () => continue,
                };
                let says = format!("The exception of {name} for {topic} excepts nothing: {why}.");
                let remedy = "Mend the topic's name, or take the exception out.";
                report.add(GROUP, of_rule(rule, Severity::Note, ("exception", exception.line), says, remedy));
            }
            if rule.needs_whole_event {
                let says =
                    format!("{} reads every event as a whole, which costs more than the rest of its way.", rule.name);
                let remedy = "Name the fields that it is about, if that says the same.";
                report.add(GROUP, of_rule(rule, Severity::Warning, ("whole-event", rule.line), says, remedy));
            }
            if let Some(why) = self.unused(rule).filter(|_| report.contracts > 0) {
                let enforced = rule.action == Action::Block && rule.rollout == Rollout::Enforce;
                let severity = if enforced { Severity::Warning } else { Severity::Note };
                let says = format!("{} applies to no topic: {why}.", rule.name);
                let remedy = "Check the spelling of its fields and topics, or take it out.";
                report.add(GROUP, of_rule(rule, severity, ("unused", rule.line), says, remedy));
            }
        }
    }

    /// Why a rule applies to no topic, if it does not.
    fn unused(&self, rule: &RuleInfo) -> Option<String> {
        if !self.topics.iter().any(|topic| rule.topics.include(topic)) {
            return Some(format!("none has a name like {}", rule.topics.patterns().join(", ")));
        }
        if rule.place != Place::Event || self.applied.contains(&rule.name) {
            return None;
        }
        self.aside.get(&rule.name).cloned()
    }

    /// The line in the schema that a rule over schemas means, if it is known.
    fn in_schema(&self, breach: &Breach, outline: &Outline) -> Option<usize> {
        let rule = self.conventions.rules().find(|rule| rule.name == breach.rule)?;
        let pointer = Pointer::parse(&breach.pointer).ok().filter(|_| rule.place == Place::Schema)?;
        let outline::Place::Field(field) = outline.find(&pointer) else { return None };
        field.line
    }

    fn try_samples(&mut self, topic: &Arc<Topic>, samples: &Samples, report: &mut Report) {
        let Ok(program) = &topic.bound else { return };
        if program.rules.is_empty() {
            return;
        }
        let name = &topic.contract.topic;
        for (file, text) in &samples.valid {
            for breach in self.breaches(topic, text) {
                report.add(name, of_sample(topic, samples::VALID, file, &breach));
            }
        }
        let promised = |file: &str| samples::promised_code(file) == Some(samples::CONVENTION_VIOLATION);
        for (file, text) in samples.invalid.iter().filter(|(file, _)| promised(file)) {
            if !self.breaches(topic, text).iter().any(Breach::blocks) {
                let says = "The event breaks no convention that blocks.".to_owned();
                report.add(name, lint::of_sample(&topic.contract, "sample/written", samples::INVALID, file, says));
            }
        }
    }

    /// The conventions that an event breaks. One that its schema refuses breaks none.
    fn breaches(&self, topic: &Arc<Topic>, text: &[u8]) -> Vec<Breach> {
        let Some(runtime) = &self.runtime else { return Vec::new() };
        let event = Event { topic: 0, text: 0..text.len() };
        let allowed = Allowed {
            body: Bytes::copy_from_slice(text),
            form: Form::Json,
            framed: false,
            schema_id: None,
            document: true,
            topics: vec![Arc::clone(topic)],
            events: vec![Ok(event)],
        };
        let headers = HeaderMap::new();
        let binder = Binder::new(None, &Config::default());
        let who = Principal::new(SENDER.into());
        let bench = Bench { who: &who, headers: &headers, tally: None };
        let accounts = runtime.block_on(async {
            let encoded = encode::encode(allowed, &headers, &binder).await;
            judge::accounts(&encoded, &bench).await
        });
        // A sample has no header fields that a rule could miss, and nobody sends it.
        let alone = |rule: &RuleInfo| !rule.needs_headers && !rule.needs_principal;
        let of_events = accounts.into_iter().flatten().filter(|account| alone(&account.rule));
        let results = of_events.map(|account| account.result);
        results.filter_map(|result| if let Held::Broken(breach) = result { Some(breach) } else { None }).collect()
    }
}

/// The folder of cases beside a folder of rules.
fn cases_beside(dir: &Path) -> Option<PathBuf> {
    // Of `.` and `..` the folder around it can't be told by name.
    if dir.file_name().is_none() { Some(dir.join("..").join(CASES)) } else { Some(dir.parent()?.join(CASES)) }
}

/// Holds sound rules to their cases.
fn run_cases(dir: &Path, conventions: &Conventions, problems: &mut Vec<Problem>, report: &mut Report) {
    for (file, text) in folder::rules(dir, problems) {
        match Case::read(&file, &text) {
            Ok(cases) => {
                for problem in cases.iter().filter_map(|case| case.run(conventions).err()) {
                    let remedy = "Mend the case, or the rule.".to_owned();
                    let found = lint::convention_problem(&problem);
                    report.add(GROUP, Finding { rule: "conventions/case".into(), remedy, ..found });
                }
            }
            Err(found) => problems.extend(found),
        }
    }
}

/// Cases that can't be run.
fn untried(dir: &Path) -> Finding {
    Finding {
        severity: Severity::Note,
        file: dir.display().to_string(),
        line: 0,
        pointer: String::new(),
        rule: "conventions/case".into(),
        says: "The cases were not run, since the conventions can't be read.".to_owned(),
        remedy: "Mend the conventions first.".to_owned(),
    }
}

/// What is to be said of a rule itself.
fn of_rule(rule: &RuleInfo, severity: Severity, (id, line): (&str, usize), says: String, remedy: &str) -> Finding {
    Finding {
        severity,
        file: rule.file.clone(),
        line,
        pointer: String::new(),
        rule: format!("conventions/{id}").into(),
        says,
        remedy: remedy.to_owned(),
    }
}

/// A convention that a contract or its schema breaks; the schema's file and line, where the rule means a field of it.
fn broken(contract: &Contract, breach: &Breach, schema: Option<(&str, usize)>) -> Finding {
    let place = contract.problem(&breach.pointer, "", "");
    let beside = |name| Path::new(&contract.file).with_file_name(name).display().to_string();
    let (file, line) = schema.map_or((place.file, place.line), |(name, line)| (beside(name), line));
    let says = format!(
        "{}Expected {}, found {} ({}:{}).",
        shadow(breach),
        breach.expected,
        breach.found,
        breach.file,
        breach.line
    );
    Finding {
        severity: severity(breach),
        file,
        line,
        pointer: breach.pointer.clone(),
        rule: format!("convention/{}", breach.rule).into(),
        says,
        remedy: remedy(breach, "Bring the contract in line with the convention."),
    }
}

/// A convention that a sample breaks.
fn of_sample(topic: &Topic, folder: &'static str, file: &str, breach: &Breach) -> Finding {
    Finding {
        severity: severity(breach),
        rule: format!("convention/{}", breach.rule).into(),
        remedy: "Mend the sample, or the convention if the event is a good one.".to_owned(),
        // The sentence that its sender would read.
        ..lint::of_sample(&topic.contract, "sample/refused", folder, file, breach.to_string())
    }
}

fn shadow(breach: &Breach) -> &'static str {
    if breach.rollout == Rollout::Shadow { "In shadow: " } else { "" }
}

/// What a broken rule weighs; one in shadow is good to know.
fn severity(breach: &Breach) -> Severity {
    match (breach.rollout, breach.action) {
        (Rollout::Shadow, _) => Severity::Note,
        (Rollout::Enforce, Action::Block) => Severity::Error,
        (Rollout::Enforce, Action::Warn) => Severity::Warning,
    }
}

fn remedy(breach: &Breach, otherwise: &str) -> String {
    let said: Vec<_> = [&breach.message, &breach.fix].into_iter().flatten().map(String::as_str).collect();
    if said.is_empty() { otherwise.to_owned() } else { said.join(" ") }
}
