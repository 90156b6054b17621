//! The harness of the outside tests: a real Kafka cluster, a real schema registry, the built gateway, a client that can
//! misbehave, and readers of what is really in a topic. It knows the gateway only by its command line, its HTTP and its records.

pub mod process;
mod fetch;
pub mod jars;
pub mod cluster;
pub mod node;
mod python;
mod apicurio;
pub mod registry;
pub mod liar;
pub mod decoder;
pub mod catalog;
pub mod gateway;
pub mod http;
pub mod kafka;
pub mod load;
pub mod keys;
pub mod issuer;
