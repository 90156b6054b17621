//! What stands before a payload in a record's value. Knows Confluent's wire format ("Formats, Serializers, and
//! Deserializers" of its documentation), no schema.

use crate::avro::binary::push_long;
use crate::contract::Framing;
use crate::protobuf::binary::{take_varint, unzigzag};

/// Places that one message index list has at most: messages nest no deeper in a schema.
const MAX_INDEXES: usize = 100;

/// What stands before the payload of every format: byte 0 and the schema's id as a big-endian u32 (Confluent), or nothing.
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

/// Appends what Protobuf has behind that: the places that lead to the message in its file. They are counted and
/// written as zig-zag varints; the file's first message alone is one byte 0.
pub(crate) fn push_message_indexes(out: &mut Vec<u8>, indexes: &[i32]) {
    if indexes == [0] {
        out.push(0);
        return;
    }
    let count = i64::try_from(indexes.len()).expect("nothing in memory is longer than an i64 counts");
    push_long(out, count);
    for index in indexes {
        push_long(out, i64::from(*index));
    }
}

/// The places at the front of `bytes`, and how many bytes they take; none if they don't end or are more than messages
/// may nest.
pub fn message_indexes(bytes: &[u8]) -> Option<(Vec<i32>, usize)> {
    let mut rest = bytes;
    let mut next = || take_varint(&mut rest).map(unzigzag);
    let count = usize::try_from(next()?).ok().filter(|count| *count <= MAX_INDEXES)?;
    let mut indexes =
        (0..count).map(|_| next().and_then(|index| i32::try_from(index).ok())).collect::<Option<Vec<_>>>()?;
    if count == 0 {
        indexes.push(0);
    }
    Some((indexes, bytes.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_off_as_it_was_put_on() {
        let framed = [&prefix(Framing::Confluent, 0x0102_0304)[..], b"payload"].concat();
        assert_eq!(unframe(&framed), Some((0x0102_0304, 5)));
        assert_eq!(unframe(&framed[..5]), Some((0x0102_0304, 5)));
        for none in [&b""[..], &[0], &[0, 1, 2, 3], &[1, 0, 0, 0, 1, 9]] {
            assert_eq!(unframe(none), None, "{none:?}");
        }
    }

    #[test]
    fn message_indexes_are_zig_zag_varints() {
        let cases: [(&[i32], &[u8]); 4] =
            [(&[0], &[0]), (&[1], &[2, 2]), (&[0, 0], &[4, 0, 0]), (&[2, 100], &[4, 4, 200, 1])];
        for (indexes, bytes) in cases {
            let mut out = Vec::new();
            push_message_indexes(&mut out, indexes);
            assert_eq!(out, bytes);
            out.extend_from_slice(b"payload");
            assert_eq!(message_indexes(&out), Some((indexes.to_vec(), bytes.len())));
        }
        // As some writers have it.
        assert_eq!(message_indexes(&[2, 0]), Some((vec![0], 2)));
    }

    #[test]
    fn message_indexes_that_lie_are_none() {
        for bytes in [&[][..], &[4, 0], &[1], &[0xFF; 11], &[0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0]] {
            assert_eq!(message_indexes(bytes), None, "{bytes:?}");
        }
    }
}
