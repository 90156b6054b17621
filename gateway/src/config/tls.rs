//! TLS on one listener: who the gateway is, which authorities' clients it believes, and what a handshake may take.
//! Knows values, and that the files they name are sound; nothing of connections.

mod files;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use forebay_schemas::document::{Node, Reader};
use forebay_schemas::problem::Problem;
use serde::Serialize;

use super::show::as_duration;
use super::times::timer;

pub use files::{Flaw, Material};

/// TLS on one listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// A PEM file of the gateway's certificate and those that lead to its authority.
    pub certificate: PathBuf,
    /// A PEM file of the certificate's private key.
    pub key: PathBuf,
    /// A PEM file of the authorities whose clients are believed.
    pub client_ca: Option<PathBuf>,
    /// Whether clients show a certificate.
    pub client_certificate: ClientCertificate,
    /// How long a handshake may take, from the connection's beginning.
    #[serde(serialize_with = "as_duration")]
    pub handshake_timeout: Duration,
    /// Handshakes that are worked on at the same time; one more waits within its time.
    pub handshakes: usize,
}

/// Whether clients show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificate {
    /// They are not asked for one.
    None,
    /// They may; one of another authority ends the handshake.
    Optional,
    /// They must.
    Required,
}

const CLIENT_CERTIFICATE: [(&str, ClientCertificate); 3] = [
    ("none", ClientCertificate::None),
    ("optional", ClientCertificate::Optional),
    ("required", ClientCertificate::Required),
];

impl Tls {
    /// Everything by default but the two files that can't be.
    pub fn of(certificate: PathBuf, key: PathBuf) -> Self {
        Self {
            certificate,
            key,
            client_ca: None,
            client_certificate: ClientCertificate::None,
            handshake_timeout: Duration::from_secs(5),
            handshakes: 256,
        }
    }

    /// Of a listener that knows callers by more than their certificates.
    pub(super) fn read(r: Reader<'_, '_>) -> Self {
        Self::asking(ClientCertificate::Optional, r)
    }

    /// Of a listener that asks nobody who they are: an authority there shuts everyone else out.
    pub(super) fn read_strictly(r: Reader<'_, '_>) -> Self {
        Self::asking(ClientCertificate::Required, r)
    }

    /// `least` is what clients are asked for where there is an authority, if nothing else is said.
    fn asking(least: ClientCertificate, mut r: Reader<'_, '_>) -> Self {
        let certificate =
            r.required("certificate", "a file of the certificate beside key, such as certificate: cert.pem", path);
        let key = r.required("key", "a file of its private key beside certificate, such as key: key.pem", path);
        let client_ca = r.optional("client_ca", path);
        let (asked, authority) = (r.one_of("client_certificate", &CLIENT_CERTIFICATE), r.member("client_ca").is_some());
        let d = Self::of(certificate.unwrap_or_default(), key.unwrap_or_default());
        let by_default = if authority { least } else { ClientCertificate::None };
        let tls = Self {
            client_ca,
            client_certificate: asked.unwrap_or(by_default),
            handshake_timeout: timer(&mut r, "handshake_timeout", d.handshake_timeout),
            handshakes: r
                .integer("handshakes", 1..=100_000)
                .and_then(|value| usize::try_from(value).ok())
                .unwrap_or(d.handshakes),
            ..d
        };
        tls.hold_together(authority.then_some(least), &mut r);
        for flaw in tls.flaws() {
            let problem = r.member(flaw.member).map(|member| member.problem(flaw.expected, flaw.found));
            r.problems().extend(problem);
        }
        r.finish();
        tls
    }

    /// What is fine alone and wrong together. `least` is what clients must be asked for; none without an authority.
    fn hold_together(&self, least: Option<ClientCertificate>, r: &mut Reader<'_, '_>) {
        let expected = match (least, self.client_certificate) {
            (None, ClientCertificate::Optional | ClientCertificate::Required) => {
                let expected = "a file of the authorities whose clients are believed, beside client_certificate";
                return r.missing("client_ca", expected);
            }
            (Some(ClientCertificate::Required), ClientCertificate::None | ClientCertificate::Optional) => {
                "required beside client_ca, since nothing else asks here who is calling; or no client_ca"
            }
            (Some(_), ClientCertificate::None) => "optional or required beside client_ca, or no client_ca",
            _ => return,
        };
        let problem = r.member("client_certificate").map(|member| member.mismatch(expected));
        r.problems().extend(problem);
    }

    /// What is wrong with the files of this moment, as far as they are named.
    fn flaws(&self) -> Vec<Flaw> {
        let named = !self.certificate.as_os_str().is_empty() && !self.key.as_os_str().is_empty();
        if named { self.load(SystemTime::now()).err().unwrap_or_default() } else { Vec::new() }
    }

    /// Reads the files. A certificate that is not valid at `now` is a flaw.
    pub fn load(&self, now: SystemTime) -> Result<Material, Vec<Flaw>> {
        files::load(self, now)
    }

    /// The file that a member names.
    pub fn file(&self, member: &str) -> &Path {
        match (member, &self.client_ca) {
            ("key", _) => &self.key,
            ("client_ca", Some(file)) => file,
            _ => &self.certificate,
        }
    }
}

fn path(node: &Node, problems: &mut Vec<Problem>) -> Option<PathBuf> {
    node.text(problems).map(PathBuf::from)
}
