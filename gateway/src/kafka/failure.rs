//! Why a record was not acknowledged, in the few kinds that an answer can tell apart. Reads librdkafka's codes.

use rdkafka::error::RDKafkaErrorCode as Rd;

/// Why a record was not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// Whether the record may be in the log all the same.
    pub may_be_persisted: bool,
}

/// The kinds of failure that an answer can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Kafka does not have the topic.
    UnknownTopic,
    /// Kafka does not let this gateway write the topic.
    Forbidden,
    /// The record is over the topic's or the client's size.
    TooLarge,
    /// A broker refuses the record whatever happens.
    Invalid,
    /// The local queue is full.
    QueueFull,
    /// Fewer replicas are in sync than the topic demands.
    NotEnoughReplicas,
    /// No broker can take it, or none has answered.
    Unavailable,
    /// The producer as a whole can't go on and must be rebuilt.
    Fatal,
}

impl FailureKind {
    pub(super) fn of(code: Rd) -> Self {
        match code {
            Rd::UnknownTopic | Rd::UnknownTopicOrPartition | Rd::InvalidTopic | Rd::UnknownTopicId => {
                Self::UnknownTopic
            }
            Rd::TopicAuthorizationFailed | Rd::ClusterAuthorizationFailed => Self::Forbidden,
            Rd::MessageSizeTooLarge | Rd::MessageBatchTooLarge => Self::TooLarge,
            Rd::InvalidRecord | Rd::InvalidMessage | Rd::InvalidTimestamp | Rd::PolicyViolation => Self::Invalid,
            Rd::QueueFull => Self::QueueFull,
            Rd::NotEnoughReplicas | Rd::NotEnoughReplicasAfterAppend => Self::NotEnoughReplicas,
            Rd::Fatal
            | Rd::OutOfOrderSequenceNumber
            | Rd::InvalidProducerEpoch
            | Rd::InvalidProducerIdMapping
            | Rd::UnknownProducerId
            | Rd::ProducerFenced => Self::Fatal,
            _ => Self::Unavailable,
        }
    }
}
