//! `forebay check --connect`: what Kafka and the registry have otherwise than the contracts say.

use std::time::Duration;

use forebay_tests::catalog::{Catalog, ORDER_SCHEMA};
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::{config_file, forebay, merge, settings};
use forebay_tests::process::{Done, run};
use forebay_tests::registry::{Format, Registry};
use serde_json::json;

fn check(catalog: &Catalog) -> Done {
    let mut settings = settings(&Cluster::shared().bootstrap(), catalog);
    merge(&mut settings, json!({ "registry": { "url": Registry::shared().url() } }));
    let file = config_file(&settings);
    run(forebay(&["check", "--config", &file.to_string_lossy(), "--connect"]), Duration::from_mins(1))
}

#[test]
fn what_is_otherwise_is_said_topic_by_topic() {
    let value = "value: { format: avro, subject: { strategy: topic } }\n";
    let (good, narrow, gone, unnamed) = ("check.good.v1", "check.narrow.v1", "check.gone.v1", "check.unnamed.v1");
    for topic in [good, narrow, unnamed] {
        Cluster::shared().create_topic(topic, 3, &[]);
    }
    let id = Registry::shared().register(&format!("{good}-value"), Format::Avro, ORDER_SCHEMA, &[]);

    let sound = Catalog::new().contract(good, &format!("{value}kafka: {{ partitions: 3, replication: 3 }}"));
    let done = check(&sound);
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    let said = format!("{good}: is there, 3 partitions of 3 replicas; {good}-value has its schema {id}\n");
    assert!(done.stdout.contains(&said), "{}", done.stdout);

    let json = "value: { format: json }\n";
    let unsound = sound
        .contract(narrow, &format!("{json}kafka: {{ partitions: 4, replication: 1 }}"))
        .contract(gone, json)
        .contract(unnamed, value);
    let done = check(&unsound);
    assert_eq!(done.code, Some(1), "{}{}", done.stdout, done.stderr);
    let line = |topic: &str| done.stdout.lines().find(|line| line.starts_with(topic)).unwrap_or_default().to_owned();
    assert!(line(good).contains("is there"), "{}", done.stdout);
    for (topic, words) in [
        (narrow, &["expected 4 partitions", "found 3", "expected 1 replicas"][..]),
        (gone, &["Kafka does not have this topic"]),
        (unnamed, &["unknown_schema", "check.unnamed.v1-value"]),
    ] {
        assert!(words.iter().all(|word| line(topic).contains(word)), "{topic}: {}", done.stdout);
    }
}
