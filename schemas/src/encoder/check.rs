//! Events that come as bytes instead of JSON: proven to be what the contract says, and stored as they are, personal
//! fields aside. Knows payloads without a frame; which frame stood before one is its sender's affair.

use std::borrow::Cow;

use super::facts::{Facts, Role};
use super::{Body, Encoded, Encoder, Scratch};
use crate::contract::{BytesText, KeyFormat};
use crate::fault::{Fault, Mismatch};
use crate::json::bytes::encode_bytes;
use crate::pass::{FACTS, Memory, Stored, StoredTaps};
use crate::wire::message_indexes;

/// What an event's bytes are said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Avro's binary encoding by the contract's schema.
    Avro,
    /// Protobuf's binary encoding of the contract's message.
    Protobuf,
    /// UTF-8 text, for contracts of format `string`.
    Text,
    /// Any bytes, for contracts of format `bytes`.
    Octets,
}

impl Encoder {
    /// Whether events of this contract may come so. A key with a schema of its own is written from JSON only.
    pub fn takes(&self, payload: Payload) -> bool {
        let fits = matches!(
            (payload, &self.body),
            (Payload::Avro, Body::Avro(_))
                | (Payload::Protobuf, Body::Protobuf(_))
                | (Payload::Text, Body::String)
                | (Payload::Octets, Body::Bytes(_))
        );
        fits && !self.facts.key_has_schema()
    }

    /// Checks one event's bytes, which stand without a frame, and appends its record's to `arena`; what a failed event
    /// wrote is taken back. Key, id, time and picks are those that the event would have as JSON, but for two things: a
    /// field that the sender left to its default counts for key, id and time too, since the bytes hold it; and a UUID that
    /// is stored as 16 bytes is spelt in lower case.
    pub fn check(
        &self,
        payload: Payload,
        bytes: &[u8],
        arena: &mut Vec<u8>,
        scratch: &mut Scratch,
    ) -> Result<Encoded, Fault> {
        if !self.takes(payload) {
            return Err(if self.facts.key_has_schema() { keyed_by_schema() } else { other_format() });
        }
        let (start, picked) = (arena.len(), scratch.picked.mark());
        let checked = self.append_bytes(bytes, arena, scratch);
        scratch.memory.trim();
        checked.inspect_err(|_| {
            arena.truncate(start);
            scratch.picked.take_back(picked);
        })
    }

    /// Checks one event that stood behind Confluent's frame, of which the id is known to be this program's. For Protobuf
    /// the list of indexes is still there, and must lead to the contract's message.
    pub fn check_framed(
        &self,
        payload: Payload,
        bytes: &[u8],
        arena: &mut Vec<u8>,
        scratch: &mut Scratch,
    ) -> Result<Encoded, Fault> {
        let Body::Protobuf(program) = &self.body else { return self.check(payload, bytes, arena, scratch) };
        let expected = || format!("the indexes {:?}, which lead to the contract's message", program.message_indexes);
        match message_indexes(bytes) {
            Some((indexes, length)) if indexes == program.message_indexes => {
                self.check(payload, &bytes[length..], arena, scratch)
            }
            _ => Err(Fault::Undecodable { offset: 0, expected: expected() }),
        }
    }

    fn append_bytes(&self, bytes: &[u8], arena: &mut Vec<u8>, scratch: &mut Scratch) -> Result<Encoded, Fault> {
        let Scratch { memory, picked } = scratch;
        let start = arena.len();
        arena.extend_from_slice(&self.prefix);
        let taps = self.copy(bytes, arena, memory)?;
        let value = start..arena.len();
        let first = picked.len();
        if !self.picks.is_empty() {
            self.picks.of_bytes(bytes, &taps, memory, picked)?;
        }
        let found = self.facts.append(&Facts::of_bytes(taps.facts), arena, memory)?;
        Ok(Encoded { value, key: found.key, id: found.id, time_millis: found.time_millis, picks: first..picked.len() })
    }

    fn copy<'p>(&'p self, bytes: &'p [u8], arena: &mut Vec<u8>, memory: &mut Memory) -> Result<StoredTaps<'p>, Fault> {
        match &self.body {
            Body::Avro(program) => program.read(bytes, arena, memory),
            Body::String => {
                let text = std::str::from_utf8(bytes).map_err(|error| Fault::Undecodable {
                    offset: error.valid_up_to(),
                    expected: "UTF-8 text".to_owned(),
                })?;
                arena.extend_from_slice(bytes);
                let facts = self.facts.roles().map(|role| role.map(|_| Stored::Text(text.into())));
                Ok(self.whole(facts, &Stored::Text(text.into())))
            }
            Body::Bytes(spelling) => {
                arena.extend_from_slice(bytes);
                let facts = self.facts.roles().map(|role| role.map(|role| octets(role, bytes, *spelling)));
                Ok(self.whole(facts, &Stored::Bytes(bytes)))
            }
            Body::Protobuf(program) => program.read(bytes, arena),
            Body::Json(_) | Body::JsonSchema(_) => Err(other_format()),
        }
    }

    /// What is picked from an event that is one string: its key, id and time, and itself for whoever asks for it.
    fn whole<'p>(&self, facts: [Option<Stored<'p>>; FACTS], event: &Stored<'p>) -> StoredTaps<'p> {
        let mut taps = StoredTaps::default();
        taps.facts = facts;
        for slot in self.picks.slots() {
            taps.set(slot, Some(event.clone()));
        }
        taps
    }
}

fn other_format() -> Fault {
    let expected = "a body of the contract's format".to_owned();
    Fault::Violation(vec![Mismatch { pointer: String::new(), expected, actual: "another one" }])
}

fn keyed_by_schema() -> Fault {
    let expected = "JSON, since the topic's key has a schema of its own, by which only JSON is written".to_owned();
    Fault::Violation(vec![Mismatch { pointer: String::new(), expected, actual: "another format" }])
}

/// Bytes as a key, or as the text that stands for them in JSON.
fn octets(role: Role, bytes: &[u8], spelling: BytesText) -> Stored<'_> {
    if role == Role::Key(KeyFormat::Bytes) {
        return Stored::Bytes(bytes);
    }
    Stored::Text(Cow::Owned(encode_bytes(spelling, bytes)))
}
