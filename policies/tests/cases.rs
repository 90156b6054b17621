//! Cases that show nothing: what a case says whose rule never looks at it, or could not be judged.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

use forebay_policies::{Case, Conventions};

const RULES: &str = "\
- { name: late, applies_to: event, action: block, when: 'time > now' }
- { name: typed, applies_to: event, action: block, when: 'event.n > 1' }
- { name: billed, applies_to: topic, action: block, topics: ['billing.*'], pattern: '{a}.{b}' }
- { name: spared, applies_to: topic, action: block, pattern: '{a}.{b}', except: [{ topic: a, reason: r, expires: 2027-01-01 }] }
- { name: named, applies_to: schema, action: warn, require: { field_names: '[a-z]+' } }
- { name: listed, applies_to: event, action: warn, require: { values: { /n: [1] } } }
";

/// What a case of this rule and these facts says that expects this.
fn said(rule: &str, facts: &str, expect: &str) -> String {
    let conventions = Conventions::load(&[("rules.yaml".to_owned(), RULES.to_owned())]).unwrap();
    let text = format!("- {{ case: c, rule: {rule}, facts: {{ {facts} }}, expect: [{expect}] }}");
    let cases = Case::read("cases.yaml", &text).unwrap();
    cases[0].run(&conventions).err().map_or_else(|| "holds".to_owned(), |problem| problem.to_string())
}

#[test]
fn a_case_whose_rule_never_looks_at_it_does_not_hold() {
    let rows = [
        said("late", "topic: a, event: { at: soon }", ""),
        said("listed", "topic: a, schema: [/m], event: { m: 1 }", ""),
        said("billed", "topic: energy.read", ""),
        said("named", "topic: a", ""),
        said("typed", "topic: a", ""),
        said("gone", "topic: a", ""),
    ];
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn a_case_that_can_not_be_judged_says_why() {
    let soon = "topic: a, time: /at, event: { at: soon }";
    let expected = "cases.yaml:1: expected late to find nothing (c), found block /at: that it can't be judged: a text that \
                    timestamp can't read";
    assert_eq!(said("late", soon, ""), expected);
    assert_eq!(said("late", soon, "{ action: block, pointer: /at }"), "holds");
}

#[test]
fn a_case_is_about_its_own_rule() {
    // The schema of the case is none that `typed` would go with.
    let facts = "topic: a, time: /at, schema: [{ field: /n, kind: text }, { field: /at, kind: time }], \
                 event: { n: x, at: '2026-11-20T00:00:00Z' }, now: '2026-11-21T00:00:00Z'";
    assert_eq!(said("late", facts, ""), "holds");
    assert_eq!(said("spared", "topic: a", "{ action: block, pointer: /topic }"), "holds", "whoever is excepted");
    assert!(
        said("typed", facts, "")
            .contains("found a rule that does not fit: rules.yaml:2: /1/when: expected two numbers")
    );
}
