//! Protobuf's primitives on the wire (Protocol Buffers documentation, "Encoding").

use crate::varint::{MAX_VARINT, push_varint, put_varint};

/// Appends a length and the bytes.
#[inline]
pub(crate) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Writes the length of what stands behind `start`, where one byte was kept for it: it holds up to 127, longer content
/// moves.
pub(crate) fn close(out: &mut Vec<u8>, start: usize) {
    put_varint(out, start, (out.len() - start - 1) as u64);
}

/// The number that was written in zig-zag.
pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Takes a varint off the front; none if it does not end, or ends beyond 64 bits.
#[inline]
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(MAX_VARINT).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            // The tenth byte has room for one bit.
            if place == MAX_VARINT - 1 && *byte > 1 {
                return None;
            }
            *bytes = &bytes[place + 1..];
            return Some(value);
        }
    }
    None
}
