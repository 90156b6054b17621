//! Rules over events as they are fitted to a topic's schema: what is left out, what is refused with the schema, and how many
//! fields they may name.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

mod event_kit;

use event_kit::{load, outline};
use forebay_policies::{EventFacts, EventRules, Facts};
use forebay_schemas::outline::FieldKind;
use forebay_schemas::picked::{Moment, Value};

/// A rule that blocks and requires this.
fn require(what: &str) -> String {
    format!("- name: a-rule\n  applies_to: event\n  action: block\n  require: {what}\n")
}

/// What rules say of an event whose every field is 3.
fn lines(rules: &EventRules) -> Vec<String> {
    let values = vec![Value::Int(3); rules.named().len()];
    let (now, today) = (Moment { seconds: 0, nanos: 0 }, "2026-11-21".parse().unwrap());
    let facts = EventFacts { values: &values, header: &|_| None, principal: "p", bytes: 100, now, today };
    let mut hits = Vec::new();
    rules.judge(&facts, &mut hits);
    hits.iter().map(|hit| rules.finding(hit).to_string()).collect()
}

#[test]
fn a_field_that_there_is_not_takes_nothing_else_out_of_a_rule() {
    let outline = outline(&[("/n", FieldKind::Int)]);
    let facts = Facts { topic: "a", outline: Some(&outline), ..Facts::default() };
    let rules = load(&require("{ headers: [x-t], bytes: 3, fields: [/zzz], values: { /yyy: [a], /n: [4] } }"))
        .for_topic(&facts)
        .unwrap();
    let why: Vec<_> = rules.does_not_apply().iter().map(|(_, why)| why.as_str()).collect();
    assert_eq!(why, ["the values of /yyy alone, since its events have no such field"]);
    let places = lines(&rules);
    let expected = ["a header field x-t", "/zzz: expected a value", "an event of 3 bytes", "/n: expected 4"];
    assert!(places.len() == 4 && places.iter().zip(expected).all(|(said, part)| said.contains(part)), "{places:?}");
    assert_eq!(rules.named().iter().map(|pointer| pointer.text.as_str()).collect::<Vec<_>>(), ["/n"]);
}

#[test]
fn words_that_a_field_never_is_are_refused_with_the_schema() {
    let kinds = [
        ("/int", FieldKind::Int),
        ("/double", FieldKind::Double),
        ("/text", FieldKind::Text),
        ("/yes", FieldKind::Bool),
        ("/at", FieldKind::Time),
        ("/any", FieldKind::Any),
    ];
    let outline = outline(&kinds);
    let facts = Facts { topic: "a", outline: Some(&outline), ..Facts::default() };
    let of = |values: &str| match load(&require(&format!("{{ values: {{ {values} }} }}"))).for_topic(&facts) {
        Ok(_) => "fine".to_owned(),
        Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    };
    for fine in ["/int: [1, x]", "/double: [0.5]", "/text: '[0-9]+'", "/yes: ['true']", "/any: '[0-9]+'"] {
        assert_eq!(of(fine), "fine", "{fine}");
    }
    let number = "events.yaml:1: expected a list of numbers as a-rule's values of";
    assert_eq!(of("/int: '[0-9]+'"), format!("{number} /int of a, found words that a whole number never is"));
    assert_eq!(of("/int: ['0.5']"), format!("{number} /int of a, found words that a whole number never is"));
    assert_eq!(of("/double: [x]"), format!("{number} /double of a, found words that a number never is"));
    assert!(of("/yes: ['yes']").contains("expected true or false as a-rule's values of /yes of a"));
    assert!(of("/at: ['2026']").contains("found words that a timestamp never is"));
}

#[test]
fn the_rule_that_names_one_field_too_many_says_so() {
    let fields = |name: &str, from: usize, to: usize| {
        let list: Vec<_> = (from..to).map(|n| format!("/f{n}")).collect();
        format!("- {{ name: {name}, applies_to: event, action: warn, require: {{ fields: [{}] }} }}\n", list.join(", "))
    };
    let of = |text: &str| load(text).for_topic(&Facts { topic: "a.b", ..Facts::default() }).map(|_| ());
    assert_eq!(of(&[fields("one", 0, 40), fields("two", 20, 61)].concat()), Ok(()));
    let problems = of(&[fields("one", 0, 40), fields("two", 20, 62), fields("three", 62, 70)].concat()).unwrap_err();
    let said: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let expected = "expected 61 fields at most that rules name over the events of a.b, found 62 with those of two";
    assert_eq!(said, [format!("events.yaml:2: {expected}")]);
}
