//! How times that something waits for are read: within bounds, so that none is over before it begins and each one's end
//! is a moment that the machine's clock can tell.

use std::time::Duration;

use forebay_schemas::document::Reader;

/// Less than this no connection, no broker and no disk answers in.
const SHORTEST: Duration = Duration::from_millis(1);
/// 30 days.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// A time that something waits for.
pub(super) fn timer(r: &mut Reader<'_, '_>, name: &'static str, default: Duration) -> Duration {
    bounded(r, name, |time| time >= SHORTEST, "a time from 1ms to 30d").unwrap_or(default)
}

/// The same where there may be no wait.
pub(super) fn timer_or_none(r: &mut Reader<'_, '_>, name: &'static str, default: Duration) -> Duration {
    bounded(r, name, |_| true, "a time up to 30d").unwrap_or(default)
}

fn bounded(
    r: &mut Reader<'_, '_>,
    name: &'static str,
    is_enough: impl Fn(Duration) -> bool,
    expected: &str,
) -> Option<Duration> {
    r.optional(name, |node, problems| {
        let time = node.duration(problems)?;
        if time > LONGEST || !is_enough(time) {
            problems.push(node.mismatch(expected));
            return None;
        }
        Some(time)
    })
}
