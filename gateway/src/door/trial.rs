//! An event that was only tried out, as JSON: what would have become of it, and what each convention says. The answer of a
//! dry run and `forebay explain` show the same.

use forebay_policies::{Account, Action, Finding, Held, Rollout};
use serde::Serialize;
use serde_json::Value;

use super::refused::{Refused, refused};
use crate::event::Trial;

/// What stands for `written` where nothing is.
pub(super) const WOULD_BE_WRITTEN: &str = "would_be_written";
/// What stands for a refusal's outcome: it would not have been written.
pub(super) const WOULD_BE_REFUSED: &str = "would_be_refused";

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Entry<'a> {
    Written {
        outcome: &'static str,
        topic: Option<&'a str>,
        key: Option<&'a str>,
        value: Option<&'a Value>,
        conventions: Vec<Said<'a>>,
    },
    Refused {
        #[serde(flatten)]
        refused: Refused<'a>,
        topic: Option<&'a str>,
        conventions: Vec<Said<'a>>,
    },
}

/// What one convention says of an event.
#[derive(Serialize)]
pub struct Said<'a> {
    /// Its name.
    pub rule: &'a str,
    /// Its file and line.
    pub at: String,
    /// `kept`, `broken`, `failed`, `excepted` or `does_not_apply`.
    pub result: &'static str,
    /// What follows from a broken one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<&'static str>,
    /// A sentence; none where it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A trial as an entry of an answer; `index` as in the entries of refused events.
pub(super) fn entry(trial: &Trial, index: Option<usize>) -> Entry<'_> {
    let topic = trial.topic.as_deref();
    let conventions = said(trial);
    match &trial.refusal {
        None => Entry::Written {
            outcome: WOULD_BE_WRITTEN,
            topic,
            key: trial.key.as_deref(),
            value: trial.value.as_ref(),
            conventions,
        },
        Some(refusal) => {
            let mut refused = refused(refusal, index);
            refused.outcome = WOULD_BE_REFUSED;
            Entry::Refused { refused, topic, conventions }
        }
    }
}

/// What every convention says of an event that was tried out, those over its topic first.
pub fn said(trial: &Trial) -> Vec<Said<'_>> {
    let standing = trial.standing.iter().map(broken);
    let aside = trial.aside.iter().map(|(rule, why)| Said {
        rule: &rule.name,
        at: format!("{}:{}", rule.file, rule.line),
        result: "does_not_apply",
        effect: None,
        detail: Some(why.clone()),
    });
    standing.chain(trial.conventions.iter().map(of_event)).chain(aside).collect()
}

fn of_event(account: &Account) -> Said<'_> {
    let rule = &account.rule;
    let plain = |result, detail| Said {
        rule: &rule.name,
        at: format!("{}:{}", rule.file, rule.line),
        result,
        effect: None,
        detail,
    };
    match &account.result {
        Held::Kept => plain("kept", None),
        Held::Excepted { until, reason } => plain("excepted", Some(format!("until {until}: {reason}"))),
        Held::Broken(finding) => broken(finding),
    }
}

fn broken(finding: &Finding) -> Said<'_> {
    Said {
        rule: &finding.rule,
        at: format!("{}:{}", finding.file, finding.line),
        result: if finding.failed { "failed" } else { "broken" },
        effect: Some(effect(finding)),
        detail: Some(finding.to_string()),
    }
}

/// What follows from a broken rule, in a word.
fn effect(finding: &Finding) -> &'static str {
    match (finding.rollout, finding.action) {
        (Rollout::Enforce, Action::Block) => "refuses",
        (Rollout::Enforce, Action::Warn) => "warns",
        (Rollout::Shadow, Action::Block) => "would refuse if it were enforced",
        (Rollout::Shadow, Action::Warn) => "would warn if it were enforced",
    }
}
