//! A catalogue held to the organisation's conventions: its topics, contracts and schemas, its sample events by the
//! gateway's own way, the rules' own cases, and what is wrong with the rules themselves.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use forebay_policies::{Action, Case, Conventions, Finding as Breach, Held, Place, Rollout};
use forebay_schemas::contract::{Compiled, Contract, Pointer};
use forebay_schemas::encoder::Material;
use forebay_schemas::lint::{self, Finding, Severity};
use forebay_schemas::outline::{self, Outline};
use forebay_schemas::samples::{self, Samples};
use http::HeaderMap;
use tokio::runtime::Runtime;

use super::report::Report;
use crate::binding::Binder;
use crate::catalog::folder;
use crate::catalog::{Rulebook, Topic};
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
pub(super) struct Standard {
    conventions: Conventions,
    runtime: Option<Runtime>,
    /// Rules over events that have applied to some topic.
    applied: BTreeSet<String>,
}

impl Standard {
    /// Reads the rules of a folder and holds them to their cases, those in a folder named `cases` beside it.
    pub(super) fn read(dir: Option<&Path>, report: &mut Report) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().ok();
        let Some(dir) = dir else {
            return Self { conventions: Conventions::default(), runtime, applied: BTreeSet::new() };
        };
        let mut problems = Vec::new();
        let rules = Conventions::load(&folder::rules(dir, &mut problems)).map_err(|found| problems.extend(found));
        let conventions = rules.unwrap_or_default();
        let cases = dir.parent().map(|parent| parent.join(CASES)).filter(|cases| cases.is_dir());
        for (file, text) in cases.map(|cases| folder::rules(&cases, &mut problems)).unwrap_or_default() {
            match Case::read(&file, &text) {
                Ok(cases) => problems.extend(cases.iter().filter_map(|case| case.run(&conventions).err())),
                Err(found) => problems.extend(found),
            }
        }
        for problem in &problems {
            report.add(GROUP, lint::convention_problem(problem));
        }
        Self { conventions, runtime, applied: BTreeSet::new() }
    }

    /// The rules as they judge one catalogue.
    pub(super) fn rulebook(&self, contracts: &[Compiled]) -> Arc<Rulebook> {
        let topics = contracts.iter().map(|one| one.contract.topic.clone()).collect();
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
        // Binds ask who sends an event, which a sample does not say.
        let unbound = Contract { bind: Vec::new(), ..contract.clone() };
        let Some(material) = numbered(&unbound, material) else { return };
        let unwritable = Topic::of(unbound, material.clone(), Arc::clone(rulebook), &Metrics::new());
        match unwritable.bind(material) {
            Ok(topic) => self.try_samples(&Arc::new(topic), samples, report),
            Err(problems) => {
                let of_rules = problems.iter().map(lint::convention_problem);
                of_rules.for_each(|finding| report.add(GROUP, finding));
            }
        }
    }

    /// What is to be said of the rules once all contracts have been held to them.
    pub(super) fn conclude(self, report: &mut Report) {
        let today = clock::today();
        for rule in self.conventions.rules() {
            let place = |severity, id: &str, line, says: String, remedy: &str| Finding {
                severity,
                file: rule.file.clone(),
                line,
                pointer: String::new(),
                rule: format!("conventions/{id}").into(),
                says,
                remedy: remedy.to_owned(),
            };
            for exception in rule.exceptions.iter().filter(|exception| exception.expires < today) {
                let says =
                    format!("The exception of {} for {} ended on {}.", rule.name, exception.topic, exception.expires);
                let remedy = "Bring the topic in line and take the exception out, or agree on another day.";
                report.add(GROUP, place(Severity::Error, "expired", exception.line, says, remedy));
            }
            if rule.needs_whole_event {
                let says =
                    format!("{} reads every event as a whole, which costs more than the rest of its way.", rule.name);
                let remedy = "Name the fields that it is about, if that says the same.";
                report.add(GROUP, place(Severity::Warning, "whole-event", rule.line, says, remedy));
            }
            if rule.place == Place::Event && !self.applied.contains(&rule.name) && report.contracts > 0 {
                let says =
                    format!("{} applies to no topic: none that it is for has the fields that it names.", rule.name);
                let remedy = "Check the spelling of its fields and topics, or take it out.";
                report.add(GROUP, place(Severity::Note, "unused", rule.line, says, remedy));
            }
        }
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
        self.applied.extend(program.rules.rules().iter().map(|rule| rule.name.clone()));
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
        // A sample has no header fields that a rule could miss.
        let of_events = accounts.into_iter().flatten().filter(|account| !account.rule.needs_headers);
        let results = of_events.map(|account| account.result);
        results.filter_map(|result| if let Held::Broken(breach) = result { Some(breach) } else { None }).collect()
    }
}

/// The contract's material with ids where only a registry knows them: they are written, never read, so any one does. None
/// where the schema itself is not known.
fn numbered(contract: &Contract, material: &Material) -> Option<Material> {
    let mut material = material.clone();
    for sourced in [&mut material.value, &mut material.key].into_iter().flatten() {
        sourced.id.get_or_insert(0);
    }
    material.suffices(contract).then_some(material)
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
