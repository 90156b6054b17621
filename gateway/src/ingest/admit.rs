//! Admit: is there memory for this request, in all and for its caller. Decided at once, before the body is read;
//! given back when the permit is dropped. Knows bytes, not what they are for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::config::admission::Admission as Config;
use crate::event::{Code, Principal, Rejection};

/// Lends out memory for requests in flight.
#[derive(Debug)]
pub struct Admission {
    all: Arc<Budget>,
    per_principal: u64,
    principals: RwLock<HashMap<Arc<str>, Arc<Budget>>>,
}

/// Bytes that may be lent out, and bytes that are.
#[derive(Debug)]
struct Budget {
    limit: u64,
    lent: AtomicU64,
}

/// Proof that a request was let in; holds its share of memory until it is dropped.
#[derive(Debug)]
pub struct Permit {
    all: Arc<Budget>,
    principal: Arc<Budget>,
    held: u64,
}

impl Admission {
    /// Nothing lent out yet.
    pub fn new(config: &Config) -> Self {
        Self {
            all: Arc::new(Budget { limit: config.bytes_in_flight, lent: AtomicU64::new(0) }),
            per_principal: config.bytes_in_flight_per_principal,
            principals: RwLock::default(),
        }
    }

    /// Lets a request in that will hold so many bytes, or says which budget has no room for it.
    pub fn admit(&self, who: &Principal, bytes: u64) -> Result<Permit, Rejection> {
        let mut permit = Permit { all: Arc::clone(&self.all), principal: self.of(who), held: 0 };
        permit.cover(bytes)?;
        Ok(permit)
    }

    /// Bytes that are lent out.
    pub fn lent(&self) -> u64 {
        self.all.lent.load(Ordering::Relaxed)
    }

    /// The principal's budget. Principals are proven, so their number is bounded by the organisation's.
    fn of(&self, who: &Principal) -> Arc<Budget> {
        if let Some(budget) = self.principals.read().unwrap_or_else(PoisonError::into_inner).get(who.name()) {
            return Arc::clone(budget);
        }
        let mut principals = self.principals.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Budget { limit: self.per_principal, lent: AtomicU64::new(0) });
        Arc::clone(principals.entry(Arc::clone(who.name())).or_insert_with(fresh))
    }
}

impl Permit {
    /// Makes sure that at least so many bytes are held; takes what is missing from both budgets, or nothing.
    pub fn cover(&mut self, bytes: u64) -> Result<(), Rejection> {
        let missing = bytes.saturating_sub(self.held);
        if missing == 0 {
            return Ok(());
        }
        if !self.principal.take(missing) {
            let detail = "This caller's requests in flight hold all the memory that one caller may hold; wait for answers before sending more.";
            return Err(Rejection::new(Code::OverBudget, detail));
        }
        if !self.all.take(missing) {
            self.principal.give_back(missing);
            let detail = "The requests in flight hold all the memory that there is for them; send again in a moment.";
            return Err(Rejection::new(Code::Overloaded, detail));
        }
        self.held += missing;
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.principal.give_back(self.held);
        self.all.give_back(self.held);
    }
}

impl Budget {
    fn take(&self, bytes: u64) -> bool {
        let room = |lent: u64| lent.checked_add(bytes).filter(|lent| *lent <= self.limit);
        self.lent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.lent.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn admission(all: u64, one: u64) -> Admission {
        Admission::new(&Config { bytes_in_flight: all, bytes_in_flight_per_principal: one, ..Config::default() })
    }

    fn principal(name: &str) -> Principal {
        Principal::new(name.into())
    }

    #[test]
    fn one_caller_can_not_take_it_all() {
        let admission = admission(100, 60);
        let held = admission.admit(&principal("a"), 60).expect("there is room");
        let refused = admission.admit(&principal("a"), 1).expect_err("a's share is used up");
        assert_eq!(refused.code, Code::OverBudget);
        let _b = admission.admit(&principal("b"), 40).expect("b has a share of its own");
        assert_eq!(admission.admit(&principal("c"), 1).expect_err("nothing is left").code, Code::Overloaded);
        drop(held);
        admission.admit(&principal("c"), 60).expect("a's bytes came back");
    }

    proptest! {
        #[test]
        fn whatever_is_admitted_and_dropped_everything_comes_back(sizes in prop::collection::vec((0..3_usize, 0..80_u64), 0..50)) {
            let admission = admission(200, 100);
            let names = [principal("a"), principal("b"), principal("c")];
            let mut held = Vec::new();
            for (index, (who, bytes)) in sizes.into_iter().enumerate() {
                held.extend(admission.admit(&names[who], bytes));
                if index % 3 == 0 && !held.is_empty() {
                    held.remove(0);
                }
                prop_assert!(admission.lent() <= 200);
            }
            drop(held);
            prop_assert_eq!(admission.lent(), 0);
            for name in &names {
                prop_assert!(admission.admit(name, 100).is_ok());
            }
        }
    }
}
