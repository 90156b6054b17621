//! What rules may know of a topic, its contract and its schema. Nothing of any event.

use std::collections::{BTreeMap, BTreeSet};

use forebay_schemas::contract::{Classification, Cleanup, Compatibility, Contract, Pointer};
use forebay_schemas::outline::Outline;

/// The facts that rules are judged on.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a> {
    /// The topic's name.
    pub topic: &'a str,
    /// The team that answers for it.
    pub owner: &'a str,
    /// What its events mean.
    pub description: &'a str,
    /// How secret they are.
    pub classification: Option<Classification>,
    /// Free labels.
    pub labels: Option<&'a BTreeMap<String, Vec<String>>>,
    /// Which of the members that may be left out the contract has.
    pub members: Vec<Member>,
    /// Where an event's id is.
    pub id: Option<&'a Pointer>,
    /// Where an event's time is.
    pub time: Option<&'a Pointer>,
    /// The record's format, as a contract has it; empty if that is not known.
    pub format: &'a str,
    /// What a new version of the schema must not break.
    pub compatibility: Option<Compatibility>,
    /// Whether Kafka keeps only the last record of each key.
    pub compacted: bool,
    /// What fields its events have; `None` while its schema is not known, and rules over schemas say nothing then.
    pub outline: Option<&'a Outline>,
    /// The names of all topics that have a contract; `None` if that is not known.
    pub catalogue: Option<&'a BTreeSet<String>>,
}

/// A member that a contract has or has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// A list of those who may write, in which no entry is anyone.
    Producers,
    /// Where a record's key comes from.
    Key,
    /// Where an event's id is.
    Id,
    /// Where an event's time is.
    Time,
    /// Which values are personal.
    Pii,
    /// Fields that must name the caller.
    Bind,
    /// Where refused events are copied to.
    DeadLetter,
    /// The longest event.
    BytesPerEvent,
    /// The most events a second.
    EventsPerSecond,
    /// The most bytes a second.
    BytesPerSecond,
}

impl Member {
    /// All of them, by the names that rules and cases have for them.
    pub(crate) const NAMES: [(&'static str, Self); 10] = [
        ("producers", Self::Producers),
        ("key", Self::Key),
        ("id", Self::Id),
        ("time", Self::Time),
        ("pii", Self::Pii),
        ("bind", Self::Bind),
        ("dead_letter", Self::DeadLetter),
        ("bytes_per_event", Self::BytesPerEvent),
        ("events_per_second", Self::EventsPerSecond),
        ("bytes_per_second", Self::BytesPerSecond),
    ];
    /// Those that are limits.
    pub(crate) const LIMITS: [Self; 3] = [Self::BytesPerEvent, Self::EventsPerSecond, Self::BytesPerSecond];
}

impl<'a> Facts<'a> {
    /// The facts of a contract; its fields, if its schema is known; and the names of all topics.
    pub fn new(contract: &'a Contract, outline: Option<&'a Outline>, catalogue: &'a BTreeSet<String>) -> Self {
        let has = |member: Member| match member {
            Member::Producers => {
                contract.producers.as_ref().is_some_and(|names| !names.iter().any(|name| is_anyone(name)))
            }
            Member::Key => contract.key.is_some(),
            Member::Id => contract.id.is_some(),
            Member::Time => contract.time.is_some(),
            Member::Pii => !contract.pii.is_empty(),
            Member::Bind => !contract.bind.is_empty(),
            Member::DeadLetter => contract.dead_letter.is_some(),
            Member::BytesPerEvent => contract.bytes_per_event.is_some(),
            Member::EventsPerSecond => contract.events_per_second.is_some(),
            Member::BytesPerSecond => contract.bytes_per_second.is_some(),
        };
        Self {
            topic: &contract.topic,
            owner: &contract.owner,
            description: &contract.description,
            classification: contract.classification,
            labels: Some(&contract.labels),
            members: Member::NAMES.into_iter().map(|(_, member)| member).filter(|member| has(*member)).collect(),
            id: contract.id.as_ref(),
            time: contract.time.as_ref(),
            format: contract.value.format.name(),
            compatibility: contract.value.schema.as_ref().map(|schema| schema.compatibility),
            compacted: matches!(contract.kafka.cleanup, Some(Cleanup::Compact | Cleanup::CompactDelete)),
            outline,
            catalogue: Some(catalogue),
        }
    }
}

/// Whether an entry of `producers` lets in whoever has a credential.
fn is_anyone(name: &str) -> bool {
    name.bytes().all(|byte| byte == b'*')
}
