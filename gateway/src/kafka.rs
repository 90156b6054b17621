//! Everything that speaks Kafka, and the one room that names its client library: a shared idempotent producer
//! with its queue, what is known of the cluster's topics, the in-process broker, a reader. Knows records, not
//! events, requests or verdicts.

mod settings;
mod failure;
mod receipts;
mod record;
mod queue;
mod producer;
mod statistics;
mod ffi;
mod topics;
mod embedded;
mod reader;

pub use embedded::Embedded;
pub use failure::{Failure, FailureKind};
pub use ffi::HEADERS;
pub use producer::{ConnectError, NotSent, Outlet, Producer};
pub use queue::Full;
pub use reader::{ReadError, ReadRecord, Reader, Start};
pub use receipts::{Receipts, Report};
pub use record::Outgoing;
pub use topics::{Presence, Shape, Topics};
