//! Binds, conventions, dry runs, copies and reloads, as their users see them.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use forebay::app::Reloaded;
use forebay::{admin, reload};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::house::{Answer, COPIES, House, JUDGED, request};

const CONTRACT: &str = "\
owner: team-shop
description: An order that rules look at.
value: { format: json }
key: { from: /customer }
bind: { /source: principal }
pii: { /email: mask }
dead_letter: platform.refused.v1
";

const RULES: &str = "\
- name: totals-are-not-negative
  applies_to: event
  topics: [shop.order.judged.v1]
  when: 'event.total < 0'
  action: block
  message: An order costs something.
  fix: Send a credit note instead.
- name: small-orders
  applies_to: event
  topics: [shop.order.judged.v1]
  when: 'event.total > 1000'
  action: warn
- name: orders-have-a-channel
  applies_to: event
  topics: [shop.order.judged.v1]
  require: { fields: [/channel] }
  action: block
  rollout: shadow
  except: []
";

fn order(total: i64, more: &str) -> String {
    format!(r#"{{"customer":"c-7","source":"tester","email":"ada@example.org","total":{total}{more}}}"#)
}

fn dry(body: String) -> Request<Body> {
    let mut request = request(JUDGED, "application/json", body);
    *request.uri_mut() = format!("/v1/topics/{JUDGED}/events?dry_run=true").parse().unwrap();
    request
}

async fn house() -> House {
    House::judging(CONTRACT, RULES).await
}

/// The page of the conventions, as operators see it.
async fn conventions(house: &House) -> Value {
    let page = admin::conventions(State(Arc::clone(&house.app))).await;
    serde_json::from_slice(&page.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

/// Rules over topics that the contract breaks: one twice, and one that would block.
const OVER_TOPICS: &str = "\
- { name: owned-and-filed, applies_to: contract, require: { labels: [cost, unit] }, action: warn }
- { name: classified, applies_to: contract, require: { labels: [class] }, action: block, rollout: shadow }
";

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_what_a_contract_breaks_by_what_follows_from_it() {
    let house = House::judging(CONTRACT, OVER_TOPICS).await;
    let page = admin::contracts(State(Arc::clone(&house.app))).await;
    let page: Value = serde_json::from_slice(&page.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let judged = page.as_array().unwrap().iter().find(|topic| topic["topic"] == JUDGED).unwrap();
    let broken = json!({ "b": judged["blocked"], "w": judged["warnings"], "s": judged["shadow"] });
    assert_eq!(broken, json!({ "b": [], "w": ["owned-and-filed"], "s": ["classified"] }));
    assert!(house.app.catalog.current().get(JUDGED).unwrap().standing.len() > 2, "one is broken twice");
}

/// What stands there without the test's own folder.
fn shown(house: &House, text: &str) -> String {
    text.replace(&house.folder.path().display().to_string(), "…")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_conventions_and_binds_refuse() {
    let house = house().await;
    let answers = [
        ("a_convention_that_blocks", order(-5, "")),
        ("a_convention_that_warns", order(2_000, r#","channel":"web""#)),
        ("a_field_that_is_bound_to_another", order(5, "").replace("tester", "svc-other")),
        ("a_rule_that_can_not_be_judged", order(5, "").replace("\"total\":5", "\"total\":\"five\"")),
    ];
    for (name, body) in answers {
        let answer = house.post(JUDGED, body).await;
        let text = shown(&house, &answer.shown());
        let text = without_places(&text);
        insta::assert_snapshot!(name, text);
    }
}

/// Partitions and offsets differ from run to run.
fn without_places(text: &str) -> String {
    let lines = text.lines().map(|line| match line.trim_start().split_once(':') {
        Some(("\"partition\"" | "\"offset\"", _)) => {
            let end = if line.ends_with(',') { "," } else { "" };
            format!("{}: 0{end}", line.split(':').next().unwrap())
        }
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_all_and_writes_nothing() {
    let house = house().await;
    let events = format!("[{},{},{{\"customer\":1}}]", order(5, ""), order(-5, r#","channel":"web""#));
    let answer = house.send(dry(events.clone())).await;
    insta::assert_snapshot!("a_dry_run", shown(&house, &answer.shown()));
    assert!(!answer.text.contains("ada@example.org"), "{}", answer.text);
    let only_refused = house.send(dry(order(-5, ""))).await;
    insta::assert_snapshot!("a_dry_run_of_which_nothing_would_be_written", shown(&house, &only_refused.shown()));
    assert!(conventions(&house).await.as_array().unwrap().iter().all(|rule| rule["hits"] == json!([])));
    let text = house.app.metrics.render(house.app.moment());
    let of_topic = |line: &&str| line.contains(JUDGED) && !line.ends_with(" 0");
    assert_eq!(text.lines().filter(of_topic).collect::<Vec<_>>(), [""; 0], "nothing of it is counted");
    let mut misspelt = dry(order(5, ""));
    *misspelt.uri_mut() = format!("/v1/topics/{JUDGED}/events?dry%5Frun=true").parse().unwrap();
    insta::assert_snapshot!("a_dry_run_that_is_misspelt", house.send(misspelt).await.shown());
    let real = house.post(JUDGED, events).await;
    assert_eq!(real.json()["events"][0]["offset"], json!(0), "the first record of its partition: {}", real.text);
    let details = |answer: &Value| -> Vec<Value> {
        answer["events"].as_array().unwrap().iter().map(|event| event["detail"].clone()).collect()
    };
    assert_eq!(details(&real.json()), details(&answer.json()), "one text for both");
}

/// An answer, and how many turns it took.
async fn in_turns(answer: impl Future<Output = Answer>) -> (Answer, usize) {
    let (mut answer, mut turns) = (pin!(answer), 0);
    let answer = poll_fn(|context| {
        turns += 1;
        answer.as_mut().poll(context)
    });
    let answer = answer.await;
    (answer, turns)
}

/// Events of which each takes all the steps that an expression may take.
const LONG: &str = "\
- name: no-tag-follows-another
  applies_to: event
  when: 'event.tags.exists(a, event.tags.exists(b, a == b + 1))'
  action: block
  rollout: shadow
";

#[tokio::test(flavor = "multi_thread")]
async fn others_get_their_turn_while_events_are_judged() {
    let house = House::judging(CONTRACT, LONG).await;
    let tags = vec!["7"; 300].join(",");
    let events = vec![order(5, &format!(r#","tags":[{tags}]"#)); 100].join(",");
    let (answer, turns) = in_turns(house.send(dry(format!("[{events}]")))).await;
    assert_eq!(answer.json()["would_write"], json!(100), "{}", answer.text);
    // Nothing of a dry run waits. It is judged twice, and two events are as much as one turn takes.
    assert!(turns >= 100, "{turns} turns");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_get_their_turn_while_copies_are_made() {
    let house = house().await;
    let events = vec![order(-5, &format!(r#","channel":"{}""#, "x".repeat(50_000))); 40].join(",");
    let (answer, turns) = in_turns(house.post(JUDGED, format!("[{events}]"))).await;
    assert_eq!(answer.json()["events"][39]["dead_letter"], json!("kept"), "{}", answer.text);
    // Encoding, judging and copying take a turn for two of them.
    assert!(turns >= 60, "{turns} turns");
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_are_shown_by_topic_and_sender() {
    let house = house().await;
    house.post(JUDGED, format!("[{},{}]", order(-5, ""), order(5_000, ""))).await;
    let page = serde_json::to_string_pretty(&conventions(&house).await).unwrap();
    assert!(!page.contains("5000") && !page.contains("ada@"), "{page}");
    insta::assert_snapshot!("the_page_of_conventions", shown(&house, &page));
}

/// Rules of which each is broken in several places by an order.
fn several() -> String {
    let fields: Vec<_> = (0..30).map(|number| format!("/f{number}")).collect();
    let rule = |name: &str, action: &str, fields: &str| {
        format!(
            "- {{ name: {name}, applies_to: event, topics: [{JUDGED}], action: {action}, require: {{ fields: [{fields}] }} }}\n"
        )
    };
    [
        rule("thirty-parts", "block", &fields.join(", ")),
        rule("two-parts", "block", "/g, /h"),
        rule("three-parts", "block, rollout: shadow", "/i, /j, /k"),
    ]
    .concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_breaks_a_rule_once_however_many_of_its_parts() {
    let house = House::judging(CONTRACT, &several()).await;
    let answer = house.post(JUDGED, order(5, "")).await.json();
    let refused = &answer["events"][0];
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.ends_with("found nothing. One more convention is broken."), "{detail}");
    assert_eq!(refused["errors"].as_array().unwrap().len(), 10, "{answer}");
    let page = conventions(&house).await;
    let counted: Vec<_> = page.as_array().unwrap().iter().map(|rule| rule["hits"][0]["events"].clone()).collect();
    assert_eq!(counted, [json!({ "refused": 1 }), json!({ "refused": 1 }), json!({ "would_refuse": 1 })], "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exception_that_has_ended_is_no_matter_of_events_that_keep_the_rule() {
    let except = format!("  except: [{{ topic: {JUDGED}, reason: old shops, expires: 2020-01-31 }}]\n");
    let rules = format!(
        "- name: lapsed\n  applies_to: event\n  topics: [{JUDGED}]\n  when: 'event.total < 0'\n  action: block\n{except}"
    );
    let house = House::judging(CONTRACT, &rules).await;
    let kept = house.post(JUDGED, order(5, "")).await;
    assert_eq!((kept.status, kept.headers.get("forebay-warning")), (StatusCode::OK, None), "{}", kept.text);
    let tried = house.send(dry(order(5, ""))).await.json();
    assert_eq!(tried["events"][0]["conventions"].as_array().unwrap().len(), 1, "kept, and nothing else: {tried}");
    assert_eq!(conventions(&house).await[0]["hits"], json!([]));
    let broken = house.post(JUDGED, order(-5, "")).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", broken.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_can_not_be_kept_changes_no_verdict() {
    let contract = CONTRACT.replace(COPIES, "platform.nowhere.v1");
    let house = House::judging(&contract, RULES).await;
    let answer = house.post(JUDGED, format!("[{},{}]", order(5, ""), order(-5, ""))).await;
    assert_eq!(answer.status, StatusCode::MULTI_STATUS, "{}", answer.text);
    assert_eq!(answer.json()["events"][1]["dead_letter"], json!("not_kept"), "{}", answer.text);
    assert_eq!(answer.json()["events"][1]["code"], json!("convention_violation"));
}

/// A gateway that waits for good events for as long as may be.
const PATIENT: [(&str, &str); 2] = [("FOREBAY_KAFKA__DEADLINE", "100s"), ("FOREBAY_DRAIN__GRACE", "110s")];

#[tokio::test(flavor = "multi_thread")]
async fn copies_that_are_stuck_keep_nobody_waiting() {
    let house = House::judging_with((CONTRACT, RULES), &PATIENT, |_| {}).await;
    for partition in 0..4 {
        house.broker.partition_leader(COPIES, partition, None).unwrap();
    }
    let batch = || format!("[{},{}]", order(5, ""), order(-5, ""));
    let began = Instant::now();
    for _ in 0..5 {
        let answer = house.post(JUDGED, batch()).await;
        assert_eq!(answer.status, StatusCode::MULTI_STATUS, "{}", answer.text);
        assert_eq!(answer.json()["events"][1]["dead_letter"], json!("not_kept"), "{}", answer.text);
        assert_eq!(house.app.producer.stalled(), [COPIES]);
    }
    assert!(began.elapsed() < Duration::from_secs(100), "it waits as long as for good events");
    let text = house.app.metrics.render(house.app.moment());
    assert!(text.contains("forebay_queue_records 1\n"), "the first copy is stuck, and no more are sent: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_rules_are_taken_up_whole_or_not_at_all() {
    let house = house().await;
    let seen = reload::look(&house.app.config);
    tokio::spawn(reload::keep(Arc::clone(&house.app), seen, Vec::new(), reload::Log));
    let rules = house.folder.path().join("conventions/rules.yaml");
    let refused = async |total| {
        let answer = house.post(JUDGED, order(total, r#","channel":"web""#)).await;
        answer.status == StatusCode::UNPROCESSABLE_ENTITY
    };
    assert!(refused(-5).await);
    std::fs::write(&rules, RULES.replace("event.total < 0", "event.total < -10")).unwrap();
    while refused(-5).await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(refused(-11).await);
    std::fs::write(&rules, RULES.replace("event.total < 0", "event.total <")).unwrap();
    let problems = match house.app.reload_requests.ask().await {
        Reloaded::Refused(problems) => problems,
        other => vec![format!("{other:?}")],
    };
    insta::assert_snapshot!("a_reload_that_is_refused", shown(&house, &problems.join("\n")));
    assert!(!refused(-5).await && refused(-11).await, "the old rules are in force");
    std::fs::write(&rules, "").unwrap();
    assert_eq!(house.app.reload_requests.ask().await, Reloaded::Applied { contracts: 4, files: Vec::new() });
    assert!(!refused(-11).await);
}
