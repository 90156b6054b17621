//! The book of one batch: as many verdicts out as events in. What is not settled by the time it is dropped was
//! never handed over; it is counted as abandoned.

use std::sync::Arc;

use crate::catalog::Topic;
use crate::event::{Allowed, Verdict};
use crate::metrics::Metrics;

/// The book of one batch, opened when its contracts are known.
pub struct Ledger {
    metrics: Arc<Metrics>,
    topics: Vec<Arc<Topic>>,
    /// For each event its topic's index, or none where no contract names its topic.
    entries: Vec<Option<usize>>,
}

impl Ledger {
    /// Opens the book with one entry an event.
    pub fn open(allowed: &Allowed, metrics: &Arc<Metrics>) -> Self {
        let entries = allowed.events.iter().map(|slot| slot.as_ref().ok().map(|event| event.topic)).collect();
        Self { metrics: Arc::clone(metrics), topics: allowed.topics.clone(), entries }
    }

    /// How many events it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts the verdicts, one for each entry and in the same order.
    ///
    /// # Panics
    /// If an event has no verdict or two: a defect that must not be answered as if all were well.
    pub fn settle(mut self, verdicts: &[Verdict]) {
        let entries = std::mem::take(&mut self.entries);
        assert_eq!(entries.len(), verdicts.len(), "every event has exactly one verdict");
        let mut written = vec![0; self.topics.len()];
        for (entry, verdict) in entries.iter().zip(verdicts) {
            match (entry, verdict) {
                (Some(topic), Verdict::Written { .. }) => written[*topic] += 1,
                (Some(topic), Verdict::Refused(refusal)) => {
                    self.topics[*topic].metrics.refused(refusal.code, refusal.outcome);
                }
                (None, Verdict::Refused(refusal)) => self.metrics.refused_without_contract(refusal.code, 1),
                (None, Verdict::Written { .. }) | (_, Verdict::Tried(_)) => {}
            }
        }
        for (topic, written) in self.topics.iter().zip(written).filter(|(_, written)| *written > 0) {
            topic.metrics.written(written);
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if !self.entries.is_empty() {
            self.metrics.abandoned(self.entries.len());
        }
    }
}
