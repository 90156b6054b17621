//! Cases: facts with the findings that a rule must make of them, as YAML. They hold an organisation's rules to what
//! was meant; the crate's own tests run those that are shipped.

mod facts;
mod event;

use forebay_schemas::document::{self, Node, Reader};
use forebay_schemas::problem::Problem;

use self::event::OwnedEvent;
use self::facts::OwnedFacts;
use crate::conventions::Conventions;
use crate::date::Date;
use crate::decision::{Action, Finding};
use crate::facts::Facts;
use crate::read::read_date;
use crate::rule::Place;

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
    today: Date,
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
        let rule = conventions.rules().find(|rule| rule.name == self.rule);
        let found = match rule.map(|rule| rule.place) {
            None => Err("no rule of that name".to_owned()),
            Some(Place::Event) if self.event.is_none() => Err("facts without an event".to_owned()),
            Some(place) => self.found(conventions, place),
        };
        if found.as_ref().is_ok_and(|found| sorted(&self.expect) == sorted(found)) {
            return Ok(());
        }
        Err(Problem {
            file: self.file.clone(),
            line: self.line,
            path: String::new(),
            expected: format!("{} to find {} ({})", self.rule, list(&self.expect), self.name),
            found: found.map_or_else(|why| why, |found| list(&found)),
        })
    }

    fn found(&self, conventions: &Conventions, place: Place) -> Result<Vec<(Action, String)>, String> {
        let facts = self.facts();
        let mut findings = conventions.decide(&facts, self.today).findings;
        if let (Place::Event, Some(event)) = (place, &self.event) {
            let rules = conventions.for_topic(&facts).map_err(|problems| {
                problems.first().map_or_else(String::new, |problem| format!("a rule that does not fit: {problem}"))
            })?;
            let outline = facts.outline;
            findings.extend(event.judged(&rules, outline, self.today));
        }
        let ours = findings.into_iter().filter(|finding| finding.rule == self.rule);
        Ok(ours.map(|Finding { action, pointer, .. }| (action, pointer)).collect())
    }

    /// What the case says of its topic.
    pub fn facts(&self) -> Facts<'_> {
        self.facts.lend()
    }
}

fn sorted(findings: &[(Action, String)]) -> Vec<(Action, String)> {
    let mut findings = findings.to_vec();
    findings.sort();
    findings
}

fn list(findings: &[(Action, String)]) -> String {
    let one = |(action, path): &(Action, String)| match path.as_str() {
        "" => format!("{} at the whole", action.name()),
        path => format!("{} {path}", action.name()),
    };
    match findings {
        [] => "nothing".to_owned(),
        some => some.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

fn read_case(node: &Node, problems: &mut Vec<Problem>) -> Option<Case> {
    let mut reader = Reader::new(node, problems);
    let name = reader.required("case", "what the case shows, in words", Node::text);
    let rule = reader.required("rule", "the name of the rule that it is about", Node::text);
    let today = reader.required("today", "the day on which it is judged, such as 2026-11-21", read_date);
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
        today: today?,
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
