//! Why a measurement was not made, or is not to be believed. Knows no numbers.

use std::io;

use rdkafka::error::KafkaError;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused something.
    #[error("{doing}: {source}")]
    System {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Kafka or its client refused something.
    #[error("{doing}: {source}")]
    Kafka {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: KafkaError,
    },
    /// What the gateway answers is not HTTP as this generator reads it, or nothing but refusals.
    #[error("the gateway's answers: {0}")]
    Answers(String),
    /// What was acknowledged and what lies in Kafka disagree.
    #[error("the count does not add up: {0}")]
    Count(String),
    /// An argument makes no sense.
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// 1 a result that can't stand · 2 wrong usage · 3 something could not be reached.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Answers(_) | Self::Count(_) => 1,
            Self::Usage(_) => 2,
            Self::System { .. } | Self::Kafka { .. } => 3,
        }
    }

    /// For `map_err` on calls of the operating system.
    pub(crate) fn system<E: Into<io::Error>>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |source| Self::System { doing: doing.into(), source: source.into() }
    }

    /// For `map_err` on calls of the Kafka client.
    pub(crate) fn kafka(doing: impl Into<String>) -> impl FnOnce(KafkaError) -> Self {
        move |source| Self::Kafka { doing: doing.into(), source }
    }
}
