//! The way back: a record's value bytes, read by the contract that wrote them, as the JSON that could be posted
//! again. Knows framing and formats; knows no topic's records, keys or headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use thiserror::Error;

use crate::contract::{Contract, Format, Framing};

/// One contract's way back. Immutable.
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    format: Format,
}

/// Why a record's value can't be read as its contract says.
#[derive(Debug, Error)]
pub enum Undecodable {
    /// The contract frames its values, this one begins otherwise.
    #[error("no frame before the payload")]
    NoFrame,
    /// Framed, but written by another schema.
    #[error("written by schema {0}")]
    OtherSchema(u32),
    /// The payload is not what the format and the schema say.
    #[error("not what the schema says: {0}")]
    Unlike(String),
}

impl Decoder {
    /// A decoder for what the contract's encoder writes. `schema` is the text of the file that
    /// `contract.value.format` names; if that can't be read, no value can.
    pub fn new(contract: &Contract, _schema: Option<&str>) -> Self {
        Self { framing: contract.value.framing, format: contract.value.format.clone() }
    }

    /// Reads one record's value.
    pub fn decode(&self, value: &[u8]) -> Result<Value, Undecodable> {
        let payload = self.payload(value)?;
        match &self.format {
            Format::Avro { .. } => Err(Undecodable::Unlike("no schema".to_owned())),
            Format::Json => serde_json::from_slice(payload).map_err(|error| Undecodable::Unlike(error.to_string())),
            Format::String => match std::str::from_utf8(payload) {
                Ok(text) => Ok(Value::from(text)),
                Err(error) => Err(Undecodable::Unlike(error.to_string())),
            },
            Format::Bytes => Ok(Value::from(STANDARD.encode(payload))),
        }
    }

    fn payload<'v>(&self, value: &'v [u8]) -> Result<&'v [u8], Undecodable> {
        let Framing::Confluent { schema_id } = self.framing else { return Ok(value) };
        match value {
            [0, a, b, c, d, payload @ ..] => match u32::from_be_bytes([*a, *b, *c, *d]) {
                found if found == schema_id => Ok(payload),
                found => Err(Undecodable::OtherSchema(found)),
            },
            _ => Err(Undecodable::NoFrame),
        }
    }
}
