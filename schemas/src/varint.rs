//! Numbers of variable length, seven bits a byte and the lowest first, as Avro and Protobuf both write them.

/// Bytes of the longest varint.
pub(crate) const MAX_VARINT: usize = 10;

/// Appends a varint.
#[inline]
pub(crate) fn push_varint(out: &mut Vec<u8>, value: u64) {
    if value < 0x80 {
        out.push(low_byte(value));
    } else {
        let (bytes, length) = varint(value);
        out.extend_from_slice(&bytes[..length]);
    }
}

/// Writes a number at `start`, where one byte was kept for it: longer ones move what stands behind.
pub(crate) fn put_varint(out: &mut Vec<u8>, start: usize, value: u64) {
    let (bytes, length) = varint(value);
    if length > 1 {
        let end = out.len();
        out.resize(end + length - 1, 0);
        out.copy_within(start + 1..end, start + length);
    }
    out[start..start + length].copy_from_slice(&bytes[..length]);
}

/// A signed number with its sign in the lowest bit, so that small ones stay short.
pub(crate) const fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
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
