//! Avro's binary primitives (specification, "Binary Encoding").

use crate::varint::{push_varint, put_varint, zigzag};

/// Appends a long: zig-zag, then seven bits a byte, lowest first.
#[inline]
pub(crate) fn push_long(out: &mut Vec<u8>, value: i64) {
    push_varint(out, zigzag(value));
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
    put_varint(out, start, zigzag(as_long(count)));
    out.push(0);
}

/// Bytes that are read from front to back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'p> {
    bytes: &'p [u8],
    at: usize,
}

impl<'p> Cursor<'p> {
    /// Before the first byte.
    pub(crate) const fn new(bytes: &'p [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next byte.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub(crate) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The bytes between two offsets.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &'p [u8] {
        &self.bytes[from..to]
    }

    /// The next bytes, if there are so many.
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Option<&'p [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    /// A long; none if it is cut off or has more than 64 bits.
    #[inline]
    pub(crate) fn long(&mut self) -> Option<i64> {
        let mut rest = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            // The tenth byte has room for one bit.
            if shift == 63 && byte > 1 {
                return None;
            }
            rest |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some((rest >> 1).cast_signed() ^ -(rest & 1).cast_signed());
            }
        }
        None
    }
}

fn as_long(length: usize) -> i64 {
    i64::try_from(length).expect("nothing in memory is longer than an i64 counts")
}
