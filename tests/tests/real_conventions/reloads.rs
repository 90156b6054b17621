//! Contracts and conventions change many times a second under load, and some of the changes are broken: no request is
//! lost, none is judged by half of two sets, and nothing that is broken comes into force.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Answer, Client, Connection, Request};
use serde_json::{Value, json};

use super::house::{path, records};
use super::storm::{Flaw, Sets, TOPICS};

/// How often the files change, one time of five to something broken.
const CHANGES: usize = 60;
/// Reloads that must be applied and refused before the storm is over.
const APPLIED: u64 = 40;
const REFUSED: u64 = 10;
/// How long that may take on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// Which generation a request was answered by: the one in the warning, which must be the one whose events were written.
fn generation(answer: &Answer) -> usize {
    assert_eq!(answer.status, 207, "of two generations one is written: {answer}");
    let warned: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "forebay-warning").collect();
    let [(_, warning)] = warned[..] else { panic!("one convention warns: {answer}") };
    let warned = warning.strip_prefix("generation-").and_then(|number| number.parse().ok());
    let warned: usize = warned.unwrap_or_else(|| panic!("{answer}"));
    for (at, entry) in answer.json()["events"].as_array().expect("entries").iter().enumerate() {
        // Events of generation 1 stand at 0, 2, 4 …
        if at % 2 + 1 == warned {
            assert_eq!(entry["outcome"], "written", "generation {warned} at {at}: {answer}");
        } else {
            assert_eq!(entry["code"], "schema_violation", "generation {warned} at {at}: {answer}");
        }
    }
    warned
}

/// What one writer was told: the ids that were written, and how many requests each generation answered.
#[derive(Default)]
struct Told {
    written: Vec<String>,
    generations: [usize; 2],
}

struct Writers {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<Told>>,
}

impl Writers {
    fn start(gateway: &Gateway) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let threads = TOPICS.iter().map(|topic| {
            let (stop, answered, mut client) = (stop.clone(), answered.clone(), gateway.client());
            std::thread::spawn(move || {
                let mut told = Told::default();
                for request in (0..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                    write(&mut client, topic, request, &mut told);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                told
            })
        });
        let threads = threads.collect();
        Self { stop, answered, threads }
    }

    fn end(self) -> Vec<Told> {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().map(|thread| thread.join().expect("no request is lost")).collect()
    }
}

fn write(client: &mut Client, topic: &str, request: usize, told: &mut Told) {
    let id = |at: usize| format!("r{request}-{at}");
    let events: Vec<_> = (0..10).map(|at| json!({ "id": id(at), "generation": at % 2 + 1 })).collect();
    let answer = client.send(&Request::json(path(topic), json!(events).to_string()));
    let generation = generation(&answer);
    told.generations[generation - 1] += 1;
    told.written.extend((0..10).filter(|at| at % 2 + 1 == generation).map(id));
}

/// A streamed body that is open all the while: it keeps the set that it began with.
struct Stream {
    connection: Connection,
    first: Option<bool>,
    lines: usize,
}

impl Stream {
    fn open(gateway: &Gateway, topic: &str) -> Self {
        let mut connection = Connection::open(gateway.address()).expect("a connection");
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: forebay\r\ncontent-type: application/x-ndjson\r\n\
             accept: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n",
            path(topic)
        );
        connection.write(head.as_bytes()).expect("the head is taken");
        Self { connection, first: None, lines: 0 }
    }

    /// Sends a line of generation 1; the receipts are read at the end.
    fn send(&mut self) {
        let line = format!("{{\"id\":\"stream-{}\",\"generation\":1}}\n", self.lines);
        self.connection.chunk(line.as_bytes()).expect("a line is taken");
        self.lines += 1;
    }

    /// Every receipt says the same. Gives how many events were written.
    fn end(mut self) -> usize {
        self.connection.chunk(b"").expect("the end is taken");
        let answer = self.connection.answer().expect("the receipts");
        let text = answer.text().to_owned();
        for line in text.lines() {
            let receipt: Value = serde_json::from_str(line).expect("a receipt");
            let written = receipt["outcome"] == "written";
            assert!(written || receipt["code"] == "schema_violation", "{receipt}");
            assert_eq!(*self.first.get_or_insert(written), written, "one stream, two sets:\n{text}");
        }
        assert_eq!(text.lines().count(), self.lines, "a receipt a line");
        if self.first == Some(true) { self.lines } else { 0 }
    }
}

/// Asks for reloads all the time, as impatient people do.
fn ask(gateway: &Gateway, stop: &AtomicBool) {
    let mut client = gateway.admin_client();
    while !stop.load(Ordering::Relaxed) {
        let answer = client.send(&Request::post("/reload", ""));
        assert!(matches!(answer.status, 200 | 422), "{answer}");
    }
}

fn reloads(gateway: &Gateway) -> [u64; 2] {
    ["Applied", "Refused"].map(|result| gateway.metric(&format!("forebay_reloads_total{{result=\"{result}\"}}")))
}

#[test]
fn a_storm_of_reloads_mixes_and_loses_nothing() {
    let cluster = Cluster::shared();
    for topic in TOPICS {
        cluster.create_topic(topic, 1, &[]);
    }
    let sets = Sets::new();
    let settings = json!({
        "catalog": { "dir": sets.now().join("catalog") }, "conventions": { "dir": sets.now().join("conventions") },
        "reload": { "interval": "200ms" }, "listen": { "min_body_rate": "1B" },
    });
    let gateway = Gateway::start_with(&cluster.bootstrap(), &Catalog::new(), settings);
    let mut stream = Stream::open(&gateway, TOPICS[0]);
    stream.send();
    let writers = Writers::start(&gateway);
    let (stop, end) = (AtomicBool::new(false), Instant::now() + LIMIT);
    std::thread::scope(|scope| {
        scope.spawn(|| ask(&gateway, &stop));
        let weathered = || matches!(reloads(&gateway), [applied, refused] if applied >= APPLIED && refused >= REFUSED);
        let mut change = 0;
        while (change < CHANGES || !weathered()) && Instant::now() < end {
            change += 1;
            let generation = change % 2 + 1;
            match change % 10 {
                0 => sets.break_one(generation, Flaw::Convention),
                5 => sets.break_one(generation, Flaw::Contract),
                _ => sets.change_to(generation),
            }
            stream.send();
            std::thread::sleep(Duration::from_millis(100));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let [applied, refused] = reloads(&gateway);
    assert!(applied >= APPLIED && refused >= REFUSED, "{applied} applied, {refused} refused");
    let answered = writers.answered.load(Ordering::Relaxed);
    let told = writers.end();
    let streamed = stream.end();
    assert!(answered > 0);
    for generation in 0..2 {
        assert!(told.iter().any(|told| told.generations[generation] > 0), "both sets were in force");
    }
    for (topic, told) in TOPICS.iter().zip(&told) {
        let streamed = if *topic == TOPICS[0] { streamed } else { 0 };
        let records = records(topic, told.written.len() + streamed);
        let ids = records.iter().filter_map(|record| record.header("event-id"));
        let ids: BTreeSet<_> = ids.filter(|id| !id.starts_with("stream-")).collect();
        assert_eq!(records.len(), told.written.len() + streamed, "{topic}");
        assert_eq!(ids, told.written.iter().map(String::as_str).collect(), "{topic}");
    }
}

#[test]
fn what_is_broken_is_refused_and_said() {
    let sets = Sets::new();
    let settings = json!({
        "catalog": { "dir": sets.now().join("catalog") }, "conventions": { "dir": sets.now().join("conventions") },
        "reload": { "interval": "0s" },
    });
    let gateway = Gateway::start_with(&Cluster::shared().bootstrap(), &Catalog::new(), settings);
    let mut admin = gateway.admin_client();
    for (flaw, file, refused) in [(Flaw::Convention, "more.yaml", 1), (Flaw::Contract, "contract.yaml", 2)] {
        sets.break_one(2, flaw);
        let answer = admin.send(&Request::post("/reload", ""));
        assert_eq!(answer.status, 422, "{answer}");
        let problems = answer.json()["problems"].to_string();
        assert!(problems.contains(file), "{flaw:?}: {answer}");
        assert_eq!(reloads(&gateway), [0, refused]);
        let rules = admin.get("/conventions").json();
        let names: Vec<_> = rules.as_array().expect("rules").iter().map(|rule| rule["name"].clone()).collect();
        assert_eq!(names, ["generation", "generation-1"], "the old ones stay");
    }
    sets.change_to(2);
    assert_eq!(admin.send(&Request::post("/reload", "")).status, 200);
    assert_eq!(reloads(&gateway), [1, 2]);
}
