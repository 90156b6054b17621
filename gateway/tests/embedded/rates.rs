//! Limits of events and bytes a second, as senders meet them. The tests turn the clock.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use forebay::app::App;
use forebay::clock::Ticks;
use forebay::ingest::allow::rates::Rates;
use governor::clock::FakeRelativeClock;
use http::{Request, StatusCode};
use http_body::Frame;
use serde_json::json;

use super::house::{Answer, House, JUDGED, TOPIC, order, request};

/// What a caller may send: 4 events a second, twice as many at once, and more bytes than any test sends.
const CALLERS: [(&str, &str); 3] = [
    ("FOREBAY_ADMISSION__RATES__DEFAULT__EVENTS_PER_SECOND", "4"),
    ("FOREBAY_ADMISSION__RATES__DEFAULT__BYTES_PER_SECOND", "1MiB"),
    ("FOREBAY_ADMISSION__RATES__DEFAULT__BURST", "2s"),
];

/// A topic whose events are any bytes.
const OCTETS: &str = "owner: team-shop\ndescription: An order.\nvalue: { format: bytes }\n";

/// A gateway whose clock stands still until the test turns it, and two topics that take so much a second.
async fn house(variables: &[(&str, &str)], topic: (Option<u64>, Option<u64>)) -> (House, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    let ticks = Ticks::of(clock.clone());
    let change = move |app: &mut App| {
        app.rates = Rates::new(&app.config.admission.rates, ticks);
        let mut contracts = (*app.catalog.current()).clone();
        for name in [TOPIC, JUDGED] {
            let mut limited = (**contracts.get(name).unwrap()).clone();
            let contract = Arc::make_mut(&mut limited.contract);
            (contract.events_per_second, contract.bytes_per_second) = topic;
            contracts = contracts.with(limited);
        }
        app.catalog.replace(contracts);
    };
    (House::judging_with((OCTETS, ""), variables, change).await, clock)
}

fn orders(events: usize) -> String {
    let orders: Vec<_> = (0..events).map(|id| order(&id.to_string())).collect();
    format!("[{}]", orders.join(","))
}

fn retry_after(answer: &Answer) -> u64 {
    answer.headers["retry-after"].to_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_says_which_it_is_and_when_to_come_again() {
    let (house, clock) = house(&CALLERS, (Some(3), None)).await;
    let written = house.post(TOPIC, orders(3)).await;
    assert_eq!(written.status, StatusCode::OK, "{}", written.text);
    assert_eq!(written.headers["ratelimit"], "\"topic_events\";r=0;t=1");
    insta::assert_snapshot!("rate_limited_by_its_head", house.post(TOPIC, order("a")).await.shown());
    clock.advance(Duration::from_millis(400));
    let batch = house.post(TOPIC, orders(2)).await;
    assert!((1..=2).contains(&retry_after(&batch)), "the wait is rounded up, and one second more at most");
    insta::assert_snapshot!("rate_limited_batch", batch.shown());
    assert_eq!(house.post(TOPIC, order("a")).await.status, StatusCode::OK, "the refused batch has cost nothing");
    clock.advance(Duration::from_secs(1));
    insta::assert_snapshot!("larger_than_the_burst", house.post(TOPIC, orders(4)).await.shown());
    assert_eq!(house.post(TOPIC, orders(3)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_wait_is_said_in_full() {
    let (house, _clock) = house(&CALLERS, (None, None)).await;
    assert_eq!(house.post(TOPIC, orders(8)).await.status, StatusCode::OK);
    let one = house.post(TOPIC, order("a")).await;
    assert!((1..=2).contains(&retry_after(&one)), "{}", one.text);
    let (house, clock) = self::house(&CALLERS, (None, None)).await;
    assert_eq!(house.post(TOPIC, orders(7)).await.status, StatusCode::OK);
    let all = house.post(TOPIC, orders(8)).await;
    assert!((2..=3).contains(&retry_after(&all)), "7 of 8 events come back in 1.75 seconds: {}", all.text);
    clock.advance(Duration::from_millis(1_750));
    assert_eq!(house.post(TOPIC, orders(8)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_limits_there_are_no_fields() {
    let (house, _clock) = house(&[], (None, None)).await;
    let answer = house.post(TOPIC, order("a")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("ratelimit")));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_pay_by_windows_and_the_stream_goes_on() {
    let variables = [("FOREBAY_ADMISSION__WINDOW__EVENTS", "2")];
    let (house, _clock) = house(&variables, (Some(3), None)).await;
    let lines: String = (0..5).map(|id| order(&id.to_string()) + "\n").collect();
    let mut streamed = request(TOPIC, "application/x-ndjson", lines);
    streamed.headers_mut().insert("accept", "application/x-ndjson".parse().unwrap());
    let receipts = house.send(streamed).await;
    let lines = receipts.text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let codes: Vec<_> = lines.map(|line| line["code"].clone()).collect();
    let refused = json!("rate_limited");
    assert_eq!(codes, [json!(null), json!(null), refused.clone(), refused, json!(null)], "{}", receipts.text);
    assert!(receipts.headers.contains_key("ratelimit-policy"));
}

const OCTET_STREAM: &str = "application/octet-stream";

/// A body that says whether anybody has asked for it.
struct Watched(Arc<AtomicBool>);

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.store(true, Ordering::Relaxed);
        Poll::Ready(None)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_refuses_before_the_body_is_asked_for() {
    let (house, clock) = house(&[], (None, Some(4_000))).await;
    let post = |content_type: &str, length: u64| {
        let asked = Arc::new(AtomicBool::new(false));
        let request = Request::post(format!("/v1/topics/{JUDGED}/events"))
            .header("content-type", content_type)
            .header("content-length", length)
            .header("expect", "100-continue")
            .body(Body::new(Watched(Arc::clone(&asked))))
            .unwrap();
        (request, asked)
    };
    let octets = |length| request(JUDGED, OCTET_STREAM, "x".repeat(length));
    let expect = async |content_type, length, expected, read| {
        let (request, asked) = post(content_type, length);
        let answer = house.send(request).await;
        assert_eq!((answer.status, asked.load(Ordering::Relaxed)), (expected, read), "{length}: {}", answer.text);
    };
    assert_eq!(house.send(octets(3_000)).await.status, StatusCode::OK);
    expect(OCTET_STREAM, 2_000, StatusCode::TOO_MANY_REQUESTS, false).await;
    expect(OCTET_STREAM, 4_001, StatusCode::PAYLOAD_TOO_LARGE, false).await;
    expect(OCTET_STREAM, 100, StatusCode::OK, true).await;
    expect("application/json", 4_001, StatusCode::BAD_REQUEST, true).await;
    assert_eq!(house.send(octets(1_000)).await.status, StatusCode::OK, "refusals took nothing");
    expect("application/json", 1, StatusCode::TOO_MANY_REQUESTS, false).await;
    clock.advance(Duration::from_secs(1));
    assert_eq!(house.send(octets(3_900)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_between_events_costs_nothing() {
    let (house, _clock) = house(&[], (None, Some(1_024))).await;
    let events = format!("[{},{}{}]", order("a"), " ".repeat(2_000), order("b"));
    let length = events.len().into();
    let mut spaced = request(TOPIC, "application/json", events);
    spaced.headers_mut().insert("content-length", length);
    let answer = house.send(spaced).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}
