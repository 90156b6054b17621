//! Identify: who is calling. Knows credentials and principals; nothing of topics or rights. Decides by a request's head
//! and its connection, and never waits.

mod api_keys;
mod claims;
mod credential;
mod denied;
mod fetch;
mod issuer;
mod jwks;
mod jwt;
pub(crate) mod key_file;
pub(crate) mod token;
mod verdicts;
mod verifier;

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use forebay_schemas::problem::Problem;
use http::HeaderName;
use http::header::AUTHORIZATION;

use crate::clock;
use crate::config::Config;
use crate::config::authn::{CertificateName, Mtls};
use crate::config::network::Network;
use crate::event::{Certificate, Head, Principal, Rejection};
use crate::metrics::Metrics;
use crate::metrics::authn::{AuthnMetrics, Method, Proof};
use api_keys::ApiKeys;
use credential::Credential;
use denied::Denied;
use jwt::Issuers;

/// The longest name of a principal or a group, in bytes: that of the longest SPIFFE id (SPIFFE-ID, section 2.3).
const NAME_BYTES: usize = 2048;
/// Groups that one credential may name.
const GROUPS: usize = 64;

/// This second, counted from 1970; tests have their own.
type Clock = Box<dyn Fn() -> i64 + Send + Sync>;

/// Tells who is calling.
pub struct Authn {
    anonymous: Option<Principal>,
    api_keys: Option<KeyFile>,
    issuers: Issuers,
    mtls: Option<Mtls>,
    proxies: Option<Proxies>,
    /// Seconds before its end from which on a credential's sender is warned.
    warning: i64,
    clock: Clock,
    metrics: AuthnMetrics,
}

/// The API keys in force, and where they come from.
struct KeyFile {
    path: PathBuf,
    keys: ArcSwap<ApiKeys>,
}

/// The proxies whose word is taken, and where they say it.
struct Proxies {
    header: HeaderName,
    networks: Vec<Network>,
}

impl Authn {
    /// Reads the files that the configuration names. Calls nobody: issuers may be away.
    pub fn new(config: &Config, metrics: &Metrics) -> Result<Self, Vec<Problem>> {
        Self::at(config, metrics, Box::new(clock::seconds))
    }

    fn at(config: &Config, metrics: &Metrics, clock: Clock) -> Result<Self, Vec<Problem>> {
        let section = &config.authn;
        let metrics = metrics.authn().clone();
        let mut problems = Vec::new();
        let api_keys = section.api_keys.as_ref().and_then(|path| {
            let keys = key_file::load(path).map_err(|found| problems.extend(found)).ok()?;
            Some(KeyFile { path: path.clone(), keys: ArcSwap::from_pointee(keys) })
        });
        let issuers = Issuers::new(&section.jwt, &metrics).map_err(|found| problems.extend(found)).ok();
        let (Some(issuers), []) = (issuers, &*problems) else { return Err(problems) };
        let anonymous = section.anonymous_principal.as_deref().map(|name| match Principal::new(name.into()) {
            principal if section.unrestricted => principal.freed(),
            principal => principal,
        });
        let proxies = section.proxy.as_ref().and_then(|proxy| {
            let header = HeaderName::try_from(&proxy.header).ok()?;
            Some(Proxies { header, networks: config.listen.trusted_proxies.clone() })
        });
        let warning = i64::try_from(section.expiry_warning.as_secs()).unwrap_or(i64::MAX);
        Ok(Self { anonymous, api_keys, issuers, mtls: section.mtls, proxies, warning, clock, metrics })
    }

    /// The caller of a request. A credential that is shown counts, and the first of these that is: `Authorization`, the
    /// client's certificate, a proxy's header. If it is wrong, no other one is asked for.
    pub fn identify(&self, head: &Head) -> Result<Principal, Rejection> {
        let now = (self.clock)();
        let (method, found) = self.find(head, now);
        let proof = found.as_ref().map_or_else(|denied| denied.proof, |_| Proof::Accepted);
        self.metrics.authentication(method, proof);
        found.map_err(|denied| self.reject(method, denied))
    }

    /// Who sends what is still coming of a request whose caller was identified before. Nothing is counted again.
    pub fn identify_again(&self, head: &Head) -> Result<Principal, Rejection> {
        let (method, found) = self.find(head, (self.clock)());
        found.map_err(|denied| self.reject(method, denied))
    }

    fn find(&self, head: &Head, now: i64) -> (Method, Result<Principal, Denied>) {
        let mut shown = head.headers.get_all(AUTHORIZATION).iter();
        if let Some(first) = shown.next() {
            if shown.next().is_some() {
                return (Method::None, Err(Denied::wrong("There is more than one Authorization header.")));
            }
            return match credential::read(first) {
                Ok(Credential::ApiKey { id, secret }) => (Method::ApiKey, self.by_api_key(&id, &secret, now)),
                Ok(Credential::DamagedKey) => (Method::ApiKey, Err(self.damaged())),
                Ok(Credential::Jwt(token)) => (Method::Jwt, self.by_token(token, now)),
                Err(denied) => (Method::None, Err(denied)),
            };
        }
        if let (Some(mtls), Some(certificate)) = (self.mtls, &head.peer.certificate) {
            return (Method::Mtls, self.by_certificate(mtls, certificate, now));
        }
        if let Some(proxies) = self.proxies.as_ref().filter(|proxies| head.headers.contains_key(&proxies.header)) {
            return (Method::Proxy, proxies.principal(head));
        }
        if let Some(principal) = &self.anonymous {
            return (Method::Anonymous, Ok(principal.clone()));
        }
        (Method::None, Err(Denied::wrong(format!("Nothing says who is calling. {}", self.ways()))))
    }

    fn damaged(&self) -> Denied {
        if self.api_keys.is_none() {
            return self.no_keys();
        }
        Denied::wrong("The API key is damaged: its checksum is not that of its other characters. Copy it again.")
    }

    fn no_keys(&self) -> Denied {
        Denied::wrong(format!("API keys are not taken here. {}", self.ways()))
    }

    fn by_api_key(&self, id: &str, secret: &str, now: i64) -> Result<Principal, Denied> {
        let file = self.api_keys.as_ref().ok_or_else(|| self.no_keys())?;
        let (principal, ends) = file.keys.load().find(id, secret, now)?;
        Ok(self.warned(principal, ends, now))
    }

    fn by_token(&self, token: &str, now: i64) -> Result<Principal, Denied> {
        if self.issuers.is_empty() {
            let detail =
                format!("What stands behind Bearer is no API key, and tokens are not taken here. {}", self.ways());
            return Err(Denied::wrong(detail));
        }
        self.issuers.verify(token, now)
    }

    fn by_certificate(&self, mtls: Mtls, certificate: &Certificate, now: i64) -> Result<Principal, Denied> {
        let (kind, found) = match mtls.principal {
            CertificateName::Spiffe => ("SPIFFE id", &certificate.spiffe),
            CertificateName::Dns => ("DNS name", &certificate.dns),
            CertificateName::Subject => ("subject", &certificate.subject),
        };
        if now > certificate.not_after {
            return Err(Denied::expired("The client's certificate has ended since the connection was opened."));
        }
        if found.as_ref().is_some_and(|found| found.len() > NAME_BYTES) {
            let detail =
                format!("The client's certificate can't be taken: its {kind} is longer than {NAME_BYTES} bytes.");
            return Err(Denied::wrong(detail));
        }
        let name = found.as_deref().and_then(name);
        let name =
            name.ok_or_else(|| Denied::wrong(format!("The client's certificate has no {kind} to know it by.")))?;
        let principal = Principal::new(name);
        // SPIFFE's agents renew certificates that live for an hour; a warning would stand on every answer.
        let renews_itself = mtls.principal == CertificateName::Spiffe;
        Ok(if renews_itself { principal } else { self.warned(principal, certificate.not_after, now) })
    }

    fn warned(&self, principal: Principal, ends: i64, now: i64) -> Principal {
        if ends.saturating_sub(now) <= self.warning { principal.expiring(ends) } else { principal }
    }

    /// What a caller may show and how, for people.
    fn ways(&self) -> String {
        let mut ways = Vec::new();
        if self.api_keys.is_some() {
            ways.push("an API key (Authorization: Bearer fb_…)".to_owned());
        }
        if !self.issuers.is_empty() {
            ways.push("a token (Authorization: Bearer and the token)".to_owned());
        }
        if self.mtls.is_some() {
            ways.push("a client certificate (shown when the connection is opened)".to_owned());
        }
        if let Some(proxies) = &self.proxies {
            ways.push(format!("a trusted proxy's header ({})", proxies.header));
        }
        if ways.is_empty() {
            return "Send no credential: this gateway takes everyone.".to_owned();
        }
        format!("This gateway takes {}.", ways.join(" or "))
    }

    fn reject(&self, method: Method, denied: Denied) -> Rejection {
        let code = denied.code();
        let challenges = if denied.proof == Proof::Unavailable { Vec::new() } else { self.challenges(method) };
        Rejection::new(code, denied.detail).challenging(challenges)
    }

    /// What `WWW-Authenticate` says, a challenge a header (RFC 9110, section 11.6.1; `Bearer`: RFC 6750, section 3;
    /// `Basic`: RFC 7617). There must be one, also where only what is no scheme of HTTP is taken.
    fn challenges(&self, method: Method) -> Vec<String> {
        let mut challenges = Vec::new();
        if self.api_keys.is_some() || !self.issuers.is_empty() {
            let wrong = matches!(method, Method::ApiKey | Method::Jwt);
            let error = if wrong { ", error=\"invalid_token\"" } else { "" };
            challenges.push(format!("Bearer realm=\"forebay\"{error}"));
        }
        if self.api_keys.is_some() {
            challenges.push("Basic realm=\"forebay\", charset=\"UTF-8\"".to_owned());
        }
        if challenges.is_empty() {
            let scheme = match (&self.mtls, &self.proxies) {
                (Some(_), _) => "ClientCertificate",
                (None, Some(_)) => "TrustedProxy",
                (None, None) => "Anonymous",
            };
            challenges.push(format!("{scheme} realm=\"forebay\""));
        }
        challenges
    }

    /// How many API keys of each principal end soon.
    pub fn expiring(&self) -> Vec<(Arc<str>, u64)> {
        let now = (self.clock)();
        self.api_keys.as_ref().map(|file| file.keys.load().expiring(now, self.warning)).unwrap_or_default()
    }

    /// The files that `reload` reads.
    pub fn files(&self) -> Vec<PathBuf> {
        let keys = self.api_keys.iter().map(|file| file.path.clone());
        keys.chain(self.issuers.files()).collect()
    }

    /// Reads the files again. Each one that is sound is in force at once; of each that is not, the old keys stay, and
    /// its mistakes are logged and handed back.
    pub fn reload(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        if let Some(file) = &self.api_keys {
            let read = key_file::load(&file.path);
            self.metrics.reload(read.is_ok());
            match read {
                Ok(keys) => {
                    tracing::info!(keys = keys.len(), "API keys were reloaded");
                    file.keys.store(Arc::new(keys));
                }
                Err(found) => problems.extend(found),
            }
        }
        problems.extend(self.issuers.reload());
        for problem in &problems {
            tracing::error!(%problem, "changed credentials are wrong; the old ones stay in force");
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Fetches issuers' keys, and fetches them again when it is time. Ends at once if there are none to fetch.
    pub async fn keep(self: Arc<Self>) {
        self.issuers.keep().await;
    }
}

impl Proxies {
    /// Whom a proxy names. From anyone else the header is an attempt, or a proxy that the configuration does not know.
    fn principal(&self, head: &Head) -> Result<Principal, Denied> {
        if !self.networks.iter().any(|network| network.contains(head.peer.address)) {
            let detail = format!(
                "{} is taken from trusted proxies only, and this connection comes from elsewhere.",
                self.header
            );
            return Err(Denied::wrong(detail));
        }
        let mut values = head.headers.get_all(&self.header).iter();
        let only = values.next().filter(|_| values.next().is_none());
        let name = only.and_then(|value| value.to_str().ok()).and_then(name);
        let wrong = || Denied::wrong(format!("{} must stand there once, with a name.", self.header));
        name.map(Principal::new).ok_or_else(wrong)
    }
}

/// A principal's or a group's name: some text, not too long, without control characters.
fn name(text: &str) -> Option<Arc<str>> {
    let sound = !text.trim().is_empty() && text.len() <= NAME_BYTES && !text.contains(char::is_control);
    sound.then(|| text.into())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests;
