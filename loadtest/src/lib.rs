//! The bench of the whole gateway: a load generator that costs little, the floor that librdkafka alone sets, and the
//! comparison of the two, with every acknowledged event counted in Kafka.
//!
//! Knows the gateway by its command line, its HTTP and `/proc`; of its code only the transcoder, which is a floor of its
//! own.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails"))]

pub mod cli;
pub mod compare;
pub mod stage;
pub mod event;
pub mod measure;
pub mod generator;
mod request;
mod connection;
mod answer;
mod pace;
pub mod direct;
pub mod null_server;
pub mod transcoder;
pub mod judged;
pub mod contracts;
pub mod kafka;
pub mod report;
pub mod histogram;
pub mod cpu;
pub mod error;

pub use request::Target;
