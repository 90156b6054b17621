//! What the conventions say about one topic or one event, each sentence with its reason. Knows no rule's inside.

use std::fmt;

/// What follows from a broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The topic's events, or the event, are refused.
    Block,
    /// It is reported, and that is all.
    Warn,
}

/// Whether what follows from a broken rule really follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rollout {
    /// It does.
    Enforce,
    /// It is counted and reported as what would have been.
    Shadow,
}

/// How bad it is that a rule is broken, for whoever sorts what to mend first; nothing else follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// To be mended some day.
    Minor,
    /// To be mended.
    Major,
    /// To be mended first.
    Critical,
}

/// All that was found, blocking findings first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// What was found; empty where every rule is kept.
    pub findings: Vec<Finding>,
    /// Exceptions of the topic that have ended, whether the rule is kept or not: for its owner, no matter of any event.
    pub ended: Vec<Finding>,
}

/// One expectation that was not met.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What follows from it, where the rule is enforced.
    pub action: Action,
    /// The rule's name.
    pub rule: String,
    /// JSON Pointer (RFC 6901): into the contract, for a rule over schemas or events into an event.
    pub pointer: String,
    /// What the rule expects there.
    pub expected: String,
    /// What stands there; of an event's value only the kind.
    pub found: String,
    /// The rule's own words for whoever broke it.
    pub message: Option<String>,
    /// The file that holds the rule, or its exception.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// Whether it is enforced.
    pub rollout: Rollout,
    /// How bad it is.
    pub severity: Severity,
    /// What the rule says there is to do.
    pub fix: Option<String>,
    /// Whether it is only there because an exception has ended.
    pub lapsed: bool,
    /// Whether the rule could not be judged, so that its `on_error` decided.
    pub failed: bool,
}

impl Finding {
    /// Whether what it is about is refused: the rule blocks and is enforced.
    pub fn blocks(&self) -> bool {
        self.action == Action::Block && self.rollout == Rollout::Enforce
    }
}

impl Decision {
    /// Whether a finding blocks.
    pub fn blocks(&self) -> bool {
        self.findings.iter().any(Finding::blocks)
    }
}

impl Action {
    /// Both, by the names that rules have for them.
    pub(crate) const NAMES: [(&'static str, Self); 2] = [("block", Self::Block), ("warn", Self::Warn)];

    /// As a rule has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Warn => "warn",
        }
    }
}

impl Rollout {
    /// Both, by the names that rules have for them.
    pub(crate) const NAMES: [(&'static str, Self); 2] = [("enforce", Self::Enforce), ("shadow", Self::Shadow)];

    /// As a rule has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
        }
    }
}

impl Severity {
    /// All of them, by the names that rules have for them.
    pub(crate) const NAMES: [(&'static str, Self); 4] =
        [("info", Self::Info), ("minor", Self::Minor), ("major", Self::Major), ("critical", Self::Critical)];

    /// As a rule has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// What a rule of this action has that says nothing else.
    pub(crate) fn usual(action: Action) -> Self {
        match action {
            Action::Block => Self::Major,
            Action::Warn => Self::Minor,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, file, line, action, pointer, expected, found, message, fix, .. } = self;
        write!(f, "{rule} ({file}:{line}) ")?;
        match self.rollout {
            Rollout::Enforce => write!(f, "{}s: ", action.name())?,
            Rollout::Shadow => write!(f, "would {}: ", action.name())?,
        }
        if !pointer.is_empty() {
            write!(f, "{pointer}: ")?;
        }
        write!(f, "expected {expected}, found {found}")?;
        let mut before = found.as_str();
        for words in [message, fix].into_iter().flatten() {
            write!(f, "{} {words}", if before.ends_with('.') { "" } else { "." })?;
            before = words;
        }
        Ok(())
    }
}
