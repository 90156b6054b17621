//! Something else answers in the registry's place, or the registry itself makes no sense.

use std::collections::BTreeMap;
use std::sync::Arc;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::liar::{Liar, Trap, answer};
use forebay_tests::process::eventually;
use forebay_tests::registry::{Format, Registry};
use serde_json::json;

use super::house::{AVRO, FACTS, HEALED, Sender, assert_ready, assert_unavailable, by_subject, gateway};

/// Answers that are no schema registry's, by name.
fn lies(trap: &Trap, known: u32) -> BTreeMap<&'static str, Vec<u8>> {
    let ok = |body: &[u8]| answer("200 OK", "content-type: application/json\r\n", body);
    let redirect = |to: &str| answer("302 Found", &format!("location: {to}\r\n"), b"");
    let huge = [br#"{"schema":""#, &b"x".repeat(10 * 1024 * 1024)[..], br#"","id":1,"version":1}"#].concat();
    // What is said is JSON of the right shape, about something else.
    let other = json!({ "subject": "another-value", "version": 1, "id": known, "schema": "\"string\"" }).to_string();
    let mut cut = ok(AVRO.as_bytes());
    cut.truncate(cut.len() - 20);
    BTreeMap::from([
        ("html", answer("200 OK", "content-type: text/html\r\n", b"<!doctype html><title>Sign in</title>")),
        ("truncated", ok(br#"{"schema":"{\"type\":\"#)),
        ("cut-off", cut),
        ("huge", ok(&huge)),
        ("another", ok(other.as_bytes())),
        ("nothing", ok(b"")),
        ("to-metadata", redirect("http://169.254.169.254/latest/meta-data/")),
        ("to-trap", redirect(&format!("http://{}/schemas/ids/1", trap.address()))),
        ("500", answer("500 Internal Server Error", "", b"{\"error_code\":50001}")),
        ("429", answer("429 Too Many Requests", "retry-after: 1\r\n", b"")),
        ("404", answer("404 Not Found", "content-type: text/html\r\n", b"no such page")),
        ("no-http", b"220 mail.example.org ESMTP\r\n".to_vec()),
    ])
}

/// The schema's next version: one field more each time.
fn version(number: usize) -> String {
    let field = |n| format!(", {{ \"name\": \"more{n}\", \"type\": \"int\", \"default\": 0 }}");
    let more: Vec<_> = (1..number).map(field).collect();
    AVRO.replacen(" ] }", &format!("{} ] }}", more.concat()), 1)
}

#[test]
fn a_lie_costs_the_unknown_alone_and_is_forgotten_when_the_truth_comes() {
    let (registry, trap) = (Registry::shared(), Trap::new());
    let liar = Liar::before(registry);
    // One subject, whose first version its topic is pinned to; the others are unknown ids.
    let asked_by_id = "lies.by-id.v1";
    let subject = format!("{asked_by_id}-value");
    let names: Vec<_> = lies(&trap, 0).into_keys().collect();
    let first = registry.register(&subject, Format::Avro, AVRO, &[]);
    let ids: BTreeMap<_, _> = names
        .iter()
        .zip(2..)
        .map(|(name, number)| (*name, registry.register(&subject, Format::Avro, &version(number), &[])))
        .collect();
    let topics: BTreeMap<_, _> = names.iter().map(|name| (*name, format!("lies.{name}.v1"))).collect();
    let pinned = format!("value: {{ format: avro, subject: {subject}, version: 1 }}\n{FACTS}");
    let mut catalog = Catalog::new().contract(asked_by_id, &pinned);
    Cluster::shared().create_topic(asked_by_id, 1, &[]);
    for topic in topics.values() {
        registry.register(&format!("{topic}-value"), Format::Avro, AVRO, &[]);
        Cluster::shared().create_topic(topic, 1, &[]);
        catalog = catalog.contract(topic, &by_subject(Format::Avro));
    }
    let answers = Arc::new(lies(&trap, first));
    let about: Vec<_> = names
        .iter()
        .map(|name| (format!("/subjects/{}-value/", topics[name]), format!("/schemas/ids/{}", ids[name]), *name))
        .collect();
    liar.lies(move |line| {
        let told = about.iter().find(|(subject, id, _)| line.contains(subject) || line.ends_with(id));
        told.map(|(_, _, name)| answers[name].clone())
    });

    let gateway = gateway(&catalog, &json!({ "url": liar.url(), "refresh": "500ms" }));
    let mut known = Sender::new(&gateway, asked_by_id, "known");
    let mut senders: Vec<_> = names.iter().map(|name| (*name, Sender::new(&gateway, &topics[name], "lied"))).collect();
    for (name, sender) in &mut senders {
        println!("{name}");
        assert_unavailable(&sender.send());
        assert_unavailable(&known.send_framed(ids[name]));
        known.must_write();
    }
    assert_ready(&gateway);
    let asked_for = |id: u32| liar.asked().iter().filter(|line| line.ends_with(&format!("/schemas/ids/{id}"))).count();
    for name in &names {
        assert_eq!(asked_for(ids[name]), 1, "{name}: one call a request, no retries");
    }

    liar.is_honest();
    for (name, sender) in &mut senders {
        // These readings are by the first version, which the others can't read: so they are malformed, no more unknown.
        let answer = known.send_framed(ids[name]);
        assert_eq!((answer.status, &*answer.code()), (400, "malformed"), "{name}: {answer}");
        let healed = eventually(HEALED, || (sender.send().status == 200).then_some(()));
        healed.unwrap_or_else(|| panic!("{name}: the truth is taken up"));
        sender.hold_against_kafka();
    }
    known.must_write();
    known.hold_against_kafka();
    trap.assert_untouched();
}

#[test]
fn many_wait_for_one_call() {
    let (registry, topic) = (Registry::shared(), "lies.slow.v1");
    let liar = Liar::before(registry);
    let subject = format!("{topic}-value");
    registry.register(&subject, Format::Avro, AVRO, &[]);
    let second = registry.register(&subject, Format::Avro, &version(2), &[]);
    Cluster::shared().create_topic(topic, 1, &[]);
    let pinned = format!("value: {{ format: avro, subject: {subject}, version: 1 }}\n{FACTS}");
    let gateway = gateway(&Catalog::new().contract(topic, &pinned), &json!({ "url": liar.url(), "timeout": "10s" }));
    let wanted = format!("/schemas/ids/{second}");
    let slow = wanted.clone();
    liar.lies(move |line| {
        if line.ends_with(&slow) {
            std::thread::sleep(std::time::Duration::from_secs(2));
        }
        None
    });
    std::thread::scope(|scope| {
        for n in 0..16 {
            let (gateway, name) = (&gateway, format!("many-{n}-"));
            scope.spawn(move || {
                let answer = Sender::new(gateway, topic, &name).send_framed(second);
                assert_eq!(answer.status, 400, "{answer}"); // it is one field short
            });
        }
    });
    let calls = liar.asked().iter().filter(|line| line.ends_with(&wanted)).count();
    assert_eq!(calls, 1, "one upstream call an id");
    assert!(Cluster::shared().read(topic).is_empty());
}
