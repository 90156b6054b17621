//! How often the registry is asked, and how much is taken from it.

use std::time::{Duration, Instant};

use forebay::registry::{Asker, Failure, Missing, Version};
use futures_util::future::join_all;
use serde_json::json;

use super::fake::{Fake, Reply, Seen, client, config, gone, metric, shop};

const GONE: Failure = Failure::NotFound(Missing::Schema);

#[tokio::test]
async fn a_hundred_who_ask_for_one_thing_are_one_call() {
    let fake = Fake::new(|seen| Reply::Late(Duration::from_millis(50), Box::new(shop(seen)))).await;
    let (registry, _) = client(&config(&[fake.url()]));
    let all = join_all((0..100).map(|_| registry.by_id(1, Asker::Client))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(fake.calls(), 1);
    let latest = || registry.version("money", Version::Number(1), Asker::Client);
    assert!(join_all((0..100).map(|_| latest())).await.iter().all(Result::is_ok));
    assert_eq!(fake.calls(), 2);
    assert!(join_all((0..100).map(|_| registry.by_id(99, Asker::Client))).await.iter().all(|one| *one == Err(GONE)));
    assert_eq!(fake.calls(), 3);
}

#[tokio::test]
async fn who_goes_away_does_not_end_what_others_wait_for() {
    let fake = Fake::new(|seen| Reply::Late(Duration::from_millis(50), Box::new(shop(seen)))).await;
    let (registry, _) = client(&config(&[fake.url()]));
    let first = tokio::time::timeout(Duration::from_millis(10), registry.by_id(1, Asker::Client)).await;
    assert!(first.is_err());
    assert_eq!(registry.by_id(1, Asker::Client).await.unwrap().id, 1);
    assert_eq!(fake.calls(), 1);
}

#[tokio::test]
async fn what_is_not_there_is_not_asked_for_again_for_a_while() {
    let fake = Fake::new(shop).await;
    let mut config = config(&[fake.url()]);
    config.negative_ttl = Duration::from_hours(1);
    let (registry, metrics) = client(&config);
    for _ in 0..10 {
        assert_eq!(registry.by_id(99, Asker::Client).await, Err(GONE));
    }
    assert_eq!(fake.calls(), 1);
    assert_eq!(metric(&metrics, "forebay_registry_lookups_total{result=\"missing\"}"), 9);
    config.negative_ttl = Duration::ZERO;
    let (registry, _) = client(&config);
    fake.plays(|_| gone(40_403));
    assert_eq!(registry.by_id(1, Asker::Client).await, Err(GONE));
    fake.plays(shop);
    assert!(registry.by_id(1, Asker::Client).await.is_ok(), "it was registered meanwhile");
}

#[tokio::test]
async fn a_flood_of_unknown_ids_costs_the_budget_and_no_more() {
    let fake = Fake::new(shop).await;
    let mut config = config(&[fake.url()]);
    (config.calls_per_second, config.burst, config.schemas) = (10, 20, 50);
    let (registry, metrics) = client(&config);
    registry.by_id(1, Asker::Client).await.unwrap();
    let began = Instant::now();
    let mut over = 0;
    for id in 1_000..101_000 {
        match registry.by_id(id, Asker::Client).await {
            Err(Failure::OverBudget) => over += 1,
            answer => assert_eq!(answer, Err(GONE)),
        }
    }
    let allowed = 20 + 10 * (began.elapsed().as_secs() + 1);
    assert!(fake.calls() as u64 <= allowed + 1, "{} calls, {allowed} allowed", fake.calls());
    assert!(over >= 100_000 - allowed, "{over}");
    assert_eq!(metric(&metrics, "forebay_registry_lookups_total{result=\"over_budget\"}"), over);
    assert!(Failure::OverBudget.is_retryable());
    let calls = fake.calls();
    assert_eq!(registry.by_id(1, Asker::Client).await.unwrap().id, 1, "the known is not forgotten");
    assert_eq!(fake.calls(), calls);
    registry.by_id(3, Asker::Operator).await.unwrap();
}

#[tokio::test]
async fn a_flood_while_the_registry_hangs_leaves_a_bounded_number_waiting() {
    let fake = Fake::new(|_| Reply::Silence).await;
    let mut config = config(&[fake.url()]);
    (config.calls_per_second, config.burst, config.concurrent_calls) = (100_000, 30, 4);
    config.timeout = Duration::from_secs(30);
    let (registry, _) = client(&config);
    let mut waiting = tokio::task::JoinSet::new();
    for id in 0..10_000 {
        let registry = registry.clone();
        waiting.spawn(async move { registry.by_id(id, Asker::Client).await });
    }
    for _ in 0..10_000 - 30 {
        assert_eq!(waiting.join_next().await.unwrap().unwrap(), Err(Failure::OverBudget));
    }
    assert!(fake.calls() <= 4, "{}", fake.calls());
}

#[tokio::test]
async fn references_that_lead_back_are_refused() {
    let fake = Fake::new(|seen| {
        let (subject, other) = if seen.line.contains("/a/") { ("a", "b") } else { ("b", "a") };
        let pointer = json!({ "name": other, "subject": other, "version": 1 });
        Reply::Json(200, json!({ "subject": subject, "version": 1, "id": 1, "schema": "", "references": [pointer] }))
    })
    .await;
    let (registry, _) = client(&config(&[fake.url()]));
    for _ in 0..5 {
        let failure = registry.version("a", Version::Latest, Asker::Client).await.unwrap_err();
        assert!(matches!(&failure, Failure::Unfit(_)) && !failure.is_retryable(), "{failure}");
    }
    assert_eq!(fake.calls(), 3, "and not asked for again at once");
    assert!(registry.is_up(), "the registry is not to blame");
}

/// Schemas of which each refers to others: `next` tells which, by number.
fn linked(next: impl Fn(u32) -> Vec<u32> + Send + Sync + 'static) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    move |seen| {
        let digits = seen.line.split('?').next().unwrap().rsplit('/').next().unwrap();
        let number: u32 = digits.parse().unwrap();
        let pointer = |next: u32| json!({ "name": next.to_string(), "subject": "s", "version": next });
        let references: Vec<_> = next(number).into_iter().map(pointer).collect();
        Reply::Json(
            200,
            json!({ "subject": "s", "version": number, "id": number, "schema": "x".repeat(1_000), "references": references }),
        )
    }
}

#[tokio::test]
async fn references_have_a_depth_a_number_and_a_length() {
    let plenty = |url: String| {
        let mut config = config(&[url]);
        (config.calls_per_second, config.burst) = (100_000, 100_000);
        config
    };
    let unfit = |answer: Result<_, Failure>| assert!(matches!(answer, Err(Failure::Unfit(_))), "{answer:?}");

    let chain = Fake::new(linked(|number| if number < 100 { vec![number + 1] } else { vec![] })).await;
    let (registry, _) = client(&plenty(chain.url()));
    unfit(registry.version("s", Version::Number(1), Asker::Client).await.map(drop));
    assert_eq!(registry.by_id(84, Asker::Client).await.unwrap().references.len(), 16);
    assert!(chain.calls() < 40, "{}", chain.calls());

    let crowd = Fake::new(linked(|number| match number {
        1 => (2..=20).collect(),
        number if number <= 20 => (0..20).map(|n| number * 100 + n).collect(),
        _ => vec![],
    }))
    .await;
    let (registry, _) = client(&plenty(crowd.url()));
    unfit(registry.version("s", Version::Number(1), Asker::Client).await.map(drop));
    assert!(crowd.calls() <= 257, "{}", crowd.calls());

    let diamonds = Fake::new(linked(|number| if number < 15 { vec![number + 1; 2] } else { vec![] })).await;
    let (registry, _) = client(&plenty(diamonds.url()));
    let schema = registry.by_id(1, Asker::Client).await.unwrap();
    assert_eq!((schema.references.len(), diamonds.calls()), (14, 15), "each once, not two to the power of depth");

    let mut short = plenty(diamonds.url());
    short.bytes_per_answer = 10_000;
    let (registry, _) = client(&short);
    unfit(registry.by_id(1, Asker::Client).await.map(drop));
}

#[tokio::test]
async fn a_reference_that_leads_nowhere_does_not_make_the_schema_unknown() {
    let fake = Fake::new(|seen| if seen.line.contains("/money/") { gone(40_401) } else { shop(seen) }).await;
    let (registry, _) = client(&config(&[fake.url()]));
    let failure = registry.by_id(2, Asker::Client).await.unwrap_err();
    assert!(matches!(failure, Failure::Unfit(_)), "{failure}");
}

#[tokio::test]
async fn what_is_remembered_is_bounded() {
    let fake = Fake::new(|seen| {
        let id: u64 = seen.line.rsplit('/').next().unwrap().parse().unwrap();
        Reply::Json(200, json!({ "schema": format!("{id}{}", "x".repeat(1_000)) }))
    })
    .await;
    let mut config = config(&[fake.url()]);
    (config.schemas, config.bytes) = (1_000, 20_000);
    let (registry, _) = client(&config);
    for id in 0..100 {
        registry.by_id(id, Asker::Operator).await.unwrap();
    }
    registry.by_id(99, Asker::Operator).await.unwrap();
    assert_eq!(fake.calls(), 100);
    registry.by_id(0, Asker::Operator).await.unwrap();
    assert_eq!(fake.calls(), 101, "the first had to go");
}
