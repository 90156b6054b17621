//! A refused event as an entry of an answer: what was wrong, where, and what to do. Knows nothing of the answer around it.

use serde::Serialize;

use crate::event::Refusal;

/// A refused event as an entry of an answer.
#[derive(Serialize)]
pub(super) struct Refused<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    pub(super) outcome: &'static str,
    retryable: bool,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Error<'a>>,
    /// What became of the copy for the topic that the contract names for refused events.
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter: Option<&'static str>,
}

/// A place where an event and its schema, or an event and a convention, disagree.
#[derive(Serialize)]
struct Error<'a> {
    pointer: &'a str,
    expected: &'a str,
    actual: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    convention: Option<&'a str>,
    /// The convention's file and line.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
}

/// A refusal as an entry of an answer.
pub(super) fn refused(refusal: &Refusal, index: Option<usize>) -> Refused<'_> {
    let unlike = refusal.errors.iter().map(|found| Error {
        pointer: &found.pointer,
        expected: &found.expected,
        actual: found.actual,
        convention: None,
        at: None,
        fix: None,
    });
    let broken = refusal.broken.iter().map(|finding| Error {
        pointer: &finding.pointer,
        expected: &finding.expected,
        actual: &finding.found,
        convention: Some(&finding.rule),
        at: Some(format!("{}:{}", finding.file, finding.line)),
        fix: finding.fix.as_deref(),
    });
    Refused {
        index,
        outcome: refusal.outcome.as_str(),
        retryable: refusal.code.is_retryable(),
        code: refusal.code.as_str(),
        detail: &refusal.detail,
        errors: unlike.chain(broken).collect(),
        dead_letter: refusal.copied.map(|kept| if kept { "kept" } else { "not_kept" }),
    }
}
