//! A report for programs. Its shape is an interface (docs/lint.md): members are added, never renamed or taken away,
//! without another version.

use forebay_schemas::lint::Severity;
use serde_json::{Value, json};

use super::report::Report;

/// Which shape this is.
const VERSION: u32 = 1;

/// The whole report as one document.
pub(super) fn document(report: &Report) -> Value {
    let findings = report.findings().map(|(topic, finding)| {
        json!({
            "topic": topic,
            "rule": finding.rule,
            "severity": finding.severity.name(),
            "file": finding.file,
            "line": (finding.line > 0).then_some(finding.line),
            "pointer": finding.pointer,
            "says": finding.says,
            "remedy": finding.remedy,
        })
    });
    json!({
        "version": VERSION,
        "against": report.against,
        "summary": {
            "contracts": report.contracts,
            "samples": report.samples,
            "conventions": report.conventions,
            "errors": report.count(Severity::Error),
            "warnings": report.count(Severity::Warning),
            "notes": report.count(Severity::Note),
        },
        "findings": findings.collect::<Value>(),
    })
}
