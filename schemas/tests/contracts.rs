//! What a wrong contract says: every mistake with its place, and words that tell what to write instead.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use forebay_schemas::contract::{self, Classification, Cleanup, Folder, Format, Framing, KeyFormat, KeySource, Unions};
use forebay_schemas::contract::{BytesText, UnknownFields, Version};
use forebay_schemas::encoder::Scratch;

const GOOD: &str = "\
topic: billing.invoice.issued.v1
owner: team-billing
description: An invoice was issued to a customer.
value: { format: json }
";

/// The members that every contract needs, with some more.
fn with(more: &str) -> String {
    format!("{GOOD}{more}\n")
}

/// A contract whose `value` is this.
fn value(value: &str) -> String {
    GOOD.replace("{ format: json }", value)
}

/// The catalogue's problems and topics, as a person would see them.
fn report(folders: &[Folder]) -> String {
    let loaded = contract::load(folders, None);
    let mut report = String::new();
    for problem in &loaded.problems {
        writeln!(report, "{problem}").expect("a string takes all");
    }
    for topic in &loaded.topics {
        writeln!(report, "loaded {}", topic.contract.topic).expect("a string takes all");
    }
    report
}

fn folder(name: &str, files: &[(&str, &str)]) -> Folder {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
    Folder { name: name.to_owned(), files }
}

/// What one contract says when it is read by itself.
fn said(text: &str) -> String {
    match contract::read("contract.yaml", text) {
        Ok(contract) => format!("read {}", contract.topic),
        Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

/// A table of contracts with what each says.
fn table(cases: &[(&str, String)]) -> String {
    let row = |(name, text): &(&str, String)| format!("# {name}\n{}", said(text));
    cases.iter().map(row).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn all_members_are_read() {
    let text = "\
topic: billing.invoice.issued.v1
owner: team-billing
description: An invoice was issued to a customer.
classification: confidential
value: { format: avro, schema: invoice.avsc, framing: confluent, schema_id: 17, unions: tagged, bytes: code-points, numeric_strings: true }
key: { header: Forebay-Key, format: long }
id: { from: /event_id }
time: { from: /when/occurred~1at }
producers: [svc-billing, 'spiffe://corp/ns/billing/*']
bind: { /source/service: principal, /region: eu-*, /tenant~1id: '{principal}/*' }
limits: { events_per_second: 5000, bytes_per_second: 8MiB, bytes_per_event: 64KiB }
dead_letter: platform.refused-events.v1
unknown_fields: drop
kafka: { partitions: 12, replication: 3, retention: 7d, cleanup: compact-delete }
labels: { domain: billing, feeds: [revenue-dashboard, ledger] }
";
    let contract = contract::read("c.yaml", text).unwrap();
    assert_eq!(contract.classification, Some(Classification::Confidential));
    assert_eq!((contract.value.format, contract.value.framing), (Format::Avro, Framing::Confluent));
    let schema = contract.value.schema.clone().unwrap();
    assert_eq!((schema.file.as_deref(), schema.subject, schema.id), (Some("invoice.avsc"), None, Some(17)));
    assert_eq!((contract.value.unions, contract.value.bytes), (Unions::Tagged, BytesText::CodePoints));
    assert!(contract.value.numeric_strings);
    assert_eq!(contract.value.unknown_fields, UnknownFields::Drop);
    let key = contract.key.clone().unwrap();
    assert_eq!((key.source, key.format), (KeySource::Header("forebay-key".to_owned()), KeyFormat::Long));
    assert_eq!(contract.time.clone().unwrap().tokens, ["when", "occurred/at"]);
    assert_eq!(contract.producers.clone().unwrap().len(), 2);
    let binds: Vec<_> = contract.bind.iter().map(|bind| (bind.pointer.tokens.concat(), &*bind.pattern)).collect();
    let bound = [("sourceservice", "{principal}"), ("region", "eu-*"), ("tenant/id", "{principal}/*")];
    assert_eq!(binds, bound.map(|(pointer, pattern)| (pointer.to_owned(), pattern)));
    assert_eq!(contract.bytes_per_event, Some(65536));
    assert_eq!((contract.events_per_second, contract.bytes_per_second), (Some(5000), Some(8 << 20)));
    assert_eq!(contract.dead_letter.as_deref(), Some("platform.refused-events.v1"));
    assert_eq!((contract.kafka.partitions, contract.kafka.replication), (Some(12), Some(3)));
    assert_eq!(contract.kafka.retention.unwrap().as_secs(), 7 * 24 * 3600);
    assert_eq!(contract.kafka.cleanup, Some(Cleanup::CompactDelete));
    let labels = [("domain", vec!["billing"]), ("feeds", vec!["revenue-dashboard", "ledger"])];
    let labels =
        labels.map(|(name, words)| (name.to_owned(), words.into_iter().map(str::to_owned).collect::<Vec<_>>()));
    assert_eq!(contract.labels, BTreeMap::from(labels));
    assert_eq!((contract.lines["/key/header"], contract.lines["/labels/feeds/1"]), (6, 15));
}

#[test]
fn what_is_left_out_has_a_default() {
    let contract = contract::read("c.yaml", &value("{ format: avro, schema: a.avsc, schema_id: 1 }")).unwrap();
    assert_eq!(contract.value.framing, Framing::Confluent);
    assert_eq!((contract.value.unions, contract.value.bytes), (Unions::Either, BytesText::Base64));
    assert_eq!((contract.value.numeric_strings, contract.value.unknown_fields), (false, UnknownFields::Refuse));
    assert_eq!((contract.key, contract.producers, contract.bytes_per_event), (None, None, None));
    for format in ["json", "string", "bytes"] {
        let contract = contract::read("c.yaml", &value(&format!("{{ format: {format} }}"))).unwrap();
        assert_eq!((contract.value.framing, contract.value.unknown_fields), (Framing::None, UnknownFields::Keep));
    }
    let keyed = contract::read("c.yaml", &with("key: { from: /id }")).unwrap();
    assert_eq!(keyed.key.unwrap().format, KeyFormat::String);
    assert_eq!(contract::read("c.yaml", &with("key: none")).unwrap().key, None);
}

#[test]
fn wrong_members_say_what_would_be_right() {
    insta::assert_snapshot!(table(&[
        ("nothing at all", String::new()),
        ("no mapping", "- topic\n- owner\n".to_owned()),
        ("not YAML", "topic: [billing\nowner: team\n".to_owned()),
        ("slips of the pen", with("lables: { domain: billing }\nclasification: public\nhats: 3")),
        ("a slip in a value", with("classification: confidental\nkafka: { cleanup: compactdelete }")),
        ("blank texts", GOOD.replace("team-billing", "' '").replace("An invoice was issued to a customer.", "")),
        ("lists in place of texts", GOOD.replace("team-billing", "[team-billing]")),
        ("producers: nobody", with("producers: []")),
        ("producers: one without a list", with("producers: svc-billing")),
        ("producers: a commented-out list", with("producers:\n#  - svc-billing")),
        ("limits", with("limits: { bytes_per_event: 0, bytes_per_evnt: 1KiB }")),
        ("limits of another kind", with("limits: { bytes_per_event: lots }")),
        ("rates that let nothing through", with("limits: { events_per_second: 0, bytes_per_second: 0B }")),
        ("rates of another kind", with("limits: { events_per_second: 5k, bytes_per_second: -1 }")),
        ("producers of no kind", with("producers: [' ', 'group:', 'group: ', 'svc-{region}']")),
        ("binds to nobody", with("bind: { /a: '', /b: '{who}', c: principal, /d: '{principal', /e: [principal] }")),
        ("a bind without a pattern", with("bind: [/a]")),
        ("a dead letter's topic that is none", with("dead_letter: refused events")),
        ("a dead letter's topic that is the contract's", with("dead_letter: billing.invoice.issued.v1")),
        ("kafka", with("kafka: { partitions: 0, replication: three, retention: 7, cleanup: never, min_isr: 2 }")),
        ("kafka: no time at all", with("kafka: { retention: 0s }")),
        ("kafka: compaction without a key", with("kafka: { cleanup: compact }")),
        ("labels", with("labels: [billing]")),
        ("labels that hold mappings", with("labels: { domain: { name: billing } }")),
        ("a member twice", with("owner: team-search")),
        ("two documents", with("---\ntopic: b")),
        ("an alias", with("labels: { a: &x [1], b: *x }")),
    ]));
}

#[test]
fn names_that_kafka_refuses_or_keeps() {
    let long = "x".repeat(250);
    let names = ["''", "..", "a b", "a/b", "__consumer_offsets", "_schemas", "rechnungen.für.alle", &long];
    insta::assert_snapshot!(table(
        &names.map(|name| (&name[..name.len().min(30)], GOOD.replace("billing.invoice.issued.v1", name)))
    ));
    for name in ["123", "on", "'null'", "a", "_mine", &long[1..]] {
        let said = said(&GOOD.replace("billing.invoice.issued.v1", name));
        assert_eq!(said, format!("read {}", name.trim_matches('\'')));
    }
}

#[test]
fn wrong_values_say_what_would_be_right() {
    insta::assert_snapshot!(table(&[
        ("no format", value("{}")),
        ("a format of no kind", value("{ format: arvo }")),
        ("protobuf without a schema", value("{ format: protobuf, message: Invoice }")),
        ("a message that is none", value("{ format: protobuf, schema: a.proto, framing: none, message: 1st }")),
        ("a message in avro", value("{ format: avro, schema: a.avsc, framing: none, message: Invoice }")),
        ("a subject's id", value("{ format: avro, subject: a-value, schema_id: 3 }")),
        ("a version of a file", value("{ format: avro, subject: a-value, schema: a.avsc, version: 3 }")),
        ("a version that is none", value("{ format: avro, subject: a-value, version: newest }")),
        ("a subject that is none", value("{ format: avro, subject: { strategy: topic, record: R } }")),
        ("a subject of a record", value("{ format: avro, subject: { strategy: record } }")),
        ("a compatibility of no kind", value("{ format: avro, subject: a-value, compatibility: backwards }")),
        ("avro without a schema or an id", value("{ format: avro }")),
        ("a schema elsewhere", value("{ format: avro, schema: ../other/a.avsc, framing: none }")),
        ("an absolute schema", value("{ format: avro, schema: /a.avsc, framing: none }")),
        ("an id without a frame", value("{ format: avro, schema: a.avsc, framing: none, schema_id: 17 }")),
        ("an id that is none", value("{ format: avro, schema: a.avsc, schema_id: 0 }")),
        ("a frame of no kind", value("{ format: avro, schema: a.avsc, framing: apicurio, schema_id: x }")),
        (
            "options of no kind",
            value("{ format: avro, schema: a.avsc, framing: none, unions: any, bytes: hex, numeric_strings: yes }")
        ),
        ("kept fields in avro", value("{ format: avro, schema: a.avsc, framing: none }\nunknown_fields: keep")),
        (
            "json with what only avro has",
            value("{ format: json, schema: a.avsc, framing: confluent, schema_id: 3, unions: plain }")
        ),
        ("json schema that drops fields", value("{ format: json-schema, subject: s }\nunknown_fields: drop")),
        ("protobuf that keeps fields", value("{ format: protobuf, subject: s }\nunknown_fields: keep")),
        ("json that drops fields", value("{ format: json }\nunknown_fields: drop")),
        ("no value", GOOD.replace("value: { format: json }\n", "")),
        ("a word for a value", value("json")),
    ]));
}

#[test]
fn wrong_pointers_say_what_would_be_right() {
    insta::assert_snapshot!(table(&[
        ("a name for a pointer", with("key: { from: customer_id }\nid: { from: '#/event_id' }\ntime: { from: /a~b }")),
        ("a pointer for a section", with("id: /event_id\ntime: [/occurred_at]")),
        ("no source", with("key: { format: string }\nid: {}")),
        ("two sources", with("key: { from: /a, header: b }")),
        ("a header of no kind", with("key: { header: 'Forebay Key' }")),
        ("a header that holds the caller's credential", with("key: { header: Authorization, format: string }")),
        ("a format of no kind", with("key: { from: /a, format: uuid }")),
        ("a key without its schema", with("key: { from: /a, format: avro }")),
        ("a key by a schema from a header", with("key: { header: K, format: avro, subject: k-key }")),
        ("a key that is a word", with("key: customer_id")),
        ("a key that is nothing", with("key:")),
        ("other sources", with("id: { header: X-Id }")),
    ]));
}

#[test]
fn subjects_are_named_or_made() {
    let subject = |value: &str, key: &str| {
        let contract = contract::read("c.yaml", &format!("{}{key}\n", self::value(value))).unwrap();
        let of_key = contract.key.and_then(|key| key.value?.schema).and_then(|schema| schema.subject);
        let schema = contract.value.schema.unwrap();
        (schema.subject.unwrap(), schema.version, of_key)
    };
    let topic = "billing.invoice.issued.v1";
    let (made, version, key) = subject(
        "{ format: avro, subject: { strategy: topic }, version: 3 }",
        "key: { from: /id, format: avro, subject: { strategy: topic } }",
    );
    assert_eq!((made, version, key), (format!("{topic}-value"), Version::Number(3), Some(format!("{topic}-key"))));
    let (made, version, _) = subject("{ format: protobuf, subject: { strategy: record, record: a.B } }", "");
    assert_eq!((made, version), ("a.B".to_owned(), Version::Latest));
    let (made, ..) = subject("{ format: json-schema, subject: { strategy: topic-record, record: a.B } }", "");
    assert_eq!(made, format!("{topic}-a.B"));
    assert_eq!(subject("{ format: avro, subject: any name }", "").0, "any name");
}

#[test]
fn wrong_personal_fields_say_what_would_be_right() {
    insta::assert_snapshot!(table(&[
        ("sound ones", with("pii: { /a: hash, /b/*/c: mask, /b/*/d: drop }")),
        ("an action of no kind", with("pii: { /a: hide }")),
        ("a name for a pointer", with("pii: { email: hash }")),
        ("the whole event", with("pii: { '': mask }")),
        ("one inside another", with("pii: { /a: mask, /a/b: drop }")),
        ("one inside any element", with("pii: { /a/*/b: mask, /a/0/b/c: drop }")),
        ("a list", with("pii: [/a]")),
    ]));
}

#[test]
fn what_comes_later_is_refused_by_name() {
    insta::assert_snapshot!(said(&with("allow_tombstones: true")));
}

#[test]
fn no_mistake_hides_another() {
    let good = value("{ format: avro, schema: issued.avsc, framing: none }");
    let other = |name: &str| good.replace("billing.invoice.issued.v1", name);
    let schema = r#"{ "type": "record", "name": "Issued", "fields": [{ "name": "id", "type": "string" }] }"#;
    let folders = [
        folder("billing.invoice.issued.v1", &[("contract.yaml", &good), ("issued.avsc", schema)]),
        folder("billing.invoice.paid.v1", &[("contract.yaml", &good), ("issued.avsc", schema)]),
        folder(
            "billing.invoice.sent.v1",
            &[("contract.yaml", &other("billing.invoice.sent.v1")), ("isued.avsc", schema)],
        ),
        folder("billing.invoice.lost.v1", &[("contract.yaml", &other("billing.invoice.lost.v1"))]),
        folder("billing.invoice.void.v1", &[("contract.yml", &good)]),
        folder("notes", &[]),
        folder("search.query.submitted.v1", &[("contract.yaml", "topic: search.query.submitted.v1\nowner: x\n")]),
        folder(
            "library.loan.ended.v1",
            &[(
                "contract.yaml",
                "topic: library.loan.ended.v2\nvalue: { format: avro, schema: ended.avsc }\nlimits: { bytes: 1 }\n",
            )],
        ),
        folder(
            "library.loan.moved.v1",
            &[
                ("contract.yaml", "value: { format: avro, schema: a.avsc, framing: no }\nkey: { from: /x }\n"),
                ("a.avsc", r#"{ "type": "record", "name": "A", "fields": [{ "name": "a", "type": "strin" }] }"#),
            ],
        ),
        folder("library.loan.begun.v1", &[("contract.yaml", &other("library.loan.begun.v1")), ("issued.avsc", schema)]),
    ];
    insta::assert_snapshot!(report(&folders));
}

#[test]
fn copies_of_refused_events_go_one_step() {
    let contract = |topic: &str, to: &str| {
        let text = GOOD.replace("billing.invoice.issued.v1", topic);
        folder(topic, &[("contract.yaml", &format!("{text}{to}"))])
    };
    let of = |refused: &str| {
        report(&[contract("a.v1", "dead_letter: refused.v1\n"), contract("refused.v1", refused), contract("b.v1", "")])
    };
    assert_eq!(of(""), "loaded a.v1\nloaded b.v1\nloaded refused.v1\n");
    insta::assert_snapshot!(of("dead_letter: b.v1\n"));
}

#[test]
fn a_pointer_to_no_field_is_found() {
    let schema = r#"{ "type": "record", "name": "Issued", "fields": [{ "name": "customer_id", "type": "string" }] }"#;
    let text = value(
        "{ format: avro, schema: issued.avsc, framing: none }\nkey: { from: /custmer_id }\nid: { from: /customer_id/x }",
    );
    let folders = [folder("billing.invoice.issued.v1", &[("contract.yaml", &text), ("issued.avsc", schema)])];
    let report = report(&folders);
    assert!(report.contains("contract.yaml:5: /key/from: expected "), "{report}");
    assert!(report.contains("contract.yaml:6: /id/from: expected "), "{report}");
}

#[test]
fn a_limit_that_no_event_fits_is_refused() {
    let schema = r#"{ "type": "record", "name": "Issued", "fields": [
        { "name": "id", "type": "int" }, { "name": "note", "type": "string", "default": "" },
        { "name": "till", "type": ["null", "int"] }, { "name": "sum", "type": "long" }] }"#;
    let optional = r#"{ "type": "record", "name": "Issued", "fields": [{ "name": "n", "type": ["null", "int"] }] }"#;
    let shortest = r#"{"id":1,"sum":2}"#;
    let limited = |format: &str, limit: usize| value(&format!("{format}\nlimits: {{ bytes_per_event: {limit} }}"));
    let avro = "{ format: avro, schema: issued.avsc, framing: none }";
    let loaded = |text: &str, schema: &str| {
        report(&[folder("billing.invoice.issued.v1", &[("contract.yaml", text), ("issued.avsc", schema)])])
    };
    for (format, least, schema) in
        [(avro, shortest.len(), schema), (avro, 2, optional), (avro, 1, "\"int\""), ("{ format: json }", 1, schema)]
    {
        assert_eq!(loaded(&limited(format, least), schema), "loaded billing.invoice.issued.v1\n");
    }
    assert!(loaded(&limited(avro, 1), optional).contains("at least 2 bytes, found 1"));
    assert_eq!(
        loaded(&limited(avro, shortest.len() - 1), schema),
        "billing.invoice.issued.v1/contract.yaml:5: /limits/bytes_per_event: expected a limit that can hold one event: \
         at least 16 bytes, found 15\n"
    );
    let folders = [folder(
        "billing.invoice.issued.v1",
        &[("contract.yaml", &limited(avro, shortest.len())), ("issued.avsc", schema)],
    )];
    let encoder = contract::load(&folders, None).topics.remove(0).encoder.expect("no registry has a say");
    assert!(encoder.encode(shortest.as_bytes(), &mut Vec::new(), &mut Scratch::default()).is_ok());
}

/// The texts of a page's fenced blocks of one kind, without their indentation.
fn blocks(page: &str, kind: &str) -> Vec<String> {
    let fence = format!("```{kind}\n");
    let block = |rest: &str| {
        let text = rest.split("```").next().unwrap_or_default();
        let indent = text.len() - text.trim_start_matches(' ').len();
        text.lines().map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect::<Vec<_>>().concat()
    };
    page.split(&fence).skip(1).map(block).collect()
}

#[test]
fn the_page_for_authors_is_true() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/contracts.md");
    let page = std::fs::read_to_string(page).unwrap();
    let contracts = blocks(&page, "yaml contract");
    assert!(!contracts.is_empty());
    for contract in contracts {
        assert_eq!(said(contract.trim_end()), "read billing.invoice.issued.v1");
    }
    let (wrong, told) = (blocks(&page, "yaml wrong"), blocks(&page, "text said"));
    assert_eq!((wrong.len(), told.len()), (1, 1));
    assert_eq!(said(&wrong[0]), told[0].trim_end());
}
