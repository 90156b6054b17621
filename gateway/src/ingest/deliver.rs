//! Deliver: records are handed to the shared producer in order, and each one's report becomes a verdict. Keeps the
//! deadline. Knows what every failure means to the sender; how records travel is `crate::kafka`'s.

mod refusals;

use std::ffi::CStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use forebay_schemas::contract::Format;
use tokio::time::{Instant, timeout_at};

use crate::catalog::Topic;
use crate::config::kafka::Kafka;
use crate::event::{Judged, Record, Slot, Verdict};
use crate::kafka::{HEADERS, Lane, Outgoing, Presence, Producer, Receipts, Report, Topics};

/// Hands records to Kafka and waits for them.
pub struct Delivery {
    producer: Arc<Producer>,
    topics: Arc<Topics>,
    deadline: Duration,
}

/// Records that are on their way. Dropping it stops nothing.
pub struct UnderWay {
    /// For each event its lane's index, or why it was not handed over.
    slots: Vec<Slot<usize>>,
    lanes: Vec<Arc<Lane>>,
    receipts: Arc<Receipts>,
    deadline: Instant,
}

impl Delivery {
    /// Delivers by this producer, within the configured deadline.
    pub fn new(kafka: &Kafka, producer: Arc<Producer>, topics: Arc<Topics>) -> Self {
        Self { producer, topics, deadline: kafka.deadline }
    }

    /// Hands over every record that was let pass. Never waits; what can't be taken now is refused now.
    pub fn hand_over(&self, judged: Judged, trace: &[(&'static CStr, Bytes)]) -> UnderWay {
        let encoded = judged.encoded;
        let lanes: Vec<_> = encoded.topics.iter().map(|topic| self.producer.lane(&topic.contract.topic)).collect();
        let missing: Vec<_> = encoded.topics.iter().map(|topic| self.refusal_of_topic(topic)).collect();
        let receipts = Arc::new(Receipts::new(encoded.records.len()));
        let send = |(index, slot): (usize, Slot<Record>)| {
            let record = slot?;
            missing[record.topic].clone()?;
            let topic = &encoded.topics[record.topic];
            let mut headers = [(c"", &[][..]); HEADERS];
            let outgoing = outgoing(topic, &encoded.arena, &record, trace, &mut headers);
            let sent = self.producer.send(&outgoing, &lanes[record.topic], &receipts, index);
            sent.map(|()| record.topic).map_err(refusals::not_sent)
        };
        let slots: Vec<Slot<usize>> = encoded.records.into_iter().enumerate().map(send).collect();
        receipts.sealed();
        UnderWay { slots, lanes, receipts, deadline: Instant::now() + self.deadline }
    }

    fn refusal_of_topic(&self, topic: &Topic) -> Slot<()> {
        match self.topics.presence(&topic.contract.topic) {
            Presence::Present => Ok(()),
            Presence::Absent => Err(refusals::topic_not_in_kafka()),
            Presence::NotKnown => Err(refusals::kafka_not_reached()),
        }
    }
}

impl UnderWay {
    /// Waits for all reports, at most until the deadline, and says what became of each event.
    pub async fn verdicts(self) -> Vec<Verdict> {
        let in_time = timeout_at(self.deadline, self.receipts.all()).await.is_ok();
        let verdict = |(index, slot): (usize, Slot<usize>)| match slot {
            Err(refusal) => Verdict::Refused(refusal),
            Ok(lane) => match self.receipts.get(index) {
                Some(Report::Written { partition, offset }) => Verdict::Written { partition, offset },
                Some(Report::Failed(failure)) => Verdict::Refused(refusals::failed(failure)),
                None => {
                    self.lanes[lane].stall();
                    Verdict::Refused(refusals::past_the_deadline())
                }
            },
        };
        let verdicts = self.slots.into_iter().enumerate().map(verdict).collect();
        if !in_time {
            tracing::warn!("Kafka did not acknowledge a batch within the deadline");
        }
        verdicts
    }
}

/// A record in the producer's terms. `headers` is where its header fields are put together.
fn outgoing<'a>(
    topic: &'a Topic,
    arena: &'a [u8],
    record: &Record,
    trace: &'a [(&'static CStr, Bytes)],
    headers: &'a mut [(&'static CStr, &'a [u8]); HEADERS],
) -> Outgoing<'a> {
    let mut count = 0;
    let mut add = |name, value| {
        headers[count] = (name, value);
        count += 1;
    };
    add(c"content-type", content_type(&topic.contract.value.format).as_bytes());
    if let Some(id) = &record.id {
        add(c"event-id", &arena[id.clone()]);
    }
    for (name, value) in trace {
        add(name, value);
    }
    Outgoing {
        topic: &topic.contract.topic,
        value: &arena[record.value.clone()],
        key: record.key.as_ref().map(|key| &arena[key.clone()]),
        headers: &headers[..count],
        time_millis: record.time_millis,
    }
}

fn content_type(format: &Format) -> &'static str {
    match format {
        Format::Avro { .. } => "avro/binary",
        Format::Json => "application/json",
        Format::String => "text/plain; charset=utf-8",
        Format::Bytes => "application/octet-stream",
    }
}
