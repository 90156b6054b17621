//! Cases: facts with the findings that a rule must make of them, as YAML. They hold an organisation's rules to what
//! was meant; the crate's own tests run those that are shipped.

mod facts;
mod event;

use std::borrow::Borrow;
use std::sync::Arc;

use forebay_schemas::document::{self, Node, Reader};
use forebay_schemas::problem::Problem;

use self::event::OwnedEvent;
use self::facts::OwnedFacts;
use crate::bind::bind;
use crate::conventions::Conventions;
use crate::date::Date;
use crate::decision::{Action, Finding};
use crate::facts::Facts;
use crate::rule::{Place, Rule, RuleInfo};
use crate::scope::TopicScope;

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
    /// Every finding of the rule: what follows, and where in the contract or the event.
    pub expect: Vec<(Action, String)>,
    facts: OwnedFacts,
    event: Option<OwnedEvent>,
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
        let found = match conventions.rule(&self.rule) {
            None => Err("no rule of that name".to_owned()),
            Some(rule) => self.found(rule),
        };
        let places = |found: &Finding| (found.action, found.pointer.clone());
        if found.as_ref().is_ok_and(|found| sorted(&self.expect) == sorted(found.iter().map(places))) {
            return Ok(());
        }
        Err(Problem {
            file: self.file.clone(),
            line: self.line,
            path: String::new(),
            expected: format!("{} to find {} ({})", self.rule, list(self.expect.iter().map(expected)), self.name),
            found: found.map_or_else(|why| why, |found| list(found.iter().map(said))),
        })
    }

    /// What the rule finds, whatever exceptions it has: a case shows what is meant by it, not for whom it does not hold yet.
    /// The error is why it looks at nothing, so that whatever is expected shows nothing.
    fn found(&self, rule: &Rule) -> Result<Vec<Finding>, String> {
        let info = RuleInfo { exceptions: Vec::new(), ..RuleInfo::clone(&rule.info) };
        let rule = &Rule { info: Arc::new(info), check: rule.check.clone() };
        let facts = self.facts();
        if !rule.info.topics.include(facts.topic) {
            return Err(format!("a topic that the rule is not for: {}", rule.info.topics.patterns().join(", ")));
        }
        match (rule.info.place, &self.event) {
            (Place::Event, None) => Err("facts without an event".to_owned()),
            (Place::Schema, _) if facts.outline.is_none() => Err("facts without a schema".to_owned()),
            (Place::Event, Some(event)) => {
                let rules = bind(std::slice::from_ref(rule), &facts).map_err(|problems| {
                    problems.first().map_or_else(String::new, |problem| format!("a rule that does not fit: {problem}"))
                })?;
                match rules.does_not_apply() {
                    [(_, why), ..] if rules.is_empty() => Err(format!("a rule that does not apply: {why}")),
                    _ => Ok(event.judged(&rules, facts.outline)),
                }
            }
            _ => Ok(rule.findings(&facts, &TopicScope::new(&facts), Date::LAST)),
        }
    }

    /// What the case says of its topic.
    pub fn facts(&self) -> Facts<'_> {
        self.facts.lend()
    }
}

fn sorted(places: impl IntoIterator<Item = impl Borrow<(Action, String)>>) -> Vec<(Action, String)> {
    let mut places: Vec<_> = places.into_iter().map(|place| place.borrow().clone()).collect();
    places.sort();
    places
}

fn list(places: impl Iterator<Item = String>) -> String {
    let list = places.collect::<Vec<_>>().join(", ");
    if list.is_empty() { "nothing".to_owned() } else { list }
}

fn expected((action, pointer): &(Action, String)) -> String {
    let place = if pointer.is_empty() { "at the whole" } else { pointer };
    format!("{} {place}", action.name())
}

/// A finding's place, and why the rule could not be judged, if it could not.
fn said(finding: &Finding) -> String {
    let place = expected(&(finding.action, finding.pointer.clone()));
    if finding.failed { format!("{place}: {}", finding.found) } else { place }
}

fn read_case(node: &Node, problems: &mut Vec<Problem>) -> Option<Case> {
    let mut reader = Reader::new(node, problems);
    let name = reader.required("case", "what the case shows, in words", Node::text);
    let rule = reader.required("rule", "the name of the rule that it is about", Node::text);
    let facts = reader.required("facts", "the facts that are judged, at least the topic", facts::read);
    let expect = |node: &Node, problems: &mut Vec<Problem>| node.list(problems, read_expectation);
    let expect =
        reader.required("expect", "a list of { action: block, pointer: /topic }, empty if all is well", expect);
    reader.finish();
    let (facts, event) = facts?;
    Some(Case {
        file: node.place.file.to_string(),
        line: node.place.line,
        name: name?,
        rule: rule?,
        expect: expect?,
        facts,
        event,
    })
}

fn read_expectation(node: &Node, problems: &mut Vec<Problem>) -> Option<(Action, String)> {
    let mut reader = Reader::new(node, problems);
    let action = reader.required("action", "block or warn", |node, problems| node.one_of(&Action::NAMES, problems));
    let expected = "where, as a JSON Pointer; \"\" for the whole of it";
    let pointer = reader.required("pointer", expected, Node::string);
    reader.finish();
    Some((action?, pointer?))
}
