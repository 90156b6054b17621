//! The limits of events and bytes a second by their names, and how one of them stands: what the step that keeps them
//! tells doors and metrics. Knows neither how they are kept nor any header field.

use std::time::Duration;

/// A limit that a batch can meet. Its name is the same in answers, header fields and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Events a second of one principal.
    PrincipalEvents,
    /// Bytes a second of one principal.
    PrincipalBytes,
    /// Events a second of one topic.
    TopicEvents,
    /// Bytes a second of one topic.
    TopicBytes,
}

impl Limit {
    /// The limit's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrincipalEvents => "principal_events",
            Self::PrincipalBytes => "principal_bytes",
            Self::TopicEvents => "topic_events",
            Self::TopicBytes => "topic_bytes",
        }
    }

    /// What it counts, in the plural.
    pub fn unit(self) -> &'static str {
        if self.counts_bytes() { "bytes" } else { "events" }
    }

    /// Whether it counts bytes, not events.
    pub fn counts_bytes(self) -> bool {
        matches!(self, Self::PrincipalBytes | Self::TopicBytes)
    }
}

/// A wait in whole seconds, rounded up and at least one, as people and `Retry-After` are told it.
pub fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// How a limit stands at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which one.
    pub limit: Limit,
    /// The most that passes at once, in events or bytes.
    pub quota: u64,
    /// In how many seconds as much comes back.
    pub window: u64,
    /// What would pass now.
    pub remaining: u64,
}

impl Standing {
    /// Whether less of its quota is left than of the other's.
    pub fn is_tighter_than(&self, other: &Self) -> bool {
        u128::from(self.remaining) * u128::from(other.quota) < u128::from(other.remaining) * u128::from(self.quota)
    }
}
