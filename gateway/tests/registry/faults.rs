//! A registry that is away, slow, lying or something else: what is known goes on, what is not known is "later", nothing
//! bad is kept, and it recovers.

use std::time::Duration;

use forebay::registry::{Asker, Failure, Version};
use serde_json::json;
use tokio::net::TcpListener;

use super::fake::{Fake, Reply, Seen, client, config, gone, http, metric, shop, until};

const BY: Asker = Asker::Client;
const LATEST: Version = Version::Latest;

/// What is wrong, and how it is done.
type Misbehaviour = (&'static str, fn(&Seen) -> Reply);

/// Ways in which a registry can be of no use.
fn misbehaviours() -> Vec<Misbehaviour> {
    vec![
        ("a page", |_| Reply::Bytes(http(200, "<!DOCTYPE html><html><body>Welcome</body></html>"))),
        ("half a text", |_| Reply::Bytes(http(200, r#"{"subject":"order-value","version":5,"id":2,"schema":"\"or"#))),
        ("half an answer", |_| {
            let whole = http(200, r#"{"schema":"\"int\""}"#);
            Reply::Bytes(whole[..whole.len() - 4].to_vec())
        }),
        ("10 MB", |_| Reply::Bytes(http(200, &format!(r#"{{"schema":"{}"}}"#, "a".repeat(10_000_000))))),
        ("10 MB in pieces of unknown number", |_| {
            let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            for _ in 0..1_000 {
                bytes.extend_from_slice(format!("2710\r\n{}\r\n", "a".repeat(10_000)).as_bytes());
            }
            Reply::Bytes(bytes)
        }),
        ("a head without end", |_| {
            Reply::Bytes(format!("HTTP/1.1 200 OK\r\nx: {}", "a".repeat(1_000_000)).into_bytes())
        }),
        ("another id, subject and version", |_| {
            Reply::Json(200, json!({ "subject": "x", "version": 77, "id": 77, "schema": "\"int\"" }))
        }),
        ("no schema in it", |_| Reply::Json(200, json!({}))),
        ("a reference without end", |_| {
            Reply::Json(
                200,
                json!({ "subject": "order-value", "version": 5, "id": 2, "schema": "", "references": [{}] }),
            )
        }),
        ("500", |_| Reply::Json(500, json!({ "error_code": 50_001, "message": "datastore" }))),
        ("503 with a page", |_| Reply::Bytes(http(503, "<html>no backend</html>"))),
        ("429", |_| Reply::Json(429, json!({ "error_code": 429 }))),
        ("204", |_| Reply::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())),
        ("403", |_| Reply::Json(403, json!({ "error_code": 40_301 }))),
        ("404 of another server", |_| Reply::Bytes(http(404, "<html>not found</html>"))),
        ("404 without a code that says what", |_| Reply::Json(404, json!({ "error_code": 404 }))),
        ("no HTTP", |_| Reply::Bytes(b"220 smtp.example.org ESMTP\r\n".to_vec())),
        ("nothing, and the end", |_| Reply::Bytes(Vec::new())),
        ("nothing, for long", |_| Reply::Silence),
    ]
}

#[tokio::test]
async fn whatever_it_answers_the_unknown_is_for_later_and_the_known_goes_on() {
    for (what, play) in misbehaviours() {
        let fake = Fake::new(shop).await;
        let mut config = config(&[fake.url()]);
        config.refresh = Duration::ZERO;
        let (registry, metrics) = client(&config);
        registry.by_id(3, BY).await.unwrap();
        registry.version("order-value", LATEST, BY).await.unwrap();

        fake.plays(play);
        let failure = registry.by_id(4, BY).await.unwrap_err();
        assert!(failure.is_retryable(), "{what}: {failure}");
        let failure = registry.version("other", LATEST, BY).await.unwrap_err();
        assert!(failure.is_retryable(), "{what}: {failure}");
        assert!(!registry.is_up() && metric(&metrics, "forebay_registry_up") == 0, "{what}");
        assert_eq!(registry.by_id(3, BY).await.unwrap().id, 3, "{what}");
        for _ in 0..3 {
            assert_eq!(registry.version("order-value", LATEST, BY).await.unwrap().version, 5, "{what}");
        }

        fake.plays(shop);
        assert_eq!(registry.by_id(4, BY).await.unwrap().id, 4, "{what}: it recovers, and nothing bad was kept");
        assert!(registry.is_up(), "{what}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_wherever_it_leads() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = format!("http://{}/schemas/ids/1", elsewhere.local_addr().unwrap());
    for location in [near.as_str(), "http://169.254.169.254/latest/meta-data/", "/schemas/ids/2"] {
        for status in [301, 302, 303, 307, 308] {
            let head =
                format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n").into_bytes();
            let fake = Fake::new(move |_| Reply::Bytes(head.clone())).await;
            let (registry, _) = client(&config(&[fake.url()]));
            let failure = registry.by_id(1, BY).await.unwrap_err();
            assert!(matches!(&failure, Failure::Unusable(_)) && failure.is_retryable(), "{failure}");
            assert!(!failure.to_string().contains("169.254"), "{failure}");
            assert_eq!(fake.calls(), 1);
        }
    }
    let nobody = tokio::time::timeout(Duration::from_millis(50), elsewhere.accept()).await;
    assert!(nobody.is_err(), "someone followed");
}

#[tokio::test]
async fn a_registry_that_is_not_there_and_then_is() {
    let address = Fake::new(shop).await.stop().await;
    let (registry, _) = client(&config(&[format!("http://{address}")]));
    let failure = registry.by_id(1, BY).await.unwrap_err();
    assert!(matches!(failure, Failure::Unavailable(_)) && failure.is_retryable(), "{failure}");
    assert!(registry.ping().await.is_err());
    let _fake = Fake::at(address, shop).await;
    assert_eq!(registry.by_id(1, BY).await.unwrap().id, 1);
    registry.ping().await.unwrap();
}

#[tokio::test]
async fn the_next_address_is_asked_and_the_good_one_kept() {
    let dead = Fake::new(shop).await.stop().await;
    let (silent, alive) = (Fake::new(|_| Reply::Silence).await, Fake::new(shop).await);
    let (registry, metrics) = client(&config(&[format!("http://{dead}"), silent.url(), alive.url()]));
    for id in 1..=4 {
        assert_eq!(registry.by_id(id, BY).await.unwrap().id, id);
    }
    assert_eq!(silent.calls(), 1, "once one is found it is kept");
    assert!(registry.is_up());
    assert_eq!(metric(&metrics, "forebay_registry_calls_total{outcome=\"unavailable\"}"), 2);
    assert!(matches!(registry.by_id(99, BY).await, Err(Failure::NotFound(_))), "a denial is an answer");
    assert_eq!(silent.calls(), 1);
    alive.stop().await;
    silent.plays(shop);
    registry.version("order-value", LATEST, BY).await.unwrap();
    assert_eq!(silent.calls(), 2, "all are tried, from the good one on");
}

#[tokio::test]
async fn an_id_with_a_second_meaning_is_not_believed() {
    let fake = Fake::new(shop).await;
    let (registry, _) = client(&config(&[fake.url()]));
    registry.by_id(2, BY).await.unwrap();
    fake.plays(|_| Reply::Json(200, json!({ "subject": "x", "version": 1, "id": 2, "schema": "\"other\"" })));
    let failure = registry.version("x", LATEST, BY).await.unwrap_err();
    assert!(matches!(failure, Failure::Unusable(_)), "{failure}");
    assert_eq!(&*registry.by_id(2, BY).await.unwrap().text, "\"order\"");
}

#[tokio::test]
async fn the_latest_version_is_found_without_a_restart_and_a_deleted_subject_is_gone() {
    let fake = Fake::new(shop).await;
    let mut config = config(&[fake.url()]);
    (config.refresh, config.negative_ttl) = (Duration::from_millis(10), Duration::from_millis(10));
    let (registry, _) = client(&config);
    let background = tokio::spawn(registry.clone().keep());
    assert_eq!(registry.version("order-value", LATEST, BY).await.unwrap().version, 5);
    fake.plays(|_| Reply::Json(200, json!({ "subject": "order-value", "version": 6, "id": 9, "schema": "\"six\"" })));
    while registry.version("order-value", LATEST, BY).await.unwrap().version != 6 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fake.plays(|_| gone(40_401));
    while registry.version("order-value", LATEST, BY).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fake.plays(shop);
    while registry.version("order-value", LATEST, BY).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    background.abort();
}

#[tokio::test]
async fn what_was_asked_for_is_kept_fresh_while_nobody_asks() {
    let fake = Fake::new(shop).await;
    let mut config = config(&[fake.url()]);
    config.refresh = Duration::from_millis(200);
    let (registry, metrics) = client(&config);
    registry.version("order-value", LATEST, BY).await.unwrap();
    let before = fake.calls();
    let background = tokio::spawn(registry.clone().keep());
    until(|| fake.calls() > before).await;
    until(|| metric(&metrics, "forebay_registry_schemas") == 2).await;
    let address = fake.stop().await;
    until(|| metric(&metrics, "forebay_registry_stale") > 0).await;
    let _fake = Fake::at(address, shop).await;
    until(|| metric(&metrics, "forebay_registry_stale") == 0).await;
    background.abort();
}
