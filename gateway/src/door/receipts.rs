//! The streamed answer: a JSON line an event, written as soon as its verdict is there. Always 200, since it begins
//! before the body has ended; each line says for itself what became of its event.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use http_body::Frame;
use tokio::sync::mpsc::Receiver;

use super::answer;
use crate::event::{Rejection, Verdict};

/// A window of events that have their verdicts.
#[derive(Debug)]
pub struct Settled {
    /// One verdict an event, in request order.
    pub verdicts: Vec<Verdict>,
    /// Conventions that were broken and only warn.
    pub warnings: BTreeSet<Arc<str>>,
}

/// A response that ends when the sender of the windows is gone.
pub fn response(settled: Receiver<Result<Settled, Rejection>>) -> Response {
    let mut response = Response::new(Body::new(Lines { settled }));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    response
}

struct Lines {
    settled: Receiver<Result<Settled, Rejection>>,
}

impl http_body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(window) = ready!(self.settled.poll_recv(context)) else { return Poll::Ready(None) };
        let mut lines = Vec::new();
        match window {
            Ok(window) => window.verdicts.iter().for_each(|verdict| answer::line(verdict, &mut lines)),
            Err(rejection) => answer::line(&Verdict::Refused(rejection.into_refusal()), &mut lines),
        }
        Poll::Ready(Some(Ok(Frame::data(lines.into()))))
    }
}
