//! An issuer's public keys (JWK Set, RFC 7517, section 5). Keys that can't check a signature here are left out. Knows
//! neither tokens nor where the keys come from.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Keys that one issuer may have.
const KEYS: usize = 256;

/// An issuer's public keys.
#[derive(Debug)]
pub(super) struct KeySet {
    keys: Vec<PublicKey>,
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
    let keys: Vec<_> = document.keys.into_iter().filter_map(public_key).collect();
    if keys.is_empty() { Err("none of its keys can check a signature here") } else { Ok(KeySet { keys }) }
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

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}
