//! `forebay check`: what `serve` would refuse at start, all of it at once, before anything is started.

use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::gateway::{config_file, forebay, merge, settings};
use forebay_tests::process::{Done, run};
use serde_json::{Value, json};

fn check(catalog: &Catalog, overrides: Value) -> Done {
    let mut settings = settings(&["127.0.0.1:1".to_owned()], catalog);
    merge(&mut settings, overrides);
    let file = config_file(&settings);
    run(forebay(&["check", "--config", &file.to_string_lossy()]), Duration::from_mins(1))
}

fn said(done: &Done) -> String {
    format!("{}{}", done.stdout, done.stderr)
}

#[test]
fn a_good_configuration_is_fine() {
    let done = check(&Catalog::new().json("check.good.v1").orders("check.orders.v1"), json!({}));
    assert_eq!(done.code, Some(0), "{}", said(&done));
}

#[test]
fn all_problems_are_named_at_once() {
    let catalog = Catalog::new()
        .json("check.good.v1")
        .contract("check.bad.v1", "value: { format: avro, schema: missing.avsc, framing: none }")
        .contract("check.worse.v1", "value: { format: json }\nunknown_feilds: refuse");
    let wrong = json!({
        "kafka": { "bootstrap": [], "deadlin": "5s", "linger": "soon" },
        "drain": { "grace": 10 },
        "admission": { "bytes_per_request": "16 potatoes" },
    });
    let done = check(&catalog, wrong);
    assert_eq!(done.code, Some(2), "{}", said(&done));
    for named in ["bootstrap", "deadlin", "deadline", "linger", "grace", "bytes_per_request"] {
        assert!(said(&done).contains(named), "{named} is not named:\n{}", said(&done));
    }
}

#[test]
fn all_problems_of_the_contracts_are_named_at_once() {
    let catalog = Catalog::new()
        .contract("check.bad.v1", "value: { format: avro, schema: missing.avsc, framing: none }")
        .contract("check.worse.v1", "value: { format: json }\nunknown_feilds: keep");
    let done = check(&catalog, json!({}));
    assert_eq!(done.code, Some(2), "{}", said(&done));
    for named in ["missing.avsc", "unknown_feilds", "unknown_fields"] {
        assert!(said(&done).contains(named), "{named} is not named:\n{}", said(&done));
    }
}

#[test]
fn an_exception_that_has_ended_is_an_error_though_a_gateway_starts() {
    let rule = |place: &str, topic: &str| {
        let except = format!("except: [{{ topic: {topic}, reason: it is old, expires: 2020-01-31 }}]");
        format!("- {{ name: keyed, applies_to: {place}, action: block, {except} }}\n")
    };
    let contract = "contract, require: { key: true }";
    for (rule, named) in [
        (rule(contract, "check.good.v1"), &["keyed.yaml:1", "blocks: /key", "check.good.v1 ended on 2020-01-31"][..]),
        (rule(contract, "check.gone.v1").replace("key: true", "key_when_compacted: true"), &["check.gone.v1 ended on"]),
        (rule("event, when: 'size < 0'", "check.good.v1"), &["keyed.yaml:1", "check.good.v1 ended on 2020-01-31"]),
    ] {
        let done = check(&Catalog::new().json("check.good.v1").convention("keyed.yaml", &rule), json!({}));
        assert_eq!(done.code, Some(1), "{}", said(&done));
        assert!(named.iter().all(|named| said(&done).contains(named)), "{}", said(&done));
        assert!(!said(&done).contains("are sound"), "{}", said(&done));
    }
}

#[test]
fn settings_that_carry_the_promise_are_refused() {
    for property in ["acks", "enable.idempotence", "message.timeout.ms", "partitioner"] {
        let done =
            check(&Catalog::new().json("check.good.v1"), json!({ "kafka": { "properties": { property: "1" } } }));
        assert_eq!(done.code, Some(2), "{property}: {}", said(&done));
        assert!(said(&done).contains(property), "{}", said(&done));
    }
}

#[test]
fn anonymous_callers_must_be_wanted_twice() {
    let wrong = json!({ "authn": { "anonymous": true, "anonymous_principal": null } });
    let done = check(&Catalog::new().json("check.good.v1"), wrong);
    assert_eq!(done.code, Some(2), "{}", said(&done));
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let done = run(forebay(&["check", "--config", "/nowhere/forebay.yaml"]), Duration::from_mins(1));
    assert_eq!(done.code, Some(2), "{}", said(&done));
    assert!(said(&done).contains("/nowhere/forebay.yaml"), "{}", said(&done));
}

#[test]
fn wrong_usage_is_told_apart() {
    for arguments in [&["check"][..], &["chekc"], &["serve", "--conifg", "x"]] {
        assert_eq!(run(forebay(arguments), Duration::from_mins(1)).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn a_secret_is_never_printed() {
    let secret = "hunter2-hunter2";
    let wrong = json!({ "kafka": { "properties": { "sasl.password": secret, "acks": "0" } } });
    let done = check(&Catalog::new().json("check.good.v1"), wrong);
    assert!(!said(&done).contains(secret), "{}", said(&done));
}
