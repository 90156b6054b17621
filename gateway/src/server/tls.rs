//! TLS of a listener: its certificates, which can be replaced while it runs, and the handshake of a connection. It
//! accepts TLS 1.2 and 1.3, and HTTP/2 and HTTP/1.1 by ALPN (RFC 7301). Knows connections and who is at their other
//! end; nothing of requests.
//!
//! A connection is held to one time from its first byte to the end of its handshake. It takes one of the places for
//! handshakes when its client's hello is there, so that silent connections take none, and gives it up if its client is
//! slow to go on, so that half handshakes keep nobody out.
//!
//! Where clients show certificates, no session is resumed: each connection's certificate is checked against the
//! authorities and the time of that moment.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use forebay_schemas::problem::Problem;
use rustls::server::{Acceptor, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::{self, Unreadable};
use super::timed::Written;
use crate::config::tls::{ClientCertificate, Flaw, Material, Tls};
use crate::event::Certificate;
use crate::metrics::tls::{Handshake, Listener, TlsMetrics};

/// What a TLS connection begins with: the content type of a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// How long a handshake keeps its place. A client that takes longer goes on without one. One address can't say enough
/// hellos in this time to take all places: each of its connections is held for the whole handshake's time, and they are
/// counted.
const PATIENCE: Duration = Duration::from_millis(100);
/// What is spoken inside, the preferred first (RFC 9113, section 3.2; RFC 7301, section 6).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// TLS of one listener. Its files can be read again at any time; connections keep what they began with.
pub struct Live {
    listener: Listener,
    config: Tls,
    metrics: TlsMetrics,
    current: ArcSwap<ServerConfig>,
    turns: Semaphore,
}

impl Live {
    /// Reads the files.
    pub(super) fn new(listener: Listener, config: &Tls, metrics: &TlsMetrics) -> Result<Self, Vec<Problem>> {
        let (settings, expires) = read(listener, config)?;
        metrics.shows(listener, expires);
        Ok(Self {
            listener,
            config: config.clone(),
            metrics: metrics.clone(),
            current: ArcSwap::from_pointee(settings),
            turns: Semaphore::new(config.handshakes),
        })
    }

    /// The files that it is made of, to be watched.
    pub fn files(&self) -> Vec<PathBuf> {
        [&self.config.certificate, &self.config.key].into_iter().chain(&self.config.client_ca).cloned().collect()
    }

    /// Reads the files again, for connections that come from now on. With a problem everything stays as it is, which
    /// is logged and counted.
    pub fn reload(&self) -> Result<(), Vec<Problem>> {
        let listener = self.listener.as_str();
        let read = read(self.listener, &self.config);
        self.metrics.reload(read.is_ok());
        match read {
            Ok((settings, expires)) => {
                self.metrics.shows(self.listener, expires);
                self.current.store(Arc::new(settings));
                tracing::info!(listener, expires, "certificates were reloaded");
                Ok(())
            }
            Err(problems) => {
                for problem in &problems {
                    tracing::error!(listener, %problem, "changed certificates are wrong; the old ones stay in force");
                }
                Err(problems)
            }
        }
    }

    /// Takes a client's handshake. None if it came to nothing, which is counted.
    pub(super) async fn accept(
        &self,
        stream: Written<TcpStream>,
    ) -> Option<(TlsStream<Written<TcpStream>>, Option<Certificate>)> {
        let accepted = self.handshake(stream, Instant::now() + self.config.handshake_timeout).await;
        self.metrics.handshake(accepted.as_ref().map_or_else(Refused::outcome, |_| Handshake::Completed));
        match accepted {
            Ok(accepted) => Some(accepted),
            Err(error @ Refused::Unreadable(_)) => {
                tracing::warn!(%error, "a connection was closed");
                None
            }
            Err(error) => {
                tracing::debug!(%error, "a TLS handshake came to nothing");
                None
            }
        }
    }

    async fn handshake(
        &self,
        stream: Written<TcpStream>,
        deadline: Instant,
    ) -> Result<(TlsStream<Written<TcpStream>>, Option<Certificate>), Refused> {
        let mut first = [HANDSHAKE];
        timeout_at(deadline, stream.get_ref().peek(&mut first)).await.map_err(|_| Refused::TimedOut)??;
        if first != [HANDSHAKE] {
            return Err(Refused::NotTls);
        }
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream);
        let hello = timeout_at(deadline, hello).await.map_err(|_| Refused::TimedOut)??;
        let turn = timeout_at(deadline, self.turns.acquire()).await.map_err(|_| Refused::Crowded)?;
        let mut rest = hello.into_stream(self.current.load_full());
        let prompt = timeout_at(deadline.min(Instant::now() + PATIENCE), &mut rest).await;
        drop(turn);
        let stream = match prompt {
            Ok(stream) => stream?,
            Err(_) => timeout_at(deadline, rest).await.map_err(|_| Refused::TimedOut)??,
        };
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let names = shown.map(|shown| certificate::read(shown)).transpose()?;
        Ok((stream, names))
    }
}

/// Why a handshake came to nothing.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the first byte is no TLS")]
    NotTls,
    #[error("the client took too long")]
    TimedOut,
    #[error("there were too many handshakes at a time")]
    Crowded,
    #[error(transparent)]
    Broken(#[from] io::Error),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl Refused {
    fn outcome(&self) -> Handshake {
        match self {
            Self::NotTls => Handshake::NotTls,
            Self::TimedOut => Handshake::TimedOut,
            Self::Crowded => Handshake::Crowded,
            Self::Unreadable(_) => Handshake::Certificate,
            Self::Broken(error) => match error.get_ref().and_then(|error| error.downcast_ref()) {
                Some(Error::NoCertificatesPresented | Error::InvalidCertificate(_)) => Handshake::Certificate,
                _ => Handshake::Failed,
            },
        }
    }
}

/// What the files of this moment say, and when their certificate ends, in seconds since 1970.
fn read(listener: Listener, config: &Tls) -> Result<(ServerConfig, i64), Vec<Problem>> {
    let say = |flaw: Flaw| {
        let section = match listener {
            Listener::Data => "listen",
            Listener::Admin => "admin",
        };
        Problem {
            file: config.file(flaw.member).display().to_string(),
            line: 0,
            path: format!("/{section}/tls/{}", flaw.member),
            expected: flaw.expected,
            found: flaw.found,
        }
    };
    let material = config.load(SystemTime::now());
    let material = material.map_err(|flaws| flaws.into_iter().map(say).collect::<Vec<_>>())?;
    let expires = material.expires;
    let unusable = |error: Error| {
        let (member, expected) = ("certificate", "files that TLS can be made of".to_owned());
        vec![say(Flaw { member, expected, found: error.to_string() })]
    };
    Ok((settings(config, material).map_err(unusable)?, expires))
}

fn settings(config: &Tls, material: Material) -> Result<ServerConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(&[&TLS13, &TLS12])?;
    let asks = material.clients.is_some();
    let builder = match material.clients {
        Some(clients) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(clients, provider);
            let verifier = match config.client_certificate {
                ClientCertificate::Required => verifier,
                ClientCertificate::None | ClientCertificate::Optional => verifier.allow_unauthenticated(),
            };
            builder.with_client_cert_verifier(verifier.build().map_err(|error| Error::General(error.to_string()))?)
        }
        None => builder.with_no_client_auth(),
    };
    let own = SingleCertAndKey::from(material.own);
    let mut settings = builder.with_cert_resolver(Arc::new(own));
    settings.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    if asks {
        settings.session_storage = Arc::new(NoServerSessionStorage {});
        settings.send_tls13_tickets = 0;
    } else {
        settings.ticketer = rustls::crypto::ring::Ticketer::new()?;
    }
    Ok(settings)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests;
