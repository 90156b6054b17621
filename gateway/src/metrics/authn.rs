//! What is counted of callers and their credentials. Labels come from the code, and from the file of API keys.

use std::sync::Arc;

use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// The counters of callers and their credentials.
#[derive(Debug, Clone)]
pub struct AuthnMetrics(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    authentications: Family<AuthenticationLabels, Counter>,
    /// The same counters, at hand: one look-up a request less.
    at_hand: [[Counter; Proof::ALL.len()]; Method::ALL.len()],
    reloads: Family<ResultLabels, Counter>,
    key_fetches: Family<ResultLabels, Counter>,
}

/// How a caller tried to prove who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// By an API key.
    ApiKey,
    /// By a token.
    Jwt,
    /// By its certificate.
    Mtls,
    /// By the word of a proxy.
    Proxy,
    /// Not at all, where that is enough.
    Anonymous,
    /// Not at all, or by something that is not known here.
    None,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    /// The caller is known.
    Accepted,
    /// The credential is none, or none for here.
    Refused,
    /// The credential was good until it ended.
    Expired,
    /// The credential can't be checked yet.
    Unavailable,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AuthenticationLabels {
    method: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// What labels say of a reload of files of keys.
const RELOADS: [&str; 2] = ["refused", "applied"];
/// What labels say of a fetch of an issuer's keys.
const FETCHES: [&str; 2] = ["failed", "fetched"];

impl Method {
    const ALL: [Self; 6] = [Self::ApiKey, Self::Jwt, Self::Mtls, Self::Proxy, Self::Anonymous, Self::None];

    fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Jwt => "jwt",
            Self::Mtls => "mtls",
            Self::Proxy => "proxy",
            Self::Anonymous => "anonymous",
            Self::None => "none",
        }
    }
}

impl Proof {
    const ALL: [Self; 4] = [Self::Accepted, Self::Refused, Self::Expired, Self::Unavailable];

    fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Default for AuthnMetrics {
    fn default() -> Self {
        let authentications = Family::<AuthenticationLabels, Counter>::default();
        let counter = |method: Method, proof: Proof| {
            let labels = AuthenticationLabels { method: method.as_str(), outcome: proof.as_str() };
            authentications.get_or_create_owned(&labels)
        };
        let at_hand = Method::ALL.map(|method| Proof::ALL.map(|proof| counter(method, proof)));
        Self(Arc::new(Counters {
            authentications,
            at_hand,
            reloads: Family::default(),
            key_fetches: Family::default(),
        }))
    }
}

impl AuthnMetrics {
    pub(super) fn register(&self, r: &mut Registry) {
        let all = &self.0;
        for (results, family) in [(RELOADS, &all.reloads), (FETCHES, &all.key_fetches)] {
            for result in results {
                drop(family.get_or_create(&ResultLabels { result }));
            }
        }
        let help = "Requests by how their callers tried to prove who they are, and what came of it";
        r.register("authentications", help, all.authentications.clone());
        let help = "Reloads of files of API keys and of issuers' keys, by result";
        r.register("credential_reloads", help, all.reloads.clone());
        r.register("jwks_fetches", "Fetches of issuers' keys, by result", all.key_fetches.clone());
    }

    /// A caller was identified, or not.
    pub fn authentication(&self, method: Method, proof: Proof) {
        self.0.at_hand[method as usize][proof as usize].inc();
    }

    /// A file of keys was taken into force, or refused.
    pub fn reload(&self, applied: bool) {
        self.0.reloads.get_or_create(&ResultLabels { result: RELOADS[usize::from(applied)] }).inc();
    }

    /// An issuer's keys were fetched, or could not be.
    pub fn fetch(&self, fetched: bool) {
        self.0.key_fetches.get_or_create(&ResultLabels { result: FETCHES[usize::from(fetched)] }).inc();
    }
}

/// Writes how many API keys of each principal end soon.
pub(super) fn encode_expiring(encoder: &mut DescriptorEncoder<'_>, expiring: &[(Arc<str>, u64)]) -> std::fmt::Result {
    let help = "API keys that end within authn.expiry_warning, by principal";
    let mut family = encoder.encode_descriptor("credentials_expiring", help, None, MetricType::Gauge)?;
    for (principal, keys) in expiring {
        ConstGauge::new(*keys).encode(family.encode_family(&[("principal", &**principal)])?)?;
    }
    Ok(())
}
