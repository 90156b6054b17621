//! TLS towards the registry: whom the gateway trusts, and how it proves who it is. Reads PEM files; knows no requests.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::failure::SetupError;
use crate::config::registry::Registry;

/// Where systems keep the authorities that they trust: Debian, Fedora, SUSE, Alpine and the BSDs.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The settings of TLS. Files are read only if an address is `https`.
pub(super) fn client(config: &Registry) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::new("url", error.to_string(), "TLS"))?;
    let needed = config.url.iter().any(|url| url.starts_with("https:"));
    let roots = if needed { roots(config.ca.as_deref())? } else { RootCertStore::empty() };
    let builder = builder.with_root_certificates(roots);
    let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates("certificate", certificate)?;
    // The reader's error may quote what it could not read; a key is a secret.
    let own = PrivateKeyDer::from_pem_file(key)
        .map_err(|_| SetupError::new("key", "expected a private key in PEM", key.display().to_string()))?;
    builder.with_client_auth_cert(chain, own).map_err(|_| {
        let expected = "expected a certificate and the private key that belongs to it";
        SetupError::new("certificate", expected, certificate.display().to_string())
    })
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, SetupError> {
    let system = || BUNDLES.map(Path::new).into_iter().find(|path| path.is_file());
    let Some(file) = ca.or_else(system) else {
        let expected = "expected a file of the authorities to trust; the system has none where it is looked for";
        return Err(SetupError::new("ca", expected, BUNDLES.join(", ")));
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates("ca", file)?);
    if added == 0 {
        return Err(SetupError::new("ca", "expected a certificate of an authority", file.display().to_string()));
    }
    Ok(roots)
}

fn certificates(key: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let wrong = || SetupError::new(key, "expected certificates in PEM", file.display().to_string());
    let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    found.ok().filter(|found| !found.is_empty()).ok_or_else(wrong)
}
