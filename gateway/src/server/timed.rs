//! A connection's transport with a timer on every phase: waiting for a request, reading a request's head, waiting for
//! a slow reader. What a body's pace may be is the doors' business. No timer is touched while all goes well.
//!
//! There are two layers, and TLS lies between them. [`Timed`] is above it: whether a request's head has begun is seen in
//! HTTP's bytes, and a TLS record without any, or half of one, is no sign of life. [`Written`] lies right on the socket:
//! TLS takes in more of an answer than its client reads, so only there is it seen that nothing moves, whether the bytes
//! are an answer's, a flush's or TLS's own farewell.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::activity::Activity;
use crate::config::listen::Listen;

/// What an HTTP/2 connection begins with (RFC 9113, section 3.4), as far as no HTTP/1.1 request can.
const HTTP2: &[u8] = b"PRI ";

/// How long each phase may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    idle: Duration,
    head: Duration,
}

impl Limits {
    pub(super) fn new(listen: &Listen) -> Self {
        Self { idle: listen.idle_timeout, head: listen.header_timeout }
    }
}

/// A transport whose reads fail with [`io::ErrorKind::TimedOut`] when a phase takes too long.
pub(super) struct Timed<S> {
    stream: S,
    activity: Arc<Activity>,
    limits: Limits,
    /// When the first byte of a request's head came, with the idle time that it ended.
    head: Option<(Instant, Instant)>,
    http2: Option<bool>,
    reading: Timer,
}

/// A transport whose writes fail with [`io::ErrorKind::TimedOut`] when its client takes nothing for too long.
pub(super) struct Written<S> {
    stream: S,
    limit: Duration,
    writing: Timer,
    blocked_since: Option<Instant>,
}

/// A timer that is moved only when it goes off too early.
#[derive(Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready once the deadline has passed.
    fn poll(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

impl<S> Timed<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>, limits: Limits) -> Self {
        Self { stream, activity, limits, head: None, http2: None, reading: Timer::default() }
    }

    /// Notes that bytes came while no request was under way: a head has begun.
    fn note_head(&mut self, bytes: &[u8]) {
        let http2 = *self.http2.get_or_insert_with(|| bytes.starts_with(&HTTP2[..HTTP2.len().min(bytes.len())]));
        let Some(idle_since) = self.activity.idle_since() else { return };
        if !http2 && self.head.is_none_or(|(_, ended)| ended != idle_since) {
            self.head = Some((Instant::now(), idle_since));
        }
    }

    /// When the wait that goes on now has taken too long; none while a request is under way.
    fn read_deadline(&self) -> Option<Instant> {
        let idle_since = self.activity.idle_since()?;
        Some(match self.head {
            Some((began, ended)) if ended == idle_since => began + self.limits.head,
            _ => idle_since + self.limits.idle,
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buf);
        if result.is_ready() {
            if buf.filled().len() > before {
                self.note_head(&buf.filled()[before..]);
            }
            return result;
        }
        let Some(deadline) = self.read_deadline() else { return Poll::Pending };
        self.reading.poll(deadline, context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S> Written<S> {
    /// `limit` is how long a client may take nothing of what waits for it.
    pub(super) fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, writing: Timer::default(), blocked_since: None }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }

    fn written(&mut self, result: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if result.is_ready() {
            self.blocked_since = None;
            return result;
        }
        let deadline = *self.blocked_since.get_or_insert_with(Instant::now) + self.limit;
        self.writing.poll(deadline, context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Written<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Written<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, buf);
        self.written(result, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, bufs);
        self.written(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const LIMITS: Limits = Limits { idle: Duration::from_mins(1), head: Duration::from_secs(5) };

    fn timed() -> (Timed<DuplexStream>, DuplexStream, Arc<Activity>) {
        let (near, far) = duplex(16);
        let activity = Activity::new();
        (Timed::new(near, Arc::clone(&activity), LIMITS), far, activity)
    }

    async fn seconds(work: impl Future<Output = io::Result<()>>) -> u64 {
        let started = Instant::now();
        let error = work.await.expect_err("the phase must end");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        started.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_ends_after_the_idle_time() {
        let (mut near, _far, _) = timed();
        assert_eq!(seconds(async { near.read_u8().await.map(drop) }).await, 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_ends_after_the_heads_time() {
        let (mut near, mut far, _) = timed();
        let trickle = async {
            loop {
                far.write_all(b"x").await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let read = async {
            while near.read_u8().await.map(drop).is_ok() {}
            Err(io::ErrorKind::TimedOut.into())
        };
        let took = seconds(async {
            tokio::select! { end = read => end, end = trickle => end }
        })
        .await;
        assert_eq!(took, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_has_no_timer_and_the_idle_time_starts_after_it() {
        let (mut near, mut far, activity) = timed();
        far.write_all(b"G").await.expect("a byte");
        near.read_u8().await.expect("a byte");
        let request = activity.begin();
        let pause = Duration::from_mins(5);
        assert!(tokio::time::timeout(pause, near.read_u8()).await.is_err(), "no timer while it is under way");
        drop(request);
        assert_eq!(seconds(async { near.read_u8().await.map(drop) }).await, 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_does_not_read_ends_after_the_write_time() {
        let (near, _far) = duplex(16);
        let mut near = Written::new(near, Duration::from_secs(30));
        assert_eq!(seconds(async { near.write_all(&[0; 64]).await }).await, 30);
    }

    #[tokio::test(start_paused = true)]
    async fn an_http2_connection_that_pings_is_idle_all_the_same() {
        let (mut near, mut far, _) = timed();
        far.write_all(b"PRI * HTTP/2").await.expect("a preface");
        let read = async {
            loop {
                near.read_u8().await?;
            }
        };
        assert_eq!(seconds(read).await, 60);
    }
}
