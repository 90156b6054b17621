//! Who may write what, before and after the body is read.

use std::fs;

use bytes::Bytes;
use http::HeaderMap;

use super::*;
use crate::catalog::{self, Sources};
use crate::clock::{self, Ticks};
use crate::config::rates::Rates as Config;
use crate::event::{Event, Peer};
use crate::metrics::Metrics;

/// Topics with what their contracts say of producers.
const TOPICS: [(&str, &str); 3] = [
    ("open.topic.v1", ""),
    ("billing.topic.v1", "producers: [svc-billing, group:billing-*]\n"),
    ("mesh.topic.v1", "producers: [spiffe://corp.example/ns/mesh/*]\n"),
];

fn contracts() -> ContractSet {
    let folder = tempfile::tempdir().expect("a folder");
    for (topic, producers) in TOPICS {
        let home = folder.path().join(topic);
        fs::create_dir(&home).expect("a folder");
        let text =
            format!("topic: {topic}\nowner: team-shop\ndescription: An order.\nvalue: {{ format: json }}\n{producers}");
        fs::write(home.join("contract.yaml"), text).expect("a file");
    }
    let sources = Sources { catalog: folder.path().to_owned(), conventions: None, hash_key: None };
    catalog::load(&sources, clock::today(), &Metrics::new()).set.expect("sound contracts")
}

fn rates() -> Rates {
    Rates::new(&Config::default(), Ticks::monotonic())
}

fn enters(who: &Principal, topic: &str) -> Result<(), (Code, String)> {
    let (topic, headers, trace) = (topic.to_owned(), HeaderMap::new(), Vec::new());
    let head = Head { topic, schema_id: None, headers, trace, dry_run: false, peer: Peer::unknown() };
    let entered = enter(who, &head, &contracts(), &rates());
    entered.map(drop).map_err(|rejection| (rejection.code, rejection.detail.into_owned()))
}

#[test]
fn who_is_not_named_is_told_who_they_are_and_whose_it_is_and_nothing_else() {
    let who = Principal::new("svc-search".into());
    assert_eq!(enters(&who, "open.topic.v1"), Ok(()));
    let detail = "You are svc-search, who is not among the producers of this topic. Its owner is team-shop; ask them to add you to the contract.";
    for topic in ["billing.topic.v1", "mesh.topic.v1"] {
        assert_eq!(enters(&who, topic), Err((Code::Forbidden, detail.to_owned())));
    }
    let unknown = enters(&who, "no.such.topic").expect_err("it has no contract");
    assert_eq!(unknown.0, Code::UnknownTopic);
}

#[test]
fn names_groups_and_spiffe_ids_let_in() {
    let plain = |name: &str| Principal::new(name.into());
    for (who, topic) in [
        (plain("svc-billing"), "billing.topic.v1"),
        (plain("svc-other").in_groups(["billing-eu".into()].into()), "billing.topic.v1"),
        (plain("spiffe://corp.example/ns/mesh/sa/a"), "mesh.topic.v1"),
        (plain("anyone").freed(), "mesh.topic.v1"),
    ] {
        assert_eq!(enters(&who, topic), Ok(()), "{who:?}");
    }
}

#[test]
fn a_keys_scopes_narrow_what_its_principal_may() {
    let scoped = |scopes: &[&str]| {
        Principal::new("svc-billing".into()).scoped(scopes.iter().map(|scope| Arc::from(*scope)).collect())
    };
    let who = scoped(&["billing.*"]);
    assert_eq!(enters(&who, "billing.topic.v1"), Ok(()));
    let detail = "You are svc-billing, and the scopes of your key don't cover this topic; send with a key that has it, or ask whoever gave you the key.";
    assert_eq!(enters(&who, "open.topic.v1"), Err((Code::Forbidden, detail.to_owned())));
    assert_eq!(enters(&scoped(&[]), "open.topic.v1").map_err(|(code, _)| code), Err(Code::Forbidden));
    assert_eq!(enters(&scoped(&["mesh.topic.v1"]), "mesh.topic.v1").map_err(|(code, _)| code), Err(Code::Forbidden));
}

#[test]
fn a_batch_over_several_topics_is_judged_event_by_event() {
    let topics: Vec<_> =
        ["no.such.topic"].into_iter().chain(TOPICS.map(|(topic, _)| topic)).map(str::to_owned).collect();
    let events = [3, 1, 2, 0, 1].map(|topic| Ok(Event { topic, text: 0..2 })).to_vec();
    let (body, form) = (Bytes::from_static(b"{}"), Form::Json);
    let batch = Batch { body, form, framed: false, schema_id: None, document: false, topics, events };
    let allowed = allow(&Principal::new("svc-billing".into()), &contracts(), batch, &rates());
    let shown = |slot: &Slot<Event>| match slot {
        Ok(event) => allowed.topics[event.topic].contract.topic.clone(),
        Err(refusal) => refusal.code.as_str().to_owned(),
    };
    let shown: Vec<_> = allowed.events.iter().map(shown).collect();
    assert_eq!(shown, ["forbidden", "open.topic.v1", "billing.topic.v1", "unknown_topic", "open.topic.v1"]);
}
