//! Clients that renew their certificates in time, and connections that outlive them, in time that passes at once.

use std::sync::Arc;

use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use http::header::CONNECTION;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};
use tokio::sync::watch;
use tokio::time::sleep;

use super::*;
use crate::config::listen::Listen;
use crate::event::Peer;
use crate::layers::Edge;
use crate::server::connection;

const HOUR: Duration = Duration::from_hours(1);
/// When a test begins, in seconds since 1970.
const START: i64 = 1_800_000_000;

/// A listener whose one page says 401 to those whose certificate has ended.
struct House {
    began: Instant,
    edge: Edge,
    close: watch::Sender<bool>,
}

impl House {
    fn new() -> Self {
        let began = Instant::now();
        let page = get(async move |Extension(peer): Extension<Arc<Peer>>| {
            let ended = peer.certificate.as_ref().is_none_or(|shown| moment(began).seconds > shown.not_after);
            if ended { StatusCode::UNAUTHORIZED } else { StatusCode::OK }
        });
        Self { began, edge: Edge::around(Router::new().route("/", page)), close: watch::Sender::new(false) }
    }

    /// A connection by a certificate that ends so long after the beginning.
    fn connect(&self, end: Duration) -> DuplexStream {
        let not_after = START + i64::try_from(end.as_secs()).unwrap();
        let certificate = Certificate { not_after, ..Certificate::default() };
        let renewal = Renewal::of(&certificate, moment(self.began));
        let peer = Arc::new(Peer { address: [10, 0, 0, 1].into(), certificate: Some(certificate) });
        let (near, far) = duplex(64 * 1024);
        let (edge, closing) = (self.edge.clone(), self.close.subscribe());
        let listen = Listen { idle_timeout: 24 * HOUR, ..Listen::default() };
        tokio::spawn(async move { connection::serve(near, (edge, peer), &listen, renewal, closing).await });
        far
    }

    /// A connection by the certificate of this moment: each is good for an hour, and renewed after half of it.
    async fn renewed(&self, is_http2: bool) -> Kept {
        let halves = u32::try_from(self.began.elapsed().as_secs() / 1800).unwrap();
        Kept::open(self.connect(HOUR / 2 * (halves + 2)), is_http2).await
    }
}

fn moment(began: Instant) -> Moment {
    let passed = began.elapsed();
    Moment { seconds: START + i64::try_from(passed.as_secs()).unwrap(), nanos: passed.subsec_nanos() }
}

/// A client's connection of either version.
enum Kept {
    H1(http1::SendRequest<Empty<Bytes>>),
    H2(http2::SendRequest<Empty<Bytes>>),
}

impl Kept {
    async fn open(stream: DuplexStream, is_http2: bool) -> Self {
        let stream = TokioIo::new(stream);
        if is_http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            tokio::spawn(connection);
            Self::H2(sender)
        } else {
            let (sender, connection) = http1::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            Self::H1(sender)
        }
    }

    /// Whether the next request may go this way.
    async fn is_open(&mut self) -> bool {
        match self {
            Self::H1(sender) => sender.ready().await.is_ok(),
            Self::H2(sender) => sender.ready().await.is_ok(),
        }
    }

    async fn get(&mut self) -> Response<Incoming> {
        let request = Request::get("http://localhost/").header("host", "localhost").body(Empty::new()).unwrap();
        match self {
            Self::H1(sender) => sender.send_request(request).await.unwrap(),
            Self::H2(sender) => sender.send_request(request).await.unwrap(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_renews_in_time_is_never_told_that_a_certificate_has_ended() {
    for is_http2 in [false, true] {
        let house = House::new();
        let (mut connections, mut kept) = (1, house.renewed(is_http2).await);
        while house.began.elapsed() < 6 * HOUR {
            if !kept.is_open().await {
                connections += 1;
                kept = house.renewed(is_http2).await;
            }
            assert_eq!(kept.get().await.status(), StatusCode::OK, "HTTP/2: {is_http2}, {:?}", house.began.elapsed());
            sleep(Duration::from_millis(7_300)).await;
        }
        assert!((6..=12).contains(&connections), "{connections}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_so_first_and_a_silent_connection_is_closed_before_the_end() {
    let house = House::new();
    let mut kept = Kept::open(house.connect(HOUR), false).await;
    let mut silent = house.connect(HOUR);
    sleep(Duration::from_secs(3600 - 61)).await;
    assert_eq!(kept.get().await.headers().get(CONNECTION), None);
    sleep(Duration::from_secs(3)).await;
    assert!(kept.is_open().await);
    assert_eq!(kept.get().await.headers()[CONNECTION], "close");
    assert!(!kept.is_open().await);
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    let left = HOUR.saturating_sub(house.began.elapsed());
    assert!((20..=40).contains(&left.as_secs()), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_is_about_to_end_is_good_for_half_of_what_is_left() {
    let house = House::new();
    for is_http2 in [false, true] {
        let end = house.began.elapsed() + Duration::from_secs(20);
        let mut kept = Kept::open(house.connect(end), is_http2).await;
        for _ in 0..8 {
            assert!(kept.is_open().await);
            let answer = kept.get().await;
            assert_eq!((answer.status(), answer.headers().get(CONNECTION)), (StatusCode::OK, None));
            sleep(Duration::from_secs(1)).await;
        }
    }
}

#[test]
fn an_end_beyond_all_clocks_is_none_and_one_that_has_passed_is_at_once() {
    let at =
        |not_after| Renewal::of(&Certificate { not_after, ..Certificate::default() }, Moment { seconds: 0, nanos: 0 });
    assert!(at(i64::MAX).is_none());
    assert!(at(253_402_300_799).is_some_and(|renewal| !renewal.is_near()), "the end of the year 9999");
    assert!(at(-1).is_some_and(Renewal::is_near));
}
