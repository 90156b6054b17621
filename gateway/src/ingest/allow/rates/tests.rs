//! Batches over topics with limits: who pays what, and which limit says no. Tests turn the clock.

use std::fs;
use std::thread;

use bytes::Bytes;
use governor::clock::FakeRelativeClock;
use proptest::prelude::*;

use super::super::{allow, enter};
use super::*;
use crate::catalog::{self, ContractSet, Sources};
use crate::clock;
use crate::config::Config as Whole;
use crate::event::{Allowed, Batch, Code, Form, Head, Peer};
use crate::metrics::{Metrics, Moment};

/// A topic that lets 100 events and 1,000 bytes a second through.
const SLOW: &str = "shop.order.slow.v1";
/// A topic without limits.
const FREE: &str = "shop.order.free.v1";

struct House {
    contracts: ContractSet,
    rates: Rates,
    clock: FakeRelativeClock,
    metrics: Metrics,
}

impl House {
    fn new(rates: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for topic in [SLOW, FREE] {
            let home = folder.path().join(topic);
            fs::create_dir(&home).expect("a folder");
            let text = format!("topic: {topic}\nowner: team-shop\ndescription: An order.\nvalue: {{ format: json }}\n");
            fs::write(home.join("contract.yaml"), text).expect("a file");
        }
        let metrics = Metrics::new();
        let sources = Sources { catalog: folder.path().to_owned(), conventions: None, hash_key: None };
        let contracts = catalog::load(&sources, clock::today(), &metrics).set.expect("sound contracts");
        let contracts = limited(&contracts, SLOW, Some(100), Some(1_000));
        let clock = FakeRelativeClock::default();
        let rates = Rates::new(&config(rates), Ticks::of(clock.clone()));
        Self { contracts, rates, clock, metrics }
    }

    fn send(&self, who: &str, events: &[(usize, usize)]) -> Allowed {
        allow(&principal(who), &self.contracts, batch(events), &self.rates)
    }

    /// Sends so many events of this size to a topic: their code, or none if they pass.
    fn code(&self, who: &str, topic: usize, events: usize, size: usize) -> Option<Code> {
        let allowed = self.send(who, &vec![(topic, size); events]);
        let codes: Vec<_> = allowed.events.iter().map(|slot| slot.as_ref().err().map(|refusal| refusal.code)).collect();
        assert!(codes.iter().all(|code| *code == codes[0]), "a batch passes whole or not at all: {codes:?}");
        codes[0]
    }

    fn room(&self, who: &str, topic: &str, length: Option<u64>) -> Result<(), Rejection> {
        let head = Head {
            topic: topic.to_owned(),
            schema_id: None,
            headers: http::HeaderMap::new(),
            dry_run: false,
            trace: Vec::new(),
            peer: Peer::unknown(),
        };
        enter(&principal(who), &head, &self.contracts, &self.rates)?.rated.room(length)
    }

    fn left(&self, who: &str) -> Vec<u64> {
        let topic = self.contracts.get(SLOW).expect("it was loaded");
        self.rates.of(&principal(who), topic).standings().iter().map(|standing| standing.remaining).collect()
    }
}

fn config(rates: &str) -> Config {
    let text = format!(
        "kafka: {{ bootstrap: [a:1] }}\nauthn: {{ anonymous: true, anonymous_principal: b }}\nadmission: {{ rates: {rates} }}\n"
    );
    Whole::read("test.yaml", &text, []).expect("a sound configuration").admission.rates
}

fn principal(name: &str) -> Principal {
    Principal::new(name.into())
}

fn limited(contracts: &ContractSet, topic: &str, events: Option<u64>, bytes: Option<u64>) -> ContractSet {
    let mut one = Topic::clone(contracts.get(topic).expect("it was loaded"));
    let contract = Arc::make_mut(&mut one.contract);
    (contract.events_per_second, contract.bytes_per_second) = (events, bytes);
    contracts.clone().with(one)
}

/// Events by topic, 0 for the slow one and 1 for the free one, and size.
fn batch(events: &[(usize, usize)]) -> Batch {
    let mut body = Vec::new();
    let events = events.iter().map(|(topic, size)| {
        let start = body.len();
        body.resize(start + size, b'1');
        Ok(Event { topic: *topic, text: start..body.len() })
    });
    let events = events.collect();
    let topics = [SLOW, FREE].map(str::to_owned).to_vec();
    let (form, body) = (Form::Json, Bytes::from(body));
    Batch { body, form, framed: false, schema_id: None, document: true, topics, events }
}

#[test]
fn without_limits_there_is_nothing_to_keep() {
    let house = House::new("{}");
    assert_eq!(house.code("a", 1, 100_000, 1), None);
    let free = house.contracts.get(FREE).expect("it was loaded");
    assert_eq!(house.rates.of(&principal("a"), free).standings(), []);
}

#[test]
fn each_of_the_four_limits_is_named() {
    let house = House::new(
        "{ few: { events_per_second: 50, burst: 2s }, small: { bytes_per_second: 10B }, default: { events_per_second: 1000 } }",
    );
    for (who, topic, (events, size), expected) in [
        (
            "few",
            1,
            (100, 1),
            "The limit of 50 events a second of principal few (the gateway's configuration) has 0 left, and 100 are asked for; come again in 2 s.",
        ),
        (
            "small",
            1,
            (1, 10),
            "The limit of 10 bytes a second of principal small (the gateway's configuration) has 0 left, and 10 are asked for; come again in 1 s.",
        ),
        (
            "other",
            0,
            (100, 1),
            "The limit of 100 events a second of topic shop.order.slow.v1 (its contract's limits) has 0 left, and 100 are asked for; come again in 1 s.",
        ),
        (
            "other",
            0,
            (5, 200),
            "The limit of 1000 bytes a second of topic shop.order.slow.v1 (its contract's limits) has 0 left, and 1000 are asked for; come again in 1 s.",
        ),
    ] {
        assert_eq!(house.code(who, topic, events, size), None, "{expected}");
        let refused = house.send(who, &vec![(topic, size); events]);
        let refusal = refused.events[0].as_ref().expect_err("it is used up");
        assert_eq!((refusal.code, &*refusal.detail), (Code::RateLimited, expected));
        assert!(refusal.wait.is_some());
        house.clock.advance(Duration::from_hours(1));
    }
    let text = house.metrics.render(Moment::default());
    for (topic, limit) in
        [(FREE, "principal_events"), (FREE, "principal_bytes"), (SLOW, "topic_events"), (SLOW, "topic_bytes")]
    {
        let expected = format!("forebay_rate_limited_total{{topic=\"{topic}\",limit=\"{limit}\"}} 1");
        assert!(text.contains(&expected), "{expected} in {text}");
    }
}

#[test]
fn the_first_entry_that_matches_holds_and_each_principal_has_it_for_itself() {
    let house = House::new(
        "{ svc-billing: { events_per_second: 7 }, svc-*: { events_per_second: 5 }, svc-b*: { events_per_second: 3 } }",
    );
    for (who, most) in [("svc-billing", 7), ("svc-basket", 5), ("svc-search", 5)] {
        assert_eq!(house.code(who, 1, most, 1), None);
        assert_eq!(house.code(who, 1, 1, 1), Some(Code::RateLimited), "{who}");
    }
    assert_eq!(house.code("other", 1, 1_000, 1), None);
}

#[test]
fn a_batch_over_the_burst_can_never_pass() {
    let house = House::new("{ default: { events_per_second: 150, bytes_per_second: 5000B } }");
    let refused = house.send("a", &vec![(0, 1); 101]);
    let refusal = refused.events[100].as_ref().expect_err("too many");
    let detail = "The limit of 100 events a second of topic shop.order.slow.v1 (its contract's limits) lets 100 pass at once at most, and here are 101; send smaller batches.";
    assert_eq!((refusal.code, &*refusal.detail, refusal.wait), (Code::TooLarge, detail, None));
    assert_eq!(house.code("a", 1, 151, 1), Some(Code::TooLarge));
    assert_eq!(house.code("a", 1, 10, 501), Some(Code::TooLarge));
    assert_eq!(house.left("a"), [150, 5_000, 100, 1_000], "nothing was taken");
    assert!(!house.metrics.render(Moment::default()).contains("rate_limited_total{"));
}

#[test]
fn what_a_later_limit_refuses_costs_nothing() {
    let house = House::new("{ default: { events_per_second: 1000, bytes_per_second: 5000B } }");
    assert_eq!(house.code("a", 0, 4, 200), None);
    assert_eq!(house.left("a"), [996, 4_200, 96, 200]);
    assert_eq!(house.code("a", 0, 4, 100), Some(Code::RateLimited), "by the topic's bytes, the last of the four");
    assert_eq!(house.left("a"), [996, 4_200, 96, 200]);
}

#[test]
fn a_topic_refuses_its_own_events_only() {
    let house = House::new("{ default: { events_per_second: 1000, bytes_per_second: 5000B } }");
    assert_eq!(house.code("a", 0, 99, 1), None);
    let left = house.left("a");
    let allowed = house.send("a", &[(0, 5), (1, 7), (0, 5), (1, 9)]);
    let passed: Vec<_> = allowed.events.iter().map(Result::is_ok).collect();
    assert_eq!(passed, [false, true, false, true]);
    assert_eq!(house.left("a"), [left[0] - 2, left[1] - 16, left[2], left[3]], "the caller pays for what passes");
}

#[test]
fn a_callers_limit_refuses_all_of_a_batch() {
    let house = House::new("{ default: { events_per_second: 3 } }");
    assert_eq!(house.code("a", 1, 1, 1), None);
    let allowed = house.send("a", &[(0, 5), (1, 7), (1, 7)]);
    assert!(allowed.events.iter().all(Result::is_err));
    assert_eq!(house.left("a"), [2, 100, 1_000]);
}

#[test]
fn a_window_over_the_burst_is_taken_in_pieces() {
    let house = House::new("{ default: { events_per_second: 90 } }");
    let passed = |events: &[(usize, usize)]| {
        let batch = Batch { document: false, ..batch(events) };
        let allowed = allow(&principal("a"), &house.contracts, batch, &house.rates);
        let codes = allowed.events.into_iter().map(|slot| slot.err().map(|refusal| refusal.code));
        codes.collect::<Vec<_>>()
    };
    let codes = passed(&[(0, 1); 240]);
    assert_eq!(codes[..60], [None; 60], "a quarter of it");
    assert_eq!(codes[60..], [Some(Code::RateLimited); 180], "come again, not: never");
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(passed(&[(0, 600), (0, 1_001), (0, 300)]), [None, Some(Code::TooLarge), None]);
}

#[test]
fn events_that_are_refused_already_cost_nothing() {
    let house = House::new("{ default: { events_per_second: 3 } }");
    let mut batch = batch(&[(0, 1); 5]);
    for slot in &mut batch.events[..4] {
        *slot = Err(crate::event::Refusal::not_written(Code::TooLarge, "A line is too long."));
    }
    let allowed = allow(&principal("a"), &house.contracts, batch, &house.rates);
    assert!(allowed.events[4].is_ok());
    assert_eq!(house.left("a"), [2, 99, 999]);
}

#[test]
fn a_head_is_refused_where_there_is_no_room_and_takes_nothing() {
    let house = House::new("{ default: { events_per_second: 1000, bytes_per_second: 800B } }");
    let full = house.left("a");
    for _ in 0..2_000 {
        assert!(house.room("a", SLOW, Some(800)).is_ok() && house.room("a", SLOW, None).is_ok());
    }
    assert_eq!(house.left("a"), full);
    let too_long = house.room("a", SLOW, Some(801)).expect_err("it can never pass");
    assert_eq!((too_long.code, too_long.wait), (Code::TooLarge, None));
    assert_eq!(house.code("a", 0, 1, 700), None);
    let rejection = house.room("a", SLOW, Some(200)).expect_err("100 bytes are left");
    let detail = "The limit of 800 bytes a second of principal a (the gateway's configuration) has 100 left, and 200 are asked \
         for; come again in 1 s.";
    assert_eq!((rejection.code, &*rejection.detail), (Code::RateLimited, detail));
    assert_eq!(rejection.wait, Some(Duration::from_millis(125)));
    assert!(house.room("a", SLOW, None).is_ok(), "a streamed body pays by windows");
    assert!(house.room("b", SLOW, Some(300)).is_ok());
    assert_eq!(house.code("b", 0, 1, 300), None);
    assert_eq!(house.room("c", SLOW, None).expect_err("the topic's bytes are used up").code, Code::RateLimited);
    assert!(house.room("c", FREE, None).is_ok());
}

#[test]
fn a_reload_keeps_what_was_taken_unless_the_limit_changes() {
    let mut house = House::new("{}");
    let before = house.contracts.clone();
    assert_eq!(house.code("a", 0, 100, 1), None);
    house.contracts = limited(&house.contracts, SLOW, Some(100), Some(1_000));
    assert_eq!(house.code("a", 0, 1, 1), Some(Code::RateLimited));
    house.contracts = limited(&house.contracts, SLOW, Some(200), None);
    assert_eq!(house.code("a", 0, 200, 1), None);
    assert_eq!(house.code("a", 0, 1, 1), Some(Code::RateLimited));
    house.contracts = before;
    assert_eq!(house.code("a", 0, 1, 1), Some(Code::RateLimited), "a stream that began before stays where it was");
}

#[test]
fn threads_that_share_limits_never_pass_more_than_there_is() {
    let house = House::new("{ default: { events_per_second: 500 } }");
    let passed: usize = thread::scope(|scope| {
        let send = |thread: usize| {
            let house = &house;
            scope.spawn(move || {
                let who = ["a", "b"][thread % 2];
                (0..300)
                    .filter(|turn| house.code(who, 0, 1 + turn % 3, 3).is_none())
                    .map(|turn| 1 + turn % 3)
                    .sum::<usize>()
            })
        };
        let threads: Vec<_> = (0..6).map(send).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).sum()
    });
    assert_eq!(passed, 100, "single events fill the topic's limit to its end");
    assert_eq!(house.left("a")[0] + house.left("b")[0], 900, "each caller has paid for what passed");
}

proptest! {
    #[test]
    fn never_more_than_the_burst_and_what_comes_in_passes(
        batches in prop::collection::vec((0..2_usize, prop::collection::vec((0..2_usize, 0..60_usize), 0..40), 0..900_u64), 1..60),
    ) {
        let house = House::new("{ default: { events_per_second: 60, bytes_per_second: 900B, burst: 2s } }");
        // Events and bytes that passed: of the two callers, and of the slow topic.
        let (mut passed, mut millis) = ([[0_usize; 2]; 3], 0);
        for (who, events, pause) in batches {
            let allowed = house.send(["a", "b"][who], &events);
            for (slot, (topic, size)) in allowed.events.iter().zip(&events) {
                if slot.is_ok() {
                    let payers = [Some(who), (*topic == 0).then_some(2)];
                    for payer in payers.into_iter().flatten() {
                        passed[payer] = [passed[payer][0] + 1, passed[payer][1] + size];
                    }
                }
            }
            let of_topic = |topic: usize| {
                let mut outcomes = allowed.events.iter().zip(&events).filter(|(_, event)| event.0 == topic).map(|(slot, _)| slot.is_ok());
                let first = outcomes.next();
                outcomes.all(|one| Some(one) == first)
            };
            prop_assert!(of_topic(0) && of_topic(1), "a topic's part passes whole or not at all");
            for (passed, [events, bytes, burst]) in passed.iter().zip([[60, 900, 2], [60, 900, 2], [100, 1_000, 1]]) {
                prop_assert!(passed[0] <= events * burst + events * millis / 1_000, "{:?} events after {} ms", passed, millis);
                prop_assert!(passed[1] <= bytes * burst + bytes * millis / 1_000, "{:?} bytes after {} ms", passed, millis);
            }
            house.clock.advance(Duration::from_millis(pause));
            millis += usize::try_from(pause).expect("a short pause");
        }
    }
}
