//! Tokens: who signed one, whether it is genuine, and whose it is (JSON Web Tokens, RFC 7519, with the advice of RFC 8725).
//! What a token says of itself chooses among what the configuration allows, and nothing else.

use std::path::PathBuf;

use forebay_schemas::problem::Problem;
use futures_util::future::join_all;
use jsonwebtoken::{crypto, dangerous, decode_header};
use serde_json::Value;

use super::claims;
use super::denied::Denied;
use super::issuer::Issuer;
use super::verdicts::{self, Good, Verdicts};
use super::verifier;
use crate::config::authn::jwt::{Jwt, KeySource};
use crate::event::Principal;
use crate::metrics::authn::AuthnMetrics;

/// The longest token, in bytes.
const LONGEST: usize = 8 * 1024;

/// Whose tokens are taken.
pub(super) struct Issuers {
    issuers: Vec<Issuer>,
    verdicts: Verdicts,
}

impl Issuers {
    /// Reads the files of keys and of authorities.
    pub(super) fn new(section: &[Jwt], metrics: &AuthnMetrics) -> Result<Self, Vec<Problem>> {
        verifier::install();
        let mut problems = Vec::new();
        let issuers: Vec<_> = section.iter().map(|jwt| Issuer::new(jwt, metrics)).collect();
        let issuers = issuers.into_iter().filter_map(|made| made.map_err(|found| problems.push(found)).ok()).collect();
        if problems.is_empty() { Ok(Self { issuers, verdicts: Verdicts::default() }) } else { Err(problems) }
    }

    /// Whether no tokens are taken.
    pub(super) fn is_empty(&self) -> bool {
        self.issuers.is_empty()
    }

    /// Whose this token is.
    pub(super) fn verify(&self, token: &str, now: i64) -> Result<Principal, Denied> {
        if token.len() > LONGEST {
            return Err(Denied::wrong("The token is longer than 8 KiB."));
        }
        let mark = verdicts::mark(token);
        if let Some(good) = self.verdicts.get(&mark) {
            let in_force = self.issuers.get(good.issuer).and_then(Issuer::generation) == Some(good.generation);
            if in_force && now < good.ends {
                return Ok(good.principal);
            }
            self.verdicts.forget(&mark);
        }
        let good = self.check(token, now)?;
        let principal = good.principal.clone();
        self.verdicts.put(mark, good);
        Ok(principal)
    }

    fn check(&self, token: &str, now: i64) -> Result<Good, Denied> {
        let not_one =
            |_| Denied::wrong("Behind Bearer, expected a signed JSON Web Token, or an API key, which begins with fb_.");
        let header = decode_header(token).map_err(not_one)?;
        if header.crit.is_some() {
            return Err(Denied::wrong("The token demands an extension (crit), and none is known here."));
        }
        // Not believed before the signature is checked: until then it only says whose keys to try.
        let claims: Value = dangerous::insecure_decode_claims(token).map_err(not_one)?;
        let Some(name) = claims.get("iss").and_then(Value::as_str) else {
            return Err(Denied::wrong("The token has no iss, or one that is no text."));
        };
        let found = self.issuers.iter().enumerate().find(|(_, issuer)| issuer.config().issuer == name);
        let Some((place, issuer)) = found else {
            let known: Vec<_> = self.issuers.iter().map(|issuer| issuer.config().issuer.as_str()).collect();
            let detail = format!(
                "The token's issuer is not one that this gateway knows. It takes tokens whose iss is {}.",
                known.join(" or ")
            );
            return Err(Denied::wrong(detail));
        };
        let algorithms = &issuer.config().algorithms;
        if !algorithms.contains(&header.alg) {
            let listed: Vec<_> = algorithms.iter().map(|algorithm| format!("{algorithm:?}")).collect();
            let detail = format!(
                "The token is signed with {:?}, which is not taken from its issuer; {} is.",
                header.alg,
                listed.join(" or ")
            );
            return Err(Denied::wrong(detail));
        }
        let known = issuer.known()?;
        let Some(key) = known.keys.find(header.kid.as_deref(), header.alg) else {
            issuer.refresh();
            let found = match header.kid {
                Some(_) => "No key of the token's issuer that is known here has the token's kid.",
                None => {
                    "The token has no kid, and not just one key of its issuer that is known here can have signed it."
                }
            };
            let keys = match issuer.config().jwks {
                KeySource::Url(_) => "New keys are looked for once a minute at most.",
                KeySource::File(_) => "Its issuer's keys are in a file here: who runs the gateway adds new ones.",
            };
            return Err(Denied::wrong(format!("{found} {keys}")));
        };
        let (message, signature) = token.rsplit_once('.').unwrap_or_default();
        if !crypto::verify(signature, message.as_bytes(), key, header.alg).unwrap_or(false) {
            return Err(Denied::wrong("The token's signature is not its issuer's."));
        }
        let (principal, ends) = claims::principal(&claims, issuer.config(), now)?;
        Ok(Good { principal, ends, issuer: place, generation: known.generation })
    }

    /// The files that `reload` reads.
    pub(super) fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.issuers.iter().filter_map(|issuer| issuer.file().map(ToOwned::to_owned))
    }

    /// Reads files of keys again; of a bad one, the old keys stay.
    pub(super) fn reload(&self) -> Vec<Problem> {
        self.issuers.iter().filter_map(|issuer| issuer.reload().err()).collect()
    }

    /// Fetches keys, and fetches them again when it is time.
    pub(super) async fn keep(&self) {
        join_all(self.issuers.iter().map(Issuer::keep)).await;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests;
