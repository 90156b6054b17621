//! Who is at the other end, as requests see it, and places that are all taken.

use std::net::SocketAddr;

use axum::routing::get;
use axum::{Extension, Router};
use base64::Engine as _;
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;

use super::*;
use crate::config::listen::Listen;
use crate::event::Peer;
use crate::layers::Edge;
use crate::metrics::Metrics;
use crate::server::{Terms, accept};

type Issuer = CertifiedIssuer<'static, KeyPair>;
type Identity = (rcgen::Certificate, KeyPair);

fn issuer() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issue(issuer: &Issuer, names: &[SanType], common: &str) -> Identity {
    issue_until(issuer, names, common, 4_102_444_800)
}

fn issue_until(issuer: &Issuer, names: &[SanType], common: &str, end: u64) -> Identity {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common);
    params.subject_alt_names = names.to_vec();
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(end);
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, issuer).unwrap(), key)
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn client(issuer: &Issuer, identity: Option<&Identity>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    Arc::new(match identity {
        Some((certificate, key)) => {
            let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
            builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
        }
        None => builder.with_no_client_auth(),
    })
}

/// TLS by an authority that signs clients' certificates as well, with its files' folder.
fn live(issuer: &Issuer, change: impl FnOnce(&mut Tls)) -> (Arc<Live>, Arc<Metrics>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, label: &str, der: &[u8]| {
        let path = folder.path().join(name);
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        std::fs::write(&path, format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")).unwrap();
        path
    };
    let (certificate, key) = issue(issuer, &[dns("localhost")], "gateway");
    let mut config = Tls::of(
        write("cert.pem", "CERTIFICATE", certificate.der()),
        write("key.pem", "PRIVATE KEY", &key.serialize_der()),
    );
    config.client_ca = Some(write("ca.pem", "CERTIFICATE", issuer.der()));
    config.client_certificate = ClientCertificate::Optional;
    change(&mut config);
    let metrics = Arc::new(Metrics::new());
    let live = Live::new(Listener::Data, &config, metrics.tls()).unwrap();
    (Arc::new(live), metrics, folder)
}

/// A listener whose one page says who is asking.
async fn serve(live: &Arc<Live>, metrics: &Arc<Metrics>) -> (SocketAddr, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let page = get(async |Extension(peer): Extension<Arc<Peer>>| format!("{:?} {:?}", peer.address, peer.certificate));
    let edge = Edge::around(Router::new().route("/", page));
    let terms = Terms { tls: Some(Arc::clone(live)), ..Terms::new(&Listen::default(), metrics) };
    let (close, closing) = watch::channel(false);
    tokio::spawn(accept(listener, edge, terms, closing));
    (address, close)
}

async fn ask(address: SocketAddr, config: Arc<ClientConfig>) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut stream = TlsConnector::from(config).connect("localhost".try_into().unwrap(), stream).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.rsplit("\r\n\r\n").next().unwrap().to_owned()
}

#[tokio::test]
async fn every_request_carries_the_names_of_its_clients_certificate() {
    let issuer = issuer();
    let (live, metrics, _folder) = live(&issuer, |_| {});
    let (address, _close) = serve(&live, &metrics).await;
    let uri = SanType::URI("spiffe://shop.example/svc-a".try_into().unwrap());
    let service = issue(&issuer, &[dns("svc-a.shop.example"), uri], "svc-a");
    let expected = Certificate {
        spiffe: Some("spiffe://shop.example/svc-a".into()),
        dns: Some("svc-a.shop.example".into()),
        subject: Some("CN=svc-a".into()),
        not_after: 4_102_444_800,
    };
    assert_eq!(ask(address, client(&issuer, Some(&service))).await, format!("127.0.0.1 {:?}", Some(expected)));
    assert_eq!(ask(address, client(&issuer, None)).await, "127.0.0.1 None");
}

#[tokio::test]
async fn whose_turn_does_not_come_in_time_is_closed_and_counted() {
    let issuer = issuer();
    let (live, metrics, _folder) = live(&issuer, |tls| {
        tls.handshakes = 1;
        tls.handshake_timeout = Duration::from_millis(100);
    });
    let (address, _close) = serve(&live, &metrics).await;
    let mut hello = Vec::new();
    let name = "localhost".try_into().unwrap();
    ClientConnection::new(client(&issuer, None), name).unwrap().write_tls(&mut hello).unwrap();
    let _place = live.turns.acquire().await.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"");
    let crowded = "forebay_tls_handshakes_total{outcome=\"crowded\"} 1";
    assert!(metrics.render(crate::metrics::Moment::default()).contains(crowded));
}

#[tokio::test]
async fn a_connection_gives_way_before_the_certificate_that_it_was_opened_with_ends() {
    let issuer = issuer();
    let (live, metrics, _folder) = live(&issuer, |_| {});
    let (address, _close) = serve(&live, &metrics).await;
    loop {
        let now = u64::try_from(crate::clock::seconds()).unwrap();
        let service = issue_until(&issuer, &[dns("svc-a")], "svc-a", now + 4);
        let stream = TcpStream::connect(address).await.unwrap();
        let connector = TlsConnector::from(client(&issuer, Some(&service)));
        let stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        while sender.ready().await.is_ok() {
            let request = Request::get("/").header("host", "a").body(Empty::<Bytes>::new()).unwrap();
            // On a machine that is too slow for this certificate it has ended already, and the next one is tried.
            let Ok(answer) = sender.send_request(request).await else { break };
            if answer.headers().contains_key("connection") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_handshake_that_is_under_way_does_not_hold_up_the_end() {
    let issuer = issuer();
    let (live, metrics, _folder) = live(&issuer, |tls| tls.handshake_timeout = Duration::from_hours(1));
    let (address, close) = serve(&live, &metrics).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    while !metrics.render(crate::metrics::Moment::default()).contains("forebay_connections 1") {
        tokio::task::yield_now().await;
    }
    close.send_replace(true);
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
}
