//! Copies of refused events: with the reason in header fields and personal values treated, in the topic that the contract
//! names. They change no verdict, whether they are kept or not, and take nothing from good events.

use std::sync::atomic::{AtomicBool, Ordering};

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Answer, Request};
use forebay_tests::kafka::Record;
use forebay_tests::load::{Load, Shape};
use forebay_tests::process::scratch;
use serde_json::{Value, json};

use super::house::{path, post, records};

const EMAIL: &str = "ada.lovelace@example.org";
const PHONE: &str = "+44 20 7946 0000";
const NAME: &str = "Ada Lovelace";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

const SCHEMA: &str = r#"{
  "type": "object", "required": ["id", "total"], "additionalProperties": false,
  "properties": {
    "id": { "type": "string" }, "key": { "type": "string" }, "total": { "type": "integer" },
    "email": { "type": "string" }, "phone": { "type": "string" }, "name": { "type": "string" } }
}"#;
const RULE: &str = "- name: total-is-positive\n  applies_to: event\n  when: event.total < 0\n  action: block\n";

/// A gateway with these topics, each with the topic for its refused events if it has one.
fn gateway(topics: &[(&str, Option<&str>)]) -> Gateway {
    let key = scratch("key").join("hash.key");
    std::fs::write(&key, "a key of the hashes that is long enough").expect("a key's file");
    let mut catalog = Catalog::new().convention("rules.yaml", RULE);
    for (topic, dead_letter) in topics {
        Cluster::shared().create_topic(topic, 1, &[]);
        let dead_letter = dead_letter.map(|name| format!("dead_letter: {name}\n")).unwrap_or_default();
        let contract = format!(
            "value: {{ format: json-schema, schema: order.json, framing: none }}\nid: {{ from: /id }}\n\
             key: {{ from: /key }}\npii: {{ /email: mask, /phone: hash, /name: drop }}\n\
             limits: {{ bytes_per_event: 1KiB }}\n{dead_letter}"
        );
        catalog = catalog.contract(topic, &contract).file(topic, "order.json", SCHEMA);
    }
    let settings = json!({ "pii": { "hash_key_file": key }, "kafka": { "metadata_refresh": "1s" } });
    Gateway::start_with(&Cluster::shared().bootstrap(), &catalog, settings)
}

fn order(id: &str, more: Value) -> Value {
    let mut order = json!({ "id": id, "key": "k", "total": 1, "email": EMAIL, "phone": PHONE, "name": NAME });
    let Value::Object(more) = more else { panic!("members are an object") };
    order.as_object_mut().expect("an object").extend(more);
    order.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    order
}

/// A batch in which an event is refused in each way that leads to a copy, and in two that don't, between good ones.
fn batch() -> String {
    let twice = order("twice", json!({})).to_string().replacen('{', "{\"id\":\"twice\",", 1);
    let events = [
        order("good-1", json!({})).to_string(),
        order("schema", json!({ "total": EMAIL })).to_string(),
        order("key", json!({ "key": null })).to_string(),
        order("rule", json!({ "total": -1 })).to_string(),
        twice,
        order("long", json!({ "key": "k".repeat(1024) })).to_string(),
        order("good-2", json!({})).to_string(),
    ];
    format!("[{}]", events.join(","))
}

/// An answer's entries without what they say of copies, and what they say of them.
fn apart(answer: &Answer) -> (Vec<Value>, Vec<Option<String>>) {
    let entries = answer.json()["events"].as_array().expect("entries").clone();
    let apart = entries.into_iter().map(|mut entry| {
        let members = entry.as_object_mut().expect("an entry");
        let copied = members.remove("dead_letter").map(|copied| copied.as_str().expect("a word").to_owned());
        // Where it lies is its own topic's business.
        members.retain(|name, _| name != "offset" && name != "partition");
        (entry, copied)
    });
    apart.unzip()
}

fn whole(record: &Record) -> String {
    let headers = record
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_deref().unwrap_or_default())));
    headers.collect::<String>() + record.key_text().unwrap_or_default() + record.text()
}

#[test]
fn copies_carry_their_reason_and_nothing_personal() {
    let (topic, twin, dead) = ("copies.order.v1", "copies.twin.v1", "copies.dead.v1");
    let gateway = gateway(&[(topic, Some(dead)), (twin, None), (dead, None)]);
    let send = |topic: &str, query: &str| {
        let request = Request::json(path(topic) + query, batch());
        gateway.client().send(&request.header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-00")))
    };
    let tried = send(topic, "?dry_run=true");
    let (answer, without) = (send(topic, ""), send(twin, ""));
    let ((entries, copied), (same, none)) = (apart(&answer), apart(&without));
    assert_eq!((answer.status, entries), (without.status, same), "copies change no verdict");
    assert!(none.iter().all(Option::is_none), "{without}");
    assert!(apart(&tried).1.iter().all(Option::is_none), "a trial leaves no copy: {tried}");
    let kept: Vec<_> = copied.iter().map(Option::as_deref).collect();
    let (yes, no) = (Some("kept"), Some("not_kept"));
    assert_eq!(kept, [None, yes, yes, yes, no, None, None], "{answer}");

    let good = records(topic, 2);
    let ids: Vec<_> = good.iter().filter_map(|record| record.header("event-id")).collect();
    assert_eq!(ids, ["good-1", "good-2"]);
    let hash = good[0].json()["phone"].clone();
    let dead_letters = records(dead, 3);
    assert_eq!(dead_letters.len(), 3, "one a copy that was kept, and none of a trial");
    for (record, (id, at, rule)) in
        dead_letters.iter().zip([("schema", 1, None), ("key", 2, None), ("rule", 3, Some("total-is-positive"))])
    {
        let refused = &answer.json()["events"][at];
        assert_eq!(record.header("forebay-topic"), Some(topic));
        assert_eq!(record.header("forebay-code"), refused["code"].as_str());
        assert_eq!(record.header("forebay-reason"), refused["detail"].as_str());
        assert_eq!(record.header("forebay-principal"), Some("e2e"));
        assert_eq!(record.header("forebay-rule"), rule);
        assert_eq!(record.header("content-type"), Some("application/json"));
        let traceparent = record.header("traceparent").unwrap_or_default();
        assert!(traceparent.contains(TRACE), "{:?}", record.headers);
        let json = record.json();
        assert_eq!((&json["id"], &json["email"], &json["phone"]), (&json!(id), &json!("****"), &hash), "{json}");
        assert!(json.get("name").is_none(), "{json}");
    }
    assert_eq!(dead_letters[0].json()["total"], "****", "nobody knows what stood in a field of another kind");
    for record in dead_letters.iter().chain(&good) {
        for plain in [EMAIL, PHONE, NAME] {
            assert!(!whole(record).contains(plain), "{plain}: {}", whole(record));
        }
    }
    let count = |outcome: &str| {
        gateway.metric(&format!("forebay_dead_letters_total{{topic=\"{topic}\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!([count("kept"), count("withheld"), count("failed")], [3, 1, 0]);
}

#[test]
fn a_topic_for_copies_that_is_not_there_changes_no_verdict() {
    let (topic, twin) = ("copies.lost.v1", "copies.lost.twin.v1");
    let gateway = gateway(&[(topic, Some("copies.nowhere.v1")), (twin, None)]);
    let send = |topic: &str| gateway.client().send(&Request::json(path(topic), batch()));
    let (answer, without) = (send(topic), send(twin));
    let ((entries, copied), (same, _)) = (apart(&answer), apart(&without));
    assert_eq!((answer.status, entries), (without.status, same), "{answer}");
    let kept: Vec<_> = copied.iter().map(Option::as_deref).collect();
    let no = Some("not_kept");
    assert_eq!(kept, [None, no, no, no, no, None, None], "{answer}");
    let alone = post(&gateway, topic, &order("alone", json!({ "total": -1 })));
    assert_eq!((alone.status, alone.code().as_str()), (422, "convention_violation"), "{alone}");
    let ids: Vec<_> =
        records(topic, 2).iter().filter_map(|record| record.header("event-id").map(str::to_owned)).collect();
    assert_eq!(ids, ["good-1", "good-2"], "good neighbours are written");
    // Nothing is made in Kafka by refusing; once the topic is there, copies are kept.
    Cluster::shared().create_topic("copies.nowhere.v1", 1, &[]);
    assert!(records("copies.nowhere.v1", 0).is_empty());
}

#[test]
fn a_flood_of_refusals_takes_nothing_from_good_events() {
    let (topic, dead) = ("copies.flood.v1", "copies.flood.dead.v1");
    let cluster = Cluster::shared();
    cluster.create_topic(topic, 3, &[]);
    cluster.create_topic(dead, 1, &[]);
    let keyed = "value: { format: json }\nkey: { from: /key, format: string }\nid: { from: /id }\n";
    let catalog = Catalog::new().contract(topic, &format!("{keyed}dead_letter: {dead}")).json(dead);
    let tiny = json!({ "kafka": { "queue": { "bytes_refused": "4KiB" } } });
    let gateway = Gateway::start_with(&cluster.bootstrap(), &catalog, tiny);
    let keyless = json!(vec![json!({ "id": "keyless", "padding": "x".repeat(200) }); 500]).to_string();
    let stop = AtomicBool::new(false);
    let flood = || {
        let (mut kept, mut lost) = (0, 0);
        while !stop.load(Ordering::Relaxed) || kept == 0 {
            let answer = gateway.client().send(&Request::json(path(topic), keyless.clone()));
            assert_eq!((answer.status, answer.code().as_str()), (422, "missing_key"), "{}", answer.status);
            for entry in answer.json()["events"].as_array().expect("entries") {
                match entry["dead_letter"].as_str() {
                    Some("kept") => kept += 1,
                    Some("not_kept") => lost += 1,
                    other => panic!("{other:?}: {entry}"),
                }
            }
        }
        (kept, lost)
    };
    let load = Load::start(gateway.address(), topic, Shape { writers: 2, ..Shape::default() });
    load.await_written(40);
    let (log, told) = std::thread::scope(|scope| {
        let floods = [(); 2].map(|()| scope.spawn(flood));
        load.await_written(1_000);
        stop.store(true, Ordering::Relaxed);
        (load.stop(), floods.map(|flood| flood.join().expect("every refusal says the same")))
    });
    let (kept, lost) = told.iter().fold((0, 0), |(kept, lost), told| (kept + told.0, lost + told.1));
    assert_eq!(log.count(200), log.0.len(), "{}", log.summary());
    log.hold_against(&cluster.read(topic));
    assert!(kept > 0 && lost > kept, "{kept} kept, {lost} not: the budget is tiny");
    let count = |outcome: &str| {
        gateway.metric(&format!("forebay_dead_letters_total{{topic=\"{topic}\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!([count("kept"), count("failed")], [kept, lost]);
    let kept = usize::try_from(kept).expect("a count");
    assert_eq!(records(dead, kept).len(), kept, "a copy that was said to be kept is there, and no other");
}
