//! One rule: what it checks, what follows, who is excepted and until when. Knows no other rule.

use crate::date::Date;
use crate::decision::{Action, Finding};
use crate::facts::Facts;
use crate::pattern::Pattern;
use crate::requirement::{Fault, Requirement};

/// A rule as a file has it.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) check: Check,
    pub(crate) action: Action,
    pub(crate) message: Option<String>,
    pub(crate) exceptions: Vec<Exception>,
}

/// Where a rule looks, and for what.
#[derive(Debug, Clone)]
pub(crate) enum Check {
    Topic(Pattern),
    Contract(Vec<Requirement>),
}

/// A topic that a rule doesn't hold for, up to and including a day.
#[derive(Debug, Clone)]
pub(crate) struct Exception {
    pub(crate) topic: String,
    pub(crate) reason: String,
    pub(crate) expires: Date,
    pub(crate) line: usize,
}

impl Rule {
    /// What the rule finds on this day.
    pub(crate) fn findings(&self, facts: &Facts<'_>, today: Date) -> Vec<Finding> {
        let exception = self.exceptions.iter().find(|exception| exception.topic == facts.topic);
        match exception {
            Some(exception) if today <= exception.expires => Vec::new(),
            Some(exception) => std::iter::once(self.expired(exception)).chain(self.broken(facts)).collect(),
            None => self.broken(facts).collect(),
        }
    }

    fn broken(&self, facts: &Facts<'_>) -> impl Iterator<Item = Finding> {
        let faults: Vec<_> = match &self.check {
            Check::Topic(pattern) => {
                let fault = |(expected, found)| Fault { pointer: "/topic".to_owned(), expected, found };
                pattern.faults(facts.topic).into_iter().map(fault).collect()
            }
            Check::Contract(requirements) => {
                requirements.iter().flat_map(|requirement| requirement.faults(facts)).collect()
            }
        };
        faults.into_iter().map(|Fault { pointer, expected, found }| Finding {
            rule: self.name.clone(),
            file: self.file.clone(),
            line: self.line,
            action: self.action,
            pointer,
            expected,
            found,
            message: self.message.clone(),
        })
    }

    fn expired(&self, exception: &Exception) -> Finding {
        Finding {
            rule: self.name.clone(),
            file: self.file.clone(),
            line: exception.line,
            action: Action::Warn,
            pointer: "/topic".to_owned(),
            expected: format!("no exception after {}", exception.expires),
            found: format!("one that was made because: {}", exception.reason),
            message: None,
        }
    }
}
