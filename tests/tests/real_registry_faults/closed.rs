//! No schema, whether a file's or a registry's, makes the gateway open a socket or another file.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::{config_file, forebay, settings};
use forebay_tests::liar::{Liar, Trap, answer};
use forebay_tests::process::run;
use forebay_tests::registry::Format::{self, Avro, JsonSchema, Protobuf};
use forebay_tests::registry::Registry;
use serde_json::{Value, json};

use super::house::{FACTS, Sender, gateway};

/// Schemas that would be fine if what they name was looked for. `outside` is a folder of sound schemas.
fn schemas(trap: &str, outside: &Path) -> Vec<(&'static str, Format, String)> {
    let object = |member: &str, to: &str| {
        let key = json!({ "type": "string" });
        json!({ "type": "object", "properties": { "id": key, "key": key, "at": { member: to } } }).to_string()
    };
    let based = json!({
        "$id": format!("http://{trap}/base.json"), "type": "object",
        "properties": { "id": { "type": "string" }, "key": { "type": "string" }, "at": { "$ref": "sound.json" } },
    });
    let proto = |import: &str| {
        format!(
            "syntax = \"proto3\";\nimport \"{import}\";\nmessage Reading {{\n  string id = 1;\n  string key = 2;\n}}\n"
        )
    };
    let avro = |of: &str| {
        let field = |name: &str, of: &str| json!({ "name": name, "type": of });
        json!({ "type": "record", "name": "R", "fields": [field("id", "string"), field("key", "string"), field("at", of)] })
            .to_string()
    };
    let file = |name: &str| format!("{}/{name}", outside.display());
    vec![
        ("ref-http", JsonSchema, object("$ref", &format!("http://{trap}/sound.json"))),
        ("ref-https", JsonSchema, object("$ref", &format!("https://{trap}/sound.json"))),
        ("ref-file", JsonSchema, object("$ref", &format!("file://{}", file("sound.json")))),
        ("ref-passwd", JsonSchema, object("$ref", "file:///etc/passwd")),
        ("ref-path", JsonSchema, object("$ref", "../sound.json")),
        ("ref-link-local", JsonSchema, object("$ref", "http://169.254.169.254/latest/meta-data/")),
        ("ref-dynamic", JsonSchema, object("$dynamicRef", &format!("http://{trap}/sound.json#at"))),
        ("ref-based", JsonSchema, based.to_string()),
        ("schema-http", JsonSchema, json!({ "$schema": format!("http://{trap}/draft"), "type": "object" }).to_string()),
        ("schema-file", JsonSchema, json!({ "$schema": "file:///etc/passwd", "type": "object" }).to_string()),
        ("import-passwd", Protobuf, proto("/etc/passwd")),
        ("import-path", Protobuf, proto("../sound.proto")),
        ("import-file", Protobuf, proto(&file("sound.proto"))),
        ("import-http", Protobuf, proto(&format!("http://{trap}/sound.proto"))),
        ("type-http", Avro, avro(&format!("http://{trap}/sound.avsc"))),
        ("type-path", Avro, avro("../sound.avsc")),
        ("type-passwd", Avro, avro("/etc/passwd")),
    ]
}

/// Sound schemas in the folder above the contracts' own.
fn put_outside(catalog: &Catalog) {
    let put = |name: &str, text: &str| std::fs::write(catalog.contracts().join(name), text).expect("a file");
    put("sound.json", "{ \"type\": \"string\" }");
    put("sound.proto", "syntax = \"proto3\";\nmessage Sound {\n  string id = 1;\n}\n");
    put("sound.avsc", "\"string\"");
}

#[test]
fn files_beside_contracts_name_nothing_outside() {
    for sound in [false, true] {
        let trap = Trap::new();
        let mut catalog = Catalog::new();
        let outside = catalog.contracts();
        let mut files = Vec::new();
        for (name, format, text) in schemas(trap.address(), &outside) {
            let (topic, file) = (format!("closed.{name}.v1"), format!("schema-{name}.txt"));
            let value = format!("value: {{ format: {}, schema: {file}, framing: none }}\n{FACTS}", format.name());
            catalog =
                catalog.contract(&topic, &value).file(&topic, &file, if sound { sound_of(format) } else { &text });
            files.push(file);
        }
        put_outside(&catalog);
        let config = config_file(&settings(&["127.0.0.1:1".to_owned()], &catalog));
        let done = run(forebay(&["check", "--config", &config.to_string_lossy()]), Duration::from_mins(1));
        let said = format!("{}{}", done.stdout, done.stderr);
        // Each is refused with a sentence of its own; none, once what is wrong is put right.
        assert_eq!(done.code, Some(if sound { 0 } else { 2 }), "{said}");
        for file in files {
            assert_eq!(
                said.lines().any(|line| line.contains(&file) && line.contains("expected")),
                !sound,
                "{file}:\n{said}"
            );
        }
        assert!(!said.contains("root:"), "{said}");
        trap.assert_untouched();
    }
}

fn sound_of(format: Format) -> &'static str {
    super::house::SCHEMAS.iter().find(|(one, _)| *one == format).expect("each format has one").1
}

#[test]
fn a_registrys_schemas_name_nothing_outside() {
    let (registry, trap) = (Registry::shared(), Trap::new());
    let liar = Liar::before(registry);
    let mut catalog = Catalog::new();
    let outside = catalog.contracts();
    let mut answers = BTreeMap::new();
    let mut topics = Vec::new();
    for (number, (name, format, text)) in schemas(trap.address(), &outside).into_iter().enumerate() {
        let topic = format!("closed.registered.{name}.v1");
        let value = format!("value: {{ format: {}, subject: {{ strategy: topic }} }}\n{FACTS}", format.name());
        catalog = catalog.contract(&topic, &value);
        let subject = format!("{topic}-value");
        // Where a reference is declared it is looked for under the registry's address, whatever it is called.
        let nowhere = json!({ "name": format!("http://{}/sound.json", trap.address()), "subject": format!("http://{}/", trap.address()), "version": 1 });
        let references = if name == "ref-https" { json!([nowhere]) } else { Value::Null };
        let told = json!({
            "subject": subject, "version": 1, "id": 500_000 + number, "schemaType": format.schema_type(),
            "schema": text, "references": references,
        });
        answers.insert(format!("/subjects/{subject}/"), told.to_string());
        topics.push(topic);
    }
    put_outside(&catalog);
    liar.lies(move |line| {
        let (_, told) = answers.iter().find(|(subject, _)| line.contains(*subject))?;
        Some(answer("200 OK", "content-type: application/json\r\n", told.as_bytes()))
    });
    for topic in &topics {
        Cluster::shared().create_topic(topic, 1, &[]);
    }
    let gateway = gateway(&catalog, &json!({ "url": liar.url() }));
    for topic in &topics {
        let mut sender = Sender::new(&gateway, topic, "r");
        let answer = sender.send();
        let json = answer.json();
        assert_eq!((answer.status, json["code"].as_str()), (422, Some("incompatible_schema")), "{topic}: {answer}");
        assert!(json["detail"].as_str().is_some_and(|detail| detail.contains("owner")), "{topic}: {answer}");
        sender.hold_against_kafka();
    }
    assert!(liar.asked().iter().any(|line| line.contains("/subjects/http%3A%2F%2F")), "{:?}", liar.asked());
    trap.assert_untouched();
}
