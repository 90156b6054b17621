//! A gateway that listens with TLS, and clients of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use forebay::server::Server;
use forebay::server::tls::Live;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::authority::{Authority, Identity};
use super::house::{House, TOPIC, order};

/// A gateway whose listeners are served; it ends when it is dropped.
pub(crate) struct Served {
    pub(crate) house: House,
    pub(crate) data: SocketAddr,
    pub(crate) tls: Vec<Arc<Live>>,
    _stop: watch::Sender<()>,
}

/// Serves everyone, with these variables over the configuration.
pub(crate) async fn serve(variables: &[(&str, &str)]) -> Served {
    serve_known_by("{ anonymous: true, anonymous_principal: tester }", variables).await
}

/// Serves with this section `authn`, and these variables over the configuration.
pub(crate) async fn serve_known_by(authn: &str, variables: &[(&str, &str)]) -> Served {
    let ports = [
        ("FOREBAY_LISTEN__ADDRESS", "127.0.0.1:0"),
        ("FOREBAY_ADMIN__ADDRESS", "127.0.0.1:0"),
        ("FOREBAY_DRAIN__SETTLE", "0s"),
    ];
    let house = House::known_by(authn, &[&ports, variables].concat()).await;
    let server = Server::bind(Arc::clone(&house.app)).await.unwrap();
    let (data, _) = server.addresses().unwrap();
    let tls = server.tls();
    let (stop, mut stopped) = watch::channel(());
    tokio::spawn(server.serve(async move || drop(stopped.changed().await)));
    Served { house, data, tls, _stop: stop }
}

/// Serves the data listener with this `listen.tls`.
pub(crate) async fn serve_tls(section: &str) -> Served {
    serve(&[("FOREBAY_LISTEN__TLS", section)]).await
}

impl Served {
    /// What a counter or gauge says, whatever its labels are if they are left out.
    pub(crate) fn metric(&self, sample: &str) -> u64 {
        let text = self.house.app.metrics.render(self.house.app.moment());
        let value = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        value.ok_or_else(|| format!("no {sample} in {text}")).unwrap().parse().unwrap()
    }

    pub(crate) fn handshakes(&self, outcome: &str) -> u64 {
        self.metric(&format!("forebay_tls_handshakes_total{{outcome=\"{outcome}\"}}"))
    }

    /// Waits until so many handshakes have ended so; a count that never comes hangs here.
    pub(crate) async fn await_handshakes(&self, outcome: &str, count: u64) {
        while self.handshakes(outcome) < count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// How a client speaks TLS: whom it trusts, what it offers, and who it is.
pub(crate) fn config(trusted: &Authority, protocols: &[&str], identity: Option<&Identity>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let mut config = match identity {
        Some(identity) => builder.with_client_auth_cert(identity.chain.clone(), identity.private.clone_key()).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// A connection after its handshake, as far as the client can tell.
pub(crate) async fn connect(address: SocketAddr, config: &Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::clone(config)).connect("localhost".try_into().unwrap(), stream).await
}

/// How the handshake of a second connection goes, when the first has taken what it was given to resume its session.
pub(crate) async fn second(address: SocketAddr, config: &Arc<ClientConfig>) -> HandshakeKind {
    let mut first = connect(address, config).await.unwrap();
    first.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    first.read_to_end(&mut Vec::new()).await.unwrap();
    connect(address, config).await.unwrap().get_ref().1.handshake_kind().unwrap()
}

/// A kept connection of either version.
pub(crate) enum Kept {
    H1(http1::SendRequest<Full<Bytes>>),
    H2(http2::SendRequest<Full<Bytes>>),
}

impl Kept {
    /// Connects, and speaks what was agreed on.
    pub(crate) async fn open(address: SocketAddr, config: &Arc<ClientConfig>) -> std::io::Result<Self> {
        let stream = connect(address, config).await?;
        let agreed = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        if agreed.as_deref() == Some(b"h2") {
            let (sender, connection) =
                http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
            tokio::spawn(connection);
            Ok(Self::H2(sender))
        } else {
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
            tokio::spawn(connection);
            Ok(Self::H1(sender))
        }
    }

    /// Posts an order and reads the answer.
    pub(crate) async fn post(&mut self, address: SocketAddr, id: &str) -> Result<(StatusCode, Version), hyper::Error> {
        self.post_to(address, TOPIC, id).await
    }

    /// The same to another topic.
    pub(crate) async fn post_to(
        &mut self,
        address: SocketAddr,
        topic: &str,
        id: &str,
    ) -> Result<(StatusCode, Version), hyper::Error> {
        let request = Request::post(format!("https://{address}/v1/topics/{topic}/events"))
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Full::from(order(id)))
            .unwrap();
        let response = match self {
            Self::H1(sender) => {
                sender.ready().await?;
                let (mut parts, body) = request.into_parts();
                parts.uri = parts.uri.path().parse().unwrap();
                sender.send_request(Request::from_parts(parts, body)).await?
            }
            Self::H2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let answer = (response.status(), response.version());
        response.into_body().collect().await?;
        Ok(answer)
    }
}
