//! Today's date, for rules that end. The pure crates have no clock and are told.

use std::time::{SystemTime, UNIX_EPOCH};

use forebay_policies::Date;

/// Today, in UTC.
pub fn today() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let days = u32::try_from(since.as_secs() / 86_400).unwrap_or(u32::MAX);
    Date::from_days_since_epoch(days).unwrap_or(Date::LAST)
}
