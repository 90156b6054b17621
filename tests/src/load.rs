//! Writers that log every answer, and the check of that log against what is really in Kafka.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Answer, Client, Request};
use crate::kafka::Record;
use crate::process::eventually;

/// What one event was told. An event is sent once, never again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in Kafka, here.
    Written {
        /// The partition.
        partition: i32,
        /// The offset in it, if it was said.
        offset: Option<i64>,
    },
    /// It is not in Kafka and will never be.
    NotWritten {
        /// The stable code.
        code: String,
    },
    /// It may be in Kafka.
    Unknown {
        /// The stable code.
        code: String,
    },
    /// No answer came.
    NoAnswer(String),
}

/// One event that was sent once.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Unique in the test; the record's `event-id`.
    pub id: String,
    /// The record's key: `<writer>-<n>`, so that one connection writes all events of a key.
    pub key: String,
    /// The body that must lie in Kafka.
    pub value: String,
    /// How long its request took.
    pub took: Duration,
    /// The answer's status; 0 if none came.
    pub status: u16,
    /// What it was told.
    pub fate: Fate,
}

/// How much load, and of what kind.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Connections, each sending one request after another.
    pub writers: usize,
    /// Events a request.
    pub batch: usize,
    /// Bytes that every event carries along.
    pub padding: usize,
    /// Whether a writer ends when an answer says `Connection: close`, as one behind a balancer would.
    pub ends_when_told: bool,
    /// Whether each request takes a new connection.
    pub reconnects: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self { writers: 4, batch: 20, padding: 0, ends_when_told: false, reconnects: false }
    }
}

/// Writers at work on one topic (of [`crate::catalog::Catalog::keyed_json`]).
pub struct Load {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicUsize>,
    answered: Arc<AtomicUsize>,
    writers: Vec<JoinHandle<Vec<Attempt>>>,
}

impl Load {
    /// Starts the writers.
    pub fn start(address: &str, topic: &str, shape: Shape) -> Self {
        Self::start_by(|| Client::new(address), topic, shape)
    }

    /// Starts the writers, each with a client of its own.
    pub fn start_by(client: impl Fn() -> Client, topic: &str, shape: Shape) -> Self {
        let mut load =
            Self { stop: Arc::default(), written: Arc::default(), answered: Arc::default(), writers: vec![] };
        for writer in 0..shape.writers {
            let (stop, written, answered) = (load.stop.clone(), load.written.clone(), load.answered.clone());
            let mut client = client();
            let path = format!("/v1/topics/{topic}/events");
            load.writers.push(std::thread::spawn(move || {
                let mut log = Vec::new();
                for request in 0.. {
                    if stop.load(Ordering::Relaxed) || (shape.ends_when_told && client.was_told_to_close()) {
                        break;
                    }
                    if shape.reconnects {
                        client.hang_up();
                    }
                    let attempts = send(&mut client, &path, shape, (writer, request));
                    let count = |attempt: &&Attempt| matches!(attempt.fate, Fate::Written { .. });
                    written.fetch_add(attempts.iter().filter(count).count(), Ordering::Relaxed);
                    answered.fetch_add(attempts.len(), Ordering::Relaxed);
                    let refused = !attempts.iter().all(|attempt| matches!(attempt.fate, Fate::Written { .. }));
                    log.extend(attempts);
                    if refused {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                }
                log
            }));
        }
        load
    }

    /// Waits until this many more events have been written.
    pub fn await_written(&self, more: usize) {
        await_more(&self.written, more, "written");
    }

    /// Waits until this many more events have been answered, whatever the answer.
    pub fn await_answered(&self, more: usize) {
        await_more(&self.answered, more, "answered");
    }

    /// Lets the writers finish the request that they are at, and gives the log.
    pub fn stop(self) -> Log {
        self.stop.store(true, Ordering::Relaxed);
        Log(self.writers.into_iter().flat_map(|writer| writer.join().expect("a writer does not panic")).collect())
    }
}

fn await_more(counter: &AtomicUsize, more: usize, what: &str) {
    let goal = counter.load(Ordering::Relaxed) + more;
    let reached = eventually(Duration::from_mins(1), || (counter.load(Ordering::Relaxed) >= goal).then_some(()));
    reached.unwrap_or_else(|| panic!("{more} more events were not {what} within a minute"));
}

fn send(client: &mut Client, path: &str, shape: Shape, (writer, request): (usize, usize)) -> Vec<Attempt> {
    let (batch, padding) = (shape.batch, "x".repeat(shape.padding));
    let mut attempts: Vec<_> = (0..batch)
        .map(|n| {
            let (id, key) = (format!("w{writer}-r{request}-e{n}"), format!("{writer}-{}", n % 7));
            let value =
                json!({ "id": id, "key": key, "sequence": request * batch + n, "padding": padding }).to_string();
            Attempt { id, key, value, took: Duration::ZERO, status: 0, fate: Fate::NoAnswer(String::new()) }
        })
        .collect();
    let values: Vec<_> = attempts.iter().map(|attempt| attempt.value.as_str()).collect();
    let body = if batch == 1 { values[0].to_owned() } else { format!("[{}]", values.join(",")) };
    let start = Instant::now();
    let answer = client.try_send(&Request::json(path, body));
    for (n, attempt) in attempts.iter_mut().enumerate() {
        attempt.took = start.elapsed();
        match &answer {
            Ok(answer) => (attempt.status, attempt.fate) = (answer.status, fate(answer, n)),
            Err(error) => attempt.fate = Fate::NoAnswer(error.to_string()),
        }
    }
    attempts
}

/// What an answer says of the `n`th event: its own entry, or the problem as a whole.
fn fate(answer: &Answer, n: usize) -> Fate {
    let json = answer.json();
    let entry = json["events"].get(n).unwrap_or(&json);
    let code = || entry["code"].as_str().unwrap_or_else(|| panic!("a refusal without a code: {answer}")).to_owned();
    let number = |name: &str| entry[name].as_i64().unwrap_or_else(|| panic!("no {name}: {answer}"));
    match entry["outcome"].as_str() {
        Some("written") => Fate::Written {
            partition: i32::try_from(number("partition")).expect("a partition"),
            offset: (!entry["offset"].is_null()).then(|| number("offset")),
        },
        Some("not_written") => Fate::NotWritten { code: code() },
        Some("unknown") => Fate::Unknown { code: code() },
        _ => panic!("an answer without an outcome: {answer}"),
    }
}

/// Everything that was sent, with what it was told.
pub struct Log(pub Vec<Attempt>);

impl Log {
    /// How many were told this status.
    pub fn count(&self, status: u16) -> usize {
        self.0.iter().filter(|attempt| attempt.status == status).count()
    }

    /// How many were refused or lost with this stable code.
    pub fn count_code(&self, wanted: &str) -> usize {
        let of = |fate: &Fate| matches!(fate, Fate::NotWritten { code } | Fate::Unknown { code } if code == wanted);
        self.0.iter().filter(|attempt| of(&attempt.fate)).count()
    }

    /// How many got no answer at all.
    pub fn unanswered(&self) -> usize {
        self.count(0)
    }

    /// The longest that any request took.
    pub fn slowest(&self) -> Duration {
        self.0.iter().map(|attempt| attempt.took).max().unwrap_or_default()
    }

    /// Each status and code with its count, for a failing test's message.
    pub fn summary(&self) -> String {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for attempt in &self.0 {
            let told = match &attempt.fate {
                Fate::Written { .. } => "written".to_owned(),
                Fate::NotWritten { code } => format!("not_written {code}"),
                Fate::Unknown { code } => format!("unknown {code}"),
                Fate::NoAnswer(why) => format!("no answer: {why}"),
            };
            *counts.entry(format!("{} {told}", attempt.status)).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().map(|(told, count)| format!("{count} × {told}")).collect();
        counts.sort();
        format!("{}; slowest {:?}", counts.join(", "), self.slowest())
    }

    /// Holds the whole topic against the log: every 2xx is there, at its place and once; nothing refused is there;
    /// everything there was sent, byte for byte; the order per key is the order of sending.
    pub fn hold_against(&self, records: &[Record]) {
        let sent: HashMap<_, _> = self.0.iter().map(|attempt| (attempt.id.as_str(), attempt)).collect();
        let mut copies: HashMap<&str, Vec<&Record>> = HashMap::new();
        for record in records {
            let id = record.header("event-id").expect("a record has an event-id");
            let attempt = sent.get(id).unwrap_or_else(|| panic!("{id} was never sent"));
            assert_eq!(record.text(), attempt.value, "the value of {id}");
            assert_eq!(record.key_text(), Some(attempt.key.as_str()), "the key of {id}");
            copies.entry(id).or_default().push(record);
        }
        for attempt in &self.0 {
            check(attempt, copies.get(attempt.id.as_str()).map_or(&[], Vec::as_slice));
        }
        check_order(records);
    }
}

fn check(attempt: &Attempt, copies: &[&Record]) {
    let id = &attempt.id;
    let places: Vec<_> = copies.iter().map(|record| (record.partition, record.offset)).collect();
    match &attempt.fate {
        Fate::Written { partition, offset } => {
            // Kafka does not say it again of a record that it has already.
            let fits = |place: &(i32, i64)| place.0 == *partition && offset.is_none_or(|offset| offset == place.1);
            let there = places.len() == 1 && places.iter().all(fits);
            assert!(there, "{id} was answered as written in {partition} at {offset:?}, but lies at {places:?}");
        }
        Fate::NotWritten { code } => {
            assert!(places.is_empty(), "{id} was not_written ({code}), but lies at {places:?}");
        }
        Fate::Unknown { .. } | Fate::NoAnswer(_) => {
            assert!(places.len() <= 1, "{id} was sent once, but lies at {places:?}");
        }
    }
}

fn check_order(records: &[Record]) {
    let mut last: HashMap<&str, (i32, i64)> = HashMap::new();
    for record in records {
        let key = record.key_text().expect("a key");
        let sequence = record.json().get("sequence").and_then(Value::as_i64).expect("a sequence");
        if let Some((partition, before)) = last.insert(key, (record.partition, sequence)) {
            assert_eq!(partition, record.partition, "key {key} lies in two partitions");
            assert!(before < sequence, "key {key}: {sequence} lies after {before}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(id: &str, sequence: u64, fate: Fate) -> Attempt {
        let value = json!({ "id": id, "key": "k", "sequence": sequence }).to_string();
        Attempt { id: id.to_owned(), key: "k".to_owned(), value, took: Duration::ZERO, status: 200, fate }
    }

    fn record(of: &Attempt, offset: i64) -> Record {
        let headers = vec![("event-id".to_owned(), Some(of.id.clone().into_bytes()))];
        let key = Some(of.key.clone().into_bytes());
        Record { partition: 0, offset, timestamp: 0, key, headers, value: Some(of.value.clone().into_bytes()) }
    }

    const THERE: Fate = Fate::Written { partition: 0, offset: Some(0) };

    #[test]
    fn a_true_log_passes() {
        let (a, b) = (attempt("a", 0, THERE), attempt("b", 1, Fate::Unknown { code: "timed_out".to_owned() }));
        let records = [record(&a, 0), record(&b, 1)];
        Log(vec![a, b]).hold_against(&records);
    }

    #[test]
    #[should_panic(expected = "answered as written")]
    fn a_lost_event_is_seen() {
        Log(vec![attempt("a", 0, THERE)]).hold_against(&[]);
    }

    #[test]
    fn a_place_that_was_not_said_is_any_in_the_partition() {
        let a = attempt("a", 0, Fate::Written { partition: 0, offset: None });
        let records = [record(&a, 7)];
        Log(vec![a]).hold_against(&records);
    }

    #[test]
    #[should_panic(expected = "answered as written")]
    fn a_place_that_was_not_said_is_one_place() {
        let a = attempt("a", 0, Fate::Written { partition: 0, offset: None });
        let records = [record(&a, 7), record(&a, 8)];
        Log(vec![a]).hold_against(&records);
    }

    #[test]
    #[should_panic(expected = "answered as written")]
    fn a_second_copy_is_seen() {
        let a = attempt("a", 0, THERE);
        let records = [record(&a, 0), record(&a, 1)];
        Log(vec![a]).hold_against(&records);
    }

    #[test]
    #[should_panic(expected = "was not_written")]
    fn a_refused_event_in_kafka_is_seen() {
        let a = attempt("a", 0, Fate::NotWritten { code: "queue_full".to_owned() });
        let records = [record(&a, 0)];
        Log(vec![a]).hold_against(&records);
    }

    #[test]
    #[should_panic(expected = "lies after")]
    fn a_wrong_order_is_seen() {
        let (a, b) = (attempt("a", 0, Fate::NoAnswer(String::new())), attempt("b", 1, THERE));
        let records = [record(&b, 0), record(&a, 1)];
        Log(vec![a, b]).hold_against(&records);
    }
}
