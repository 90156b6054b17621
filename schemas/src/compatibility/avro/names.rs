//! Avro's names: full names, namespaces and aliases (specification, "Names"). Knows no types.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// A named type's full name, and under which others a reader knows it.
#[derive(Debug, Clone, Default)]
pub(super) struct Name {
    pub(super) full: String,
    pub(super) aliases: HashSet<String>,
}

impl Name {
    /// A definition's name inside a namespace.
    pub(super) fn of(object: &Map<String, Value>, enclosing: &str) -> Option<Self> {
        let name = object.get("name")?.as_str()?;
        let namespace = object.get("namespace").and_then(Value::as_str).unwrap_or(enclosing);
        let full = full_name(name, namespace);
        let own = namespace_of(&full);
        let aliases = object.get("aliases").and_then(Value::as_array);
        let aliases = aliases.into_iter().flatten().filter_map(Value::as_str).map(|alias| full_name(alias, own));
        Some(Self { aliases: aliases.collect(), full: full.clone() })
    }

    /// Whether a reader of this name takes a writer's type of that full name for it: the last parts agree, or an alias
    /// does.
    pub(super) fn takes(&self, writer: &str) -> bool {
        last(&self.full) == last(writer) || self.aliases.contains(writer)
    }
}

/// A name inside a namespace: one with dots stands for itself.
pub(super) fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// What stands before a full name's last dot.
pub(super) fn namespace_of(full: &str) -> &str {
    full.rsplit_once('.').map_or("", |(namespace, _)| namespace)
}

fn last(full: &str) -> &str {
    full.rsplit_once('.').map_or(full, |(_, name)| name)
}
