//! How the gateway goes: what happens between SIGTERM and the exit, and how long it may take.

use std::time::Duration;

use forebay_schemas::document::Reader;
use serde::Serialize;

use super::show::as_duration;
use super::times::{timer, timer_or_none};

/// How the gateway goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drain {
    /// How long it goes on taking connections after `/readyz` has turned 503, so that load balancers notice.
    #[serde(serialize_with = "as_duration")]
    pub settle: Duration,
    /// How long accepted requests may then take to be answered.
    #[serde(serialize_with = "as_duration")]
    pub grace: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self { settle: Duration::from_secs(3), grace: Duration::from_secs(25) }
    }
}

impl Drain {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let d = Self::default();
        let drain = Self { settle: timer_or_none(&mut r, "settle", d.settle), grace: timer(&mut r, "grace", d.grace) };
        r.finish();
        drain
    }
}
