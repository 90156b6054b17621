//! Samples that do not keep what their names promise, in sentences.

use super::{Finding, of_sample};
use crate::contract::Contract;
use crate::encoder::{Encoder, Fault};
use crate::samples::{self, Broken, FOLDER, INVALID, Instead, Refusal, Samples, VALID};

/// Mismatches of one sample that a finding repeats.
const MAX_MISMATCHES: usize = 3;

/// Holds a contract's samples to their names. Without an encoder nothing can be held.
pub(super) fn check(contract: &Contract, encoder: Option<&Encoder>, samples: &Samples) -> Vec<Finding> {
    let mut findings = missing(contract, samples);
    match encoder {
        Some(encoder) => {
            let broken = samples::hold(encoder, contract.bytes_per_event, samples);
            findings.extend(broken.iter().map(|broken| finding(contract, broken)));
        }
        None if !samples.is_empty() => {
            let says =
                format!("The samples could not be tried, {} in all: the schema is in a registry.", samples.len());
            findings.push(Finding::of_member("sample/untried", contract, "/value/subject", says));
        }
        None => {}
    }
    findings
}

fn missing(contract: &Contract, samples: &Samples) -> Vec<Finding> {
    let without = [(VALID, samples.valid.is_empty()), (INVALID, samples.invalid.is_empty())];
    let none = |folder: &str| {
        let says = format!("The contract has no samples in {FOLDER}/{folder}.");
        Finding::of_member("sample/none", contract, "", says)
    };
    without.into_iter().filter(|(_, empty)| *empty).map(|(folder, _)| none(folder)).collect()
}

fn finding(contract: &Contract, broken: &Broken) -> Finding {
    let (rule, says) = match &broken.instead {
        Instead::Refused(refusal) => {
            ("sample/refused", format!("The event is refused ({}): {}.", refusal.code(), reason(refusal)))
        }
        Instead::Written => ("sample/written", "The event is written.".to_owned()),
        Instead::Otherwise(refusal) => (
            "sample/other-reason",
            format!("The event is refused with another code, {}: {}.", refusal.code(), reason(refusal)),
        ),
        Instead::OtherRecord(twin) => ("sample/other-record", format!("The event becomes another record than {twin}.")),
        Instead::Unnamed(expected) => {
            ("sample/name", format!("The name promises nothing that could be held: expected {expected}."))
        }
    };
    of_sample(contract, rule, broken.folder, &broken.file, says)
}

fn reason(refusal: &Refusal) -> String {
    let fault = match refusal {
        Refusal::TooLarge(limit) => return format!("it has more bytes than bytes_per_event allows, {limit}"),
        Refusal::Fault(fault) => fault,
    };
    match fault {
        Fault::Syntax { offset, expected } => format!("at byte {offset}, expected {expected}"),
        Fault::Undecodable { offset, expected } => format!("at byte {offset}, expected {expected}"),
        Fault::Ambiguous { pointer, detail } => {
            let place = if pointer.is_empty() { "the event" } else { pointer };
            format!("at {place}, {}", detail.trim_end_matches('.'))
        }
        Fault::MissingKey { pointer } => format!("at {pointer}, expected a key, found none"),
        Fault::Violation(mismatches) => {
            let shown = mismatches.iter().take(MAX_MISMATCHES).map(|mismatch| {
                let place = if mismatch.pointer.is_empty() { "the event" } else { &mismatch.pointer };
                format!("at {place}, expected {}, found {}", mismatch.expected, mismatch.actual)
            });
            let mut said: Vec<_> = shown.collect();
            match mismatches.len().saturating_sub(MAX_MISMATCHES) {
                0 => {}
                more => said.push(format!("and {more} more")),
            }
            said.join("; ")
        }
    }
}
