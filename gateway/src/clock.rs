//! The present, for rules that end and for rules over moments. The pure crates have no clock and are told.

use std::time::{SystemTime, UNIX_EPOCH};

use forebay_policies::Date;
use forebay_schemas::picked::Moment;

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
