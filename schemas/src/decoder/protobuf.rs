//! Protobuf: a payload is walked by our own program first, which bounds what it may ask for; then prost-reflect reads it
//! and says it as `ProtoJSON`: names in lowerCamelCase, 64-bit numbers as strings, defaults left out.

use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;

use super::Undecodable;
use crate::contract::ValueRule;
use crate::protobuf::program::Program;
use crate::protobuf::{compile, pool, root};
use crate::schema::Schema;
use crate::wire;

/// A message type, as prost-reflect has it and as our program does.
#[derive(Debug)]
pub(super) struct Protobuf {
    descriptor: MessageDescriptor,
    program: Program,
    framed: bool,
}

impl Protobuf {
    /// None if the schema is none or has no such message.
    pub(super) fn new(schema: &Schema, rule: &ValueRule, framed: bool) -> Option<Self> {
        let pool = pool::pool(schema).ok()?;
        let descriptor = root::find(&pool, &rule.message).ok()?;
        // What an older or a newer schema wrote is still shown.
        let program = compile(&descriptor, true).ok()?;
        Some(Self { descriptor, program, framed })
    }

    /// Reads what stands behind the schema's id.
    pub(super) fn decode(&self, payload: &[u8]) -> Result<Value, Undecodable> {
        let payload = if self.framed { self.behind_indexes(payload)? } else { payload };
        let unlike = |error: &dyn std::fmt::Display| Undecodable::Unlike(error.to_string());
        let mut known = Vec::new();
        self.program.read(payload, &mut known).map_err(|fault| match fault {
            crate::fault::Fault::Undecodable { offset, expected } => {
                Undecodable::Unlike(format!("at byte {offset}, expected {expected}"))
            }
            _ => Undecodable::Unlike("another message".to_owned()),
        })?;
        let message =
            DynamicMessage::decode(self.descriptor.clone(), known.as_slice()).map_err(|error| unlike(&error))?;
        message
            .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
            .map_err(|error| unlike(&error))
    }

    fn behind_indexes<'p>(&self, payload: &'p [u8]) -> Result<&'p [u8], Undecodable> {
        match wire::message_indexes(payload) {
            Some((indexes, length)) if indexes == self.program.message_indexes => Ok(&payload[length..]),
            Some(_) => Err(Undecodable::Unlike("the indexes lead to another message of the schema".to_owned())),
            None => Err(Undecodable::NoFrame),
        }
    }
}
