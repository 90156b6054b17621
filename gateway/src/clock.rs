//! The clocks that are handed in: the present, for rules that end and rules over moments, and the time that has passed,
//! for limits a second. The pure crates have no clock and are told; tests turn one of their own.

use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use forebay_policies::Date;
use forebay_schemas::picked::Moment;
use governor::clock::Clock;
use governor::nanos::Nanos;

/// Seconds of a day; UTC as Unix counts it has no leap seconds.
const DAY: i64 = 86_400;

/// This moment.
pub fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment { seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanos: since.subsec_nanos() }
}

/// The day of a moment, in UTC.
pub fn day(moment: Moment) -> Date {
    let days = u32::try_from(moment.seconds.div_euclid(DAY)).unwrap_or(0);
    Date::from_days_since_epoch(days).unwrap_or(Date::LAST)
}

/// Today, in UTC.
pub fn today() -> Date {
    day(now())
}

/// The day that lies so many days ahead, in UTC; none after the last that there is.
pub fn days_from_now(days: u32) -> Option<Date> {
    let today = u32::try_from(seconds() / DAY).unwrap_or(u32::MAX);
    Date::from_days_since_epoch(today.saturating_add(days))
}

/// This second, counted from 1970-01-01T00:00:00Z.
pub fn seconds() -> i64 {
    now().seconds
}

/// A clock that says how much time has passed, and not since when.
#[derive(Clone)]
pub struct Ticks(Arc<dyn Clock<Instant = Nanos> + Send + Sync>);

/// The time since it was made.
struct Since(Instant);

impl Ticks {
    /// The machine's own, which is never put back.
    pub fn monotonic() -> Self {
        Self::of(Since(Instant::now()))
    }

    /// Another one, which says nanoseconds.
    pub fn of(clock: impl Clock<Instant = Nanos> + Send + Sync + 'static) -> Self {
        Self(Arc::new(clock))
    }
}

impl fmt::Debug for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticks({:?})", self.now())
    }
}

impl Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.now()
    }
}

impl Clock for Since {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}
