//! What lint says of sound contracts: rules both ways, by cases.

#![expect(clippy::panic, reason = "that is how a test fails")]

use forebay_schemas::contract::{self, Compiled, Folder};
use forebay_schemas::lint::{self, Finding, RULES, Severity, change};
use forebay_schemas::samples::Samples;

/// A contract of one schema. `value` is what stands in its `value`, and what follows it.
fn compiled(value: &str, schema: &str) -> Compiled {
    let contract = format!("topic: a.v1\nowner: team-a\ndescription: A.\nvalue: {{ {value}\n");
    loaded(&contract, schema)
}

/// A contract, and its schema under each name that it may have.
fn loaded(contract: &str, schema: &str) -> Compiled {
    let kind = ["a.avsc", "a.json", "a.proto"].into_iter().find(|name| contract.contains(name)).unwrap_or("a.avsc");
    let files = [("contract.yaml", contract), (kind, schema)];
    let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into();
    let mut loaded = contract::load(&[Folder { name: "a.v1".to_owned(), files }], None);
    assert_eq!(loaded.problems, [], "{schema}");
    loaded.topics.remove(0)
}

fn avro(rest: &str, schema: &str) -> Vec<Finding> {
    let value = format!("format: avro, schema: a.avsc, framing: none{rest}");
    let findings = lint::contract(&compiled(&value, schema), &Samples::default());
    findings.into_iter().filter(|finding| finding.rule != "sample/none").collect()
}

/// A union between two documented fields.
fn union(branches: &str) -> String {
    format!(
        r#"{{"type": "record", "name": "A", "fields": [
            {{"name": "d", "doc": "D.", "type": ["null", "boolean"], "default": null}},
            {{"name": "u", "doc": "U.", "type": {branches}}}]}}"#
    )
}

#[test]
fn fields_without_words_are_found_where_they_are() {
    let schema = r#"{"type": "record", "name": "A", "fields": [
        {"name": "a", "type": "int", "doc": "It has words."},
        {"name": "b", "type": {"type": "array", "items": {"type": "record", "name": "B", "doc": "B.", "fields": [
            {"name": "c", "type": "B2", "doc": " "}
        ]}}, "doc": "Inner."},
        {"name": "d", "type": ["null", "B"]}
    ]}"#;
    let schema = schema.replace(r#""B2""#, r#""int""#);
    let found: Vec<_> = avro(" }", &schema).into_iter().map(|found| (found.line, found.pointer, found.says)).collect();
    assert_eq!(
        found,
        [
            (4, "/fields/1/type/items/fields/0".to_owned(), "The field `c` has no doc.".to_owned()),
            (6, "/fields/2".to_owned(), "The field `d` has no doc.".to_owned()),
        ]
    );
}

#[test]
fn many_findings_of_one_rule_are_counted() {
    let field = |index: usize| format!(r#"{{"name": "f{index}", "type": "int"}}"#);
    let fields: Vec<_> = (0..60).map(field).collect();
    let found = avro(" }", &format!(r#"{{"type": "record", "name": "A", "fields": [{}]}}"#, fields.join(",")));
    assert_eq!(found.len(), 51);
    assert_eq!(found[50].says, "So are 10 more fields undocumented.");
}

#[test]
fn branches_that_take_the_same_json_are_found() {
    let record = |name: &str, fields: &str| format!(r#"{{"type": "record", "name": "{name}", "fields": [{fields}]}}"#);
    let field = |name: &str, kind: &str| format!(r#"{{"name": "{name}", "doc": "x", "type": {kind}}}"#);
    let optional = |name: &str| format!(r#"{{"name": "{name}", "doc": "x", "type": "int", "default": 0}}"#);
    let pair = |one: String, other: String| format!("[{one}, {other}]");
    let symbols =
        |name: &str, symbols: &str| format!(r#"{{"type": "enum", "name": "{name}", "symbols": [{symbols}]}}"#);
    let date = r#"{"type": "int", "logicalType": "date"}"#;
    let moment = r#"{"type": "long", "logicalType": "timestamp-millis"}"#;
    let map = r#"{"type": "map", "values": "int"}"#;
    let (int, text) = (r#""int""#, r#""string""#);
    let (alike, other) = (record("R", &field("a", int)), record("S", &field("a", int)));
    let cases = [
        (r#"["null", "string"]"#.to_owned(), None),
        (r#"["string", "int", "boolean", "null"]"#.to_owned(), None),
        (
            r#"["int", "long"]"#.to_owned(),
            Some("A bare number may be `int` or `long`; a number that is both becomes `int`."),
        ),
        (
            r#"["bytes", "string"]"#.to_owned(),
            Some("A bare string may be `bytes` or `string`; a string that is both becomes `bytes`."),
        ),
        (r#"["string", "double"]"#.to_owned(), None),
        (r#"["double", "string"]"#.to_owned(), Some("string")),
        (format!("[{text}, {date}]"), Some("`string` or `date`")),
        (format!("[{date}, {moment}]"), Some("A bare number may be `date` or `timestamp-millis`")),
        (format!("[{moment}, {}]", symbols("E", r#""X""#)), None),
        (pair(symbols("E", r#""X", "Y""#), symbols("F", r#""Z""#)), None),
        (pair(symbols("E", r#""X", "Y""#), symbols("F", r#""Y""#)), Some("`E` or `F`")),
        (pair(alike.clone(), other), Some("A bare object may be `R` or `S`; an object that is both becomes `R`.")),
        (pair(alike.clone(), record("S", &field("a", text))), None),
        (pair(alike.clone(), record("S", &field("b", int))), None),
        (pair(record("R", &optional("a")), record("S", &optional("b"))), Some("`R` or `S`")),
        (pair(record("R", &field("a", int)), map.to_owned()), Some("`R` or `map`")),
        (pair(record("R", &field("a", text)), map.to_owned()), None),
        (r#"["null", {"type": "array", "items": ["int", "float"]}]"#.to_owned(), Some("`int` or `float`")),
    ];
    for (branches, expected) in cases {
        let found = avro(" }", &union(&branches));
        match (expected, found.as_slice()) {
            (None, []) => {}
            (Some(expected), [found]) => {
                assert_eq!(found.rule, "schema/ambiguous-union");
                assert!(found.says.contains(expected), "{branches}: {}", found.says);
                assert!(found.line >= 3 && found.pointer.starts_with("/fields/1/type"), "{found:?}");
            }
            (_, found) => panic!("{branches}: {found:?}"),
        }
        assert!(avro(", unions: tagged }", &union(&branches)).is_empty(), "{branches}");
    }
}

#[test]
fn unknown_members_that_are_dropped_make_records_alike() {
    let record = |name: &str| {
        format!(
            r#"{{"type": "record", "name": "{name}", "fields": [{{"name": "{name}1", "doc": "x", "type": "int"}}]}}"#
        )
    };
    let schema = union(&format!("[{}, {}]", record("R"), record("S")));
    assert!(avro(" }", &schema).is_empty());
    assert_eq!(avro(" }\nunknown_fields: drop", &schema).len(), 1);
}

#[test]
fn recursive_and_wide_unions_end() {
    let lookalike = |index: usize| {
        let others = (0..=index).map(|other| format!("\"R{other}\"")).collect::<Vec<_>>().join(",");
        format!(
            r#"{{"type":"record","name":"R{index}","fields":[{{"name":"u","doc":"x","type":["null",{others}]}},
            {{"name":"z{index}","doc":"x","type":"int"}}]}}"#
        )
    };
    let branches: Vec<_> = (0..120).map(lookalike).collect();
    let found = avro(" }\nunknown_fields: drop", &format!("[\"null\",{}]", branches.join(",")));
    assert!(found.len() > 1 && found.len() <= 51, "{}", found.len());
    assert!(found[0].says.len() < 1_000, "{}", found[0].says);
}

#[test]
fn a_schema_whose_id_only_a_registry_knows_has_its_samples_tried() {
    let compiled = compiled("format: avro, schema: a.avsc, subject: s }", &union(r#"["null", "int"]"#));
    assert!(compiled.encoder.is_none());
    let samples = Samples { valid: [("a.json".to_owned(), b"{}".to_vec())].into(), ..Samples::default() };
    assert!(lint::contract(&compiled, &samples).iter().all(|found| found.rule == "sample/none"));
    let samples = Samples { valid: [("a.json".to_owned(), b"7".to_vec())].into(), ..Samples::default() };
    let rules: Vec<_> = lint::contract(&compiled, &samples).into_iter().map(|found| found.rule).collect();
    assert!(rules.contains(&"sample/refused".into()), "{rules:?}");
}

#[test]
fn samples_of_a_schema_that_is_nowhere_are_untried() {
    let compiled = compiled("format: avro, subject: s }", "{}");
    let samples = Samples { valid: [("a.json".to_owned(), b"7".to_vec())].into(), ..Samples::default() };
    let found = lint::contract(&compiled, &samples);
    assert!(found.iter().any(|found| found.rule == "sample/untried" && found.says.contains("1 in all")), "{found:?}");
}

fn places(found: &[Finding]) -> Vec<(&str, usize, &str)> {
    let found = found.iter().filter(|found| found.rule != "sample/none");
    found.map(|found| (&*found.rule, found.line, found.pointer.as_str())).collect()
}

#[test]
fn members_of_a_json_schema_without_words_are_found() {
    let schema = r##"{
        "type": "object",
        "properties": {
            "a": { "type": "string", "description": "Words." },
            "b": { "$ref": "#/$defs/titled" },
            "c": { "$ref": "#/$defs/bare" },
            "d": { "type": "array", "title": "T", "items": { "type": "object", "properties": { "e": { "type": "null" } } } }
        },
        "$defs": { "titled": { "title": "T", "type": "null" }, "bare": { "type": "null" } }
    }"##;
    let found =
        lint::contract(&compiled("format: json-schema, schema: a.json, framing: none }", schema), &Samples::default());
    let rule = "schema/undocumented";
    assert_eq!(places(&found), [(rule, 6, "/properties/c"), (rule, 7, "/properties/d/items/properties/e")]);
}

#[test]
fn fields_of_a_proto_file_without_a_comment_are_found() {
    let schema = r#"syntax = "proto3";
package a;
// A message.
message A {
  // Words.
  string a = 1;
  string b = 2; // Words beside it.
  string c = 3;
  message Inner {
    map<string, int32> d = 1;
  }
  // Words.
  Inner inner = 4;
}
"#;
    let found =
        lint::contract(&compiled("format: protobuf, schema: a.proto, framing: none }", schema), &Samples::default());
    let rule = "schema/undocumented";
    assert_eq!(places(&found), [(rule, 8, "A.c"), (rule, 10, "A.Inner.d")]);
}

#[test]
fn a_schema_that_goes_to_the_slow_judge_is_named_with_its_reason() {
    let slow = |schema: &str| {
        let compiled = compiled("format: json-schema, schema: a.json, framing: none }", schema);
        let found = lint::contract(&compiled, &Samples::default());
        found.into_iter().find(|found| found.rule == "schema/slow").map(|found| found.says)
    };
    assert_eq!(slow(r#"{"type": "object"}"#), None);
    assert!(slow(r#"{"anyOf": [{"type": "object"}]}"#).is_some_and(|says| says.contains("`anyOf` at the top")));
}

const RECORD: &str = r#"{"type": "record", "name": "A", "fields": [
    {"name": "k", "type": "string", "doc": "K."}, {"name": "l", "type": "string", "doc": "L."}]}"#;

/// The rules that a change breaks, with their weight.
fn changed(old: &str, new: &str) -> Vec<(String, Severity)> {
    let contract = |rest: &str| loaded(&format!("topic: a.v1\nowner: team-a\ndescription: A.\n{rest}\n"), RECORD);
    let found = change::between(&contract(new), &contract(old), "before");
    found.into_iter().map(|found| (found.rule.into_owned(), found.severity)).collect()
}

#[test]
fn changes_of_a_contract_weigh_what_they_cost() {
    let avro = |rest: &str, more: &str| format!("value: {{ format: avro, schema: a.avsc, {rest} }}\n{more}");
    let bare = |more: &str| avro("framing: none", more);
    let free = |more: &str| avro("framing: none, compatibility: none", more);
    let (json, text) = ("value: { format: json }", "value: { format: string }");
    let (error, warning) = (Severity::Error, Severity::Warning);
    let cases = [
        (bare("key: { from: /k }"), bare("key: { from: /k }"), vec![]),
        (bare("key: { from: /k }"), bare("key: { from: /l }"), vec![("change/key", error)]),
        (bare("key: { from: /k }"), bare(""), vec![("change/key", error)]),
        (bare(""), bare("key: { header: X-Key }"), vec![("change/key", error)]),
        (bare("key: { from: /k }"), bare("key: { from: /k, format: bytes }"), vec![("change/key", error)]),
        (free("key: { from: /k }"), free("key: { from: /l }"), vec![("change/key", warning)]),
        (bare("kafka: { partitions: 3 }"), bare("kafka: { partitions: 6 }"), vec![]),
        (bare("kafka: { partitions: 6 }"), bare("kafka: { partitions: 3 }"), vec![("change/partitions", error)]),
        (free("kafka: { partitions: 6 }"), free("kafka: { partitions: 3 }"), vec![("change/partitions", error)]),
        (
            bare("key: { from: /k }\nkafka: { partitions: 3 }"),
            bare("key: { from: /k }\nkafka: { partitions: 6 }"),
            vec![("change/partitions", error)],
        ),
        (bare("kafka: { partitions: 3 }"), bare(""), vec![]),
        (json.to_owned(), text.to_owned(), vec![("change/format", error)]),
        (json.to_owned(), bare(""), vec![("change/format", error)]),
        (bare(""), avro("schema_id: 4", ""), vec![("change/framing", error)]),
        (avro("schema_id: 4", ""), avro("schema_id: 5", ""), vec![]),
        (avro("subject: s", ""), avro("subject: t", ""), vec![("change/subject", warning)]),
        (bare(""), free(""), vec![("change/loosened", warning)]),
        (free(""), bare(""), vec![]),
        (
            avro("framing: none, compatibility: full", ""),
            avro("framing: none, compatibility: forward", ""),
            vec![("change/loosened", warning)],
        ),
    ];
    for (old, new, expected) in cases {
        let expected: Vec<_> = expected.into_iter().map(|(rule, severity)| (rule.to_owned(), severity)).collect();
        assert_eq!(changed(&old, &new), expected, "{old} -> {new}");
    }
}

#[test]
fn an_id_that_stays_while_the_schema_changes_is_an_error() {
    let contract =
        "topic: a.v1\nowner: team-a\ndescription: A.\nvalue: { format: avro, schema: a.avsc, schema_id: 4 }\n";
    let found = |old: &str, new: &str| {
        let found = change::between(&loaded(contract, new), &loaded(contract, old), "before");
        found.into_iter().map(|found| found.rule.into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(RECORD, &RECORD.replace('\n', " ")), [""; 0], "spaces are no change");
    let default = RECORD.replace(r#""doc": "L.""#, r#""doc": "L.", "default": """#);
    assert_eq!(found(RECORD, &default), ["change/schema-id"]);
}

#[test]
fn a_change_that_hurts_both_sides_is_one_finding() {
    let contract = |promise: &str| {
        format!(
            "topic: a.v1\nowner: team-a\ndescription: A.\nvalue: {{ format: avro, schema: a.avsc, framing: none, compatibility: {promise} }}\n"
        )
    };
    let changed = RECORD.replacen(r#""type": "string", "doc": "K.""#, r#""type": "int", "doc": "K.""#, 1);
    for (promise, weight, sides) in
        [("full", Severity::Error, 2), ("none", Severity::Note, 2), ("backward", Severity::Error, 1)]
    {
        let (new, old) = (loaded(&contract(promise), &changed), loaded(&contract(promise), RECORD));
        let found = change::between(&new, &old, "before");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&*found[0].rule, found[0].severity), ("avro/type-changed", weight));
        assert_eq!(found[0].says.matches("Readers with").count(), sides, "{}", found[0].says);
        assert_eq!(found[0].remedy.contains("new topic"), weight == Severity::Error);
    }
}

#[test]
fn a_break_weighs_as_the_promise_says() {
    let contract = |promise: &str| {
        let value = format!("{{ format: avro, schema: a.avsc, framing: none, compatibility: {promise} }}");
        format!("topic: a.v1\nowner: team-a\ndescription: A.\nvalue: {value}\n")
    };
    let more = RECORD.replace("]}", r#", {"name": "m", "type": "string", "doc": "M."}]}"#);
    let (error, note) = (Severity::Error, Severity::Note);
    for (promise, added, removed) in
        [("backward", error, note), ("forward", note, error), ("full", error, error), ("none", note, note)]
    {
        let weight = |old: &str, new: &str| {
            let (old, new) = (loaded(&contract(promise), old), loaded(&contract(promise), new));
            change::between(&new, &old, "before").iter().map(|found| found.severity).collect::<Vec<_>>()
        };
        assert_eq!(weight(RECORD, &more), [added], "a field without a default is new: {promise}");
        assert_eq!(weight(&more, RECORD), [removed], "a field without a default is gone: {promise}");
    }
}

#[test]
fn every_rule_has_its_own_id_and_words() {
    for (index, rule) in RULES.iter().enumerate() {
        assert!(RULES[..index].iter().all(|other| other.id != rule.id), "{}", rule.id);
        for words in [rule.holds, rule.remedy] {
            assert!(words.ends_with('.') && !words.ends_with(".."), "{words}");
        }
    }
}
