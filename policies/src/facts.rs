//! What rules may know of a topic and its contract. Nothing of any event.

use std::collections::BTreeMap;

use forebay_schemas::contract::{Classification, Contract};

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
}

/// A member that a contract has or has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// A list of those who may write.
    Producers,
    /// Where a record's key comes from.
    Key,
    /// Where an event's id is.
    Id,
    /// Where an event's time is.
    Time,
    /// The longest event.
    BytesPerEvent,
}

impl Member {
    /// All of them, by the names that rules and cases have for them.
    pub(crate) const NAMES: [(&'static str, Self); 5] = [
        ("producers", Self::Producers),
        ("key", Self::Key),
        ("id", Self::Id),
        ("time", Self::Time),
        ("bytes_per_event", Self::BytesPerEvent),
    ];
}

impl<'a> From<&'a Contract> for Facts<'a> {
    fn from(contract: &'a Contract) -> Self {
        let members = [
            contract.producers.is_some().then_some(Member::Producers),
            contract.key.is_some().then_some(Member::Key),
            contract.id.is_some().then_some(Member::Id),
            contract.time.is_some().then_some(Member::Time),
            contract.bytes_per_event.is_some().then_some(Member::BytesPerEvent),
        ];
        Self {
            topic: &contract.topic,
            owner: &contract.owner,
            description: &contract.description,
            classification: contract.classification,
            labels: Some(&contract.labels),
            members: members.into_iter().flatten().collect(),
        }
    }
}
