//! Avro's rules one by one, each in both directions, and a report as people see it.

mod compatibility_kit;

use compatibility_kit::{breaks, expect, held, report, schema, version};
use forebay_schemas::compatibility::{Kind, Mode, compare};

/// A record with these fields.
fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","namespace":"n","fields":[{fields}]}}"#)
}

/// A record of one field of this type.
fn of(kind: &str) -> String {
    record(&format!(r#"{{"name":"f","type":{kind}}}"#))
}

fn types(old: &str, new: &str, expected: &[&str]) {
    expect(Kind::Avro, &of(old), &of(new), expected);
}

const F: &str = "/fields/0/type";

#[test]
fn fields_come_and_go_with_their_defaults() {
    let (a, b) = (r#"{"name":"a","type":"int"}"#, r#"{"name":"b","type":"int"}"#);
    let b_default = r#"{"name":"b","type":"int","default":1}"#;
    let both = |first: &str, second: &str| record(&format!("{first},{second}"));
    let field = |old: &str, new: &str, expected: &[&str]| expect(Kind::Avro, old, new, expected);
    field(&record(a), &both(a, b), &["← avro/field-without-default /fields/1"]);
    field(&both(a, b), &record(a), &["→ avro/field-without-default "]);
    field(&record(a), &both(a, b_default), &[]);
    field(&both(a, b_default), &record(a), &[]);
    field(&both(a, b), &both(b, a), &[]);
    let renamed = r#"{"name":"c","type":"int","aliases":["a"]}"#;
    field(&record(a), &record(renamed), &["→ avro/field-without-default "]);
}

#[test]
fn promotions_go_one_way() {
    let changed = format!("→ avro/type-changed {F}");
    for (from, to) in [
        ("int", "long"),
        ("int", "float"),
        ("int", "double"),
        ("long", "float"),
        ("long", "double"),
        ("float", "double"),
    ] {
        types(&format!("\"{from}\""), &format!("\"{to}\""), &[&changed]);
    }
    types(r#""string""#, r#""bytes""#, &[]);
    let both = [format!("← avro/type-changed {F}"), changed];
    for (from, to) in [("int", "string"), ("boolean", "int"), ("null", "int"), ("double", "bytes")] {
        types(&format!("\"{from}\""), &format!("\"{to}\""), &both.each_ref().map(String::as_str));
    }
}

#[test]
fn containers_are_looked_into() {
    let (ints, longs) = (r#"{"type":"array","items":"int"}"#, r#"{"type":"array","items":"long"}"#);
    types(ints, longs, &["→ avro/type-changed /fields/0/type/items"]);
    let (ints, longs) = (r#"{"type":"map","values":"int"}"#, r#"{"type":"map","values":"long"}"#);
    types(ints, longs, &["→ avro/type-changed /fields/0/type/values"]);
    types(
        ints,
        r#"{"type":"array","items":"int"}"#,
        &["← avro/type-changed /fields/0/type", "→ avro/type-changed /fields/0/type"],
    );
}

#[test]
fn symbols_need_a_reader_that_knows_them_or_a_default() {
    let of = |symbols: &str, more: &str| format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]{more}}}"#);
    let default = r#","default":"A""#;
    types(&of(r#""A""#, ""), &of(r#""A","B""#, ""), &["→ avro/enum-symbol-unknown /fields/0/type"]);
    types(&of(r#""A""#, default), &of(r#""A","B""#, ""), &[]);
    types(&of(r#""A","B""#, ""), &of(r#""B","A""#, ""), &[]);
    types(&of(r#""A","B""#, ""), &of(r#""A""#, default), &[]);
    types(&of(r#""A","B""#, ""), &of(r#""A""#, ""), &["← avro/enum-symbol-unknown /fields/0/type"]);
}

#[test]
fn unions_take_branch_by_branch() {
    types(r#"["null","int"]"#, r#"["int","null"]"#, &[]);
    types(r#"["null"]"#, r#"["null","int"]"#, &["→ avro/union-branch-unknown /fields/0/type"]);
    types(r#"["null","int"]"#, r#"["null","long"]"#, &["→ avro/union-branch-unknown /fields/0/type"]);
    types(r#""int""#, r#"["null","int"]"#, &["→ avro/union-branch-unknown /fields/0/type"]);
    types(
        r#""int""#,
        r#"["null","string"]"#,
        &[
            "← avro/type-changed /fields/0/type",
            "→ avro/union-branch-unknown /fields/0/type",
            "→ avro/union-branch-unknown /fields/0/type",
        ],
    );
    // The first that matches would be float; libraries take the exact one.
    types(r#"["float","int"]"#, r#"["float","int"]"#, &[]);
}

#[test]
fn named_types_match_by_the_last_part_or_by_alias() {
    let fixed = |name: &str, size: u8, more: &str| format!(r#"{{"type":"fixed","name":"{name}","size":{size}{more}}}"#);
    types(&fixed("a.F", 4, ""), &fixed("b.F", 4, ""), &[]);
    types(
        &fixed("F", 4, ""),
        &fixed("F", 5, ""),
        &["← avro/fixed-size-changed /fields/0/type", "→ avro/fixed-size-changed /fields/0/type"],
    );
    let both = ["← avro/name-changed /fields/0/type", "→ avro/name-changed /fields/0/type"];
    types(&fixed("F", 4, ""), &fixed("G", 4, ""), &both);
    types(&fixed("F", 4, ""), &fixed("G", 4, r#","aliases":["F"]"#), &both[1..]);
    let record = |name: &str| format!(r#"{{"type":"record","name":"{name}","fields":[]}}"#);
    types(&record("S"), &record("T"), &both);
    let symbols = |name: &str| format!(r#"{{"type":"enum","name":"{name}","symbols":["A"]}}"#);
    types(&symbols("S"), &symbols("T"), &both);
}

#[test]
fn logical_types_keep_their_meaning() {
    let long = |logical: &str| format!(r#"{{"type":"long","logicalType":"{logical}"}}"#);
    let decimal = |precision: u8, scale: u8| {
        format!(r#"{{"type":"bytes","logicalType":"decimal","precision":{precision},"scale":{scale}}}"#)
    };
    let both = ["← avro/logical-type-changed /fields/0/type", "→ avro/logical-type-changed /fields/0/type"];
    types(&long("timestamp-millis"), &long("timestamp-micros"), &both);
    types(&long("timestamp-millis"), &long("local-timestamp-millis"), &both);
    types(&long("timestamp-millis"), r#""long""#, &[]);
    types(&long("no-such-type"), r#""long""#, &[]);
    types(&decimal(9, 2), r#""bytes""#, &both);
    let decimals = ["← avro/decimal-changed /fields/0/type", "→ avro/decimal-changed /fields/0/type"];
    types(&decimal(9, 2), &decimal(9, 3), &decimals);
    types(&decimal(9, 2), &decimal(10, 2), &decimals);
    types(&decimal(9, 2), &decimal(9, 2), &[]);
    types(r#""string""#, r#"{"type":"string","logicalType":"uuid"}"#, &["← avro/uuid-from-string /fields/0/type"]);
}

#[test]
fn recursive_schemas_end() {
    let list = |kind: &str| {
        record(&format!(r#"{{"name":"v","type":"{kind}"}},{{"name":"next","type":["null","R"],"default":null}}"#))
    };
    expect(Kind::Avro, &list("int"), &list("int"), &[]);
    expect(Kind::Avro, &list("int"), &list("long"), &["→ avro/type-changed /fields/0/type"]);
}

#[test]
fn references_are_read_with_the_schema() {
    let text = record(r#"{"name":"f","type":"other.E"}"#);
    let of = |symbols: &str| format!(r#"{{"type":"enum","name":"E","namespace":"other","symbols":[{symbols}]}}"#);
    let old = schema(&text, &[("other.E", &of(r#""A""#))]);
    let new = schema(&text, &[("other.E", &of(r#""A","B""#))]);
    let found = compare(Kind::Avro, &version(&old), &version(&new), Mode::Full).expect("both can be read");
    assert_eq!(compatibility_kit::short(&found), ["→ avro/enum-symbol-unknown other.E#"]);
    assert_eq!(found[0].line, 0);
}

#[test]
fn hostile_schemas_end_soon() {
    let branches: Vec<String> =
        (0..10_000).map(|index| format!(r#"{{"type":"record","name":"R{index}","fields":[]}}"#)).collect();
    let union = format!("[{}]", branches.join(","));
    let error = held(Kind::Avro, &union, &union, Mode::Full).expect_err("too much to compare");
    insta::assert_snapshot!(error);
    let few = format!("[{}]", branches[..200].join(","));
    let found = breaks(Kind::Avro, &few, &few.replace("\"R", "\"S"), Mode::Forward);
    assert_eq!((found.len(), found[50].rule), (51, "compatibility/more"));
    let deep = format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(65), "}".repeat(65));
    let error = held(Kind::Avro, &deep, &deep, Mode::Full).expect_err("too deep");
    assert!(error.to_string().ends_with("arrays and objects are nested more than 64 deep"), "{error}");
}

#[test]
fn what_is_no_schema_says_where() {
    let cases = [
        ("{", "\"int\""),
        ("\"int\"", "{\n \"type\": \"record\"\n}"),
        ("\"int\"", r#"{"type":"record","name":"R"}"#),
        ("\"int\"", r#"["null",["int"]]"#),
        ("\"int\"", r#"{"type":"record","name":"R","fields":[{"name":"f","type":"Gone"}]}"#),
        ("\"int\"", r#"{"type":"fixed","name":"F"}"#),
        ("\"int\"", r#"{"type":"array"}"#),
        ("\"int\"", "3"),
        ("\"int\"", r#"[{"type":"enum","name":"E","symbols":[]},{"type":"enum","name":"E","symbols":[]}]"#),
    ];
    let said = cases.map(|(old, new)| held(Kind::Avro, old, new, Mode::Full).expect_err("unreadable").to_string());
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_report_reads_well() {
    let old = r#"{
  "type": "record",
  "name": "Issued",
  "namespace": "billing",
  "fields": [
    { "name": "event_id", "type": "string" },
    { "name": "amount", "type": { "type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2 } },
    { "name": "currency", "type": { "type": "enum", "name": "Currency", "symbols": ["EUR", "USD"] } },
    { "name": "issued_at", "type": { "type": "long", "logicalType": "timestamp-millis" } },
    { "name": "note", "type": ["null", "string"], "default": null }
  ]
}"#;
    let new = r#"{
  "type": "record",
  "name": "Issued",
  "namespace": "billing",
  "fields": [
    { "name": "event_id", "type": "long" },
    { "name": "amount", "type": { "type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 3 } },
    { "name": "currency", "type": { "type": "enum", "name": "Currency", "symbols": ["EUR", "USD", "CHF"] } },
    { "name": "issued_at", "type": { "type": "long", "logicalType": "timestamp-micros" } },
    { "name": "note", "type": "string" },
    { "name": "customer_id", "type": "string" }
  ]
}"#;
    insta::assert_snapshot!(report(&breaks(Kind::Avro, old, new, Mode::Full)));
}
