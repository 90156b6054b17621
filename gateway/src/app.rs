//! The built components that a request may touch. Knows how they are put together, not what they do.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::binding::Binder;
use crate::catalog::Catalog;
use crate::clock::Ticks;
use crate::config::Config;
use crate::ingest::admit::Admission;
use crate::ingest::allow::rates::Rates;
use crate::ingest::authn::Authn;
use crate::ingest::deliver::Delivery;
use crate::kafka::{ConnectError, Producer, Topics};
use crate::metrics::{Metrics, Moment};
use crate::tally::Tally;
use crate::telemetry::Traces;

/// The built components that a request may touch.
pub struct App {
    /// The configuration in force.
    pub config: Config,
    /// The contracts in force.
    pub catalog: Arc<Catalog>,
    /// Binds contracts to the schemas that a registry has.
    pub binder: Arc<Binder>,
    /// Tells who is calling.
    pub authn: Arc<Authn>,
    /// Lends out memory.
    pub admission: Admission,
    /// Keeps the limits of events and bytes a second.
    pub rates: Rates,
    /// Hands records to Kafka and waits for them.
    pub delivery: Delivery,
    /// The shared producer.
    pub producer: Arc<Producer>,
    /// What the cluster has.
    pub topics: Arc<Topics>,
    /// Where spans are started.
    pub traces: Traces,
    /// Where a reload is asked for.
    pub reload_requests: ReloadRequests,
    /// How often conventions are broken.
    pub tally: Arc<Tally>,
    /// Everything that is counted.
    pub metrics: Arc<Metrics>,
    /// Whether the gateway is going.
    pub life: Life,
}

/// Whether the gateway is going. It only ever moves on.
#[derive(Debug, Default)]
pub struct Life(AtomicU8);

/// A part of the gateway's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It takes requests.
    Serving,
    /// It takes requests, and tells load balancers to send no more.
    Settling,
    /// It takes no new connection, and ends streams.
    Closing,
}

/// Reloads that are asked for and not yet begun.
const WAITING: usize = 8;

/// Where a reload is asked for: by a signal, or by an operator.
pub struct ReloadRequests {
    ask: mpsc::Sender<oneshot::Sender<Reloaded>>,
    asked: Mutex<Option<mpsc::Receiver<oneshot::Sender<Reloaded>>>>,
}

/// How a reload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reloaded {
    /// What was read is in force.
    Applied {
        /// Contracts in force.
        contracts: usize,
        /// The files of keys and certificates that were read again.
        files: Vec<PathBuf>,
    },
    /// Something is wrong, in words; what was in force stays.
    Refused(Vec<String>),
    /// Nobody reloads here, or too many have asked at once.
    Unheard,
}

impl ReloadRequests {
    fn new() -> Self {
        let (ask, asked) = mpsc::channel(WAITING);
        Self { ask, asked: Mutex::new(Some(asked)) }
    }

    /// Asks for a reload, and waits for its end.
    pub async fn ask(&self) -> Reloaded {
        let (reply, end) = oneshot::channel();
        match self.ask.try_send(reply) {
            Ok(()) => end.await.unwrap_or(Reloaded::Unheard),
            Err(_) => Reloaded::Unheard,
        }
    }

    /// The other end, for the one that reloads; once.
    pub fn receiver(&self) -> Option<mpsc::Receiver<oneshot::Sender<Reloaded>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Life {
    /// Where the gateway stands.
    pub fn stage(&self) -> Stage {
        match self.0.load(Ordering::Acquire) {
            0 => Stage::Serving,
            1 => Stage::Settling,
            _ => Stage::Closing,
        }
    }

    /// Whether no new connection will be taken soon.
    pub fn is_going(&self) -> bool {
        self.stage() != Stage::Serving
    }

    /// Moves on to a later stage; never back.
    pub fn advance(&self, stage: Stage) {
        self.0.fetch_max(stage as u8, Ordering::AcqRel);
    }
}

impl App {
    /// Builds the components. Must be called within a Tokio runtime. Nothing is connected yet.
    pub fn build(
        config: Config,
        catalog: Arc<Catalog>,
        binder: Arc<Binder>,
        authn: Arc<Authn>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ConnectError> {
        let producer = Arc::new(Producer::new(&config.kafka)?);
        let topics = Arc::new(Topics::new(&config.kafka)?);
        Ok(Self {
            authn,
            admission: Admission::new(&config.admission),
            rates: Rates::new(&config.admission.rates, Ticks::monotonic()),
            delivery: Delivery::new(&config.kafka, Arc::clone(&producer), Arc::clone(&topics)),
            traces: Traces::new(&config.telemetry, Arc::clone(&metrics)),
            tally: Arc::new(Tally::new(metrics.conventions().clone())),
            reload_requests: ReloadRequests::new(),
            life: Life::default(),
            config,
            catalog,
            binder,
            producer,
            topics,
            metrics,
        })
    }

    /// What keeps the gateway from being ready, for people; empty if it is.
    pub fn not_ready(&self) -> Vec<&'static str> {
        let reasons = [
            (self.catalog.current().is_empty(), "no contract is loaded"),
            (!self.topics.is_reachable(), "Kafka can't be reached"),
            (!self.producer.is_warm(), "the producer has no id from Kafka yet"),
            (self.life.is_going(), "the gateway is shutting down"),
        ];
        reasons.into_iter().filter(|(true_now, _)| *true_now).map(|(_, reason)| reason).collect()
    }

    /// The values of this moment, for the metrics.
    pub fn moment(&self) -> Moment {
        let (queue_bytes, queue_records) = self.producer.depth();
        let contracts = self.catalog.current();
        let mut moment = Moment {
            contracts: contracts.len(),
            unbound_topics: contracts.sorted().iter().filter(|topic| !topic.is_settled()).count(),
            blocked_topics: contracts.sorted().iter().filter(|topic| topic.is_blocked()).count(),
            slow_schemas: contracts.sorted().iter().filter_map(|topic| topic.slow_because()).collect(),
            admitted_bytes: self.admission.lent(),
            queue_bytes,
            queue_records,
            stalled_topics: self.producer.stalled().len(),
            expiring_credentials: self.authn.expiring(),
            ready: self.not_ready().is_empty(),
            ..Moment::default()
        };
        for statistics in self.producer.statistics() {
            let round_trip = std::time::Duration::from_micros(statistics.slowest_round_trip_micros());
            moment.brokers_up = moment.brokers_up.max(statistics.brokers_up());
            moment.producer_requests += statistics.tx;
            moment.producer_bytes += statistics.tx_bytes;
            moment.producer_records += statistics.txmsgs;
            moment.producer_retries += statistics.retries();
            moment.producer_timeouts += statistics.request_timeouts();
            moment.producer_round_trip = moment.producer_round_trip.max(round_trip);
        }
        moment
    }
}
