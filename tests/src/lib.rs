//! The harness of the outside tests: a real Kafka cluster, the built gateway, a client that can misbehave, and a
//! reader of what is really in a topic. It knows the gateway only by its command line, its HTTP and its records.

pub mod process;
pub mod jars;
pub mod cluster;
pub mod node;
pub mod catalog;
pub mod gateway;
pub mod http;
pub mod kafka;
pub mod load;
