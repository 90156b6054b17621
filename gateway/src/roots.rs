//! Whom the gateway trusts when it calls out by TLS. Reads PEM files; knows neither whom it calls nor why.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Where systems keep the authorities that they trust: Debian, Fedora, SUSE, Alpine and the BSDs.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A file that is not what is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found in {file}")]
pub(crate) struct Unfit {
    /// What it should be.
    pub(crate) expected: &'static str,
    /// The file, or where it was looked for.
    pub(crate) file: String,
}

/// The authorities in a file, or the system's if none is named.
pub(crate) fn roots(ca: Option<&Path>) -> Result<RootCertStore, Unfit> {
    let system = || BUNDLES.map(Path::new).into_iter().find(|path| path.is_file());
    let Some(file) = ca.or_else(system) else {
        let expected = "a file of the authorities to trust; the system has none where it is looked for";
        return Err(Unfit { expected, file: BUNDLES.join(", ") });
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates(file)?);
    if added == 0 {
        return Err(Unfit { expected: "a certificate of an authority", file: file.display().to_string() });
    }
    Ok(roots)
}

/// The certificates in a file, at least one.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Unfit> {
    let wrong = || Unfit { expected: "certificates in PEM", file: file.display().to_string() };
    let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    found.ok().filter(|found| !found.is_empty()).ok_or_else(wrong)
}
