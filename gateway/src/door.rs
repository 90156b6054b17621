//! The HTTP dialects: how a request's body becomes a batch, and how verdicts become an answer. HTTP statuses are
//! chosen here. Knows nothing of contracts or Kafka.

pub mod status;
mod refused;
pub mod trial;
pub mod body;
pub mod media;
pub mod native;
pub mod ndjson;
pub mod answer;
pub mod receipts;
pub mod rates;
