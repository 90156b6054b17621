//! Avro's binary primitives (specification, "Binary Encoding").

/// Appends a long: zig-zag, then seven bits a byte, lowest first.
#[inline]
pub(crate) fn push_long(out: &mut Vec<u8>, value: i64) {
    let rest = zigzag(value);
    if rest < 0x80 {
        out.push(low_byte(rest));
    } else {
        let (bytes, length) = varint(rest);
        out.extend_from_slice(&bytes[..length]);
    }
}

/// Appends a length or a count.
#[inline]
pub(crate) fn push_length(out: &mut Vec<u8>, length: usize) {
    push_long(out, as_long(length));
}

/// Appends bytes or a string: the length, then the bytes.
#[inline]
pub(crate) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Ends an array or a map whose items were written as one block, with the empty block that ends every list. One
/// byte was kept for the count at `start`: it holds up to 63, the items move if there are more.
pub(crate) fn close_block(out: &mut Vec<u8>, start: usize, count: usize) {
    if count == 0 {
        return;
    }
    let (bytes, length) = varint(zigzag(as_long(count)));
    if length > 1 {
        let end = out.len();
        out.resize(end + length - 1, 0);
        out.copy_within(start + 1..end, start + length);
    }
    out[start..start + length].copy_from_slice(&bytes[..length]);
    out.push(0);
}

fn as_long(length: usize) -> i64 {
    i64::try_from(length).expect("nothing in memory is longer than an i64 counts")
}

const fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn varint(mut rest: u64) -> ([u8; 10], usize) {
    let mut bytes = [0; 10];
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
