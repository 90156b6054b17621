//! Hostile and broken input before a real cluster: a clear answer with a stable code, nothing of it in Kafka, and a
//! gateway that goes on as if nothing had happened.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::net::TcpStream;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Answer, Connection, Request};
use serde_json::json;

const MIB: u64 = 1024 * 1024;

/// A topic of orders and one of keyed JSON with their gateway, which gives up on a body that stalls for a second.
fn gateway(orders: &str, keyed: &str) -> Gateway {
    let cluster = Cluster::shared();
    for topic in [orders, keyed] {
        cluster.create_topic(topic, 1, &[]);
    }
    let catalog = Catalog::new().orders(orders).keyed_json(keyed);
    Gateway::start_with(&cluster.bootstrap(), &catalog, json!({ "listen": { "body_timeout": "1s" } }))
}

fn path(topic: &str) -> String {
    format!("/v1/topics/{topic}/events")
}

fn order(member: &str, value: &str) -> String {
    let mut members = vec![
        ("event_id", "\"bad\""),
        ("occurred_at", "\"2025-06-01T10:00:00Z\""),
        ("customer_id", "\"c\""),
        ("total", "\"1.00\""),
        ("lines", "[]"),
    ];
    members.retain(|&(name, _)| name != member);
    members.push((member, value));
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// A refusal of the whole request: this status, this code, nothing written, no use in trying again.
fn assert_refused(what: &str, answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{what}: {answer}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    let json = answer.json();
    assert_eq!((json["code"].as_str(), &json["status"]), (Some(code), &json!(status)), "{what}: {answer}");
    assert_eq!((&json["outcome"], &json["retryable"]), (&json!("not_written"), &json!(false)), "{what}: {answer}");
}

/// The gateway lives, writes a good event, and the topic holds nothing but the good ones.
fn assert_unharmed(gateway: &Gateway, keyed: &str) {
    assert_eq!(gateway.admin_client().get("/livez").status, 200);
    let good = Request::json(path(keyed), r#"{"id":"good","key":"k"}"#);
    assert_eq!(gateway.client().send(&good).status, 200);
    for record in Cluster::shared().read(keyed) {
        assert!(record.header("event-id").is_some_and(|id| id.starts_with("good")), "{record:?}");
    }
}

#[test]
fn bodies_that_are_not_json_are_malformed() {
    let (orders, keyed) = ("bad.order.json.v1", "bad.keyed.json.v1");
    let gateway = gateway(orders, keyed);
    let rows: &[(&str, Vec<u8>)] = &[
        ("not JSON", b"hello".to_vec()),
        ("an empty body", Vec::new()),
        ("white space alone", b" \r\n\t".to_vec()),
        ("a truncated object", br#"{"id":"bad","key":"k""#.to_vec()),
        ("a truncated array", br#"[{"id":"bad","key":"k"}"#.to_vec()),
        ("a good event, then a syntax error", br#"[{"id":"bad","key":"k"},{"id":]"#.to_vec()),
        ("something after the value", br#"{"id":"bad","key":"k"} x"#.to_vec()),
        ("two values", br#"{"id":"bad","key":"k"}{"id":"bad","key":"k"}"#.to_vec()),
        ("a trailing comma", br#"{"id":"bad","key":"k",}"#.to_vec()),
        ("a byte order mark", b"\xEF\xBB\xBF{\"id\":\"bad\",\"key\":\"k\"}".to_vec()),
        ("NaN", br#"{"id":"bad","key":"k","x":NaN}"#.to_vec()),
        ("Infinity", br#"{"id":"bad","key":"k","x":-Infinity}"#.to_vec()),
        ("a leading zero", br#"{"id":"bad","key":"k","x":01}"#.to_vec()),
        ("a lone surrogate", br#"{"id":"bad","key":"\ud800"}"#.to_vec()),
        ("surrogates in the wrong order", br#"{"id":"bad","key":"k","x":"\udc00\ud800"}"#.to_vec()),
        ("bytes that are not UTF-8", b"{\"id\":\"bad\",\"key\":\"\xFF\"}".to_vec()),
        ("UTF-16", "{\"id\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a raw line feed in a string", b"{\"id\":\"bad\",\"key\":\"a\nb\"}".to_vec()),
        ("duplicate keys", br#"{"id":"bad","key":"k","key":"l"}"#.to_vec()),
        ("duplicate keys in disguise", br#"{"id":"bad","key":"k","k\u0065y":"l"}"#.to_vec()),
        ("duplicate keys deep inside", br#"{"id":"bad","key":"k","x":[{"a":1,"a":1}]}"#.to_vec()),
        ("nested arrays", "[".repeat(100_000).into_bytes()),
        ("nested objects", "{\"a\":".repeat(100_000).into_bytes()),
        ("nested and closed", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes()),
    ];
    let mut client = gateway.client();
    for (what, body) in rows {
        assert_refused(what, &client.send(&Request::json(path(keyed), body.clone())), 400, "malformed");
    }
    assert_unharmed(&gateway, keyed);
}

#[test]
fn values_outside_the_schema_are_violations() {
    let (orders, keyed) = ("bad.order.values.v1", "bad.keyed.values.v1");
    let gateway = gateway(orders, keyed);
    let rows = [
        ("occurred_at", "9223372036854775808"),
        ("occurred_at", "1.5"),
        ("occurred_at", "1e400"),
        ("lines", "[2147483648]"),
        ("lines", "[1e400]"),
        ("lines", "{}"),
        ("total", "1e400"),
        ("total", "\"1.005\""),
        ("total", "\"12345678901.00\""),
        ("total", "null"),
        ("customer_id", "7"),
        ("note", "false"),
        ("surprise", "1"),
    ];
    let mut client = gateway.client();
    for (member, value) in rows {
        let what = format!("{member}: {value}");
        let answer = client.send(&Request::json(path(orders), order(member, value)));
        assert_refused(&what, &answer, 422, "schema_violation");
        let pointer = answer.json()["events"][0]["errors"][0]["pointer"].as_str().map(str::to_owned);
        assert!(pointer.is_some_and(|pointer| pointer.starts_with(&format!("/{member}"))), "{what}: {answer}");
        assert!(!answer.text().contains("12345678901"), "an answer repeats no value: {answer}");
    }
    assert!(Cluster::shared().read(orders).is_empty());
}

#[test]
fn other_media_types_are_refused() {
    let (orders, keyed) = ("bad.order.media.v1", "bad.keyed.media.v1");
    let gateway = gateway(orders, keyed);
    let good = r#"{"id":"bad","key":"k"}"#;
    let none = gateway.client().send(&Request::post(path(keyed), good));
    assert_refused("no Content-Type", &none, 415, "unsupported_media_type");
    for media_type in ["text/plain", "application/xml", "application/jsonx", "", "json", "application/json, text/plain"]
    {
        let answer = gateway.client().send(&Request::post(path(keyed), good).header("content-type", media_type));
        assert_refused(media_type, &answer, 415, "unsupported_media_type");
    }
    let answer = gateway.client().send(&Request::json(path(keyed), good).header("content-encoding", "rot13"));
    assert_refused("an unknown coding", &answer, 415, "unsupported_media_type");
    assert_unharmed(&gateway, keyed);
}

#[test]
fn addresses_that_no_contract_names_are_not_found() {
    let (orders, keyed) = ("bad.order.topics.v1", "bad.keyed.topics.v1");
    let gateway = gateway(orders, keyed);
    let long = "a".repeat(250);
    let upper = keyed.to_uppercase();
    let topics = [
        "unknown",
        "..",
        "../..",
        "%2e%2e",
        "%252e%252e",
        "a%2Fb",
        "a%00b",
        "%0d%0aset-cookie:x",
        "%FF",
        "%zz",
        "__consumer_offsets",
        "_schemas",
        "bad.keyed.t%D0%BEpics.v1",
        "bad.keyed.topics.v1%20",
        &long,
        &upper,
    ];
    for topic in topics {
        let answer = gateway.client().send(&Request::json(path(topic), r#"{"id":"bad","key":"k"}"#));
        let (status, code) = (answer.status, answer.code());
        assert!(
            matches!((status, code.as_str()), (404, "unknown_topic" | "not_found") | (400, "malformed")),
            "{answer}"
        );
        assert_refused(topic, &answer, status, &code);
        assert!(answer.header("set-cookie").is_none());
    }
    for request in [Request::get(path(keyed)), Request::post("/v1/topics", "{}"), Request::get("/livez")] {
        let answer = gateway.client().send(&request);
        assert!(matches!(answer.status, 404 | 405), "{answer}");
    }
    assert_unharmed(&gateway, keyed);
}

#[test]
fn a_refusal_leaves_the_connection_open_or_says_that_it_closes() {
    let (orders, keyed) = ("bad.order.kept.v1", "bad.keyed.kept.v1");
    let gateway = gateway(orders, keyed);
    let event = r#"{"id":"bad","key":"k"}"#;
    let refused = [Request::json(path("unknown"), event), Request::post(path(keyed), event)];
    let mut client = gateway.client(); // takes a new connection only after an answer with `Connection: close`
    for request in refused.iter().cycle().take(200) {
        let answer = client.send(request);
        assert!(matches!(answer.status, 404 | 415), "{answer}");
    }
    assert_unharmed(&gateway, keyed);
}

#[test]
fn what_is_too_large_is_refused_and_memory_stays_flat() {
    let (orders, keyed) = ("bad.order.size.v1", "bad.keyed.size.v1");
    let gateway = gateway(orders, keyed);
    assert_unharmed(&gateway, keyed);
    let before = gateway.peak_memory();
    let twenty_megabytes = format!("{{\"id\":\"bad\",\"key\":\"{}\"}}", "k".repeat(20_000_000));
    for _ in 0..5 {
        let announced = gateway.client().send(&Request::json(path(keyed), twenty_megabytes.clone()));
        assert_refused("20 MB", &announced, 413, "too_large");
        let answer = chunked(&gateway, &path(keyed), twenty_megabytes.as_bytes());
        assert_refused("20 MB in chunks", &answer, 413, "too_large");
    }
    let event = r#"{"id":"bad","key":"k"}"#;
    let events = format!("[{}]", vec![event; 10_001].join(","));
    let answer = gateway.client().send(&Request::json(path(keyed), events));
    assert_refused("10,001 events", &answer, 413, "too_large");
    let grown = gateway.peak_memory() - before;
    assert!(grown < 128 * MIB, "the resident set grew by {} MiB", grown / MIB);
    assert_unharmed(&gateway, keyed);
}

/// Sends a body in chunks of 64 KiB until it is through, or the gateway has had enough.
fn chunked(gateway: &Gateway, path: &str, body: &[u8]) -> Answer {
    let mut connection = Connection::open(gateway.address()).expect("a connection");
    let head = "host: forebay\r\ncontent-type: application/json\r\ntransfer-encoding: chunked";
    connection.write(format!("POST {path} HTTP/1.1\r\n{head}\r\n\r\n").as_bytes()).expect("the head is taken");
    let sent = body.chunks(65_536).try_for_each(|chunk| connection.chunk(chunk));
    if sent.is_ok() {
        let _ = connection.chunk(b""); // the answer may be on its way already
    }
    connection.answer().expect("an answer")
}

#[test]
fn a_body_that_stops_half_way_leaves_nothing() {
    let (orders, keyed) = ("bad.order.half.v1", "bad.keyed.half.v1");
    let gateway = gateway(orders, keyed);
    let event = r#"{"id":"bad","key":"k"}"#;
    let framings = [
        format!("content-type: application/json\r\ncontent-length: 1000\r\n\r\n[{event},"),
        format!("content-type: application/json\r\ncontent-length: 1000\r\n\r\n{event}"),
        format!("content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n16\r\n{event}\r\n"),
        format!("content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{event}"),
        format!("content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n{event}"),
    ];
    for framing in &framings {
        let head = format!("POST {} HTTP/1.1\r\nhost: forebay\r\n{framing}", path(keyed));
        let hung_up = raw(&gateway, head.as_bytes(), true);
        assert!(!hung_up.contains(" 200 "), "{framing}: {hung_up}");
        let stalled = raw(&gateway, head.as_bytes(), false);
        assert!(!stalled.contains(" 200 "), "{framing}: {stalled}");
    }
    let stalled = format!("POST {} HTTP/1.1\r\nhost: forebay\r\n{}", path(keyed), framings[0]);
    let stalled = raw(&gateway, stalled.as_bytes(), false);
    assert!(stalled.starts_with("HTTP/1.1 408 ") && stalled.contains("body_timeout"), "{stalled}");
    assert_unharmed(&gateway, keyed);
}

/// Writes bytes, hangs up its side or stays silent, and reads until the gateway closes.
fn raw(gateway: &Gateway, bytes: &[u8], hang_up: bool) -> String {
    let mut stream = TcpStream::connect(gateway.address()).expect("a connection");
    stream.write_all(bytes).expect("the bytes are taken");
    if hang_up {
        stream.shutdown(Shutdown::Write).expect("half of a connection can be closed");
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer); // a reset ends it as well
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn one_body_never_becomes_a_second_request() {
    let (orders, keyed) = ("bad.order.smuggled.v1", "bad.keyed.smuggled.v1");
    let gateway = gateway(orders, keyed);
    let event = r#"{"id":"bad","key":"k"}"#;
    let post = format!("POST {} HTTP/1.1\r\nhost: forebay\r\ncontent-type: application/json\r\n", path(keyed));
    let inner = format!("{post}content-length: {}\r\n\r\n{event}", event.len());
    let heads = [
        format!("{post}content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}", inner.len() + 5),
        format!("{post}content-length: 3\r\ncontent-length: {}\r\n\r\nbad{inner}", inner.len()),
        format!("{post}content-length: +3\r\n\r\nbad{inner}"),
        format!("{post}transfer-encoding: identity, chunked, identity\r\n\r\n0\r\n\r\n{inner}"),
        format!("{post} x: folded\r\ncontent-length: 3\r\n\r\nbad{inner}"),
    ];
    for head in &heads {
        let answer = raw(&gateway, head.as_bytes(), true);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head}\n→ {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head}\n→ {answer}");
    }
    assert_unharmed(&gateway, keyed);
}

#[test]
fn a_bad_line_of_ndjson_is_refused_alone() {
    let (orders, keyed) = ("bad.order.lines.v1", "bad.keyed.lines.v1");
    let gateway = gateway(orders, keyed);
    let lines = ["{\"id\":\"good-0\",\"key\":\"k\"}", "{\"id\":", "[", "{\"id\":\"good-1\",\"key\":\"k\"}"];
    for end in ["\n", "\r\n"] {
        let answer = gateway.client().send(&Request::ndjson(path(keyed), lines.join(end)));
        assert_eq!(answer.status, 207, "{answer}");
        let json = answer.json();
        assert_eq!((&json["written"], &json["refused"]), (&json!(2), &json!(2)), "{answer}");
        for bad in [1, 2] {
            let refused = &json["events"][bad];
            assert_eq!((&refused["code"], &refused["outcome"]), (&json!("malformed"), &json!("not_written")));
        }
    }
    let records = Cluster::shared().read(keyed);
    assert_eq!(records.len(), 4);
    assert!(records.iter().all(|record| record.text().ends_with('}')), "a carriage return is no part of an event");
    assert_unharmed(&gateway, keyed);
}
