//! The schema registry's client before a registry that does what it should, and before one that does not.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up should say where")]

mod fake;
mod answers;
mod faults;
mod limits;
mod snapshot;
mod tls;
mod bound;
