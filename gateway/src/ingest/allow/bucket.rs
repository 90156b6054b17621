//! One limit: so many units a second, and so many at once. `governor` decides by the generic cell rate algorithm; here
//! it gets a state that can also be looked at without taking anything, and given back to. Knows numbers and a clock.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, Reference as _};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Ticks;

/// The most cells that come in a second. With more units than that a second, several are one cell: a cell's time is
/// whole nanoseconds, and of a few of them the rounding would be a large part.
const CELLS_PER_SECOND: u64 = 1_000_000;

/// A limit of units a second.
#[derive(Debug)]
pub(super) struct Bucket {
    limiter: RateLimiter<Wish, Level, Ticks, StateInformationMiddleware>,
    level: Level,
    per_second: u64,
    quota: Quota,
    /// Units of one cell, a power of two.
    cell: u64,
}

/// Why units were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// There is not enough room, and there will be after this time if nobody else takes it.
    For(Duration),
    /// More is asked for than can ever pass at once.
    Forever,
}

/// What is asked of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Wish {
    Take,
    Look,
}

/// When the bucket will be empty of what was taken ("theoretical arrival time"), in nanoseconds of the limiter's clock.
#[derive(Debug, Clone, Default)]
struct Level(Arc<AtomicU64>);

impl StateStore for Level {
    type Key = Wish;

    fn measure_and_replace<T, F, E>(&self, wish: &Wish, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut level = self.0.load(Ordering::Acquire);
        loop {
            let (outcome, next) = decide(Some(level.into()))?;
            if *wish == Wish::Look {
                return Ok(outcome);
            }
            match self.0.compare_exchange_weak(level, next.into(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(outcome),
                Err(other) => level = other,
            }
        }
    }
}

impl Bucket {
    /// So many units a second, at least one, of which as many pass at once as come in `burst`.
    pub(super) fn new(per_second: u64, burst: Duration, clock: Ticks) -> Self {
        let per_second = per_second.max(1);
        let cell = per_second.div_ceil(CELLS_PER_SECOND).next_power_of_two();
        // Rounded up, so that never more passes than the limit says.
        let interval = (u128::from(cell) * Duration::from_secs(1).as_nanos()).div_ceil(u128::from(per_second));
        let interval = Duration::from_nanos(u64::try_from(interval).unwrap_or(u64::MAX));
        let at_once = u128::from(per_second) * u128::from(burst.as_secs()) / u128::from(cell);
        let at_once = u32::try_from(at_once).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(interval).expect("an interval is rounded up from above 0").allow_burst(at_once);
        let level = Level::default();
        let limiter = RateLimiter::<_, _, _, StateInformationMiddleware>::new(quota, level.clone(), clock);
        Self { limiter, level, per_second, quota, cell }
    }

    /// Units a second.
    pub(super) fn per_second(&self) -> u64 {
        self.per_second
    }

    /// The most units that pass at once.
    pub(super) fn capacity(&self) -> u64 {
        u64::from(self.quota.burst_size().get()).saturating_mul(self.cell)
    }

    /// The time by this limit's clock, to be kept for [`Self::give_back`].
    pub(super) fn now(&self) -> Nanos {
        self.limiter.clock().now()
    }

    /// Takes so many units, or none.
    pub(super) fn take(&self, units: u64) -> Result<(), Full> {
        self.ask(Wish::Take, units).map(drop)
    }

    /// Whether so many units could be taken now.
    pub(super) fn look(&self, units: u64) -> Result<(), Full> {
        self.ask(Wish::Look, units).map(drop)
    }

    /// The units that could be taken now.
    pub(super) fn remaining(&self) -> u64 {
        let after_one = self.ask(Wish::Look, 1).ok().flatten();
        after_one.map_or(0, |after| (u64::from(after.remaining_burst_capacity()) + 1).saturating_mul(self.cell))
    }

    /// Gives back what was taken at `since` or later, but for the units that are kept. What has come back by itself since
    /// then is not given back twice.
    pub(super) fn give_back(&self, taken: u64, kept: u64, since: Nanos) {
        let cells = taken.div_ceil(self.cell) - kept.min(taken).div_ceil(self.cell);
        let passed = self.now().duration_since(since).as_u64();
        let interval = Nanos::from(self.quota.replenish_interval()).as_u64();
        let back = (cells * interval).saturating_sub(passed);
        let less = |level: u64| Some(level.saturating_sub(back));
        // The closure always gives a value, so that this can't fail.
        let _ = self.level.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
    }

    /// What `governor` says to so many units; to none, nothing.
    fn ask(&self, wish: Wish, units: u64) -> Result<Option<StateSnapshot>, Full> {
        let cells = u32::try_from(units.div_ceil(self.cell)).map_err(|_| Full::Forever)?;
        let Some(cells) = NonZeroU32::new(cells) else { return Ok(None) };
        match self.limiter.check_key_n(&wish, cells) {
            Ok(Ok(snapshot)) => Ok(Some(snapshot)),
            Ok(Err(not_until)) => Err(Full::For(not_until.wait_time_from(self.now()))),
            Err(_) => Err(Full::Forever),
        }
    }
}

#[cfg(test)]
mod tests;
