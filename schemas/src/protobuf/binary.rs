//! Protobuf's primitives on the wire (Protocol Buffers documentation, "Encoding").

/// Bytes of the longest varint.
const MAX_VARINT: usize = 10;

/// Appends a varint: seven bits a byte, lowest first.
#[inline]
pub(crate) fn push_varint(out: &mut Vec<u8>, value: u64) {
    if value < 0x80 {
        out.push(low_byte(value));
    } else {
        let (bytes, length) = varint(value);
        out.extend_from_slice(&bytes[..length]);
    }
}

/// Appends a length and the bytes.
#[inline]
pub(crate) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Writes the length of what stands behind `start`, where one byte was kept for it: it holds up to 127, longer content
/// moves.
pub(crate) fn close(out: &mut Vec<u8>, start: usize) {
    let end = out.len();
    let (bytes, length) = varint((end - start - 1) as u64);
    if length > 1 {
        out.resize(end + length - 1, 0);
        out.copy_within(start + 1..end, start + length);
    }
    out[start..start + length].copy_from_slice(&bytes[..length]);
}

/// A signed number as `sint32` and `sint64` have it.
pub(crate) const fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

/// The way back.
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

fn varint(mut rest: u64) -> ([u8; MAX_VARINT], usize) {
    let mut bytes = [0; MAX_VARINT];
    let mut length = 0;
    while rest >= 0x80 {
        bytes[length] = low_byte(rest) | 0x80;
        rest >>= 7;
        length += 1;
    }
    bytes[length] = low_byte(rest);
    (bytes, length + 1)
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
const fn low_byte(rest: u64) -> u8 {
    rest as u8
}
