//! What a contract's programs are made of beside the contract: schemas with their ids, and the key of hashes. Knows when
//! that is enough, not what is made of it.

use std::sync::Arc;

use crate::contract::{Contract, Framing, Pointer, ValueRule};
use crate::pii::HashKey;
use crate::schema::Schema;

/// What a contract's programs are made of, beside the contract itself.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// The value's schema, for formats that have one.
    pub value: Option<Sourced>,
    /// The key's schema, where it has one.
    pub key: Option<Sourced>,
    /// The key of the hashes of personal values, where one is configured.
    pub hash_key: Option<HashKey>,
    /// Fields that conventions name; their values are handed on with each event (`crate::picked`).
    pub named: Arc<[Pointer]>,
}

/// A schema, and its id if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced {
    /// The schema.
    pub schema: Schema,
    /// What a registry, or the contract, calls it.
    pub id: Option<u32>,
}

impl Material {
    /// Whether everything is here that the contract's programs need; a registry may have to say more first.
    pub fn suffices(&self, contract: &Contract) -> bool {
        let key = contract.key.as_ref().and_then(|key| key.value.as_deref());
        let known = |rule: &ValueRule, sourced: &Option<Sourced>| match (&rule.schema, sourced) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(schema), Some(sourced)) => {
                sourced.id.is_some() || (rule.framing == Framing::None && schema.subject.is_none())
            }
        };
        known(&contract.value, &self.value) && key.is_none_or(|key| known(key, &self.key))
    }
}
