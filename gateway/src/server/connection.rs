//! One connection: HTTP/1.1 or HTTP/2, whichever its first bytes are, with bounded heads and streams, until it ends or
//! is told to finish what it has. Knows not whether TLS lies below.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use http::header::CONNECTION;
use http::{HeaderValue, Version};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower::Service as _;

use super::activity::{Activity, Tracked};
use super::renewal::Renewal;
use super::timed::{Limits, Timed};
use crate::config::listen::Listen;
use crate::event::Peer;
use crate::layers::Edge;

/// The largest head of a request, and the largest piece in which a body is read, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;
/// Requests at a time on one HTTP/2 connection.
const STREAMS: u32 = 256;
/// The largest decoded header list on HTTP/2, in bytes.
const HEADER_LIST: u32 = 32 * 1024;
/// Streams that a client may reset before they were served, after which HTTP/2 is closed on it.
const RESETS: usize = 32;

/// Serves a connection until it ends. When `closing` turns true, requests under way are answered and no more are
/// taken: HTTP/1.1 says `Connection: close`, HTTP/2 sends GOAWAY. The same comes before the client's certificate ends,
/// by `renewal`. Every request carries `peer` in its extensions.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    (edge, peer): (Edge, Arc<Peer>),
    listen: &Listen,
    renewal: Option<Renewal>,
    mut closing: watch::Receiver<bool>,
) {
    let activity = Activity::new();
    let transport = TokioIo::new(Timed::new(stream, Arc::clone(&activity), Limits::new(listen)));
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&peer));
        let under_way = activity.begin();
        let activity = Arc::clone(&activity);
        let is_http1 = request.version() <= Version::HTTP_11;
        let answer = edge.clone().call(request.map(|body| Body::new(activity.note_end(body))));
        async move {
            let mut response: Response<Body> = answer.await.unwrap_or_else(|never: Infallible| match never {});
            let unread = activity.is_unread() && !is_streamed(&response);
            if is_http1 && (unread || renewal.is_some_and(Renewal::is_near)) {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response.map(|body| Tracked { body, _request: under_way }))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(LARGEST_HEAD).header_read_timeout(None);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_LIST)
        .max_pending_accept_reset_streams(RESETS)
        .keep_alive_interval(listen.idle_timeout)
        .keep_alive_timeout(listen.header_timeout);
    let mut connection = pin!(builder.serve_connection(transport, service));
    let going = async {
        tokio::select! {
            () = told_to_close(&mut closing) => {}
            () = Renewal::closes(renewal) => {}
        }
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = going => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection ended early");
    }
}

/// Whether the answer comes while the request's body is still being read.
fn is_streamed(response: &Response<Body>) -> bool {
    response.body().size_hint().exact().is_none()
}

/// Waits until no more is to be taken.
pub(super) async fn told_to_close(closing: &mut watch::Receiver<bool>) {
    // An error means that nobody is left to say it, which says it.
    let _ = closing.wait_for(|closed| *closed).await;
}
