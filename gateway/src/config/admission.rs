//! How much is let in: bytes in flight, the size of one request and of one window of a streamed body, and rates.

use forebay_schemas::document::Reader;
use serde::Serialize;

use super::rates::Rates;
use super::show::as_size;

/// How much is let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Admission {
    /// Bytes of requests that are being worked on, in all.
    #[serde(serialize_with = "as_size")]
    pub bytes_in_flight: u64,
    /// Bytes of one principal's requests that are being worked on.
    #[serde(serialize_with = "as_size")]
    pub bytes_in_flight_per_principal: u64,
    /// Bytes of one body.
    #[serde(serialize_with = "as_size")]
    pub bytes_per_request: u64,
    /// Events of one body.
    pub events_per_request: usize,
    /// Refused events that a minimal answer lists.
    pub listed_refusals: usize,
    /// How a streamed body is cut.
    pub window: Window,
    /// How much a principal may send in a second.
    pub rates: Rates,
}

/// How a streamed body is cut into windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Events in one window.
    pub events: usize,
    /// Bytes in one window; also the longest line.
    #[serde(serialize_with = "as_size")]
    pub bytes: u64,
    /// Windows that wait for their verdicts while the next one is read.
    pub pending: usize,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            bytes_in_flight: 256 * 1024 * 1024,
            bytes_in_flight_per_principal: 64 * 1024 * 1024,
            bytes_per_request: 16 * 1024 * 1024,
            events_per_request: 10_000,
            listed_refusals: 1_000,
            window: Window { events: 500, bytes: 1024 * 1024, pending: 4 },
            rates: Rates::default(),
        }
    }
}

impl Admission {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let d = Self::default();
        let admission = Self {
            bytes_in_flight: r.size("bytes_in_flight").unwrap_or(d.bytes_in_flight),
            bytes_in_flight_per_principal: r
                .size("bytes_in_flight_per_principal")
                .unwrap_or(d.bytes_in_flight_per_principal),
            bytes_per_request: r.size("bytes_per_request").unwrap_or(d.bytes_per_request),
            events_per_request: count(&mut r, "events_per_request").unwrap_or(d.events_per_request),
            listed_refusals: count(&mut r, "listed_refusals").unwrap_or(d.listed_refusals),
            window: r.section("window").map(Window::read).unwrap_or(d.window),
            rates: r.optional("rates", Rates::read).unwrap_or(d.rates),
        };
        r.refuse("ratio_per_request", "no ratio: this version takes no compressed bodies");
        r.finish();
        admission
    }
}

impl Window {
    fn read(mut r: Reader<'_, '_>) -> Self {
        let d = Admission::default().window;
        let window = Self {
            events: count(&mut r, "events").unwrap_or(d.events),
            bytes: r.size("bytes").unwrap_or(d.bytes),
            pending: count(&mut r, "pending").unwrap_or(d.pending),
        };
        r.finish();
        window
    }
}

fn count(r: &mut Reader<'_, '_>, name: &'static str) -> Option<usize> {
    r.integer(name, 1..=10_000_000).and_then(|value| usize::try_from(value).ok())
}
