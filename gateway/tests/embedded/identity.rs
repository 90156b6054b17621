//! Who is calling, from the first byte of a connection to the answer: what a caller who is not known hears, before a
//! byte of its body is read, and what one hears whose credential ends soon.

use std::convert::Infallible;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use forebay::event::Peer;
use forebay::router;
use forebay::server::Server;
use http::{Request, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use super::house::{CLOSED, House, TOPIC, order, request};

/// A key as `forebay key new` prints it: the key, and the line for the file.
fn key(arguments: &[&str]) -> (String, String) {
    let made = Command::new(env!("CARGO_BIN_EXE_forebay")).args(["key", "new"]).args(arguments).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = String::from_utf8(made.stdout).unwrap();
    let (key, line) = text.split_once('\n').unwrap();
    assert!(!String::from_utf8_lossy(&made.stderr).contains(key), "it is shown once");
    (key.to_owned(), line.to_owned())
}

/// A gateway with this file of keys, and more members of its section.
async fn with_keys(lines: &[&str], more: &str) -> (House, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.yaml");
    std::fs::write(&path, lines.join("\n")).unwrap();
    let section = format!("{{ api_keys: {}, {more} }}", path.display());
    let variables = [("FOREBAY_LISTEN__ADDRESS", "127.0.0.1:0"), ("FOREBAY_ADMIN__ADDRESS", "127.0.0.1:0")];
    (House::known_by(&section, &variables).await, folder)
}

fn by(key: &str) -> Request<Body> {
    let mut request = request(TOPIC, "application/json", order("a"));
    request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_key_new_made_lets_in_and_nothing_else_does() {
    let (key, line) = key(&["--principal", "svc-shop", "--days", "30", "--group", "shop", "--scope", "shop.*"]);
    let (house, _folder) = with_keys(&[&line], "").await;
    let good = house.send(by(&key)).await;
    assert_eq!(good.status, StatusCode::OK, "{}", good.text);
    assert!(!good.headers.contains_key("forebay-credential-expires"));
    let mut wrong = key.clone().into_bytes();
    wrong[20] = if wrong[20] == b'x' { b'y' } else { b'x' };
    insta::assert_snapshot!("no_credential", house.post(TOPIC, order("a")).await.shown());
    insta::assert_snapshot!("a_damaged_key", house.send(by(&String::from_utf8(wrong).unwrap())).await.shown());
    let (stranger, _) = self::key(&["--principal", "svc-shop"]);
    insta::assert_snapshot!("an_unknown_key", house.send(by(&stranger)).await.shown());
    insta::assert_snapshot!("a_token_where_none_is_taken", house.send(by("a.b.c")).await.shown());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ends_soon_says_so_to_its_sender_and_to_operators() {
    let (key, line) = key(&["--principal", "svc-shop", "--days", "3"]);
    let (house, _folder) = with_keys(&[&line], "").await;
    let answer = house.send(by(&key)).await;
    let ends = answer.headers["forebay-credential-expires"].to_str().unwrap();
    assert!(ends.ends_with("T00:00:00Z") && ends.len() == 20, "{ends}");
    let text = house.app.metrics.render(house.app.moment());
    assert!(text.contains("forebay_credentials_expiring{principal=\"svc-shop\"} 1\n"), "{text}");
    let accepted = "forebay_authentications_total{method=\"api_key\",outcome=\"accepted\"} 1\n";
    assert!(text.contains(accepted), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_turned_away_hears_too_that_the_key_ends_soon() {
    let (key, line) = key(&["--principal", "svc-other", "--days", "3"]);
    let (house, _folder) = with_keys(&[&line], "").await;
    let of = |topic: &str, content_type: &str, body: &'static str| {
        let mut request = request(topic, content_type, body);
        request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        request
    };
    for (request, expected) in [
        (of("no.such.topic", "application/json", "{}"), StatusCode::NOT_FOUND),
        (of(CLOSED, "application/json", "{}"), StatusCode::FORBIDDEN),
        (of(TOPIC, "text/nonsense", "{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (of(TOPIC, "application/json", "{"), StatusCode::BAD_REQUEST),
    ] {
        let answer = house.send(request).await;
        assert_eq!(answer.status, expected, "{}", answer.text);
        assert!(answer.headers.contains_key("forebay-credential-expires"), "{expected}");
    }
}

/// A body that comes as the test has it.
struct Fed(mpsc::Receiver<Bytes>);

impl http_body::Body for Fed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// The codes of a stream's lines: one before the change, and 20 that are sent after it. None for what was written.
async fn codes(house: &House, key: &str, change: impl FnOnce()) -> Vec<Value> {
    let (feed, body) = mpsc::channel(1);
    let mut streamed = request(TOPIC, "application/x-ndjson", Body::new(Fed(body)));
    let headers = streamed.headers_mut();
    headers.insert("accept", "application/x-ndjson".parse().unwrap());
    headers.insert("authorization", format!("Bearer {key}").parse().unwrap());
    let lines = |count| (0..count).map(|id| order(&id.to_string()) + "\n").collect::<String>();
    feed.send(lines(1).into()).await.unwrap();
    let mut answer = house.door.open(streamed).await.into_body();
    let mut text = answer.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
    change();
    feed.send(lines(20).into()).await.unwrap();
    drop(feed);
    text.extend(answer.collect().await.unwrap().to_bytes());
    let lines = String::from_utf8(text).unwrap();
    lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["code"].take()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_ends_with_its_senders_rights() {
    let (key, line) = key(&["--principal", "svc-shop"]);
    let (house, folder) = with_keys(&[&line], "").await;
    let path = folder.path().join("keys.yaml");
    let put = |lines: &str| {
        std::fs::write(&path, lines).unwrap();
        house.app.authn.reload().unwrap();
    };
    let another = self::key(&["--principal", "svc-other"]).1;
    let still = codes(&house, &key, || put(&format!("{line}\n{another}"))).await;
    assert_eq!(still, vec![Value::Null; 21], "whose key is still there goes on");
    let withdrawn = codes(&house, &key, || put(&another)).await;
    assert_eq!(withdrawn, [Value::Null, "unauthenticated".into()], "the key was withdrawn");
    put(&line);
    let change = || {
        let contracts = house.app.catalog.current();
        let mut closed = (**contracts.get(TOPIC).unwrap()).clone();
        Arc::make_mut(&mut closed.contract).producers = Some(vec!["svc-other".to_owned()]);
        house.app.catalog.replace((*contracts).clone().with(closed));
    };
    assert_eq!(codes(&house, &key, change).await, [Value::Null, "forbidden".into()], "the topic is another's");
    let text = house.app.metrics.render(house.app.moment());
    let accepted = "forebay_authentications_total{method=\"api_key\",outcome=\"accepted\"} 3\n";
    assert!(text.contains(accepted), "a stream is one request: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_change_while_requests_run_and_none_of_them_sees_it() {
    let ((old, old_line), (new, new_line)) = (key(&["--principal", "svc-shop"]), key(&["--principal", "svc-shop"]));
    let (house, folder) = with_keys(&[&old_line], "").await;
    let path = folder.path().join("keys.yaml");
    let steps: [(&str, &str); 2] = [(&old, &format!("{old_line}\n{new_line}")), (&new, &new_line)];
    for (used, file) in steps {
        let door = house.door.clone();
        let requests: Vec<_> = (0..200).map(|_| by(used)).collect();
        let load = tokio::spawn(async move {
            for request in requests {
                assert_eq!(door.send(request).await.status, StatusCode::OK);
            }
        });
        std::fs::write(&path, file).unwrap();
        house.app.authn.reload().unwrap();
        load.await.unwrap();
    }
    assert_eq!(house.send(by(&old)).await.status, StatusCode::UNAUTHORIZED, "it was revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_operators_see_shows_a_key_or_its_hash() {
    let (key, line) = key(&["--principal", "svc-shop", "--days", "3"]);
    let (house, _folder) = with_keys(&[&line], "").await;
    house.send(by(&key)).await;
    let hash = line.split("sha256:").nth(1).unwrap()[..64].to_owned();
    let router = router::admin(Arc::clone(&house.app));
    for path in ["/config", "/metrics", "/readyz", "/contracts"] {
        let response = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let text = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
        assert!(!text.contains(&hash) && !text.contains(&key) && !text.contains(&key[14..57]), "{path}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxys_word_counts_by_the_connections_address() {
    let variables = [("FOREBAY_LISTEN__TRUSTED_PROXIES", "10.0.0.0/8")];
    let house = House::known_by("{ proxy: {} }", &variables).await;
    let from = |address: [u8; 4]| {
        let mut request = request(TOPIC, "application/json", order("a"));
        request.headers_mut().insert("x-forebay-principal", "svc-shop".parse().unwrap());
        request.extensions_mut().insert(Arc::new(Peer { address: address.into(), certificate: None }));
        request
    };
    assert_eq!(house.send(from([10, 0, 0, 1])).await.status, StatusCode::OK);
    insta::assert_snapshot!("a_proxy_that_nobody_trusts", house.send(from([11, 0, 0, 1])).await.shown());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_is_told_before_a_byte_of_the_body_is_read() {
    let (key, line) = key(&["--principal", "svc-shop"]);
    let (house, _folder) = with_keys(&[&line], "").await;
    let server = Server::bind(Arc::clone(&house.app)).await.unwrap();
    let (data, _) = server.addresses().unwrap();
    let serving = tokio::spawn(server.serve(async || std::future::pending().await));
    let body = order("a");
    let head = |key: &str, length: usize| {
        format!(
            "POST /v1/topics/{TOPIC}/events HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
             authorization: Bearer {key}\r\ncontent-length: {length}\r\nexpect: 100-continue\r\n\r\n"
        )
    };
    let mut stream = TcpStream::connect(data).await.unwrap();
    stream.write_all(head("fb_wrong", 10_000_000).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("www-authenticate: Bearer realm=\"forebay\", error=\"invalid_token\"\r\n"), "{answer}");

    let mut stream = TcpStream::connect(data).await.unwrap();
    stream.write_all(head(&key, body.len()).as_bytes()).await.unwrap();
    let mut line = [0; 12];
    stream.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"HTTP/1.1 100", "who is known is asked for the body");
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_known_hears_of_nothing_else() {
    let (_, line) = key(&["--principal", "svc-shop"]);
    let (house, _folder) = with_keys(&[&line], "").await;
    let at = |uri: &str| {
        let mut request = request(TOPIC, "text/nonsense", "{");
        *request.uri_mut() = uri.parse().unwrap();
        request.headers_mut().insert("forebay-schema-id", "none".parse().unwrap());
        request
    };
    for uri in ["/v1/topics/no.such.topic/events", "/v1/topics/%ff/events", "/v1/topics/a/events?dry_run=perhaps"] {
        let answer = house.send(at(uri)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{uri}: {}", answer.text);
    }
}
