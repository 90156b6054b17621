//! What the registry has: subjects with their versions, and schemas by id, made from the contracts whose schema is a
//! file. Knows how ids and versions come about; knows no HTTP.

mod stocking;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use forebay_schemas::contract::{Compatibility, Contract, Format};
use forebay_schemas::encoder::Material;
use serde::{Deserialize, Serialize};

use self::stocking::Stocking;
use super::answer::Wrong;
use crate::catalog::ContractSet;

/// What a contract's schema must keep, if the contract doesn't say.
pub(super) const COMPATIBILITY: Compatibility = Compatibility::Backward;

/// All that there is, swapped as a whole.
#[derive(Debug, Default)]
pub(in crate::cli::dev) struct Shelf {
    stock: ArcSwap<Stock>,
}

impl Shelf {
    /// Takes up the schemas of a set of contracts. What was there stays: a changed file is its subject's next version.
    pub(in crate::cli::dev) fn restock(&self, set: &ContractSet) {
        self.take_up(set.sorted().into_iter().map(|topic| (&*topic.contract, &*topic.material)));
    }

    /// Takes up the schemas of contracts.
    pub(super) fn take_up<'c>(&self, contracts: impl Iterator<Item = (&'c Contract, &'c Material)>) {
        let mut stocking = Stocking::over(Stock::clone(&self.stock()));
        contracts.for_each(|(contract, material)| stocking.take_up(contract, material));
        self.stock.store(Arc::new(stocking.finish()));
    }

    /// What there is now.
    pub(super) fn stock(&self) -> Arc<Stock> {
        self.stock.load_full()
    }
}

/// All that there is at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Stock {
    subjects: BTreeMap<String, Subject>,
    ids: BTreeMap<u32, Arc<Item>>,
}

/// A subject's versions, the first of which is 1.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    versions: Vec<Arc<Item>>,
    compatibility: Compatibility,
}

/// A schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) id: u32,
    pub(super) format: Format,
    pub(super) text: String,
    pub(super) references: Vec<Pointer>,
    /// What is the same for all its spellings; none if it is no sound schema.
    pub(super) identity: Option<Vec<u8>>,
}

/// What a schema refers to: how it calls it, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Pointer {
    pub(super) name: String,
    pub(super) subject: String,
    pub(super) version: u32,
}

impl Stock {
    /// The names of all subjects.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &str> {
        self.subjects.keys().map(String::as_str)
    }

    /// A subject by its name.
    pub(super) fn subject(&self, name: &str) -> Result<&Subject, Wrong> {
        self.subjects.get(name).ok_or_else(|| Wrong::NoSubject(name.to_owned()))
    }

    /// A schema by its id, as an address has it.
    pub(super) fn item(&self, id: &str) -> Result<&Arc<Item>, Wrong> {
        let id: u32 = id.parse().map_err(|_| Wrong::Nowhere)?;
        self.ids.get(&id).ok_or(Wrong::NoSchema)
    }

    /// The subjects and versions whose id this is.
    pub(super) fn places(&self, id: u32) -> impl Iterator<Item = (&str, u32)> {
        let all = self.subjects.iter().flat_map(|(name, subject)| {
            (1..=subject.count()).zip(&subject.versions).map(move |(number, item)| (name.as_str(), number, item))
        });
        all.filter(move |(_, _, item)| item.id == id).map(|(name, number, _)| (name, number))
    }

    /// Ids of the schemas that refer to a version.
    pub(super) fn referring_to(&self, subject: &str, version: u32) -> BTreeSet<u32> {
        let refers =
            |item: &Arc<Item>| item.references.iter().any(|one| one.subject == subject && one.version == version);
        let all = self.subjects.values().flat_map(|subject| &subject.versions);
        all.filter(|item| refers(item)).map(|item| item.id).collect()
    }
}

impl Subject {
    /// How many versions there are.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.versions.len()).unwrap_or(u32::MAX)
    }

    /// What its new versions must keep.
    pub(super) fn compatibility(&self) -> Compatibility {
        self.compatibility
    }

    /// A version by its number or as `latest`, with its number.
    pub(super) fn version(&self, wanted: &str) -> Result<(u32, &Arc<Item>), Wrong> {
        // -1 is the latest too, for old clients.
        let number = match wanted {
            "latest" | "-1" => self.count(),
            number => number.parse().ok().filter(|number| *number >= 1).ok_or(Wrong::Unversioned(wanted.to_owned()))?,
        };
        let found = usize::try_from(number).ok().and_then(|number| self.versions.get(number.checked_sub(1)?));
        found.map(|item| (number, item)).ok_or_else(|| Wrong::NoVersion(wanted.to_owned()))
    }

    /// All versions with their numbers, the last one first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = (u32, &Arc<Item>)> {
        (1..=self.count()).rev().zip(self.versions.iter().rev())
    }
}
