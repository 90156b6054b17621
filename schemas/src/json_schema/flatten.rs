//! Which schemas meet one value: `$ref` followed and `allOf` opened, as far as the program knows the keywords.

use std::collections::HashSet;

use jsonschema::Draft;
use serde_json::{Map, Value};

use super::keywords::{Known, known};
use crate::json::pointer::push_index;
use crate::json::pointer::push_member;

/// A schema and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Located<'s> {
    pub(super) schema: &'s Value,
    pub(super) path: String,
}

/// One schema that meets a value: its members, and where it stands.
#[derive(Debug)]
pub(super) struct Part<'s> {
    pub(super) members: &'s Map<String, Value>,
    pub(super) path: String,
}

/// Why the judge has to do the work: a keyword and its place, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slow(pub(super) String);

impl Slow {
    /// A keyword that stands at a place.
    pub(super) fn keyword(keyword: &str, path: &str) -> Self {
        Self(format!("`{keyword}` at {}", if path.is_empty() { "the top" } else { path }))
    }
}

impl<'s> Located<'s> {
    /// What stands below a keyword.
    pub(super) fn below(part: &Part<'s>, keyword: &str, schema: &'s Value) -> Self {
        let mut path = part.path.clone();
        push_member(&mut path, keyword);
        Self { schema, path }
    }

    /// What stands in a member below.
    pub(super) fn member(mut self, name: &str, schema: &'s Value) -> Self {
        push_member(&mut self.path, name);
        Self { schema, ..self }
    }

    /// What stands in an element below.
    pub(super) fn element(mut self, index: usize, schema: &'s Value) -> Self {
        push_index(&mut self.path, index);
        Self { schema, ..self }
    }
}

/// All schemas that meet a value which meets these; none if one of them accepts nothing.
pub(super) fn flatten<'s>(
    root: &'s Value,
    draft: Draft,
    schemas: &[Located<'s>],
) -> Result<Option<Vec<Part<'s>>>, Slow> {
    let mut seen: HashSet<*const Value> = HashSet::new();
    let mut parts = Vec::new();
    let mut open: Vec<Located<'s>> = schemas.iter().rev().cloned().collect();
    while let Some(Located { schema, path }) = open.pop() {
        if !seen.insert(std::ptr::from_ref(schema)) {
            continue;
        }
        let members = match schema {
            Value::Bool(true) => continue,
            Value::Bool(false) => return Ok(None),
            Value::Object(members) => members,
            _ => return Err(Slow::keyword("another value than a schema", &path)),
        };
        let at_root = std::ptr::eq(schema, root);
        if let Some(own) =
            ["$schema", draft.id_keyword()].into_iter().find(|own| !at_root && members.contains_key(*own))
        {
            return Err(Slow::keyword(own, &path));
        }
        let part = Part { members, path };
        let reference = members.get("$ref");
        if reference.is_some() && draft <= Draft::Draft7 {
            open.push(follow(root, draft, &part)?);
            continue;
        }
        if let Some(unknown) = members.keys().find(|keyword| known(keyword, draft) == Known::No) {
            return Err(Slow::keyword(unknown, &part.path));
        }
        if let Some(all) = members.get("allOf").and_then(Value::as_array) {
            let inner = all.iter().enumerate().rev();
            open.extend(inner.map(|(index, schema)| Located::below(&part, "allOf", schema).element(index, schema)));
        }
        if reference.is_some() {
            open.push(follow(root, draft, &part)?);
        }
        parts.push(part);
    }
    Ok(Some(parts))
}

/// What a `$ref` inside the document leads to.
fn follow<'s>(root: &'s Value, draft: Draft, part: &Part<'s>) -> Result<Located<'s>, Slow> {
    let slow = || Slow::keyword("$ref", &part.path);
    let reference = part.members.get("$ref").and_then(Value::as_str).ok_or_else(slow)?;
    let pointer = reference.strip_prefix('#').ok_or_else(slow)?;
    if pointer.contains('%') || !(pointer.is_empty() || pointer.starts_with('/')) {
        return Err(slow());
    }
    let mut schema = root;
    for token in pointer.split('/').skip(1) {
        // Below another `$id` the same words may lead elsewhere.
        if !std::ptr::eq(schema, root) && schema.get(draft.id_keyword()).is_some() {
            return Err(slow());
        }
        schema = schema.pointer(&format!("/{token}")).ok_or_else(slow)?;
    }
    Ok(Located { schema, path: pointer.to_owned() })
}
