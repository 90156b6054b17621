//! Reads a request's body piece by piece, with a timer on every wait. Knows how slow a body may be, not what is in
//! it.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, EXPECT};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use crate::event::{Code, Rejection};

/// The longest body that is read and thrown away so that its connection can go on, in bytes.
const BRIEF: u64 = 64 * 1024;
/// How long that may take.
const BRIEFLY: Duration = Duration::from_secs(1);

/// The body's length, if the request says it.
pub fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether a body that nobody wants is soon passed over: it is short, and its sender does not wait to be asked for it
/// (RFC 9110, section 10.1.1).
pub fn is_brief(headers: &HeaderMap) -> bool {
    length(headers).is_some_and(|length| length <= BRIEF) && !headers.contains_key(EXPECT)
}

/// Reads a brief body that nobody wants. The connection of one that is not brief ends after the answer.
pub async fn pass_over(body: Body, brief: bool) {
    if brief {
        let pace = Pace { timeout: BRIEFLY, min_rate: 0 };
        let mut incoming = Incoming::whole(body, pace);
        while let Ok(Some(_)) = incoming.next().await {}
    }
}

/// How slow a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long the whole body may take; for a streamed one, how long a pause may be.
    pub timeout: Duration,
    /// The fewest bytes a second, once a second has passed.
    pub min_rate: u64,
}

/// A body that is being read.
pub struct Incoming {
    body: Body,
    pace: Pace,
    started: Instant,
    received: u64,
    streamed: bool,
    /// Whether the sender may be waiting for answers, so that its silence is no slowness.
    excused: bool,
}

impl Incoming {
    /// A body that must arrive whole within the pace's timeout.
    pub fn whole(body: Body, pace: Pace) -> Self {
        Self { body, pace, started: Instant::now(), received: 0, streamed: false, excused: false }
    }

    /// A body that may take as long as it needs, if it keeps coming.
    pub fn streamed(body: Body, pace: Pace) -> Self {
        Self { streamed: true, ..Self::whole(body, pace) }
    }

    /// Whether the sender may be waiting for answers now. Its rate is measured afresh from when it no longer is.
    pub fn excuse(&mut self, excused: bool) {
        if self.excused && !excused {
            (self.started, self.received) = (Instant::now(), 0);
        }
        self.excused = excused;
    }

    /// The next piece, or none at the body's end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Rejection> {
        loop {
            let deadline = self.deadline();
            let frame = match timeout_at(deadline, self.body.frame()).await {
                Ok(None) => return Ok(None),
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => {
                    tracing::debug!(%error, "a body broke off");
                    return Err(Rejection::new(Code::Malformed, "The body ended before it was complete."));
                }
                Err(_) => return Err(self.too_slow()),
            };
            if let Ok(data) = frame.into_data() {
                self.received += data.len() as u64;
                return Ok(Some(data));
            }
        }
    }

    /// When the next piece must be here: by the timeout, and early enough to keep the rate.
    fn deadline(&self) -> Instant {
        let timeout = if self.streamed { Instant::now() } else { self.started } + self.pace.timeout;
        let paid_for = Duration::from_secs(1 + self.received / self.pace.min_rate.max(1));
        if self.pace.min_rate == 0 || self.excused { timeout } else { timeout.min(self.started + paid_for) }
    }

    fn too_slow(&self) -> Rejection {
        let limit = format!(
            "The body came too slowly: {} bytes so far; at least {} bytes a second are expected, and no wait over {:?}.",
            self.received, self.pace.min_rate, self.pace.timeout
        );
        Rejection::new(Code::BodyTimeout, limit)
    }
}
