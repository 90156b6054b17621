//! How much may wait for Kafka: a budget of bytes for all topics and one for each, and which topics are stalled.
//! Counts what was handed to the producer and not yet reported; knows nothing of who waits.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// What a record costs beside its bytes: librdkafka's message with its headers, and the ticket, in bytes.
const COST_PER_RECORD: u64 = 512;

/// Why a record can't be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The topic's share is used up.
    Topic,
    /// The whole queue is used up.
    Queue,
    /// The topic's oldest record is past the deadline, and nothing has been acknowledged since.
    Stalled,
}

/// One topic's share of the queue.
#[derive(Debug)]
pub(super) struct Lane {
    limit: u64,
    bytes: AtomicU64,
    stalled: AtomicBool,
    producer: usize,
}

/// The queue's budget.
#[derive(Debug)]
pub(super) struct Queue {
    limit: u64,
    limit_per_topic: u64,
    /// The lane of all copies of refused events, so that they can't crowd out good ones.
    refused: Arc<Lane>,
    bytes: AtomicU64,
    events: AtomicU64,
    lanes: RwLock<HashMap<String, Arc<Lane>>>,
    producers: usize,
    next: AtomicUsize,
}

impl Queue {
    pub(super) fn new(limit: u64, limit_per_topic: u64, limit_of_refused: u64, producers: usize) -> Self {
        Self {
            limit,
            limit_per_topic,
            refused: Arc::new(Lane::new(limit_of_refused, 0)),
            bytes: AtomicU64::new(0),
            events: AtomicU64::new(0),
            lanes: RwLock::default(),
            producers,
            next: AtomicUsize::new(0),
        }
    }

    /// The topic's lane; made at its first use. Callers pass only topics that have a contract, so that their
    /// number is bounded by the catalogue.
    pub(super) fn lane(&self, topic: &str) -> Arc<Lane> {
        if let Some(lane) = self.lanes.read().unwrap_or_else(PoisonError::into_inner).get(topic) {
            return Arc::clone(lane);
        }
        let mut lanes = self.lanes.write().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(topic.to_owned()).or_insert_with(|| {
            let producer = self.next.fetch_add(1, Ordering::Relaxed) % self.producers;
            Arc::new(Lane::new(self.limit_per_topic, producer))
        });
        Arc::clone(lane)
    }

    /// The lane of all copies of refused events.
    pub(super) fn refused(&self) -> Arc<Lane> {
        Arc::clone(&self.refused)
    }

    /// What a record of so many bytes costs.
    pub(super) fn cost(bytes: usize) -> u64 {
        bytes as u64 + COST_PER_RECORD
    }

    /// Takes a record's cost from both budgets, or from neither.
    pub(super) fn reserve(&self, lane: &Lane, cost: u64) -> Result<(), Full> {
        if lane.stalled.load(Ordering::Relaxed) {
            return Err(Full::Stalled);
        }
        if lane.bytes.fetch_add(cost, Ordering::Relaxed) + cost > lane.limit {
            lane.bytes.fetch_sub(cost, Ordering::Relaxed);
            return Err(Full::Topic);
        }
        if self.bytes.fetch_add(cost, Ordering::Relaxed) + cost > self.limit {
            self.bytes.fetch_sub(cost, Ordering::Relaxed);
            lane.bytes.fetch_sub(cost, Ordering::Relaxed);
            return Err(Full::Queue);
        }
        self.events.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Gives a record's cost back. An acknowledgement ends a stall; so does an empty lane, since only a new
    /// record can then show whether the topic works again.
    pub(super) fn release(&self, lane: &Lane, cost: u64, acknowledged: bool) {
        self.events.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(cost, Ordering::Relaxed);
        let left = lane.bytes.fetch_sub(cost, Ordering::Relaxed) - cost;
        if (acknowledged || left == 0) && lane.stalled.load(Ordering::Relaxed) {
            lane.stalled.store(false, Ordering::Relaxed);
        }
    }

    /// Bytes and records that wait.
    pub(super) fn depth(&self) -> (u64, u64) {
        (self.bytes.load(Ordering::Relaxed), self.events.load(Ordering::Relaxed))
    }

    /// Names of the stalled topics.
    pub(super) fn stalled(&self) -> Vec<String> {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<_> = lanes
            .iter()
            .filter(|(_, lane)| lane.stalled.load(Ordering::Relaxed))
            .map(|(topic, _)| topic.clone())
            .collect();
        names.sort();
        names
    }
}

impl Lane {
    fn new(limit: u64, producer: usize) -> Self {
        Self { limit, bytes: AtomicU64::new(0), stalled: AtomicBool::new(false), producer }
    }

    /// Marks the topic as stalled: one of its records has waited longer than the deadline.
    pub(super) fn stall(&self) {
        if self.bytes.load(Ordering::Relaxed) > 0 {
            self.stalled.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn producer(&self) -> usize {
        self.producer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_topic_can_not_take_the_whole_queue() {
        let queue = Queue::new(10_000, 2_000, 100, 1);
        let (a, b) = (queue.lane("a"), queue.lane("b"));
        assert_eq!(queue.reserve(&a, 2_000), Ok(()));
        assert_eq!(queue.reserve(&a, 1), Err(Full::Topic));
        assert_eq!(queue.reserve(&b, 1), Ok(()));
        queue.release(&a, 2_000, true);
        queue.release(&b, 1, true);
        assert_eq!(queue.depth(), (0, 0));
    }

    #[test]
    fn copies_of_refused_events_share_one_lane_of_their_own() {
        let queue = Queue::new(10_000, 2_000, 1_000, 1);
        assert_eq!(queue.reserve(&queue.refused(), 1_000), Ok(()));
        assert_eq!(queue.reserve(&queue.refused(), 1), Err(Full::Topic));
        assert_eq!(queue.reserve(&queue.lane("a"), 2_000), Ok(()));
    }

    #[test]
    fn a_refused_reservation_takes_nothing() {
        let queue = Queue::new(1_500, 1_000, 100, 1);
        let (a, b) = (queue.lane("a"), queue.lane("b"));
        assert_eq!(queue.reserve(&a, 1_000), Ok(()));
        assert_eq!(queue.reserve(&b, 1_000), Err(Full::Queue));
        assert_eq!(queue.reserve(&b, 500), Ok(()));
        assert_eq!(queue.depth(), (1_500, 2));
    }

    #[test]
    fn a_stall_ends_with_an_acknowledgement_or_an_empty_lane() {
        let queue = Queue::new(10_000, 10_000, 100, 1);
        let lane = queue.lane("a");
        for acknowledged in [true, false] {
            assert_eq!(queue.reserve(&lane, 10), Ok(()));
            assert_eq!(queue.reserve(&lane, 10), Ok(()));
            lane.stall();
            assert_eq!(queue.reserve(&lane, 10), Err(Full::Stalled));
            queue.release(&lane, 10, acknowledged);
            assert_eq!(queue.reserve(&lane, 10).is_ok(), acknowledged);
            if acknowledged {
                queue.release(&lane, 10, true);
            }
            queue.release(&lane, 10, false);
            assert_eq!(queue.stalled(), Vec::<String>::new());
        }
    }
}
