//! Unions in whose place a bare JSON value can be more than one branch. Which one it becomes is decided, but not by
//! whoever wrote the event.

use std::collections::HashSet;

use serde_json::Value;

use super::overlap::Overlaps;
use super::{Place, at_most};
use crate::avro::compile;
use crate::avro::program::{Node, NodeId, Program, Rule, Union};
use crate::contract::{Unions, ValueRule};
use crate::json::pointer::{push_index, push_member};
use crate::schema::Schema;

/// Pairs of branches that are named of one union.
const MAX_PAIRS: usize = 3;

/// Unions whose branches accept the same JSON.
pub(super) fn ambiguous(schema: &Schema, rule: &ValueRule) -> Vec<Place> {
    if rule.unions == Unions::Tagged {
        return Vec::new();
    }
    let (Ok(program), Ok(text)) = (compile(schema, Rule::of(rule)), serde_json::from_slice(&schema.content)) else {
        return Vec::new();
    };
    let overlaps = Overlaps::new(&program);
    let mut walk = Walk { program: &program, overlaps, seen: HashSet::new(), at: String::new(), places: Vec::new() };
    walk.visit(&text, program.root);
    at_most(walk.places, "unions ambiguous")
}

/// Goes through a schema's text and its program side by side: the program knows what is meant, the text where it is.
struct Walk<'p> {
    program: &'p Program,
    overlaps: Overlaps<'p>,
    seen: HashSet<NodeId>,
    /// Where it is: a JSON Pointer.
    at: String,
    places: Vec<Place>,
}

impl Walk<'_> {
    fn within(&mut self, push: impl FnOnce(&mut String), schema: &Value, node: NodeId) {
        let length = self.at.len();
        push(&mut self.at);
        self.visit(schema, node);
        self.at.truncate(length);
    }

    fn visit(&mut self, schema: &Value, node: NodeId) {
        match (&self.program.nodes[node], schema) {
            (Node::Union(union), Value::Array(branches)) => {
                self.union(union, branches);
                for (index, (branch, schema)) in union.branches.iter().zip(branches).enumerate() {
                    self.within(|at| push_index(at, index), schema, branch.node);
                }
            }
            (Node::Array { items, .. }, Value::Object(members)) if members.contains_key("items") => {
                self.within(|at| push_member(at, "items"), &members["items"], *items);
            }
            (Node::Map { values, .. }, Value::Object(members)) if members.contains_key("values") => {
                self.within(|at| push_member(at, "values"), &members["values"], *values);
            }
            (Node::Record(record), Value::Object(members)) => {
                let Some(Value::Array(fields)) = members.get("fields") else { return self.inner(members, node) };
                if !self.seen.insert(node) {
                    return;
                }
                for (index, (field, schema)) in record.fields.iter().zip(fields).enumerate() {
                    let Some(schema) = schema.get("type") else { continue };
                    let push = |at: &mut String| {
                        push_member(at, "fields");
                        push_index(at, index);
                        push_member(at, "type");
                    };
                    self.within(push, schema, field.node);
                }
            }
            (_, Value::Object(members)) => self.inner(members, node),
            // A name stands for what is defined elsewhere.
            _ => {}
        }
    }

    /// `{"type": schema}` is its inner schema.
    fn inner(&mut self, members: &serde_json::Map<String, Value>, node: NodeId) {
        if let Some(inner @ (Value::Object(_) | Value::Array(_))) = members.get("type") {
            self.within(|at| push_member(at, "type"), inner, node);
        }
    }

    fn union(&mut self, union: &Union, branches: &[Value]) {
        let mut pairs = Vec::new();
        for (first, one) in union.branches.iter().enumerate() {
            for (second, other) in union.branches.iter().enumerate().skip(first + 1) {
                if let Some(kind) = self.overlaps.kind(one.node, other.node) {
                    pairs.push((first, second, kind));
                }
            }
        }
        if pairs.is_empty() {
            return;
        }
        let name = |index: usize| branches.get(index).map_or_else(String::new, branch_name);
        let mut says = Vec::new();
        for (first, second, kind) in pairs.iter().take(MAX_PAIRS) {
            let article = if matches!(*kind, "array" | "object") { "an" } else { "a" };
            let (first, second) = (name(*first), name(*second));
            says.push(format!(
                "A bare {kind} may be {first} or {second}; {article} {kind} that is both becomes {first}."
            ));
        }
        if pairs.len() > MAX_PAIRS {
            says.push(format!("So it is with {} more pairs of branches.", pairs.len() - MAX_PAIRS));
        }
        let (pointer, says) = (self.at.clone(), says.join(" "));
        self.places.push(Place { rule: "schema/ambiguous-union", pointer, line: None, says });
    }
}

/// What a branch is called by people.
fn branch_name(branch: &Value) -> String {
    let text = |member: &str| branch.get(member).and_then(Value::as_str);
    let name = branch.as_str().or_else(|| text("name")).or_else(|| text("logicalType")).or_else(|| text("type"));
    format!("`{}`", name.unwrap_or("an unnamed branch"))
}
