//! What lint says of sound contracts: rules both ways, by cases.

#![expect(clippy::panic, reason = "that is how a test fails")]

use forebay_schemas::contract::{self, Compiled, Folder};
use forebay_schemas::lint::{self, Finding, RULES};
use forebay_schemas::samples::Samples;

/// A contract of one schema. `value` is what stands in its `value`, and what follows it.
fn compiled(value: &str, schema: &str) -> Compiled {
    let contract = format!("topic: a.v1\nowner: team-a\ndescription: A.\nvalue: {{ {value}\n");
    let file = if value.contains("avro") { "a.avsc" } else { "a.json" };
    let files = [("contract.yaml", contract.as_str()), (file, schema)];
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

#[test]
fn every_rule_has_its_own_id_and_words() {
    for (index, rule) in RULES.iter().enumerate() {
        assert!(RULES[..index].iter().all(|other| other.id != rule.id), "{}", rule.id);
        for words in [rule.holds, rule.remedy] {
            assert!(words.ends_with('.') && !words.ends_with(".."), "{words}");
        }
    }
}
