//! A report as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), for services that show findings
//! beside the lines of a change. Section numbers are that document's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Component, Path};

use forebay_schemas::lint::{Finding, rule};
use serde_json::{Value, json};

use super::report::Report;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The whole report as one document.
pub(super) fn document(report: &Report) -> Value {
    let here = std::path::absolute(".").unwrap_or_default();
    let used: BTreeMap<&str, &Finding> = report.findings().map(|(_, finding)| (&*finding.rule, finding)).collect();
    let places: BTreeMap<&str, usize> = used.keys().enumerate().map(|(place, id)| (*id, place)).collect();
    let results = report.findings().map(|(topic, finding)| result(topic, finding, places[&*finding.rule], &here));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "forebay",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": used.values().map(|finding| descriptor(finding)).collect::<Value>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Value>(),
        }],
    })
}

/// What a rule is (section 3.49).
fn descriptor(finding: &Finding) -> Value {
    let (holds, severity) = match rule(&finding.rule) {
        Some(rule) => (rule.holds, rule.severity),
        None if finding.rule.starts_with("convention/") => ("The organisation's convention is kept.", finding.severity),
        None => ("A schema's change breaks no reader that its contract promises to look after.", finding.severity),
    };
    let help = if finding.remedy.is_empty() { holds } else { &finding.remedy };
    json!({
        "id": finding.rule,
        "shortDescription": { "text": holds },
        "help": { "text": help },
        "defaultConfiguration": { "level": severity.name() },
    })
}

/// One finding (section 3.27).
fn result(topic: &str, finding: &Finding, rule: usize, here: &Path) -> Value {
    let text = format!("{} {}", finding.says, finding.remedy);
    let mut location = json!({ "artifactLocation": { "uri": uri(&finding.file, here) } });
    if finding.line > 0 {
        location["region"] = json!({ "startLine": finding.line });
    }
    let element = match (topic, &*finding.pointer) {
        (topic, "") => topic.to_owned(),
        (topic, pointer) => format!("{topic} {pointer}"),
    };
    json!({
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": finding.severity.name(),
        "message": { "text": text.trim() },
        "locations": [{
            "physicalLocation": location,
            "logicalLocations": [{ "fullyQualifiedName": element }],
        }],
    })
}

/// A file as a URI reference from the working directory (section 3.4.3, RFC 3986).
fn uri(file: &str, here: &Path) -> String {
    let path = Path::new(file);
    let path = path.strip_prefix(here).unwrap_or(path);
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(encoded(&part.to_string_lossy())),
            Component::ParentDir => parts.push("..".to_owned()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    let parts = parts.join("/");
    if path.is_absolute() { format!("file:///{parts}") } else { parts }
}

/// A path's part with everything escaped that is not unreserved.
fn encoded(part: &str) -> String {
    let mut out = String::new();
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes everything that is written to it");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_working_directory() {
        let here = Path::new("/home/repository");
        for (file, expected) in [
            ("schemas/catalog/a.v1/contract.yaml", "schemas/catalog/a.v1/contract.yaml"),
            ("./a b/ü.avsc", "a%20b/%C3%BC.avsc"),
            ("/home/repository/a/b#1.avsc", "a/b%231.avsc"),
            ("/elsewhere/a.avsc", "file:///elsewhere/a.avsc"),
            ("../a.avsc", "../a.avsc"),
        ] {
            assert_eq!(uri(file, here), expected);
        }
    }
}
