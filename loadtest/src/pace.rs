//! When the next request is due: as soon as an answer frees a connection, or by the clock. Sends nothing.

use std::time::{Duration, Instant};

/// Who decides when a request is sent.
#[derive(Debug)]
pub(crate) enum Pace {
    /// The answers: a connection that has its answer asks again (closed loop).
    Answers,
    /// The clock: one request every `gap`, the next at `due`, whether or not there is an answer (open loop).
    Clock {
        /// When the next request should be sent.
        due: Instant,
        /// Between one request and the next.
        gap: Duration,
    },
}

impl Pace {
    /// `rate` in requests a second; without one the answers decide.
    pub(crate) fn new(rate: Option<f64>, start: Instant) -> Self {
        rate.map_or(Self::Answers, |rate| Self::Clock { due: start, gap: Duration::from_secs_f64(1.0 / rate) })
    }

    /// If a request is due: since when. Its latency counts from there, so that a server that falls behind can't hide
    /// it by holding the generator up.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Instant> {
        match self {
            Self::Answers => Some(now),
            Self::Clock { due, gap } => (*due <= now).then(|| {
                let since = *due;
                *due += *gap;
                since
            }),
        }
    }

    /// How long until one is due; `None` where that is not the clock's to say.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        match self {
            Self::Answers => None,
            Self::Clock { due, .. } => Some(due.saturating_duration_since(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_makes_up_for_what_was_late_and_remembers_since_when() {
        let start = Instant::now();
        let mut pace = Pace::new(Some(10.0), start);
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(pace.take(start), Some(start));
        assert_eq!(pace.take(at(99)), None);
        assert_eq!(pace.wait(at(99)), Some(Duration::from_millis(1)));
        assert_eq!(pace.take(at(250)), Some(at(100)));
        assert_eq!(pace.take(at(250)), Some(at(200)));
        assert_eq!(pace.take(at(250)), None);
    }

    #[test]
    fn answers_let_a_request_go_at_once() {
        let now = Instant::now();
        let mut pace = Pace::new(None, now);
        assert_eq!(pace.take(now), Some(now));
        assert_eq!(pace.wait(now), None);
    }
}
