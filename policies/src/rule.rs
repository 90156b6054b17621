//! One rule: what it checks, what follows, who is excepted and until when. Knows no other rule.

use std::sync::Arc;

use crate::cel::Program;
use crate::cel::eval::holds;
use crate::cel::wrong::Wrong;
use crate::date::Date;
use crate::decision::{Action, Finding, Rollout, Severity};
use crate::facts::Facts;
use crate::pattern::Pattern;
use crate::requirement::{self, Fault};
use crate::scope::TopicScope;
use crate::topics::Topics;

/// A rule as people know it: everything that a file says of it but how it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its name, unique among all rules.
    pub name: String,
    /// The file that it stands in, as named by whoever loaded it.
    pub file: String,
    /// Its line there, from 1.
    pub line: usize,
    /// What it is about.
    pub place: Place,
    /// What follows when it is broken.
    pub action: Action,
    /// Whether that really follows.
    pub rollout: Rollout,
    /// How bad it is when it is broken.
    pub severity: Severity,
    /// What follows when its expression can't be judged, for rules that have one: its action, unless the rule says otherwise.
    pub on_error: Option<Action>,
    /// Its words for whoever broke it.
    pub message: Option<String>,
    /// Why there is such a rule.
    pub why: Option<String>,
    /// What whoever broke it can do.
    pub fix: Option<String>,
    /// Something that keeps it.
    pub good: Option<String>,
    /// Something that breaks it.
    pub bad: Option<String>,
    /// The topics that it is for.
    pub topics: Topics,
    /// The topics among them that it does not hold for yet.
    pub exceptions: Vec<Exception>,
    /// Its expression, for rules that have one.
    pub when: Option<String>,
    /// Whether its expression wants the event as a whole, so that each event's text is read once more for it.
    pub needs_whole_event: bool,
    /// Whether it looks at a request's header fields, which an event alone has not.
    pub needs_headers: bool,
    /// Whether it asks who sends an event, which an event alone does not say.
    pub needs_principal: bool,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A topic's name.
    Topic,
    /// A contract.
    Contract,
    /// A schema.
    Schema,
    /// Each event.
    Event,
}

/// A topic that a rule doesn't hold for, up to and including a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The topic's name.
    pub topic: String,
    /// Why the rule does not hold for it.
    pub reason: String,
    /// The last day, in UTC.
    pub expires: Date,
    /// Its line in the rule's file, from 1.
    pub line: usize,
}

impl Place {
    /// All of them, by the names that rules have for them.
    pub(crate) const NAMES: [(&'static str, Self); 4] =
        [("topic", Self::Topic), ("contract", Self::Contract), ("schema", Self::Schema), ("event", Self::Event)];

    /// As a rule has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Contract => "contract",
            Self::Schema => "schema",
            Self::Event => "event",
        }
    }
}

impl RuleInfo {
    /// The exception that was made for a topic.
    pub fn exception(&self, topic: &str) -> Option<&Exception> {
        self.exceptions.iter().find(|exception| exception.topic == topic)
    }

    /// What it says of something that breaks it.
    pub(crate) fn finding(&self, Fault { pointer, expected, found }: Fault) -> Finding {
        Finding {
            rule: self.name.clone(),
            file: self.file.clone(),
            line: self.line,
            action: self.action,
            pointer,
            expected,
            found,
            message: self.message.clone(),
            rollout: self.rollout,
            severity: self.severity,
            fix: self.fix.clone(),
            lapsed: false,
            failed: false,
        }
    }

    /// What it says of an exception that has ended.
    pub(crate) fn expired(&self, exception: &Exception) -> Finding {
        let fault = Fault {
            pointer: "/topic".to_owned(),
            expected: format!("no exception after {}", exception.expires),
            found: format!("one that was made because: {}", exception.reason),
        };
        let fix = "Remove the exception, or agree on another last day.".to_owned();
        let (line, action, rollout) = (exception.line, Action::Warn, Rollout::Enforce);
        Finding { line, action, rollout, message: None, fix: Some(fix), lapsed: true, ..self.finding(fault) }
    }
}

/// A rule with what it checks.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) info: Arc<RuleInfo>,
    pub(crate) check: Check,
}

/// What a rule looks for.
#[derive(Debug, Clone)]
pub(crate) enum Check {
    Pattern(Pattern),
    Topic(Vec<requirement::topic::Requirement>),
    Contract(Vec<requirement::contract::Requirement>),
    Schema(Vec<requirement::schema::Requirement>),
    Event(Vec<requirement::event::Requirement>),
    When(When),
}

impl Check {
    /// Whether it looks at a request's header fields.
    pub(crate) fn needs_headers(&self) -> bool {
        match self {
            Self::Event(requirements) => {
                requirements.iter().any(|one| matches!(one, requirement::event::Requirement::Header(_)))
            }
            Self::When(when) => !when.program.headers.is_empty(),
            Self::Pattern(_) | Self::Topic(_) | Self::Contract(_) | Self::Schema(_) => false,
        }
    }

    /// Whether it asks who sends an event.
    pub(crate) fn needs_principal(&self) -> bool {
        matches!(self, Self::When(when) if when.program.wants_principal)
    }
}

/// An expression that is true where the rule is broken, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct When {
    pub(crate) program: Arc<Program>,
    pub(crate) line: usize,
    pub(crate) path: String,
}

impl Rule {
    /// What the rule finds on this day in what is known without an event.
    pub(crate) fn findings(&self, facts: &Facts<'_>, scope: &TopicScope, today: Date) -> Vec<Finding> {
        if !self.info.topics.include(facts.topic) {
            return Vec::new();
        }
        match self.info.exception(facts.topic) {
            Some(exception) if today <= exception.expires => Vec::new(),
            Some(_) => {
                self.broken(facts, scope).into_iter().map(|finding| Finding { lapsed: true, ..finding }).collect()
            }
            None => self.broken(facts, scope),
        }
    }

    /// What is to be said of the exception for this topic, if it has ended on this day.
    pub(crate) fn ended(&self, topic: &str, today: Date) -> Option<Finding> {
        let exception = self.info.exception(topic).filter(|exception| exception.expires < today)?;
        self.info.topics.include(topic).then(|| self.info.expired(exception))
    }

    fn broken(&self, facts: &Facts<'_>, scope: &TopicScope) -> Vec<Finding> {
        let known = facts.outline.filter(|outline| !outline.fields.is_empty() || !outline.open);
        let faults: Vec<_> = match (&self.check, self.info.place) {
            (Check::Pattern(pattern), _) => {
                let fault = |(expected, found)| Fault { pointer: "/topic".to_owned(), expected, found };
                pattern.faults(facts.topic).into_iter().map(fault).collect()
            }
            (Check::Topic(all), _) => all.iter().flat_map(|requirement| requirement.faults(facts)).collect(),
            (Check::Contract(all), _) => all.iter().flat_map(|requirement| requirement.faults(facts)).collect(),
            (Check::Schema(all), _) => {
                all.iter().flat_map(|one| known.map_or_else(Vec::new, |outline| one.faults(outline))).collect()
            }
            // A rule over schemas says nothing where there is none; one over events needs an event.
            (Check::When(_), Place::Schema) if known.is_none() => Vec::new(),
            (Check::Event(_), _) | (Check::When(_), Place::Event) => Vec::new(),
            (Check::When(when), place) => {
                let pointer = if place == Place::Topic { "/topic" } else { "" };
                let judged = holds(&when.program.root, &scope, &mut 0);
                return self.info.judged(&when.program, pointer, judged, "true").into_iter().collect();
            }
        };
        faults.into_iter().map(|fault| self.info.finding(fault)).collect()
    }
}

impl RuleInfo {
    /// What it says of an expression's result.
    pub(crate) fn judged(
        &self,
        program: &Program,
        pointer: &str,
        result: Result<bool, Wrong>,
        found: &str,
    ) -> Option<Finding> {
        let fault = |found: String| {
            let expected = format!("{} to be false", program.shown());
            self.finding(Fault { pointer: pointer.to_owned(), expected, found })
        };
        match result {
            Ok(false) => None,
            Ok(true) => Some(fault(found.to_owned())),
            Err(wrong) => {
                let action = self.on_error.unwrap_or(self.action);
                let found = format!("that it can't be judged: {wrong}");
                Some(Finding { action, failed: true, ..fault(found) })
            }
        }
    }
}
