//! How much may wait for Kafka: a budget of bytes for all topics and one for each, and which topics are stalled.
//! Counts what was handed to the producer and not yet reported; knows nothing of who waits.

use std::collections::{BTreeSet, HashMap};
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
    /// A record of the topic has waited too long, and nothing has been acknowledged since.
    Stalled,
}

/// Bytes that may wait, and bytes that do.
#[derive(Debug)]
struct Budget {
    limit: u64,
    bytes: AtomicU64,
}

/// One topic's share of the queue.
#[derive(Debug)]
pub(super) struct Lane {
    own: Budget,
    /// What it shares with other lanes.
    shared: Option<Arc<Budget>>,
    stalled: AtomicBool,
    producer: usize,
}

/// The queue's budget.
#[derive(Debug)]
pub(super) struct Queue {
    all: Budget,
    limit_per_topic: u64,
    /// What all copies of refused events share, so that they can't crowd out good ones.
    refused: Arc<Budget>,
    events: AtomicU64,
    lanes: Lanes,
    /// The lanes of copies, which are not those of the same topics' own events.
    lanes_of_refused: Lanes,
    producers: usize,
    next: AtomicUsize,
}

/// Lanes by topic.
type Lanes = RwLock<HashMap<String, Arc<Lane>>>;

impl Queue {
    pub(super) fn new(limit: u64, limit_per_topic: u64, limit_of_refused: u64, producers: usize) -> Self {
        Self {
            all: Budget::new(limit),
            limit_per_topic,
            refused: Arc::new(Budget::new(limit_of_refused)),
            events: AtomicU64::new(0),
            lanes: RwLock::default(),
            lanes_of_refused: RwLock::default(),
            producers,
            next: AtomicUsize::new(0),
        }
    }

    /// The topic's lane; made at its first use. Callers pass only topics that have a contract, so that their
    /// number is bounded by the catalogue.
    pub(super) fn lane(&self, topic: &str) -> Arc<Lane> {
        lane(&self.lanes, topic, || {
            let producer = self.next.fetch_add(1, Ordering::Relaxed) % self.producers;
            Lane { own: Budget::new(self.limit_per_topic), shared: None, stalled: AtomicBool::new(false), producer }
        })
    }

    /// The lane of copies of refused events to a topic. All of these lanes share one budget; each is stalled by itself.
    pub(super) fn refused(&self, topic: &str) -> Arc<Lane> {
        lane(&self.lanes_of_refused, topic, || Lane {
            own: Budget::new(self.refused.limit),
            shared: Some(Arc::clone(&self.refused)),
            stalled: AtomicBool::new(false),
            producer: 0,
        })
    }

    /// What a record of so many bytes costs.
    pub(super) fn cost(bytes: usize) -> u64 {
        bytes as u64 + COST_PER_RECORD
    }

    /// Takes a record's cost from all of its budgets, or from none.
    pub(super) fn reserve(&self, lane: &Lane, cost: u64) -> Result<(), Full> {
        if lane.stalled.load(Ordering::Relaxed) {
            return Err(Full::Stalled);
        }
        if !lane.own.take(cost) {
            return Err(Full::Topic);
        }
        if lane.shared.as_ref().is_some_and(|shared| !shared.take(cost)) {
            lane.own.give_back(cost);
            return Err(Full::Topic);
        }
        if !self.all.take(cost) {
            lane.give_back(cost);
            return Err(Full::Queue);
        }
        self.events.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Gives a record's cost back. An acknowledgement ends a stall; so does an empty lane, since only a new
    /// record can then show whether the topic works again.
    pub(super) fn release(&self, lane: &Lane, cost: u64, acknowledged: bool) {
        self.events.fetch_sub(1, Ordering::Relaxed);
        self.all.give_back(cost);
        let left = lane.give_back(cost);
        if (acknowledged || left == 0) && lane.stalled.load(Ordering::Relaxed) {
            lane.stalled.store(false, Ordering::Relaxed);
        }
    }

    /// Bytes and records that wait.
    pub(super) fn depth(&self) -> (u64, u64) {
        (self.all.bytes.load(Ordering::Relaxed), self.events.load(Ordering::Relaxed))
    }

    /// Names of the stalled topics.
    pub(super) fn stalled(&self) -> Vec<String> {
        let mut names = BTreeSet::new();
        for lanes in [&self.lanes, &self.lanes_of_refused] {
            let lanes = lanes.read().unwrap_or_else(PoisonError::into_inner);
            let stalled = lanes.iter().filter(|(_, lane)| lane.stalled.load(Ordering::Relaxed));
            names.extend(stalled.map(|(topic, _)| topic.clone()));
        }
        names.into_iter().collect()
    }
}

fn lane(lanes: &Lanes, topic: &str, make: impl FnOnce() -> Lane) -> Arc<Lane> {
    if let Some(lane) = lanes.read().unwrap_or_else(PoisonError::into_inner).get(topic) {
        return Arc::clone(lane);
    }
    let mut lanes = lanes.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(lanes.entry(topic.to_owned()).or_insert_with(|| Arc::new(make())))
}

impl Budget {
    fn new(limit: u64) -> Self {
        Self { limit, bytes: AtomicU64::new(0) }
    }

    fn take(&self, cost: u64) -> bool {
        let fits = self.bytes.fetch_add(cost, Ordering::Relaxed) + cost <= self.limit;
        if !fits {
            self.give_back(cost);
        }
        fits
    }

    /// What waits without it.
    fn give_back(&self, cost: u64) -> u64 {
        self.bytes.fetch_sub(cost, Ordering::Relaxed) - cost
    }
}

impl Lane {
    /// What waits in the lane without it.
    fn give_back(&self, cost: u64) -> u64 {
        if let Some(shared) = &self.shared {
            shared.give_back(cost);
        }
        self.own.give_back(cost)
    }

    /// Marks the topic as stalled: one of its records has waited too long.
    pub(super) fn stall(&self) {
        if self.own.bytes.load(Ordering::Relaxed) > 0 {
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
    fn copies_of_refused_events_share_one_budget_of_their_own_and_stall_by_topic() {
        let queue = Queue::new(10_000, 2_000, 1_000, 1);
        let (a, b) = (queue.refused("a"), queue.refused("b"));
        assert_eq!(queue.reserve(&a, 600), Ok(()));
        assert_eq!(queue.reserve(&b, 401), Err(Full::Topic));
        assert_eq!(queue.reserve(&b, 300), Ok(()));
        assert_eq!(queue.reserve(&queue.lane("a"), 2_000), Ok(()));
        a.stall();
        assert_eq!(queue.stalled(), ["a"]);
        assert_eq!(queue.reserve(&queue.refused("a"), 1), Err(Full::Stalled));
        assert_eq!(queue.reserve(&b, 100), Ok(()), "it goes on");
        queue.release(&queue.lane("a"), 2_000, true);
        assert_eq!(queue.stalled(), ["a"], "the topic's own events tell nothing of its copies");
        queue.release(&a, 600, false);
        assert_eq!(queue.reserve(&b, 600), Ok(()), "what the other one held is free");
        assert_eq!((queue.stalled(), queue.depth()), (Vec::new(), (1_000, 3)));
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
