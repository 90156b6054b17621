//! What a broker does wrong, and what the sender is told.

use std::time::Duration;

use forebay::app::Stage;
use http::StatusCode;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use serde_json::json;

use super::house::{Answer, House, TOPIC, order};

/// Enough errors in a row that librdkafka's own retries don't get past them before the deadline.
const MANY: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn not_enough_replicas_after_append_is_unknown() {
    let house = House::new(&[]).await;
    let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND;
    house.broker.request_errors(RDKafkaApiKey::Produce, &[error; MANY]);
    let answer = house.post(TOPIC, order("a")).await;
    assert!(answer.status.is_server_error(), "{}", answer.text);
    assert_eq!(answer.json()["outcome"], json!("unknown"), "{}", answer.text);
    assert_eq!(answer.json()["retryable"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_trip_longer_than_the_deadline_is_504_unknown_and_written_once() {
    let house = House::new(&[]).await;
    house.broker.broker_round_trip_time(1, Duration::from_secs(4)).unwrap();
    let answer = house.post(TOPIC, order("late")).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT, "{}", answer.text);
    assert_eq!(answer.json()["code"], json!("timed_out"));
    assert_eq!(answer.json()["outcome"], json!("unknown"));
    let answer = house.post(TOPIC, order("refused")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "the topic is stalled: {}", answer.text);
    assert_eq!(answer.json()["outcome"], json!("not_written"));
    house.broker.broker_round_trip_time(1, Duration::ZERO).unwrap();
    house.written_again().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_the_gateway_may_not_write_is_403() {
    let house = House::new(&[]).await;
    let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    house.broker.request_errors(RDKafkaApiKey::Produce, &[error; MANY]);
    let answer = house.post(TOPIC, order("a")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    assert_eq!(answer.json()["outcome"], json!("not_written"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fatal_error_is_survived_without_a_restart() {
    let house = House::new(&[]).await;
    house.post(TOPIC, order("before")).await;
    let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    house.broker.request_errors(RDKafkaApiKey::Produce, &[error; 3]);
    let answer = house.post(TOPIC, order("hit")).await;
    assert!(answer.status == StatusCode::OK || answer.status.is_server_error(), "{}", answer.text);
    house.broker.clear_request_errors(RDKafkaApiKey::Produce);
    house.written_again().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_gone_and_comes_back() {
    let house = House::new(&[]).await;
    house.broker.broker_down(1).unwrap();
    let answer = house.post(TOPIC, order("a")).await;
    assert!(answer.status.is_server_error(), "{}", answer.text);
    assert_eq!(answer.json()["retryable"], json!(true));
    house.broker.broker_up(1).unwrap();
    house.written_again().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_at_once_and_takes_again_when_it_has_room() {
    let queue = ("FOREBAY_KAFKA__QUEUE__BYTES_PER_TOPIC", "2MiB");
    let house = House::new(&[queue]).await;
    house.broker.broker_round_trip_time(1, Duration::from_millis(800)).unwrap();
    let big = format!("{{\"id\":\"b\",\"customer\":\"c\",\"fill\":\"{}\"}}", "x".repeat(900_000));
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (door, big) = (house.door.clone(), big.clone());
        posts.spawn(async move { door.post(TOPIC, big).await });
    }
    let answers = posts.join_all().await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.json()["code"] == json!("queue_full")).collect();
    assert!(!refused.is_empty(), "{:?}", answers.iter().map(|answer| &answer.text).collect::<Vec<_>>());
    for answer in refused {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers.contains_key("retry-after"));
        assert_eq!(answer.json()["outcome"], json!("not_written"));
    }
    house.broker.broker_round_trip_time(1, Duration::ZERO).unwrap();
    house.written_again().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_changes_nothing_but_the_answer() {
    let house = House::new(&[]).await;
    house.broker.broker_round_trip_time(1, Duration::from_millis(500)).unwrap();
    let gone = tokio::time::timeout(Duration::from_millis(100), house.post(TOPIC, order("a"))).await;
    assert!(gone.is_err(), "the client is gone before the acknowledgement");
    assert!(house.app.admission.lent() > 0, "its memory is held until the record is acknowledged");
    while house.app.admission.lent() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let text = house.app.metrics.render(house.app.moment());
    let counted = format!("forebay_events_total{{topic=\"{TOPIC}\",outcome=\"written\",code=\"written\"}} 1");
    assert!(text.contains(&counted), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_going_sends_busy_clients_away_with_their_answer() {
    let house = House::new(&[]).await;
    let said = |answer: &Answer| answer.headers.get("connection").cloned();
    let answer = house.post(TOPIC, order("before")).await;
    assert_eq!((answer.status, said(&answer)), (StatusCode::OK, None));
    house.app.life.advance(Stage::Settling);
    let answer = house.post(TOPIC, order("after")).await;
    assert_eq!((answer.status, said(&answer)), (StatusCode::OK, Some("close".parse().unwrap())));
}
