//! `forebay lint`, `forebay explain`, a dry run and a real request say the same of the same event, and only what the last
//! of them lets pass is in Kafka. Operators see how often each rule was broken, where and by whom.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::{Gateway, forebay};
use forebay_tests::http::{Answer, Request};
use forebay_tests::process::{run, scratch};
use serde_json::{Value, json};

use super::house::{hits, path, records};
use super::table::{End, Row, TOPICS, catalog, rows};

/// The rules that do not simply hold, as an answer to a trial lists them: name, result, effect.
fn remarkable(entry: &Value) -> Vec<(String, String, String)> {
    let text = |said: &Value, member: &str| said[member].as_str().unwrap_or_default().to_owned();
    let all = entry["conventions"].as_array().expect("conventions").iter();
    let all = all.map(|said| (text(said, "rule"), text(said, "result"), text(said, "effect")));
    all.filter(|(_, result, _)| result != "kept").collect()
}

/// What must be remarkable about a row.
fn expected(row: &Row) -> Vec<(String, String, String)> {
    let broken = if row.failed { "failed" } else { "broken" };
    let one = |rule: &str, result: &str, effect: &str| vec![(rule.to_owned(), result.to_owned(), effect.to_owned())];
    match row.end {
        End::Kept => vec![],
        End::Passes(rule, "warned") => one(rule, broken, "warns"),
        End::Passes(rule, _) => one(rule, broken, "would refuse if it were enforced"),
        End::Refused(rule) => one(rule, broken, "refuses"),
        End::Excepted(rule) => one(rule, "excepted", ""),
    }
}

fn request(row: &Row, query: &str) -> Request {
    let request = Request::json(path(row.topic) + query, row.event.to_string());
    row.header.iter().fold(request, |request, (name, value)| request.header(name, value))
}

/// What `forebay explain` says of an event: a document like a dry run's.
fn explained(row: &Row, catalog: &Catalog, file: &Path) -> Value {
    std::fs::write(file, row.event.to_string()).expect("an event's file");
    let (contracts, conventions) = (catalog.contracts(), catalog.conventions());
    let named = [("--catalog", &contracts), ("--conventions", &conventions)];
    let named: Vec<_> = named.map(|(name, folder)| [name.to_owned(), folder.display().to_string()]).concat();
    let header = row.header.map(|(name, value)| ["--header".to_owned(), format!("{name}: {value}")]);
    let named: Vec<_> = named.iter().chain(header.iter().flatten()).map(String::as_str).collect();
    let file = file.to_string_lossy();
    let command = ["explain", &file, "--topic", row.topic, "--principal", "e2e", "--format", "json"];
    let done = run(forebay(&[&command[..], &named[..]].concat()), Duration::from_mins(1));
    assert_eq!(done.code, Some(i32::from(matches!(row.end, End::Refused(_)))), "{}: {}", row.what, done.stderr);
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", done.stdout, done.stderr))
}

fn warnings(answer: &Answer) -> Vec<&str> {
    let headers = answer.headers.iter().filter(|(name, _)| name == "forebay-warning");
    headers.map(|(_, value)| value.as_str()).collect()
}

/// What a trial and the real thing both say of a refusal: all but its outcome.
fn refusal(entry: &Value) -> Value {
    let mut entry = entry.clone();
    let members = entry.as_object_mut().expect("an entry");
    members.retain(|name, _| ["code", "detail", "errors", "retryable"].contains(&name.as_str()));
    entry
}

/// Asks offline, in a dry run and in earnest; gives what the trial said.
fn hold(gateway: &Gateway, catalog: &Catalog, row: &Row, file: &Path) -> Value {
    let what = row.what;
    let offline = explained(row, catalog, file);
    let tried = gateway.client().send(&request(row, "?dry_run=true"));
    let real = gateway.client().send(&request(row, ""));
    let entry = tried.json()["events"][0].clone();
    assert_eq!(offline["events"][0], entry, "{what}: explain and a dry run");
    assert_eq!(
        (offline["would_write"].clone(), offline["dry_run"].clone()),
        (tried.json()["would_write"].clone(), json!(true))
    );
    assert_eq!(remarkable(&entry), expected(row), "{what}: {tried}");
    assert_eq!(tried.status, real.status, "{what}: {tried} {real}");
    assert_eq!(warnings(&tried), warnings(&real), "{what}");
    let real_entry = real.json()["events"][0].clone();
    if let End::Refused(rule) = row.end {
        assert_eq!((real.status, real.code().as_str()), (422, "convention_violation"), "{what}: {real}");
        assert_eq!((&entry["outcome"], &real_entry["outcome"]), (&json!("would_be_refused"), &json!("not_written")));
        assert_eq!(refusal(&entry), refusal(&real_entry), "{what}: a dry run and the real thing");
        assert_eq!(real_entry["errors"][0]["convention"], rule, "{what}: {real}");
        assert_eq!(real.json()["detail"], tried.json()["detail"], "{what}");
    } else {
        assert_eq!((real.status, &entry["outcome"]), (200, &json!("would_be_written")), "{what}: {real}");
        assert_eq!(entry["value"], row.event, "{what}: what would be written");
        let warned = if let End::Passes(rule, "warned") = row.end { vec![rule] } else { vec![] };
        assert_eq!(warnings(&real), warned, "{what}: {real}");
    }
    entry
}

#[test]
fn one_verdict_wherever_one_asks() {
    let cluster = Cluster::shared();
    for topic in TOPICS {
        cluster.create_topic(topic, 1, &[]);
    }
    let catalog = catalog();
    let gateway = Gateway::start(&cluster.bootstrap(), &catalog);
    let file = scratch("events").join("event.json");
    let rows = rows();
    let said: Vec<_> = rows.iter().map(|row| hold(&gateway, &catalog, row, &file)).collect();

    let mut counts: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for topic in TOPICS {
        let of_topic = || rows.iter().filter(|row| row.topic == topic);
        let passed = of_topic().filter(|row| !matches!(row.end, End::Refused(_)));
        let values: Vec<_> = passed.map(|row| row.event.clone()).collect();
        let written: Vec<_> = records(topic, values.len()).iter().map(forebay_tests::kafka::Record::json).collect();
        assert_eq!(written, values, "{topic} has what passed, in order, once: no trial left anything");
    }
    for row in &rows {
        let (rule, effect) = match row.end {
            End::Passes(rule, effect) => (rule, effect),
            End::Refused(rule) => (rule, "refused"),
            End::Kept | End::Excepted(_) => continue,
        };
        *counts.entry((row.topic, rule, effect)).or_default() += 1;
        if row.failed {
            *counts.entry((row.topic, rule, "failed")).or_default() += 1;
        }
    }
    operators_see(&gateway, &counts);
    lint_says(&catalog, &rows, &said);
    several_at_once(&gateway);
}

/// The first in words, and how many more there are; all of them among the errors.
fn several_at_once(gateway: &Gateway) {
    let event = json!({ "id": "x".repeat(300), "total": -1 });
    let answer = gateway.client().send(&Request::json(path(super::table::PLAIN), event.to_string()));
    let refused = &answer.json()["events"][0];
    let broken: Vec<_> =
        refused["errors"].as_array().expect("errors").iter().map(|e| e["convention"].clone()).collect();
    assert_eq!(broken, ["total-is-positive", "small", "names-its-customer"], "{answer}");
    let detail = refused["detail"].as_str().expect("words");
    assert!(
        detail.ends_with("A total is not negative. Send a refund instead. 2 more conventions are broken."),
        "{detail}"
    );
    let event = json!({ "id": "x".repeat(300), "total": 1 });
    let answer = gateway.client().send(&Request::json(path(super::table::PLAIN), event.to_string()));
    let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.ends_with("found a longer one. One more convention is broken."), "{detail}");
}

/// Metrics and `GET /conventions` show these hits and no others: trials are not counted.
fn operators_see(gateway: &Gateway, counts: &BTreeMap<(&str, &str, &str), u64>) {
    for ((topic, rule, effect), count) in counts {
        assert_eq!(hits(gateway, topic, rule, effect), *count, "{topic} {rule} {effect}");
    }
    let rules = gateway.admin_client().get("/conventions").json();
    let mut shown = BTreeMap::new();
    for rule in rules.as_array().expect("rules") {
        let name = rule["name"].as_str().expect("a name");
        assert!(rule["file"].as_str().is_some_and(|file| file.ends_with("rules.yaml")), "{rule}");
        for row in rule["hits"].as_array().expect("hits") {
            assert_eq!(row["principal"], "e2e", "{row}");
            let examples = row["examples"].as_array().expect("examples");
            assert!((1..=3).contains(&examples.len()) && examples[0].to_string().contains(name), "{row}");
            for (effect, count) in row["events"].as_object().expect("counts") {
                let topic = row["topic"].as_str().expect("a topic");
                shown.insert((topic.to_owned(), name.to_owned(), effect.clone()), count.as_u64().expect("a count"));
            }
        }
    }
    let own =
        |(topic, rule, effect): &(&str, &str, &str)| ((*topic).to_owned(), (*rule).to_owned(), (*effect).to_owned());
    assert_eq!(shown, counts.iter().map(|(place, count)| (own(place), *count)).collect(), "{rules:#}");
    let excepted = rules.as_array().and_then(|rules| rules.iter().find(|rule| rule["name"] == "names-its-customer"));
    let exception = &excepted.expect("the rule")["exceptions"][0];
    assert_eq!((&exception["expires"], &exception["expired"]), (&json!("2999-12-31"), &json!(false)));
}

/// Each event as a sample that must pass: lint finds what the trial said of it, in the same words. A sample has no header
/// fields, so that the topic that asks for one is left out.
fn lint_says(catalog: &Catalog, rows: &[Row], said: &[Value]) {
    let sampled = || rows.iter().enumerate().filter(|(_, row)| row.topic != super::table::TRACED);
    for (number, row) in sampled() {
        let folder = catalog.contracts().join(row.topic).join("samples/valid");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(format!("row-{number}.json")), row.event.to_string()).expect("a sample");
    }
    let (contracts, conventions) = (catalog.contracts(), catalog.conventions());
    let (contracts, conventions) = (contracts.to_string_lossy(), conventions.to_string_lossy());
    let arguments = ["lint", &contracts, "--conventions", &conventions, "--format", "json"];
    let done = run(forebay(&arguments), Duration::from_mins(1));
    assert_eq!(done.code, Some(1), "{}{}", done.stdout, done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).expect("one document");
    let findings = report["findings"].as_array().expect("findings").clone();
    for (number, row) in sampled() {
        let file = format!("samples/valid/row-{number}.json");
        let ours = |finding: &&Value| finding["file"].as_str().is_some_and(|name| name.ends_with(&file));
        let ours: Vec<_> = findings
            .iter()
            .filter(ours)
            .filter(|finding| finding["rule"].as_str().is_some_and(|rule| rule.starts_with("convention/")))
            .collect();
        let (rule, severity) = match row.end {
            End::Kept | End::Excepted(_) => {
                assert!(ours.is_empty(), "{}: {ours:?}", row.what);
                continue;
            }
            End::Refused(rule) => (rule, "error"),
            End::Passes(rule, "warned") => (rule, "warning"),
            End::Passes(rule, _) => (rule, "note"),
        };
        let [finding] = ours[..] else { panic!("{}: one finding: {ours:?}", row.what) };
        assert_eq!((&finding["rule"], &finding["severity"]), (&json!(format!("convention/{rule}")), &json!(severity)));
        let told = said[number]["conventions"].as_array().expect("conventions").iter().find(|one| one["rule"] == rule);
        assert_eq!(finding["says"], told.expect("the rule")["detail"], "{}", row.what);
    }
}
