//! What limits of events and bytes a second have refused. Labels come from the code and the catalogue.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::limit::Limit;

/// The counters of limits.
#[derive(Debug, Clone, Default)]
pub struct RateMetrics {
    limited: Family<RateLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RateLabels {
    topic: Arc<str>,
    limit: &'static str,
}

impl RateMetrics {
    pub(super) fn register(&self, r: &mut Registry) {
        let limited =
            "Requests refused by their head, and batches and windows refused, by a limit of events or bytes a second";
        r.register("rate_limited", limited, self.limited.clone());
    }

    /// A limit has refused a request, a batch or a window of this topic.
    pub(super) fn limited(&self, topic: &Arc<str>, limit: Limit) {
        self.limited.get_or_create(&RateLabels { topic: Arc::clone(topic), limit: limit.as_str() }).inc();
    }
}
