//! Authorities that are made for a test, and the files that a listener's TLS is made of.

use std::path::PathBuf;

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

/// A certificate and its key.
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) private: PrivateKeyDer<'static>,
}

/// An authority of a test.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub(crate) fn pem(&self) -> String {
        pem("CERTIFICATE", self.0.der())
    }

    /// A certificate for these names.
    pub(crate) fn issue(&self, names: &[SanType]) -> Identity {
        self.sign(|params| params.subject_alt_names = names.to_vec())
    }

    /// A certificate for localhost.
    pub(crate) fn server(&self) -> Identity {
        self.issue(&[SanType::DnsName("localhost".try_into().unwrap())])
    }

    /// A certificate with this changed.
    pub(crate) fn sign(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity {
            certificate: pem("CERTIFICATE", certificate.der()),
            key: pem("PRIVATE KEY", &key.serialize_der()),
            chain: vec![certificate.der().clone()],
            private: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

/// The files of a listener's TLS.
pub(crate) struct Files(TempDir);

impl Files {
    /// Files of this certificate, without an authority for clients.
    pub(crate) fn of(identity: &Identity) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.replace(identity);
        files
    }

    pub(crate) fn replace(&self, identity: &Identity) {
        self.write("cert.pem", &identity.certificate);
        self.write("key.pem", &identity.key);
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The value of `listen.tls`, with more members behind the two files.
    pub(crate) fn section(&self, more: &str) -> String {
        let [certificate, key] = ["cert.pem", "key.pem"].map(|name| self.path(name).display().to_string());
        format!("{{certificate: {certificate}, key: {key}{more}}}")
    }

    /// The same with an authority whose clients are believed.
    pub(crate) fn believing(&self, authority: &Authority, more: &str) -> String {
        self.write("ca.pem", &authority.pem());
        self.section(&format!(", client_ca: {}{more}", self.path("ca.pem").display()))
    }
}
