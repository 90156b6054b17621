//! What becomes of values that a contract calls personal. Knows the actions and their result; where the values stand
//! in an event is the formats' business.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What stands for a masked value.
pub(crate) const MASK: &str = "****";

/// Bytes of a hash in hexadecimal.
pub(crate) const HASH_LENGTH: usize = 64;

/// The fewest bytes of a key, as many as the hash has (RFC 2104, section 3).
pub const MIN_KEY_LENGTH: usize = 32;

/// What happens to a personal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The member is left out.
    Drop,
    /// The value becomes `"****"`.
    Mask,
    /// The value becomes the HMAC-SHA-256 (RFC 2104) of its characters, as 64 hexadecimal digits in lower case.
    Hash,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Drop, Self::Mask, Self::Hash];

    /// As a contract has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Mask => "mask",
            Self::Hash => "hash",
        }
    }
}

/// The key of the hashes. Never shown.
#[derive(Clone)]
pub struct HashKey(Hmac<Sha256>);

impl HashKey {
    /// A key of these bytes; none if there are fewer than [`MIN_KEY_LENGTH`].
    pub fn new(key: &[u8]) -> Option<Self> {
        if key.len() < MIN_KEY_LENGTH {
            return None;
        }
        Hmac::new_from_slice(key).ok().map(Self)
    }

    fn hash(&self, characters: &[u8]) -> [u8; HASH_LENGTH] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hmac = self.0.clone();
        hmac.update(characters);
        let mut text = [0; HASH_LENGTH];
        for (pair, byte) in text.chunks_exact_mut(2).zip(hmac.finalize().into_bytes()) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        text
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An action with what it needs.
#[derive(Debug, Clone)]
pub(crate) enum Treatment {
    Drop,
    Mask,
    Hash(HashKey),
}

impl Treatment {
    /// Hands on the characters that stand for a value from now on; none if the member is left out.
    pub(crate) fn replace<T>(&self, characters: &[u8], write: impl FnOnce(&[u8]) -> T) -> Option<T> {
        match self {
            Self::Drop => None,
            Self::Mask => Some(write(MASK.as_bytes())),
            Self::Hash(key) => Some(write(&key.hash(characters))),
        }
    }
}

/// Why a contract can't treat a value so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Untreatable {
    /// No field of the schema is there.
    Nowhere,
    /// The schema would not accept the result: what it says there, for people.
    Unfit(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_hmac_sha_256() {
        // RFC 4231, test case 6: a key of 131 bytes.
        let key = HashKey::new(&[0xaa; 131]).expect("long enough");
        assert_eq!(
            &key.hash(b"Test Using Larger Than Block-Size Key - Hash Key First"),
            b"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
        assert!(HashKey::new(&[1; MIN_KEY_LENGTH - 1]).is_none());
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = HashKey::new(&[7; MIN_KEY_LENGTH]).expect("long enough");
        assert_eq!(format!("{:?}", Treatment::Hash(key)), "Hash([redacted])");
    }
}
