//! The event of a case as YAML, and what rules say of it. Knows how values are picked from JSON.

use forebay_schemas::contract::Pointer;
use forebay_schemas::document::{Kind, Node, Reader};
use forebay_schemas::outline::{FieldKind, Outline, Place};
use forebay_schemas::picked::{Moment, Value};
use forebay_schemas::problem::Problem;
use serde_json::Value as Json;

use crate::cel::functions::timestamp;
use crate::date::Date;
use crate::decision::Finding;
use crate::event::{EventFacts, EventRules};

/// When events of cases happen that don't say it: 2000-01-01T12:00:00Z.
const NOON: Moment = Moment { seconds: 946_728_000, nanos: 0 };

/// An event with what came along.
#[derive(Debug, Clone)]
pub(super) struct OwnedEvent {
    value: Json,
    headers: Vec<(String, String)>,
    principal: String,
    now: Option<Moment>,
    bytes: Option<u64>,
}

/// Reads `event`, `headers`, `principal`, `now` and `bytes` of a case's facts.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<OwnedEvent> {
    let value = reader.optional("event", |node, _| Some(json(node)));
    let headers =
        reader.optional("headers", |node, problems| node.map(problems, |_, value, problems| value.string(problems)));
    let principal = reader.string("principal");
    let now = reader.optional("now", read_now);
    let bytes = reader.size("bytes");
    let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
    Some(OwnedEvent {
        value: value?,
        headers: headers.unwrap_or_default().into_iter().map(lower).collect(),
        principal: principal.unwrap_or_default(),
        now,
        bytes,
    })
}

fn read_now(node: &Node, problems: &mut Vec<Problem>) -> Option<Moment> {
    let text = node.text(problems)?;
    let now = timestamp(&text);
    if now.is_none() {
        problems.push(node.mismatch("a moment such as 2026-11-21T14:03:00Z"));
    }
    now
}

/// A YAML value as JSON has it, by YAML's core schema.
fn json(node: &Node) -> Json {
    match &node.kind {
        Kind::Null => Json::Null,
        Kind::List(items) => items.iter().map(json).collect(),
        Kind::Map(members) => members.iter().map(|(name, member)| (name.clone(), json(member))).collect(),
        Kind::Scalar(scalar) => {
            let whole = scalar.as_integer();
            let whole = whole.and_then(|whole| {
                i64::try_from(whole).map(Json::from).or_else(|_| u64::try_from(whole).map(Json::from)).ok()
            });
            let other = || scalar.as_number().map_or_else(|| Json::from(scalar.text.as_str()), Json::from);
            scalar.as_bool().map(Json::from).or(whole).unwrap_or_else(other)
        }
    }
}

/// What a pointer leads to, before it is lent.
enum Picked<'a> {
    Plain(Value<'a>),
    Text(String),
}

impl OwnedEvent {
    /// What the rules find in it.
    pub(super) fn judged(&self, rules: &EventRules, outline: Option<&Outline>) -> Vec<Finding> {
        let picked: Vec<_> = rules.named().iter().map(|pointer| self.pick(pointer, outline)).collect();
        let values: Vec<_> = picked
            .iter()
            .map(|picked| match picked {
                Picked::Plain(value) => *value,
                Picked::Text(text) => Value::Json(text),
            })
            .collect();
        let header =
            |name: &str| self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_bytes());
        let facts = EventFacts {
            values: &values,
            header: &header,
            principal: &self.principal,
            bytes: self.bytes.unwrap_or_else(|| self.value.to_string().len() as u64),
            now: self.now.unwrap_or(NOON),
            today: Date::LAST,
        };
        let mut hits = Vec::new();
        rules.judge(&facts, &mut hits);
        hits.iter().map(|hit| rules.finding(hit)).collect()
    }

    fn pick(&self, pointer: &Pointer, outline: Option<&Outline>) -> Picked<'_> {
        let Some(value) = self.value.pointer(&pointer.text) else { return Picked::Plain(Value::Absent) };
        let is_time = || {
            let place = outline.map(|outline| outline.find(pointer));
            matches!(place, Some(Place::Field(field)) if field.kind == FieldKind::Time)
        };
        Picked::Plain(match value {
            Json::Null => Value::Absent,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Value::Int(value),
                (None, Some(value)) => Value::Uint(value),
                (None, None) => number.as_f64().map_or(Value::Absent, Value::Double),
            },
            Json::String(text) => match timestamp(text).filter(|_| is_time()) {
                Some(moment) => Value::Time(moment),
                None => Value::Text(text),
            },
            Json::Array(_) | Json::Object(_) => return Picked::Text(value.to_string()),
        })
    }
}
