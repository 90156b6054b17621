//! When a connection gives way to one with its client's next certificate: a little before the certificate ends, so that a
//! client which has renewed it in time is never told that it has ended. Knows neither HTTP nor what certificates count for.

use std::future::pending;
use std::time::Duration;

use forebay_schemas::picked::Moment;
use tokio::time::{Instant, sleep_until};

use crate::event::Certificate;

/// How long before a certificate's end its connection begins to give way. Agents renew certificates after half of their
/// time; of one that ends sooner than twice this, it is half of what is left.
const MARGIN: Duration = Duration::from_mins(1);

/// When a connection gives way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Renewal {
    /// From then on answers of HTTP/1.1 say that the connection ends with them, so that nothing is sent into one that is
    /// just being closed.
    nears: Instant,
    /// Then it is closed, once the requests under way are answered. Until then an HTTP/1.1 client that sends anything has
    /// been told.
    closes: Instant,
}

impl Renewal {
    /// That of a connection whose client has shown this certificate `now`. None if it ends later than clocks go.
    pub(super) fn of(certificate: &Certificate, now: Moment) -> Option<Self> {
        // A certificate is valid until the end of its last second (RFC 5280, section 4.1.2.5).
        let seconds = certificate.not_after.saturating_add(1).saturating_sub(now.seconds);
        let left = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        Self::within(left.saturating_sub(Duration::from_nanos(now.nanos.into())))
    }

    fn within(left: Duration) -> Option<Self> {
        let margin = MARGIN.min(left / 2);
        let at = |before| Instant::now().checked_add(left.saturating_sub(before));
        Some(Self { nears: at(margin)?, closes: at(margin / 2)? })
    }

    /// Whether answers say that the connection ends.
    pub(super) fn is_near(self) -> bool {
        Instant::now() >= self.nears
    }

    /// Waits until the connection is to be closed; without a certificate for ever.
    pub(super) async fn closes(renewal: Option<Self>) {
        match renewal {
            Some(renewal) => sleep_until(renewal.closes).await,
            None => pending().await,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests;
