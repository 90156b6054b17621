//! The snapshot: a start without a registry, and files that are not quite one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use forebay::config;
use forebay::registry::{Asker, Failure, Registry, SchemaKind, Submission, Version};
use serde_json::json;

use super::fake::{Fake, Reply, client, config, gone, metric, shop, until};

const BY: Asker = Asker::Operator;

fn keeping(url: String, path: &Path) -> config::registry::Registry {
    config::registry::Registry { snapshot: Some(path.to_owned()), ..config(&[url]) }
}

fn text() -> Submission {
    Submission { kind: SchemaKind::Avro, text: "\"order\"".to_owned(), references: Vec::new() }
}

/// A gateway that has asked for this and that, and has gone.
async fn before(fake: &Fake, folder: &Path) -> PathBuf {
    let path = folder.join("registry.snapshot");
    let (registry, metrics) = client(&keeping(fake.url(), &path));
    ask(&registry).await.unwrap();
    registry.save().await;
    registry.save().await;
    let written = "forebay_registry_snapshot_writes_total{result=\"written\"}";
    assert_eq!(metric(&metrics, written), 1, "only what is new is written");
    path
}

async fn ask(registry: &Registry) -> Result<(), Failure> {
    assert_eq!(registry.by_id(3, BY).await?.references.len(), 2);
    assert_eq!(registry.version("order-value", Version::Latest, BY).await?.version, 5);
    assert_eq!(registry.version("order-value", Version::Number(5), BY).await?.schema.id, 2);
    assert_eq!(registry.look_up("order-value", &text(), BY).await?.schema.id, 2);
    assert_eq!(registry.places(2, BY).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_start_without_a_registry_knows_what_was_known() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new(shop).await;
    let path = before(&fake, folder.path()).await;
    let (url, address) = (fake.url(), fake.stop().await);

    let (registry, metrics) = client(&keeping(url, &path));
    assert!(metric(&metrics, "forebay_registry_stale") >= 5);
    ask(&registry).await.unwrap();
    assert!(registry.by_id(4, BY).await.unwrap_err().is_retryable(), "what was not known is for later");

    let background = tokio::spawn(registry.clone().keep());
    let _fake = Fake::at(address, shop).await;
    until(|| metric(&metrics, "forebay_registry_stale") == 0).await;
    ask(&registry).await.unwrap();
    background.abort();
    let leftovers = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(leftovers, 1, "nothing lies beside the snapshot");
}

#[tokio::test]
async fn a_start_with_a_registry_asks_it_first() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new(shop).await;
    let path = before(&fake, folder.path()).await;
    fake.plays(|seen| match &*seen.line {
        "GET /subjects/order-value/versions/latest" => {
            Reply::Json(200, json!({ "subject": "order-value", "version": 6, "id": 9, "schema": "\"six\"" }))
        }
        _ => gone(40_403),
    });
    let (registry, _) = client(&keeping(fake.url(), &path));
    assert_eq!(registry.version("order-value", Version::Latest, BY).await.unwrap().version, 6);
    assert!(matches!(registry.by_id(3, BY).await, Err(Failure::NotFound(_))), "the registry was replaced");
}

#[tokio::test]
async fn a_registry_that_hangs_at_the_start_holds_up_one_question_only() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new(shop).await;
    let path = before(&fake, folder.path()).await;
    fake.plays(|_| Reply::Silence);
    let mut config = keeping(fake.url(), &path);
    (config.timeout, config.concurrent_calls) = (Duration::from_millis(200), 1);
    let (registry, _) = client(&config);
    ask(&registry).await.unwrap();
    let known = fake.calls();
    for _ in 0..10 {
        ask(&registry).await.unwrap();
    }
    assert!(fake.calls() <= known + 5, "known things are given at once: {}", fake.calls());
}

#[tokio::test]
async fn a_file_that_is_torn_or_altered_counts_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new(shop).await;
    let path = before(&fake, folder.path()).await;
    let url = fake.url();
    fake.stop().await;
    let whole = std::fs::read(&path).unwrap();
    let altered = String::from_utf8(whole.clone()).unwrap().replace("cart", "tart").into_bytes();
    assert_ne!(altered, whole);
    let lengths = (0..whole.len()).step_by(whole.len() / 40).map(|length| whole[..length].to_vec());
    for bytes in lengths.chain([altered, b"not a snapshot at all".to_vec()]) {
        std::fs::write(&path, &bytes).unwrap();
        let (registry, metrics) = client(&keeping(url.clone(), &path));
        assert_eq!(metric(&metrics, "forebay_registry_schemas"), 0);
        assert!(registry.by_id(3, BY).await.unwrap_err().is_retryable());
        registry.save().await;
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "what is damaged is not replaced by nothing");
    }
    std::fs::write(&path, &whole).unwrap();
    let (registry, _) = client(&keeping(url, &path));
    registry.by_id(3, BY).await.unwrap();
    let (registry, _) = client(&keeping("http://127.0.0.1:1".to_owned(), &path));
    assert!(registry.by_id(3, BY).await.is_err(), "ids of another registry mean nothing here");
}

#[tokio::test]
async fn a_file_that_can_not_be_written_is_counted_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let fake = Fake::new(shop).await;
    let (registry, metrics) = client(&keeping(fake.url(), &home.join("registry.snapshot")));
    registry.by_id(1, BY).await.unwrap();
    std::fs::remove_dir(&home).unwrap();
    registry.save().await;
    assert_eq!(metric(&metrics, "forebay_registry_snapshot_writes_total{result=\"failed\"}"), 1);
    std::fs::create_dir(&home).unwrap();
    registry.save().await;
    assert!(home.join("registry.snapshot").is_file());
    let absent = keeping(fake.url(), &folder.path().join("no/such/folder"));
    assert!(Registry::new(&absent, &metrics).is_err());
}
