//! TLS towards the registry: who is trusted, and who is let in.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use forebay::config;
use forebay::metrics::Metrics;
use forebay::registry::{Asker, Failure, Registry};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::fake::{client, config, playing, serve, shop};

/// An authority of a test, and a folder for its files.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    fn certificate(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A certificate for this name, and its key.
    fn issue(&self, name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }

    fn file(&self, name: &str, label: &str, der: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        std::fs::write(&path, format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")).unwrap();
        path
    }

    fn ca(&self) -> PathBuf {
        self.file("ca.pem", "CERTIFICATE", &self.certificate())
    }
}

/// A registry behind TLS that lets in whom this authority knows, or anyone.
async fn behind_tls(own: &Authority, clients: Option<&Authority>) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = match clients {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.certificate()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.unwrap().with_client_cert_verifier(verifier)
        }
        None => builder.unwrap().with_no_client_auth(),
    };
    let (certificate, key) = own.issue("localhost");
    let config = Arc::new(builder.with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(config);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, playing(shop), Arc::default()).await;
                }
            });
        }
    });
    address
}

fn at(address: SocketAddr, ca: PathBuf) -> config::registry::Registry {
    config::registry::Registry { ca: Some(ca), ..config(&[format!("https://localhost:{}", address.port())]) }
}

async fn ask(config: &config::registry::Registry) -> Result<u32, Failure> {
    Ok(client(config).0.by_id(1, Asker::Client).await?.id)
}

#[tokio::test]
async fn the_authority_that_is_named_is_trusted_and_no_other() {
    let (own, other) = (Authority::new(), Authority::new());
    let address = behind_tls(&own, None).await;
    assert_eq!(ask(&at(address, own.ca())).await, Ok(1));
    assert!(matches!(ask(&at(address, other.ca())).await, Err(Failure::Unavailable(_))));
    let mut by_address = at(address, own.ca());
    by_address.url = vec![format!("https://{address}")];
    assert!(matches!(ask(&by_address).await, Err(Failure::Unavailable(_))), "the name must fit");
    let mut system = at(address, own.ca());
    system.ca = None;
    if let Ok(registry) = Registry::new(&system, &Metrics::new()) {
        let answer = registry.by_id(1, Asker::Client).await;
        assert!(matches!(answer, Err(Failure::Unavailable(_))), "the system does not know this authority");
    }
}

#[tokio::test]
async fn a_client_certificate_lets_in() {
    let (own, clients, other) = (Authority::new(), Authority::new(), Authority::new());
    let address = behind_tls(&own, Some(&clients)).await;
    let with = |authority: &Authority| {
        let (certificate, key) = authority.issue("gateway");
        let mut config = at(address, own.ca());
        config.certificate = Some(authority.file("gateway.pem", "CERTIFICATE", &certificate));
        config.key = Some(authority.file("gateway.key", "PRIVATE KEY", key.secret_der()));
        config
    };
    assert_eq!(ask(&with(&clients)).await, Ok(1));
    assert!(matches!(ask(&with(&other)).await, Err(Failure::Unavailable(_))));
    assert!(matches!(ask(&at(address, own.ca())).await, Err(Failure::Unavailable(_))));
}

#[tokio::test]
async fn files_that_are_none_are_refused_at_the_start_by_name() {
    let own = Authority::new();
    let (certificate, _) = own.issue("gateway");
    let (_, key_of_another) = own.issue("gateway");
    let junk = own.folder.path().join("junk.pem");
    std::fs::write(&junk, "-----BEGIN PRIVATE KEY-----\nnot base64 of-a-secret\n-----END PRIVATE KEY-----\n").unwrap();
    let sound = || {
        let mut config = at(SocketAddr::from(([127, 0, 0, 1], 1)), own.ca());
        config.certificate = Some(own.file("gateway.pem", "CERTIFICATE", &certificate));
        config.key = Some(own.file("other.key", "PRIVATE KEY", key_of_another.secret_der()));
        config
    };
    let refused =
        |config: &config::registry::Registry| Registry::new(config, &Metrics::new()).err().unwrap().to_string();
    assert!(refused(&sound()).contains("registry.certificate"));
    let mut config = sound();
    config.key = Some(junk.clone());
    let error = refused(&config);
    assert!(error.contains("registry.key") && error.contains("junk.pem") && !error.contains("of-a-secret"), "{error}");
    let mut config = sound();
    config.ca = Some(junk);
    assert!(refused(&config).contains("registry.ca"));
}
