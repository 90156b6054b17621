//! Events that arrive encoded: proven to be what their contract says, and stored as they came. Which of their values are
//! key, id and time is read from the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Body, Encoded, Encoder, Scratch};
use crate::contract::BytesText;
use crate::fault::{Fault, Mismatch};

/// What an event's bytes are, where they are no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Avro's binary encoding.
    Avro,
    /// Protobuf's binary encoding.
    Protobuf,
    /// A string's characters as UTF-8.
    Text,
    /// Any bytes.
    Octets,
}

impl Encoder {
    /// Checks one event that is encoded already and appends its record's bytes to `arena`; what a failed event wrote is
    /// taken back.
    pub fn check(
        &self,
        payload: Payload,
        bytes: &[u8],
        arena: &mut Vec<u8>,
        scratch: &mut Scratch,
    ) -> Result<Encoded, Fault> {
        match (payload, &self.body) {
            (Payload::Text, Body::String) => {
                let text = std::str::from_utf8(bytes);
                let text = text.map_err(|error| undecodable(error.valid_up_to(), "UTF-8"))?;
                // The one way from a string to a record is the way from its JSON.
                self.encode(serde_json::Value::from(text).to_string().as_bytes(), arena, scratch)
            }
            (Payload::Octets, Body::Bytes(spelling)) => {
                let text = match spelling {
                    BytesText::Base64 => STANDARD.encode(bytes),
                    BytesText::CodePoints => bytes.iter().map(|byte| char::from(*byte)).collect(),
                };
                self.encode(serde_json::Value::from(text).to_string().as_bytes(), arena, scratch)
            }
            _ => Err(Fault::Violation(vec![Mismatch {
                pointer: String::new(),
                expected: "a body of the contract's format".to_owned(),
                actual: "another one",
            }])),
        }
    }

    /// Checks one event that stood behind Confluent's frame, of which the id is known to be this program's. For Protobuf the
    /// list of indexes is still there, and must lead to the contract's message.
    pub fn check_framed(
        &self,
        payload: Payload,
        bytes: &[u8],
        arena: &mut Vec<u8>,
        scratch: &mut Scratch,
    ) -> Result<Encoded, Fault> {
        self.check(payload, bytes, arena, scratch)
    }
}

fn undecodable(offset: usize, expected: &str) -> Fault {
    Fault::Undecodable { offset, expected: expected.to_owned() }
}
