//! What is remembered, within bounds: values with the time at which they are due to be asked for again, and what is
//! known not to be there. Pure but for its lock; the time is handed in.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::failure::Failure;

/// What a value is remembered by.
pub(super) trait Name: Clone + Eq + Hash + Send + Sync + 'static {
    /// The value.
    type Value: Clone + PartialEq + Send + Sync + 'static;
    /// Whether the value never changes.
    fn is_fixed(&self) -> bool;
    /// Bytes that the value takes.
    fn cost(value: &Self::Value) -> usize;
}

/// How much is remembered, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Values; and as many that are not there.
    pub(super) entries: usize,
    /// Bytes of values.
    pub(super) bytes: usize,
    /// How long a value that may change is fresh.
    pub(super) refresh: Duration,
    /// How long what is not there is believed not to be there, give or take a quarter.
    pub(super) negative: Duration,
}

/// What is remembered, the least recently used forgotten first.
pub(super) struct Shelf<N: Name> {
    limits: Limits,
    inner: Mutex<Inner<N>>,
}

struct Inner<N: Name> {
    known: HashMap<N, Known<N::Value>>,
    missing: HashMap<N, (Failure, Instant)>,
    bytes: usize,
    turn: u64,
    changes: u64,
}

struct Known<V> {
    value: V,
    cost: usize,
    due: Option<Instant>,
    asked: Instant,
    turn: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// As the registry said when it was last due.
    Confirmed,
    /// The registry said so once, and could not be asked when it was due.
    Overdue,
    /// From the snapshot; the registry has not been asked yet.
    Restored,
}

/// What is found under a name.
#[derive(Debug, PartialEq)]
pub(super) enum Found<V> {
    /// A value to be taken as it is.
    Fresh(V),
    /// A value that should be asked for again, and may be used meanwhile.
    Due(V),
    /// A value that this process has never asked for.
    Restored(V),
    /// It is not there.
    Missing(Failure),
    /// Nobody knows.
    Nothing,
}

impl<N: Name> Shelf<N> {
    pub(super) fn new(limits: Limits) -> Self {
        let inner = Inner { known: HashMap::new(), missing: HashMap::new(), bytes: 0, turn: 0, changes: 0 };
        Self { limits, inner: Mutex::new(inner) }
    }

    /// Looks for a name on somebody's behalf, which makes it the most recently used.
    pub(super) fn find(&self, name: &N, now: Instant) -> Found<N::Value> {
        let mut inner = self.lock();
        inner.turn += 1;
        let turn = inner.turn;
        if let Some(known) = inner.known.get_mut(name) {
            known.turn = turn;
            known.asked = now;
        }
        inner.look(name, now)
    }

    /// Looks for a name on nobody's behalf.
    pub(super) fn look(&self, name: &N, now: Instant) -> Found<N::Value> {
        self.lock().look(name, now)
    }

    /// A value as it stands, whether it is due or not.
    pub(super) fn peek(&self, name: &N) -> Option<N::Value> {
        self.lock().known.get(name).map(|known| known.value.clone())
    }

    /// Whether this process has this value from the registry.
    pub(super) fn is_confirmed(&self, name: &N) -> bool {
        self.lock().known.get(name).is_some_and(|known| known.state != State::Restored)
    }

    /// The registry said so.
    pub(super) fn put(&self, name: N, value: N::Value, now: Instant) {
        let due = if name.is_fixed() { None } else { Some(now + self.limits.refresh) };
        self.insert(name, value, due, (now, State::Confirmed));
    }

    /// A snapshot said so; it is due at once.
    pub(super) fn restore(&self, name: N, value: N::Value, now: Instant) {
        self.insert(name, value, Some(now), (now, State::Restored));
    }

    fn insert(&self, name: N, value: N::Value, due: Option<Instant>, (now, state): (Instant, State)) {
        let mut inner = self.lock();
        inner.missing.remove(&name);
        inner.turn += 1;
        let (turn, cost) = (inner.turn, N::cost(&value));
        let before = inner.remove(&name);
        if before.as_ref().is_none_or(|before| before.value != value) {
            inner.changes += 1;
        }
        if cost > self.limits.bytes {
            return;
        }
        let asked = before.map_or(now, |before| before.asked);
        inner.bytes += cost;
        inner.known.insert(name, Known { value, cost, due, asked, turn, state });
        while inner.known.len() > self.limits.entries || inner.bytes > self.limits.bytes {
            inner.forget_oldest();
        }
    }

    /// The registry said that it is not there; what was known of it is forgotten.
    pub(super) fn miss(&self, name: N, failure: Failure, now: Instant) {
        let mut inner = self.lock();
        if inner.remove(&name).is_some() {
            inner.changes += 1;
        }
        if inner.missing.len() >= self.limits.entries {
            inner.missing.retain(|_, (_, until)| now < *until);
        }
        if inner.missing.len() >= self.limits.entries {
            let soonest = inner.missing.iter().min_by_key(|(_, (_, until))| *until).map(|(name, _)| name.clone());
            soonest.map(|name| inner.missing.remove(&name));
        }
        inner.missing.insert(name, (failure, now + jittered(self.limits.negative)));
    }

    /// The registry could not be asked: what is known goes on being used, and is due again later.
    pub(super) fn postpone(&self, name: &N, now: Instant) {
        if let Some(known) = self.lock().known.get_mut(name) {
            known.due = Some(now + jittered(self.limits.refresh));
            if known.state == State::Confirmed {
                known.state = State::Overdue;
            }
        }
    }

    /// Names that are due and were asked for since, and all that the registry has still to confirm; the longest due first.
    pub(super) fn due(&self, now: Instant, since: Instant) -> Vec<N> {
        let inner = self.lock();
        let due = inner.known.iter().filter_map(|(name, known)| {
            let due = known.due.filter(|due| *due <= now || known.state != State::Confirmed)?;
            (known.asked >= since || known.state != State::Confirmed).then_some((due, name))
        });
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(due, _)| *due);
        due.into_iter().map(|(_, name)| name.clone()).collect()
    }

    /// Everything that is known.
    pub(super) fn all(&self) -> Vec<(N, N::Value)> {
        self.lock().known.iter().map(|(name, known)| (name.clone(), known.value.clone())).collect()
    }

    /// Values, of which so many the registry has not confirmed when it should have.
    pub(super) fn count(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.known.len(), inner.known.values().filter(|known| known.state != State::Confirmed).count())
    }

    /// Grows whenever something is known that was not known before.
    pub(super) fn changes(&self) -> u64 {
        self.lock().changes
    }

    fn lock(&self) -> MutexGuard<'_, Inner<N>> {
        // Each change is complete before anything in it could panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<N: Name> Inner<N> {
    fn look(&mut self, name: &N, now: Instant) -> Found<N::Value> {
        if let Some(known) = self.known.get(name) {
            let value = known.value.clone();
            return match (known.due.is_some_and(|due| due <= now), known.state) {
                (false, _) => Found::Fresh(value),
                (true, State::Restored) => Found::Restored(value),
                (true, State::Confirmed | State::Overdue) => Found::Due(value),
            };
        }
        match self.missing.get(name) {
            Some((failure, until)) if now < *until => Found::Missing(failure.clone()),
            Some(_) => {
                self.missing.remove(name);
                Found::Nothing
            }
            None => Found::Nothing,
        }
    }

    fn remove(&mut self, name: &N) -> Option<Known<N::Value>> {
        let known = self.known.remove(name)?;
        self.bytes -= known.cost;
        Some(known)
    }

    /// One pass over all names; upstream calls, which are limited, come before each.
    fn forget_oldest(&mut self) {
        let oldest = self.known.iter().min_by_key(|(_, known)| known.turn).map(|(name, _)| name.clone());
        oldest.and_then(|name| self.remove(&name));
    }
}

/// A time somewhere between three and five quarters of this one, so that what came at once is not due at once.
fn jittered(time: Duration) -> Duration {
    let share = u32::try_from(RandomState::new().hash_one(()) % 512).unwrap_or(256);
    time * (768 + share) / 1024
}

#[cfg(test)]
mod tests;
