//! TLS on the data listener, on a broker in this process: who gets in, what the gateway then knows of them, what a
//! handshake may take, and certificates that change under load.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up should say where")]

#[expect(dead_code, reason = "the other tests of this house use the rest of it")]
#[path = "../embedded/house.rs"]
mod house;
mod authority;
mod client;
mod handshakes;
mod identity;
mod rotation;
