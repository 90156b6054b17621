//! Conventions of every kind over two topics, and events that keep, break or leave each of them, with what must come of
//! it. Knows what is expected, not who is asked.

use forebay_tests::catalog::Catalog;
use serde_json::{Value, json};

/// The topic of most events, one that asks for a header field, and one that is excepted from a rule.
pub(crate) const PLAIN: &str = "verdict.order.v1";
pub(crate) const TRACED: &str = "verdict.traced.v1";
pub(crate) const EXCEPTED: &str = "verdict.excepted.v1";
pub(crate) const TOPICS: [&str; 3] = [PLAIN, TRACED, EXCEPTED];

const SCHEMA: &str = r#"{
  "type": "object", "required": ["id", "total"], "additionalProperties": false,
  "properties": {
    "id": { "type": "string" }, "total": { "type": "integer" }, "customer": { "type": "string" },
    "note": { "type": "string" }, "gift": { "type": "boolean" }, "parts": { "type": "integer" },
    "steps": { "type": "integer" } }
}"#;

const RULES: &str = r#"
- name: total-is-positive
  applies_to: event
  when: event.total < 0
  action: block
  message: "A total is not negative."
  fix: "Send a refund instead."
- name: notes-are-short
  applies_to: event
  when: has(event.note) && size(event.note) > 20
  action: warn
  message: "A note has 20 characters at most."
- name: no-gifts
  applies_to: event
  when: has(event.gift) && event.gift
  action: block
  rollout: shadow
- name: says-its-source
  applies_to: event
  topics: [verdict.traced.*]
  require: { headers: [x-source] }
  action: block
- name: small
  applies_to: event
  require: { bytes: 300 }
  action: block
- name: names-its-customer
  applies_to: event
  require: { fields: [/customer] }
  action: block
  except:
    - { topic: verdict.excepted.v1, reason: "It is from before customers had names.", expires: 2999-12-31 }
- name: share-of-parts
  applies_to: event
  when: has(event.parts) && event.total / event.parts > 1000000
  action: warn
  on_error: block
- name: share-of-steps
  applies_to: event
  when: has(event.steps) && event.total / event.steps > 1000000
  action: block
  on_error: warn
"#;

/// Contracts and conventions; every topic takes the same events.
pub(crate) fn catalog() -> Catalog {
    let contract = "value: { format: json-schema, schema: order.json, framing: none }\nid: { from: /id }";
    let with = |catalog: Catalog, topic: &&str| catalog.contract(topic, contract).file(topic, "order.json", SCHEMA);
    TOPICS.iter().fold(Catalog::new().convention("rules.yaml", RULES), with)
}

/// What must become of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It is written, and no rule says a word.
    Kept,
    /// It is written, and this rule has this effect, as metrics call it.
    Passes(&'static str, &'static str),
    /// This rule refuses it.
    Refused(&'static str),
    /// It is written, although it breaks this rule, which has an exception for its topic.
    Excepted(&'static str),
}

/// One event with its topic and a header field of its request.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) topic: &'static str,
    pub(crate) header: Option<(&'static str, &'static str)>,
    pub(crate) event: Value,
    pub(crate) end: End,
    /// Whether the rule could not be judged, so that its `on_error` decided.
    pub(crate) failed: bool,
}

pub(crate) fn rows() -> Vec<Row> {
    let good = |more: Value| {
        let mut event = json!({ "id": "o-1", "total": 7, "customer": "c-7" });
        let Value::Object(more) = more else { panic!("members are an object") };
        event.as_object_mut().expect("an object").extend(more);
        event
    };
    let row = |what, more, end| Row { what, topic: PLAIN, header: None, event: good(more), end, failed: false };
    let failed = |row: Row| Row { failed: true, ..row };
    let at = |topic, row: Row| Row { topic, ..row };
    let long = "x".repeat(300);
    let nameless = |row: Row| {
        let mut event = row.event.clone();
        event.as_object_mut().expect("an object").remove("customer");
        Row { event, ..row }
    };
    let traced = at(TRACED, row("a header field", json!({}), End::Kept));
    vec![
        row("kept", json!({}), End::Kept),
        row("an edge", json!({ "total": 0, "note": "x".repeat(20), "gift": false, "parts": 1 }), End::Kept),
        row("a number", json!({ "total": -1 }), End::Refused("total-is-positive")),
        row("a warning", json!({ "note": "x".repeat(21) }), End::Passes("notes-are-short", "warned")),
        row("in shadow", json!({ "gift": true }), End::Passes("no-gifts", "would_refuse")),
        row("size", json!({ "id": long }), End::Refused("small")),
        nameless(row("a field that is missing", json!({}), End::Refused("names-its-customer"))),
        row("a field that is empty", json!({ "customer": "" }), End::Refused("names-its-customer")),
        at(EXCEPTED, nameless(row("excepted", json!({}), End::Excepted("names-its-customer")))),
        at(TRACED, row("no header field", json!({}), End::Refused("says-its-source"))),
        Row { header: Some(("x-source", "a")), ..traced },
        failed(row("an error that blocks", json!({ "parts": 0 }), End::Refused("share-of-parts"))),
        failed(row("an error that warns", json!({ "steps": 0 }), End::Passes("share-of-steps", "warned"))),
    ]
}
