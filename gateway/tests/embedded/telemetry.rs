//! Metrics, traces and the admin listener's pages, as operators see them.

use std::time::Duration;

use axum::body::Body;
use forebay::metrics::{Metrics, Moment};
use forebay::router;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::house::{House, TOPIC, order, request};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn page(house: &House, path: &str) -> (StatusCode, String) {
    let router = router::admin(house.app.clone());
    let response = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_these_names_and_words() {
    let house = House::new(&[]).await;
    house.post(TOPIC, order("a")).await;
    house.post(TOPIC, r#"{"id":"b"}"#).await;
    let (_, text) = page(&house, "/metrics").await;
    let described: Vec<_> = text.lines().filter(|line| line.starts_with('#')).collect();
    insta::assert_snapshot!(described.join("\n"));
    let written = format!("forebay_events_total{{topic=\"{TOPIC}\",outcome=\"written\",code=\"written\"}} 1");
    assert!(text.contains(&written), "{text}");
    let refused = format!("forebay_events_total{{topic=\"{TOPIC}\",outcome=\"not_written\",code=\"missing_key\"}} 1");
    assert!(text.contains(&refused), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_come_from_the_catalogue_only() {
    let house = House::new(&[]).await;
    for topic in 0..50 {
        house.post(&format!("hostile.topic.{topic}"), "{}").await;
    }
    let (_, text) = page(&house, "/metrics").await;
    assert!(!text.contains("hostile"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_pages() {
    let house = House::new(&[]).await;
    assert_eq!(page(&house, "/livez").await.0, StatusCode::OK);
    assert_eq!(page(&house, "/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
    let (_, contracts) = page(&house, "/contracts").await;
    let contracts: Value = serde_json::from_str(&contracts).unwrap();
    assert_eq!(contracts.as_array().unwrap().len(), 3);
    let (_, contract) = page(&house, &format!("/contracts/{TOPIC}")).await;
    assert_eq!(serde_json::from_str::<Value>(&contract).unwrap()["owner"], json!("team-shop"));
    assert_eq!(page(&house, "/contracts/none").await.0, StatusCode::NOT_FOUND);
    let router = router::admin(house.app.clone());
    let other = Request::post("/config").body(Body::empty()).unwrap();
    let other = router.oneshot(other).await.unwrap();
    assert_eq!(other.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(other.headers()["allow"], "GET,HEAD");
    let text = other.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(&text[..], b"This address takes another method: /reload takes POST, all others take GET.\n");
    let (status, text) = page(&house, "/").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let named: Vec<_> = text.split([' ', ',', '.', '\n']).filter(|word| word.starts_with('/')).collect();
    assert_eq!(named.len(), 9, "{text}");
    for address in named {
        let (status, text) = page(&house, address).await;
        assert!(status != StatusCode::NOT_FOUND || text.contains("no contract"), "{address}: {text}");
    }
    let (_, config) = page(&house, "/config").await;
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["kafka"]["bootstrap"], json!([house.broker.bootstrap_servers()]));
    house.app.life.advance(forebay::app::Stage::Settling);
    let (status, reasons) = page(&house, "/readyz").await;
    assert_eq!((status, reasons.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "the gateway is shutting down\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_or_is_absent_changes_nothing() {
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let absent = {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
        gone.local_addr().unwrap()
    };
    for address in [hanging.local_addr().unwrap(), absent] {
        let endpoint = format!("http://{address}");
        let variables = [("FOREBAY_TELEMETRY__OTLP", endpoint.as_str()), ("FOREBAY_TELEMETRY__SAMPLE", "1")];
        let house = House::new(&variables).await;
        for event in 0..3_000 {
            let answer = house.post("no.such.topic", order(&event.to_string())).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(house.post(TOPIC, order("a")).await.status, StatusCode::OK);
        let (_, text) = page(&house, "/metrics").await;
        let dropped = text.lines().find_map(|line| line.strip_prefix("forebay_spans_dropped_total ")).unwrap();
        assert!(dropped.parse::<u64>().unwrap() > 0, "the queue holds 2,048, and 3,000 were offered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_reaches_the_collector_and_continues_the_callers_trace() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let collector = tokio::spawn(collect(listener));
    let variables = [("FOREBAY_TELEMETRY__OTLP", endpoint.as_str()), ("FOREBAY_TELEMETRY__SAMPLE", "0")];
    let house = House::new(&variables).await;
    house.post(TOPIC, order("untraced")).await;
    let mut traced = request(TOPIC, "application/json", order("traced"));
    traced.headers_mut().insert("traceparent", TRACE.parse().unwrap());
    house.send(traced).await;
    let app = house.app.clone();
    tokio::task::spawn_blocking(move || app.traces.shutdown(Duration::from_secs(10))).await.unwrap();
    let (path, body) = collector.await.unwrap();
    assert_eq!(path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    let trace_id = [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36];
    let spans = body.windows(16).filter(|window| *window == trace_id).count();
    assert_eq!(spans, 1, "one span a request, and none for the one that was not sampled");
}

/// The first export's path and body.
async fn collect(listener: TcpListener) -> (String, Vec<u8>) {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let (sender, mut exports) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
            let sender = sender.clone();
            async move {
                let path = request.uri().path().to_owned();
                let body = request.into_body().collect().await?.to_bytes().to_vec();
                sender.send((path, body)).await.unwrap();
                let answer = http_body_util::Full::new(bytes::Bytes::from_static(&[0; 5]));
                let headers = [("content-type", "application/grpc"), ("grpc-status", "0")];
                let mut response = hyper::Response::new(answer);
                for (name, value) in headers {
                    response.headers_mut().insert(name, value.parse().unwrap());
                }
                Ok::<_, hyper::Error>(response)
            }
        });
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        server.serve_connection(TokioIo::new(stream), service).await
    });
    exports.recv().await.unwrap()
}

#[test]
fn a_slow_schema_is_shown_with_its_reason() {
    let slow_schemas = vec![("shop.order.placed.v1".into(), "`anyOf` at /properties/pay".to_owned())];
    let text = Metrics::new().render(Moment { slow_schemas, unbound_topics: 3, ..Moment::default() });
    let slow = "forebay_slow_schema{topic=\"shop.order.placed.v1\",reason=\"`anyOf` at /properties/pay\"} 1\n";
    assert!(text.contains(slow) && text.contains("forebay_unbound_topics 3\n"), "{text}");
}
