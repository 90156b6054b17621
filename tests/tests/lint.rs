//! `forebay lint` as a pipeline runs it: its exit codes, and what it says of changes against a git revision, a folder and
//! a registry.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use forebay_tests::catalog::{Catalog, ORDER_SCHEMA};
use forebay_tests::gateway::forebay;
use forebay_tests::process::{Done, root, run, scratch};
use serde_json::{Value, json};

const TOPIC: &str = "lint.order.placed.v1";

fn lint_in(folder: &Path, arguments: &[&str]) -> Done {
    let mut command = forebay(&[&["lint"], arguments].concat());
    command.current_dir(folder);
    // The folder lies inside the project's own repository, which is none of its business.
    command.env("GIT_CEILING_DIRECTORIES", folder.parent().expect("it is no root"));
    run(command, Duration::from_mins(1))
}

fn lint(catalog: &Catalog, arguments: &[&str]) -> Done {
    lint_in(&catalog.contracts(), &[&["."], arguments].concat())
}

fn said(done: &Done) -> String {
    format!("{}{}", done.stdout, done.stderr)
}

#[track_caller]
fn expect(done: &Done, code: i32, words: &[&str]) {
    assert_eq!(done.code, Some(code), "{}", said(done));
    for word in words {
        assert!(said(done).contains(word), "{word:?} is not said:\n{}", said(done));
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=tests", "-c", "user.email=tests@localhost", "-c", "init.defaultBranch=main"]);
    command.args(["-c", "commit.gpgsign=false"]).args(arguments).current_dir(folder);
    let done = run(command, Duration::from_mins(1));
    assert_eq!(done.code, Some(0), "git {arguments:?}: {}", said(&done));
}

/// A repository whose only commit, tagged `before`, has this catalogue.
fn commit(catalog: &Catalog) {
    let folder = catalog.contracts();
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "--message", "A catalogue"]);
    git(&folder, &["tag", "before"]);
}

fn write(catalog: &Catalog, file: &str, text: &str) {
    std::fs::write(catalog.contracts().join(TOPIC).join(file), text).expect("the folder is there");
}

/// The orders' schema with one more field, which has no default.
fn with_a_new_field() -> String {
    let field = r#"{"name": "channel", "type": "string", "doc": "Where it was placed."},"#;
    ORDER_SCHEMA.replacen("\"fields\": [", &format!("\"fields\": [\n    {field}"), 1)
}

#[test]
fn the_sample_catalogue_is_fine() {
    let done = lint_in(&root(), &[]);
    expect(&done, 0, &["all is well."]);
}

#[test]
fn warnings_stand_in_nobodys_way() {
    expect(&lint(&Catalog::new().orders(TOPIC), &[]), 0, &["sample/none", "0 errors, 2 warnings"]);
}

#[test]
fn problems_are_told_from_wrong_usage() {
    let wrong = Catalog::new().contract(TOPIC, "value: { format: json }\nlables: {}");
    expect(&lint(&wrong, &[]), 1, &["contract/wrong", "contract.yaml:5", "did you mean labels?"]);
    let fine = Catalog::new().json(TOPIC);
    for arguments in [
        &["--format", "xml"][..],
        &["--against", "-h"],
        &["--against", "--upload-pack=x"],
        &["--against", ""],
        &["--against", "dir:nowhere"],
        &["--against", "registry:ftp://x"],
        &["--against", "registry:http://user:secret@x"],
        &["--conventions", "nowhere"],
        &["--ca", "nowhere", "--against", "registry:http://127.0.0.1:1"],
        &["nowhere"],
    ] {
        let done = lint(&fine, arguments);
        assert_eq!(done.code, Some(2), "{arguments:?}: {}", said(&done));
    }
}

#[test]
fn conventions_are_held() {
    let rule = "- name: keyed\n  applies_to: contract\n  require: { key: true }\n  action: block\n";
    let catalog = Catalog::new().json(TOPIC).convention("keys.yaml", rule);
    let conventions = catalog.conventions();
    let done = lint(&catalog, &["--conventions", &conventions.to_string_lossy()]);
    expect(&done, 1, &["convention/keyed", "Expected a key, found nothing"]);
    let broken = catalog.convention("wrong.yaml", "- name: 7\n");
    let done = lint(&broken, &["--conventions", &conventions.to_string_lossy()]);
    expect(&done, 1, &["conventions/wrong", "wrong.yaml:1"]);
}

#[test]
fn a_breaking_change_is_stopped_until_it_is_mended() {
    let catalog = Catalog::new().orders(TOPIC);
    commit(&catalog);
    expect(&lint(&catalog, &["--against", "before"]), 0, &["held against before"]);

    write(&catalog, "order.avsc", &with_a_new_field());
    let done = lint(&catalog, &["--against", "before"]);
    let sentence = "Since before, the field `channel` is new and has no default. Readers with the new schema fail";
    expect(&done, 1, &["avro/field-without-default", "order.avsc:4", sentence, "Give the new field a default"]);
    expect(&done, 1, &["change/schema-id"]);

    let mended = with_a_new_field().replacen(
        "\"string\", \"doc\": \"Where",
        "\"string\", \"default\": \"web\", \"doc\": \"Where",
        1,
    );
    write(&catalog, "order.avsc", &mended);
    let contract = std::fs::read_to_string(catalog.contracts().join(TOPIC).join("contract.yaml")).expect("it is there");
    write(&catalog, "contract.yaml", &contract.replace("schema_id: 4711", "schema_id: 4712"));
    expect(&lint(&catalog, &["--against", "before"]), 0, &["0 errors"]);
    // What is committed is compared with, not what lies there.
    git(&catalog.contracts(), &["add", "."]);
    expect(&lint(&catalog, &["--against", "HEAD"]), 0, &["0 errors"]);
}

#[test]
fn promises_decide_what_is_an_error() {
    let value = |promise: &str| {
        let value = "value: { format: avro, schema: order.avsc, framing: none, compatibility";
        Catalog::new().orders(TOPIC).contract(TOPIC, &format!("{value}: {promise} }}"))
    };
    let before =
        Catalog::new().orders(TOPIC).contract(TOPIC, "value: { format: avro, schema: order.avsc, framing: none }");
    let place = format!("dir:{}", before.contracts().display());
    for (promise, code, severity) in
        [("backward", 1, "error"), ("full", 1, "error"), ("forward", 0, "note"), ("none", 0, "note")]
    {
        let after = value(promise);
        write(&after, "order.avsc", &with_a_new_field());
        let done = lint(&after, &["--against", &place]);
        expect(&done, code, &[&format!("{severity}[avro/field-without-default]")]);
        let loosened = said(&done).contains("change/loosened");
        assert_eq!(loosened, matches!(promise, "forward" | "none"), "{promise}: {}", said(&done));
    }
}

#[test]
fn a_topic_that_is_gone_is_missed() {
    let catalog = Catalog::new().orders(TOPIC).json("lint.other.v1");
    commit(&catalog);
    std::fs::remove_dir_all(catalog.contracts().join(TOPIC)).expect("it was there");
    std::fs::remove_dir_all(catalog.contracts().join("lint.other.v1")).expect("it was there");
    let done = lint(&catalog, &["--against", "before"]);
    expect(&done, 1, &["error[change/topic-gone]", "warning[change/topic-gone]", "unknown_topic"]);
}

#[test]
fn a_place_that_can_not_be_reached_is_told_apart() {
    let catalog = Catalog::new().orders(TOPIC);
    expect(&lint(&catalog, &["--against", "origin/main"]), 3, &["git", "0 errors"]);
    commit(&catalog);
    expect(&lint(&catalog, &["--against", "no-such-revision"]), 3, &["no-such-revision"]);
    expect(&lint(&catalog, &["--against", "registry:http://127.0.0.1:1"]), 3, &["registry"]);
}

#[test]
fn odd_names_come_out_of_git_as_they_are() {
    let catalog = Catalog::new().orders(TOPIC);
    write(&catalog, "not a \"schema\"\n\u{fc}.txt", "");
    commit(&catalog);
    expect(&lint(&catalog, &["--against", "before"]), 0, &["0 errors"]);
}

/// A registry that has one version of one subject. It answers until the test process ends.
fn registry(subject: &'static str, schema: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = String::new();
            let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
            while reader.read_line(&mut request).is_ok_and(|read| read > 2) {}
            let (status, body) = if request.starts_with(&format!("GET /subjects/{subject}/versions/latest ")) {
                let found = json!({ "subject": subject, "version": 3, "id": 17, "schema": schema });
                ("200 OK", found)
            } else {
                ("404 Not Found", json!({ "error_code": 40401, "message": "Subject not found." }))
            };
            let body = body.to_string();
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/vnd.schemaregistry.v1+json\r\n");
            let length = body.len();
            drop(write!(stream, "{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}"));
        }
    });
    format!("registry:http://{address}")
}

#[test]
fn the_latest_version_of_a_subject_is_compared_with() {
    let place = registry("lint-orders", ORDER_SCHEMA);
    let catalog = |subject: &str| {
        let value = format!("value: {{ format: avro, schema: order.avsc, subject: {subject} }}");
        Catalog::new().orders(TOPIC).contract(TOPIC, &value)
    };
    expect(&lint(&catalog("lint-orders"), &["--against", &place]), 0, &["0 errors"]);
    expect(&lint(&catalog("lint-new"), &["--against", &place]), 0, &["0 errors"]);
    let changed = catalog("lint-orders");
    write(&changed, "order.avsc", &with_a_new_field());
    let sentence = "Since version 3 of lint-orders, the field `channel` is new and has no default.";
    expect(&lint(&changed, &["--against", &place]), 1, &["avro/field-without-default", sentence]);
}

#[test]
fn an_id_that_the_registry_does_not_know_is_an_error() {
    let place = registry("lint-orders", ORDER_SCHEMA);
    let done = lint(&Catalog::new().orders(TOPIC), &["--against", &place]);
    expect(&done, 1, &["change/schema-id", "there is no schema of id 4711"]);
}

#[test]
fn documents_are_whole_also_where_nothing_is_found() {
    let empty = scratch("lint");
    for (format, version) in [("json", json!(1)), ("sarif", json!("2.1.0"))] {
        let done = lint_in(&empty, &[".", "--format", format]);
        expect(&done, 0, &[]);
        let document: Value = serde_json::from_str(&done.stdout).expect("one document");
        assert_eq!(document["version"], version);
    }
}
