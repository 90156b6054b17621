//! `forebay explain` as it is called: what it says of topics whose schemas a registry has a say in, and of requests
//! that would be turned away.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up should say where")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const SCHEMA: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}"#;

/// A catalogue with one topic of this `value`, and an event of it.
fn catalogue(topic: &str, value: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("catalog").join(topic);
    std::fs::create_dir_all(&home).unwrap();
    std::fs::create_dir(folder.path().join("conventions")).unwrap();
    let contract = format!(
        "topic: {topic}\nowner: team-shop\ndescription: An order.\nproducers: [svc-shop]\nvalue: {{ format: avro, {value} }}\n"
    );
    std::fs::write(home.join("contract.yaml"), contract).unwrap();
    std::fs::write(home.join("order.avsc"), SCHEMA).unwrap();
    std::fs::write(folder.path().join("event.json"), r#"{"id":"a"}"#).unwrap();
    folder
}

fn explain(folder: &Path, arguments: &[&str]) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forebay"));
    command.current_dir(folder).args(["explain", "--catalog", "catalog", "--conventions", "conventions"]);
    let output = command.args(arguments).arg("event.json").output().unwrap();
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    (output, text.concat())
}

#[test]
fn a_schema_beside_the_contract_serves_whatever_its_id() {
    let folder = catalogue("shop.order.placed.v1", "schema: order.avsc, subject: orders");
    let (output, text) = explain(folder.path(), &["--topic", "shop.order.placed.v1", "--principal", "svc-shop"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    insta::assert_snapshot!("a_schema_in_both_places", text);
}

#[test]
fn a_schema_that_only_the_registry_has_is_not_guessed() {
    let folder = catalogue("shop.order.placed.v1", "subject: orders");
    let (output, text) = explain(folder.path(), &["--topic", "shop.order.placed.v1"]);
    assert_eq!(output.status.code(), Some(2), "{text}");
    insta::assert_snapshot!("a_schema_in_the_registry_alone", text);
}

#[test]
fn a_request_that_would_be_turned_away_is_what_a_dry_run_answers() {
    let folder = catalogue("shop.order.placed.v1", "schema: order.avsc, subject: orders");
    let cases =
        [("shop.order.lost.v1", "svc-shop", "unknown_topic"), ("shop.order.placed.v1", "svc-other", "forbidden")];
    for (topic, principal, code) in cases {
        let (output, text) = explain(folder.path(), &["--format", "json", "--topic", topic, "--principal", principal]);
        assert_eq!(output.status.code(), Some(1), "{text}");
        let problem: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(problem["code"], code, "{text}");
        assert!(problem["status"].is_u64() && problem["detail"].is_string() && problem["title"].is_string(), "{text}");
    }
}

#[test]
fn a_convention_that_asks_who_sends_is_named_where_nobody_is() {
    let folder = catalogue("shop.order.placed.v1", "schema: order.avsc, schema_id: 1");
    let rule = "- { name: sent-by-the-shop, applies_to: event, when: 'principal != \"svc-shop\"', action: block }\n";
    std::fs::write(folder.path().join("conventions/rules.yaml"), rule).unwrap();
    let (_, nobody) = explain(folder.path(), &["--topic", "shop.order.placed.v1"]);
    assert!(nobody.contains("note: sent-by-the-shop asks who sends the events; it is told \"developer\""), "{nobody}");
    let (output, shop) = explain(folder.path(), &["--topic", "shop.order.placed.v1", "--principal", "svc-shop"]);
    assert!(output.status.success() && !shop.contains("asks who sends"), "{shop}");
}
