//! Tokens that were found good, so that a signature is checked once for each token and not for each request. Knows
//! digests of tokens, never tokens. Bad ones are not remembered: they cost their sender more than the gateway.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::event::Principal;

/// Tokens that are remembered; the longest unused are forgotten first.
const TOKENS: usize = 16_384;

/// What a token is remembered by: its SHA-256.
pub(super) type Mark = [u8; 32];

/// The mark of a token, or of any bytes.
pub(super) fn mark(token: impl AsRef<[u8]>) -> Mark {
    Sha256::digest(token).into()
}

/// A token that was found good.
#[derive(Clone)]
pub(super) struct Good {
    /// Whose it is.
    pub(super) principal: Principal,
    /// The first second in which it is no longer good, leeway included, counted from 1970.
    pub(super) ends: i64,
    /// Which issuer's it is, by its place in the configuration.
    pub(super) issuer: usize,
    /// Which of that issuer's sets of keys it was checked with.
    pub(super) generation: u64,
}

/// The tokens that were found good, in two halves: what is asked for moves to the young one, and when that is full, the
/// old one is forgotten.
#[derive(Default)]
pub(super) struct Verdicts(Mutex<Halves>);

#[derive(Default)]
struct Halves {
    young: HashMap<Mark, Good>,
    old: HashMap<Mark, Good>,
}

impl Verdicts {
    /// The token of this mark, if it is remembered. Whether it is still good is for the caller to say.
    pub(super) fn get(&self, mark: &Mark) -> Option<Good> {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(good) = halves.young.get(mark) {
            return Some(good.clone());
        }
        let good = halves.old.remove(mark)?;
        halves.put(*mark, good.clone());
        Some(good)
    }

    /// Remembers a token.
    pub(super) fn put(&self, mark: Mark, good: Good) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(mark, good);
    }

    /// Forgets a token.
    pub(super) fn forget(&self, mark: &Mark) {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        halves.young.remove(mark);
        halves.old.remove(mark);
    }
}

impl Halves {
    fn put(&mut self, mark: Mark, good: Good) {
        if self.young.len() >= TOKENS / 2 {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(mark, good);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_bound_and_what_is_used_stays() {
        let verdicts = Verdicts::default();
        let good = |ends| Good { principal: Principal::new("a".into()), ends, issuer: 0, generation: 0 };
        let used = mark("used");
        verdicts.put(used, good(7));
        for token in 0..3 * TOKENS {
            verdicts.put(mark(token.to_string()), good(0));
            assert_eq!(verdicts.get(&used).unwrap().ends, 7, "after {token}");
        }
        let halves = verdicts.0.lock().unwrap();
        assert!(halves.young.len() + halves.old.len() <= TOKENS);
        drop(halves);
        assert!(verdicts.get(&mark("0")).is_none());
        verdicts.forget(&used);
        assert!(verdicts.get(&used).is_none());
    }
}
