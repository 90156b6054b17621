//! Copies of refused events for the topic that their contract names: the reason in header fields, personal values
//! treated first. They have a budget of their own and change no verdict. Knows what may be copied, not why it was refused.

use std::ffi::CStr;
use std::sync::Arc;

use bytes::Bytes;
use forebay_schemas::copy::copy;
use tokio::time::{Instant, timeout_at};

use super::{Delivery, outgoing};
use crate::catalog::Topic;
use crate::event::{Code, Encoded, Form, Principal, Refusal, Verdict};
use crate::kafka::{Outgoing, Outlet, Presence, Receipts, Report};
use crate::metrics::refused::Copied;

/// A header field of a copy.
type Field<'a> = (&'static CStr, &'a [u8]);

/// Copies that are on their way, and those that could not be sent.
pub(super) struct Copies {
    receipts: Arc<Receipts>,
    /// For each event of which a copy is wanted: its index, its topic, and its place among the receipts if it was sent.
    places: Vec<(usize, Arc<Topic>, Result<usize, Copied>)>,
}

impl Copies {
    /// Sends a copy of each event that was refused for its content, where its contract wants one. Never waits.
    pub(super) fn send(
        delivery: &Delivery,
        encoded: &Encoded,
        who: &Principal,
        trace: &[(&'static CStr, Bytes)],
    ) -> Self {
        let outlets: Vec<_> = encoded.topics.iter().map(|topic| outlet(delivery, topic)).collect();
        let refused: Vec<_> = match outlets.iter().any(Option::is_some) {
            true => encoded.records.iter().enumerate().filter_map(|(index, slot)| Some((index, slot.as_ref().err()?))),
            false => return Self { receipts: Arc::new(Receipts::new(0)), places: Vec::new() },
        }
        .collect();
        let receipts = Arc::new(Receipts::new(refused.len()));
        let mut places = Vec::new();
        for (place, (index, refusal)) in refused.into_iter().enumerate() {
            let Ok(event) = &encoded.source.events[index] else { continue };
            let Some(outlet) = outlets[event.topic].as_ref().filter(|_| is_of_content(refusal.code)) else { continue };
            let topic = &encoded.topics[event.topic];
            let text = &encoded.source.body[event.text.clone()];
            let sent = match (value(topic, encoded.source.form, text, refusal), outlet) {
                (None, _) => Err(Copied::Withheld),
                (Some(_), None) => Err(Copied::Failed),
                (Some(value), Some(outlet)) => {
                    let rules = refusal.broken.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>().join(",");
                    let fields = [
                        (c"content-type", media_type(topic, encoded.source.form)),
                        (c"forebay-topic", topic.contract.topic.as_bytes()),
                        (c"forebay-code", refusal.code.as_str().as_bytes()),
                        (c"forebay-reason", refusal.detail.as_bytes()),
                        (c"forebay-principal", who.name().as_bytes()),
                        (c"forebay-rule", rules.as_bytes()),
                    ];
                    let rule = usize::from(!rules.is_empty());
                    let trace = trace.iter().map(|(name, value)| (*name, &value[..]));
                    let headers: Vec<Field<'_>> = fields.into_iter().take(5 + rule).chain(trace).collect();
                    let record = Outgoing { value: &value, key: None, headers: &headers, time_millis: None };
                    outlet.send(&record, &receipts, place).map(|()| place).map_err(|_| Copied::Failed)
                }
            };
            places.push((index, Arc::clone(topic), sent));
        }
        receipts.sealed();
        Self { receipts, places }
    }

    /// Waits for the copies, at most until the deadline, and notes in each refusal whether there is one.
    pub(super) async fn settle(self, deadline: Instant, verdicts: &mut [Verdict]) {
        if self.places.is_empty() {
            return;
        }
        // What is not acknowledged in time is not known to be kept, and said not to be.
        let _ = timeout_at(deadline, self.receipts.all()).await;
        for (index, topic, sent) in self.places {
            let end = match sent.map(|place| self.receipts.get(place)) {
                Ok(Some(Report::Written { .. })) => Copied::Kept,
                Ok(_) => Copied::Failed,
                Err(why) => why,
            };
            topic.metrics.copied(end);
            if let Verdict::Refused(refusal) = &mut verdicts[index] {
                refusal.copied = Some(end == Copied::Kept);
            }
        }
    }
}

/// None where no copies are wanted; none within where they can't be sent now.
fn outlet(delivery: &Delivery, topic: &Topic) -> Option<Option<Outlet>> {
    let name = topic.contract.dead_letter.as_deref()?;
    let there = delivery.topics.presence(name) == Presence::Present;
    Some(there.then(|| delivery.producer.refused_outlet(name).ok()).flatten())
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
