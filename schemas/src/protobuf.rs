//! Protobuf: a schema compiled into a program once, and events written by it in one pass over their text. Knows .proto
//! files, descriptor sets and the mapping of JSON to Protobuf's wire format (Protocol Buffers documentation, "`ProtoJSON`
//! Format" and "Encoding"). Knows nothing of topics, keys or requests.

mod source;
pub(crate) mod pool;
pub(crate) mod root;
pub(crate) mod program;
mod compile;
pub(crate) mod tap;
pub(crate) mod write;
mod message;
mod collection;
mod scalar;
mod wellknown;
mod read;
pub(crate) mod binary;
pub(crate) mod explain;
mod expected;

pub(crate) use compile::compile;
mod file;
pub(crate) use file::{identity, links};
