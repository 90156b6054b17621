//! Samples are held to what their names promise, both ways.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up should say where")]

use forebay_schemas::contract::{self, Compiled, Folder};
use forebay_schemas::samples::{self, Instead, Samples};

const CONTRACT: &str = "
topic: a.v1
owner: team-a
description: A.
value: { format: avro, schema: a.avsc, framing: none }
key: { from: /k }
limits: { bytes_per_event: 40 }
";
const SCHEMA: &str = r#"{"type": "record", "name": "A", "fields": [
    {"name": "k", "type": ["null", "string"], "default": null},
    {"name": "n", "type": ["null", "int", "long"], "default": null}]}"#;

fn compiled() -> Compiled {
    let files = [("contract.yaml", CONTRACT), ("a.avsc", SCHEMA)];
    let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into();
    let mut loaded = contract::load(&[Folder { name: "a.v1".to_owned(), files }], None);
    assert_eq!(loaded.problems, []);
    loaded.topics.remove(0)
}

fn files(files: &[(&str, &str)]) -> std::collections::BTreeMap<String, Vec<u8>> {
    files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}

/// What happens instead, in a word.
fn held(valid: &[(&str, &str)], invalid: &[(&str, &str)]) -> Vec<(String, String)> {
    let samples = Samples { valid: files(valid), invalid: files(invalid) };
    let compiled = compiled();
    let broken = samples::hold(compiled.encoder.as_ref().unwrap(), compiled.contract.bytes_per_event, &samples);
    let word = |instead: &Instead| match instead {
        Instead::Refused(refusal) => format!("refused {}", refusal.code()),
        Instead::Written => "written".to_owned(),
        Instead::Otherwise(refusal) => format!("otherwise {}", refusal.code()),
        Instead::OtherRecord(twin) => format!("not {twin}"),
        Instead::Unnamed(_) => "unnamed".to_owned(),
    };
    broken.iter().map(|one| (format!("{}/{}", one.folder, one.file), word(&one.instead))).collect()
}

#[test]
fn samples_that_keep_their_promise_are_fine() {
    let valid = [
        ("a.json", r#"{"k":"x","n":5}"#),
        ("a--shuffled.json", r#"{"n":5,"k":"x"}"#),
        ("a--tagged.json", r#"{"k":{"string":"x"},"n":5}"#),
        ("b.json", r#"{"k":"x"}"#),
    ];
    let invalid = [
        ("malformed--cut.json", "{"),
        ("malformed--twice.json", r#"{"k":"x","k":"x"}"#),
        ("schema_violation--unknown.json", r#"{"k":"x","z":1}"#),
        ("missing_key--null.json", r#"{"k":null}"#),
        ("too_large--long.json", r#"{"k":"this event has forty bytes and more"}"#),
    ];
    assert_eq!(held(&valid, &invalid), []);
}

#[test]
fn samples_that_break_their_promise_are_named() {
    let good = r#"{"k":"x","n":5}"#;
    let cases = [
        (held(&[("a.json", "{}")], &[]), "valid/a.json", "refused missing_key"),
        (
            held(&[("a.json", r#"{"k":"this event has forty bytes and more"}"#)], &[]),
            "valid/a.json",
            "refused too_large",
        ),
        (held(&[("a.json", good), ("a--b.json", r#"{"k":"x","n":6}"#)], &[]), "valid/a--b.json", "not a.json"),
        // The same record's value, and another key's, would be another record too: here the value differs by its branch.
        (held(&[("a.json", good), ("a--b.json", r#"{"k":"x","n":{"long":5}}"#)], &[]), "valid/a--b.json", "not a.json"),
        (held(&[("a--b.json", good)], &[]), "valid/a--b.json", "unnamed"),
        (held(&[("a.txt", good)], &[]), "valid/a.txt", "unnamed"),
        (held(&[], &[("schema_violation--a.json", good)]), "invalid/schema_violation--a.json", "written"),
        (held(&[], &[("missing_key--a.json", "{")]), "invalid/missing_key--a.json", "otherwise malformed"),
        (held(&[], &[("schema_violaton--a.json", "{")]), "invalid/schema_violaton--a.json", "unnamed"),
        (held(&[], &[("malformed.json", "{")]), "invalid/malformed.json", "unnamed"),
        (held(&[], &[("malformed--a.txt", "{")]), "invalid/malformed--a.txt", "unnamed"),
    ];
    for (held, file, instead) in cases {
        assert_eq!(held, [(file.to_owned(), instead.to_owned())]);
    }
}
