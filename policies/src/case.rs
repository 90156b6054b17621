//! Cases: facts with the findings that a rule must make of them, as YAML. They hold an organisation's rules to what
//! was meant; the crate's own tests run those that are shipped.

use std::collections::BTreeMap;

use forebay_schemas::contract::Classification;
use forebay_schemas::document::{self, Node, Reader};
use forebay_schemas::problem::Problem;

use crate::conventions::Conventions;
use crate::date::Date;
use crate::decision::Action;
use crate::facts::{Facts, Member};
use crate::read::read_date;

/// Facts, and what one rule must find in them.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file that it stands in.
    pub file: String,
    /// Its line there.
    pub line: usize,
    /// What it shows, in words.
    pub name: String,
    /// The rule that it is about; what others find is left aside.
    pub rule: String,
    /// Every finding of the rule: what follows, and where in the contract.
    pub expect: Vec<(Action, String)>,
    today: Date,
    facts: OwnedFacts,
}

#[derive(Debug, Clone)]
struct OwnedFacts {
    topic: String,
    owner: String,
    description: String,
    classification: Option<Classification>,
    labels: BTreeMap<String, Vec<String>>,
    members: Vec<Member>,
}

impl Case {
    /// Reads a file: a list of cases.
    pub fn read(file: &str, text: &str) -> Result<Vec<Self>, Vec<Problem>> {
        let node = document::read(file, text)?;
        let mut problems = Vec::new();
        match node.list(&mut problems, read_case) {
            Some(cases) if problems.is_empty() => Ok(cases),
            _ => Err(problems),
        }
    }

    /// Whether the rule finds what it must; the error is what it found instead.
    pub fn run(&self, conventions: &Conventions) -> Result<(), Problem> {
        let expected = self.expect.clone();
        let decision = conventions.decide(&self.facts(), self.today);
        let findings = decision.findings.iter().filter(|finding| finding.rule == self.rule);
        let found: Vec<_> = findings.map(|finding| (finding.action, finding.pointer.clone())).collect();
        let known = conventions.names().any(|name| name == self.rule);
        if known && sorted(&expected) == sorted(&found) {
            return Ok(());
        }
        Err(Problem {
            file: self.file.clone(),
            line: self.line,
            path: String::new(),
            expected: format!("{} to find {} ({})", self.rule, list(&expected), self.name),
            found: if known { list(&found) } else { "no rule of that name".to_owned() },
        })
    }

    /// What the case says of its topic.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            topic: &self.facts.topic,
            owner: &self.facts.owner,
            description: &self.facts.description,
            classification: self.facts.classification,
            labels: Some(&self.facts.labels),
            members: self.facts.members.clone(),
            ..Facts::default()
        }
    }
}

fn sorted(findings: &[(Action, String)]) -> Vec<(Action, String)> {
    let mut findings = findings.to_vec();
    findings.sort();
    findings
}

fn list(findings: &[(Action, String)]) -> String {
    match findings {
        [] => "nothing".to_owned(),
        some => some.iter().map(|(action, path)| format!("{} {path}", action.name())).collect::<Vec<_>>().join(", "),
    }
}

fn read_case(node: &Node, problems: &mut Vec<Problem>) -> Option<Case> {
    let mut reader = Reader::new(node, problems);
    let name = reader.required("case", "what the case shows, in words", Node::text);
    let rule = reader.required("rule", "the name of the rule that it is about", Node::text);
    let today = reader.required("today", "the day on which it is judged, such as 2026-11-21", read_date);
    let facts = reader.required("facts", "the facts that are judged, at least the topic", read_facts);
    let expect = |node: &Node, problems: &mut Vec<Problem>| node.list(problems, read_expectation);
    let expect =
        reader.required("expect", "a list of { action: block, pointer: /topic }, empty if all is well", expect);
    reader.finish();
    Some(Case {
        file: node.place.file.to_string(),
        line: node.place.line,
        name: name?,
        rule: rule?,
        expect: expect?,
        today: today?,
        facts: facts?,
    })
}

fn read_facts(node: &Node, problems: &mut Vec<Problem>) -> Option<OwnedFacts> {
    let mut reader = Reader::new(node, problems);
    let topic = reader.required_string("topic");
    let owner = reader.string("owner");
    let description = reader.string("description");
    let classification = reader.one_of("classification", &Classification::ALL.map(|class| (class.name(), class)));
    let labels =
        reader.optional("labels", |node, problems| node.map(problems, |_, label, problems| label.strings(problems)));
    let members = reader
        .optional("has", |node, problems| node.list(problems, |item, problems| item.one_of(&Member::NAMES, problems)));
    reader.finish();
    Some(OwnedFacts {
        topic: topic?,
        owner: owner.unwrap_or_default(),
        description: description.unwrap_or_default(),
        classification,
        labels: labels.unwrap_or_default().into_iter().collect(),
        members: members.unwrap_or_default(),
    })
}

fn read_expectation(node: &Node, problems: &mut Vec<Problem>) -> Option<(Action, String)> {
    let mut reader = Reader::new(node, problems);
    let action = |node: &Node, problems: &mut Vec<Problem>| {
        node.one_of(&[("block", Action::Block), ("warn", Action::Warn)], problems)
    };
    let action = reader.required("action", "block or warn", action);
    let pointer = reader.required_string("pointer");
    reader.finish();
    Some((action?, pointer?))
}
