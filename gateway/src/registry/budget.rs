//! How often the registry may be asked on behalf of clients: a rate with a burst, and no more than the burst under way.
//! Knows a clock, which tests turn.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::asked::Asker;

/// Calls that clients may still cause.
pub(super) struct Budget<C: Clock = MonotonicClock> {
    limiter: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    under_way: Arc<Semaphore>,
}

/// Leave to ask for one thing, held until it is answered.
#[derive(Debug, Default)]
pub(super) struct Ticket {
    _place: Option<OwnedSemaphorePermit>,
}

impl<C: Clock + Clone> Budget<C> {
    /// So many calls a second, and so many at once. Less than one of either counts as one.
    pub(super) fn new(per_second: u32, burst: u32, clock: C) -> Self {
        let at_least_one = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        let under_way = Arc::new(Semaphore::new(quota.burst_size().get() as usize));
        Self { limiter: RateLimiter::direct_with_clock(quota, clock.clone()), clock, under_way }
    }

    /// Leave to ask now, if there is any.
    pub(super) fn admit(&self, asker: Asker) -> Option<Ticket> {
        if asker == Asker::Operator {
            return Some(Ticket::default());
        }
        let place = Arc::clone(&self.under_way).try_acquire_owned().ok()?;
        self.limiter.check().is_ok().then_some(Ticket { _place: Some(place) })
    }

    /// Takes one call, and waits until there is one.
    pub(super) async fn wait(&self) {
        while let Err(not_yet) = self.limiter.check() {
            tokio::time::sleep(not_yet.wait_time_from(self.clock.now())).await;
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn a_burst_and_then_a_rate() {
        let clock = FakeRelativeClock::default();
        let budget = Budget::new(50, 100, clock.clone());
        let admitted = || (0..100_000).filter(|_| budget.admit(Asker::Client).is_some()).count();
        assert_eq!(admitted(), 100);
        clock.advance(Duration::from_secs(1));
        assert_eq!(admitted(), 50);
        clock.advance(Duration::from_hours(1));
        assert_eq!(admitted(), 100);
        assert!(budget.admit(Asker::Operator).is_some());
    }

    #[test]
    fn no_more_are_under_way_than_come_at_once() {
        let clock = FakeRelativeClock::default();
        let budget = Budget::new(1_000, 10, clock.clone());
        let held: Vec<_> = (0..10).map(|_| budget.admit(Asker::Client).unwrap()).collect();
        clock.advance(Duration::from_hours(1));
        assert!(budget.admit(Asker::Client).is_none());
        drop(held);
        assert!(budget.admit(Asker::Client).is_some());
    }
}
