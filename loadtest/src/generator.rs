//! The load generator: one thread, one epoll, many connections; then the window that it opens on the gateway's
//! process. Knows the native door and `/proc`; what lies in Kafka is counted elsewhere.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use crate::connection::{Connection, Progress};
use crate::error::Error;
use crate::event::Pool;
use crate::histogram::Histogram;
use crate::measure::{Bounds, Case, Expected, Meter, Report, Tally};
use crate::pace::Pace;
use crate::request::{Head, Request, Target};

/// How long the last answers are waited for.
const LAST_ANSWERS: Duration = Duration::from_secs(30);
/// The longest sleep: the ends of the window are kept to this.
const LONGEST_SLEEP: Duration = Duration::from_millis(10);
/// Connections lost, or requests in a row without a right answer, before the generator gives up.
const PATIENCE: u64 = 10_000;
/// Different remarks kept.
const REMARKS: usize = 5;

/// What to send, where and for how long.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where the events go.
    pub target: Target,
    /// The process that is measured.
    pub pid: u32,
    /// Connections and events a request.
    pub case: Case,
    /// Time and count.
    pub bounds: Bounds,
    /// Events a second by the clock; without it, as fast as answers come.
    pub rate: Option<f64>,
    /// Whether to ask for answers that list refused events only.
    pub minimal: bool,
    /// What `Authorization` says, if there is such a header.
    pub credential: Option<String>,
    /// What the answers should say.
    pub expected: Expected,
}

/// Sends the load, waits for the last answer and says what was seen.
pub fn run(load: &Load, pool: &Pool) -> Result<Report, Error> {
    let mut generator = Generator::open(load, pool)?;
    let start = Instant::now();
    generator.until(start + load.bounds.warmup)?;
    generator.latencies = Histogram::default();
    let meter = Meter::open(load.pid, generator.right())?;
    generator.until(Instant::now() + load.bounds.window)?;
    let latencies = std::mem::take(&mut generator.latencies);
    let mut report = meter.close(generator.right(), latencies)?;
    generator.finish()?;
    report.expected = load.expected;
    report.whole = generator.whole;
    report.remarks = generator.remarks;
    Ok(report)
}

struct Generator<'a> {
    load: &'a Load,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    /// Connections without a request.
    idle: Vec<usize>,
    pace: Pace,
    /// Of the next event; how many were sent.
    serial: u64,
    whole: Tally,
    latencies: Histogram,
    remarks: BTreeMap<String, u64>,
    lost: u64,
    fruitless: u64,
    /// No new requests from now on.
    ending: bool,
}

impl<'a> Generator<'a> {
    fn open(load: &'a Load, pool: &Pool) -> Result<Self, Error> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Error::system("epoll"))?;
        let Case { connections: count, events_per_request } = load.case;
        let head = Head { target: &load.target, minimal: load.minimal, credential: load.credential.as_deref() };
        let mut connections = Vec::with_capacity(count);
        for index in 0..count {
            let request = Request::build(&head, pool, index * events_per_request, events_per_request);
            let connection = Connection::open(load.target.address, request)
                .map_err(Error::system(format!("connecting to {}", load.target.address)))?;
            watch(&epoll, &connection, index)?;
            connections.push(connection);
        }
        let requests_per_second =
            load.rate.map(|rate| rate / f64::from(u32::try_from(events_per_request).unwrap_or(1)));
        Ok(Self {
            load,
            epoll,
            connections,
            idle: (0..count).rev().collect(),
            pace: Pace::new(requests_per_second, Instant::now()),
            serial: 0,
            whole: Tally::default(),
            latencies: Histogram::default(),
            remarks: BTreeMap::new(),
            lost: 0,
            fruitless: 0,
            ending: false,
        })
    }

    /// Sends and receives until then, or until the load's count is reached and answered.
    fn until(&mut self, end: Instant) -> Result<(), Error> {
        let mut events = Vec::with_capacity(self.connections.len());
        loop {
            let now = Instant::now();
            self.send_due(now)?;
            if now >= end || (self.exhausted() && self.none_pending()) {
                return Ok(());
            }
            self.turn(&mut events, (end - now).min(LONGEST_SLEEP))?;
        }
    }

    /// Sends no more, waits for the answers that are due, and counts what got none as unknown.
    fn finish(&mut self) -> Result<(), Error> {
        self.ending = true;
        let mut events = Vec::with_capacity(self.connections.len());
        let end = Instant::now() + LAST_ANSWERS;
        while !self.none_pending() && Instant::now() < end {
            self.turn(&mut events, LONGEST_SLEEP)?;
        }
        let unanswered = self.connections.iter().filter(|connection| connection.since.is_some());
        let unknown: u64 = unanswered.map(Connection::events).sum();
        if unknown > 0 {
            self.remark(format!("no answer within {LAST_ANSWERS:?}"));
            self.whole.unknown += unknown;
        }
        Ok(())
    }

    fn exhausted(&self) -> bool {
        self.ending || self.serial + self.load.case.events_per_request as u64 > self.load.bounds.events
    }

    fn none_pending(&self) -> bool {
        self.idle.len() == self.connections.len()
    }

    /// Sends what is due as far as there are connections for it.
    fn send_due(&mut self, now: Instant) -> Result<(), Error> {
        while !self.idle.is_empty() && !self.exhausted() {
            let Some(since) = self.pace.take(now) else { break };
            let Some(index) = self.idle.pop() else { break };
            if let Err(error) = self.connections[index].send(&mut self.serial, since) {
                self.lose(index, &error)?;
            }
        }
        Ok(())
    }

    /// Sleeps until something happens, at most for `patience`, and deals with it.
    fn turn(&mut self, events: &mut Vec<epoll::Event>, patience: Duration) -> Result<(), Error> {
        let due = if self.idle.is_empty() { None } else { self.pace.wait(Instant::now()) };
        // The kernel sleeps whole milliseconds: the rest of a shorter wait is spent looking.
        let sleep = due.map_or(patience, |due| due.min(patience).saturating_sub(Duration::from_millis(1)));
        let sleep = Timespec { tv_sec: 0, tv_nsec: i64::from(sleep.subsec_nanos()) };
        match epoll::wait(&self.epoll, spare_capacity(events), Some(&sleep)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Error::system("epoll")(error)),
        }
        for event in events.drain(..) {
            let index = usize::try_from(event.data.u64()).expect("an index was given");
            self.advance(index)?;
        }
        Ok(())
    }

    fn advance(&mut self, index: usize) -> Result<(), Error> {
        let since = self.connections[index].since;
        match self.connections[index].advance() {
            Progress::Pending => Ok(()),
            Progress::Lost(error) => self.lose(index, &error),
            Progress::Misread(what) => Err(Error::Answers(what)),
            Progress::Answered { status, tally, remark, keep } => {
                let now = Instant::now();
                self.latencies.record(now.duration_since(since.unwrap_or(now)));
                self.account(status, tally, remark)?;
                if !keep {
                    self.reopen(index)?;
                }
                self.idle.push(index);
                self.send_due(now)
            }
        }
    }

    fn account(&mut self, status: u16, tally: Tally, remark: Option<String>) -> Result<(), Error> {
        let (tally, remark) = match self.load.expected {
            Expected::Refused(expected) if status == expected => (tally, None),
            // A refusal of another kind is not what is measured.
            Expected::Refused(_) => {
                (Tally { not_written: 0, unknown: tally.unknown + tally.not_written, ..tally }, remark)
            }
            Expected::Written => (tally, remark),
        };
        self.whole.add(tally);
        self.fruitless = if tally.of(self.load.expected) > 0 { 0 } else { self.fruitless + 1 };
        if let Some(remark) = remark {
            self.remark(remark);
        }
        if self.fruitless < PATIENCE {
            Ok(())
        } else {
            Err(self.give_up("requests in a row had another answer than they should"))
        }
    }

    /// Events that became what they should, so far.
    fn right(&self) -> u64 {
        self.whole.of(self.load.expected)
    }

    /// The connection is gone; nobody knows what became of the events on it.
    fn lose(&mut self, index: usize, error: &io::Error) -> Result<(), Error> {
        if self.connections[index].since.is_some() {
            self.whole.unknown += self.connections[index].events();
            self.idle.push(index);
        }
        self.remark(format!("connection lost: {error}"));
        self.lost += 1;
        if self.lost >= PATIENCE {
            return Err(self.give_up("connections were lost"));
        }
        self.reopen(index)
    }

    fn reopen(&mut self, index: usize) -> Result<(), Error> {
        let address = self.load.target.address;
        let connection = &mut self.connections[index];
        connection.reopen(address).map_err(Error::system(format!("connecting again to {address}")))?;
        watch(&self.epoll, connection, index)
    }

    fn remark(&mut self, remark: String) {
        if self.remarks.len() < REMARKS || self.remarks.contains_key(&remark) {
            *self.remarks.entry(remark).or_default() += 1;
        }
    }

    fn give_up(&self, why: &str) -> Error {
        let remarks: Vec<_> = self.remarks.keys().map(String::as_str).collect();
        Error::Answers(format!("{PATIENCE} {why}; {}", remarks.join("; ")))
    }
}

/// Edge-triggered, both ways, registered once: no call a request.
fn watch(epoll: &OwnedFd, connection: &Connection, index: usize) -> Result<(), Error> {
    let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET;
    epoll::add(epoll, connection.stream(), epoll::EventData::new_u64(index as u64), flags)
        .map_err(Error::system("epoll"))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    /// Turns a request's number and body into an answer's status and body, or hangs up.
    type Answer = fn(u64, &[u8]) -> Option<(u16, String)>;

    /// A server with a thread a connection, and how many requests it has answered.
    fn stub(answer: Answer) -> (SocketAddr, Arc<AtomicU64>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&served);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let count = Arc::clone(&count);
                thread::spawn(move || serve(&stream.unwrap(), &count, answer));
            }
        });
        (address, served)
    }

    fn serve(mut stream: &TcpStream, count: &AtomicU64, answer: Answer) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut input = BufReader::new(stream.try_clone().ok()?);
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                input.read_line(&mut line).ok().filter(|&read| read > 0)?;
                if let Some(digits) = line.strip_prefix("Content-Length: ") {
                    length = digits.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            input.read_exact(&mut body).ok()?;
            let (status, body) = answer(count.fetch_add(1, Ordering::SeqCst), &body)?;
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
            // In two pieces: answers may come so.
            stream.write_all(head.as_bytes()).ok()?;
            stream.write_all(body.as_bytes()).ok()?;
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is an `Answer`")]
    fn all_written(_: u64, body: &[u8]) -> Option<(u16, String)> {
        let events = serde_json::from_slice::<serde_json::Value>(body).unwrap().as_array().map_or(1, Vec::len);
        Some((200, format!(r#"{{"written":{events},"refused":0,"events":[]}}"#)))
    }

    fn load(address: SocketAddr, events_per_request: usize) -> Load {
        Load {
            target: format!("http://{address}/v1/topics/t/events").parse().unwrap(),
            pid: std::process::id(),
            case: Case { connections: 4, events_per_request },
            bounds: Bounds { warmup: Duration::from_millis(50), window: Duration::from_millis(300), events: u64::MAX },
            rate: None,
            minimal: false,
            credential: None,
            expected: Expected::Written,
        }
    }

    #[test]
    fn every_event_that_was_served_is_counted_and_the_window_is_a_part_of_them() {
        for events_per_request in [1, 100] {
            let (address, served) = stub(all_written);
            let report = run(&load(address, events_per_request), &Pool::new(7, 0)).unwrap();
            let events = served.load(Ordering::SeqCst) * events_per_request as u64;
            assert_eq!(report.whole, Tally { written: events, ..Tally::default() });
            assert!(report.acknowledged > 0 && report.acknowledged < events, "{report:?}");
            assert!(report.window >= Duration::from_millis(300), "{:?}", report.window);
            assert_eq!(report.latencies.count() * events_per_request as u64, report.acknowledged);
            assert!(report.resident > 0 && report.micros_per_event() >= 0.0 && report.remarks.is_empty());
        }
    }

    #[test]
    fn the_count_is_a_bound_too() {
        let (address, served) = stub(all_written);
        let mut load = load(address, 3);
        load.bounds = Bounds { warmup: Duration::ZERO, window: Duration::from_mins(1), events: 100 };
        let report = run(&load, &Pool::new(7, 0)).unwrap();
        assert_eq!((report.whole.written, served.load(Ordering::SeqCst)), (99, 33));
        assert!(report.window < Duration::from_secs(30));
    }

    #[test]
    fn by_the_clock_the_rate_is_kept_and_a_late_answer_makes_the_next_requests_late() {
        let slow = |number, body: &[u8]| {
            if number == 3 {
                thread::sleep(Duration::from_millis(200));
            }
            all_written(number, body)
        };
        let (address, _) = stub(slow);
        let mut load = load(address, 1);
        load.case.connections = 1;
        load.bounds = Bounds { warmup: Duration::ZERO, window: Duration::from_mins(1), events: 40 };
        load.rate = Some(100.0);
        let begun = Instant::now();
        let report = run(&load, &Pool::new(7, 0)).unwrap();
        assert_eq!(report.acknowledged, 40);
        assert!(begun.elapsed() >= Duration::from_millis(390), "no sooner than by the clock");
        // What fell due during the first half of the 200 ms has waited for the other half at least.
        assert!(report.millis(750) >= 100.0, "p75 {}", report.millis(750));
    }

    #[test]
    fn refusals_lost_connections_and_odd_counts_are_told_apart() {
        let moody = |number, body: &[u8]| match number % 8 {
            1 => Some((429, r#"{"outcome":"not_written"}"#.to_owned())),
            3 => None,
            5 => Some((200, r#"{"written":1,"refused":0,"events":[]}"#.to_owned())),
            _ => all_written(number, body),
        };
        let (address, served) = stub(moody);
        let mut load = load(address, 2);
        load.bounds.events = 160;
        load.bounds.window = Duration::from_mins(1);
        let report = run(&load, &Pool::new(7, 0)).unwrap();
        assert_eq!(served.load(Ordering::SeqCst), 80);
        assert_eq!(report.whole, Tally { written: 110, not_written: 20, unknown: 30 });
        assert_eq!(report.remarks.values().sum::<u64>(), 30, "{:?}", report.remarks);
    }

    #[test]
    fn refusals_are_counted_where_they_are_measured_and_others_are_not() {
        let moody = |number, body: &[u8]| match number % 50 {
            0 => all_written(number, body),
            1 => Some((503, r#"{"outcome":"not_written","code":"queue_full"}"#.to_owned())),
            _ => Some((403, r#"{"outcome":"not_written","code":"forbidden"}"#.to_owned())),
        };
        let (address, _) = stub(moody);
        let mut load = load(address, 2);
        load.expected = Expected::Refused(403);
        load.bounds = Bounds { warmup: Duration::ZERO, window: Duration::from_mins(1), events: 200 };
        let report = run(&load, &Pool::new(7, 0)).unwrap();
        assert_eq!(report.whole, Tally { written: 4, not_written: 192, unknown: 4 });
        assert_eq!(report.acknowledged, 192);
        assert!(report.fair().unwrap_err().to_string().contains("queue_full"), "{report:?}");
        let (address, _) = stub(|_, _| Some((403, r#"{"outcome":"not_written"}"#.to_owned())));
        load.target.address = address;
        let report = run(&load, &Pool::new(7, 0)).unwrap();
        assert!(report.fair().is_ok() && report.remarks.is_empty(), "{report:?}");
    }

    #[test]
    fn a_gateway_that_only_refuses_is_given_up() {
        let (address, _) = stub(|_, _| Some((404, r#"{"outcome":"not_written","code":"unknown_topic"}"#.to_owned())));
        let mut load = load(address, 1);
        load.bounds.window = Duration::from_mins(2);
        let error = run(&load, &Pool::new(7, 0)).unwrap_err();
        assert!(error.to_string().contains("unknown_topic"), "{error}");
    }
}
