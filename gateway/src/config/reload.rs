//! How changed files are noticed.

use std::time::Duration;

use forebay_schemas::document::Reader;
use serde::Serialize;

use super::show::as_duration;
use super::times::timer_or_none;

/// How changed files are noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reload {
    /// How often contracts, conventions, keys and certificates are looked at. A change is taken up once it has stood for
    /// as long again. Zero looks only when asked to.
    #[serde(serialize_with = "as_duration")]
    pub interval: Duration,
}

impl Default for Reload {
    fn default() -> Self {
        Self { interval: Duration::from_secs(5) }
    }
}

impl Reload {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let reload = Self { interval: timer_or_none(&mut r, "interval", Self::default().interval) };
        r.finish();
        reload
    }
}
