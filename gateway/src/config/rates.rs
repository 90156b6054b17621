//! How many events and bytes a second a principal may send. Knows numbers and names; `ingest::allow` keeps them.

use std::time::Duration;

use forebay_schemas::document::{Node, Reader};
use forebay_schemas::problem::Problem;
use serde::{Serialize, Serializer};

use super::show;
use crate::glob;

/// The entry for whom no other one is.
const DEFAULT: &str = "default";
/// What passes at once unless an entry says otherwise: what comes in so long.
const BURST: Duration = Duration::from_secs(1);
/// The longest burst.
const LONGEST_BURST: Duration = Duration::from_hours(1);

/// Rates by the principals that they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    /// Names, or patterns with `*`, in the file's order; the first one that matches holds.
    named: Vec<(String, Rate)>,
    /// What holds for the rest; none is no limit.
    default: Option<Rate>,
}

/// How much passes in a second. What is not said has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// Events a second, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_per_second: Option<u64>,
    /// Bytes of events' text a second, from 1.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_some_size")]
    pub bytes_per_second: Option<u64>,
    /// As much passes at once as comes in this time: whole seconds, since header fields have no finer window.
    #[serde(serialize_with = "show::as_duration")]
    pub burst: Duration,
}

impl Rates {
    /// The rate of this principal; each one has it for itself, also those of one pattern.
    pub fn of(&self, principal: &str) -> Option<&Rate> {
        let named = self.named.iter().find(|(pattern, _)| glob::matches(pattern, principal));
        named.map(|(_, rate)| rate).or(self.default.as_ref())
    }

    pub(super) fn read(node: &Node, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut named = node.map(problems, |_, entry, problems| {
            let expected = "a mapping, as in { events_per_second: 5000, bytes_per_second: 8MiB, burst: 2s }";
            Some(Rate::read(Reader::expecting(expected, entry, problems)))
        })?;
        let default = named.iter().position(|(name, _)| name == DEFAULT).map(|at| named.remove(at).1);
        Some(Self { named, default })
    }
}

impl Rate {
    fn read(mut r: Reader<'_, '_>) -> Self {
        let events_per_second = r.integer("events_per_second", 1..=u64::MAX);
        let bytes_per_second = r.optional("bytes_per_second", |node, problems| {
            let bytes = node.size(problems)?;
            if bytes == 0 {
                problems.push(node.mismatch("a size above 0, such as 8MiB"));
            }
            Some(bytes)
        });
        let burst = r.optional("burst", |node, problems| {
            let burst = node.duration(problems)?;
            if burst.subsec_nanos() != 0 || burst.is_zero() || burst > LONGEST_BURST {
                problems.push(node.mismatch("whole seconds from 1s to 1h"));
            }
            Some(burst)
        });
        let rate = Self { events_per_second, bytes_per_second, burst: burst.unwrap_or(BURST) };
        if r.member("events_per_second").is_none() && r.member("bytes_per_second").is_none() {
            r.missing("events_per_second", "events_per_second, bytes_per_second or both");
        }
        r.finish();
        rate
    }
}

impl Serialize for Rates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let default = self.default.iter().map(|rate| (DEFAULT, rate));
        serializer.collect_map(self.named.iter().map(|(name, rate)| (name.as_str(), rate)).chain(default))
    }
}

#[expect(clippy::ref_option, reason = "serde hands fields on by reference")]
fn as_some_size<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&value.map(show::size).unwrap_or_default())
}
