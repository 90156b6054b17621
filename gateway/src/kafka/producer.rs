//! The shared idempotent producer: takes records without waiting, reports each one once, and replaces its
//! librdkafka instance when that has failed for good. Knows its queue; knows nothing of events or answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Rd};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{NoCustomPartitioner, Producer as _, ProducerContext};
use rdkafka::{ClientConfig, ClientContext};

use super::failure::{Failure, FailureKind};
use super::ffi::{self, Connection, Open};
use super::queue::{Full, Lane, Queue};
use super::receipts::{Receipts, Report};
use super::record::Outgoing;
use super::settings;
use super::statistics::Statistics;
use crate::config::kafka::Kafka;

/// Why no producer could be made.
#[derive(Debug, thiserror::Error)]
#[error("librdkafka does not accept these settings: {0}")]
pub struct ConnectError(#[from] KafkaError);

/// The producers of one process, and the queue in front of them.
pub struct Producer {
    instances: Vec<Instance>,
    queue: Arc<Queue>,
}

struct Instance {
    config: ClientConfig,
    current: ArcSwap<Connection<Reports>>,
    rebuilding: Mutex<()>,
}

/// What librdkafka's thread needs to report one record.
struct Ticket {
    receipts: Arc<Receipts>,
    lane: Arc<Lane>,
    index: usize,
    cost: u64,
}

/// librdkafka's callbacks, and what they have told.
struct Reports {
    queue: Arc<Queue>,
    warm: AtomicBool,
    fatal: AtomicBool,
    statistics: ArcSwapOption<Statistics>,
}

impl Producer {
    /// Makes the producers. They connect by themselves, in the background.
    pub fn new(kafka: &Kafka) -> Result<Self, ConnectError> {
        let queue = Arc::new(Queue::new(
            kafka.queue.bytes,
            kafka.queue.bytes_per_topic,
            kafka.queue.bytes_refused,
            kafka.producers,
        ));
        let config = settings::producer(kafka);
        let instances =
            (0..kafka.producers).map(|_| Instance::new(&config, &queue)).collect::<Result<_, KafkaError>>()?;
        Ok(Self { instances, queue })
    }

    /// The way of one topic's records out.
    pub fn outlet(&self, topic: &str) -> Result<Outlet, FailureKind> {
        self.by_lane(topic, self.queue.lane(topic))
    }

    /// The way of copies of refused events to a topic, within a budget that all of them share.
    pub fn refused_outlet(&self, topic: &str) -> Result<Outlet, FailureKind> {
        self.by_lane(topic, self.queue.refused(topic))
    }

    fn by_lane(&self, topic: &str, lane: Arc<Lane>) -> Result<Outlet, FailureKind> {
        let open = self.instances[lane.producer()].connection().open(topic).ok_or(FailureKind::UnknownTopic)?;
        Ok(Outlet { queue: Arc::clone(&self.queue), lane, open })
    }

    /// Whether every producer has its id, so that the first record need not wait for it.
    pub fn is_warm(&self) -> bool {
        self.instances
            .iter()
            .all(|instance| instance.current.load().producer().client().context().warm.load(Ordering::Relaxed))
    }

    /// Bytes and records that wait for Kafka.
    pub fn depth(&self) -> (u64, u64) {
        self.queue.depth()
    }

    /// Names of the topics that take nothing now because nothing of theirs is acknowledged.
    pub fn stalled(&self) -> Vec<String> {
        self.queue.stalled()
    }

    /// Each producer's last statistics.
    pub fn statistics(&self) -> Vec<Arc<Statistics>> {
        self.instances
            .iter()
            .filter_map(|instance| instance.current.load().producer().client().context().statistics.load_full())
            .collect()
    }

    /// Waits, for at most so long, until nothing waits for Kafka. Blocks its thread. Says how many are left.
    pub fn flush(&self, timeout: Duration) -> u64 {
        let end = std::time::Instant::now() + timeout;
        for instance in &self.instances {
            let left = end.saturating_duration_since(std::time::Instant::now());
            // What is left over is counted below, whatever the reason.
            let _ = instance.current.load().producer().flush(left);
        }
        self.queue.depth().1
    }
}

/// The way of one topic's records out, for as long as one batch needs it.
pub struct Outlet {
    queue: Arc<Queue>,
    lane: Arc<Lane>,
    open: Open<Reports>,
}

impl Outlet {
    /// Queues a record, whose report then comes to `receipts` at `index`. Never waits. What can't be queued is
    /// not reported but returned; nothing of it will be sent.
    pub fn send(&self, record: &Outgoing<'_>, receipts: &Arc<Receipts>, index: usize) -> Result<(), NotSent> {
        let headers: usize = record.headers.iter().map(|(name, value)| name.count_bytes() + value.len()).sum();
        let cost = Queue::cost(record.value.len() + record.key.map_or(0, <[u8]>::len) + headers);
        self.queue.reserve(&self.lane, cost).map_err(NotSent::Full)?;
        receipts.expect_one();
        let ticket = Ticket { receipts: Arc::clone(receipts), lane: Arc::clone(&self.lane), index, cost };
        self.open.produce(record, Box::new(ticket)).map_err(|(code, _)| {
            self.queue.release(&self.lane, cost, false);
            receipts.expect_one_less();
            let client = self.open.producer().client();
            client.context().fatal.fetch_or(client.fatal_error().is_some(), Ordering::Relaxed);
            NotSent::Failed(FailureKind::of(code))
        })
    }

    /// Says that a record of the topic has waited too long.
    pub fn stall(&self) {
        self.lane.stall();
    }
}

/// Why a record was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    /// There is no room for it.
    Full(Full),
    /// librdkafka refused it.
    Failed(FailureKind),
}

impl Instance {
    fn new(config: &ClientConfig, queue: &Arc<Queue>) -> KafkaResult<Self> {
        let current = ArcSwap::from(Self::connect(config, queue)?);
        Ok(Self { config: config.clone(), current, rebuilding: Mutex::default() })
    }

    fn connect(config: &ClientConfig, queue: &Arc<Queue>) -> KafkaResult<Arc<Connection<Reports>>> {
        let reports = Reports {
            queue: Arc::clone(queue),
            warm: AtomicBool::new(false),
            fatal: AtomicBool::new(false),
            statistics: ArcSwapOption::empty(),
        };
        Ok(Arc::new(Connection::new(config.create_with_context(reports)?)))
    }

    /// The connection in use; one that has failed for good is replaced first.
    fn connection(&self) -> Arc<Connection<Reports>> {
        if self.has_failed_for_good() {
            self.rebuild();
        }
        self.current.load_full()
    }

    fn has_failed_for_good(&self) -> bool {
        self.current.load().producer().client().context().fatal.load(Ordering::Relaxed)
    }

    /// Replaces a librdkafka instance that has failed for good; whoever comes second leaves it to the first.
    fn rebuild(&self) {
        let Ok(_guard) = self.rebuilding.try_lock() else { return };
        if !self.has_failed_for_good() {
            return;
        }
        let failed = self.current.load_full();
        match Self::connect(&self.config, &failed.producer().client().context().queue) {
            Ok(fresh) => {
                tracing::error!("the Kafka producer failed for good and was replaced; what was in flight is unknown");
                self.current.store(fresh);
                // Dropping it reports what it still holds, which takes up to half a second.
                std::thread::spawn(move || drop(failed));
            }
            Err(error) => tracing::error!(%error, "the Kafka producer failed for good and could not be replaced"),
        }
    }
}

impl ClientContext for Reports {
    fn stats_raw(&self, statistics: &[u8]) {
        match serde_json::from_slice::<Statistics>(statistics) {
            Ok(tick) => {
                self.warm.store(tick.is_warm(), Ordering::Relaxed);
                self.statistics.store(Some(Arc::new(tick)));
            }
            Err(error) => tracing::warn!(%error, "librdkafka's statistics could not be read"),
        }
    }

    /// A broker that is gone is told of once a second and more; whether Kafka can be reached is logged by whoever
    /// looks its topics up.
    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(Rd::BrokerTransportFailure | Rd::AllBrokersDown | Rd::OperationTimedOut | Rd::Resolve) => {
                tracing::debug!(%error, reason, "Kafka");
            }
            code => {
                self.fatal.fetch_or(code == Some(Rd::Fatal), Ordering::Relaxed);
                tracing::warn!(%error, reason, "Kafka");
            }
        }
    }

    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        tracing::debug!(?level, fac, message, "librdkafka");
    }
}

impl ProducerContext<NoCustomPartitioner> for Reports {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        let report = match result {
            Ok(message) => Report::Written { partition: message.partition(), offset: known(message.offset()) },
            Err((error, message)) => {
                Report::Failed(Failure { kind: kind_of(error), may_be_persisted: ffi::may_be_persisted(message) })
            }
        };
        self.queue.release(&ticket.lane, ticket.cost, matches!(report, Report::Written { .. }));
        ticket.receipts.report(ticket.index, report);
    }
}

/// An offset as librdkafka has it: below zero where there is none.
fn known(offset: i64) -> Option<i64> {
    Some(offset).filter(|offset| *offset >= 0)
}

fn kind_of(error: &KafkaError) -> FailureKind {
    error.rdkafka_error_code().map_or(FailureKind::Unavailable, FailureKind::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_zero_is_no_offset() {
        assert_eq!([0, 7, -1, -1001].map(known), [Some(0), Some(7), None, None]);
    }
}
