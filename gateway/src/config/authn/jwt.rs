//! Whose tokens are taken: an issuer, where its keys are, and what its tokens must say. Knows no keys.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use forebay_schemas::document::{Node, Reader};
use forebay_schemas::problem::Problem;
use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde::Serialize;

use super::super::show::{self, as_duration};

/// What an issuer's section looks like.
const EXPECTED: &str =
    "an issuer, as in { issuer: https://id.corp, audience: forebay, jwks: https://id.corp/keys, algorithms: [RS256] }";
/// Algorithms that can be checked here.
const ALGORITHMS: &str = "one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";
/// The longest that clocks may differ.
const LONGEST_LEEWAY: Duration = Duration::from_mins(10);

/// One issuer of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwt {
    /// What its tokens say in `iss`.
    pub issuer: String,
    /// Of these, one must be among the `aud` of its tokens.
    pub audience: Vec<String>,
    /// Where its public keys are.
    pub jwks: KeySource,
    /// A PEM file of the only authorities that are trusted where the keys are fetched from; the system's if it is not set.
    pub ca: Option<PathBuf>,
    /// What its tokens may be signed with, whatever they say themselves.
    pub algorithms: Vec<Algorithm>,
    /// The claim of the principal's name: a name, or a JSON Pointer.
    pub principal: String,
    /// The claim of its groups.
    pub groups: String,
    /// How far its clock and the gateway's may differ.
    #[serde(serialize_with = "as_duration")]
    pub leeway: Duration,
}

/// Where an issuer's public keys are (JWK Set, RFC 7517, section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum KeySource {
    /// At an address.
    Url(String),
    /// In a file.
    File(PathBuf),
}

/// A list of issuers, none twice.
pub(super) fn list(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<Jwt>> {
    let issuers = node.list(problems, issuer)?;
    for (index, one) in issuers.iter().enumerate() {
        if issuers[..index].iter().any(|earlier| earlier.issuer == one.issuer) {
            problems.push(node.problem("each issuer once", format!("{} twice", one.issuer)));
        }
    }
    if issuers.is_empty() {
        problems.push(node.problem(EXPECTED, "an empty list"));
    }
    Some(issuers)
}

fn issuer(node: &Node, problems: &mut Vec<Problem>) -> Option<Jwt> {
    let mut r = Reader::expecting(EXPECTED, node, problems);
    let issuer = r.required("issuer", "what tokens say in iss", Node::text);
    let audience = r.required("audience", "what tokens must say in aud, such as forebay", audiences);
    let jwks = r.required("jwks", "the address or the file of the issuer's keys", source);
    let ca = r.optional("ca", Node::text).map(PathBuf::from);
    let is_https = |source: &KeySource| matches!(source, KeySource::Url(url) if url.starts_with("https:"));
    if let (Some(_), Some(false)) = (&ca, jwks.as_ref().map(is_https)) {
        r.refuse("ca", "no ca here: jwks is no https address, so that nothing is fetched by TLS");
    }
    let algorithms = r.required("algorithms", "what tokens may be signed with, such as [RS256]", algorithms);
    let principal = r.optional("principal", Node::text).unwrap_or_else(|| "sub".to_owned());
    let groups = r.optional("groups", Node::text).unwrap_or_else(|| "groups".to_owned());
    let leeway = r.optional("leeway", leeway).unwrap_or(Duration::from_secs(30));
    r.finish();
    Some(Jwt {
        issuer: issuer?,
        audience: audience?,
        jwks: jwks?,
        ca,
        algorithms: algorithms?,
        principal,
        groups,
        leeway,
    })
}

fn audiences(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<String>> {
    let audiences = node.strings(problems)?;
    let found = match &*audiences {
        [] => "an empty list",
        names if names.iter().any(|name| name.trim().is_empty()) => "an empty name",
        _ => return Some(audiences),
    };
    problems.push(node.problem("an audience, or a list of them", found));
    None
}

fn source(node: &Node, problems: &mut Vec<Problem>) -> Option<KeySource> {
    let text = node.text(problems)?;
    let Some((scheme, _)) = text.split_once("://") else { return Some(KeySource::File(PathBuf::from(text))) };
    let uri = text.parse::<http::Uri>().ok().filter(|_| !text.contains(['@', '#']));
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    let fits = match scheme {
        "https" => !host.is_empty(),
        // Whoever stands between could hand out keys of its own.
        "http" => is_this_machine(host),
        _ => false,
    };
    if !fits {
        let expected =
            "an address with https, such as https://id.corp/keys; http goes within this machine only; or a file";
        // What stands before an @ may be a password.
        let found = if text.contains('@') { "an address with an @".to_owned() } else { node.describe() };
        problems.push(node.problem(expected, found));
    }
    fits.then_some(KeySource::Url(text))
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn algorithms(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<Algorithm>> {
    let names = node.strings(problems)?;
    if names.is_empty() {
        problems.push(node.problem(ALGORITHMS, "an empty list"));
        return None;
    }
    let algorithms: Vec<_> = names.iter().map(|name| algorithm(node, name, problems)).collect();
    algorithms.into_iter().collect()
}

fn algorithm(node: &Node, name: &str, problems: &mut Vec<Problem>) -> Option<Algorithm> {
    let algorithm = name.parse::<Algorithm>().ok();
    let expected = match algorithm {
        Some(algorithm) if algorithm.family() != AlgorithmFamily::Hmac => return Some(algorithm),
        Some(_) => "no symmetric algorithm, since whoever can check such a token can also make one",
        None if name.eq_ignore_ascii_case("none") => "an algorithm, since a token that nobody signed proves nothing",
        None => "a known algorithm",
    };
    problems.push(node.problem(format!("{expected}: {ALGORITHMS}"), name));
    None
}

fn leeway(node: &Node, problems: &mut Vec<Problem>) -> Option<Duration> {
    let leeway = node.duration(problems)?;
    if leeway > LONGEST_LEEWAY {
        problems.push(node.mismatch(format!("at most {}", show::duration(LONGEST_LEEWAY))));
        return None;
    }
    Some(leeway)
}
