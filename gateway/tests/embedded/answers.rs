//! Every kind of answer of the native door, as its users see it.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;

use super::house::{ABSENT, CLOSED, House, TOPIC, order, request};

#[tokio::test(flavor = "multi_thread")]
async fn one_event_and_a_batch() {
    let house = House::new(&[]).await;
    let one = house.post(TOPIC, order("a")).await;
    assert_eq!((one.status, &one.json()["written"]), (StatusCode::OK, &json!(1)), "{}", one.text);
    assert!(one.json()["events"][0]["partition"].is_i64());
    let batch = house.post(TOPIC, format!("[{},{}]", order("b"), order("c"))).await;
    assert_eq!(batch.json()["written"], json!(2), "{}", batch.text);
    let (first, second) = (&batch.json()["events"][0], &batch.json()["events"][1]);
    assert_eq!(first["partition"], second["partition"], "one key, one partition");
    assert_eq!(first["offset"].as_i64().unwrap() + 1, second["offset"].as_i64().unwrap(), "in order");
    insta::assert_snapshot!("an_empty_array", house.post(TOPIC, "[]").await.shown());
}

#[tokio::test(flavor = "multi_thread")]
async fn rejections() {
    let house = House::new(&[]).await;
    let cases = [
        ("no_contract", request("no.such.topic", "application/json", "{}")),
        ("a_hostile_topic", request("%2e%2e%2f__consumer_offsets%00", "application/json", "{}")),
        ("a_topic_that_is_not_utf8", request("%ff%fe", "application/json", "{}")),
        ("another_producers_topic", request(CLOSED, "application/json", "{}")),
        ("not_in_kafka", request(ABSENT, "application/json", "{}")),
        ("another_media_type", request(TOPIC, "text/plain", "{}")),
        ("no_media_type", Request::post(format!("/v1/topics/{TOPIC}/events")).body(Body::from("{}")).unwrap()),
        ("another_method", Request::get(format!("/v1/topics/{TOPIC}/events")).body(Body::empty()).unwrap()),
        ("another_address", Request::post("/v2/topics").body(Body::empty()).unwrap()),
        ("an_empty_body", request(TOPIC, "application/json", "")),
        ("a_byte_order_mark", request(TOPIC, "application/json", "\u{feff}{}")),
        ("a_truncated_body", request(TOPIC, "application/json", "[{\"id\":\"a\"},{\"id\":")),
        ("a_syntax_error_sinks_the_document", {
            request(TOPIC, "application/json", format!("[{},{{\"id\":NaN}}]", order("a")))
        }),
        ("no_key", request(TOPIC, "application/json", r#"{"id":"a"}"#)),
        ("no_id", request(TOPIC, "application/json", r#"{"customer":"a"}"#)),
        ("a_duplicate_member", request(TOPIC, "application/json", r#"{"id":"a","customer":"b","id":"c"}"#)),
        ("lines_sent_as_one_document", request(TOPIC, "application/json", format!("{}\n{}\n", order("a"), order("b")))),
        ("an_array_sent_as_lines", request(TOPIC, "application/x-ndjson", format!("[{}]", order("a")))),
        ("a_document_sent_as_lines", request(TOPIC, "application/x-ndjson", "{\n  \"id\": \"a\"\n}")),
        ("a_comma_too_many", request(TOPIC, "application/json", r#"[{"id":"a",]"#)),
        ("a_lone_surrogate", request(TOPIC, "application/json", r#"{"id":"a","customer":"\ud800"}"#)),
    ];
    for (name, request) in cases {
        insta::assert_snapshot!(name, house.send(request).await.shown());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_event_does_not_sink_its_neighbours() {
    let house = House::new(&[]).await;
    let body = format!("[{},{{\"id\":\"x\"}},{}]", order("a"), order("b"));
    let answer = house.post(TOPIC, body).await;
    assert_eq!(answer.status, StatusCode::MULTI_STATUS, "{}", answer.text);
    let outcomes: Vec<_> =
        answer.json()["events"].as_array().unwrap().iter().map(|event| event["outcome"].clone()).collect();
    assert_eq!(outcomes, [json!("written"), json!("not_written"), json!("written")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minimal_answer_lists_the_refused_only() {
    let house = House::new(&[]).await;
    let mut request = request(TOPIC, "application/json", format!("[{},{{\"id\":\"x\"}}]", order("a")));
    request.headers_mut().insert("prefer", "respond-async, return=minimal".parse().unwrap());
    insta::assert_snapshot!(house.send(request).await.shown());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_and_too_much() {
    let variables = [("FOREBAY_ADMISSION__EVENTS_PER_REQUEST", "3"), ("FOREBAY_ADMISSION__BYTES_PER_REQUEST", "1MiB")];
    let house = House::new(&variables).await;
    insta::assert_snapshot!("too_many_events", house.post(TOPIC, "[1,2,3,4]").await.shown());
    insta::assert_snapshot!("too_many_bytes", house.post(TOPIC, "x".repeat(1_048_577)).await.shown());
    let lines: String = (0..5).map(|id| order(&id.to_string()) + "\n").collect();
    let capped = house.send(request(TOPIC, "application/x-ndjson", lines.clone())).await;
    assert_eq!((&capped.json()["written"], &capped.json()["refused"]), (&json!(3), &json!(2)), "{}", capped.text);
    let mut free = request(TOPIC, "application/x-ndjson", lines);
    free.headers_mut().insert("prefer", "return=minimal".parse().unwrap());
    assert_eq!(house.send(free).await.json()["written"], json!(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_stand_alone_and_come_back_as_receipts() {
    let house = House::new(&[]).await;
    let body = format!("{}\r\n\nnot json\n{}", order("a"), order("b"));
    let document = house.send(request(TOPIC, "application/x-ndjson", body.clone())).await;
    assert_eq!((&document.json()["written"], &document.json()["refused"]), (&json!(2), &json!(1)), "{}", document.text);
    let mut streamed = request(TOPIC, "application/x-ndjson", body);
    streamed.headers_mut().insert("accept", "application/x-ndjson".parse().unwrap());
    let receipts = house.send(streamed).await;
    assert_eq!(receipts.headers["content-type"], "application/x-ndjson");
    let outcomes: Vec<_> = receipts
        .text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["outcome"].clone())
        .collect();
    assert_eq!(outcomes, [json!("written"), json!("not_written"), json!("written")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_is_used_up_is_429_for_one_caller() {
    let variables = [
        ("FOREBAY_ADMISSION__BYTES_IN_FLIGHT_PER_PRINCIPAL", "8MiB"),
        ("FOREBAY_ADMISSION__BYTES_PER_REQUEST", "1MiB"),
    ];
    let house = House::new(&variables).await;
    let who = house.app.authn.identify(&head()).unwrap();
    let held = house.app.admission.admit(&who, 8 * 1024 * 1024).unwrap();
    let answer = house.post(TOPIC, order("a")).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text);
    assert!(answer.headers.contains_key("retry-after"));
    insta::assert_snapshot!("over_budget", answer.shown());
    drop(held);
    assert_eq!(house.post(TOPIC, order("a")).await.status, StatusCode::OK);
    assert_eq!(house.app.admission.lent(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_kafka_does_not_take_is_refused_alone() {
    let house = House::new(&[]).await;
    let at = |time: &str| format!("{{\"id\":\"a\",\"customer\":\"c\",\"at\":\"{time}\"}}");
    let times = ["1970-01-01T00:00:00Z", "1969-07-20T20:17:40Z", "2020-02-29T12:00:00Z", "2999-01-01T00:00:00Z"];
    let answer = house.post(TOPIC, format!("[{}]", times.map(at).join(","))).await;
    let events = answer.json()["events"].clone();
    let codes: Vec<_> = events.as_array().unwrap().iter().map(|event| event["code"].clone()).collect();
    let refused = json!("invalid_record");
    assert_eq!(codes, [refused.clone(), refused.clone(), json!(null), refused], "{}", answer.text);
}

fn head() -> forebay::event::Head {
    forebay::event::Head {
        peer: forebay::event::Peer::unknown(),
        dry_run: false,
        topic: TOPIC.to_owned(),
        schema_id: None,
        headers: http::HeaderMap::new(),
        trace: Vec::new(),
    }
}
