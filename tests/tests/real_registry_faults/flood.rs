//! Clients that name a great many schemas that are not there.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::Connection;
use forebay_tests::liar::{Liar, answer};
use forebay_tests::process::eventually;
use forebay_tests::registry::{Format, Registry};
use serde_json::json;

use super::house::{AVRO, HEALED, Sender, assert_retry_after, by_subject, framed, gateway, path};

const REQUESTS: u32 = 100_000;
const CONNECTIONS: u32 = 4;
/// Requests that are sent before the first answer is read.
const PIPELINED: u32 = 100;
/// Ids that no registry has given yet.
const FIRST: u32 = 1_000_000_000;
/// The defaults of `registry.burst` and `registry.calls_per_second`.
const BURST: u64 = 100;
const PER_SECOND: u64 = 50;
/// What the gateway may grow by, in bytes: much less than a kilobyte a request.
const GROWTH: u64 = 32 * 1024 * 1024;

/// How many were told that there is no such schema, and how many that they ask for too many.
#[derive(Default)]
struct Told {
    unknown: u64,
    limited: u64,
}

impl Told {
    fn and(self, other: &Self) -> Self {
        Self { unknown: self.unknown + other.unknown, limited: self.limited + other.limited }
    }
}

/// Sends one connection's share of the flood.
fn flood(gateway: &Gateway, topic: &str, share: u32) -> Told {
    let mut connection = Connection::open(gateway.address()).expect("a connection");
    let head = format!("POST {} HTTP/1.1\r\nhost: x\r\ncontent-type: avro/binary; framing=confluent\r\n", path(topic));
    let mut told = Told::default();
    let each = REQUESTS / CONNECTIONS;
    for start in (share * each..(share + 1) * each).step_by(PIPELINED as usize) {
        let mut requests = Vec::new();
        for n in start..start + PIPELINED {
            let body = framed(FIRST + n, "flood");
            requests.extend_from_slice(format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes());
            requests.extend_from_slice(&body);
        }
        connection.write(&requests).expect("the gateway reads");
        for _ in 0..PIPELINED {
            let answer = connection.answer().expect("an answer to each");
            match (answer.status, &*answer.code()) {
                (422, "unknown_schema") => told.unknown += 1,
                (429, "rate_limited") => {
                    assert_retry_after(&answer);
                    assert_eq!(answer.json()["outcome"], "not_written", "{answer}");
                    told.limited += 1;
                }
                _ => panic!("{answer}"),
            }
        }
    }
    told
}

/// The metrics' names with their labels.
fn metrics(gateway: &Gateway) -> BTreeSet<String> {
    let text = gateway.admin_client().get("/metrics").text().to_owned();
    text.lines().filter_map(|line| line.rsplit_once(' ')).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn a_flood_of_unknown_ids_is_bounded_in_all_that_it_costs() {
    let (registry, topic) = (Registry::shared(), "flood.readings.v1");
    let liar = Liar::before(registry);
    let subject = format!("{topic}-value");
    registry.register(&subject, Format::Avro, AVRO, &[]);
    // Apicurio would be the slowest part of the flood.
    liar.lies(|line| {
        let gone = br#"{"error_code":40403,"message":"no such schema"}"#;
        line.contains("/schemas/ids/1").then(|| answer("404 Not Found", "content-type: application/json\r\n", gone))
    });
    Cluster::shared().create_topic(topic, 1, &[]);
    let catalog = Catalog::new().contract(topic, &by_subject(Format::Avro));
    let gateway = gateway(&catalog, &json!({ "url": liar.url() }));
    let mut sender = Sender::new(&gateway, topic, "known");
    sender.must_write();
    flood_once(&gateway, topic); // what a connection and a first refusal take is taken
    let before = (gateway.peak_memory(), metrics(&gateway));

    let (start, over) = (Instant::now(), AtomicBool::new(false));
    let (told, mut sender) = std::thread::scope(|scope| {
        let one = |share| {
            scope.spawn({
                let gateway = &gateway;
                move || flood(gateway, topic, share)
            })
        };
        let floods: Vec<_> = (0..CONNECTIONS).map(one).collect();
        let sender = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                sender.must_write();
            }
            sender
        });
        let told: Vec<_> = floods.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::Relaxed);
        let sender = sender.join().expect("what is known is written in the middle of the flood");
        let told = told.iter().map(|told| told.as_ref().expect("each is answered"));
        (told.fold(Told::default(), Told::and), sender)
    });
    let seconds = start.elapsed().as_secs() + 1;
    println!("{} unknown, {} limited in {seconds} s", told.unknown, told.limited);
    assert_eq!(told.unknown + told.limited, u64::from(REQUESTS));
    assert!(told.limited > 0, "the budget is used up");
    let calls = liar.asked().iter().filter(|line| line.contains("/schemas/ids/1")).count() as u64;
    assert!(calls <= BURST + PER_SECOND * seconds, "{calls} calls in {seconds} s");
    assert!(calls >= told.unknown, "{calls} calls, {} told so", told.unknown);
    let grown = gateway.peak_memory() - before.0;
    assert!(grown <= GROWTH, "the gateway has grown by {grown} bytes");
    let metrics = metrics(&gateway);
    let new: Vec<_> = metrics.difference(&before.1).collect();
    let told_so = |name: &&String| name.contains("rate_limited") || name.contains("status=\"429\"");
    assert!(new.iter().all(told_so), "metrics are made of what clients say: {new:?}");

    // Who names a schema that is there is served again as soon as the budget is.
    let second = AVRO.replacen('[', "[ { \"name\": \"more\", \"type\": \"int\", \"default\": 0 },", 1);
    let second = registry.register(&subject, Format::Avro, &second, &[]);
    let mut late = Sender::new(&gateway, topic, "late");
    let served = eventually(HEALED, || {
        let answer = late.send_framed(second);
        (answer.status != 429).then_some(answer)
    });
    let served = served.expect("the budget comes back");
    assert_eq!((served.status, &*served.code()), (400, "malformed"), "it is one field short: {served}");
    sender.must_write();
    sender.hold_against_kafka();
    late.hold_against_kafka();
    let records = Cluster::shared().read(topic);
    let strange = records.iter().find(|record| !record.header("event-id").is_some_and(|id| id.starts_with("known-")));
    assert_eq!(strange, None, "nothing of the flood is in Kafka");
}

fn flood_once(gateway: &Gateway, topic: &str) {
    let answer = gateway.client().send(&super::house::framed_request(topic, 1_999_999_999, "flood"));
    assert_eq!((answer.status, &*answer.code()), (422, "unknown_schema"), "{answer}");
}
