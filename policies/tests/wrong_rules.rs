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
        ("two checks", topic("pattern: '{a}'\nrequire: { previous_version: true }")),
        ("two checks of an event", rule("applies_to: event\naction: warn\nwhen: 'true'\nrequire: { bytes: 1KiB }")),
        ("no check of an event", rule("applies_to: event\naction: warn")),
        ("no check of a schema", rule("applies_to: schema\naction: warn")),
        (
            "words that there are not",
            rule("applies_to: events\nwhen: 'true'\naction: refuse\nrollout: shaddow\nseverity: 3\non_error: ignore")
        ),
        ("on_error without when", topic("pattern: '{a}'\non_error: block")),
        ("topics", topic("pattern: '{a}'\ntopics: [\"a b\", billing.*]")),
        ("no topics", topic("pattern: '{a}'\ntopics: []")),
        ("a long message", topic(&format!("pattern: '{{a}}'\nmessage: {}\nfix: {}", "x".repeat(501), "y".repeat(500)))),
        ("a blank why", topic("pattern: '{a}'\nwhy: ' '\nfix:")),
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
        ("a long word", topic(&format!("pattern: '{{domain}}'\nwhere: {{ domain: [{}] }}", "x".repeat(201)))),
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
        ("limits", contract("{ limits: [events_per_minute] }")),
    ]));
}

#[test]
fn wrong_requirements_of_other_places_say_what_would_be_right() {
    let of = |place: &str, require: &str| rule(&format!("applies_to: {place}\naction: warn\nrequire: {require}"));
    insta::assert_snapshot!(table(&[
        ("topic: nothing", of("topic", "{}")),
        ("topic: a contract's", of("topic", "{ previous_version: false, owner: a }")),
        ("contract: pii", of("contract", "{ pii: { for: [secret], when: x } }")),
        ("contract: pii not required", of("contract", "{ pii: false }")),
        ("contract: compatibility", of("contract", "{ compatibility: [forwards] }")),
        ("contract: any compatibility", of("contract", "{ compatibility: [] }")),
        ("schema: nothing", of("schema", "{}")),
        ("schema: slips", of("schema", "{ documented: true, fields: [], forbid_types: any }")),
        ("schema: names", of("schema", "{ field_names: '(', personal_fields: email }")),
        ("event: nothing", of("event", "{}")),
        ("event: headers", of("event", "{ headers: ['a b'], fields: [customer_id, /a/*, ''] }")),
        ("event: bytes", of("event", "{ bytes: many }")),
        ("event: no bytes", of("event", "{ bytes: 0 }")),
        ("event: values", of("event", "{ values: { country: [DE], /a: [], /b: { c: d } } }")),
    ]));
}

#[test]
fn wrong_expressions_say_where_they_stand() {
    let when = |place: &str, when: &str| rule(&format!("applies_to: {place}\naction: warn\nwhen: '{when}'"));
    insta::assert_snapshot!(table(&[
        ("no CEL", when("event", "event.total >")),
        ("no boolean", when("event", "size + 1")),
        ("a name of another place", when("topic", "event.total > 1")),
        ("a name of the schema's", when("contract", "schema.open")),
        ("a member of the contract's", when("contract", "contract.has_producer")),
        ("a member of a field's", when("schema", "schema.fields.exists(f, f.nam == \"a\")")),
        ("nothing", rule("applies_to: event\naction: warn\nwhen:")),
    ]));
}

#[test]
fn wrong_exceptions_say_what_would_be_right() {
    let except = |list: &str| topic(&format!("pattern: '{{a}}'\nexcept: {list}"));
    insta::assert_snapshot!(table(&[
        ("no list", except("legacy_orders")),
        ("topics alone", except("[legacy_orders]")),
        ("a pattern of topics", except("[{ topic: 'energy.*', reason: a, expires: 2027-02-28 }]")),
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
