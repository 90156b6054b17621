//! A service takes a new key while it sends: there are two for a while, then the old one goes. No request of its is turned
//! away, however the gateway hears of the files.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Authorization, Client, Request};
use forebay_tests::keys::{ApiKey, KeyFile};
use forebay_tests::load::{Load, Shape};
use forebay_tests::process::eventually;
use rustix::process::Signal;
use serde_json::json;

use super::house::{assert_refused, post_as};

/// How a gateway hears that files have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// It looks by itself.
    Looks,
    /// By SIGHUP.
    Signal,
    /// By `POST /reload`.
    Asked,
}

const EVENT: &str = r#"{"id":"probe","key":"k"}"#;

/// How many reloads of keys were applied and refused.
fn reloads(gateway: &Gateway) -> [u64; 2] {
    ["applied", "refused"]
        .map(|result| gateway.metric(&format!("forebay_credential_reloads_total{{result=\"{result}\"}}")))
}

/// Changes the key file, and returns once the gateway has taken it up or refused it.
fn change(gateway: &mut Gateway, heard: Heard, sound: bool, write: impl FnOnce()) {
    let before = reloads(gateway);
    write();
    match heard {
        Heard::Looks => {}
        Heard::Signal => gateway.process().signal(Signal::HUP),
        Heard::Asked => {
            let answer = gateway.admin_client().send(&Request::post("/reload", ""));
            assert_eq!(answer.status, if sound { 200 } else { 422 }, "{answer}");
        }
    }
    let place = usize::from(!sound);
    let heard_of = eventually(Duration::from_mins(1), || {
        let now = reloads(gateway);
        assert_eq!(now[1 - place], before[1 - place], "a reload ended otherwise: {}", gateway.log().text());
        (now[place] > before[place]).then_some(())
    });
    heard_of.expect("the change is heard of");
}

fn rotate(heard: Heard, topic: &str) {
    let cluster = Cluster::shared();
    cluster.create_topic(topic, 3, &[]);
    let keyed = "value: { format: json }\nkey: { from: /key, format: string }\nid: { from: /id }\nproducers: [svc-a]";
    let catalog = Catalog::new().contract(topic, keyed);
    let (first, second) = (ApiKey::new("svc-a", &[]), ApiKey::new("svc-a", &[]));
    let (third, other) = (ApiKey::new("svc-a", &[]), ApiKey::new("svc-b", &[]));
    let keys = KeyFile::new(&[&other, &first]);
    let interval = if heard == Heard::Looks { "200ms" } else { "0s" };
    let authn = json!({ "api_keys": keys.path() });
    let settings = json!({ "reload": { "interval": interval } });
    let mut gateway = Gateway::start_proven(&cluster.bootstrap(), &catalog, authn, settings);
    let shown: Authorization = Arc::new(RwLock::new(first.bearer()));
    let address = gateway.address().to_owned();
    let client = || Client::new(&address).authorized(&shown);
    let load = Load::start_by(client, topic, Shape { writers: 3, ..Shape::default() });
    load.await_written(100);

    change(&mut gateway, heard, true, || keys.write(&[&other, &first, &second]));
    load.await_written(100);
    // Torn, altered and emptied files change nothing.
    for broken in [&first.line[..first.line.len() / 2], "", "- { id: x }\n", &first.line.replace("sha256", "sha1")] {
        change(&mut gateway, heard, false, || keys.write_text(broken));
        load.await_written(20);
    }
    *shown.write().expect("no holder panics") = second.bearer();
    load.await_written(100);
    let probe = |key: &ApiKey| gateway.client().send(&post_as(&key.bearer(), "rotation.none.v1", EVENT));
    for key in [&first, &second] {
        assert_refused("a good key", &probe(key), 404, "unknown_topic");
    }
    change(&mut gateway, heard, true, || keys.write(&[&other, &second, &third]));
    load.await_written(100);
    *shown.write().expect("no holder panics") = third.bearer();
    change(&mut gateway, heard, true, || keys.write(&[&third]));
    load.await_written(100);

    let log = load.stop();
    assert_eq!((log.count(401), log.count(200)), (0, log.0.len()), "{heard:?}: {}", log.summary());
    log.hold_against(&cluster.read(topic));
    let probe = |key: &ApiKey| gateway.client().send(&post_as(&key.bearer(), topic, EVENT));
    for gone in [&first, &second, &other] {
        assert_refused("a key that is gone", &probe(gone), 401, "unauthenticated");
    }
    let log = gateway.log().text();
    for secret in [&first, &second, &third, &other].map(ApiKey::secret) {
        assert!(!log.contains(secret), "the log shows a secret");
    }
}

#[test]
fn keys_change_under_load_by_looking_at_the_file() {
    rotate(Heard::Looks, "rotation.looks.v1");
}

#[test]
fn keys_change_under_load_by_a_signal() {
    rotate(Heard::Signal, "rotation.signal.v1");
}

#[test]
fn keys_change_under_load_when_someone_asks() {
    rotate(Heard::Asked, "rotation.asked.v1");
}
