//! An issuer's public keys (JWK Set, RFC 7517, section 5). Keys that can't check a signature here are left out. Knows
//! neither tokens nor where the keys come from.

use std::ops::RangeInclusive;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde::Deserialize;

use super::verifier::unpadded;

/// Keys that one issuer may have.
const KEYS: usize = 256;
/// Bits of an RSA key's modulus: shorter ones can be broken (RFC 7518, section 3.3), longer ones ring does not take.
const RSA_BITS: RangeInclusive<usize> = 2_048..=8_192;

/// An issuer's public keys.
#[derive(Debug)]
pub(super) struct KeySet {
    keys: Vec<PublicKey>,
    /// RSA keys that are left out for their length.
    unsafe_keys: usize,
}

#[derive(Debug)]
struct PublicKey {
    id: Option<String>,
    /// What it checks: what it says itself, as far as its kind of key can.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

/// Reads a set; or says what is wrong with it, without repeating any of it.
pub(super) fn read(bytes: &[u8]) -> Result<KeySet, &'static str> {
    let document: Document = serde_json::from_slice(bytes).map_err(|_| "it is no JSON object with a list of keys")?;
    if document.keys.len() > KEYS {
        return Err("it has more than 256 keys");
    }
    // Members and kinds of keys that nobody here knows are no mistake (RFC 7517, section 5).
    let (keys, unsafe_keys): (Vec<_>, Vec<_>) =
        document.keys.into_iter().filter_map(public_key).partition(PublicKey::has_a_safe_length);
    match (keys.is_empty(), unsafe_keys.len()) {
        (false, unsafe_keys) => Ok(KeySet { keys, unsafe_keys }),
        (true, 0) => Err("none of its keys can check a signature here"),
        (true, _) => Err("no key in it but RSA keys that are not of 2048 to 8192 bits (RFC 7518, section 3.3)"),
    }
}

fn public_key(json: serde_json::Value) -> Option<PublicKey> {
    let jwk: Jwk = serde_json::from_value(json).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return None;
    }
    let able: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        // A symmetric key in a public set is everyone's; the rest is not known here.
        _ => return None,
    };
    let said = jwk.common.key_algorithm;
    let fits =
        |algorithm: &Algorithm| said.is_none_or(|said| Algorithm::try_from(said).is_ok_and(|said| said == *algorithm));
    let algorithms: Vec<_> = able.iter().copied().filter(fits).collect();
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    (!algorithms.is_empty()).then_some(PublicKey { id: jwk.common.key_id, algorithms, key })
}

impl PublicKey {
    fn has_a_safe_length(&self) -> bool {
        let DecodingKeyKind::RsaModulusExponent { n, .. } = self.key.kind() else { return true };
        let modulus = unpadded(n);
        let unused = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        RSA_BITS.contains(&(8 * modulus.len() - unused))
    }
}

impl KeySet {
    /// The key of this id that checks this algorithm. A token without an id goes with the only key that does.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut able = self.keys.iter().filter(|key| key.algorithms.contains(&algorithm));
        match id {
            Some(id) => able.find(|key| key.id.as_deref() == Some(id)),
            None => able.next().filter(|_| able.next().is_none()),
        }
        .map(|key| &key.key)
    }

    /// How many RSA keys are left out since they are not of 2048 to 8192 bits.
    pub(super) fn unsafe_keys(&self) -> usize {
        self.unsafe_keys
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    fn rsa(modulus: &[u8]) -> Value {
        json!({ "kty": "RSA", "kid": "k", "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB" })
    }

    fn kept(keys: &[Value]) -> Result<(usize, usize), &'static str> {
        read(json!({ "keys": keys }).to_string().as_bytes()).map(|set| (set.len(), set.unsafe_keys()))
    }

    #[test]
    fn rsa_keys_that_can_be_broken_are_no_keys() {
        let unfit = Err("no key in it but RSA keys that are not of 2048 to 8192 bits (RFC 7518, section 3.3)");
        let with = |first: &[u8], rest: usize| [first, &vec![0xff; rest]].concat();
        assert_eq!(kept(&[rsa(&with(&[0x80], 255))]), Ok((1, 0)));
        assert_eq!(kept(&[rsa(&with(&[0, 0x80], 255))]), Ok((1, 0)), "a sign byte is no bit");
        assert_eq!(kept(&[rsa(&with(&[], 1_024))]), Ok((1, 0)));
        assert_eq!(kept(&[rsa(&with(&[1], 1_024))]), unfit);
        assert_eq!(kept(&[rsa(&with(&[0x7f], 255))]), unfit, "2,047 bits");
        assert_eq!(kept(&[rsa(&with(&[0, 0, 0x7f], 255))]), unfit, "zeros before it make it no longer");
        for modulus in [&[][..], &[0], &[1, 0, 1]] {
            assert_eq!(kept(&[rsa(modulus)]), unfit, "{modulus:?}");
        }
        assert_eq!(kept(&[rsa(&[1, 0, 1]), rsa(&with(&[], 256))]), Ok((1, 1)));
        assert_eq!(kept(&[json!(7)]), Err("none of its keys can check a signature here"));
    }
}
