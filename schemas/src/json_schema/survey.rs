//! What judging an event may cost, found out before the first event: schemas that lead back to themselves without
//! stepping into a value, or meet one value too often, are refused. Follows every reference as the judge does.

use std::collections::HashMap;
use std::sync::Arc;

use jsonschema::{Draft, Registry, Uri, uri};
use serde_json::Value;

use super::keywords::{APPLICATORS, Holds, Meets, REFERENCES};
use super::source::Documents;
use crate::json::MAX_DEPTH;
use crate::json::pointer::{push_index, push_member};
use crate::schema::Mistake;

/// Schemas in all, references followed.
const MAX_SCHEMAS: usize = 100_000;
/// Schemas that meet one value: each element of an array may have to be judged by all of them.
const MAX_MEETINGS: u64 = 1_024;
/// Schemas inside one another on the way to the deepest value: the judge calls itself for each.
const MAX_CALLS: u64 = 16 * MAX_DEPTH as u64;
/// Visits that a full report may take on one way into an event. Beyond it lie schemas that refer to themselves from
/// several branches: the judge keeps what it knows while it judges, but not while it reports.
const MAX_VISITS: u64 = 1 << 16;

/// What was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Survey {
    /// Whether a report may go into every branch.
    pub(super) reportable: bool,
}

/// Walks a schema and everything that it refers to.
pub(super) fn survey(documents: &Documents) -> Result<Survey, Vec<Mistake>> {
    let lost = |error: jsonschema::ReferencingError| {
        let expected = "references to parts of the schema, or to what the contract gives beside it";
        vec![Mistake::new("", expected, error.to_string())]
    };
    let registry = Registry::new()
        .draft(documents.draft)
        .retriever(documents.given.clone())
        .add(documents.base.as_str(), &documents.root)
        .and_then(jsonschema::RegistryBuilder::prepare)
        .map_err(lost)?;
    let mut walk = Walk { registry: &registry, graph: Graph::default(), known: HashMap::new(), open: Vec::new() };
    let base = Arc::new(documents.base.clone());
    walk.node(Place { schema: &documents.root, base, draft: documents.draft, path: String::new() });
    while let Some((id, place)) = walk.open.pop() {
        walk.edges(id, &place).map_err(|mistake| vec![mistake])?;
    }
    walk.graph.judge().map_err(|mistake| vec![mistake])
}

/// Groups that belong to keywords; beyond them are those of single schemas.
const OWN_GROUPS: usize = APPLICATORS.len() + 2;

/// One schema, and how its references are read.
#[derive(Clone)]
struct Place<'r> {
    schema: &'r Value,
    base: Arc<Uri<String>>,
    draft: Draft,
    path: String,
}

/// Which schemas lead to which, by index.
#[derive(Default)]
struct Graph {
    same: Vec<Vec<usize>>,
    /// Each with its group: schemas of one group never meet the same inner value.
    inside: Vec<Vec<(usize, usize)>>,
    paths: Vec<String>,
}

struct Walk<'r> {
    registry: &'r Registry<'r>,
    graph: Graph,
    /// By the schema's place in memory.
    known: HashMap<*const Value, usize>,
    open: Vec<(usize, Place<'r>)>,
}

impl<'r> Walk<'r> {
    fn node(&mut self, place: Place<'r>) -> usize {
        *self.known.entry(std::ptr::from_ref(place.schema)).or_insert_with(|| {
            let id = self.graph.paths.len();
            self.graph.paths.push(place.path.clone());
            self.graph.same.push(Vec::new());
            self.graph.inside.push(Vec::new());
            self.open.push((id, place));
            id
        })
    }

    fn edges(&mut self, id: usize, place: &Place<'r>) -> Result<(), Mistake> {
        if self.graph.paths.len() > MAX_SCHEMAS {
            return Err(Mistake::new("", format!("at most {MAX_SCHEMAS} schemas inside one another"), "more"));
        }
        let Some(members) = place.schema.as_object() else { return Ok(()) };
        let mut place = place.clone();
        if let Some(own) = place.draft.create_resource_ref(place.schema).id()
            && !own.starts_with('#')
            && let Ok(base) = uri::resolve_against(&place.base.borrow(), own)
        {
            place.base = Arc::new(base);
        }
        for keyword in REFERENCES {
            if let Some(reference) = members.get(keyword).and_then(Value::as_str) {
                let target = self.target(&place, keyword, reference)?;
                let target = self.node(target);
                self.graph.same[id].push(target);
            }
        }
        if place.draft <= Draft::Draft7 && members.contains_key("$ref") {
            return Ok(());
        }
        for (group, (keyword, meets, holds)) in APPLICATORS.into_iter().enumerate() {
            // Keywords that share out the inner values among them.
            let group = match keyword {
                "properties" | "additionalProperties" => APPLICATORS.len(),
                "items" | "prefixItems" | "additionalItems" => APPLICATORS.len() + 1,
                _ => group,
            };
            let Some(value) = members.get(keyword) else { continue };
            let mut inner = Place { path: place.path.clone(), ..place.clone() };
            push_member(&mut inner.path, keyword);
            self.held((id, group), meets, holds, &Place { schema: value, ..inner });
        }
        Ok(())
    }

    /// Adds the schemas that a keyword's value holds.
    fn held(&mut self, (id, group): (usize, usize), meets: Meets, holds: Holds, place: &Place<'r>) {
        let below = |name: &dyn Fn(&mut String), schema: &'r Value| {
            let mut inner = Place { schema, ..place.clone() };
            name(&mut inner.path);
            inner
        };
        let found: Vec<Place<'r>> = match (place.schema, holds) {
            (Value::Array(list), Holds::List | Holds::Either) => {
                list.iter().enumerate().map(|(index, schema)| below(&|path| push_index(path, index), schema)).collect()
            }
            (Value::Object(map), Holds::Map | Holds::Dependencies) => {
                map.iter().map(|(name, schema)| below(&|path| push_member(path, name), schema)).collect()
            }
            (_, Holds::Schema | Holds::Either) => vec![place.clone()],
            _ => Vec::new(),
        };
        for inner in found.into_iter().filter(|inner| inner.schema.is_object() || inner.schema.is_boolean()) {
            let target = self.node(inner);
            match meets {
                Meets::Same => self.graph.same[id].push(target),
                Meets::Inside => self.graph.inside[id].push((target, group)),
                Meets::Inner => {
                    let group = self.graph.inside[id].len() + OWN_GROUPS;
                    self.graph.inside[id].push((target, group));
                }
            }
        }
    }

    fn target(&self, place: &Place<'r>, keyword: &str, reference: &str) -> Result<Place<'r>, Mistake> {
        let from_here = self.registry.resolver(Uri::clone(&place.base));
        let found = from_here.lookup(reference).map_err(|error| {
            let mut path = place.path.clone();
            push_member(&mut path, keyword);
            let expected = "a reference to a part of the schema, or to what the contract gives beside it";
            Mistake::new(&path, expected, error.to_string())
        })?;
        let (schema, resolver, draft) = found.into_inner();
        let path = reference.strip_prefix('#').filter(|path| path.is_empty() || path.starts_with('/'));
        Ok(Place { schema, base: resolver.base_uri(), draft, path: path.unwrap_or(&place.path).to_owned() })
    }
}

impl Graph {
    fn judge(&self) -> Result<Survey, Mistake> {
        let order = self.order()?;
        let count = self.paths.len();
        let (mut visits, mut calls) = (vec![0_u64; count], vec![0_u64; count]);
        for level in 0..=MAX_DEPTH {
            let (outer_visits, outer_calls) = (visits.clone(), calls.clone());
            for &id in &order {
                let inner = self.inner(id, &outer_visits);
                let beside = self.same[id].iter().map(|same| visits[*same]);
                visits[id] = beside.fold(inner.saturating_add(1), u64::saturating_add);
                let inner = self.inside[id].iter().map(|(inner, _)| outer_calls[*inner]);
                let beside = self.same[id].iter().map(|same| calls[*same]);
                calls[id] = inner.chain(beside).max().unwrap_or(0).saturating_add(1);
                if level == 0 && visits[id] > MAX_MEETINGS {
                    let expected = format!("at most {MAX_MEETINGS} schemas for one value, references followed");
                    return Err(Mistake::new(&self.paths[id], expected, format!("{} of them", visits[id])));
                }
            }
        }
        if calls[0] > MAX_CALLS {
            let expected = format!("at most {MAX_CALLS} schemas inside one another for a value {MAX_DEPTH} deep");
            return Err(Mistake::new("", expected, format!("{} of them", calls[0])));
        }
        Ok(Survey { reportable: visits[0] <= MAX_VISITS })
    }

    /// The visits that the inner value with the most of them costs.
    fn inner(&self, id: usize, visits: &[u64]) -> u64 {
        let mut most: HashMap<usize, u64> = HashMap::new();
        for (inner, group) in &self.inside[id] {
            let most = most.entry(*group).or_default();
            *most = visits[*inner].max(*most);
        }
        most.into_values().fold(0, u64::saturating_add)
    }

    /// The schemas, each behind those that meet the same value as it.
    fn order(&self) -> Result<Vec<usize>, Mistake> {
        const UNSEEN: u8 = 0;
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut states = vec![UNSEEN; self.paths.len()];
        let mut order = Vec::with_capacity(self.paths.len());
        for start in 0..self.paths.len() {
            let mut stack = vec![(start, 0)];
            while let Some((id, edge)) = stack.pop() {
                if edge == 0 && states[id] == DONE {
                    continue;
                }
                states[id] = OPEN;
                match self.same[id].get(edge) {
                    None => {
                        states[id] = DONE;
                        order.push(id);
                    }
                    Some(next) if states[*next] == OPEN => {
                        let expected = "references that step into a value before they come back";
                        let found = "a reference that leads back to its own schema for the same value";
                        return Err(Mistake::new(&self.paths[*next], expected, found));
                    }
                    Some(next) => {
                        stack.push((id, edge + 1));
                        if states[*next] == UNSEEN {
                            stack.push((*next, 0));
                        }
                    }
                }
            }
        }
        Ok(order)
    }
}
