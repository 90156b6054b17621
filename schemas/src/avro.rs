//! Avro: a schema compiled into a program once, and events written by it in one pass over their text. Knows the
//! mapping of JSON to Avro's binary encoding (Avro specification 1.12). Knows nothing of topics, keys or requests.

pub(crate) mod program;
pub(crate) mod lookup;
mod source;
mod gather;
mod compile;
mod default;
pub(crate) mod tap;
mod treat;
mod compact;
pub(crate) mod write;
mod record;
mod collection;
mod union;
pub(crate) mod read;
pub(crate) mod scalar;
pub(crate) mod binary;
mod decimal;
mod logical;
pub(crate) mod explain;
mod expected;

pub(crate) use compile::compile;
pub(crate) use gather::gather;
pub(crate) use source::{fields_of, line_of, lines_of, logical_type_fits, wrapped};
