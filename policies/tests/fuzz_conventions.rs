//! Texts of any kind end in conventions or in problems with their place; never in a panic, and soon.

use std::time::{Duration, Instant};

use forebay_fuzz::fuzz;
use forebay_policies::{Case, Conventions, Date, EventFacts, Facts};
use forebay_schemas::contract::Pointer;
use forebay_schemas::outline::Outline;
use forebay_schemas::picked::{Moment, Value};

/// Pieces of rules: random bytes alone seldom get past the first line.
const PIECES: [&str; 75] = [
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
    "schema",
    "when: ",
    "'event.a > 1'",
    "'schema.fields.all(f, f.documented)'",
    "rollout: ",
    "shadow",
    "severity: ",
    "on_error: ",
    "topics: ",
    "'a.*'",
    "headers: ",
    "fields: ",
    "/a",
    "bytes: ",
    "64KiB",
    "values: ",
    "previous_version: ",
    "documented_fields: ",
    "field_names: ",
    "personal_fields: ",
    "named: ",
    "pii: ",
    "for: ",
    "restricted",
    "compatibility: ",
    "- case: a",
    "rule: a",
    "event: ",
    "kind: ",
    "now: ",
    "why: ",
];

/// Pieces of expressions.
const CEL: [&str; 64] = [
    "event",
    ".a",
    ".b",
    "[\"a\"]",
    "[0]",
    "[",
    "]",
    "(",
    ")",
    " == ",
    " != ",
    " < ",
    " > ",
    " + ",
    " - ",
    " * ",
    " / ",
    " % ",
    " && ",
    " || ",
    " in ",
    "!",
    "-",
    " ? ",
    " : ",
    "1",
    "0",
    "9223372036854775807",
    "2u",
    "0.5",
    "1e308",
    "\"x\"",
    "'",
    "\"",
    "true",
    "null",
    "now",
    "size",
    "size(",
    "time",
    "id",
    "principal",
    "topic",
    "headers",
    ".all(i, ",
    ".exists(i, ",
    ".map(i, ",
    ".filter(i, ",
    "i",
    "has(",
    "duration(\"5m\")",
    "timestamp(",
    "string(",
    "int(",
    "double(",
    ".matches(\"^a+$\")",
    ".startsWith(",
    ".size()",
    ".getHours()",
    "contract",
    ".owner",
    "{",
    "}",
    ", ",
];

/// A value of any kind, from two bytes.
fn value(kind: u8, seed: u8) -> Value<'static> {
    const TEXTS: [&str; 6] = ["", "x", "1", "2026-11-21T14:03:00Z", "a@b", "\u{1F600}"];
    const JSON: [&str; 5] = ["[1,\"x\",null]", "{\"a\":{\"b\":[{}]}}", "[[[[1]]]]", "{", "[1e400]"];
    let seed = usize::from(seed);
    match kind % 9 {
        0 => Value::Absent,
        1 => Value::Bool(seed % 2 == 0),
        2 => Value::Int([0, 1, -1, i64::MIN, i64::MAX, 60][seed % 6]),
        3 => Value::Uint([0, 1, u64::MAX][seed % 3]),
        4 => Value::Double([0.0, 0.5, -1e300, f64::NAN, f64::INFINITY][seed % 5]),
        5 => Value::Text(TEXTS[seed % TEXTS.len()]),
        6 => Value::Bytes(b"\x00\xff"),
        7 => Value::Time(Moment { seconds: [0, i64::MIN, i64::MAX, 253_402_300_799][seed % 4], nanos: 999_999_999 }),
        _ => Value::Json(JSON[seed % JSON.len()]),
    }
}

fn lookup<'a>(name: &str) -> Option<&'a [u8]> {
    name.len().is_multiple_of(2).then_some(b"\xffx")
}

/// Compiles an expression for every place; where it is one, judges events by it.
fn judge(expression: &str, seeds: &[u8]) {
    let begun = Instant::now();
    let quoted = expression.replace('\'', "''").replace(['\n', '\r'], " ");
    let today = Date::from_days_since_epoch(20_000).expect("a day of 2024");
    for place in ["topic", "contract", "schema", "event"] {
        let text = format!("- {{ name: a, applies_to: {place}, action: block, when: '{quoted}' }}");
        let Ok(conventions) = Conventions::load(&[("f.yaml".to_owned(), text)]) else { continue };
        let pointer = Pointer::parse("/a").expect("it is one");
        let outline = Outline { fields: Vec::new(), open: place == "event" };
        let (id, time) = (Some(&pointer), Some(&pointer));
        let facts = Facts { topic: "a.b", id, time, outline: Some(&outline), ..Facts::default() };
        let decision = conventions.decide(&facts, today);
        assert!(decision.findings.iter().all(|finding| !finding.found.is_empty()));
        let rules = conventions.for_topic(&facts).expect("nothing is known of the fields");
        let seed = |index: usize| seeds.get(index).copied().unwrap_or_default();
        let values: Vec<_> =
            (0..rules.named().len()).map(|index| value(seed(2 * index), seed(2 * index + 1))).collect();
        let now = Moment { seconds: 1_700_000_000, nanos: 1 };
        let facts = EventFacts { values: &values, header: &lookup, principal: "p", bytes: u64::MAX, now, today };
        let mut hits = Vec::new();
        rules.judge(&facts, &mut hits);
        assert!(hits.len() <= 1);
        assert!(hits.iter().all(|hit| !rules.finding(hit).to_string().contains('\n')));
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{} bytes took {:?}", expression.len(), begun.elapsed());
}

fn hold(text: &str) {
    let begun = Instant::now();
    let file = || vec![("f.yaml".to_owned(), text.to_owned())];
    match Conventions::load(&file()) {
        Ok(conventions) => {
            let today = Date::from_days_since_epoch(20_000).expect("a day of 2024");
            let decision = conventions.decide(&Facts { topic: text, ..Facts::default() }, today);
            assert!(decision.findings.iter().all(|finding| !finding.rule.is_empty() && finding.line > 0));
            assert!(conventions.for_topic(&Facts { topic: text, ..Facts::default() }).is_ok());
            for case in Case::read("f.yaml", text).into_iter().flatten() {
                drop(case.run(&conventions));
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|problem| problem.line > 0 && !problem.to_string().contains('\n')));
        }
    }
    match Case::read("f.yaml", text) {
        Ok(cases) => assert!(cases.iter().all(|case| case.run(&Conventions::default()).is_err())),
        Err(problems) => assert!(!problems.is_empty()),
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{} bytes took {:?}", text.len(), begun.elapsed());
}

#[test]
fn any_text() {
    fuzz!(2_000).for_each(|bytes| hold(&String::from_utf8_lossy(bytes)));
}

#[test]
fn pieces_of_rules() {
    fuzz!(4_000).for_each(|bytes| {
        let text: String = bytes.iter().map(|index| PIECES[usize::from(*index) % PIECES.len()]).collect();
        hold(&text);
    });
}

/// Whole rules with any text as pattern, condition or exception.
#[test]
fn rules_around_any_text() {
    fuzz!(700).for_each(|bytes| {
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
            format!("- {{ name: a, applies_to: event, action: warn, topics: ['{text}'], require: {{ fields: ['{text}'] }} }}"),
            format!("- {{ name: a, applies_to: schema, action: warn, require: {{ fields: ['{text}'], field_names: '{text}' }} }}"),
            format!("- {{ name: a, applies_to: event, action: warn, require: {{ values: {{ /a: '{text}' }}, headers: ['{text}'] }} }}"),
        ] {
            hold(&rule);
        }
    });
}

/// Cases with any event and any facts.
#[test]
fn cases_around_any_text() {
    let rules = "- { name: a, applies_to: event, action: warn, when: 'event.a == time && size(event) > 0 || id == event[\"b\"]' }";
    let conventions = Conventions::load(&[("f.yaml".to_owned(), rules.to_owned())]).expect("they are well formed");
    fuzz!(500).for_each(|bytes| {
        let text = String::from_utf8_lossy(bytes).replace('\'', "''");
        for event in [format!("'{text}'"), format!("{{ a: '{text}', b: [{text}] }}"), text.clone()] {
            let facts = format!("{{ topic: '{text}', time: /a, id: '/{text}', event: {event}, now: '{text}' }}");
            let case = format!("- {{ case: c, rule: a, facts: {facts}, expect: [] }}");
            for case in Case::read("f.yaml", &case).into_iter().flatten() {
                drop(case.run(&conventions));
            }
        }
    });
}

#[test]
fn any_expression() {
    fuzz!(200).for_each(|bytes| judge(&String::from_utf8_lossy(bytes), bytes));
}

#[test]
fn pieces_of_expressions() {
    fuzz!(300).for_each(|bytes| {
        let text: String = bytes.iter().map(|index| CEL[usize::from(*index) % CEL.len()]).collect();
        judge(&text, bytes);
    });
}
