//! What is counted of TLS on the listeners. Labels come from the code.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// The counters of TLS on the listeners.
#[derive(Debug, Clone, Default)]
pub struct TlsMetrics(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    handshakes: Family<HandshakeLabels, Counter>,
    reloads: Family<ReloadLabels, Counter>,
    expires: Family<ListenerLabels, Gauge>,
}

/// How a handshake ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handshake {
    /// With a connection.
    Completed,
    /// It was none: the first byte is no TLS.
    NotTls,
    /// The client showed no certificate that is believed.
    Certificate,
    /// The client gave up or broke off, or has no version or cipher in common.
    Failed,
    /// The client took too long.
    TimedOut,
    /// Its turn did not come in time, since there were too many.
    Crowded,
}

/// One of the gateway's listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Listener {
    /// Where events come in.
    Data,
    /// Where operators look.
    Admin,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HandshakeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabels {
    listener: &'static str,
}

/// What labels say of a reload.
const RELOADED: [&str; 2] = ["refused", "applied"];

impl Handshake {
    const ALL: [Self; 6] =
        [Self::Completed, Self::NotTls, Self::Certificate, Self::Failed, Self::TimedOut, Self::Crowded];

    fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NotTls => "not_tls",
            Self::Certificate => "certificate",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Crowded => "crowded",
        }
    }
}

impl Listener {
    /// Its name in labels and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Admin => "admin",
        }
    }
}

impl TlsMetrics {
    pub(super) fn register(&self, r: &mut Registry) {
        let all = &self.0;
        for outcome in Handshake::ALL {
            drop(all.handshakes.get_or_create(&HandshakeLabels { outcome: outcome.as_str() }));
        }
        for result in RELOADED {
            drop(all.reloads.get_or_create(&ReloadLabels { result }));
        }
        r.register("tls_handshakes", "TLS handshakes of clients, by outcome", all.handshakes.clone());
        r.register("tls_reloads", "Reloads of a listener's certificates, by result", all.reloads.clone());
        let expires = "When the certificate that a listener shows ends, in Unix time";
        r.register_with_unit("tls_certificate_expires", expires, Unit::Seconds, all.expires.clone());
    }

    /// A client's handshake ended.
    pub fn handshake(&self, outcome: Handshake) {
        self.0.handshakes.get_or_create(&HandshakeLabels { outcome: outcome.as_str() }).inc();
    }

    /// A listener's files were read again, and taken or refused.
    pub fn reload(&self, applied: bool) {
        self.0.reloads.get_or_create(&ReloadLabels { result: RELOADED[usize::from(applied)] }).inc();
    }

    /// A listener shows a certificate that ends then, in seconds since 1970.
    pub fn shows(&self, listener: Listener, expires: i64) {
        self.0.expires.get_or_create(&ListenerLabels { listener: listener.as_str() }).set(expires);
    }
}
