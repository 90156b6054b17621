//! What is said of an event that is refused: which fault weighs most, where, what was expected, what kind stood there.

mod transcode_kit;

use forebay_schemas::contract::{Format, KeyFormat, UnknownFields};
use forebay_schemas::encoder::{Encoder, Fault, Mismatch, Scratch};
use transcode_kit::{avro, bytes, contract, encoder, key, material, pointer};

const SCHEMA: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"id","type":"string"},
    {"name":"unit","type":{"type":"enum","name":"Unit","symbols":["KWH","MWH"]}},
    {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
    {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[{"name":"n","type":"int"}]}},"default":[]},
    {"name":"tags","type":{"type":"map","values":"boolean"},"default":{}},
    {"name":"maybe","type":["null","Line","string"],"default":null}
]}"#;

const GOOD: &str = r#"{"id":"a","unit":"KWH","price":"1.50","at":"2026-11-21T14:03:00Z"}"#;

fn report(encoder: &Encoder, text: &str) -> Vec<(String, String, &'static str)> {
    match bytes(encoder, text) {
        Err(Fault::Violation(list)) => {
            list.into_iter().map(|Mismatch { pointer, expected, actual }| (pointer, expected, actual)).collect()
        }
        other => vec![(format!("{other:?}"), String::new(), "no violation")],
    }
}

fn one(text: &str) -> (String, String, &'static str) {
    let mut list = report(&encoder(&avro(), SCHEMA), text);
    assert_eq!(list.len(), 1, "{list:?}");
    list.remove(0)
}

#[test]
fn each_mismatch_has_its_place_and_no_value() {
    let cases = [
        (GOOD.replace("\"a\"", "1"), ("/id", "a string", "number")),
        (GOOD.replace("KWH", "GWH"), ("/unit", "one of: KWH, MWH", "string")),
        (
            GOOD.replace("1.50", "1.505"),
            ("/price", "a decimal numeral with at most 2 digits after the point and 9 digits in all", "string"),
        ),
        (
            GOOD.replace("00Z", "00"),
            ("/at", "a timestamp with an offset (RFC 3339), or a count of milliseconds since 1970", "string"),
        ),
        (GOOD.replace(r#""id":"a","#, ""), ("/id", "a string", "missing")),
        (GOOD.replace("\"id\"", "\"id\":\"b\",\"a/~b\""), ("/a~1~0b", "a field the schema knows", "unknown member")),
        (GOOD.replace('{', r#"{"lines":[{"n":1},{"n":"2"}],"#), ("/lines/1/n", "a whole number of 32 bits", "string")),
        (GOOD.replace('{', r#"{"lines":{},"#), ("/lines", "an array", "object")),
        (GOOD.replace('{', r#"{"tags":{"x":true,"y":null},"#), ("/tags/y", "true or false", "null")),
        (GOOD.replace('{', r#"{"maybe":5,"#), ("/maybe", "null, or an object, or a string", "number")),
        (GOOD.replace('{', r#"{"maybe":{"n":"x"},"#), ("/maybe/n", "a whole number of 32 bits", "string")),
        (GOOD.replace('{', r#"{"maybe":{"Line":{"n":null}},"#), ("/maybe/Line/n", "a whole number of 32 bits", "null")),
        ("[]".to_owned(), ("", "an object", "array")),
    ];
    for (text, (pointer, expected, actual)) in cases {
        assert_eq!(one(&text), (pointer.to_owned(), expected.to_owned(), actual), "{text}");
    }
}

#[test]
fn a_number_that_is_none_of_the_wanted_says_why() {
    let logical = |base: &str, name: &str| format!(r#"{{"type":"{base}","logicalType":"{name}"}}"#);
    let (fraction, range) = ("number with a fraction", "number out of range");
    let cases: [(&str, &[(&str, &str)]); 9] = [
        (
            r#""int""#,
            &[("100.5", fraction), ("1e-999999999999999", fraction), ("2147483648", range), ("true", "boolean")],
        ),
        (r#""long""#, &[("1.5e0", fraction), ("9223372036854775808", range), ("-1e99", range), ("\"1.5\"", "string")]),
        (r#"["null","long"]"#, &[("0.1", fraction), ("1e19", range)]),
        (&logical("int", "date"), &[("0.5", fraction), ("3000000000", range)]),
        (&logical("int", "time-millis"), &[("0.5", fraction), ("-1", range), ("86400000", range)]),
        (&logical("long", "time-micros"), &[("86400000000", range)]),
        (&logical("long", "timestamp-millis"), &[("0.5", fraction), ("1e19", range)]),
        (r#""string""#, &[("0.5", "number")]),
        (r#"["null","string"]"#, &[("0.5", "number")]),
    ];
    for (schema, texts) in cases {
        let encoder = encoder(&avro(), schema);
        for (text, kind) in texts {
            let found = report(&encoder, text);
            assert_eq!(found.iter().map(|(.., actual)| *actual).collect::<Vec<_>>(), [*kind], "{text} as {schema}");
        }
    }
}

#[test]
fn a_number_that_is_no_key_id_or_time_says_why() {
    let mut contract = contract(Format::Json);
    contract.key = key("/key", KeyFormat::Int);
    contract.id = Some(pointer("/id"));
    contract.time = Some(pointer("/time"));
    let encoder = Encoder::compile(&contract, &material(None)).expect("nothing to compile");
    let kinds = |text| report(&encoder, text).into_iter().map(|(.., kind)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(r#"{"key":1.5,"id":2.5,"time":3.5}"#), ["number with a fraction"; 3]);
    assert_eq!(kinds(r#"{"key":2147483648,"id":1e19,"time":1e19}"#), ["number out of range"; 3]);
    contract.key = key("/key", KeyFormat::String);
    let encoder = Encoder::compile(&contract, &material(None)).expect("nothing to compile");
    assert_eq!(report(&encoder, r#"{"key":1.5,"id":"a"}"#)[0].2, "number");
}

#[test]
fn every_mismatch_is_listed_up_to_twenty() {
    let encoder = encoder(&avro(), SCHEMA);
    let all = report(&encoder, r#"{"unit":1,"x":{"y":[]},"lines":[{},7],"tags":[],"price":true}"#);
    let places: Vec<&str> = all.iter().map(|(pointer, ..)| pointer.as_str()).collect();
    assert_eq!(places, ["/unit", "/x", "/lines/0/n", "/lines/1", "/tags", "/price", "/id", "/at"]);
    let many = format!(r#"{{"lines":[{}]}}"#, ["{}"; 30].join(","));
    assert_eq!(report(&encoder, &many).len(), 20);
}

#[test]
fn the_branch_that_got_furthest_is_reported() {
    let schema = r#"["null",
        {"type":"record","name":"A","fields":[{"name":"kind","type":{"type":"enum","name":"KA","symbols":["a"]}},{"name":"x","type":"int"}]},
        {"type":"record","name":"B","fields":[{"name":"kind","type":{"type":"enum","name":"KB","symbols":["b"]}},{"name":"x","type":"int"}]}]"#;
    let found = report(&encoder(&avro(), schema), r#"{"kind":"b","x":"1"}"#);
    assert_eq!(found, [("/x".to_owned(), "a whole number of 32 bits".to_owned(), "string")]);
}

#[test]
fn long_names_are_cut() {
    let (pointer, ..) = one(&GOOD.replace("\"id\"", &format!("\"id\":\"b\",\"{}\"", "é".repeat(1000))));
    assert_eq!(pointer, format!("/{}…", "é".repeat(128)));
}

#[test]
fn the_heaviest_fault_wins() {
    let mut contract = avro();
    contract.key = key("/id", KeyFormat::String);
    contract.value.unknown_fields = UnknownFields::Drop;
    let schema = SCHEMA.replacen("\"string\"", "[\"null\",\"string\"]", 1);
    let encoder = encoder(&contract, &schema);
    let syntax = |text: &str| matches!(bytes(&encoder, text), Err(Fault::Syntax { .. }));
    let ambiguous = |text: &str| matches!(bytes(&encoder, text), Err(Fault::Ambiguous { .. }));
    let missing = GOOD.replace("\"a\"", "null");
    assert_eq!(bytes(&encoder, &missing), Err(Fault::MissingKey { pointer: "/id".to_owned() }));
    let violation = missing.replace("KWH", "GWH");
    assert!(matches!(bytes(&encoder, &violation), Err(Fault::Violation(_))));
    let duplicate = violation.replace('{', r#"{"z":1,"z":2,"#);
    assert!(ambiguous(&duplicate));
    assert!(ambiguous(&violation.replace('{', &format!("{{\"z\":{}{},", "[".repeat(100), "]".repeat(100)))));
    assert!(syntax(&duplicate.replace('}', ",}")));
    assert!(syntax(&format!("{duplicate}x")));
    assert!(syntax(&violation.replace('{', &format!("{{\"z\":{}{},", "[".repeat(100), "]".repeat(99)))));
}

#[test]
fn syntax_errors_say_where() {
    let encoder = Encoder::compile(&contract(Format::Json), &material(None)).expect("nothing to compile");
    let cases: [(&[u8], usize, &str); 18] = [
        (b"", 0, "a JSON value"),
        (b" ", 1, "a JSON value"),
        (b"\xef\xbb\xbf{}", 0, "JSON text without a byte order mark"),
        (b"\"\xff\"", 1, "UTF-8"),
        (b"NaN", 0, "a JSON value"),
        (b"nul", 0, "`null`"),
        (b"truth", 0, "`true`"),
        (b"01", 1, "no digit after a leading zero"),
        (b"1.", 2, "a digit"),
        (b"-", 1, "a digit"),
        (b"1e+", 3, "a digit"),
        (b"{\"a\" 1}", 5, "`:`"),
        (b"{\"a\":1,}", 7, "a member's name"),
        (b"{a:1}", 1, "a member's name or `}`"),
        (b"[1,]", 3, "a JSON value"),
        (b"[1 2]", 3, "`,` or `]`"),
        (b"\"\\x\"", 2, "one of `\"\\/bfnrtu` after `\\`"),
        (b"\"a\nb\"", 2, "an escape in place of a control character"),
    ];
    for (text, offset, expected) in cases {
        let outcome = encoder.encode(text, &mut Vec::new(), &mut Scratch::default());
        assert_eq!(outcome, Err(Fault::Syntax { offset, expected }), "{}", text.escape_ascii());
    }
}

#[test]
fn mismatches_of_key_id_and_time_join_the_list() {
    let mut contract = avro();
    contract.id = Some(pointer("/maybe"));
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"unit","type":"int"},{"name":"maybe","type":["null","string"]}]}"#;
    let encoder = encoder(&contract, schema);
    let places = |text| report(&encoder, text).into_iter().map(|(at, _, kind)| (at, kind)).collect::<Vec<_>>();
    assert_eq!(places(r#"{"unit":1}"#), [("/maybe".to_owned(), "missing")]);
    assert_eq!(places(r#"{"unit":"1"}"#), [("/unit".to_owned(), "string"), ("/maybe".to_owned(), "missing")]);
    assert_eq!(places(r#"{"unit":"1","maybe":7}"#), [("/unit".to_owned(), "string"), ("/maybe".to_owned(), "number")]);
}

/// Nothing but a string is taken where the record's value is one.
#[test]
fn what_is_no_string_is_none_whatever_it_holds() {
    let others = [
        (r#"{"a":1}"#, "object"),
        (r#"{ "a": "b" }"#, "object"),
        (r#"[[1, "k"]]"#, "array"),
        ("12", "number"),
        ("null", "null"),
        ("true", "boolean"),
    ];
    for format in [Format::String, Format::Bytes] {
        let encoder = Encoder::compile(&contract(format), &material(None)).expect("a contract");
        for (text, kind) in others {
            assert_eq!(report(&encoder, text), [(String::new(), "a string".to_owned(), kind)], "{format:?} {text}");
        }
        assert_eq!(
            bytes(&encoder, " \"AAAA\" ").map(|value| value.len()),
            Ok(if format == Format::String { 4 } else { 3 })
        );
    }
}
