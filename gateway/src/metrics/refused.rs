//! What is counted of the copies of refused events. Labels come from the catalogue and the code.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What became of the copy of a refused event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Copied {
    /// It lies in the topic that the contract names.
    Kept,
    /// Its personal values could not be told from the others, so that none was made.
    Withheld,
    /// Kafka did not acknowledge it, or it had no room.
    Failed,
}

impl Copied {
    fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Withheld => "withheld",
            Self::Failed => "failed",
        }
    }
}

/// Copies of refused events, by topic and what became of them.
#[derive(Debug, Clone, Default)]
pub struct RefusedMetrics(Family<CopyLabels, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CopyLabels {
    topic: Arc<str>,
    outcome: &'static str,
}

impl RefusedMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Copies of refused events for their contract's dead-letter topic, by the refused event's topic";
        registry.register("dead_letters", help, self.0.clone());
    }

    /// One copy ended so.
    pub(super) fn copied(&self, topic: &Arc<str>, end: Copied) {
        self.0.get_or_create(&CopyLabels { topic: Arc::clone(topic), outcome: end.as_str() }).inc();
    }
}
