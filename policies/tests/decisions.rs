//! Decisions over contracts and days: the catalogue keeps the shipped rules, exceptions end, order is nothing.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use forebay_policies::{Action, Conventions, Date, Decision, Facts, Finding, Rollout};
use forebay_schemas::contract;
use proptest::prelude::*;

fn conventions(files: &[(&str, &str)]) -> Conventions {
    let files: Vec<_> = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    Conventions::load(&files).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn lines(decision: &Decision) -> Vec<String> {
    decision.findings.iter().map(ToString::to_string).collect()
}

fn shipped() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conventions");
    let file = |name: &str| (name.to_owned(), fs::read_to_string(folder.join(name)).unwrap());
    let packs = ["cloudevents", "documentation", "evolution", "naming", "ownership", "privacy"];
    packs.map(|pack| file(&format!("{pack}.yaml"))).into()
}

#[test]
fn the_catalogue_keeps_the_shipped_conventions() {
    let conventions = Conventions::load(&shipped()).unwrap();
    let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/catalog");
    let names = catalogue_names(&catalogue);
    let mut topics = 0;
    for folder in fs::read_dir(catalogue).unwrap() {
        let file = folder.unwrap().path().join("contract.yaml");
        let text = fs::read_to_string(&file).unwrap();
        let contract = contract::read(&file.display().to_string(), &text).unwrap();
        let facts = Facts::new(&contract, None, &names);
        let decision = conventions.decide(&facts, day("2026-11-21"));
        let enforced = |finding: &&Finding| finding.rollout == Rollout::Enforce;
        assert_eq!(decision.findings.iter().filter(enforced).map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
        let rules = conventions.for_topic(&facts).unwrap();
        assert!(rules.rules().len() >= 8 && rules.does_not_apply().is_empty(), "{}", contract.topic);
        topics += 1;
    }
    assert!(topics >= 4);
}

fn catalogue_names(catalogue: &Path) -> BTreeSet<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    fs::read_dir(catalogue).unwrap().map(name).collect()
}

#[test]
fn a_bare_contract_learns_all_that_is_missing() {
    let text = "topic: Billing.invoice\nowner: someone\ndescription: Invoices.\nvalue: { format: json }\n";
    let contract = contract::read("contract.yaml", text).unwrap();
    let decision = Conventions::load(&shipped())
        .unwrap()
        .decide(&Facts::new(&contract, None, &BTreeSet::new()), day("2026-11-21"));
    assert!(decision.blocks());
    insta::assert_snapshot!(lines(&decision).join("\n"));
}

const EXCEPT: &str = "\
- name: naming
  applies_to: topic
  pattern: '{domain}.{event}'
  action: block
  except:
    - { topic: legacy_orders, reason: its readers move in spring, expires: 2027-03-31 }
";

#[test]
fn an_exception_holds_through_its_last_day_and_reports_itself_afterwards() {
    let conventions = conventions(&[("naming.yaml", EXCEPT)]);
    let decide = |topic, today| conventions.decide(&Facts { topic, ..Facts::default() }, day(today));
    assert_eq!(decide("legacy_orders", "2027-03-31"), Decision::default());
    let late = decide("legacy_orders", "2027-04-01");
    assert!(late.blocks());
    assert_eq!(
        lines(&late),
        [
            "naming (naming.yaml:1) blocks: /topic: expected {domain}.{event}, found legacy_orders",
            "naming (naming.yaml:6) warns: /topic: expected no exception after 2027-03-31, found one that was made \
             because: its readers move in spring",
        ]
    );
    assert!(decide("legacy_payments", "2026-11-21").blocks());
}

#[test]
fn without_rules_all_is_well() {
    let decision = conventions(&[]).decide(&Facts { topic: "ANY thing", ..Facts::default() }, day("2026-11-21"));
    assert_eq!(decision, Decision::default());
    assert!(!decision.blocks());
}

#[test]
fn a_warning_does_not_block() {
    let text = EXCEPT.replace("block", "warn");
    let decision =
        conventions(&[("n.yaml", &text)]).decide(&Facts { topic: "x", ..Facts::default() }, day("2026-11-21"));
    assert_eq!(decision.findings.iter().map(|finding| finding.action).collect::<Vec<_>>(), [Action::Warn]);
    assert!(!decision.blocks());
}

/// Rules of every kind, each of which some facts break.
const RULES: [&str; 8] = [
    "{ name: a, applies_to: topic, action: block, pattern: '{x}.{y}', where: { x: [a, b] } }",
    "{ name: b, applies_to: topic, action: warn, pattern: '{x}', where: { x: '[a-z.]+' }, message: lower case }",
    "{ name: c, applies_to: contract, action: block, require: { owner: [team-a, team-b], key: true } }",
    "{ name: d, applies_to: contract, action: warn, require: { description: { min_length: 3 }, labels: [p, q] } }",
    "{ name: e, applies_to: contract, action: warn, require: { classification: required, limits: [bytes_per_event] } }",
    "{ name: f, applies_to: topic, action: block, pattern: 'z{x}', except: [{ topic: a.b, reason: r, expires: 2026-01-01 }] }",
    "{ name: g, applies_to: topic, action: block, pattern: 'y{x}', except: [{ topic: a.b, reason: r, expires: 2027-01-01 }] }",
    "{ name: h, applies_to: contract, action: block, require: { id: true, time: true, producers: true } }",
];

/// Everything that a finding says but where the rule stands.
fn said(rules: &[(usize, usize)], topic: &str, owner: &str) -> BTreeSet<(String, Action, String, String, String)> {
    let mut files = vec![String::new(); 3];
    for (rule, file) in rules {
        files[*file] += &["- ", RULES[*rule], "\n"].concat();
    }
    let files: Vec<_> = files.into_iter().enumerate().map(|(n, text)| (format!("{n}.yaml"), text)).collect();
    let facts = Facts { topic, owner, ..Facts::default() };
    let decision = Conventions::load(&files).unwrap().decide(&facts, day("2026-11-21"));
    let said = |finding: &Finding| {
        let finding = finding.clone();
        (finding.rule, finding.action, finding.pointer, finding.expected, finding.found)
    };
    let set: BTreeSet<_> = decision.findings.iter().map(said).collect();
    assert_eq!(set.len(), decision.findings.len(), "nothing is said twice");
    assert!(decision.findings.is_sorted_by_key(|finding| finding.action), "what blocks comes first");
    set
}

proptest! {
    #[test]
    fn the_order_of_rules_and_files_is_nothing(
        order in Just((0..RULES.len()).collect::<Vec<_>>()).prop_shuffle(),
        files in prop::collection::vec(0_usize..3, RULES.len()),
        topic in prop_oneof![Just("a.b".to_owned()), "[a-cA-Z.]{0,6}"],
        owner in prop_oneof![Just("team-a".to_owned()), "[a-z-]{0,8}"],
    ) {
        let shuffled: Vec<_> = order.into_iter().zip(files).collect();
        let straight: Vec<_> = (0..RULES.len()).map(|rule| (rule, 0)).collect();
        prop_assert_eq!(said(&shuffled, &topic, &owner), said(&straight, &topic, &owner));
    }

    #[test]
    fn a_name_is_refused_with_a_reason_or_follows_the_pattern(topic in "[ab.v0-9]{0,12}") {
        let rule = "- { name: n, applies_to: topic, action: block, pattern: '{x}.{y}.v{n}', where: { x: [a, b], n: '[1-9]' } }";
        let decision = conventions(&[("n.yaml", rule)]).decide(&Facts { topic: &topic, ..Facts::default() }, day("2026-11-21"));
        let parts: Vec<_> = topic.split('.').collect();
        let follows = matches!(parts.as_slice(), ["a" | "b", entity, version]
            if entity.starts_with(|c: char| c.is_ascii_lowercase())
                && version.len() == 2 && version.starts_with('v') && version.ends_with(|c| ('1'..='9').contains(&c)));
        prop_assert_eq!(decision.findings.is_empty(), follows, "{:?}", decision.findings);
    }
}
