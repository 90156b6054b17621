//! What stands before a payload in a record's value. Knows Confluent's wire format, no schema.

use crate::contract::Framing;

/// The bytes before the payload: byte 0 and the schema's id as a big-endian u32 (Confluent), or nothing.
pub fn prefix(framing: Framing, id: u32) -> Vec<u8> {
    match framing {
        Framing::Confluent => [&[0][..], &id.to_be_bytes()].concat(),
        Framing::None => Vec::new(),
    }
}

/// The schema's id and where what stands behind it begins, if a value begins like Confluent's frame: byte 0, then the id.
pub fn unframe(value: &[u8]) -> Option<(u32, usize)> {
    match value {
        [0, a, b, c, d, ..] => Some((u32::from_be_bytes([*a, *b, *c, *d]), 5)),
        _ => None,
    }
}
