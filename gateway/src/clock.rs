//! Today's date, for rules that end, and this second, for credentials that do. The pure crates have no clock and are
//! told.

use std::time::{SystemTime, UNIX_EPOCH};

use forebay_policies::Date;

/// Today, in UTC.
pub fn today() -> Date {
    days_from_now(0).unwrap_or(Date::LAST)
}

/// The day that lies so many days ahead, in UTC; none after the last that there is.
pub fn days_from_now(days: u32) -> Option<Date> {
    let today = u32::try_from(now() / 86_400).unwrap_or(u32::MAX);
    Date::from_days_since_epoch(today.saturating_add(days))
}

/// This second, counted from 1970-01-01T00:00:00Z.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
