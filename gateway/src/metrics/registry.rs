//! What is counted of the schema registry's client. Labels come from the code.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// The counters of the schema registry's client.
#[derive(Debug, Clone, Default)]
pub struct RegistryMetrics(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    calls: Family<CallLabels, Counter>,
    lookups: Family<LookupLabels, Counter>,
    up: Gauge,
    schemas: Gauge,
    stale: Gauge,
    snapshots: Family<SnapshotLabels, Counter>,
    snapshot_time: Gauge,
}

/// How one call to the registry ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// With what was asked for.
    Answered,
    /// The registry said that there is no such thing, or that it is of no use.
    Refused,
    /// Not at all, or with an error.
    Unavailable,
    /// With something else than a schema registry's answer.
    Unusable,
}

/// How something that was asked of the client was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// It was known.
    Hit,
    /// It was known, and is due to be asked for again.
    Stale,
    /// It was not known; the registry was asked.
    Miss,
    /// It was known not to be there.
    Missing,
    /// It was not known, and the registry may not be asked so often.
    OverBudget,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LookupLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SnapshotLabels {
    result: &'static str,
}

/// What labels say of a snapshot's write.
const WRITTEN: [&str; 2] = ["failed", "written"];

impl Call {
    const ALL: [Self; 4] = [Self::Answered, Self::Refused, Self::Unavailable, Self::Unusable];

    fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Unusable => "unusable",
        }
    }
}

impl Lookup {
    const ALL: [Self; 5] = [Self::Hit, Self::Stale, Self::Miss, Self::Missing, Self::OverBudget];

    fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Miss => "miss",
            Self::Missing => "missing",
            Self::OverBudget => "over_budget",
        }
    }
}

impl RegistryMetrics {
    pub(super) fn register(&self, r: &mut Registry) {
        let all = &self.0;
        for outcome in Call::ALL {
            drop(all.calls.get_or_create(&CallLabels { outcome: outcome.as_str() }));
        }
        for result in Lookup::ALL {
            drop(all.lookups.get_or_create(&LookupLabels { result: result.as_str() }));
        }
        for result in WRITTEN {
            drop(all.snapshots.get_or_create(&SnapshotLabels { result }));
        }
        all.up.set(1);
        r.register("registry_calls", "Calls to the schema registry, by outcome", all.calls.clone());
        let lookups = "Schemas asked for inside the gateway, by how they were come by";
        r.register("registry_lookups", lookups, all.lookups.clone());
        let up = "Whether the schema registry answered when it was last asked";
        r.register("registry_up", up, all.up.clone());
        r.register("registry_schemas", "Registered schemas that are known", all.schemas.clone());
        let stale = "Things known of the schema registry that it could not confirm when they were due";
        r.register("registry_stale", stale, all.stale.clone());
        let snapshots = "Writes of the schema registry's snapshot file, by result";
        r.register("registry_snapshot_writes", snapshots, all.snapshots.clone());
        let time = "When the schema registry's snapshot file was last written, in Unix time";
        r.register_with_unit("registry_snapshot_time", time, Unit::Seconds, all.snapshot_time.clone());
    }

    /// A call to the registry ended.
    pub fn call(&self, outcome: Call) {
        self.0.calls.get_or_create(&CallLabels { outcome: outcome.as_str() }).inc();
        self.0.up.set(i64::from(matches!(outcome, Call::Answered | Call::Refused)));
    }

    /// The client was asked for something.
    pub fn lookup(&self, result: Lookup) {
        self.0.lookups.get_or_create(&LookupLabels { result: result.as_str() }).inc();
    }

    /// So many schemas are known; so many things could not be confirmed when they were due.
    pub fn known(&self, schemas: usize, stale: usize) {
        self.0.schemas.set(i64::try_from(schemas).unwrap_or(i64::MAX));
        self.0.stale.set(i64::try_from(stale).unwrap_or(i64::MAX));
    }

    /// The snapshot file was written, or could not be.
    pub fn snapshot(&self, written: bool) {
        let result = WRITTEN[usize::from(written)];
        self.0.snapshots.get_or_create(&SnapshotLabels { result }).inc();
        if written {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            self.0.snapshot_time.set(i64::try_from(now).unwrap_or(i64::MAX));
        }
    }
}
