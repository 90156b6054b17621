//! The way back: a record's value bytes, read by the contract that wrote them, as JSON that could be posted again to
//! the same contract. Knows framing and formats; knows no topic's records, keys or headers.
//!
//! A member that an event left out comes back with its default, and the members of a map in alphabetical order.
//! A union's value comes back bare where the contract allows that: two branches that look alike in JSON can't be told
//! apart then.

mod avro;
mod protobuf;
mod bounds;
mod render;
pub(crate) mod calendar;
pub(crate) mod decimal;
mod numbers;

pub(crate) use self::render::{Tapped, shortest};
use serde_json::Value;
use thiserror::Error;

use self::avro::Avro;
use self::protobuf::Protobuf;
use crate::avro::program::Program;
use crate::contract::{BytesText, Contract, Format, Framing};
use crate::encoder::Material;
use crate::json::bytes::encode_bytes;
use crate::wire;

/// One contract's way back. Immutable.
#[derive(Debug)]
pub struct Decoder {
    /// What stands before the payload.
    prefix: Vec<u8>,
    body: Body,
}

/// What the payload is.
#[derive(Debug)]
enum Body {
    /// None if the schema could not be read.
    Avro(Option<Box<Avro>>),
    Json,
    /// The same.
    Protobuf(Option<Box<Protobuf>>),
    String,
    Bytes(BytesText),
}

/// Why a record's value can't be read as its contract says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Undecodable {
    /// The contract frames its values, and this one begins otherwise.
    #[error("expected byte 0 and a schema id before the payload")]
    NoFrame,
    /// Framed, but written by the schema of this id, which is not the contract's.
    #[error("written by the schema of id {0}, which is not the contract's")]
    OtherSchema(u32),
    /// The contract's schema is missing or can't be read: no value of it can.
    #[error("the contract's schema can't be read")]
    NoSchema,
    /// The payload is not what the format and the schema say.
    #[error("not what the contract says: {0}")]
    Unlike(String),
    /// Sound as far as it was read, but there is too much of something.
    #[error("not read back: {0}")]
    TooMuch(&'static str),
}

impl Decoder {
    /// The way back from what the contract's encoder writes. Without a sound schema no value can be read.
    pub fn new(contract: &Contract, material: &Material) -> Self {
        Self::framed(contract, material, contract.value.framing)
    }

    /// The way back from a payload that stands without a frame, whatever the contract says.
    pub(crate) fn of_payloads(contract: &Contract, material: &Material) -> Self {
        Self::framed(contract, material, Framing::None)
    }

    fn framed(contract: &Contract, material: &Material, framing: Framing) -> Self {
        let rule = &contract.value;
        let sourced = material.value.as_ref();
        let body = match rule.format {
            Format::Avro => Body::Avro(sourced.and_then(|sourced| Avro::new(&sourced.schema, rule)).map(Box::new)),
            Format::JsonSchema | Format::Json => Body::Json,
            Format::Protobuf => {
                let framed = framing == Framing::Confluent;
                let read = sourced.and_then(|sourced| Protobuf::new(&sourced.schema, rule, framed));
                Body::Protobuf(read.map(Box::new))
            }
            Format::String => Body::String,
            Format::Bytes => Body::Bytes(rule.bytes),
        };
        Self { prefix: wire::prefix(framing, sourced.and_then(|sourced| sourced.id).unwrap_or(0)), body }
    }

    /// Reads one record's value, framing included. Values may nest 64 deep, for which apache-avro takes half a MiB of
    /// stack, or 8 MiB where it is not optimised.
    pub fn decode(&self, value: &[u8]) -> Result<Value, Undecodable> {
        self.decode_payload(self.payload(value)?)
    }

    /// Reads what stands behind the frame.
    pub(crate) fn decode_payload(&self, payload: &[u8]) -> Result<Value, Undecodable> {
        match &self.body {
            Body::Avro(avro) => avro.as_ref().ok_or(Undecodable::NoSchema)?.decode(payload),
            Body::Json => json(payload),
            Body::Protobuf(protobuf) => protobuf.as_ref().ok_or(Undecodable::NoSchema)?.decode(payload),
            Body::String => Ok(Value::from(text(payload)?)),
            Body::Bytes(spelling) => Ok(Value::from(encode_bytes(*spelling, payload))),
        }
    }

    /// What a program of the same schema has noted in an Avro payload; of other formats nothing.
    pub(crate) fn tapped(&self, program: &Program, payload: &[u8]) -> Result<Vec<Tapped>, Undecodable> {
        match &self.body {
            Body::Avro(avro) => avro.as_ref().ok_or(Undecodable::NoSchema)?.tapped(program, payload),
            _ => Ok(Vec::new()),
        }
    }

    /// What stands behind the frame.
    fn payload<'v>(&self, value: &'v [u8]) -> Result<&'v [u8], Undecodable> {
        if let Some(payload) = value.strip_prefix(&self.prefix[..]) {
            return Ok(payload);
        }
        Err(wire::unframe(value).map_or(Undecodable::NoFrame, |(id, _)| Undecodable::OtherSchema(id)))
    }
}

fn text(payload: &[u8]) -> Result<&str, Undecodable> {
    std::str::from_utf8(payload).map_err(|error| Undecodable::Unlike(error.to_string()))
}

fn json(payload: &[u8]) -> Result<Value, Undecodable> {
    let text = text(payload)?;
    let value = serde_json::from_str(text).map_err(|error| Undecodable::Unlike(error.to_string()))?;
    if numbers::all_exact(text) { Ok(value) } else { Err(Undecodable::TooMuch("a number of too many digits")) }
}
