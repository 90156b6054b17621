//! What `forebay lint` prints over a catalogue in which much is wrong, in each format; and that the SARIF document has
//! what SARIF asks for.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up should say where")]

use std::path::Path;
use std::process::Command;

use forebay::code::Code;
use forebay_schemas::lint::RULES;
use forebay_schemas::samples::CODES;
use serde_json::Value;

/// Standard output, and the exit code.
fn lint(arguments: &[&str]) -> (String, Option<i32>) {
    lint_in("", arguments)
}

/// The same from a folder below this test's own.
fn lint_in(folder: &str, arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forebay"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint").join(folder));
    let done = command.arg("lint").args(arguments).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
    let output = String::from_utf8(done.stdout).unwrap();
    (output.replace(env!("CARGO_PKG_VERSION"), "<version>"), done.status.code())
}

/// The broken catalogue against the one before.
fn broken(format: &str) -> String {
    let places = ["catalog", "--conventions", "conventions", "--against", "dir:earlier"];
    let (output, code) = lint(&[&places[..], &["--format", format]].concat());
    assert_eq!(code, Some(1), "{output}");
    output
}

#[test]
fn people_read_it_by_topic() {
    insta::assert_snapshot!(broken("human"));
}

#[test]
fn programs_read_one_document() {
    insta::assert_snapshot!(broken("json"));
}

#[test]
fn services_read_sarif() {
    insta::assert_snapshot!(broken("sarif"));
}

#[test]
fn pull_requests_get_one_comment() {
    insta::assert_snapshot!(broken("markdown"));
}

#[test]
fn a_comment_says_that_all_is_well() {
    let (output, code) =
        lint(&["sound", "--conventions", "conventions", "--against", "dir:sound", "--format", "markdown"]);
    assert_eq!(code, Some(0), "{output}");
    insta::assert_snapshot!(output);
}

/// The members that the published schema of SARIF 2.1.0 requires, and the properties that the standard asks for beside.
#[test]
fn sarif_has_what_its_schema_requires() {
    let document: Value = serde_json::from_str(&broken("sarif")).unwrap();
    assert_eq!(document["version"], "2.1.0");
    let runs = document["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    let driver = &runs[0]["tool"]["driver"];
    assert!(driver["name"].is_string());
    let rules = driver["rules"].as_array().unwrap();
    let ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id is used once");
    for rule in rules {
        for words in ["shortDescription", "help"] {
            assert!(!rule[words]["text"].as_str().unwrap().is_empty(), "{rule}");
        }
    }
    let results = runs[0]["results"].as_array().unwrap();
    assert!(results.len() > 10);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], ids[index]);
        assert!(matches!(result["level"].as_str(), Some("error" | "warning" | "note")), "{result}");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty(), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.starts_with("catalog/"), "relative to the working directory: {uri}");
        if let Some(region) = place.get("region") {
            assert!(region["startLine"].as_u64().unwrap() >= 1, "{result}");
        }
    }
}

#[test]
fn what_is_sound_is_fine() {
    let (output, code) = lint(&["../../../schemas/catalog", "--conventions", "../../../policies/conventions"]);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.lines().last().unwrap().ends_with("all is well."), "{output}");
}

/// Rules that apply to nothing, exceptions of nothing, a case that does not hold, samples of a topic that itself is blocked,
/// and a version before the topic's own whose contract has a slip.
#[test]
fn what_is_wrong_with_the_rules_is_said_once_and_for_what_it_is() {
    let (output, code) = lint(&["rules/catalog", "--conventions", "rules/conventions"]);
    assert_eq!(code, Some(1), "{output}");
    insta::assert_snapshot!(output);
}

#[test]
fn a_slip_in_a_rule_is_one_error_whatever_the_cases_say() {
    let (output, code) = lint(&["sound", "--conventions", "torn/conventions"]);
    assert_eq!(code, Some(1), "{output}");
    insta::assert_snapshot!(output);
}

#[test]
fn cases_are_found_beside_the_rules_wherever_one_stands() {
    for (folder, conventions) in [("rules", "conventions"), ("rules/conventions", "."), ("rules/conventions", "./")] {
        let sound = if folder == "rules" { "../sound" } else { "../../sound" };
        let (output, code) = lint_in(folder, &[sound, "--conventions", conventions]);
        assert_eq!(code, Some(1), "{output}");
        assert_eq!(output.matches("error[conventions/case]").count(), 1, "{folder} {conventions}: {output}");
    }
}

#[test]
fn every_rule_is_documented_with_its_weight() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lint.md")).unwrap();
    for rule in RULES {
        let row = format!("| `{}` | {} |", rule.id, rule.severity.name());
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn samples_are_named_by_codes_that_clients_see() {
    for code in CODES {
        assert!(Code::ALL.iter().any(|known| known.as_str() == code), "{code}");
    }
}
