//! Where the limits of principals and of topics are kept between batches, by name. Bounded: what is full again is as
//! good as new and may be forgotten. Knows nothing of requests.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::buckets::{Buckets, Whose};
use crate::clock::Ticks;
use crate::config::rates::Rate;

/// The most names that are kept.
const NAMES: usize = 10_000;
/// Of too many names that are all in use, one in so many is forgotten, the fullest ones.
const FORGOTTEN: usize = 10;
/// The most rates that are kept for one name. After a reload a streamed body that began before goes on under the old one.
const RATES: usize = 4;

/// Limits by name.
#[derive(Debug)]
pub(super) struct Shelf {
    whose: Whose,
    clock: Ticks,
    most: usize,
    kept: RwLock<HashMap<Arc<str>, Vec<Arc<Buckets>>>>,
}

impl Shelf {
    /// Nothing is kept yet.
    pub(super) fn new(whose: Whose, clock: Ticks) -> Self {
        Self { whose, clock, most: NAMES, kept: RwLock::default() }
    }

    /// The limits of this name by this rate. Another rate has limits of its own, so that they are as they were when a
    /// reload has changed nothing, and no request can empty or fill those of a set of contracts that it did not begin with.
    pub(super) fn get(&self, name: &str, rate: &Rate) -> Arc<Buckets> {
        let of_rate = |kept: &Vec<Arc<Buckets>>| kept.iter().find(|one| one.rate() == rate).cloned();
        let found = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(name).and_then(of_rate);
        if let Some(found) = found {
            return found;
        }
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.get(name).and_then(of_rate) {
            return found;
        }
        if kept.len() >= self.most && !kept.contains_key(name) {
            make_room(&mut kept, self.most);
        }
        let fresh = Arc::new(Buckets::new(self.whose, name.into(), *rate, &self.clock));
        let rates = kept.entry(Arc::clone(fresh.name())).or_default();
        rates.retain(|one| one.left() < 1.0);
        if rates.len() >= RATES {
            rates.remove(0);
        }
        rates.push(Arc::clone(&fresh));
        fresh
    }
}

/// Forgets what is full, and if that is nothing, the fullest ones: those lose least by it.
fn make_room(kept: &mut HashMap<Arc<str>, Vec<Arc<Buckets>>>, most: usize) {
    let left = |rates: &[Arc<Buckets>]| rates.iter().map(|one| one.left()).fold(1.0, f64::min);
    kept.retain(|_, rates| left(rates) < 1.0);
    if kept.len() < most {
        return;
    }
    let mut names: Vec<_> = kept.iter().map(|(name, rates)| (left(rates), Arc::clone(name))).collect();
    names.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    for (_, name) in names.iter().take(most.div_ceil(FORGOTTEN)) {
        kept.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::super::buckets::Cost;
    use super::*;

    const RATE: Rate =
        Rate { events_per_second: Some(10), bytes_per_second: Some(1_000), burst: Duration::from_secs(1) };

    fn shelf(most: usize) -> (Shelf, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Shelf { most, ..Shelf::new(Whose::Topic, Ticks::of(clock.clone())) }, clock)
    }

    fn take(shelf: &Shelf, name: &str, rate: &Rate, events: u64) -> bool {
        shelf.get(name, rate).take(Cost { events, bytes: events }).is_ok()
    }

    #[test]
    fn a_name_keeps_its_limits_and_another_rate_has_its_own() {
        let (shelf, clock) = shelf(10);
        let other = Rate { events_per_second: Some(20), ..RATE };
        assert!(take(&shelf, "a", &RATE, 10) && !take(&shelf, "a", &RATE, 1));
        assert!(take(&shelf, "b", &RATE, 10));
        assert!(take(&shelf, "a", &other, 20) && !take(&shelf, "a", &other, 1));
        assert!(!take(&shelf, "a", &RATE, 1), "the old rate's limits are not filled by the new one's");
        clock.advance(Duration::from_millis(500));
        assert!(take(&shelf, "a", &RATE, 5) && !take(&shelf, "a", &RATE, 1));
    }

    #[test]
    fn what_is_full_is_forgotten_first() {
        let (shelf, clock) = shelf(3);
        for name in ["a", "b", "c"] {
            assert!(take(&shelf, name, &RATE, if name == "c" { 10 } else { 2 }));
        }
        clock.advance(Duration::from_millis(300));
        assert!(take(&shelf, "d", &RATE, 1));
        assert!(!take(&shelf, "c", &RATE, 4), "c was in use and is kept");
        assert_eq!(shelf.kept.read().unwrap_or_else(PoisonError::into_inner).len(), 2);
    }

    #[test]
    fn the_number_of_names_is_bounded_and_the_emptiest_stay() {
        let (shelf, _clock) = shelf(100);
        assert!(take(&shelf, "busy", &RATE, 10));
        for name in 0..5_000 {
            assert!(take(&shelf, &name.to_string(), &RATE, 1));
            assert!(shelf.kept.read().unwrap_or_else(PoisonError::into_inner).len() <= 100);
        }
        assert!(!take(&shelf, "busy", &RATE, 1));
    }

    #[test]
    fn the_rates_of_one_name_are_bounded() {
        let (shelf, _clock) = shelf(10);
        for events in 1..1_000 {
            assert!(take(&shelf, "a", &Rate { events_per_second: Some(events), ..RATE }, 1));
        }
        assert_eq!(shelf.kept.read().unwrap_or_else(PoisonError::into_inner)["a"].len(), RATES);
    }
}
