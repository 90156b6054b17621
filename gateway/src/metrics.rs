//! Every metric's name, labels and help, and one typed method a fact. Labels come from the catalogue and from the
//! code, never from a caller. Nothing else in the gateway spells a metric.

pub mod authn;
pub mod conventions;
pub mod refused;
pub mod registry;
pub mod rates;
pub mod tls;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use authn::AuthnMetrics;
use conventions::ConventionMetrics;
use rates::RateMetrics;
use refused::{Copied, RefusedMetrics};
use registry::RegistryMetrics;
use tls::TlsMetrics;

use crate::code::{Code, Outcome};
use crate::limit::Limit;

/// Upper bounds of the histograms' buckets, in seconds: from what one event costs to past the deadline.
const SECONDS: [f64; 14] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.25, 1.0, 2.5, 10.0];

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Histogram,
    stage_seconds: [Histogram; Stage::COUNT],
    events: Family<EventLabels, Counter>,
    event_bytes: Family<TopicLabels, Counter>,
    record_bytes: Family<TopicLabels, Counter>,
    conventions: ConventionMetrics,
    copies: RefusedMetrics,
    abandoned: Counter,
    connections: Gauge,
    connections_refused: Counter,
    reloads: Family<ReloadLabels, Counter>,
    spans_dropped: Counter,
    schema_registry: RegistryMetrics,
    rates: RateMetrics,
    tls: TlsMetrics,
    authn: AuthnMetrics,
    moment: Arc<ArcSwap<Moment>>,
}

/// What is true at the moment that someone asks for the metrics.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Moment {
    /// Contracts in force.
    pub contracts: usize,
    /// Bytes that admission has lent out.
    pub admitted_bytes: u64,
    /// Bytes that wait for Kafka.
    pub queue_bytes: u64,
    /// Records that wait for Kafka.
    pub queue_records: u64,
    /// Topics of which nothing is acknowledged.
    pub stalled_topics: usize,
    /// Topics that nothing can be written to since their schema is not known.
    pub unbound_topics: usize,
    /// Topics that nothing can be written to since they break a convention that blocks.
    pub blocked_topics: usize,
    /// Topics whose events are checked by a general validator, and the keyword that demands it.
    pub slow_schemas: Vec<(Arc<str>, String)>,
    /// Principals with API keys that end soon, and how many of theirs do.
    pub expiring_credentials: Vec<(Arc<str>, u64)>,
    /// Whether `/readyz` says yes.
    pub ready: bool,
    /// Connected brokers.
    pub brokers_up: usize,
    /// Requests sent to brokers since the start.
    pub producer_requests: u64,
    /// Bytes sent to brokers since the start.
    pub producer_bytes: u64,
    /// Records sent to brokers since the start.
    pub producer_records: u64,
    /// Requests sent again since the start.
    pub producer_retries: u64,
    /// Requests without an answer in time since the start.
    pub producer_timeouts: u64,
    /// 99th percentile of the slowest broker's round trips.
    pub producer_round_trip: Duration,
}

/// A part of a request's way that is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The body arrives.
    Read,
    /// Events are checked and written as record bytes.
    Encode,
    /// Records are handed over, and Kafka acknowledges them.
    Deliver,
}

impl Stage {
    const COUNT: usize = 3;
    const ALL: [Self; Self::COUNT] = [Self::Read, Self::Encode, Self::Deliver];

    fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Encode => "encode",
            Self::Deliver => "deliver",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    door: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    topic: Arc<str>,
    outcome: &'static str,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TopicLabels {
    topic: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    result: ReloadResult,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelValue)]
enum ReloadResult {
    Applied,
    Refused,
}

/// One topic's counters, resolved when its contract is loaded.
#[derive(Debug, Clone)]
pub struct TopicMetrics {
    topic: Arc<str>,
    written: Counter,
    event_bytes: Counter,
    record_bytes: Counter,
    events: Family<EventLabels, Counter>,
    copies: RefusedMetrics,
    rates: RateMetrics,
}

impl Metrics {
    /// All metrics, at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("forebay");
        let mut metrics = Self {
            requests: Family::default(),
            request_seconds: Histogram::new(SECONDS),
            stage_seconds: std::array::from_fn(|_| Histogram::new(SECONDS)),
            events: Family::default(),
            event_bytes: Family::default(),
            record_bytes: Family::default(),
            conventions: ConventionMetrics::default(),
            copies: RefusedMetrics::default(),
            abandoned: Counter::default(),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
            reloads: Family::default(),
            spans_dropped: Counter::default(),
            schema_registry: RegistryMetrics::default(),
            rates: RateMetrics::default(),
            tls: TlsMetrics::default(),
            authn: AuthnMetrics::default(),
            moment: Arc::default(),
            registry: Registry::default(),
        };
        metrics.register(&mut registry);
        registry.register_collector(Box::new(MomentCollector(Arc::clone(&metrics.moment))));
        metrics.registry = registry;
        metrics
    }

    fn register(&self, r: &mut Registry) {
        r.register("build", "What runs", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
        r.register("requests", "Requests answered, by door and HTTP status", self.requests.clone());
        let seconds = "Time from a request's head to its answer's head";
        r.register_with_unit("request_duration", seconds, Unit::Seconds, self.request_seconds.clone());
        for (stage, histogram) in Stage::ALL.iter().zip(&self.stage_seconds) {
            r.sub_registry_with_label(("stage".into(), stage.as_str().into())).register_with_unit(
                "stage_duration",
                "Time of one part of a request's way",
                Unit::Seconds,
                histogram.clone(),
            );
        }
        r.register("events", "Events answered, by topic, outcome and code", self.events.clone());
        r.register_with_unit("events_received", "Text of events received", Unit::Bytes, self.event_bytes.clone());
        r.register_with_unit(
            "records_queued",
            "Keys and values handed to Kafka",
            Unit::Bytes,
            self.record_bytes.clone(),
        );
        self.conventions.register(r);
        self.copies.register(r);
        let abandoned = "Events whose client went away before they were handed to Kafka; nothing of them was written";
        r.register("events_abandoned", abandoned, self.abandoned.clone());
        r.register("connections", "Open connections, the admin listener's included", self.connections.clone());
        let refused = "Connections closed at once because there were too many";
        r.register("connections_refused", refused, self.connections_refused.clone());
        r.register("reloads", "Reloads of contracts and conventions, by result", self.reloads.clone());
        r.register("spans_dropped", "Spans that could not be exported", self.spans_dropped.clone());
        self.schema_registry.register(r);
        self.rates.register(r);
        self.authn.register(r);
        self.tls.register(r);
    }

    /// What is counted of conventions.
    pub fn conventions(&self) -> &ConventionMetrics {
        &self.conventions
    }

    /// What is counted of the schema registry's client.
    pub fn schema_registry(&self) -> &RegistryMetrics {
        &self.schema_registry
    }

    /// What is counted of TLS on the listeners.
    pub fn tls(&self) -> &TlsMetrics {
        &self.tls
    }

    /// What is counted of callers and their credentials.
    pub fn authn(&self) -> &AuthnMetrics {
        &self.authn
    }

    /// One topic's counters.
    pub fn topic(&self, topic: &str) -> TopicMetrics {
        let topic: Arc<str> = topic.into();
        let written = EventLabels {
            topic: Arc::clone(&topic),
            outcome: Outcome::Written.as_str(),
            code: Outcome::Written.as_str(),
        };
        let labels = TopicLabels { topic: Arc::clone(&topic) };
        TopicMetrics {
            topic,
            written: self.events.get_or_create_owned(&written),
            event_bytes: self.event_bytes.get_or_create_owned(&labels),
            record_bytes: self.record_bytes.get_or_create_owned(&labels),
            events: self.events.clone(),
            copies: self.copies.clone(),
            rates: self.rates.clone(),
        }
    }

    /// A request was answered.
    pub fn request(&self, door: &'static str, status: u16, duration: Duration) {
        self.requests.get_or_create(&RequestLabels { door, status }).inc();
        self.request_seconds.observe(duration.as_secs_f64());
    }

    /// A part of a request's way took so long.
    pub fn stage(&self, stage: Stage, duration: Duration) {
        self.stage_seconds[stage as usize].observe(duration.as_secs_f64());
    }

    /// Events of topics without a contract were refused.
    pub fn refused_without_contract(&self, code: Code, events: usize) {
        let labels = EventLabels { topic: "other".into(), outcome: Outcome::NotWritten.as_str(), code: code.as_str() };
        self.events.get_or_create(&labels).inc_by(events as u64);
    }

    /// Events were read, and their request ended before they were handed over.
    pub fn abandoned(&self, events: usize) {
        self.abandoned.inc_by(events as u64);
    }

    /// A connection was opened; it is counted until the guard is dropped.
    pub fn connection(self: &Arc<Self>) -> OpenConnection {
        self.connections.inc();
        OpenConnection { metrics: Arc::clone(self) }
    }

    /// A connection was closed at once because there were too many.
    pub fn connection_refused(&self) {
        self.connections_refused.inc();
    }

    /// A reload was applied or refused.
    pub fn reload(&self, applied: bool) {
        let result = if applied { ReloadResult::Applied } else { ReloadResult::Refused };
        self.reloads.get_or_create(&ReloadLabels { result }).inc();
    }

    /// Spans could not be exported.
    pub fn spans_dropped(&self, spans: usize) {
        self.spans_dropped.inc_by(spans as u64);
    }

    /// Everything in the text format of `OpenMetrics`, with the values of this moment.
    pub fn render(&self, moment: Moment) -> String {
        self.moment.store(Arc::new(moment));
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            // Writing to a String can't fail; an encoder that does is a defect that a scrape should show.
            let _ = writeln!(text, "# the metrics could not be written");
        }
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes what is true at the moment that someone asks.
#[derive(Debug)]
struct MomentCollector(Arc<ArcSwap<Moment>>);

impl Collector for MomentCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let now = self.0.load();
        let bytes = Some(&Unit::Bytes);
        let gauges = [
            ("contracts", "Contracts in force", None, now.contracts as u64),
            ("admitted", "Bytes of requests that are being worked on", bytes, now.admitted_bytes),
            ("queue", "Bytes that wait for Kafka", bytes, now.queue_bytes),
            ("queue_records", "Records that wait for Kafka", None, now.queue_records),
            (
                "stalled_topics",
                "Topics that take nothing because nothing is acknowledged",
                None,
                now.stalled_topics as u64,
            ),
            (
                "unbound_topics",
                "Topics that take nothing because their schema is not known",
                None,
                now.unbound_topics as u64,
            ),
            (
                "blocked_topics",
                "Topics that take nothing because they break a convention",
                None,
                now.blocked_topics as u64,
            ),
            ("ready", "Whether /readyz says yes", None, u64::from(now.ready)),
            ("brokers_up", "Connected brokers", None, now.brokers_up as u64),
        ];
        for (name, help, unit, value) in gauges {
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?)?;
        }
        let counters = [
            ("producer_requests", "Requests sent to brokers", None, now.producer_requests),
            ("producer_sent", "Bytes sent to brokers", bytes, now.producer_bytes),
            ("producer_records", "Records sent to brokers", None, now.producer_records),
            ("producer_retries", "Requests to brokers that were sent again", None, now.producer_retries),
            ("producer_timeouts", "Requests that no broker answered in time", None, now.producer_timeouts),
        ];
        for (name, help, unit, value) in counters {
            ConstCounter::new(value).encode(encoder.encode_descriptor(name, help, unit, MetricType::Counter)?)?;
        }
        let help = "1 for each topic whose JSON Schema is not checked in one pass, and why";
        let mut slow = encoder.encode_descriptor("slow_schema", help, None, MetricType::Gauge)?;
        for (topic, reason) in &now.slow_schemas {
            let labels = [("topic", &**topic), ("reason", reason)];
            ConstGauge::new(1_u64).encode(slow.encode_family(&labels)?)?;
        }
        authn::encode_expiring(&mut encoder, &now.expiring_credentials)?;
        let help = "The slowest broker's 99th percentile of round trips in the last second";
        let seconds = ConstGauge::new(now.producer_round_trip.as_secs_f64());
        let name = "producer_round_trip";
        seconds.encode(encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Gauge)?)
    }
}

impl TopicMetrics {
    /// So many events were written.
    pub fn written(&self, events: usize) {
        self.written.inc_by(events as u64);
    }

    /// One event was refused.
    pub fn refused(&self, code: Code, outcome: Outcome) {
        let labels = EventLabels { topic: Arc::clone(&self.topic), outcome: outcome.as_str(), code: code.as_str() };
        self.events.get_or_create(&labels).inc();
    }

    /// Events of so many bytes of text became records of so many bytes.
    pub fn encoded(&self, event_bytes: usize, record_bytes: usize) {
        self.event_bytes.inc_by(event_bytes as u64);
        self.record_bytes.inc_by(record_bytes as u64);
    }

    /// A limit of events or bytes a second has refused a request, a batch or a window.
    pub fn rate_limited(&self, limit: Limit) {
        self.rates.limited(&self.topic, limit);
    }

    /// The copy of a refused event ended so.
    pub fn copied(&self, end: Copied) {
        self.copies.copied(&self.topic, end);
    }

    /// The topic's name, as labels have it.
    pub fn topic(&self) -> &Arc<str> {
        &self.topic
    }
}

/// Counts one open connection for as long as it lives.
#[derive(Debug)]
pub struct OpenConnection {
    metrics: Arc<Metrics>,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.metrics.connections.dec();
    }
}
