//! What expressions may ask of a topic, its contract and its schema, as values. Knows no event.

use std::borrow::Cow;
use std::sync::Arc;

use forebay_schemas::contract::{Classification, Compatibility};
use forebay_schemas::outline::Outline;
use forebay_schemas::picked::Value;

use crate::cel::eval::Scope;
use crate::cel::node::Var;
use crate::cel::value::V;
use crate::facts::{Facts, Member};
use crate::fields::name;
use crate::requirement::schema::kind_name;

/// The facts of a topic as values.
#[derive(Debug, Clone, Default)]
pub(crate) struct TopicScope {
    topic: String,
    contract: Object,
    schema: Object,
}

#[derive(Debug, Clone)]
struct Object(V<'static>);

impl Default for Object {
    fn default() -> Self {
        Self(V::Null)
    }
}

impl TopicScope {
    /// Of these facts.
    pub(crate) fn new(facts: &Facts<'_>) -> Self {
        let schema = facts.outline.map_or_else(Object::default, |outline| Object(schema(outline)));
        Self { topic: facts.topic.to_owned(), contract: Object(contract(facts)), schema }
    }
}

impl<'a> Scope<'a> for &'a TopicScope {
    fn field(&self, _: usize) -> Value<'a> {
        Value::Absent
    }

    fn header(&self, _: usize) -> Option<&'a str> {
        None
    }

    fn var(&self, var: Var) -> V<'a> {
        let scope: &'a TopicScope = self;
        match var {
            Var::Topic => V::Text(Cow::Borrowed(&scope.topic)),
            Var::Contract => scope.contract.0.lend(),
            Var::Schema => scope.schema.0.lend(),
            Var::Principal | Var::Now | Var::Size | Var::Id | Var::Time => V::Null,
        }
    }
}

fn contract(facts: &Facts<'_>) -> V<'static> {
    let text = |text: &str| V::Text(text.to_owned().into());
    let labels = facts.labels.into_iter().flatten().map(|(label, words)| {
        let words = words.iter().map(|word| text(word)).collect();
        (Cow::Owned(label.clone()), V::List(Arc::new(words)))
    });
    let mut members = vec![
        ("owner".into(), text(facts.owner)),
        ("description".into(), text(facts.description)),
        ("classification".into(), facts.classification.map(Classification::name).map_or(V::Null, text)),
        ("labels".into(), V::Map(Arc::new(labels.collect()))),
        ("format".into(), text(facts.format)),
        ("compatibility".into(), facts.compatibility.map(Compatibility::name).map_or(V::Null, text)),
        ("compacted".into(), V::Bool(facts.compacted)),
    ];
    for (name, member) in Member::NAMES {
        members.push((format!("has_{name}").into(), V::Bool(facts.members.contains(&member))));
    }
    V::Map(Arc::new(members))
}

fn schema(outline: &Outline) -> V<'static> {
    let text = |text: &str| V::Text(text.to_owned().into());
    let fields = outline.fields.iter().map(|field| {
        V::Map(Arc::new(vec![
            ("pointer".into(), text(&field.pointer)),
            ("name".into(), text(name(field).unwrap_or_default())),
            ("kind".into(), text(kind_name(field.kind))),
            ("type".into(), text(&field.spelled)),
            ("optional".into(), V::Bool(field.optional)),
            ("documented".into(), V::Bool(field.documented)),
            ("personal".into(), V::Bool(field.personal)),
        ]))
    });
    let fields = V::List(Arc::new(fields.collect()));
    V::Map(Arc::new(vec![("fields".into(), fields), ("open".into(), V::Bool(outline.open))]))
}
