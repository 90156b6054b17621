//! The registry is absent at the start, killed, or frozen.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::kafka::Record;
use forebay_tests::load::{Load, Log, Shape};
use forebay_tests::process::{eventually, scratch};
use forebay_tests::registry::Registry;
use serde_json::json;

use super::house::{HEALED, Readings, Sender, assert_ready, assert_unavailable, gateway};

/// The registry of the tests that break it: one test at a time, whole again for each.
fn registry() -> MutexGuard<'static, Registry> {
    static ALONE: OnceLock<Mutex<Registry>> = OnceLock::new();
    let turn = ALONE.get_or_init(|| Mutex::new(Registry::start()));
    // A test that failed left the lock poisoned; its damage is healed here.
    let mut registry = turn.lock().unwrap_or_else(PoisonError::into_inner);
    registry.restart();
    registry
}

/// A registry that comes late is noticed by itself.
fn assert_heals(sender: &mut Sender) {
    let healed = eventually(HEALED, || {
        let answer = sender.send();
        if answer.status != 200 {
            assert_unavailable(&answer);
            std::thread::sleep(Duration::from_millis(100));
        }
        (answer.status == 200).then_some(())
    });
    healed.expect("what the registry knows is taken up when it comes");
}

#[test]
fn a_cold_gateway_serves_what_it_knows_and_the_rest_when_the_registry_comes() {
    let (mut registry, readings) = (registry(), Readings::new("away.cold"));
    readings.create();
    readings.register(&registry);
    registry.kill();
    let gateway = gateway(&readings.catalog(), &json!({ "url": registry.url() }));
    let mut file = Sender::new(&gateway, &readings.file, "file");
    file.must_write();
    let mut senders = readings.topics.each_ref().map(|topic| Sender::new(&gateway, topic, "cold"));
    for sender in &mut senders {
        assert_unavailable(&sender.send());
    }
    assert_unavailable(&senders[0].send_framed(7));
    assert_ready(&gateway);

    registry.restart();
    for sender in &mut senders {
        assert_heals(sender);
        sender.hold_against_kafka();
    }
    file.must_write();
    file.hold_against_kafka();
}

#[test]
fn a_snapshot_is_as_good_as_the_registry_unless_it_is_damaged() {
    let (mut registry, readings) = (registry(), Readings::new("away.snapshot"));
    readings.create();
    let [avro, ..] = readings.register(&registry);
    let snapshot = scratch("snapshot").join("registry.snapshot");
    let settings = json!({ "url": registry.url(), "snapshot": snapshot });
    let catalog = readings.catalog();
    let mut warm = gateway(&catalog, &settings);
    for topic in &readings.topics {
        Sender::new(&warm, topic, "warm").must_write();
    }
    assert_eq!(Sender::new(&warm, &readings.topics[0], "framed").send_framed(avro).status, 200);
    // It is written while the gateway runs: a crash must not lose it.
    eventually(HEALED, || {
        warm.admin_client()
            .get("/metrics")
            .text()
            .contains("forebay_registry_snapshot_writes_total{result=\"written\"} 1")
            .then_some(())
    })
    .expect("the snapshot is written");
    warm.kill();
    registry.kill();

    let cold = gateway(&catalog, &settings);
    for topic in &readings.topics {
        let mut sender = Sender::new(&cold, topic, "cold");
        sender.must_write();
        sender.hold_against_kafka();
    }
    let mut sender = Sender::new(&cold, &readings.topics[0], "cold-framed");
    assert_eq!(sender.send_framed(avro).status, 200, "its id and whose it is are in the snapshot");
    assert_unavailable(&sender.send_framed(2_000_000_000));
    sender.hold_against_kafka();
    drop(cold);

    let whole = std::fs::read(&snapshot).expect("a snapshot");
    let altered = String::from_utf8(whole.clone())
        .expect("text")
        .replace("\"long\"", "\"int\"")
        .replacen("Reading", "Writing", 1);
    assert_ne!(altered.as_bytes(), whole);
    for (name, damaged) in [("torn", &whole[..whole.len() - 10]), ("altered", altered.as_bytes()), ("empty", b"")] {
        std::fs::write(&snapshot, damaged).expect("a damaged snapshot");
        let gateway = gateway(&catalog, &settings);
        assert!(gateway.log().text().contains("snapshot is damaged and is not used"), "{name}");
        let mut sender = Sender::new(&gateway, &readings.topics[0], name);
        assert_unavailable(&sender.send());
        Sender::new(&gateway, &readings.file, name).must_write();
        sender.hold_against_kafka();
    }
}

/// Load on known schemas while something is done to the registry, and single readings in each format.
fn under_load(registry: &mut Registry, prefix: &str, fault: impl FnOnce(&mut Registry, &Gateway, &Readings)) {
    let readings = Readings::new(prefix);
    readings.create();
    let ids = readings.register(registry);
    let gateway = gateway(&readings.catalog(), &json!({ "url": registry.url(), "refresh": "500ms" }));
    let mut senders = readings.topics.each_ref().map(|topic| Sender::new(&gateway, topic, "single"));
    senders.iter_mut().for_each(Sender::must_write);
    let load = Load::start(gateway.address(), &readings.topics[1], Shape::default());
    load.await_written(200);
    fault(registry, &gateway, &readings);
    for _ in 0..5 {
        senders.iter_mut().for_each(Sender::must_write);
    }
    assert_eq!(senders[0].send_framed(ids[0]).status, 200, "a known id");
    load.await_written(200);
    registry.restart();
    load.await_written(200);
    let log = load.stop();
    assert_eq!(log.count(200), log.0.len(), "{}", log.summary());
    hold_against(&log, &readings.topics[1], ids[1]);
    for sender in [&senders[0], &senders[2]] {
        sender.hold_against_kafka();
    }
}

/// Holds the load's records against its log, without their frames and without the single readings.
fn hold_against(log: &Log, topic: &str, id: u32) {
    let frame = [&[0], &id.to_be_bytes()[..]].concat();
    let unframed = |record: Record| {
        let value = record.value.as_deref().and_then(|value| value.strip_prefix(&frame[..])).expect("the frame");
        Record { value: Some(value.to_vec()), ..record.clone() }
    };
    let of_load = |record: &Record| !record.header("event-id").expect("an id").starts_with("single-");
    let records: Vec<_> = Cluster::shared().read(topic).into_iter().filter(of_load).map(unframed).collect();
    log.hold_against(&records);
}

#[test]
fn a_killed_registry_costs_nothing_that_is_known() {
    under_load(&mut registry(), "away.killed", |registry, _, readings| {
        registry.kill();
        // Several times the refresh: what is known has been due again and again.
        std::thread::sleep(Duration::from_secs(3));
        assert!(!readings.topics.is_empty());
    });
}

#[test]
fn a_frozen_registry_costs_nothing_that_is_known() {
    // One of its own: other tests need not wait for it to thaw.
    under_load(&mut Registry::start(), "away.frozen", |registry, gateway, readings| {
        registry.freeze();
        let start = std::time::Instant::now();
        let mut unknown = Sender::new(gateway, &readings.topics[0], "unknown");
        assert_unavailable(&unknown.send_framed(2_000_000_000));
        let mut known = Sender::new(gateway, &readings.topics[2], "frozen");
        while start.elapsed() < Duration::from_secs(30) {
            known.must_write();
            std::thread::sleep(Duration::from_millis(100));
        }
        known.hold_against_kafka();
        unknown.hold_against_kafka();
    });
}
