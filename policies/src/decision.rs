//! What the conventions say about one topic, each sentence with its reason. Knows no rule's inside.

use std::fmt;

/// What follows from a broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The topic's events are refused.
    Block,
    /// It is reported, and that is all.
    Warn,
}

/// All that was found, blocking findings first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// What was found; empty where every rule is kept.
    pub findings: Vec<Finding>,
}

/// One expectation that was not met.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What follows from it.
    pub action: Action,
    /// The rule's name.
    pub rule: String,
    /// JSON Pointer (RFC 6901) into the contract.
    pub pointer: String,
    /// What the rule expects there.
    pub expected: String,
    /// What the contract has there.
    pub found: String,
    /// The rule's own words for whoever broke it.
    pub message: Option<String>,
    /// The file that holds the rule, or its exception.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
}

impl Decision {
    /// Whether a finding blocks.
    pub fn blocks(&self) -> bool {
        self.findings.iter().any(|finding| finding.action == Action::Block)
    }
}

impl Action {
    /// As a rule has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Warn => "warn",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, file, line, action, pointer, expected, found, message } = self;
        write!(f, "{rule} ({file}:{line}) {}s: {pointer}: expected {expected}, found {found}", action.name())?;
        match message {
            Some(message) => write!(f, ". {message}"),
            None => Ok(()),
        }
    }
}
