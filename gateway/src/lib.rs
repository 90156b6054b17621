//! Forebay: services POST events, Kafka gets checked records, and every event gets one honest verdict.
//!
//! The modules stand in reading order: the way of a request from top to bottom, then what it stands on.

pub mod server;
pub mod router;
pub mod layers;
pub mod ingest;
pub mod door;
pub mod ledger;
pub mod tally;
pub mod event;
pub mod app;
pub mod admin;
pub mod catalog;
pub mod registry;
pub mod binding;
pub mod reload;
pub mod kafka;
pub mod telemetry;
pub mod metrics;
pub mod code;
pub mod limit;
pub mod config;
pub mod clock;
pub mod glob;
mod roots;
pub mod cli;
