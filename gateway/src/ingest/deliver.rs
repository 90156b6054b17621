//! Deliver: records are handed to the shared producer in order, and each one's report becomes a verdict. Keeps the
//! deadline. Knows what every failure means to the sender; how records travel is `crate::kafka`'s.

mod again;
mod copies;
mod outgoing;
mod refusals;

use std::ffi::CStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use self::copies::Copies;
use crate::catalog::Topic;
use crate::config::kafka::Kafka;
use crate::event::{Encoded, Judged, Principal, Record, Refusal, Slot, Verdict};
use crate::kafka::{NotSent, Outlet, Presence, Producer, Receipts, Report, Topics};

/// The earliest time that a record may have, in milliseconds since the epoch: Kafka refuses what lies before the
/// epoch, and librdkafka takes the epoch itself for the present.
const EARLIEST: i64 = 1;

/// Hands records to Kafka and waits for them.
pub struct Delivery {
    producer: Arc<Producer>,
    topics: Arc<Topics>,
    deadline: Duration,
    timestamp_ahead: Duration,
}

/// Records that are on their way. Dropping it stops nothing.
pub struct UnderWay {
    cargo: Cargo,
    /// For each event why it was not handed over, if it was not.
    slots: Vec<Slot<()>>,
    receipts: Arc<Receipts>,
    copies: Copies,
}

/// What is delivered, and with what.
struct Cargo {
    topics: Vec<Arc<Topic>>,
    /// For each topic its way out, or why it has none now.
    outlets: Vec<Slot<Outlet>>,
    arena: Vec<u8>,
    records: Vec<Slot<Record>>,
    trace: Vec<(&'static CStr, Bytes)>,
    deadline: Instant,
}

impl Delivery {
    /// Delivers by this producer, within the configured deadline.
    pub fn new(kafka: &Kafka, producer: Arc<Producer>, topics: Arc<Topics>) -> Self {
        Self { producer, topics, deadline: kafka.deadline, timestamp_ahead: kafka.timestamp_ahead }
    }

    /// Hands over every record that was let pass, and before them copies of refused events where their contracts want them.
    /// Never waits for Kafka; what can't be taken now is refused now.
    pub async fn hand_over(&self, judged: Judged, who: &Principal, trace: &[(&'static CStr, Bytes)]) -> UnderWay {
        let copies = Copies::send(self, &judged.encoded, who, trace).await;
        let Encoded { topics, arena, records, .. } = judged.encoded;
        let latest = latest(self.timestamp_ahead);
        let outlets = topics.iter().map(|topic| self.outlet(topic)).collect();
        let deadline = Instant::now() + self.deadline;
        let cargo = Cargo { topics, outlets, arena, records, trace: trace.to_vec(), deadline };
        let receipts = Arc::new(Receipts::new(cargo.records.len()));
        let send = |(index, slot): (usize, &Slot<Record>)| {
            let record = slot.as_ref().map_err(Clone::clone)?;
            timely(record, latest, self.timestamp_ahead)?;
            cargo.send(record, &receipts, index)
        };
        let slots = cargo.records.iter().enumerate().map(send).collect();
        receipts.sealed();
        UnderWay { cargo, slots, receipts, copies }
    }

    /// What would keep a record from being handed over, without handing it over.
    pub fn object(&self, topic: &Topic, record: &Record) -> Slot<()> {
        in_time(record, self.timestamp_ahead)?;
        self.outlet(topic).map(drop)
    }

    fn outlet(&self, topic: &Topic) -> Slot<Outlet> {
        let name = &topic.contract.topic;
        match self.topics.presence(name) {
            Presence::Present => self.producer.outlet(name).map_err(|kind| refusals::not_sent(NotSent::Failed(kind))),
            Presence::Absent => Err(refusals::topic_not_in_kafka()),
            Presence::NotKnown => Err(refusals::kafka_not_reached()),
        }
    }
}

impl UnderWay {
    /// Waits for all reports, at most until the deadline, and says what became of each event.
    pub async fn verdicts(self) -> Vec<Verdict> {
        let Self { cargo, slots, receipts, copies } = self;
        if timeout_at(cargo.deadline, receipts.all()).await.is_err() {
            tracing::warn!("Kafka did not acknowledge a batch within the deadline");
        }
        let report = |(index, slot): (usize, Slot<()>)| match slot {
            Ok(()) => End::of(receipts.get(index)),
            Err(refusal) => End::Refused(refusal),
        };
        let mut ends: Vec<End> = slots.into_iter().enumerate().map(report).collect();
        again::send_refused_again(&cargo, &mut ends).await;
        let mut verdicts: Vec<_> = ends.into_iter().enumerate().map(|(index, end)| cargo.verdict(index, end)).collect();
        copies.settle(cargo.deadline, &mut verdicts).await;
        verdicts
    }
}

/// How one event's delivery ended.
enum End {
    /// It was never handed over.
    Refused(Box<Refusal>),
    /// It was reported.
    Reported(Report),
    /// Nothing was heard of it in time.
    Unheard,
}

impl End {
    fn of(report: Option<Report>) -> Self {
        report.map_or(Self::Unheard, Self::Reported)
    }
}

impl Cargo {
    fn send(&self, record: &Record, receipts: &Arc<Receipts>, index: usize) -> Slot<()> {
        let mut headers = outgoing::no_headers();
        let topic = &self.topics[record.topic];
        let outgoing = outgoing::of(topic, &self.arena, record, &self.trace, &mut headers);
        let outlet = self.outlets[record.topic].as_ref().map_err(Clone::clone)?;
        outlet.send(&outgoing, receipts, index).map_err(refusals::not_sent)
    }

    fn verdict(&self, index: usize, end: End) -> Verdict {
        match end {
            End::Reported(Report::Written { partition, offset }) => Verdict::Written { partition, offset },
            End::Reported(Report::Failed(failure)) => Verdict::Refused(refusals::failed(failure)),
            End::Refused(refusal) => Verdict::Refused(refusal),
            End::Unheard => {
                if let Ok(outlet) = self.records[index].as_ref().and_then(|record| self.outlets[record.topic].as_ref())
                {
                    outlet.stall();
                }
                Verdict::Refused(refusals::past_the_deadline())
            }
        }
    }
}

/// Whether a record's time is one that Kafka takes, if it may lie so far `ahead` of now.
pub fn in_time(record: &Record, ahead: Duration) -> Slot<()> {
    timely(record, latest(ahead), ahead)
}

fn timely(record: &Record, latest: i64, ahead: Duration) -> Slot<()> {
    match record.time_millis {
        Some(time) if time > latest => Err(refusals::too_far_ahead(ahead)),
        Some(time) if time < EARLIEST => Err(refusals::too_early()),
        _ => Ok(()),
    }
}

/// The latest time that a record may have, in milliseconds since the epoch.
fn latest(ahead: Duration) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.saturating_add(ahead).as_millis()).unwrap_or(i64::MAX)
}
