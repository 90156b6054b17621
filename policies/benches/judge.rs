//! What judging an event costs: no rules; ten rules, of which two are expressions; one expression of two scalars; one over
//! the whole event.

#![expect(clippy::unwrap_used, reason = "a bench that can't begin has nothing to say")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use forebay_policies::{Conventions, Date, EventFacts, EventRules, Facts};
use forebay_schemas::picked::{Moment, Value};

const SCALARS: &str =
    "- { name: s, applies_to: event, action: warn, when: 'event.total > 100000 && event.country == \"DE\"' }\n";
const TIMES: &str = "- { name: t, applies_to: event, action: warn, when: 'event.at > now + duration(\"5m\")' }\n";
const WHOLE: &str =
    "- { name: w, applies_to: event, action: warn, when: 'event.exists(name, name == \"password\")' }\n";
const EVENT: &str = r#"{"id":"0b7f6c3e-8f55-4a0e-9a3c-0d8f8a1f2c11","at":"2026-11-21T14:03:00Z","country":"DE","total":4200,"lines":[{"sku":"A-1","quantity":2,"net":2100},{"sku":"B-7","quantity":1,"net":2100}],"note":null}"#;

fn rules(text: &str) -> EventRules {
    let conventions = Conventions::load(&[("bench.yaml".to_owned(), text.to_owned())]).unwrap();
    conventions.for_topic(&Facts { topic: "a.b.c.v1", ..Facts::default() }).unwrap()
}

fn ten() -> String {
    let required = [
        "headers: [traceparent]",
        "fields: [/id]",
        "fields: [/at, /country]",
        "bytes: 64KiB",
        "values: { /country: [DE, FR, IT] }",
        "values: { /id: '[0-9a-f-]{36}' }",
        "fields: [/total]",
        "headers: [content-type]",
    ];
    let rule = |(n, require): (usize, &&str)| {
        format!("- {{ name: r{n}, applies_to: event, action: warn, require: {{ {require} }} }}\n")
    };
    required.iter().enumerate().map(rule).chain([SCALARS.to_owned(), TIMES.to_owned()]).collect()
}

fn value(pointer: &str) -> Value<'static> {
    match pointer {
        "" => Value::Json(EVENT),
        "/id" => Value::Text("0b7f6c3e-8f55-4a0e-9a3c-0d8f8a1f2c11"),
        "/at" => Value::Time(Moment { seconds: 1_795_269_780, nanos: 0 }),
        "/country" => Value::Text("DE"),
        "/total" => Value::Int(4_200),
        _ => Value::Absent,
    }
}

fn header<'a>(name: &str) -> Option<&'a [u8]> {
    matches!(name, "traceparent" | "content-type").then_some(b"x")
}

fn judge(c: &mut Criterion) {
    let cases = [
        ("no rules", String::new()),
        ("ten rules, two of them CEL", ten()),
        ("one CEL rule of two scalars", SCALARS.to_owned()),
        ("one CEL rule of two moments", TIMES.to_owned()),
        ("one CEL rule over the whole event", WHOLE.to_owned()),
    ];
    for (name, text) in cases {
        let rules = rules(&text);
        let values: Vec<_> = rules.named().iter().map(|pointer| value(&pointer.text)).collect();
        let facts = EventFacts {
            values: &values,
            header: &header,
            principal: "svc-billing",
            bytes: EVENT.len() as u64,
            now: Moment { seconds: 1_795_269_790, nanos: 0 },
            today: Date::new(2026, 11, 21).unwrap(),
        };
        let mut hits = Vec::new();
        rules.judge(&facts, &mut hits);
        assert!(hits.is_empty(), "{name}: a kept event is measured");
        c.bench_function(name, |b| b.iter(|| rules.judge(black_box(&facts), black_box(&mut hits))));
    }
}

criterion_group!(benches, judge);
criterion_main!(benches);
