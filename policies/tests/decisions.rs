//! Decisions over contracts and days: the catalogue keeps the shipped rules, exceptions end, order is nothing.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use forebay_policies::{Action, Conventions, Date, Decision, Facts, Finding, Member};
use forebay_schemas::contract::{self, Classification, Compatibility, Compiled, Folder};
use forebay_schemas::outline::{Field, FieldKind, Outline};
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

/// The sample catalogue, compiled.
fn catalogue() -> Vec<Compiled> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/catalog");
    let entries = |dir: &Path| -> Vec<_> { fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect() };
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let folder = |dir: &Path| {
        let files = entries(dir).into_iter().filter(|path| path.is_file());
        Folder { name: name(dir), files: files.map(|path| (name(&path), fs::read(&path).unwrap())).collect() }
    };
    let mut dirs = entries(&root);
    dirs.sort();
    let folders: Vec<_> = dirs.iter().map(|dir| folder(dir)).collect();
    let loaded = contract::load(&folders, None);
    assert_eq!(loaded.problems, []);
    loaded.topics
}

#[test]
fn the_catalogue_keeps_the_shipped_conventions() {
    let conventions = Conventions::load(&shipped()).unwrap();
    let catalogue = catalogue();
    let names: BTreeSet<_> = catalogue.iter().map(|one| one.contract.topic.clone()).collect();
    assert!(names.len() >= 4);
    let mut said = Vec::new();
    for Compiled { contract, material, .. } in &catalogue {
        let outline = Outline::of(contract, material);
        let facts = Facts::new(contract, Some(&outline), &names);
        let decision = conventions.decide(&facts, day("2026-11-21"));
        assert!(!decision.blocks(), "{}", contract.topic);
        said.push(format!("# {}", contract.topic));
        said.extend(lines(&decision));
        let rules = conventions.for_topic(&facts).unwrap();
        said.extend(rules.rules().iter().map(|rule| format!("judges each event by {}", rule.name)));
        said.extend(rules.does_not_apply().iter().map(|(rule, why)| format!("leaves out {}: {why}", rule.name)));
    }
    insta::assert_snapshot!(said.join("\n"));
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
    assert!(late.findings[0].lapsed);
    assert_eq!(
        late.findings.iter().chain(&late.ended).map(ToString::to_string).collect::<Vec<_>>(),
        [
            "naming (naming.yaml:1) blocks: /topic: expected {domain}.{event}, found legacy_orders",
            "naming (naming.yaml:6) warns: /topic: expected no exception after 2027-03-31, found one that was made \
             because: its readers move in spring. Remove the exception, or agree on another last day.",
        ]
    );
    assert!(decide("legacy_payments", "2026-11-21").blocks());
    let pairs =
        |today| conventions.ended(day(today)).map(|(rule, one)| (rule.name.clone(), one.line)).collect::<Vec<_>>();
    assert_eq!((pairs("2027-03-31"), pairs("2027-04-01")), (vec![], vec![("naming".to_owned(), 6)]));
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
const RULES: [&str; 14] = [
    "{ name: a, applies_to: topic, action: block, pattern: '{x}.{y}', where: { x: [a, b] } }",
    "{ name: b, applies_to: topic, action: warn, pattern: '{x}', where: { x: '[a-z.]+' }, message: lower case }",
    "{ name: c, applies_to: contract, action: block, require: { owner: [team-a, team-b], key: true } }",
    "{ name: d, applies_to: contract, action: warn, require: { description: { min_length: 3 }, labels: [p, q] } }",
    "{ name: e, applies_to: contract, action: warn, require: { classification: required, limits: [bytes_per_event] } }",
    "{ name: f, applies_to: topic, action: block, pattern: 'z{x}', except: [{ topic: a.b, reason: r, expires: 2026-01-01 }] }",
    "{ name: g, applies_to: topic, action: block, pattern: 'y{x}', except: [{ topic: a.b, reason: r, expires: 2027-01-01 }] }",
    "{ name: h, applies_to: contract, action: block, require: { id: true, time: true, producers: true } }",
    "{ name: i, applies_to: topic, action: block, rollout: shadow, when: 'topic.size() > 3' }",
    "{ name: j, applies_to: contract, action: warn, on_error: block, when: 'contract.labels.a > 1' }",
    "{ name: k, applies_to: schema, action: block, require: { documented_fields: true, fields: [x], field_names: '[a-z]' } }",
    "{ name: l, applies_to: schema, action: warn, when: 'schema.fields.exists(f, f.kind == \"any\")' }",
    "{ name: m, applies_to: contract, action: warn, require: { pii: { for: [restricted] }, limits: [events_per_second] } }",
    "{ name: n, applies_to: event, action: warn, when: 'true', except: [{ topic: a.b, reason: r, expires: 2026-01-01 }] }",
];

fn outline() -> Outline {
    let field = |pointer: &str, kind, spelled: &str, documented| Field {
        pointer: pointer.to_owned(),
        kind,
        spelled: spelled.to_owned(),
        optional: false,
        documented,
        personal: false,
        line: None,
    };
    let fields = vec![field("/a", FieldKind::Any, "any", false), field("/Bc", FieldKind::Text, "string", true)];
    Outline { fields, open: false }
}

/// Everything that a finding says but where the rule stands.
fn said(rules: &[(usize, usize)], topic: &str, owner: &str) -> BTreeSet<(String, Action, String, String, String)> {
    let mut files = vec![String::new(); 3];
    for (rule, file) in rules {
        files[*file] += &["- ", RULES[*rule], "\n"].concat();
    }
    let files: Vec<_> = files.into_iter().enumerate().map(|(n, text)| (format!("{n}.yaml"), text)).collect();
    let outline = outline();
    let facts = Facts { topic, owner, outline: Some(&outline), ..Facts::default() };
    let decision = Conventions::load(&files).unwrap().decide(&facts, day("2026-11-21"));
    let said = |finding: &Finding| {
        let finding = finding.clone();
        (finding.rule, finding.action, finding.pointer, finding.expected, finding.found)
    };
    let set: BTreeSet<_> = decision.findings.iter().map(said).collect();
    assert_eq!(set.len(), decision.findings.len(), "nothing is said twice");
    assert!(decision.findings.iter().all(|finding| finding.rule != "i" || !finding.blocks()), "shadow never blocks");
    assert!(decision.findings.is_sorted_by_key(|finding| finding.action), "what blocks comes first");
    set
}

/// What a rule of this place says of these facts.
fn found(place: &str, check: &str, facts: &Facts<'_>) -> Vec<String> {
    let text = format!("- {{ name: r, applies_to: {place}, action: block, {check} }}");
    let decision = conventions(&[("r.yaml", &text)]).decide(facts, day("2026-11-21"));
    let said =
        |finding: &Finding| format!("{}: expected {}, found {}", finding.pointer, finding.expected, finding.found);
    decision.findings.iter().map(said).collect()
}

#[test]
fn requirements_of_topics_are_held_both_ways() {
    let names = ["a.v1", "a.v2", "b.v3"].map(str::to_owned).into();
    let reason = [("version_reason".to_owned(), vec!["It was renamed.".to_owned()])].into();
    let blank = [("version_reason".to_owned(), vec![" ".to_owned()])].into();
    let topic = |topic| Facts { topic, catalogue: Some(&names), ..Facts::default() };
    let previous = |facts: &Facts<'_>| found("topic", "require: { previous_version: true }", facts);
    for kept in ["a.v1", "a.v2", "b.v1", "plain", "a.v0", "a.vx", "a.v99999999999"] {
        assert_eq!(previous(&topic(kept)), [""; 0], "{kept}");
    }
    let missing = ["/topic: expected a topic b.v2 before it, or a label version_reason, found b.v3"];
    assert_eq!(previous(&topic("b.v3")), missing);
    assert_eq!(previous(&Facts { labels: Some(&blank), ..topic("b.v3") }), missing);
    assert_eq!(previous(&Facts { labels: Some(&reason), ..topic("b.v3") }), [""; 0]);
    assert_eq!(previous(&Facts { catalogue: None, ..topic("b.v3") }), [""; 0]);
}

#[test]
fn a_name_is_split_where_its_parts_accept_most() {
    let of = |pattern: &str, parts: &str, topic| {
        found("topic", &format!("pattern: '{pattern}', where: {{ {parts} }}"), &Facts { topic, ..Facts::default() })
    };
    let past = of(
        "{subject}.{event}.v{version}",
        "subject: '.*', event: '[a-z]*ed', version: '.*'",
        "billing.invoice.issue.v1",
    );
    assert_eq!(past, ["/topic: expected event to be text that matches [a-z]*ed, found issue"]);
    let longer = of("{domain}.{entity}.{event}", "domain: [billing]", "biling.invoice.line.issued");
    let split = ["domain to be billing (did you mean billing?), found biling", "[a-z][a-z0-9-]*, found line.issued"];
    assert!(longer.len() == 2 && longer.iter().zip(split).all(|(said, part)| said.contains(part)), "{longer:?}");
}

#[test]
fn whoever_has_a_credential_is_no_list_of_writers() {
    let text = |producers: &str| {
        format!("topic: a\nowner: b\ndescription: c\nvalue: {{ format: json }}\nproducers: [{producers}]\n")
    };
    let of = |producers: &str| {
        let contract = contract::read("contract.yaml", &text(producers)).unwrap();
        found("contract", "require: { producers: true }", &Facts::new(&contract, None, &BTreeSet::new())).len()
    };
    assert_eq!((of("svc-a, 'svc-b-*'"), of("svc-a, '*'"), of("'**'")), (0, 1, 1));
}

#[test]
fn a_part_may_have_as_many_words_as_an_organisation_has_domains() {
    let words: Vec<_> = (0..900).map(|n| format!("domain-number-{n}")).collect();
    let check = format!("pattern: '{{domain}}.{{event}}', where: {{ domain: [{}] }}", words.join(", "));
    let of = |topic| found("topic", &check, &Facts { topic, ..Facts::default() });
    assert_eq!(of("domain-number-899.issued"), [""; 0]);
    let said = of("domain-numbr-899.issued");
    assert!(said[0].contains("and 890 more (did you mean domain-number-899?), found domain-numbr-899"), "{said:?}");
}

#[test]
fn requirements_of_contracts_are_held_both_ways() {
    let base = Facts::default;
    let contract =
        |require: &str, facts: &Facts<'_>| found("contract", &format!("require: {{ {require} }}"), facts).join("; ");
    let has = |members: &[Member]| Facts { members: members.to_vec(), ..base() };
    let compact = |members: &[Member]| Facts { compacted: true, ..has(members) };
    let mode = |mode| Facts { compatibility: Some(mode), ..base() };
    let class = |class, members: &[Member]| Facts { classification: Some(class), ..has(members) };
    let cases = [
        (
            "key_when_compacted: true",
            base(),
            compact(&[]),
            "/key: expected a key, since Kafka keeps only the last record of each, found nothing",
        ),
        ("key_when_compacted: true", compact(&[Member::Key]), compact(&[Member::Id]), "/key: "),
        (
            "compatibility: [full]",
            mode(Compatibility::Full),
            mode(Compatibility::None),
            "/value/compatibility: expected one of full, found none",
        ),
        ("compatibility: [full]", base(), mode(Compatibility::Forward), "found forward"),
        (
            "dead_letter: true",
            has(&[Member::DeadLetter]),
            base(),
            "/dead_letter: expected a topic for refused events, found nothing",
        ),
        ("bind: true", has(&[Member::Bind]), base(), "/bind: expected a field that names the caller, found nothing"),
        ("pii: true", has(&[Member::Pii]), base(), "/pii: expected which fields are personal"),
        (
            "pii: { for: [restricted] }",
            class(Classification::Internal, &[]),
            class(Classification::Restricted, &[]),
            "/pii: expected which fields are personal, since the events are restricted, found nothing",
        ),
        (
            "pii: { for: [restricted] }",
            class(Classification::Restricted, &[Member::Pii]),
            class(Classification::Restricted, &[Member::Key]),
            "/pii",
        ),
        (
            "limits: [events_per_second]",
            has(&[Member::EventsPerSecond]),
            has(&[Member::BytesPerSecond]),
            "/limits/events_per_second",
        ),
        (
            "limits: [bytes_per_second]",
            has(&[Member::BytesPerSecond]),
            has(&[Member::EventsPerSecond]),
            "/limits/bytes_per_second",
        ),
    ];
    for (require, good, bad, expected) in cases {
        assert_eq!(contract(require, &good), "", "{require}");
        let said = contract(require, &bad);
        assert!(said.contains(expected), "{require}: {said}");
    }
}

#[test]
fn requirements_of_schemas_are_held_both_ways() {
    let outline = outline();
    let known = Facts { outline: Some(&outline), ..Facts::default() };
    let cases = [
        ("documented_fields: true", "/a: expected a description of each field, found none for /a"),
        ("forbid_types: [any]", "/a: expected a type other than any, found any"),
        ("forbid_types: [text]", "/Bc: expected a type other than text, found string"),
        ("forbid_types: [bytes]", ""),
        ("forbid_types: [string]", "/Bc: expected a type other than string, found string"),
        ("fields: [a, /Bc]", ""),
        ("fields: [c, /a/b]", "/a/b: expected a field, found none; /c: expected a field, found none"),
        ("field_names: '[a-z]+'", "/Bc: expected a field's name to be text that matches [a-z]+, found Bc"),
        ("field_names: [a, Bc]", ""),
        (
            "personal_fields: { named: [a] }",
            "/a: expected a field of this name to stand under pii in the contract, found one that does not",
        ),
        ("personal_fields: { named: [b] }", ""),
    ];
    for (require, expected) in cases {
        let mut said = found("schema", &format!("require: {{ {require} }}"), &known);
        said.sort();
        let said = said.join("; ");
        assert!(if expected.is_empty() { said.is_empty() } else { said.contains(expected) }, "{require}: {said}");
        assert_eq!(found("schema", &format!("require: {{ {require} }}"), &Facts::default()), [""; 0], "not known yet");
        let none = Outline { fields: Vec::new(), open: true };
        let none = Facts { outline: Some(&none), ..Facts::default() };
        assert_eq!(found("schema", &format!("require: {{ {require} }}"), &none), [""; 0], "there is no schema");
    }
}

#[test]
fn expressions_over_topics_contracts_and_schemas_are_held_both_ways() {
    let outline = outline();
    let labels = [("domain".to_owned(), vec!["billing".to_owned()])].into();
    let facts =
        Facts { topic: "a.v1", owner: "team-a", labels: Some(&labels), outline: Some(&outline), ..Facts::default() };
    let cases = [
        ("topic", "topic.size() > 4", ""),
        ("topic", "topic.size() > 3", "/topic: expected topic.size() > 3 to be false, found true"),
        ("topic", "!(\"billing\" in contract.labels.domain)", ""),
        ("contract", "contract.owner == \"team-a\" && !contract.has_key", ": expected contract.owner"),
        ("contract", "contract.labels[\"domain\"][0] != \"billing\"", ""),
        ("contract", "contract.classification == null", "found true"),
        ("contract", "contract.labels.gone[0] == 1", ""),
        (
            "contract",
            "contract.labels.domain[1] == \"\"",
            "found that it can't be judged: an index that no element has",
        ),
        ("schema", "schema.fields.all(f, f.documented)", ""),
        (
            "schema",
            "schema.fields.exists(f, f.name == \"Bc\" && f.kind == \"text\" && f.type == \"string\")",
            "found true",
        ),
        ("schema", "schema.open || schema.fields.size() != 2", ""),
    ];
    for (place, when, expected) in cases {
        let said = found(place, &format!("when: '{when}'"), &facts).join("; ");
        assert!(if expected.is_empty() { said.is_empty() } else { said.contains(expected) }, "{when}: {said}");
    }
    let silent = found("schema", "when: 'true'", &Facts::default());
    assert_eq!(silent, [""; 0], "a schema that is not known");
}

proptest! {
    // Each case reads all rules twice, which takes long where nothing is optimized.
    #![proptest_config(ProptestConfig::with_cases(64))]

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
