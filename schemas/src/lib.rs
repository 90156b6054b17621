//! Contracts, and the way from a JSON event to a record's bytes.
//!
//! Pure: no files, clocks, sockets or environment. Whoever loads a catalogue hands its texts in, whoever
//! reads a request hands its bytes in; what comes out are values, bytes and problems.

pub mod problem;
pub mod document;
pub mod schema;
pub mod pii;
pub mod contract;
pub mod json;
mod fault;
mod calendar;
mod varint;
mod edit;
mod documented;
mod pass;
mod report;
mod pick;
pub mod picked;
pub mod outline;
pub mod copy;
mod json_schema;
pub mod avro;
pub(crate) mod protobuf;
pub mod references;
pub mod identity;
pub mod wire;
pub mod encoder;
pub mod decoder;
pub mod compatibility;
pub mod samples;
pub mod lint;
