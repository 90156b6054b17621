//! Whether a connection has a request under way, and since when it has none. Shared by the connection's transport,
//! which enforces times, and its service, which sees requests begin and end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// Whether a connection has a request under way, and since when it has none.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    requests: AtomicUsize,
    /// Microseconds from `opened` to the end of the last request.
    idle_since: AtomicU64,
    /// Whether the body of the last request has not been read to its end; told on HTTP/1.1 only, which has one
    /// request at a time.
    unread: AtomicBool,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            requests: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
            unread: AtomicBool::new(false),
        })
    }

    /// A request begins; it ends when the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.requests.fetch_add(1, Ordering::AcqRel);
        UnderWay(Arc::clone(self))
    }

    /// A request's body, whose end is noted.
    pub(super) fn note_end<B: Body>(self: &Arc<Self>, body: B) -> Noted<B> {
        self.unread.store(!body.is_end_stream(), Ordering::Relaxed);
        Noted { body, activity: Arc::clone(self) }
    }

    /// Whether the last request's body has not been read to its end.
    pub(super) fn is_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// Since when no request is under way, if none is.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let idle = self.requests.load(Ordering::Acquire) == 0;
        idle.then(|| self.opened + Duration::from_micros(self.idle_since.load(Ordering::Acquire)))
    }
}

/// A request that is under way.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Activity>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let now = u64::try_from(self.0.opened.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.idle_since.store(now, Ordering::Release);
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A response body whose request is under way until the body has been sent or dropped.
#[derive(Debug)]
pub(super) struct Tracked<B> {
    pub(super) body: B,
    pub(super) _request: UnderWay,
}

impl<B: Body + Unpin> Body for Tracked<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request body that notes when it has been read to its end.
#[derive(Debug)]
pub(super) struct Noted<B> {
    body: B,
    activity: Arc<Activity>,
}

impl<B: Body + Unpin> Body for Noted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || (frame.is_ready() && self.body.is_end_stream()) {
            self.activity.unread.store(false, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
