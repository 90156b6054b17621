//! How callers prove who they are. Knows values and names of files; `crate::ingest::authn` reads the files.

pub mod jwt;

use std::path::PathBuf;
use std::time::Duration;

use forebay_schemas::document::{Node, Reader};
use forebay_schemas::problem::Problem;
use http::HeaderName;
use serde::Serialize;

use super::show::as_duration;
use jwt::Jwt;

/// The name that anonymous callers get; said beside `anonymous`, so that nobody opens a gateway by one wrong word.
const PRINCIPAL: &str = "anonymous_principal";
/// The members that name a way to prove who one is.
const WAYS: [&str; 4] = ["api_keys", "jwt", "mtls", "proxy"];
/// What must be said if nothing is.
pub(super) const REQUIRED: &str =
    "a way to know a caller: api_keys, jwt, mtls or proxy; or anonymous: true and anonymous_principal: NAME";
/// The header in which a proxy says who is calling, if the configuration names no other.
const HEADER: &str = "x-forebay-principal";

/// How callers prove who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Authn {
    /// The principal of those who show no credential; none if everyone must.
    pub anonymous_principal: Option<String>,
    /// The file of API keys.
    pub api_keys: Option<PathBuf>,
    /// Whose tokens are taken.
    pub jwt: Vec<Jwt>,
    /// What client certificates count for.
    pub mtls: Option<Mtls>,
    /// How proxies say who is calling.
    pub proxy: Option<Proxy>,
    /// How long before its end a credential's sender is warned.
    #[serde(serialize_with = "as_duration")]
    pub expiry_warning: Duration,
    /// Whether contracts' `producers` do not bind the caller. Only `forebay dev` sets it.
    #[serde(skip)]
    pub unrestricted: bool,
}

/// What client certificates count for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Mtls {
    /// Which of a certificate's names is the principal.
    pub principal: CertificateName,
}

/// One of a certificate's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateName {
    /// The SPIFFE id.
    Spiffe,
    /// The first DNS name.
    Dns,
    /// The subject, as RFC 4514 spells it.
    Subject,
}

/// How proxies say who is calling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proxy {
    /// The header of the principal's name, in lower case.
    pub header: String,
}

impl Default for Authn {
    fn default() -> Self {
        Self {
            anonymous_principal: None,
            api_keys: None,
            jwt: Vec::new(),
            mtls: None,
            proxy: None,
            expiry_warning: Duration::from_hours(14 * 24),
            unrestricted: false,
        }
    }
}

impl Authn {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let d = Self::default();
        let authn = Self {
            anonymous_principal: anonymous(&mut r),
            api_keys: r.optional("api_keys", Node::text).map(PathBuf::from),
            jwt: r.optional("jwt", jwt::list).unwrap_or_default(),
            mtls: r.section("mtls").and_then(mtls),
            proxy: r.section("proxy").map(proxy),
            expiry_warning: r.duration("expiry_warning").unwrap_or(d.expiry_warning),
            unrestricted: false,
        };
        r.finish();
        authn
    }
}

fn anonymous(r: &mut Reader<'_, '_>) -> Option<String> {
    let wanted = r.boolean("anonymous").unwrap_or(false);
    let proven = WAYS.iter().any(|way| r.node().get(way).is_some());
    match (wanted, r.member(PRINCIPAL).is_some()) {
        (true, true) => return r.required_string(PRINCIPAL),
        (true, false) => {
            r.missing(PRINCIPAL, "anonymous_principal: NAME, the name that callers get in contracts and logs");
        }
        (false, true) => {
            r.missing("anonymous", "anonymous: true beside anonymous_principal; it is said twice on purpose");
        }
        (false, false) if !proven => r.missing("api_keys", REQUIRED),
        (false, false) => {}
    }
    None
}

fn mtls(mut r: Reader<'_, '_>) -> Option<Mtls> {
    let known =
        [("spiffe", CertificateName::Spiffe), ("dns", CertificateName::Dns), ("subject", CertificateName::Subject)];
    let expected = "the certificate's name that counts: spiffe, dns or subject";
    let principal = r.required("principal", expected, |node, problems| node.one_of(&known, problems));
    r.finish();
    principal.map(|principal| Mtls { principal })
}

fn proxy(mut r: Reader<'_, '_>) -> Proxy {
    let header = r.optional("header", header).unwrap_or_else(|| HEADER.to_owned());
    r.finish();
    Proxy { header }
}

fn header(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let name = HeaderName::try_from(node.string(problems)?).ok().filter(|name| *name != http::header::AUTHORIZATION);
    if name.is_none() {
        problems.push(node.mismatch("a header's name other than Authorization, such as X-Forebay-Principal"));
    }
    name.map(|name| name.as_str().to_owned())
}
