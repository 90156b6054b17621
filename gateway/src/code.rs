//! The stable codes of answers, as people and programs see them. Renaming one is a breaking change. Which HTTP
//! status a code has is a door's business (`door::answer`).

/// Why an event or a request was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// The body, or one event in it, is not JSON with one meaning.
    Malformed,
    /// The caller has not proven who it is.
    Unauthenticated,
    /// The caller may not write this topic.
    Forbidden,
    /// No contract names this topic, or Kafka does not have it.
    UnknownTopic,
    /// There is no such address.
    NotFound,
    /// The address exists, the method does not.
    MethodNotAllowed,
    /// The body did not arrive in time.
    BodyTimeout,
    /// A request, an event or a record is over its limit.
    TooLarge,
    /// The media type or the content coding is not one of those accepted here.
    UnsupportedMediaType,
    /// The event does not match its schema.
    SchemaViolation,
    /// The event, its contract or its schema breaks a convention that blocks.
    ConventionViolation,
    /// The contract takes a key from the event or a header, and there is none.
    MissingKey,
    /// No schema has the id that the request names, or the topic's subject has no such version.
    UnknownSchema,
    /// The schema that the request names, or the registry's, is none that the topic's contract can go with.
    IncompatibleSchema,
    /// Kafka does not take the record, whatever its schema says.
    InvalidRecord,
    /// More is asked for than a limit of calls or events a second lets through.
    RateLimited,
    /// The caller's share of the memory for requests in flight is used up.
    OverBudget,
    /// The gateway's memory for requests in flight is used up.
    Overloaded,
    /// The queue towards Kafka is full.
    QueueFull,
    /// The keys of the token's issuer are not known yet.
    IssuerUnavailable,
    /// The schema is not known yet, and its registry does not answer.
    RegistryUnavailable,
    /// Kafka can't take the record now.
    KafkaUnavailable,
    /// Kafka did not acknowledge the record within the deadline.
    TimedOut,
    /// The gateway is shutting down.
    Draining,
    /// The gateway has a defect.
    Internal,
}

impl Code {
    /// All codes, in the table's order.
    pub const ALL: [Self; 25] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::UnknownTopic,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTimeout,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::SchemaViolation,
        Self::ConventionViolation,
        Self::MissingKey,
        Self::UnknownSchema,
        Self::IncompatibleSchema,
        Self::InvalidRecord,
        Self::RateLimited,
        Self::OverBudget,
        Self::Overloaded,
        Self::QueueFull,
        Self::IssuerUnavailable,
        Self::RegistryUnavailable,
        Self::KafkaUnavailable,
        Self::TimedOut,
        Self::Draining,
        Self::Internal,
    ];

    /// The code as answers, logs and metric labels spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::UnknownTopic => "unknown_topic",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::BodyTimeout => "body_timeout",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::SchemaViolation => "schema_violation",
            Self::ConventionViolation => "convention_violation",
            Self::MissingKey => "missing_key",
            Self::UnknownSchema => "unknown_schema",
            Self::IncompatibleSchema => "incompatible_schema",
            Self::InvalidRecord => "invalid_record",
            Self::RateLimited => "rate_limited",
            Self::OverBudget => "over_budget",
            Self::Overloaded => "overloaded",
            Self::QueueFull => "queue_full",
            Self::IssuerUnavailable => "issuer_unavailable",
            Self::RegistryUnavailable => "registry_unavailable",
            Self::KafkaUnavailable => "kafka_unavailable",
            Self::TimedOut => "timed_out",
            Self::Draining => "draining",
            Self::Internal => "internal",
        }
    }

    /// Whether the same request can succeed later without a change.
    pub fn is_retryable(self) -> bool {
        match self {
            Self::BodyTimeout
            | Self::RateLimited
            | Self::OverBudget
            | Self::Overloaded
            | Self::QueueFull
            | Self::IssuerUnavailable
            | Self::RegistryUnavailable
            | Self::KafkaUnavailable
            | Self::TimedOut
            | Self::Draining
            | Self::Internal => true,
            Self::Malformed
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::UnknownTopic
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::TooLarge
            | Self::UnsupportedMediaType
            | Self::SchemaViolation
            | Self::ConventionViolation
            | Self::MissingKey
            | Self::UnknownSchema
            | Self::IncompatibleSchema
            | Self::InvalidRecord => false,
        }
    }
}

/// Whether an event's record is in Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is, acknowledged by all in-sync replicas.
    Written,
    /// It is not, and a retry can't duplicate it.
    NotWritten,
    /// It may be, once.
    Unknown,
}

impl Outcome {
    /// The outcome as answers spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::NotWritten => "not_written",
            Self::Unknown => "unknown",
        }
    }
}
