//! The files under deploy/ci: the workflows can be read and their scripts parsed; lint.sh stops a change that breaks
//! readers, in a repository of its own, and says so in its comment. What a CI system makes of a workflow is not known here.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use forebay_schemas::document::{self, Kind, Node};
use forebay_tests::gateway::binary;
use forebay_tests::process::{Done, root, run, scratch};
use serde_json::Value;

const WORKFLOWS: [&str; 2] = ["github-actions.yml", "gitlab-ci.yml"];
const MARKER: &str = "<!-- forebay-lint -->";
const TOPIC: &str = "schemas/catalog/billing.invoice.issued.v1";

fn file(name: &str) -> PathBuf {
    root().join("deploy/ci").join(name)
}

fn workflow(name: &str) -> Node {
    let text = std::fs::read_to_string(file(name)).expect("it is there");
    document::read(name, &text).unwrap_or_else(|problems| panic!("{name} is no YAML: {problems:?}"))
}

/// All texts below these members' names, wherever they stand.
fn texts(node: &Node, names: &[&str], found: &mut Vec<String>) {
    match &node.kind {
        Kind::Map(members) => {
            for (name, member) in members {
                if names.contains(&name.as_str()) { all_texts(member, found) } else { texts(member, names, found) }
            }
        }
        Kind::List(items) => items.iter().for_each(|item| texts(item, names, found)),
        Kind::Null | Kind::Scalar(_) => {}
    }
}

fn all_texts(node: &Node, found: &mut Vec<String>) {
    match &node.kind {
        Kind::Scalar(scalar) => found.push(scalar.text.clone()),
        Kind::List(items) => items.iter().for_each(|item| all_texts(item, found)),
        Kind::Null | Kind::Map(_) => {}
    }
}

fn sh(arguments: &[&str], folder: &Path) -> Done {
    let mut command = Command::new("sh");
    command.args(arguments).current_dir(folder);
    run(command, Duration::from_mins(1))
}

#[test]
fn scripts_of_the_workflows_are_shell_and_know_the_marker() {
    for name in WORKFLOWS {
        let mut scripts = Vec::new();
        texts(&workflow(name), &["run", "before_script", "script", "after_script"], &mut scripts);
        assert!(scripts.len() >= 3, "{name}: {scripts:?}");
        for script in &scripts {
            let done = sh(&["-n", "-c", script], &root());
            assert_eq!(done.code, Some(0), "{name}: {script}\n{}", done.stderr);
        }
        let all = scripts.concat();
        assert!(all.contains("sh deploy/ci/lint.sh"), "{all}");
        assert!(all.contains(&format!("startswith(\"{MARKER}\")")), "{all}");
        assert!(!all.contains("${{"), "a value of the event would become a part of the script: {all}");
    }
}

#[test]
fn the_workflow_asks_for_no_more_rights_than_it_needs() {
    let workflow = workflow("github-actions.yml");
    let Some(Kind::Map(rights)) = workflow.get("permissions").map(|node| &node.kind) else { panic!("no permissions") };
    let mut granted = Vec::new();
    for (name, right) in rights {
        let mut value = Vec::new();
        all_texts(right, &mut value);
        granted.push(format!("{name}: {}", value.concat()));
    }
    assert_eq!(granted, ["contents: read", "pull-requests: write", "security-events: write"]);
    let mut used = Vec::new();
    texts(&workflow, &["uses"], &mut used);
    assert!(used.len() >= 3, "{used:?}");
    assert!(used.iter().all(|action| action.starts_with("actions/") || action.starts_with("github/")), "{used:?}");
}

/// A repository with the sample catalogue on its branch `main`; a branch `change` is checked out.
struct Repository(PathBuf);

impl Repository {
    fn new() -> Self {
        let repository = Self(scratch("ci"));
        let here = root();
        for folder in ["schemas/catalog", "policies/conventions"] {
            let to = repository.0.join(folder);
            std::fs::create_dir_all(&to).expect("a new folder");
            let from = here.join(folder).join(".");
            let done = sh(&["-c", "cp -R \"$1\" \"$2\"", "sh", &from.to_string_lossy(), &to.to_string_lossy()], &here);
            assert_eq!(done.code, Some(0), "{}", done.stderr);
        }
        repository.git(&["init", "--quiet"]);
        repository.commit();
        repository.git(&["switch", "--quiet", "--create", "change"]);
        repository
    }

    fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=tests", "-c", "user.email=tests@localhost", "-c", "init.defaultBranch=main"]);
        command.args(["-c", "commit.gpgsign=false"]).args(arguments).current_dir(&self.0);
        let done = run(command, Duration::from_mins(1));
        assert_eq!(done.code, Some(0), "git {arguments:?}: {}{}", done.stdout, done.stderr);
    }

    fn commit(&self) {
        self.git(&["add", "schemas", "policies"]);
        self.git(&["commit", "--quiet", "--message", "A catalogue"]);
    }

    /// Adds a field to the invoices' schema, whose id is another one then, and commits it.
    fn add_field(&self, field: &str) {
        self.edit("invoice-issued.avsc", "\"fields\": [", &format!("\"fields\": [\n    {field},"));
        self.edit("contract.yaml", "schema_id: ", "schema_id: 9");
        self.commit();
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.0.join(TOPIC).join(name);
        let before = std::fs::read_to_string(&path).expect("it is there");
        let after = before.replacen(from, to, 1);
        assert_ne!(before, after);
        std::fs::write(&path, after).expect("it can be written");
    }

    fn lint(&self, target: &str, binary: &Path) -> Done {
        let mut command = Command::new("sh");
        command.arg(file("lint.sh")).arg(target).current_dir(&self.0).env("FOREBAY_BIN", binary);
        command.env("GIT_CEILING_DIRECTORIES", self.0.parent().expect("it is no root"));
        run(command, Duration::from_mins(1))
    }

    fn written(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.0.join(name)).ok()
    }
}

#[track_caller]
fn expect(done: &Done, code: i32) {
    assert_eq!(done.code, Some(code), "{}{}", done.stdout, done.stderr);
}

#[test]
fn a_change_that_breaks_readers_is_stopped_and_its_comment_says_why() {
    let repository = Repository::new();
    repository.add_field(r#"{"name": "channel", "type": "string", "doc": "Where it was ordered."}"#);
    let done = repository.lint("main", &binary());
    expect(&done, 1);
    assert!(done.stdout.contains("error[avro/field-without-default]"), "{}", done.stdout);
    let comment = repository.written("lint.md").expect("it was written");
    for words in [
        "This would be refused",
        "#### `billing.invoice.issued.v1`",
        "**error** `avro/field-without-default` in `schemas/catalog/billing.invoice.issued.v1/invoice-issued.avsc:",
        "the field `channel` is new and has no default",
        "**What to do:** Give the new field a default.",
    ] {
        assert!(comment.contains(words), "{words:?} is not said:\n{comment}");
    }
    assert_eq!(comment.lines().next(), Some(MARKER));
    let sarif: Value = serde_json::from_str(&repository.written("lint.sarif").expect("it was written")).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("there are results");
    assert!(results.iter().any(|result| result["ruleId"] == "avro/field-without-default"), "{sarif}");
}

#[test]
fn a_good_change_passes_whatever_has_come_to_main_since() {
    let repository = Repository::new();
    repository.git(&["switch", "--quiet", "main"]);
    repository.add_field(r#"{"name": "channel", "type": "string", "default": "", "doc": "Where it was ordered."}"#);
    std::fs::create_dir_all(repository.0.join("schemas/catalog/billing.invoice.paid.v1")).expect("a new folder");
    let contract = "topic: billing.invoice.paid.v1\nowner: team\ndescription: Paid.\nvalue: { format: json }\n";
    std::fs::write(repository.0.join("schemas/catalog/billing.invoice.paid.v1/contract.yaml"), contract)
        .expect("it can be written");
    repository.commit();
    repository.git(&["switch", "--quiet", "change"]);
    repository.add_field(r#"{"name": "shop", "type": "string", "default": "", "doc": "Where it was ordered."}"#);
    let done = repository.lint("main", &binary());
    expect(&done, 0);
    let comment = repository.written("lint.md").expect("it was written");
    assert!(!comment.contains("**error**") && !comment.contains("paid"), "{comment}");
    assert!(comment.contains("held against"), "{comment}");
}

#[test]
fn a_report_that_can_not_be_made_leaves_none() {
    let repository = Repository::new();
    expect(&repository.lint("main", &binary()), 0);
    for (target, binary, code, words) in [
        ("no-such-branch", binary(), 3, "no-such-branch"),
        ("--octopus", binary(), 2, "--octopus"),
        ("main", PathBuf::from("/nowhere/forebay"), 2, "FOREBAY_BIN"),
    ] {
        let done = repository.lint(target, &binary);
        expect(&done, code);
        assert!(done.stderr.contains(words), "{}", done.stderr);
        assert_eq!((repository.written("lint.md"), repository.written("lint.sarif")), (None, None));
        expect(&repository.lint("main", &self::binary()), 0);
    }
}
