//! Puts a contract's schemas on the shelf, with the files that they refer to. Knows where ids come from: the contract,
//! or else the schema itself, so that it has the same one after each start and on each machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use forebay_schemas::contract::{Compatibility, Contract, Format, ValueRule};
use forebay_schemas::encoder::{Material, Sourced};
use forebay_schemas::identity::identity;
use forebay_schemas::references::links;
use forebay_schemas::schema::{Reference, Schema};
use sha2::{Digest as _, Sha256};

use super::{COMPATIBILITY, Item, Pointer, Stock, Subject};

/// Ids that are made here begin here: those that a registry counts or that people write are smaller.
const FIRST_ID: u32 = 1_000_000;
/// Registries count ids in a positive Java int.
const LAST_ID: u32 = 2_147_483_647;
/// How deep files refer to files that are followed.
const DEPTH: usize = 32;

/// A stock that is being changed.
pub(super) struct Stocking {
    stock: Stock,
    /// Ids that contracts of this set have named.
    named: BTreeSet<u32>,
    /// Schemas whose contract doesn't name an id, each with its subject. They wait until all names are known.
    waiting: Vec<(String, Compatibility, Whole)>,
}

/// A schema with the files beside it.
struct Whole {
    format: Format,
    schema: Schema,
    /// The id that its contract names.
    id: Option<u32>,
}

impl Stocking {
    pub(super) fn over(stock: Stock) -> Self {
        Self { stock, named: BTreeSet::new(), waiting: Vec::new() }
    }

    /// Takes up a contract's schemas.
    pub(super) fn take_up(&mut self, contract: &Contract, material: &Material) {
        let key = contract.key.as_ref().and_then(|key| key.value.as_deref());
        let rules = [("value", Some(&contract.value), &material.value), ("key", key, &material.key)];
        for (of, rule, sourced) in rules {
            if let (Some(rule), Some(sourced)) = (rule, sourced) {
                self.take_up_one(format!("{}-{of}", contract.topic), rule, sourced);
            }
        }
    }

    fn take_up_one(&mut self, default: String, rule: &ValueRule, sourced: &Sourced) {
        let Some(place) = rule.schema.as_ref().filter(|place| place.file.is_some()) else { return };
        let subject = place.subject.clone().unwrap_or(default);
        let whole = Whole { format: rule.format, schema: sourced.schema.clone(), id: place.id };
        match place.id {
            Some(_) => self.shelve(subject, place.compatibility, &whole),
            None => self.waiting.push((subject, place.compatibility, whole)),
        }
    }

    /// The changed stock.
    pub(super) fn finish(mut self) -> Stock {
        for (subject, compatibility, whole) in std::mem::take(&mut self.waiting) {
            self.shelve(subject, compatibility, &whole);
        }
        self.stock
    }

    fn shelve(&mut self, subject: String, compatibility: Compatibility, whole: &Whole) {
        let schema = &whole.schema;
        let mut files = Files { whole, met: BTreeMap::new(), stocking: self };
        let Some(item) = files.item(&schema.content, whole.id, 0) else { return };
        self.put(subject, compatibility, item);
    }

    /// The item as a version of the subject: one that it has already, or a new one.
    fn put(&mut self, subject: String, compatibility: Compatibility, item: Arc<Item>) -> u32 {
        let first = || Subject { versions: Vec::new(), compatibility };
        let subject = self.stock.subjects.entry(subject).or_insert_with(first);
        subject.compatibility = compatibility;
        if let Some((number, _)) = subject.newest_first().find(|(_, known)| **known == item) {
            return number;
        }
        subject.versions.push(item);
        subject.count()
    }

    /// Gives an item the id that its contract names. Records carry that id whatever the file says, so that the newest
    /// text has it; of two topics that name it, the first.
    fn name(&mut self, item: Item) -> Arc<Item> {
        let item = Arc::new(item);
        if self.named.insert(item.id) {
            self.stock.ids.insert(item.id, Arc::clone(&item));
        } else if self.stock.ids.get(&item.id) != Some(&item) {
            tracing::warn!(id = item.id, "two contracts name this schema_id for different schemas; the first has it");
        }
        item
    }

    /// Gives an item the first id out of its own digest that no other schema has.
    fn number(&mut self, item: &Item) -> Arc<Item> {
        let mut digest = self.digest(item);
        loop {
            let head = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
            let item = Item { id: FIRST_ID + head % (LAST_ID - FIRST_ID + 1), ..item.clone() };
            match self.stock.ids.get(&item.id) {
                Some(known) if **known == item => return Arc::clone(known),
                Some(_) => digest = Sha256::digest(digest).into(),
                None => {
                    let item = Arc::new(item);
                    self.stock.ids.insert(item.id, Arc::clone(&item));
                    return item;
                }
            }
        }
    }

    /// Type, text and references; what is referred to counts by its name and its id, not by where it is.
    fn digest(&self, item: &Item) -> [u8; 32] {
        let mut digest = Sha256::new();
        let mut part = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        };
        part(item.format.name().as_bytes());
        part(item.text.as_bytes());
        for pointer in &item.references {
            let subject = self.stock.subjects.get(&pointer.subject);
            let id = subject.and_then(|subject| Some(subject.version(&pointer.version.to_string()).ok()?.1.id));
            part(pointer.name.as_bytes());
            part(&id.unwrap_or_default().to_be_bytes());
        }
        digest.finalize().into()
    }
}

/// One schema's files on their way to the shelf.
struct Files<'a, 's> {
    whole: &'a Whole,
    /// Where each file is by its name; none while it is on its way, which ends circles.
    met: BTreeMap<&'a str, Option<(String, u32)>>,
    stocking: &'s mut Stocking,
}

impl<'a> Files<'a, '_> {
    /// A text as an item, after what it refers to. A descriptor set is no text and has no place in a registry.
    fn item(&mut self, content: &'a [u8], id: Option<u32>, depth: usize) -> Option<Arc<Item>> {
        let text = std::str::from_utf8(content).ok()?.to_owned();
        let format = self.whole.format;
        let beside: &'a [Reference] = &self.whole.schema.references;
        let mut references = Vec::new();
        for link in links(format, content, beside).into_iter().filter(|_| depth < DEPTH) {
            if let Some((subject, version)) = self.place(&link.name, link.reference, depth) {
                references.push(Pointer { name: link.name, subject, version });
            }
        }
        let schema = Schema { content: content.to_owned(), references: beside.to_vec(), ..Schema::default() };
        let item = Item { id: id.unwrap_or_default(), format, text, references, identity: identity(format, &schema) };
        Some(if id.is_some() { self.stocking.name(item) } else { self.stocking.number(&item) })
    }

    /// Where a file is that another one calls by this name. The subject is the name, as serializers have it by default.
    fn place(&mut self, name: &str, file: &'a Reference, depth: usize) -> Option<(String, u32)> {
        if let Some(met) = self.met.get(file.name.as_str()) {
            return met.clone();
        }
        self.met.insert(&file.name, None);
        let item = self.item(&file.content, None, depth + 1)?;
        let version = self.stocking.put(name.to_owned(), COMPATIBILITY, item);
        self.met.insert(&file.name, Some((name.to_owned(), version)));
        Some((name.to_owned(), version))
    }
}
