//! The schemas of one version, each with its place, and where `$ref` leads. Nothing is ever fetched: what is neither
//! in the document nor among its references is not there.

use std::collections::HashMap;
use std::ptr;
use std::rc::Rc;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::Read;
use super::parts::Part;
use super::uri;
use crate::compatibility::Side;
use crate::compatibility::finding::Stop;
use crate::json::pointer::{push_index, push_member};

/// Compiled size of a pattern, in bytes.
const MAX_PATTERN: usize = 1 << 16;

/// A schema's number in its document.
pub(super) type Id = usize;

pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    /// JSON Pointer; in a reference after its name and `#`.
    pub(super) place: String,
}

/// A schema with an identifier of its own: the document, a reference, or one embedded in them.
struct Resource<'a> {
    uri: String,
    value: &'a Value,
    place: String,
    /// Until draft 7, what stands beside `$ref` is passed over.
    legacy: bool,
}

pub(super) struct Document<'a> {
    pub(super) side: Side,
    pub(super) root: Id,
    nodes: Vec<Node<'a>>,
    by_address: HashMap<*const Value, Id>,
    resources: Vec<Resource<'a>>,
    by_uri: HashMap<String, usize>,
    anchors: HashMap<(usize, String), (&'a Value, String)>,
    /// The resource that each schema with a `$ref` belongs to.
    homes: HashMap<*const Value, usize>,
    pub(super) expanded: HashMap<Id, Rc<[Part]>>,
    pub(super) branches: HashMap<Part, Rc<[Id]>>,
    patterns: HashMap<&'a str, Option<Regex>>,
}

impl<'a> Document<'a> {
    pub(super) fn new(read: &'a Read) -> Self {
        let mut document = Self {
            side: read.side,
            root: 0,
            nodes: Vec::new(),
            by_address: HashMap::new(),
            resources: Vec::new(),
            by_uri: HashMap::new(),
            anchors: HashMap::new(),
            homes: HashMap::new(),
            expanded: HashMap::new(),
            branches: HashMap::new(),
            patterns: HashMap::new(),
        };
        document.add("", &read.value);
        for (name, value) in &read.references {
            document.add(name, value);
        }
        document.root = document.node(&read.value, String::new());
        document
    }

    fn add(&mut self, name: &str, value: &'a Value) {
        let place = if name.is_empty() { String::new() } else { format!("{name}#") };
        let draft = value.get("$schema").and_then(Value::as_str).unwrap_or_default();
        let legacy = ["draft-03", "draft-04", "draft-06", "draft-07"].iter().any(|old| draft.contains(old));
        let resource = self.resource(name.trim_end_matches('#').to_owned(), value, place.clone(), legacy);
        self.collect(value, resource, &place);
    }

    fn resource(&mut self, uri: String, value: &'a Value, place: String, legacy: bool) -> usize {
        let index = self.resources.len();
        self.by_uri.entry(uri.clone()).or_insert(index);
        self.resources.push(Resource { uri, value, place, legacy });
        index
    }

    /// Finds identifiers, anchors and references. Goes over all of the text, so its depth is the text's.
    fn collect(&mut self, value: &'a Value, mut resource: usize, place: &str) {
        if let Value::Object(object) = value {
            let text = |name: &str| object.get(name).and_then(Value::as_str);
            if let Some(id) = text("$id").or_else(|| text("id")) {
                resource = self.identify(id, value, resource, place);
            }
            for anchor in ["$anchor", "$dynamicAnchor"].into_iter().filter_map(text) {
                self.anchors.insert((resource, anchor.to_owned()), (value, place.to_owned()));
            }
            if object.contains_key("$ref") {
                self.homes.insert(ptr::from_ref(value), resource);
            }
        }
        let members = value.as_object().into_iter().flatten().map(|(name, value)| (child(place, name), value));
        let items = value.as_array().into_iter().flatten().enumerate();
        let items = items.map(|(index, value)| (item(place, index), value));
        for (place, value) in members.chain(items).collect::<Vec<_>>() {
            if value.is_object() || value.is_array() {
                self.collect(value, resource, &place);
            }
        }
    }

    fn identify(&mut self, id: &str, value: &'a Value, resource: usize, place: &str) -> usize {
        let (uri, fragment) = uri::split(id);
        if !fragment.is_empty() {
            self.anchors.insert((resource, fragment), (value, place.to_owned()));
        }
        if uri.is_empty() {
            return resource;
        }
        let (base, legacy) = (&self.resources[resource].uri, self.resources[resource].legacy);
        let uri = uri::join(base, uri);
        if ptr::eq(self.resources[resource].value, value) {
            self.by_uri.entry(uri.clone()).or_insert(resource);
            self.resources[resource].uri = uri;
            return resource;
        }
        self.resource(uri, value, place.to_owned(), legacy)
    }

    /// The number of a schema.
    pub(super) fn node(&mut self, value: &'a Value, place: String) -> Id {
        let next = self.nodes.len();
        let id = *self.by_address.entry(ptr::from_ref(value)).or_insert(next);
        if id == next {
            self.nodes.push(Node { value, place });
        }
        id
    }

    pub(super) fn value(&self, id: Id) -> &'a Value {
        self.nodes[id].value
    }

    pub(super) fn keyword(&self, id: Id, name: &str) -> Option<&'a Value> {
        self.nodes[id].value.get(name)
    }

    pub(super) fn place(&self, id: Id) -> &str {
        &self.nodes[id].place
    }

    /// The schema under a keyword.
    pub(super) fn under(&mut self, id: Id, keyword: &str) -> Option<Id> {
        let value = self.keyword(id, keyword)?;
        let place = child(&self.nodes[id].place, keyword);
        Some(self.node(value, place))
    }

    /// The schema under a keyword and a name.
    pub(super) fn member(&mut self, id: Id, keyword: &str, name: &str) -> Option<Id> {
        let value = self.keyword(id, keyword)?.get(name)?;
        let place = child(&child(&self.nodes[id].place, keyword), name);
        Some(self.node(value, place))
    }

    /// The schema under a keyword and an index.
    pub(super) fn item(&mut self, id: Id, keyword: &str, index: usize) -> Option<Id> {
        let value = self.keyword(id, keyword)?.get(index)?;
        let place = item(&child(&self.nodes[id].place, keyword), index);
        Some(self.node(value, place))
    }

    /// How many schemas a keyword lists.
    pub(super) fn listed(&self, id: Id, keyword: &str) -> usize {
        self.keyword(id, keyword).and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// A pattern of names; `None` if it can't be read in linear time.
    pub(super) fn pattern(&mut self, pattern: &'a str) -> Option<Regex> {
        let compile = || RegexBuilder::new(pattern).size_limit(MAX_PATTERN).build().ok();
        self.patterns.entry(pattern).or_insert_with(compile).clone()
    }

    /// Whether `$ref` hides what stands beside it.
    pub(super) fn hides_siblings(&self, value: &'a Value) -> bool {
        self.homes.get(&ptr::from_ref(value)).is_some_and(|home| self.resources[*home].legacy)
    }

    /// Where a schema's `$ref` leads; `None` if it has none.
    pub(super) fn target(&mut self, id: Id) -> Result<Option<Id>, Stop> {
        let value = self.nodes[id].value;
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(None) };
        let home = self.homes.get(&ptr::from_ref(value)).copied().unwrap_or_default();
        match self.resolve(home, reference) {
            Some((target, place)) => Ok(Some(self.node(target, place))),
            None => Err(Stop::Reference {
                side: self.side,
                place: self.nodes[id].place.clone(),
                name: reference.to_owned(),
            }),
        }
    }

    fn resolve(&self, home: usize, reference: &str) -> Option<(&'a Value, String)> {
        let (uri, fragment) = uri::split(reference);
        let resource = if uri.is_empty() {
            home
        } else {
            let joined = uri::join(&self.resources[home].uri, uri);
            *self.by_uri.get(&joined).or_else(|| self.by_uri.get(uri))?
        };
        let Resource { value, place, .. } = &self.resources[resource];
        if fragment.is_empty() || fragment.starts_with('/') {
            return Some((value.pointer(&fragment)?, format!("{place}{fragment}")));
        }
        self.anchors.get(&(resource, fragment)).cloned()
    }
}

fn child(place: &str, name: &str) -> String {
    let mut place = place.to_owned();
    push_member(&mut place, name);
    place
}

fn item(place: &str, index: usize) -> String {
    let mut place = place.to_owned();
    push_index(&mut place, index);
    place
}
