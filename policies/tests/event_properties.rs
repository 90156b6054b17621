//! Whatever events hold: rules end in hits that say something, in any order the same ones, and shadow never blocks.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

use std::collections::BTreeSet;

use forebay_policies::{Account, Conventions, Date, EventFacts, Facts, Held, Hit, Rollout};
use forebay_schemas::contract::Pointer;
use forebay_schemas::picked::{Moment, Value};
use proptest::prelude::*;

const NOW: Moment = Moment { seconds: 1_795_269_780, nanos: 0 };

fn load(text: &str) -> Conventions {
    Conventions::load(&[("events.yaml".to_owned(), text.to_owned())]).unwrap()
}

fn header<'a>(name: &str) -> Option<&'a [u8]> {
    (name == "h").then_some(b"")
}

/// Rules of every kind, some of which any event breaks.
const RULES: [&str; 12] = [
    "{ name: a, applies_to: event, action: block, when: 'event.a > 1' }",
    "{ name: b, applies_to: event, action: block, rollout: shadow, when: 'event.a == event.b' }",
    "{ name: c, applies_to: event, action: warn, on_error: block, when: 'event.a + event.b == event.c' }",
    "{ name: d, applies_to: event, action: block, on_error: block, rollout: shadow, when: 'event.a / event.b > 0' }",
    "{ name: e, applies_to: event, action: block, require: { fields: [/a, /b] } }",
    "{ name: f, applies_to: event, action: warn, require: { values: { /a: [x, '1'], /b: '[a-z]+' } } }",
    "{ name: g, applies_to: event, action: block, require: { headers: [h], bytes: 50 } }",
    "{ name: h, applies_to: event, action: block, when: 'event.a.size() > 1 || event.b.exists(i, i == event.a)' }",
    "{ name: i, applies_to: event, action: warn, when: 'timestamp(event.a) > now - duration(string(event.b))' }",
    "{ name: j, applies_to: event, action: block, when: 'event.a.x.y == null && event[\"b\"][0] in [1, \"x\"]' }",
    "{ name: k, applies_to: event, action: block, when: 'size(event) > 1', except: [{ topic: t, reason: r, expires: 2026-11-20 }] }",
    "{ name: l, applies_to: event, action: block, when: 'size >= 0', except: [{ topic: t, reason: r, expires: 2026-11-21 }] }",
];

#[derive(Debug, Clone)]
enum Owned {
    Absent,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Time(i64, u32),
    Json(String),
}

impl Owned {
    fn lend(&self) -> Value<'_> {
        match self {
            Self::Absent => Value::Absent,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Uint(value) => Value::Uint(*value),
            Self::Double(value) => Value::Double(*value),
            Self::Text(text) => Value::Text(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
            Self::Time(seconds, nanos) => Value::Time(Moment { seconds: *seconds, nanos: *nanos }),
            Self::Json(text) => Value::Json(text),
        }
    }
}

fn values() -> impl Strategy<Value = Owned> {
    prop_oneof![
        Just(Owned::Absent),
        any::<bool>().prop_map(Owned::Bool),
        prop_oneof![any::<i64>(), -2..3_i64, Just(i64::MIN), Just(i64::MAX)].prop_map(Owned::Int),
        any::<u64>().prop_map(Owned::Uint),
        prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY)].prop_map(Owned::Double),
        prop_oneof![any::<String>(), "[a-z0-9]{0,3}", Just("2026-11-21T14:03:00Z".to_owned())].prop_map(Owned::Text),
        prop::collection::vec(any::<u8>(), 0..4).prop_map(Owned::Bytes),
        (any::<i64>(), 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Owned::Time(seconds, nanos)),
        prop_oneof![
            any::<String>(),
            Just("[1,\"x\",[]]".to_owned()),
            Just("{\"x\":{\"y\":null}}".to_owned()),
            Just("[".repeat(9_000))
        ]
        .prop_map(Owned::Json),
    ]
}

proptest! {
    // Each case reads all rules twice, which takes long where nothing is optimized.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_an_event_holds_the_order_of_rules_is_nothing_and_shadow_never_blocks(
        order in Just((0..RULES.len()).collect::<Vec<_>>()).prop_shuffle(),
        picked in prop::collection::vec(values(), 8),
        bytes in any::<u64>(),
    ) {
        let judged = |order: &[usize]| {
            let text: String = order.iter().flat_map(|rule| ["- ", RULES[*rule], "\n"]).collect();
            let rules = load(&text).for_topic(&Facts { topic: "t", ..Facts::default() }).unwrap();
            let mut pointers: Vec<_> = rules.named().iter().map(|pointer| pointer.text.clone()).collect();
            pointers.sort();
            let value = |pointer: &Pointer| picked[pointers.binary_search(&pointer.text).unwrap()].lend();
            let values: Vec<_> = rules.named().iter().map(value).collect();
            let facts = EventFacts { values: &values, header: &header, principal: "p", bytes, now: NOW, today: Date::new(2026, 11, 21).unwrap() };
            let mut hits = Vec::new();
            let steps = rules.judge(&facts, &mut hits);
            for hit in &hits {
                let finding = rules.finding(hit);
                assert_eq!(finding.blocks(), rules.blocks(hit));
                assert!(finding.rollout == Rollout::Enforce || !finding.blocks(), "{finding}");
                assert!(!finding.expected.is_empty() && !finding.found.is_empty() && !finding.to_string().contains('\n'));
                assert!(finding.rule != "l", "it is excepted");
                assert!(finding.lapsed == (finding.rule == "k"));
            }
            let broken = |account: Account| if let Held::Broken(finding) = account.result { Some(finding) } else { None };
            let mut accounts = Vec::new();
            assert_eq!(rules.account(&facts, &mut accounts), steps);
            let accounted: Vec<_> = accounts.into_iter().filter_map(broken).collect();
            assert_eq!(accounted, hits.iter().map(|hit| rules.finding(hit)).collect::<Vec<_>>());
            let said = |hit: &Hit| {
                let finding = rules.finding(hit);
                (finding.rule.clone(), finding.action, finding.pointer.clone(), finding.found)
            };
            hits.iter().map(said).collect::<BTreeSet<_>>()
        };
        prop_assert_eq!(judged(&order), judged(&(0..RULES.len()).collect::<Vec<_>>()));
    }
}
