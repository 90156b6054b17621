//! The API keys in force: whose a key is, in the same time whether or not there is one. Knows hashes, never secrets.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use forebay_policies::Date;
use subtle::{Choice, ConstantTimeEq as _};

use super::denied::Denied;
use super::token;
use crate::event::Principal;

/// The keys in force. There is no Debug: hashes are nobody's business.
pub(super) struct ApiKeys {
    by_id: HashMap<Box<str>, Key>,
}

/// One key.
pub(super) struct Key {
    /// SHA-256 of its secret.
    pub(super) hash: [u8; 32],
    /// Whose it is.
    pub(super) principal: Principal,
    /// The last day on which it is good.
    pub(super) last_day: Date,
    /// The first second after that day, counted from 1970.
    pub(super) ends: i64,
}

impl ApiKeys {
    pub(super) fn new(by_id: HashMap<Box<str>, Key>) -> Self {
        Self { by_id }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whose this key is, and when it ends. An unknown id costs what a wrong secret does, and reads the same.
    pub(super) fn find(&self, id: &str, secret: &str, now: i64) -> Result<(Principal, i64), Denied> {
        let found = self.by_id.get(id);
        let expected = found.map_or([0; 32], |key| key.hash);
        let fits = expected.ct_eq(&token::hash(secret)) & Choice::from(u8::from(found.is_some()));
        let Some(key) = found.filter(|_| bool::from(fits)) else {
            let detail =
                "The API key is not known here, or its secret is wrong. Check which environment it was made for.";
            return Err(Denied::wrong(detail));
        };
        if now >= key.ends {
            let detail = format!(
                "The API key {id} was good until {}. Ask those who run the gateway for a new one.",
                key.last_day
            );
            return Err(Denied::expired(detail));
        }
        Ok((key.principal.clone(), key.ends))
    }

    /// How many keys of each principal end within so many seconds; keys that have ended are not counted.
    pub(super) fn expiring(&self, now: i64, within: i64) -> Vec<(Arc<str>, u64)> {
        let soon = self.by_id.values().filter(|key| key.ends > now && key.ends - now <= within);
        let mut counts = BTreeMap::new();
        for key in soon {
            *counts.entry(Arc::clone(key.principal.name())).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }
}
