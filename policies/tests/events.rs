//! Rules over events: what each kind finds, what becomes of those that can't be judged, of exceptions, and of fields that a
//! topic does not have.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

mod event_kit;

use event_kit::{load, outline};
use forebay_policies::{Account, Action, Date, EventFacts, EventRules, Facts, Held, Hit, Rollout, Severity};
use forebay_schemas::contract::Pointer;
use forebay_schemas::outline::FieldKind;
use forebay_schemas::picked::{Moment, Value};

const NOW: Moment = Moment { seconds: 1_795_269_780, nanos: 0 };

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A rule with these members.
fn rule(members: &str) -> String {
    format!("- name: a-rule\n  applies_to: event\n  {}\n", members.replace('\n', "\n  "))
}

fn when(expression: &str) -> String {
    rule(&format!("action: block\nwhen: '{expression}'"))
}

fn require(what: &str) -> String {
    rule(&format!("action: block\nrequire: {what}"))
}

fn value(pointer: &str) -> Value<'static> {
    match pointer {
        "/n" => Value::Int(3),
        "/s" => Value::Text("DE"),
        "/empty" => Value::Text(""),
        "/yes" => Value::Bool(true),
        "/at" => Value::Time(Moment { seconds: NOW.seconds + 301, nanos: 0 }),
        "/half" => Value::Double(0.5),
        "/list" => Value::Json("[1,2]"),
        "" => Value::Json(r#"{"n":3,"s":"DE"}"#),
        _ => Value::Absent,
    }
}

fn header<'a>(name: &str) -> Option<&'a [u8]> {
    match name {
        "traceparent" => Some(b"00-1"),
        "blank" => Some(b""),
        _ => None,
    }
}

fn with_facts<T>(rules: &EventRules, today: &str, look: impl FnOnce(&EventFacts<'_>) -> T) -> T {
    let values: Vec<_> = rules.named().iter().map(|pointer| value(&pointer.text)).collect();
    let header = &header;
    let (principal, bytes, now, today) = ("svc-a", 100, NOW, day(today));
    look(&EventFacts { values: &values, header, principal, bytes, now, today })
}

fn hits(rules: &EventRules, today: &str) -> Vec<Hit> {
    with_facts(rules, today, |facts| {
        let mut hits = Vec::new();
        rules.judge(facts, &mut hits);
        hits
    })
}

fn account(rules: &EventRules, today: &str) -> Vec<Account> {
    with_facts(rules, today, |facts| {
        let mut accounts = Vec::new();
        rules.account(facts, &mut accounts);
        accounts
    })
}

fn only_hit(rules: &EventRules, today: &str) -> Hit {
    let hits = hits(rules, today);
    assert_eq!(hits.len(), 1);
    hits[0]
}

fn lines(rules: &EventRules, today: &str) -> Vec<String> {
    hits(rules, today).iter().map(|hit| rules.finding(hit).to_string()).collect()
}

fn said(text: &str) -> Vec<String> {
    lines(&load(text).for_topic(&Facts { topic: "a.b.v1", ..Facts::default() }).unwrap(), "2026-11-21")
}

#[test]
fn every_kind_of_rule_finds_what_breaks_it_and_nothing_else() {
    let cases: [(&str, Option<&str>); 30] = [
        ("require { headers: [traceparent] }", None),
        ("require { headers: [TraceParent] }", None),
        ("require { headers: [x-tenant] }", Some("expected a header field x-tenant, found nothing")),
        ("require { headers: [blank] }", Some("expected a header field blank, found an empty one")),
        ("require { fields: [/n, /s, /yes, /at, /list] }", None),
        ("require { fields: [/gone] }", Some("/gone: expected a value that is not empty, found nothing")),
        ("require { fields: [/empty] }", Some("/empty: expected a value that is not empty, found an empty one")),
        ("require { bytes: 100 }", None),
        ("require { bytes: 99 }", Some("expected an event of 99 bytes at most, found a longer one")),
        ("require { values: { /s: [DE, FR] } }", None),
        ("require { values: { /s: [FR] } }", Some("/s: expected FR, found another string")),
        ("require { values: { /s: '[A-Z]{2}' } }", None),
        (
            "require { values: { /s: '[a-z]{2}' } }",
            Some("/s: expected text that matches [a-z]{2}, found another string"),
        ),
        ("require { values: { /n: [1, 2, 3] } }", None),
        ("require { values: { /n: [1, 2] } }", Some("/n: expected one of 1, 2, found another number")),
        ("require { values: { /yes: ['true'] } }", None),
        ("require { values: { /yes: ['false'] } }", Some("/yes: expected false, found another boolean")),
        ("require { values: { /gone: [x] } }", None),
        ("require { values: { /list: [x] } }", Some("/list: expected x, found an array")),
        ("when event.n > 3", None),
        ("when event.n > 2", Some("/n: expected event.n > 2 to be false, found true for a whole number")),
        (
            "when event.at > now + duration(\"5m\")",
            Some("/at: expected event.at > now + duration(\"5m\") to be false, found true for a timestamp"),
        ),
        ("when event.at > now + duration(\"302s\")", None),
        (
            "when event.n > 2 && event.s == \"DE\"",
            Some("blocks: expected event.n > 2 && event.s == \"DE\" to be false"),
        ),
        ("when !has(headers.traceparent)", None),
        ("when principal != \"svc-b\" && topic == \"a.b.v1\"", Some("found true")),
        ("when size > 99", Some("expected size > 99 to be false, found true")),
        ("when event.list.exists(i, i > 1)", Some("/list: ")),
        ("when event.exists(name, name == \"s\")", Some("found true for an object")),
        ("when contract.owner != \"\"", None),
    ];
    for (text, expected) in cases {
        let text = match text.split_once(' ').unwrap() {
            ("require", what) => require(what),
            (_, expression) => when(expression),
        };
        let said = said(&text);
        match expected {
            None => assert_eq!(said, [""; 0], "{text}"),
            Some(part) => assert!(matches!(&said[..], [one] if one.contains(part)), "{text}: {said:?}"),
        }
    }
}

#[test]
fn what_can_not_be_judged_is_decided_by_on_error() {
    let of = |more: &str| {
        let text = rule(&format!("action: block\nwhen: 'event.gone > 1'{more}"));
        let rules = load(&text).for_topic(&Facts::default()).unwrap();
        let hit = only_hit(&rules, "2026-11-21");
        assert!(hit.failed);
        assert_eq!(
            (rules.action(&hit), rules.blocks(&hit)),
            (rules.finding(&hit).action, rules.finding(&hit).blocks())
        );
        rules.finding(&hit)
    };
    let finding = of("\non_error: warn");
    assert_eq!(
        finding.to_string(),
        "a-rule (events.yaml:1) warns: /gone: expected event.gone > 1 to be false, found that it can't be judged: > \
         between nothing and a whole number"
    );
    assert!(finding.failed && !finding.blocks() && finding.action == Action::Warn);
    // Whoever sends could switch a rule off otherwise, by an event that can't be judged.
    assert!(of("").blocks());
    assert!(of("\non_error: block").blocks());
    let shadowed = of("\nrollout: shadow");
    assert!(!shadowed.blocks() && shadowed.action == Action::Block);
}

#[test]
fn shadow_says_what_it_would_have_done() {
    let text = rule("action: block\nrollout: shadow\nseverity: critical\nfix: Send it later.\nwhen: 'event.n == 3'");
    let rules = load(&text).for_topic(&Facts::default()).unwrap();
    let hit = only_hit(&rules, "2026-11-21");
    let finding = rules.finding(&hit);
    assert!(!rules.blocks(&hit) && !finding.blocks());
    assert_eq!(
        finding.to_string(),
        "a-rule (events.yaml:1) would block: /n: expected event.n == 3 to be false, found true for a whole number. \
         Send it later."
    );
    assert_eq!((finding.rollout, finding.severity), (Rollout::Shadow, Severity::Critical));
    assert_eq!(finding.fix.as_deref(), Some("Send it later."));
}

const EXCEPT: &str = "\
- name: a-rule
  applies_to: event
  action: block
  when: event.n == 3
  except:
    - { topic: legacy_orders, reason: its writer is replaced in spring, expires: 2027-03-31 }
";

#[test]
fn an_exception_holds_through_its_last_day_and_then_the_rule_bites() {
    let conventions = load(EXCEPT);
    let facts = Facts { topic: "legacy_orders", ..Facts::default() };
    let rules = conventions.for_topic(&facts).unwrap();
    assert_eq!(lines(&rules, "2027-03-31"), [""; 0]);
    let account = account(&rules, "2027-03-31");
    let excepted = Held::Excepted { until: day("2027-03-31"), reason: "its writer is replaced in spring".to_owned() };
    assert_eq!(account[0].result, excepted);
    let hit = only_hit(&rules, "2027-04-01");
    assert!(hit.lapsed && rules.finding(&hit).lapsed && rules.blocks(&hit));
    // Before there is an event, the exception itself is reported.
    assert!(conventions.decide(&facts, day("2027-03-31")).ended.is_empty());
    let late = conventions.decide(&facts, day("2027-04-01"));
    assert!(late.findings.is_empty(), "no event breaks anything by that alone");
    assert!(matches!(&late.ended[..], [one] if one.lapsed && one.line == 6 && one.action == Action::Warn));
    let shadow = load(&EXCEPT.replace("action: block", "action: block\n  rollout: shadow"));
    let late = shadow.decide(&facts, day("2027-04-01")).ended;
    assert!(late[0].to_string().starts_with("a-rule (events.yaml:7) warns: /topic: expected no exception after"));
    let other = conventions.for_topic(&Facts { topic: "orders", ..Facts::default() }).unwrap();
    assert!(hits(&other, "2027-03-31").iter().all(|hit| !hit.lapsed && other.blocks(hit)));
}

#[test]
fn a_rule_is_for_its_topics() {
    let text = rule("action: warn\ntopics: ['billing.*', legacy]\nwhen: 'size > 1'");
    let of = |topic| load(&text).for_topic(&Facts { topic, ..Facts::default() }).unwrap().rules().len();
    assert_eq!(["billing.a.v1", "legacy", "legacy2", "a.billing.b"].map(of), [1, 1, 0, 0]);
}

#[test]
fn a_rule_that_names_a_field_which_there_is_not_does_not_apply() {
    let outline = outline(&[
        ("/n", FieldKind::Int),
        ("/any", FieldKind::Any),
        ("/lines", FieldKind::List),
        ("/lines/*", FieldKind::Object),
        ("/lines/*/net", FieldKind::Int),
    ]);
    let of = |text: &str, facts: &Facts<'_>| {
        let rules = load(text).for_topic(facts).unwrap();
        let why: Vec<_> = rules.does_not_apply().iter().map(|(rule, why)| format!("{}: {why}", rule.name)).collect();
        assert_eq!(rules.rules().len() + why.len(), 1);
        why.join("")
    };
    let known = Facts { topic: "a", outline: Some(&outline), ..Facts::default() };
    let unknown = Facts { topic: "a", ..Facts::default() };
    for (text, expected) in [
        (when("event.n > 1"), ""),
        (when("event.total > 1"), "a-rule: its events have no field /total"),
        (when("event.n.total == 1"), "a-rule: its events have no field /n/total"),
        (when("event.any.deeper == 1"), ""),
        (when("event.lines.exists(line, line.net > 1)"), ""),
        (when("size(event) > 1"), ""),
        (require("{ values: { /total: [a] } }"), "a-rule: its events have no field /total"),
        (require("{ headers: [a], bytes: 3 }"), ""),
    ] {
        assert_eq!(of(&text, &known), expected, "{text}");
        assert_eq!(of(&text, &unknown), "", "{text}");
    }
    let id = Pointer::parse("/n").unwrap();
    assert_eq!(of(&when("id == 3"), &unknown), "a-rule: its contract does not say where an event's id is");
    assert_eq!(of(&when("time > now"), &unknown), "a-rule: its contract does not say where an event's time is");
    assert_eq!(of(&when("id == 3"), &Facts { id: Some(&id), ..known.clone() }), "");
    assert_eq!(of(&when("id == 3 && event.total == 1"), &known), "a-rule: its events have no field /total");
}

#[test]
fn a_rule_that_does_not_go_with_a_schema_says_which_field_and_where_the_rule_is() {
    let outline = outline(&[("/n", FieldKind::Text), ("/at", FieldKind::Time), ("/yes", FieldKind::Bool)]);
    let id = Pointer::parse("/n").unwrap();
    let facts = Facts { topic: "billing.v1", id: Some(&id), outline: Some(&outline), ..Facts::default() };
    let text = "\
- { name: a, applies_to: event, action: warn, when: 'event.n > 1' }
- name: b
  applies_to: event
  action: warn
  when: >
    event.at > \"2026-11-21\"
- { name: c, applies_to: event, action: warn, when: 'event.at > now && event.yes' }
- { name: d, applies_to: event, action: warn, when: 'id > 3' }
- { name: e, applies_to: event, action: warn, when: 'event.at' }
- { name: f, applies_to: event, action: warn, topics: [other], when: 'event.n > 1' }
";
    let problems = load(text).for_topic(&facts).unwrap_err();
    insta::assert_snapshot!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    assert!(load(text).for_topic(&Facts { outline: None, ..facts }).is_ok());
}

#[test]
fn an_account_names_every_rule_in_order() {
    let text = [
        "- { name: b, applies_to: event, action: block, require: { fields: [/n, /gone, /empty] } }\n",
        "- { name: a, applies_to: event, action: warn, when: 'event.n > 7' }\n",
        "- { name: c, applies_to: event, action: warn, when: 'id == 3' }\n",
    ];
    let rules = load(&text.concat()).for_topic(&Facts::default()).unwrap();
    let account = account(&rules, "2026-11-21");
    let row = |Account { rule, result }: &Account| match result {
        Held::Kept => format!("{} kept", rule.name),
        Held::Broken(finding) => finding.to_string(),
        Held::Excepted { .. } => format!("{} excepted", rule.name),
    };
    assert_eq!(
        account.iter().map(row).collect::<Vec<_>>(),
        [
            "b (events.yaml:1) blocks: /gone: expected a value that is not empty, found nothing",
            "b (events.yaml:1) blocks: /empty: expected a value that is not empty, found an empty one",
            "a kept",
        ]
    );
    assert_eq!(rules.does_not_apply().len(), 1);
}

#[test]
fn rules_say_what_they_are() {
    let text = "\
- name: whole
  applies_to: event
  topics: ['a.*']
  when: 'size(event) > 3'
  action: warn
  why: Because.
  fix: Do.
  good: Good.
  bad: Bad.
  message: Said.
";
    let conventions = load(text);
    let rule = conventions.rules().next().unwrap();
    assert!(rule.needs_whole_event);
    assert_eq!((rule.place.name(), rule.on_error, rule.severity), ("event", Some(Action::Warn), Severity::Minor));
    assert_eq!(rule.when.as_deref(), Some("size(event) > 3"));
    let texts = [&rule.why, &rule.fix, &rule.good, &rule.bad, &rule.message].map(|text| text.as_deref().unwrap());
    assert_eq!(texts, ["Because.", "Do.", "Good.", "Bad.", "Said."]);
    assert_eq!(rule.topics.patterns(), ["a.*"]);
    let rules = conventions.for_topic(&Facts { topic: "a.b", ..Facts::default() }).unwrap();
    assert_eq!(rules.named().iter().map(|pointer| pointer.text.as_str()).collect::<Vec<_>>(), [""]);
    let two = load(
        &[when("event.n > 1 && event.s == \"\""), when("event.s == \"x\" || event.n > 3").replace("a-rule", "b")]
            .concat(),
    );
    let named = two.for_topic(&Facts::default()).unwrap();
    assert_eq!(named.named().iter().map(|pointer| pointer.text.as_str()).collect::<Vec<_>>(), ["/n", "/s"]);
}

#[test]
fn a_long_list_of_words_is_not_said_to_every_sender() {
    let words = |count: usize| (0..count).map(|n| format!("word-{n}")).collect::<Vec<_>>().join(", ");
    let said = said(&require(&format!("{{ values: {{ /s: [{}] }} }}", words(5_000))));
    let expected = "word-0, word-1, word-2, word-3, word-4, word-5, word-6, word-7, word-8, word-9 and 4990 more";
    assert_eq!(
        said,
        [format!("a-rule (events.yaml:1) blocks: /s: expected one of {expected}, found another string").as_str()]
    );
    let listed = require(&format!("{{ values: {{ /s: [{}, DE] }} }}", words(5_000)));
    assert_eq!(self::said(&listed), [""; 0]);
    let long = require(&format!("{{ values: {{ /s: [{0}, {0}, {0}] }} }}", "x".repeat(150)));
    assert!(self::said(&long)[0].contains(&format!("one of {} and 2 more", "x".repeat(150))));
    let long = self::said(&when(&format!("event.s != \"{}\"", "x".repeat(2_000))));
    assert!(long[0].len() < 600 && long[0].contains("xxx… to be false"), "{long:?}");
}

#[test]
fn what_judging_takes_is_known_and_bounded() {
    let steps = |text: &str, long: &str| {
        let rules = load(text).for_topic(&Facts { topic: "a.b.v1", ..Facts::default() }).unwrap();
        let values = vec![Value::Text(long); rules.named().len()];
        let (header, now, today) = (&header, NOW, day("2026-11-21"));
        let facts = EventFacts { values: &values, header, principal: "p", bytes: 3, now, today };
        let mut hits = Vec::new();
        (rules.judge(&facts, &mut hits), hits.iter().map(|hit| rules.finding(hit).found).collect::<Vec<_>>())
    };
    let costly = require("{ values: { /s: '[01]*1[01]{90}x' } }");
    let (few, found) = steps(&costly, "01");
    assert!(few < 100 && found == ["another string"]);
    let (many, found) = steps(&costly, &"01".repeat(50_000));
    assert!((40_000..=50_000).contains(&many) && found == ["a string that is too long"], "{many} {found:?}");
    let (few, found) = steps(&require("{ values: { /s: '[01]+' } }"), &"01".repeat(50_000));
    assert!(few < 20_000 && found == [""; 0]);
    assert!(steps(&when("event.s.matches(\"^0\") || event.s == \"1\""), &"01".repeat(5_000)).0 > 1_000);
    assert_eq!(steps(&require("{ headers: [a, b], fields: [/s] }"), "").0, 3);
}
