//! librdkafka alone: the floor under any gateway. Keeps a fixed number of records on their way, with the settings that
//! carry the gateway's promise, and measures its own process. Knows nothing of HTTP.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, ClientContext};

use crate::error::Error;
use crate::event::{Pool, SERIAL_IN_AVRO, SLOTS, key, stamp};
use crate::histogram::Histogram;
use crate::measure::{Bounds, Meter, Report, Tally};

/// One record in so many has its latency taken: reading the clock for each would cost more than is measured.
const SAMPLE: u64 = 16;
/// A sleeping sender looks up so often, should a wake-up be lost.
const LOOK_UP: Duration = Duration::from_millis(20);
/// How long the last deliveries are waited for.
const LAST_DELIVERIES: Duration = Duration::from_secs(30);
const METADATA: Duration = Duration::from_secs(30);

/// What to send, where and for how long.
#[derive(Debug, Clone)]
pub struct Load {
    /// Brokers, `HOST:PORT` with commas between.
    pub bootstrap: String,
    /// The topic, which must be there.
    pub topic: String,
    /// Records on their way at once.
    pub in_flight: usize,
    /// Time and count.
    pub bounds: Bounds,
}

/// Sends the load, waits for the last delivery and says what was seen.
pub fn run(load: &Load, pool: &Pool) -> Result<Report, Error> {
    let producer = producer(&load.bootstrap)?;
    let context = producer.context();
    let sending = AtomicBool::new(true);
    let mut report = thread::scope(|scope| {
        let sender = scope.spawn(|| send(load, pool, &producer, &sending));
        let report = observe(load, context, || sender.is_finished());
        sending.store(false, Ordering::Relaxed);
        sender.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        report
    })?;
    producer.flush(LAST_DELIVERIES).map_err(Error::kafka("the last deliveries"))?;
    let failed = context.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let unknown = failed.values().sum();
    report.whole = Tally { written: context.done.load(Ordering::SeqCst) - unknown, not_written: 0, unknown };
    report.remarks = failed;
    Ok(report)
}

/// The settings that the gateway has by default.
fn producer(bootstrap: &str) -> Result<ThreadedProducer<Deliveries>, Error> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("client.id", "forebay-loadtest")
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "lz4")
        .set("linger.ms", "1")
        .set("partitioner", "murmur2_random")
        .set("message.timeout.ms", "120000")
        .set("allow.auto.create.topics", "false")
        .set("enable.metrics.push", "false");
    config.create_with_context(Deliveries::default()).map_err(Error::kafka("a producer"))
}

/// Sleeps through the warm-up and the window, which ends early when the sender has nothing more to send.
fn observe(load: &Load, deliveries: &Deliveries, finished: impl Fn() -> bool) -> Result<Report, Error> {
    let acknowledged = || deliveries.done.load(Ordering::SeqCst);
    let sleep = |time: Duration| {
        let end = Instant::now() + time;
        while Instant::now() < end && !finished() {
            thread::sleep(Duration::from_millis(10).min(end.saturating_duration_since(Instant::now())));
        }
    };
    sleep(load.bounds.warmup);
    deliveries.take_latencies();
    let meter = Meter::open(std::process::id(), acknowledged())?;
    sleep(load.bounds.window);
    meter.close(acknowledged(), deliveries.take_latencies())
}

fn send(load: &Load, pool: &Pool, producer: &ThreadedProducer<Deliveries>, sending: &AtomicBool) -> Result<(), Error> {
    let metadata = producer.client().fetch_metadata(Some(&load.topic), METADATA).map_err(Error::kafka("metadata"))?;
    if metadata.topics().iter().all(|topic| topic.partitions().is_empty()) {
        return Err(Error::Usage(format!("Kafka has no topic {}", load.topic)));
    }
    let deliveries = producer.context();
    // A sender waits for nothing before it is known to whoever wakes it.
    deliveries.sender.get_or_init(thread::current);
    let mut payloads: Vec<_> = (0..SLOTS).map(|slot| pool.event(slot).avro.clone()).collect();
    let mut serial = 0;
    while sending.load(Ordering::Relaxed) && serial < load.bounds.events {
        if serial - deliveries.done.load(Ordering::SeqCst) >= load.in_flight as u64 {
            deliveries.wait(serial, load.in_flight as u64);
            continue;
        }
        let slot = usize::try_from(serial % SLOTS as u64).expect("fewer slots than a usize counts");
        stamp(&mut payloads[slot], SERIAL_IN_AVRO, serial);
        let payload = payloads[slot].as_slice();
        let opaque = if serial.is_multiple_of(SAMPLE) { deliveries.now() } else { 0 };
        let record = BaseRecord::with_opaque_to(&load.topic, opaque).payload(payload).key(key(payload));
        match producer.send(record) {
            Ok(()) => serial += 1,
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => thread::sleep(LOOK_UP),
            Err((error, _)) => return Err(Error::kafka("sending")(error)),
        }
    }
    Ok(())
}

/// Counts deliveries and wakes the sender. A record's opaque is the time it was sent, in nanoseconds from `start`; zero
/// where its latency is not taken.
struct Deliveries {
    start: Instant,
    /// Delivered or failed.
    done: AtomicU64,
    failed: Mutex<BTreeMap<String, u64>>,
    latencies: Mutex<Histogram>,
    sender: OnceLock<Thread>,
    waiting: AtomicBool,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            done: AtomicU64::new(0),
            failed: Mutex::default(),
            latencies: Mutex::default(),
            sender: OnceLock::new(),
            waiting: AtomicBool::new(false),
        }
    }
}

impl Deliveries {
    fn now(&self) -> usize {
        usize::try_from(self.start.elapsed().as_nanos()).unwrap_or(usize::MAX)
    }

    /// Sleeps until there is room for another record, or for a moment.
    fn wait(&self, sent: u64, in_flight: u64) {
        self.waiting.store(true, Ordering::SeqCst);
        // A delivery between the sender's look and its word that it waits would wake nobody.
        if sent - self.done.load(Ordering::SeqCst) >= in_flight {
            thread::park_timeout(LOOK_UP);
        }
        self.waiting.store(false, Ordering::SeqCst);
    }

    fn take_latencies(&self) -> Histogram {
        std::mem::take(&mut self.latencies.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: usize) {
        if sent > 0 {
            let latency = Duration::from_nanos((self.now() - sent) as u64);
            self.latencies.lock().unwrap_or_else(PoisonError::into_inner).record(latency);
        }
        if let Err((error, _)) = result {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner).entry(error.to_string()).or_default() += 1;
        }
        self.done.fetch_add(1, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst)
            && self.waiting.swap(false, Ordering::SeqCst)
            && let Some(sender) = self.sender.get()
        {
            sender.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::mocking::MockCluster;

    use super::*;
    use crate::event::TOPIC;
    use crate::kafka::Topic;

    fn load(bootstrap: String, in_flight: usize) -> Load {
        let bounds =
            Bounds { warmup: Duration::from_millis(700), window: Duration::from_millis(500), events: u64::MAX };
        Load { bootstrap, topic: TOPIC.into(), in_flight, bounds }
    }

    #[test]
    fn every_delivery_lies_in_kafka_as_it_was_sent_and_the_window_is_a_part_of_them() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic(TOPIC, 12, 1).unwrap();
        let pool = Pool::new(7, 0);
        for in_flight in [32, 3200] {
            let topic = Topic::open(&cluster.bootstrap_servers(), TOPIC).unwrap();
            let before = topic.records().unwrap();
            let report = run(&load(cluster.bootstrap_servers(), in_flight), &pool).unwrap();
            topic.account(before, &report.whole).unwrap();
            assert_eq!(topic.last_records_are(&pool).unwrap(), 12);
            assert_eq!((report.whole.unknown, report.remarks.len()), (0, 0));
            assert!(report.acknowledged > 0 && report.acknowledged < report.whole.written, "{report:?}");
            assert!(report.latencies.count() > 0 && report.latencies.count() < report.acknowledged);
            assert!(report.cpu.broker() > Duration::ZERO, "the in-process broker is told apart: {:?}", report.cpu);
            assert!(report.micros_per_event() > 0.0 && report.millis(500) > 0.0);
        }
    }

    #[test]
    fn the_count_is_a_bound_too() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic(TOPIC, 12, 1).unwrap();
        let mut load = load(cluster.bootstrap_servers(), 32);
        load.bounds.events = 1000;
        load.bounds.window = Duration::from_mins(1);
        let report = run(&load, &Pool::new(7, 0)).unwrap();
        assert_eq!(report.whole.written, 1000);
        assert!(report.window < Duration::from_secs(30));
    }

    #[test]
    fn a_topic_that_is_not_there_is_named() {
        let cluster = MockCluster::new(1).unwrap();
        let mut load = load(cluster.bootstrap_servers(), 32);
        load.topic = "no.such.topic".into();
        let error = run(&load, &Pool::new(7, 0)).unwrap_err();
        assert!(error.to_string().contains("no.such.topic"), "{error}");
    }
}
