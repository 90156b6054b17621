//! A small HTTP server that can play a registry, a bad one, and something else altogether.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use forebay::config;
use forebay::metrics::{Metrics, Moment};
use forebay::registry::Registry;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method, path and query.
    pub(crate) line: String,
    /// Head, in lower case but for values.
    pub(crate) headers: HashMap<String, String>,
    /// Body.
    pub(crate) body: String,
}

/// What is done with a request.
pub(crate) enum Reply {
    /// A status and a JSON body.
    Json(u16, Value),
    /// These bytes, and the end of the connection.
    Bytes(Vec<u8>),
    /// Nothing, for as long as the client waits.
    Silence,
    /// The same a little later.
    Late(Duration, Box<Reply>),
}

type Play = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// The server.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    play: Arc<Mutex<Play>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    server: JoinHandle<()>,
}

impl Fake {
    /// A server that plays this.
    pub(crate) async fn new(play: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), play)
    }

    /// A server at this address, which must be free.
    pub(crate) async fn at(address: SocketAddr, play: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind(address).await.unwrap(), play)
    }

    fn on(listener: TcpListener, play: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let play: Arc<Mutex<Play>> = Arc::new(Mutex::new(Arc::new(play)));
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (play_, seen_) = (Arc::clone(&play), Arc::clone(&seen));
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(serve(stream, Arc::clone(&play_), Arc::clone(&seen_)));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, play, seen, server }
    }

    /// From now on plays this.
    pub(crate) fn plays(&self, play: impl Fn(&Seen) -> Reply + Send + Sync + 'static) {
        *self.play.lock().unwrap() = Arc::new(play);
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How often it was asked.
    pub(crate) fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Ends with all its connections: further ones are refused.
    pub(crate) async fn stop(self) -> SocketAddr {
        self.server.abort();
        while !self.server.is_finished() {
            tokio::task::yield_now().await;
        }
        self.address
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Serves one connection, request by request.
pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    play: Arc<Mutex<Play>>,
    seen: Arc<Mutex<Vec<Seen>>>,
) {
    while let Some(request) = request(&mut stream).await {
        seen.lock().unwrap().push(request.clone());
        let play = Arc::clone(&play.lock().unwrap());
        let mut reply = play(&request);
        while let Reply::Late(time, then) = reply {
            tokio::time::sleep(time).await;
            reply = *then;
        }
        let written = match reply {
            Reply::Json(status, body) => stream.write_all(&http(status, &body.to_string())).await,
            Reply::Bytes(bytes) => {
                // The client may have had enough before the end.
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Silence | Reply::Late(..) => std::future::pending().await,
        };
        if written.is_err() {
            return;
        }
    }
}

/// A play that can be handed to `serve`.
pub(crate) fn playing(play: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Arc<Mutex<Play>> {
    Arc::new(Mutex::new(Arc::new(play)))
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { line, headers, body: String::from_utf8(body).unwrap() })
}

/// An answer's bytes.
pub(crate) fn http(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/vnd.schemaregistry.v1+json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The registry's answer to what it has not.
pub(crate) fn gone(code: u32) -> Reply {
    Reply::Json(404, json!({ "error_code": code, "message": "it is not there" }))
}

/// A registry of a shop. 1: money; 2: an order, which refers to it; 3: a cart, which refers to both; 4: JSON Schema.
pub(crate) fn shop(seen: &Seen) -> Reply {
    let pointer =
        |name: &str, subject: &str, version: u32| json!({ "name": name, "subject": subject, "version": version });
    let schema = |id: u64| match id {
        1 => json!({ "schema": "\"long\"" }),
        2 => json!({ "schema": "\"order\"", "references": [pointer("shop.Money", "money", 1)] }),
        3 => {
            json!({ "schema": "\"cart\"", "references": [pointer("shop.Order", "order-value", 5), pointer("shop.Money", "money", 1)] })
        }
        _ => json!({ "schema": "{}", "schemaType": "JSON" }),
    };
    let under = |subject: &str, version: u32, id: u64| {
        let mut answer = schema(id);
        (answer["subject"], answer["version"], answer["id"]) = (subject.into(), version.into(), id.into());
        Reply::Json(200, answer)
    };
    let (path, _) = seen.line.split_once('?').unwrap_or((&seen.line, ""));
    match path {
        "GET /schemas/types" => Reply::Json(200, json!(["AVRO", "JSON", "PROTOBUF"])),
        "GET /schemas/ids/1" => Reply::Json(200, schema(1)),
        "GET /schemas/ids/2" => Reply::Json(200, schema(2)),
        "GET /schemas/ids/3" => Reply::Json(200, schema(3)),
        "GET /schemas/ids/4" => Reply::Json(200, schema(4)),
        "GET /schemas/ids/2/versions" => Reply::Json(200, json!([{ "subject": "order-value", "version": 5 }])),
        "GET /subjects" => Reply::Json(200, json!(["money", "order-value", "cart"])),
        "GET /subjects/order-value/versions" => Reply::Json(200, json!([1, 5])),
        "GET /subjects/money/versions/1" => under("money", 1, 1),
        "GET /subjects/order-value/versions/5"
        | "GET /subjects/order-value/versions/latest"
        | "POST /subjects/order-value" => under("order-value", 5, 2),
        "GET /subjects/a%2Fb%20%C3%A9%25/versions/latest" => under("a/b é%", 1, 4),
        path if path.contains("/order-value/versions/") => gone(40_402),
        path if path.contains("/subjects/") => gone(40_401),
        _ => gone(40_403),
    }
}

/// A configuration for these addresses, with timers for tests.
pub(crate) fn config(url: &[String]) -> config::registry::Registry {
    config::registry::Registry {
        url: url.to_vec(),
        timeout: Duration::from_millis(300),
        connect_timeout: Duration::from_millis(300),
        ..config::registry::Registry::default()
    }
}

/// A client of this configuration, and its metrics.
pub(crate) fn client(config: &config::registry::Registry) -> (Registry, Metrics) {
    let metrics = Metrics::new();
    (Registry::new(config, &metrics).unwrap(), metrics)
}

/// A metric's value.
pub(crate) fn metric(metrics: &Metrics, name: &str) -> u64 {
    let text = metrics.render(Moment::default());
    let line: Option<u64> = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    assert!(line.is_some(), "no {name} in {text}");
    line.unwrap()
}

/// Waits until something is so; a test whose client never gets there hangs here.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
