//! What a measurement is: a case, a window of time after a warm-up, and what was seen in it. The same words for the
//! gateway and for librdkafka alone; knows neither.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::cpu::{self, CpuTime};
use crate::error::Error;
use crate::histogram::Histogram;

/// A shape of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// Keep-alive connections, each with one request on its way.
    pub connections: usize,
    /// Events that one request carries.
    pub events_per_request: usize,
}

impl Case {
    /// Events on their way at once; librdkafka alone gets as many.
    pub fn in_flight(self) -> usize {
        self.connections * self.events_per_request
    }
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} a request, {} connections", self.events_per_request, self.connections)
    }
}

/// How long, and how many at most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Before the window; what happens then is not measured.
    pub warmup: Duration,
    /// The measured window.
    pub window: Duration,
    /// Events sent, warm-up included; the window ends early when they are.
    pub events: u64,
}

/// What answers should say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expected {
    /// That all events were written.
    #[default]
    Written,
    /// That none was, with this status.
    Refused(u16),
}

/// What became of events, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Acknowledged.
    pub written: u64,
    /// Refused, and surely not in Kafka.
    pub not_written: u64,
    /// In Kafka or not.
    pub unknown: u64,
}

impl Tally {
    /// Adds another tally.
    pub(crate) fn add(&mut self, other: Self) {
        self.written += other.written;
        self.not_written += other.not_written;
        self.unknown += other.unknown;
    }

    /// How many events became what they should.
    pub(crate) fn of(&self, expected: Expected) -> u64 {
        match expected {
            Expected::Written => self.written,
            Expected::Refused(_) => self.not_written,
        }
    }
}

/// What was seen. All but `whole` and `remarks` is of the window only.
#[derive(Debug, Clone)]
pub struct Report {
    /// Events acknowledged, or refused where that is what should become of them.
    pub acknowledged: u64,
    /// How long the window really was.
    pub window: Duration,
    /// What the measured process used.
    pub cpu: CpuTime,
    /// The measured process's memory at the window's end, in bytes.
    pub resident: u64,
    /// From send (or from when it should have been sent) to answer: requests, or a sample of librdkafka's records.
    pub latencies: Histogram,
    /// What should become of the events.
    pub expected: Expected,
    /// Everything from the first event to the last, warm-up and last answers included.
    pub whole: Tally,
    /// The first few things that went wrong, with how often.
    pub remarks: BTreeMap<String, u64>,
}

impl Report {
    /// Refuses a measurement in which nothing, or not nearly everything, became what it should: the rest cost time too.
    pub fn fair(&self) -> Result<(), Error> {
        let Tally { written, not_written, unknown } = self.whole;
        let right = self.whole.of(self.expected);
        if self.acknowledged > 0 && written + not_written + unknown - right <= right / 100 {
            return Ok(());
        }
        let remarks: Vec<_> = self.remarks.keys().map(String::as_str).collect();
        Err(Error::Answers(format!(
            "no fair measurement: {written} events written, {not_written} not, {unknown} unknown; {}",
            remarks.join("; ")
        )))
    }

    /// CPU time an acknowledged event, in microseconds, an in-process broker's part left out.
    pub fn micros_per_event(&self) -> f64 {
        self.micros(self.cpu.client())
    }

    /// Any CPU time shared out over the acknowledged events, in microseconds.
    pub fn micros(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / count(self.acknowledged)
    }

    /// Acknowledged events a second.
    pub fn events_per_second(&self) -> f64 {
        count(self.acknowledged) / self.window.as_secs_f64()
    }

    /// This many thousandths of the latencies are not longer, in milliseconds; not a number where there are none.
    pub fn millis(&self, thousandths: u64) -> f64 {
        self.latencies.per_mille(thousandths).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of events stay below 2^53")]
fn count(events: u64) -> f64 {
    events as f64
}

/// An open window on a process.
#[derive(Debug)]
pub(crate) struct Meter {
    pid: u32,
    cpu: CpuTime,
    opened: Instant,
    acknowledged: u64,
}

impl Meter {
    /// Opens the window; `acknowledged` is the count so far.
    pub(crate) fn open(pid: u32, acknowledged: u64) -> Result<Self, Error> {
        Ok(Self { pid, cpu: CpuTime::of(pid)?, opened: Instant::now(), acknowledged })
    }

    /// Closes the window; what belongs to the whole run is left for the caller to fill in.
    pub(crate) fn close(self, acknowledged: u64, latencies: Histogram) -> Result<Report, Error> {
        let window = self.opened.elapsed();
        Ok(Report {
            acknowledged: acknowledged - self.acknowledged,
            window,
            cpu: CpuTime::of(self.pid)?.since(&self.cpu),
            resident: cpu::resident(self.pid)?,
            latencies,
            expected: Expected::default(),
            whole: Tally::default(),
            remarks: BTreeMap::new(),
        })
    }
}
