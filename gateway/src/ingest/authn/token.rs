//! An API key as its owner holds it: `fb_`, an id, a secret, a checksum. The fixed beginning and the checksum let
//! scanners find leaked keys, and let a mistyped one be told from a wrong one. Knows nothing of who has which key.

use ring::error::Unspecified;
use ring::rand::SecureRandom;
use sha2::{Digest as _, Sha256};

/// What every key begins with.
pub(super) const PREFIX: &str = "fb_";
/// The characters of an id: no capitals, so that it can be read out.
const ID_ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// The characters of a secret and a checksum: none of them is escaped in headers, URLs, YAML or shells.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters of an id.
const ID: usize = 10;
/// Characters of a secret: the fewest that hold 256 bits (62^43 > 2^256).
const SECRET: usize = 43;
/// Characters of a checksum: the fewest that hold 32 bits.
const CHECKSUM: usize = 6;

/// A new key. It has no Debug, and is dropped when it was shown once.
pub(crate) struct Token {
    /// What it is looked up by.
    pub(crate) id: String,
    secret: String,
}

/// A text that is no key, or no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

impl Token {
    /// A key that nobody can guess.
    pub(crate) fn generate(random: &dyn SecureRandom) -> Result<Self, Unspecified> {
        Ok(Self { id: draw(ID_ALPHABET, ID, random)?, secret: draw(ALPHABET, SECRET, random)? })
    }

    /// The key as its owner sends it.
    pub(crate) fn text(&self) -> String {
        let body = format!("{PREFIX}{}_{}", self.id, self.secret);
        let checksum = checksum(&body);
        format!("{body}_{checksum}")
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        hash(&self.secret)
    }
}

/// The id and the secret of a key, if it is whole.
pub(super) fn parse(text: &str) -> Result<(&str, &str), Damaged> {
    let (body, sum) = text.rsplit_once('_').ok_or(Damaged)?;
    let (id, secret) = body.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or(Damaged)?;
    let whole = is_id(id) && is_secret(secret) && sum == checksum(body);
    if whole { Ok((id, secret)) } else { Err(Damaged) }
}

/// Whether a text can be a key's id.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == ID && text.bytes().all(|byte| ID_ALPHABET.contains(&byte))
}

fn is_secret(text: &str) -> bool {
    text.len() == SECRET && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What is kept of a secret. One round of SHA-256 is enough: slow hashes make short passwords costly to guess, and 256
/// random bits can't be guessed at any speed.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn draw(alphabet: &[u8], length: usize, random: &dyn SecureRandom) -> Result<String, Unspecified> {
    // Bytes above the greatest multiple of the alphabet's length would favour its first characters.
    let fair = 256 / alphabet.len() * alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bytes = [0; 64];
        random.fill(&mut bytes)?;
        let fair = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        text.extend(fair.take(length - text.len()).map(|byte| char::from(alphabet[byte % alphabet.len()])));
    }
    Ok(text)
}

/// CRC-32 of all that stands before it, in base 62.
fn checksum(body: &str) -> String {
    let mut rest = crc32(body.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[rest % ALPHABET.len()];
        rest /= ALPHABET.len();
    }
    digits.map(char::from).iter().collect()
}

/// CRC-32 as in ISO 3309: reflected, polynomial 0xEDB88320.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests {
    use proptest::prelude::*;
    use ring::rand::SystemRandom;

    use super::*;

    /// What scanners look for; the page on identity says the same.
    const PATTERN: &str = r"fb_[0-9a-z]{10}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}";

    fn any() -> Token {
        Token::generate(&SystemRandom::new()).unwrap()
    }

    #[test]
    fn the_page_says_what_scanners_look_for() {
        let page = include_str!("../../../../docs/identity.md");
        assert!(page.contains(PATTERN), "docs/identity.md does not say {PATTERN}");
        for _ in 0..1_000 {
            let text = any().text();
            let parts: Vec<_> = text.split('_').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, ID, SECRET, CHECKSUM]);
            assert!(text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn the_checksum_is_the_one_that_everyone_computes() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn no_two_keys_are_alike_and_every_character_is_used() {
        let keys: Vec<_> = (0..200).map(|_| any()).collect();
        let secrets: std::collections::BTreeSet<_> = keys.iter().map(|key| &key.secret).collect();
        let ids: std::collections::BTreeSet<_> = keys.iter().map(|key| &key.id).collect();
        assert_eq!((secrets.len(), ids.len()), (200, 200));
        let used: std::collections::BTreeSet<_> = keys.iter().flat_map(|key| key.secret.bytes()).collect();
        assert_eq!(used.len(), ALPHABET.len(), "8,600 characters leave out one of 62 once in 10^58 runs");
    }

    proptest! {
        #[test]
        fn a_key_with_one_other_character_is_none(at in 0_usize..64, other in "\\PC") {
            let token = any();
            let text = token.text();
            prop_assert_eq!(parse(&text), Ok((&*token.id, &*token.secret)));
            let at = at % text.len();
            prop_assume!(text[at..=at] != other);
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            prop_assert_eq!(parse(&changed), Err(Damaged), "{}", changed);
            let cut = format!("{}{}", &text[..at], &text[at + 1..]);
            prop_assert_eq!(parse(&cut), Err(Damaged), "{}", cut);
        }
    }

    #[test]
    fn arbitrary_text_is_never_a_key_by_accident() {
        forebay_fuzz::fuzz!(20_000).for_each(|bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            for text in [text.to_string(), format!("fb_{text}"), format!("fb_0123456789_{text}")] {
                if let Ok((id, secret)) = parse(&text) {
                    assert_eq!(Token { id: id.to_owned(), secret: secret.to_owned() }.text(), text);
                }
            }
        });
    }
}
