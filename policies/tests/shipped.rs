//! The conventions that are shipped do what their cases say, and each has a good and a bad one.

use std::fs;
use std::path::Path;

use forebay_policies::{Case, Conventions, Date, Facts};

fn folder(name: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder is part of the crate")
        .map(|entry| entry.expect("the folder can be listed").path())
        .map(|path| {
            let text = fs::read_to_string(&path).expect("the file is text");
            (format!("{name}/{}", path.file_name().expect("a file has a name").display()), text)
        })
        .collect();
    files.sort();
    files
}

fn shipped() -> (Conventions, Vec<Case>) {
    let conventions = Conventions::load(&folder("conventions")).expect("they are well formed");
    let read = |(file, text): (String, String)| Case::read(&file, &text).expect("they are well formed");
    (conventions, folder("cases").into_iter().flat_map(read).collect())
}

#[test]
fn every_case_holds() {
    let (conventions, cases) = shipped();
    let broken: Vec<_> = cases.iter().filter_map(|case| case.run(&conventions).err()).collect();
    assert!(broken.is_empty(), "{}", broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_rule_has_a_good_and_a_bad_case() {
    let (conventions, cases) = shipped();
    for name in conventions.names() {
        let of_rule = || cases.iter().filter(|case| case.rule == name);
        assert!(of_rule().any(|case| case.expect.is_empty()), "{name} has no good case");
        assert!(of_rule().any(|case| !case.expect.is_empty()), "{name} has no bad case");
    }
}

#[test]
fn every_rule_says_why_and_what_to_do() {
    let (conventions, _) = shipped();
    for rule in conventions.rules() {
        for (member, text) in [("why", &rule.why), ("fix", &rule.fix), ("good", &rule.good), ("bad", &rule.bad)] {
            assert!(text.as_ref().is_some_and(|text| text.len() >= 8), "{} says nothing as {member}", rule.name);
        }
        assert!(!rule.needs_whole_event, "{} makes each event be read once more", rule.name);
    }
}

/// The text of a page's one fenced block of this kind.
fn block<'a>(page: &'a str, kind: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("```{kind}\n")).expect("the page has such a block");
    rest.split("```").next().unwrap_or_default()
}

#[test]
fn the_page_for_authors_is_true() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conventions.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let text = block(&page, "yaml conventions").to_owned();
    let conventions = Conventions::load(&[("conventions.yaml".to_owned(), text)]).expect("they are well formed");
    for case in Case::read("cases.yaml", block(&page, "yaml cases")).expect("they are well formed") {
        assert_eq!(case.run(&conventions), Ok(()));
    }
    let text = block(&page, "yaml expressions").to_owned();
    let expressions = Conventions::load(&[("expressions.yaml".to_owned(), text)]).expect("they are well formed");
    for case in Case::read("cases.yaml", block(&page, "yaml event cases")).expect("they are well formed") {
        assert_eq!(case.run(&expressions), Ok(()));
    }
    let facts = Facts { topic: "biling.invoice.issued.v1", ..Facts::default() };
    let decision = conventions.decide(&facts, Date::new(2026, 11, 21).expect("a day"));
    let naming = decision.findings.iter().find(|finding| finding.rule == "topic-naming").expect("it is broken");
    assert_eq!(naming.to_string(), block(&page, "text finding").trim_end());
}
