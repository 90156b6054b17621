//! Texts of any kind end in conventions or in problems with their place; never in a panic, and soon.

use std::time::{Duration, Instant};

use bolero::check;
use forebay_policies::{Case, Conventions, Date, Facts};

/// Pieces of rules: random bytes alone seldom get past the first line.
const PIECES: [&str; 44] = [
    "- name: a",
    "- ",
    "name: ",
    "applies_to: ",
    "topic",
    "contract",
    "event",
    "pattern: ",
    "'{a}.{b}'",
    "{",
    "}",
    "where: ",
    "a: ",
    "[x, y]",
    "'[a-z]+'",
    "'(a|b)*'",
    "'(?i)x'",
    "'\\w{9}'",
    "'('",
    "require: ",
    "owner: ",
    "classification: ",
    "required",
    "description: ",
    "min_length: ",
    "labels: ",
    "key: ",
    "true",
    "limits: ",
    "except: ",
    "reason: ",
    "expires: ",
    "2027-03-31",
    "action: ",
    "block",
    "warn",
    "message: ",
    "\n",
    "\n  ",
    "\n    ",
    ", ",
    "facts: ",
    "expect: ",
    "[]",
];

fn hold(text: &str) {
    let begun = Instant::now();
    let file = || vec![("f.yaml".to_owned(), text.to_owned())];
    match Conventions::load(&file()) {
        Ok(conventions) => {
            let today = Date::from_days_since_epoch(20_000).expect("a day of 2024");
            let decision = conventions.decide(&Facts { topic: text, ..Facts::default() }, today);
            assert!(decision.findings.iter().all(|finding| !finding.rule.is_empty() && finding.line > 0));
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|problem| problem.line > 0 && !problem.to_string().contains('\n')));
        }
    }
    if let Err(problems) = Case::read("f.yaml", text) {
        assert!(!problems.is_empty());
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{} bytes took {:?}", text.len(), begun.elapsed());
}

#[test]
fn any_text() {
    check!().with_iterations(2_000).for_each(|bytes| hold(&String::from_utf8_lossy(bytes)));
}

#[test]
fn pieces_of_rules() {
    check!().with_iterations(4_000).for_each(|bytes| {
        let text: String = bytes.iter().map(|index| PIECES[usize::from(*index) % PIECES.len()]).collect();
        hold(&text);
    });
}

/// Whole rules with any text as pattern, condition or exception.
#[test]
fn rules_around_any_text() {
    check!().with_iterations(2_000).for_each(|bytes| {
        let text = String::from_utf8_lossy(bytes).replace('\'', "''");
        for rule in [
            format!("- {{ name: a, applies_to: topic, action: warn, pattern: '{text}' }}"),
            format!(
                "- {{ name: a, applies_to: topic, action: warn, pattern: '{{a}}-{{b}}', where: {{ a: '{text}' }} }}"
            ),
            format!(
                "- {{ name: a, applies_to: topic, action: warn, pattern: '{{a}}', where: {{ a: ['{text}', b] }} }}"
            ),
            format!("- {{ name: a, applies_to: contract, action: warn, require: {{ owner: '{text}' }} }}"),
        ] {
            hold(&rule);
        }
    });
}
