//! TLS towards the registry: whom the gateway trusts, and how it proves who it is. Reads PEM files; knows no requests.

use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::failure::SetupError;
use crate::config::registry::Registry;
use crate::roots::{Unfit, certificates, roots};

/// The settings of TLS. Files are read only if an address is `https`.
pub(super) fn client(config: &Registry) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::new("url", error.to_string(), "TLS"))?;
    let needed = config.url.iter().any(|url| url.starts_with("https:"));
    let roots =
        if needed { roots(config.ca.as_deref()).map_err(|unfit| wrong("ca", unfit))? } else { RootCertStore::empty() };
    let builder = builder.with_root_certificates(roots);
    let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(certificate).map_err(|unfit| wrong("certificate", unfit))?;
    // The reader's error may quote what it could not read; a key is a secret.
    let own = PrivateKeyDer::from_pem_file(key)
        .map_err(|_| SetupError::new("key", "expected a private key in PEM", key.display().to_string()))?;
    builder.with_client_auth_cert(chain, own).map_err(|_| {
        let expected = "expected a certificate and the private key that belongs to it";
        SetupError::new("certificate", expected, certificate.display().to_string())
    })
}

fn wrong(key: &'static str, unfit: Unfit) -> SetupError {
    SetupError::new(key, format!("expected {}", unfit.expected), unfit.file)
}
