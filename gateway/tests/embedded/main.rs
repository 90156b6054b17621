//! The whole path on a broker in this process: the answers that a real broker can't be made to give, and those that
//! need no real one.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up should say where")]

mod house;
mod answers;
mod faults;
mod rates;
mod identity;
mod judged;
mod telemetry;
