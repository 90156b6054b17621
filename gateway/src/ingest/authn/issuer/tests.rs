//! When an issuer's keys are asked for, and what a bad or absent issuer changes: nothing that is known.

use std::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::metrics::{Metrics, Moment};

fn set(id: &str) -> Value {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    json!({ "keys": [key] })
}

fn issuer(url: &str) -> Issuer {
    let config = Jwt {
        issuer: "https://id.test".to_owned(),
        audience: vec!["forebay".to_owned()],
        jwks: KeySource::Url(url.to_owned()),
        ca: None,
        algorithms: vec![Algorithm::EdDSA],
        principal: "sub".to_owned(),
        groups: "groups".to_owned(),
        leeway: Duration::ZERO,
    };
    Issuer::new(&config, Metrics::new().authn()).unwrap()
}

fn knows(issuer: &Issuer, id: &str) -> bool {
    issuer.known().is_ok_and(|known| known.keys.find(Some(id), Algorithm::EdDSA).is_some())
}

/// Runs an issuer's upkeep beside something else, in time that passes at once. Counts fetches.
async fn beside(
    issuer: &Issuer,
    answers: impl Fn(usize) -> Result<Vec<u8>, String>,
    work: impl AsyncFnOnce(&Cell<usize>),
) {
    let calls = Cell::new(0);
    let fetch = || {
        calls.set(calls.get() + 1);
        std::future::ready(answers(calls.get()))
    };
    tokio::select! {
        () = issuer.keep_from(fetch) => {}
        () = work(&calls) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn random_kids_cause_one_fetch_a_minute() {
    let issuer = issuer("http://localhost/");
    beside(
        &issuer,
        |_| Ok(set("a").to_string().into_bytes()),
        async |calls| {
            let started = Instant::now();
            while started.elapsed() < Duration::from_mins(10) {
                issuer.refresh();
                sleep(Duration::from_millis(100)).await;
            }
            assert!((10..=11).contains(&calls.get()), "{} fetches in ten minutes", calls.get());
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_known_at_once_if_the_last_fetch_is_a_minute_ago() {
    let issuer = issuer("http://localhost/");
    let answers = |call| Ok(set(if call == 1 { "a" } else { "b" }).to_string().into_bytes());
    beside(&issuer, answers, async |calls| {
        sleep(Duration::from_secs(61)).await;
        assert!(knows(&issuer, "a") && !knows(&issuer, "b") && calls.get() == 1);
        issuer.refresh();
        sleep(Duration::from_millis(1)).await;
        assert!(knows(&issuer, "b") && !knows(&issuer, "a"), "and a key that was withdrawn is not");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_a_reason_keys_are_fetched_every_five_minutes() {
    let issuer = issuer("http://localhost/");
    beside(
        &issuer,
        |_| Ok(set("a").to_string().into_bytes()),
        async |calls| {
            sleep(Duration::from_mins(61)).await;
            assert_eq!(calls.get(), 13);
            assert_eq!(issuer.generation(), Some(0), "the same keys are the same generation");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn keys_stay_known_while_their_issuer_is_away_or_talks_nonsense() {
    let issuer = issuer("http://localhost/");
    let answers = |call| match call {
        1 | 2 => Err("it is away".to_owned()),
        3 => Ok(set("a").to_string().into_bytes()),
        _ => [Err("it is away".to_owned()), Ok(b"<html>".to_vec()), Ok(b"{\"keys\":[]}".to_vec())][call % 3].clone(),
    };
    beside(&issuer, answers, async |calls| {
        sleep(Duration::from_secs(9)).await;
        assert_eq!((issuer.known().is_err(), calls.get()), (true, 2), "the first keys are tried for every 5 s");
        assert_eq!(issuer.known().unwrap_err().code(), crate::code::Code::IssuerUnavailable);
        // Known after 10 s; asked for again five minutes later, and then every minute.
        sleep(Duration::from_hours(1)).await;
        assert_eq!((knows(&issuer, "a"), calls.get()), (true, 58));
        let text = format!("{:?}", issuer.generation());
        assert_eq!(text, "Some(0)");
    })
    .await;
}

/// Answers one request with these bytes, and ends.
async fn serve(listener: TcpListener, answer: Vec<u8>) {
    let (stream, _) = listener.accept().await.unwrap();
    say(stream, answer).await;
}

async fn say(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"GET /keys?a=b HTTP/1.1\r\n"), "{}", String::from_utf8_lossy(&head));
    // The client may have had enough before the end.
    let _ = stream.write_all(&answer).await;
    let _ = stream.shutdown().await;
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys?a=b", listener.local_addr().unwrap());
    (listener, url)
}

fn good() -> Vec<u8> {
    let body = set("a").to_string();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// What is fetched from a server that answers with these bytes.
async fn fetched(answer: Vec<u8>) -> Result<Vec<u8>, String> {
    let (listener, url) = listen().await;
    let source = Source::new(&url, None).unwrap();
    let (fetched, ()) = tokio::join!(source.fetch(), serve(listener, answer));
    fetched
}

#[tokio::test]
async fn a_set_is_fetched_and_nothing_is_followed_or_read_without_end() {
    assert_eq!(fetched(good()).await, Ok(set("a").to_string().into_bytes()));
    let redirect = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    assert!(fetched(redirect.into()).await.unwrap_err().contains("not followed"));
    let mut huge = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    huge.resize(2 * 1024 * 1024, b' ');
    assert!(fetched(huge).await.unwrap_err().contains("longer than 1 MiB"));
    for broken in
        ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", "ssh", ""]
    {
        assert!(fetched(broken.into()).await.is_err(), "{broken}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_is_not_waited_for() {
    let (_listener, url) = listen().await;
    let source = Source::new(&url, None).unwrap();
    assert!(source.fetch().await.unwrap_err().contains("within 5 s"));
}

#[tokio::test]
async fn keys_that_are_served_are_known_and_counted() {
    let (listener, url) = listen().await;
    let metrics = Metrics::new();
    let issuer = Issuer { metrics: metrics.authn().clone(), ..issuer(&url) };
    let until_known = async {
        serve(listener, good()).await;
        while !metrics.render(Moment::default()).contains("forebay_jwks_fetches_total{result=\"fetched\"} 1\n") {
            sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = issuer.keep() => {}
        () = until_known => {}
    }
    assert!(knows(&issuer, "a"));
}

/// A server that is its own authority, and its certificate in PEM.
fn own_authority() -> (TlsAcceptor, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private).unwrap();
    let text = STANDARD.encode(certificate.der());
    (Arc::new(config).into(), format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"))
}

#[tokio::test]
async fn changed_authorities_count_from_the_next_fetch_on_and_wrong_ones_change_nothing() {
    let (listener, url) = listen().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let ((old, old_pem), (new, new_pem)) = (own_authority(), own_authority());
    std::fs::write(&file, old_pem).unwrap();
    let url = url.replace("http://127.0.0.1", "https://localhost");
    let config = Jwt { ca: Some(file.clone()), ..issuer(&url).config };
    let issuer = Issuer::new(&config, Metrics::new().authn()).unwrap();
    assert_eq!(issuer.file(), Some(&*file));
    let fetch = async |server: &TlsAcceptor| {
        let serve = async {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = server.accept(stream).await {
                say(stream, good()).await;
            }
        };
        let source = issuer.source.as_ref().unwrap().load_full();
        tokio::join!(source.fetch(), serve).0
    };
    assert!(fetch(&old).await.is_ok() && fetch(&new).await.is_err());
    std::fs::write(&file, new_pem).unwrap();
    assert!(fetch(&old).await.is_ok(), "not before it is reloaded");
    issuer.reload().unwrap();
    assert!(fetch(&old).await.is_err() && fetch(&new).await.is_ok());
    std::fs::write(&file, "nonsense").unwrap();
    assert!(issuer.reload().unwrap_err().to_string().contains("certificates in PEM"));
    assert!(fetch(&new).await.is_ok(), "a wrong file leaves the old authorities");
}
