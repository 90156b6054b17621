//! Copies of refused events for the topic that their contract names: the reason in header fields, personal values
//! treated first. They have a budget of their own and change no verdict. Knows what may be copied, not why it was refused.

use std::ffi::CStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use forebay_schemas::copy::copy;
use tokio::time::{Instant, timeout_at};

use super::super::turn::Turn;
use super::{Delivery, outgoing};
use crate::catalog::Topic;
use crate::event::{Code, Encoded, Form, Principal, Refusal, Verdict};
use crate::kafka::{Outgoing, Outlet, Presence, Receipts, Report};
use crate::metrics::refused::Copied;

/// How long an answer waits for copies, from when they were sent. Well below the deadline: whoever sends good events
/// beside a refused one need not wait for a topic that is none of theirs.
const PATIENCE: Duration = Duration::from_secs(2);

/// A header field of a copy.
type Field<'a> = (&'static CStr, &'a [u8]);

/// Copies that are on their way, and those that could not be sent.
pub(super) struct Copies {
    receipts: Arc<Receipts>,
    sent: Instant,
    /// The batch's topics, each with the way of its copies.
    topics: Vec<(Arc<Topic>, Way)>,
    /// For each event of which a copy is wanted: its index, its topic's, and its place among the receipts if it was sent.
    places: Vec<(usize, usize, Result<usize, Copied>)>,
}

impl Copies {
    /// Sends a copy of each event that was refused for its content, where its contract wants one. Others get their turn on
    /// the thread while copies are made.
    pub(super) async fn send(
        delivery: &Delivery,
        encoded: &Encoded,
        who: &Principal,
        trace: &[(&'static CStr, Bytes)],
    ) -> Self {
        let topics: Vec<_> = encoded.topics.iter().map(|topic| (Arc::clone(topic), Way::of(delivery, topic))).collect();
        if topics.iter().all(|(_, way)| matches!(way, Way::Unwanted)) {
            return Self { receipts: Arc::new(Receipts::new(0)), sent: Instant::now(), topics, places: Vec::new() };
        }
        let slots = encoded.records.iter().enumerate();
        let refused: Vec<_> = slots.filter_map(|(index, slot)| Some((index, slot.as_ref().err()?))).collect();
        let receipts = Arc::new(Receipts::new(refused.len()));
        let (mut places, mut turn) = (Vec::new(), Turn::default());
        for (place, (index, refusal)) in refused.into_iter().enumerate() {
            let Ok(event) = &encoded.source.events[index] else { continue };
            let (topic, way) = &topics[event.topic];
            let text = &encoded.source.body[event.text.clone()];
            let copied = |outlet: &Outlet| {
                let value = value(topic, encoded.source.form, text, refusal).ok_or(Copied::Withheld)?;
                let about = About { topic, refusal, who, media_type: media_type(topic, encoded.source.form) };
                about.send(&value, trace, outlet, (&receipts, place)).map(|()| place)
            };
            let sent = match way {
                _ if !is_of_content(refusal.code) => continue,
                Way::Unwanted => continue,
                Way::Closed => Err(Copied::Failed),
                Way::Open(outlet) => copied(outlet),
            };
            places.push((index, event.topic, sent));
            turn.after(text.len()).await;
        }
        receipts.sealed();
        Self { receipts, sent: Instant::now(), topics, places }
    }

    /// Waits for the copies, at most two seconds from when they were sent and never past the deadline, and notes in each
    /// refusal whether there is one. A topic that has not answered by then takes no more copies until it does.
    pub(super) async fn settle(self, deadline: Instant, verdicts: &mut [Verdict]) {
        if self.places.is_empty() {
            return;
        }
        // What is not acknowledged in time is not known to be kept, and said not to be.
        let _ = timeout_at(deadline.min(self.sent + PATIENCE), self.receipts.all()).await;
        for (index, topic, sent) in self.places {
            let (topic, way) = &self.topics[topic];
            let end = match sent.map(|place| self.receipts.get(place)) {
                Ok(Some(Report::Written { .. })) => Copied::Kept,
                Ok(Some(Report::Failed(_))) => Copied::Failed,
                Ok(None) => {
                    way.stall();
                    Copied::Failed
                }
                Err(why) => why,
            };
            topic.metrics.copied(end);
            if let Verdict::Refused(refusal) = &mut verdicts[index] {
                refusal.copied = Some(end == Copied::Kept);
            }
        }
    }
}

/// The way of one topic's copies.
enum Way {
    /// The contract wants none.
    Unwanted,
    /// There is no topic for them in Kafka, or Kafka has not been reached.
    Closed,
    Open(Outlet),
}

impl Way {
    fn of(delivery: &Delivery, topic: &Topic) -> Self {
        let Some(name) = topic.contract.dead_letter.as_deref() else { return Self::Unwanted };
        let there = delivery.topics.presence(name) == Presence::Present;
        let outlet = there.then(|| delivery.producer.refused_outlet(name).ok()).flatten();
        outlet.map_or(Self::Closed, Self::Open)
    }

    /// Says that a copy has waited too long.
    fn stall(&self) {
        if let Self::Open(outlet) = self {
            outlet.stall();
        }
    }
}

/// What a copy says of itself in its header fields.
struct About<'a> {
    topic: &'a Topic,
    refusal: &'a Refusal,
    who: &'a Principal,
    media_type: &'static [u8],
}

impl About<'_> {
    fn send(
        &self,
        value: &[u8],
        trace: &[(&'static CStr, Bytes)],
        outlet: &Outlet,
        (receipts, place): (&Arc<Receipts>, usize),
    ) -> Result<(), Copied> {
        let rules = self.refusal.broken.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>().join(",");
        let mut headers: Vec<Field<'_>> = vec![
            (c"content-type", self.media_type),
            (c"forebay-topic", self.topic.contract.topic.as_bytes()),
            (c"forebay-code", self.refusal.code.as_str().as_bytes()),
            (c"forebay-reason", self.refusal.detail.as_bytes()),
            (c"forebay-principal", self.who.name().as_bytes()),
        ];
        if !rules.is_empty() {
            headers.push((c"forebay-rule", rules.as_bytes()));
        }
        headers.extend(trace.iter().map(|(name, value)| (*name, &value[..])));
        let record = Outgoing { value, key: None, headers: &headers, time_millis: None };
        outlet.send(&record, receipts, place).map_err(|_| Copied::Failed)
    }
}

/// Whether it was refused for what it is, not for who sent it, when or how much.
fn is_of_content(code: Code) -> bool {
    matches!(code, Code::Malformed | Code::SchemaViolation | Code::ConventionViolation | Code::MissingKey)
}

/// What the copy is, which is the event as it came.
fn media_type(topic: &Topic, form: Form) -> &'static [u8] {
    if form == Form::Json { b"application/json" } else { outgoing::content_type(topic.contract.value.format) }
}

/// What may be shown of it. What is encoded is not taken apart to treat personal values in it.
fn value(topic: &Topic, form: Form, text: &[u8], refusal: &Refusal) -> Option<Vec<u8>> {
    let contract = &topic.contract;
    if form != Form::Json && !contract.pii.is_empty() {
        return None;
    }
    copy(contract, topic.material.hash_key.as_ref(), text, &refusal.errors)
}
