//! What each way of not being written means to the sender: the code, whether a retry can duplicate, and what to do.

use std::time::Duration;

use crate::event::{Code, Refusal};
use crate::kafka::{Failure, FailureKind, Full, NotSent};

/// Kafka does not have a topic that a contract names.
pub(super) fn topic_not_in_kafka() -> Box<Refusal> {
    let detail = "The topic has a contract, but Kafka does not have the topic. Ask the platform team to create it.";
    Refusal::not_written(Code::UnknownTopic, detail)
}

/// An event whose time lies further ahead than Kafka takes.
pub(super) fn too_far_ahead(limit: Duration) -> Box<Refusal> {
    let limit = limit.as_secs();
    let detail =
        format!("The event's time lies more than {limit} s ahead of the gateway's clock, which Kafka refuses.");
    Refusal::not_written(Code::InvalidRecord, detail)
}

/// An event whose time Kafka can't store.
pub(super) fn too_early() -> Box<Refusal> {
    let detail = "The event's time lies not after 1970-01-01T00:00:00Z, and Kafka can't store it as a record's time.";
    Refusal::not_written(Code::InvalidRecord, detail)
}

/// A record whose batch Kafka refused, and that was not sent again.
pub(super) fn batch_refused() -> Box<Refusal> {
    let detail = "Kafka refused the batch that the record was in, perhaps for another record's sake. Send it again.";
    Refusal::not_written(Code::KafkaUnavailable, detail)
}

/// Nothing is known of the cluster yet.
pub(super) fn kafka_not_reached() -> Box<Refusal> {
    Refusal::not_written(Code::KafkaUnavailable, "Kafka has not been reached yet. Nothing was sent; send again later.")
}

/// A record that was never handed over.
pub(super) fn not_sent(reason: NotSent) -> Box<Refusal> {
    let (code, detail) = match reason {
        NotSent::Full(Full::Topic) => (
            Code::QueueFull,
            "This topic's share of the queue towards Kafka is full. Nothing was sent; send again later.",
        ),
        NotSent::Full(Full::Queue) => {
            (Code::QueueFull, "The queue towards Kafka is full. Nothing was sent; send again later.")
        }
        NotSent::Full(Full::Stalled) => (
            Code::KafkaUnavailable,
            "Kafka acknowledges nothing of this topic now. Nothing was sent; send again later.",
        ),
        NotSent::Failed(kind) => of_kind(kind),
    };
    Refusal::not_written(code, detail)
}

/// A record that was handed over and then reported as failed.
pub(super) fn failed(failure: Failure) -> Box<Refusal> {
    let (code, detail) = of_kind(failure.kind);
    if failure.may_be_persisted {
        let detail = format!("{detail} The record may be in the topic all the same: use the same event id.");
        return Refusal::unknown(code, detail);
    }
    Refusal::not_written(code, detail)
}

/// A record of which nothing was heard in time.
pub(super) fn past_the_deadline() -> Box<Refusal> {
    let detail = "Kafka did not acknowledge the record in time; it may still arrive, once. \
                  Send it again with the same event id.";
    Refusal::unknown(Code::TimedOut, detail)
}

fn of_kind(kind: FailureKind) -> (Code, &'static str) {
    match kind {
        FailureKind::UnknownTopic => {
            (Code::UnknownTopic, "Kafka does not have the topic. Ask the platform team to create it.")
        }
        FailureKind::Forbidden => {
            (Code::Forbidden, "Kafka does not let this gateway write the topic. Ask the platform team for the right.")
        }
        FailureKind::TooLarge => (Code::TooLarge, "The record is larger than Kafka takes for this topic."),
        FailureKind::Invalid => {
            (Code::InvalidRecord, "Kafka refuses the record. Ask the topic's owner what it demands.")
        }
        FailureKind::QueueFull => (Code::QueueFull, "The queue towards Kafka is full. Send again later."),
        FailureKind::NotEnoughReplicas => {
            (Code::KafkaUnavailable, "Fewer replicas of the topic are in sync than it demands. Send again later.")
        }
        FailureKind::Unavailable => (Code::KafkaUnavailable, "No broker took the record. Send again later."),
        FailureKind::Fatal => (Code::KafkaUnavailable, "The connection to Kafka had to be made anew. Send again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Outcome;

    #[test]
    fn what_may_be_persisted_is_unknown_and_what_can_not_be_is_not() {
        let failure = |kind, may_be_persisted| failed(Failure { kind, may_be_persisted }).outcome;
        assert_eq!(failure(FailureKind::NotEnoughReplicas, false), Outcome::NotWritten);
        assert_eq!(failure(FailureKind::NotEnoughReplicas, true), Outcome::Unknown);
        assert_eq!(failure(FailureKind::Unavailable, true), Outcome::Unknown);
        assert_eq!(failure(FailureKind::Fatal, true), Outcome::Unknown);
        assert_eq!(failure(FailureKind::TooLarge, false), Outcome::NotWritten);
    }

    #[test]
    fn what_was_never_sent_is_retryable_and_says_so() {
        let reasons = [NotSent::Full(Full::Topic), NotSent::Full(Full::Queue), NotSent::Full(Full::Stalled)];
        for refusal in reasons.map(not_sent) {
            assert_eq!(refusal.outcome, Outcome::NotWritten);
            assert!(refusal.code.is_retryable() && refusal.detail.contains("send again"), "{}", refusal.detail);
        }
    }
}
