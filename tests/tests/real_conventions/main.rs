//! Conventions before a real cluster: one verdict wherever one asks, sets that change under load, copies of refused events,
//! and what the gateway never says of an event.

mod house;

mod reloads;
mod storm;
mod verdicts;
mod table;
mod copies;
mod canary;
mod planted;
