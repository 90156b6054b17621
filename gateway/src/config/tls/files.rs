//! Reads and checks the PEM files that a listener's TLS is made of. Each flaw is a sentence of its own; none quotes a
//! file, since one of them is a secret.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::Tls;

/// What the files have.
#[derive(Debug, Clone)]
pub struct Material {
    /// The gateway's certificate with its key.
    pub own: Arc<CertifiedKey>,
    /// When the certificate ends, in seconds since 1970.
    pub expires: i64,
    /// The authorities whose clients are believed.
    pub clients: Option<Arc<RootCertStore>>,
}

/// What is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The member that names the file.
    pub member: &'static str,
    /// What would have been right.
    pub expected: String,
    /// What there is.
    pub found: String,
}

impl Flaw {
    fn new(member: &'static str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { member, expected: expected.into(), found: found.into() }
    }

    /// A file that can't be read; of the reader's other errors each has its place.
    fn unreadable(member: &'static str, error: &io::Error) -> Self {
        Self::new(member, "a file that can be read", error.to_string())
    }
}

pub(super) fn load(tls: &Tls, now: SystemTime) -> Result<Material, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let mut keep = |flaw: Flaw| flaws.push(flaw);
    let chain = chain(&tls.certificate, now).map_err(&mut keep).ok();
    let key = key(&tls.key).map_err(&mut keep).ok();
    let clients = tls.client_ca.as_deref().map(authorities).transpose().map_err(&mut keep).ok();
    let own = chain.zip(key).and_then(|((chain, expires), key)| {
        let certified = certified(chain, key, &tls.certificate).map_err(&mut keep).ok()?;
        Some((certified, expires))
    });
    match (own, clients) {
        (Some((own, expires)), Some(clients)) if flaws.is_empty() => Ok(Material { own, expires, clients }),
        _ => Err(flaws),
    }
}

/// The gateway's own certificate, those that lead to its authority, and its end in seconds since 1970.
fn chain(file: &Path, now: SystemTime) -> Result<(Vec<CertificateDer<'static>>, i64), Flaw> {
    const MEMBER: &str = "certificate";
    let chain = certificates(MEMBER, file)?;
    let leaf = chain.first().and_then(|leaf| X509Certificate::from_der(leaf).ok());
    let Some((_, leaf)) = leaf else {
        return Err(Flaw::new(MEMBER, "an X.509 certificate", "something else in the first PEM block"));
    };
    let (begin, end) = (leaf.validity().not_before, leaf.validity().not_after);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let found = if end.timestamp() <= now {
        format!("one that expired at {end}")
    } else if begin.timestamp() > now {
        format!("one that is valid only from {begin}")
    } else {
        return Ok((chain, end.timestamp()));
    };
    Err(Flaw::new(MEMBER, "a certificate that is valid", found))
}

fn key(file: &Path) -> Result<PrivateKeyDer<'static>, Flaw> {
    // The reader's error may quote what it could not read.
    PrivateKeyDer::from_pem_file(file).map_err(|error| match error {
        pem::Error::Io(error) => Flaw::unreadable("key", &error),
        _ => Flaw::new("key", "a private key in PEM without a passphrase", "none that can be read"),
    })
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    certificate: &Path,
) -> Result<Arc<CertifiedKey>, Flaw> {
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(chain, key, &provider).map(Arc::new).map_err(|error| match error {
        Error::InconsistentKeys(_) => {
            let expected = format!("the private key of the certificate in {}", certificate.display());
            Flaw::new("key", expected, "the key of another one")
        }
        Error::InvalidCertificate(_) => {
            Flaw::new("certificate", "a certificate for servers (X.509 version 3)", "one that can't be used")
        }
        _ => Flaw::new(
            "key",
            "an RSA key of 2048 bits or more, an ECDSA key (P-256, P-384) or an Ed25519 key",
            "one that can't be used",
        ),
    })
}

fn authorities(file: &Path) -> Result<Arc<RootCertStore>, Flaw> {
    const MEMBER: &str = "client_ca";
    let mut roots = RootCertStore::empty();
    for (index, certificate) in certificates(MEMBER, file)?.into_iter().enumerate() {
        let unusable = |_| {
            let found = format!("one that can't be read as block {} of the file", index + 1);
            Flaw::new(MEMBER, "certificates of authorities", found)
        };
        roots.add(certificate).map_err(unusable)?;
    }
    Ok(Arc::new(roots))
}

fn certificates(member: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, Flaw> {
    let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = found.map_err(|error| match error {
        pem::Error::Io(error) => Flaw::unreadable(member, &error),
        _ => Flaw::new(member, "certificates in PEM", "PEM that can't be read"),
    })?;
    if found.is_empty() {
        return Err(Flaw::new(member, "a certificate in PEM", "a file without one"));
    }
    Ok(found)
}
