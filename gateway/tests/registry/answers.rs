//! A registry that does what it should: what is asked, with which credentials, and what comes back.

use forebay::registry::{Asker, Failure, Missing, Pointer, SchemaKind, Submission, Version};
use serde_json::{Value, json};

use super::fake::{Fake, Reply, client, config, gone, shop};

#[tokio::test]
async fn a_schema_comes_with_all_that_it_refers_to_in_order() {
    let fake = Fake::new(shop).await;
    let (registry, _) = client(&config(&[fake.url()]));
    let cart = registry.by_id(3, Asker::Client).await.unwrap();
    let names: Vec<_> = cart.references.iter().map(|one| (&*one.name, &*one.text)).collect();
    assert_eq!(names, [("shop.Money", "\"long\""), ("shop.Order", "\"order\"")]);
    assert_eq!((cart.id, cart.kind, &*cart.text), (3, SchemaKind::Avro, "\"cart\""));
    let lines: Vec<_> = fake.seen().into_iter().map(|seen| seen.line).collect();
    let reference = |of: &str| format!("GET /subjects/{of}?deleted=true");
    assert_eq!(
        lines,
        ["GET /schemas/ids/3".to_owned(), reference("order-value/versions/5"), reference("money/versions/1")]
    );
    registry.by_id(2, Asker::Client).await.unwrap();
    registry.version("order-value", Version::Number(5), Asker::Client).await.unwrap();
    assert_eq!(fake.calls(), 3, "what was fetched on the way is known");
}

#[tokio::test]
async fn versions_places_and_lists() {
    let fake = Fake::new(shop).await;
    let (registry, _) = client(&config(&[fake.url()]));
    let latest = registry.version("order-value", Version::Latest, Asker::Operator).await.unwrap();
    assert_eq!((&*latest.subject, latest.version, latest.schema.id), ("order-value", 5, 2));
    let odd = registry.version("a/b é%", Version::Latest, Asker::Operator).await.unwrap();
    assert_eq!((odd.schema.id, odd.schema.kind), (4, SchemaKind::Json));
    let places = registry.places(2, Asker::Operator).await.unwrap();
    assert_eq!((&*places[0].subject, places[0].version, places.len()), ("order-value", 5, 1));
    assert_eq!(registry.versions("order-value").await.unwrap(), [1, 5]);
    assert_eq!(registry.subjects().await.unwrap(), ["money", "order-value", "cart"]);
    registry.ping().await.unwrap();
}

#[tokio::test]
async fn a_text_is_looked_up_and_never_registered() {
    let fake = Fake::new(shop).await;
    let (registry, _) = client(&config(&[fake.url()]));
    let pointer = Pointer { name: "shop.Money".to_owned(), subject: "money".to_owned(), version: 1 };
    let mut text =
        Submission { kind: SchemaKind::Avro, text: "\"order\"".to_owned(), references: vec![pointer.clone()] };
    for _ in 0..2 {
        let found = registry.look_up("order-value", &text, Asker::Operator).await.unwrap();
        assert_eq!((found.version, found.schema.id), (5, 2));
    }
    let asked = fake.seen().swap_remove(0);
    assert_eq!(asked.line, "POST /subjects/order-value?normalize=true");
    let expected = json!({ "schema": "\"order\"", "references": [pointer] });
    assert_eq!(serde_json::from_str::<Value>(&asked.body).unwrap(), expected);
    let asked = |fake: &Fake| fake.seen().iter().filter(|seen| seen.line.starts_with("POST")).count();
    assert_eq!(asked(&fake), 1);
    text.kind = SchemaKind::Json;
    registry.look_up("order-value", &text, Asker::Operator).await.unwrap();
    assert_eq!(asked(&fake), 2, "the same text in another language is another question");
    assert!(fake.seen().pop().unwrap().body.contains("\"schemaType\":\"JSON\""));
    assert!(fake.seen().iter().all(|seen| !(seen.line.starts_with("POST") && seen.line.contains("/versions"))));
}

#[tokio::test]
async fn what_is_not_there_is_said_as_the_registry_says_it() {
    let fake = Fake::new(shop).await;
    let (registry, _) = client(&config(&[fake.url()]));
    let by = Asker::Operator;
    assert_eq!(registry.by_id(99, by).await.unwrap_err(), Failure::NotFound(Missing::Schema));
    assert_eq!(registry.version("none", Version::Latest, by).await.unwrap_err(), Failure::NotFound(Missing::Subject));
    assert_eq!(
        registry.version("order-value", Version::Number(9), by).await.unwrap_err(),
        Failure::NotFound(Missing::Version)
    );
    assert!(!Failure::NotFound(Missing::Schema).is_retryable());
    fake.plays(|_| Reply::Json(422, json!({ "error_code": 42_201, "message": "not a schema" })));
    let text = Submission { kind: SchemaKind::Avro, text: "{".to_owned(), references: Vec::new() };
    assert_eq!(registry.look_up("order-value", &text, by).await.unwrap_err(), Failure::Refused);
    fake.plays(|_| gone(40_404));
    assert_eq!(
        registry.version("deleted", Version::Latest, by).await.unwrap_err(),
        Failure::NotFound(Missing::Subject)
    );
}

#[tokio::test]
async fn names_that_would_lead_elsewhere_are_asked_of_nobody() {
    let fake = Fake::new(shop).await;
    let (registry, _) = client(&config(&[fake.url()]));
    for subject in ["", ".", "..", &"a".repeat(10_000)] {
        let failure = registry.version(subject, Version::Latest, Asker::Client).await.unwrap_err();
        assert_eq!(failure, Failure::NotFound(Missing::Subject), "{subject}");
    }
    assert_eq!(fake.calls(), 0);
    registry.version("../../schemas/ids/1", Version::Latest, Asker::Client).await.unwrap_err();
    assert_eq!(fake.seen()[0].line, "GET /subjects/..%2F..%2Fschemas%2Fids%2F1/versions/latest");
}

#[tokio::test]
async fn a_path_before_everything() {
    let fake = Fake::new(|seen| {
        Reply::Json(
            200,
            json!({ "schema": "\"int\"", "id": u8::from(seen.line == "GET /apis/ccompat/v7/schemas/ids/1") }),
        )
    })
    .await;
    let (registry, _) = client(&config(&[format!("{}/apis/ccompat/v7", fake.url())]));
    registry.by_id(1, Asker::Client).await.unwrap();
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let shown = Shown::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(shown.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credential");
    let fake = Fake::new(shop).await;
    let mut basic = config(&[fake.url()]);
    basic.basic_auth_file = Some(file.clone());
    std::fs::write(&file, "svc:open-sesame\n").unwrap();
    let (registry, _) = client(&basic);
    registry.by_id(1, Asker::Client).await.unwrap();
    assert_eq!(fake.seen()[0].headers["authorization"], "Basic c3ZjOm9wZW4tc2VzYW1l");

    let mut bearer = config(&[fake.url()]);
    bearer.bearer_file = Some(file.clone());
    std::fs::write(&file, "token-of-the-gateway\n").unwrap();
    let (registry, _) = client(&bearer);
    fake.plays(|_| Reply::Json(401, json!({ "error_code": 40_101 })));
    let failure = registry.by_id(1, Asker::Client).await.unwrap_err();
    assert_eq!(fake.seen()[1].headers["authorization"], "Bearer token-of-the-gateway");
    assert!(failure.is_retryable() && failure.to_string().contains("credentials"), "{failure}");
    assert!(!failure.to_string().contains("127.0.0.1"), "a client must not read where the registry is: {failure}");

    let log = shown.text();
    assert!(log.contains("the schema registry is away"), "{log}");
    let all = format!("{log} {basic:?} {bearer:?} {failure:?}");
    for secret in ["open-sesame", "c3ZjOm9wZW4tc2VzYW1l", "token-of-the-gateway"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[tokio::test]
async fn files_that_hold_no_credential_are_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credential");
    for (text, basic) in [("", true), ("nocolon", true), ("a:b\nc:d", true), (" \n", false), ("two\nlines", false)] {
        std::fs::write(&file, text).unwrap();
        let mut config = config(&["http://127.0.0.1:1".to_owned()]);
        *(if basic { &mut config.basic_auth_file } else { &mut config.bearer_file }) = Some(file.clone());
        let error = forebay::registry::Registry::new(&config, &forebay::metrics::Metrics::new()).err().unwrap();
        assert!(error.to_string().contains("credential") && !error.to_string().contains("nocolon"), "{error}");
    }
}

/// What was logged.
#[derive(Clone, Default)]
pub(crate) struct Shown(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Shown {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Shown {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
