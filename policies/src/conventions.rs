//! All rules together. Knows that names are unique, and asks each rule.

use std::collections::BTreeMap;
use std::sync::Arc;

use forebay_schemas::problem::Problem;

use crate::bind::bind;
use crate::date::Date;
use crate::decision::Decision;
use crate::event::EventRules;
use crate::facts::Facts;
use crate::read::read;
use crate::rule::{Exception, Rule, RuleInfo};
use crate::scope::TopicScope;

/// The most rules that are held, over all files.
const MAX_RULES: usize = 1_000;

/// The organisation's rules. Immutable; shared by all requests.
#[derive(Debug, Clone, Default)]
pub struct Conventions {
    rules: Vec<Rule>,
}

impl Conventions {
    /// Reads rules from files, given as name and text. No file, and no rule, is fine.
    pub fn load(files: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let rules: Vec<_> = files.iter().flat_map(|(file, text)| read(file, text, &mut problems)).collect();
        let mut first: BTreeMap<&str, &RuleInfo> = BTreeMap::new();
        for rule in rules.iter().map(|rule| &*rule.info) {
            if let Some(RuleInfo { file, line, .. }) = first.get(rule.name.as_str()) {
                let found = format!("{}, which {file}:{line} has too", rule.name);
                problems.push(problem(rule, "a rule's name once", found));
            } else {
                first.insert(&rule.name, rule);
            }
        }
        if let Some(rule) = rules.get(MAX_RULES) {
            problems.push(problem(&rule.info, &format!("{MAX_RULES} rules at most"), format!("{}", rules.len())));
        }
        problems.sort();
        if problems.is_empty() { Ok(Self { rules }) } else { Err(problems) }
    }

    /// Judges one topic, its contract and its schema on this day. Of rules over events it only says which exceptions have
    /// ended.
    pub fn decide(&self, facts: &Facts<'_>, today: Date) -> Decision {
        let scope = TopicScope::new(facts);
        let mut findings: Vec<_> = self.rules.iter().flat_map(|rule| rule.findings(facts, &scope, today)).collect();
        findings.sort();
        let mut ended: Vec<_> = self.rules.iter().filter_map(|rule| rule.ended(facts.topic, today)).collect();
        ended.sort();
        Decision { findings, ended }
    }

    /// All exceptions that have ended on this day, each with its rule; also those of topics that there are not.
    pub fn ended(&self, today: Date) -> impl Iterator<Item = (&RuleInfo, &Exception)> {
        let pairs = self.rules.iter().flat_map(|rule| rule.info.exceptions.iter().map(|one| (&*rule.info, one)));
        pairs.filter(move |(_, exception)| exception.expires < today)
    }

    /// The rule of this name.
    pub(crate) fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.info.name == name)
    }

    /// The rules over events that hold for one topic; the error is what in them does not fit its schema.
    pub fn for_topic(&self, facts: &Facts<'_>) -> Result<EventRules, Vec<Problem>> {
        bind(&self.rules, facts)
    }

    /// The rules, in the order of the files.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<RuleInfo>> {
        self.rules.iter().map(|rule| &rule.info)
    }

    /// The rules' names, in the order of the files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules().map(|rule| rule.name.as_str())
    }
}

fn problem(rule: &RuleInfo, expected: &str, found: String) -> Problem {
    Problem { file: rule.file.clone(), line: rule.line, path: String::new(), expected: expected.to_owned(), found }
}
