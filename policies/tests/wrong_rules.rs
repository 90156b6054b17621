//! What a wrong rule says: every mistake with its place, and words that tell what to write instead.

use forebay_policies::Conventions;

/// A rule with these members.
fn rule(members: &str) -> String {
    format!("- name: a-rule\n  {}\n", members.replace('\n', "\n  "))
}

fn topic(more: &str) -> String {
    rule(&format!("applies_to: topic\naction: block\n{more}"))
}

fn contract(more: &str) -> String {
    rule(&format!("applies_to: contract\naction: block\nrequire: {more}"))
}

fn said(files: &[(&str, &str)]) -> String {
    let files: Vec<_> = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    match Conventions::load(&files) {
        Ok(conventions) => format!("loaded {} rules", conventions.names().count()),
        Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

fn table(cases: &[(&str, String)]) -> String {
    let row = |(name, text): &(&str, String)| format!("# {name}\n{}", said(&[("rules.yaml", text)]));
    cases.iter().map(row).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn wrong_rules_say_what_would_be_right() {
    insta::assert_snapshot!(table(&[
        ("nothing", String::new()),
        ("only a comment", "# later\n".to_owned()),
        ("an empty list", "[]".to_owned()),
        ("no list", "name: a-rule\n".to_owned()),
        ("words in a list", "- topic-naming\n".to_owned()),
        ("an empty rule", "- {}\n".to_owned()),
        ("slips of the pen", rule("aplies_to: topic\npatern: '{a}'\naction: bloc")),
        (
            "a name with blanks",
            "- name: Topic Naming\n  applies_to: topic\n  pattern: '{a}'\n  action: warn\n".to_owned()
        ),
        ("a topic's rule with a contract's members", topic("pattern: '{a}'\nrequire: { key: true }")),
        ("a contract's rule with a topic's members", contract("{ key: true }\npattern: '{a}'\nwhere: { a: b }")),
        ("a rule without what it checks", topic("message: hm")),
        (
            "what comes later",
            rule("applies_to: event\nwhen: 'event.a > 1'\naction: block\nrollout: shadow\nseverity: 3")
        ),
        ("rules over schemas", rule("applies_to: schema\nrequire: { documented_fields: true }\naction: warn")),
    ]));
}

#[test]
fn wrong_patterns_say_what_would_be_right() {
    insta::assert_snapshot!(table(&[
        ("an open brace", topic("pattern: '{domain'")),
        ("an expression of no kind", topic("pattern: '{domain}'\nwhere: { domain: '[a-' }")),
        ("an expression that looks around", topic("pattern: '{domain}'\nwhere: { domain: '(?!x)y' }")),
        ("an expression that grows", topic("pattern: '{domain}'\nwhere: { domain: '((\\w{99}){99}){99}' }")),
        (
            "an expression that is long",
            topic(&format!("pattern: '{{domain}}'\nwhere: {{ domain: '{}' }}", "x".repeat(600)))
        ),
        (
            "an expression that nests",
            topic(&format!("pattern: '{{domain}}'\nwhere: {{ domain: '{}' }}", "(".repeat(200)))
        ),
        ("no words", topic("pattern: '{domain}'\nwhere: { domain: [] }")),
        ("a part that is not there", topic("pattern: '{domain}.{event}'\nwhere: { evnt: [a], version: '1' }")),
        ("where: a list", topic("pattern: '{domain}'\nwhere: [domain]")),
    ]));
}

#[test]
fn wrong_requirements_say_what_would_be_right() {
    insta::assert_snapshot!(table(&[
        ("nothing required", contract("{}")),
        ("unknown words", contract("{ owners: [a], descripton: { min_length: 3 } }")),
        ("owner", contract("{ owner: { team: a } }")),
        ("classification", contract("{ classification: [internal, secret] }")),
        ("any classification", contract("{ classification: any }")),
        ("description", contract("{ description: { min_length: 0, max_length: 7 } }")),
        ("description: a number", contract("{ description: 30 }")),
        ("labels", contract("{ labels: domain }")),
        ("not required", contract("{ key: false, id: yes }")),
        ("limits", contract("{ limits: [events_per_second] }")),
    ]));
}

#[test]
fn wrong_exceptions_say_what_would_be_right() {
    let except = |list: &str| topic(&format!("pattern: '{{a}}'\nexcept: {list}"));
    insta::assert_snapshot!(table(&[
        ("no list", except("legacy_orders")),
        ("topics alone", except("[legacy_orders]")),
        ("no reason and no end", except("[{ topic: legacy_orders }]")),
        (
            "days that do not exist",
            except("[{ topic: a, reason: b, expires: 2027-02-30 }, { topic: b, reason: c, expires: soon }]")
        ),
        (
            "one topic twice",
            except("\n- { topic: a, reason: b, expires: 2027-03-31 }\n- { topic: a, reason: c, expires: 2028-03-31 }"),
        ),
    ]));
}

#[test]
fn a_name_stands_for_one_rule() {
    let (one, two) = (topic("pattern: '{a}'"), contract("{ key: true }"));
    insta::assert_snapshot!(said(&[("b.yaml", &one), ("a.yaml", &two), ("c.yaml", &format!("{one}{two}"))]));
}

#[test]
fn there_are_not_too_many_rules() {
    let rules: String =
        (0..1_001).map(|n| topic("pattern: '{a}'").replace("a-rule", &format!("rule-{n}")) + "\n").collect();
    assert_eq!(said(&[("many.yaml", &rules)]), "many.yaml:5001: expected 1000 rules at most, found 1001");
}
