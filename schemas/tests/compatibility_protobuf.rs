//! Protobuf's rules one by one, each with what does not break it, and a report as people see it.

mod compatibility_kit;

use compatibility_kit::{breaks, held, report, schema, short, version};
use forebay_schemas::compatibility::{Break, Direction, Kind, Mode, Version, compare};
use forebay_schemas::contract::Message;

const BOTH: [Mode; 2] = [Mode::Backward, Mode::Forward];

fn file(body: &str) -> String {
    format!("syntax = \"proto3\";\npackage a.b;\n{body}")
}

fn proto2(body: &str) -> String {
    format!("syntax = \"proto2\";\npackage a.b;\n{body}")
}

/// Rules and places, without the arrow.
fn found(old: &str, new: &str, mode: Mode) -> Vec<String> {
    short(&breaks(Kind::Protobuf, old, new, mode)).iter().map(|line| line.chars().skip(2).collect()).collect()
}

/// Both directions say this, there and back.
fn differ(old: &str, new: &str, expected: &[&str]) {
    for mode in BOTH {
        assert_eq!(found(old, new, mode), expected, "{mode:?}\n{old}\n{new}");
    }
    let full = breaks(Kind::Protobuf, old, new, Mode::Full);
    assert_eq!(BOTH.map(|mode| breaks(Kind::Protobuf, old, new, mode)).concat(), full);
}

fn fields(old: &str, new: &str, expected: &[&str]) {
    differ(&file(&format!("message M {{ {old} }}")), &file(&format!("message M {{ {new} }}")), expected);
}

#[test]
fn fields_may_be_added_and_be_removed_if_they_are_reserved() {
    fields("string a = 1;", "string a = 1; string b = 2;", &[]);
    fields("string a = 1; string b = 2;", "string a = 1; reserved 2; reserved \"b\";", &[]);
    for reserved in ["", "reserved 2;", "reserved \"b\";"] {
        fields(
            "string a = 1; string b = 2;",
            &format!("string a = 1; {reserved}"),
            &["protobuf/field-removed-unreserved M"],
        );
    }
    fields("reserved 2 to 5;", "reserved 2 to 3, 4 to 9;", &[]);
    fields("reserved 2 to 5;", "reserved 2 to 4;", &["protobuf/reserved-removed M"]);
    fields("reserved \"b\";", "", &["protobuf/reserved-removed M"]);
}

#[test]
fn numbers_and_names_stay() {
    fields("string a = 1;", "string a = 2;", &["protobuf/field-renumbered M.a"]);
    fields("string a = 1;", "string b = 1;", &["protobuf/json-name-changed M.b"]);
    fields("string a = 1;", "string a = 1 [json_name = \"c\"];", &["protobuf/json-name-changed M.a"]);
    fields("string a = 1;", "string b = 1 [json_name = \"a\"];", &["protobuf/field-name-changed M.b"]);
    fields(
        "string a = 1; string b = 2;",
        "string b = 1; string a = 2;",
        &[
            "protobuf/field-renumbered M.a",
            "protobuf/json-name-changed M.b",
            "protobuf/field-renumbered M.b",
            "protobuf/json-name-changed M.a",
        ],
    );
}

#[test]
fn types_change_within_their_group() {
    for (from, to) in [("int32", "uint32"), ("int64", "uint64"), ("fixed32", "sfixed32"), ("fixed64", "sfixed64")] {
        fields(&format!("{from} a = 1;"), &format!("{to} a = 1;"), &[]);
    }
    for (from, to) in
        [("int32", "int64"), ("string", "bytes"), ("int32", "sint32"), ("bool", "int32"), ("string", "int32")]
    {
        fields(&format!("{from} a = 1;"), &format!("{to} a = 1;"), &["protobuf/field-type-changed M.a"]);
        fields(
            &format!("map<string, {from}> a = 1;"),
            &format!("map<string, {to}> a = 1;"),
            &["protobuf/field-type-changed M.a"],
        );
    }
    fields("message N {} N a = 1;", "message N {} message O {} O a = 1;", &["protobuf/field-type-changed M.a"]);
    fields(
        "message N { int32 b = 1; } N a = 1;",
        "message N { string b = 1; } N a = 1;",
        &["protobuf/field-type-changed M.N.b"],
    );
}

#[test]
fn labels_stay() {
    fields("string a = 1;", "repeated string a = 1;", &["protobuf/cardinality-changed M.a"]);
    fields("repeated string a = 1;", "map<string, string> a = 1;", &["protobuf/cardinality-changed M.a"]);
    fields("string a = 1;", "optional string a = 1;", &[]);
    fields("oneof o { string a = 1; }", "string a = 1;", &["protobuf/oneof-changed M.a"]);
    fields(
        "oneof o { string a = 1; string b = 2; }",
        "oneof o { string a = 1; } oneof p { string b = 2; }",
        &["protobuf/oneof-changed M.b"],
    );
}

#[test]
fn required_fields_hit_one_side() {
    let of = |body: &str| proto2(&format!("message M {{ {body} }}"));
    let (none, optional, required) = (of(""), of("optional int32 a = 1;"), of("required int32 a = 1;"));
    let rule = ["protobuf/required-changed M.a"];
    assert_eq!(found(&none, &required, Mode::Backward), rule);
    assert_eq!(found(&none, &required, Mode::Forward), [""; 0]);
    assert_eq!(found(&optional, &required, Mode::Backward), rule);
    assert_eq!(found(&optional, &required, Mode::Forward), [""; 0]);
    assert_eq!(found(&required, &optional, Mode::Backward), [""; 0]);
    assert_eq!(found(&required, &optional, Mode::Forward), rule);
    let reserved = of("reserved 1; reserved \"a\";");
    assert_eq!(found(&required, &reserved, Mode::Forward), ["protobuf/required-changed M"]);
    assert_eq!(found(&required, &reserved, Mode::Backward), [""; 0]);
    differ(
        &of("optional int32 a = 1 [default = 1];"),
        &of("optional int32 a = 1 [default = 2];"),
        &["protobuf/default-changed M.a"],
    );
}

#[test]
fn values_of_enums_stay() {
    let of = |values: &str| format!("enum E {{ Z = 0; {values} }} E e = 1;");
    fields(&of("A = 1;"), &of("A = 1; B = 2;"), &[]);
    fields(&of("A = 1;"), &of(""), &["protobuf/enum-value-removed-unreserved M.E"]);
    fields(&of("A = 1;"), &of("reserved 1; reserved \"A\";"), &[]);
    fields(&of("A = 1;"), &of("B = 1;"), &["protobuf/enum-value-name-changed M.E"]);
    fields(&of("A = 1;"), &of("option allow_alias = true; B = 1; A = 1;"), &[]);
    fields(&of("reserved 5 to max;"), &of("reserved 5 to 9;"), &["protobuf/reserved-removed M.E"]);
}

#[test]
fn messages_and_packages_stay() {
    let (one, two) = (file("message M {}"), file("message M {} message N {}"));
    differ(&one, &two, &[]);
    differ(&two, &one, &["protobuf/message-removed N"]);
    differ(&one, &file("message N {}"), &["protobuf/event-message-changed N"]);
    let moved = |package: &str, kind: &str| {
        format!("syntax = \"proto3\"; package {package}; message M {{ N n = 1; }} message N {{ {kind} a = 1; }}")
    };
    differ(
        &moved("a", "int32"),
        &moved("b", "string"),
        &["protobuf/package-changed package", "protobuf/field-type-changed N.a"],
    );
}

#[test]
fn the_contract_says_which_message_events_are() {
    let text = file("message M {} message N { int32 a = 1; }");
    let (old, new) = (schema(&text, &[]), schema(&text, &[]));
    let named = |name: &str| Message::Name(name.to_owned());
    let held = |from: &Message, to: &Message| {
        let (old, new) = (Version { schema: &old, message: from }, Version { schema: &new, message: to });
        compare(Kind::Protobuf, &old, &new, Mode::Full)
    };
    assert_eq!(held(&named("N"), &named("a.b.N")), Ok(Vec::new()));
    let found = held(&named("M"), &named("N")).expect("both are there");
    assert_eq!(short(&found)[0], "← protobuf/event-message-changed N");
    let error = held(&named("M"), &named("O")).expect_err("there is none");
    insta::assert_snapshot!(error);
}

#[test]
fn imports_come_with_the_schema_or_not_at_all() {
    let text = "syntax = \"proto3\";\nimport \"n.proto\";\nimport \"google/protobuf/timestamp.proto\";\nmessage M { N n = 1; google.protobuf.Timestamp t = 2; }";
    let of = |kind: &str| format!("syntax = \"proto3\"; message N {{ {kind} a = 1; }}");
    let (old, new) = (schema(text, &[("n.proto", &of("int32"))]), schema(text, &[("n.proto", &of("string"))]));
    let found = compare(Kind::Protobuf, &version(&old), &version(&new), Mode::Backward).expect("both can be read");
    assert_eq!(short(&found), ["← protobuf/field-type-changed N.a"]);
    assert_eq!(found[0].line, 0, "it is no line of this text");
    for gone in ["/etc/hostname", "Cargo.toml", "../Cargo.toml", "src/lib.rs"] {
        let text = format!("syntax = \"proto3\"; import \"{gone}\"; message M {{}}");
        held(Kind::Protobuf, &file("message M {}"), &text, Mode::Full).expect_err("not there");
    }
}

#[test]
fn hostile_files_end_soon() {
    let deep = format!("message M {{ {} {} }}", "message M {".repeat(5_000), "}".repeat(5_000));
    held(Kind::Protobuf, &file(&deep), &file("message M {}"), Mode::Full).expect_err("too deep");
    let chain = |end: &str| {
        let one = |index: usize| format!("message M{index} {{ M{} a = 1; M{index} b = 2; }}", index + 1);
        file(&format!("{} message M5000 {{ {end} a = 1; }}", (0..5_000).map(one).collect::<String>()))
    };
    let found = breaks(Kind::Protobuf, &chain("int32"), &chain("string"), Mode::Backward);
    assert_eq!(short(&found), ["← protobuf/field-type-changed M5000.a"]);
}

#[test]
fn a_report_reads_well() {
    let old = file(
        "message Issued {\n  string event_id = 1;\n  int64 amount = 2;\n  string note = 3;\n  Status status = 4;\n  string customer = 5;\n}\nenum Status {\n  UNKNOWN = 0;\n  OPEN = 1;\n  PAID = 2;\n}",
    );
    let new = file(
        "message Issued {\n  string event_id = 1;\n  string amount = 2;\n  repeated string note = 3;\n  Status status = 4;\n  string customer_id = 5;\n}\nenum Status {\n  UNKNOWN = 0;\n  OPENED = 1;\n}",
    );
    let found: Vec<Break> = breaks(Kind::Protobuf, &old, &new, Mode::Full);
    assert_eq!(found.iter().filter(|one| one.direction == Direction::Backward).count() * 2, found.len());
    insta::assert_snapshot!(report(&found));
}
