//! Key, id and time, picked out of events in every format; framing; and what compiling says of contracts that can't
//! work.

mod transcode_kit;

use forebay_schemas::contract::{BytesText, Contract, Format, Framing, KeyFormat, Unions};
use forebay_schemas::encoder::{Encoder, Fault, Scratch};
use transcode_kit::{avro, contract, encoder, key, pointer};

struct Facts {
    value: Vec<u8>,
    key: Option<Vec<u8>>,
    id: Option<String>,
    time: Option<i64>,
}

fn facts(encoder: &Encoder, text: &str) -> Result<Facts, Fault> {
    let mut arena = b"earlier".to_vec();
    let record = encoder.encode(text.as_bytes(), &mut arena, &mut Scratch::default())?;
    assert_eq!(record.value.start, 7);
    Ok(Facts {
        value: arena[record.value].to_vec(),
        key: record.key.map(|range| arena[range].to_vec()),
        id: record.id.map(|range| String::from_utf8(arena[range].to_vec()).expect("an id is text")),
        time: record.time_millis,
    })
}

fn key_of(contract: &Contract, schema: &str, text: &str) -> Option<Vec<u8>> {
    facts(&encoder(contract, schema), text).expect("an event").key
}

#[test]
fn keys_in_each_format() {
    let field = |kind: &str| format!(r#"{{"type":"record","name":"R","fields":[{{"name":"k","type":{kind}}}]}}"#);
    let keyed = |format| Contract { key: key("/k", format), ..avro() };
    let text = keyed(KeyFormat::String);
    assert_eq!(key_of(&text, &field("\"string\""), r#"{"k":"a\u00e9\"b"}"#), Some("aé\"b".into()));
    let suit = r#"{"type":"enum","name":"E","symbols":["A"]}"#;
    assert_eq!(key_of(&text, &field(suit), r#"{"k":"A"}"#), Some(b"A".to_vec()));
    let uuid = r#"{"type":"fixed","size":16,"name":"U","logicalType":"uuid"}"#;
    let spelt = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    assert_eq!(key_of(&text, &field(uuid), &format!(r#"{{"k":"{spelt}"}}"#)), Some(spelt.into()));
    assert_eq!(key_of(&keyed(KeyFormat::Int), &field("\"int\""), r#"{"k":-2}"#), Some(vec![255, 255, 255, 254]));
    assert_eq!(key_of(&keyed(KeyFormat::Long), &field("\"int\""), r#"{"k":1e2}"#), Some(100_i64.to_be_bytes().into()));
    assert_eq!(key_of(&keyed(KeyFormat::Int), &field("\"long\""), r#"{"k":7}"#), Some(7_i32.to_be_bytes().into()));
    assert_eq!(key_of(&keyed(KeyFormat::Bytes), &field("\"string\""), r#"{"k":"AP8="}"#), Some(vec![0, 255]));
    assert_eq!(key_of(&keyed(KeyFormat::Bytes), &field("\"bytes\""), r#"{"k":"AP8="}"#), Some(vec![0, 255]));
    let mut points = keyed(KeyFormat::Bytes);
    points.value.bytes = BytesText::CodePoints;
    assert_eq!(key_of(&points, &field("\"bytes\""), r#"{"k":"\u0000ÿ"}"#), Some(vec![0, 255]));
    let mut numerals = keyed(KeyFormat::Long);
    numerals.value.numeric_strings = true;
    assert_eq!(key_of(&numerals, &field("\"long\""), r#"{"k":"12"}"#), Some(12_i64.to_be_bytes().into()));

    let too_big = facts(&encoder(&keyed(KeyFormat::Int), &field("\"long\"")), r#"{"k":3000000000}"#);
    assert!(
        matches!(too_big, Err(Fault::Violation(list)) if list[0].pointer == "/k" && list[0].actual == "number out of range")
    );
    let not_base64 = facts(&encoder(&keyed(KeyFormat::Bytes), &field("\"string\"")), r#"{"k":"?"}"#);
    assert!(matches!(not_base64, Err(Fault::Violation(_))));
    for (event, schema) in [(r#"{"k":null}"#, r#"["null","string"]"#), ("{}", r#"["null","string"]"#)] {
        let missing = facts(&encoder(&text, &field(schema)), event);
        assert!(matches!(missing, Err(Fault::MissingKey { pointer }) if pointer == "/k"));
    }
    let other = facts(&encoder(&text, &field(r#"["null","long","string"]"#)), r#"{"k":1}"#);
    assert!(matches!(other, Err(Fault::Violation(list)) if list[0].actual == "number"));
}

#[test]
fn pointers_go_through_records_maps_arrays_and_unions() {
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"same","type":{"type":"record","name":"P","fields":[{"name":"x","type":"string"}]}},
        {"name":"list","type":{"type":"array","items":["null","P"]}},
        {"name":"map","type":{"type":"map","values":["null","long",{"type":"map","values":"string"}]}},
        {"name":"again","type":["null","P"],"default":null}]}"#;
    let text = r#"{"again":{"P":{"x":"e"}},"same":{"x":"a"},"list":[{"x":"b"},{"P":{"x":"c"}}],
        "map":{"m":{"n":"d"},"l":5,"a/b":6}}"#;
    for unions in [Unions::Either, Unions::Tagged] {
        for (from, format, expected) in [
            ("/same/x", KeyFormat::String, &b"a"[..]),
            ("/list/0/x", KeyFormat::String, b"b"),
            ("/list/1/x", KeyFormat::String, b"c"),
            ("/map/m/n", KeyFormat::String, b"d"),
            ("/again/x", KeyFormat::String, b"e"),
            ("/map/l", KeyFormat::Int, &[0, 0, 0, 5]),
            ("/map/a~1b", KeyFormat::Int, &[0, 0, 0, 6]),
        ] {
            let mut keyed = Contract { key: key(from, format), ..avro() };
            keyed.id = Some(pointer("/same/x"));
            keyed.value.unions = unions;
            let text = match unions {
                Unions::Tagged => text
                    .replace(r#"[{"x":"b"}"#, r#"[{"P":{"x":"b"}}"#)
                    .replace(r#"{"n":"d"}"#, r#"{"map":{"n":"d"}}"#)
                    .replace('5', r#"{"long":5}"#)
                    .replace('6', r#"{"long":6}"#),
                _ => text.to_owned(),
            };
            let facts = facts(&encoder(&keyed, schema), &text).expect(from);
            assert_eq!(facts.key.as_deref(), Some(expected), "{from}");
            assert_eq!(facts.id.as_deref(), Some("a"), "{from}");
        }
    }
}

#[test]
fn a_branch_that_was_only_tried_leaves_no_key() {
    let schema = r#"[{"type":"record","name":"A","fields":[{"name":"k","type":"string"},{"name":"x","type":"int"}]},
        {"type":"record","name":"B","fields":[{"name":"n","type":"int"},{"name":"k","type":["null","string"],"default":null}]}]"#;
    let keyed = Contract { key: key("/k", KeyFormat::String), ..avro() };
    let encoder = encoder(&keyed, schema);
    assert_eq!(facts(&encoder, r#"{"k":"a","n":1}"#).expect("B").key, Some(b"a".to_vec()));
    assert!(matches!(facts(&encoder, r#"{"n":1,"k":null}"#), Err(Fault::MissingKey { .. })));
}

#[test]
fn ids_and_times() {
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"id","type":["null","long","string"],"default":null},
        {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"},"string"],"default":null}]}"#;
    let mut contract = avro();
    contract.id = Some(pointer("/id"));
    contract.time = Some(pointer("/at"));
    let avro = encoder(&contract, schema);
    let json = Encoder::compile(
        &Contract { id: contract.id, time: contract.time, ..transcode_kit::contract(Format::Json) },
        &transcode_kit::material(None),
    )
    .expect("a contract");
    for (text, id, of_avro, of_json) in [
        (r#"{"id":"x","at":"1970-01-01T00:00:01.5Z"}"#, "x", Some(1500), Some(1500)),
        (r#"{"at":1999,"id":-12}"#, "-12", Some(1), Some(1999)),
        (r#"{"id":1e2,"at":-1}"#, "100", Some(-1), Some(-1)),
        (r#"{"id":"é\n","at":null}"#, "é\n", None, None),
        (r#"{"id":7}"#, "7", None, None),
    ] {
        let found = facts(&avro, text).expect("an event");
        assert_eq!((found.id.as_deref(), found.time), (Some(id), of_avro), "{text}");
        let found = facts(&json, text).expect("an event");
        assert_eq!((found.id.as_deref(), found.time), (Some(id), of_json), "{text}");
        assert_eq!(found.value, text.as_bytes());
    }
    for (text, at) in [(r#"{"at":1}"#, "/id"), (r#"{"id":null}"#, "/id"), (r#"{"id":"x","at":"yesterday"}"#, "/at")] {
        for encoder in [&avro, &json] {
            let outcome = facts(encoder, text).map(|facts| facts.id);
            assert!(matches!(&outcome, Err(Fault::Violation(list)) if list[0].pointer == at), "{text}: {outcome:?}");
        }
    }
    let digits = "123456789012345678901234567890";
    assert_eq!(facts(&json, &format!(r#"{{"id":{digits}}}"#)).expect("an event").id.as_deref(), Some(digits));
    for text in [r#"{"id":1.5}"#, r#"{"id":true}"#, r#"{"id":{}}"#, "[]", "3"] {
        assert!(matches!(facts(&json, text), Err(Fault::Violation(_))), "{text}");
    }
}

#[test]
fn json_strings_and_bytes_are_stored_as_they_are() {
    let json = Encoder::compile(&contract(Format::Json), &transcode_kit::material(None)).expect("a contract");
    let text = " {\"a\" : 1e400, \"b\":[1.0000000000000000000000000000000001]}\n";
    assert_eq!(facts(&json, text).expect("JSON").value, text.trim().as_bytes());
    assert!(
        matches!(facts(&json, r#"{"a":{"b":1,"b":2}}"#), Err(Fault::Ambiguous { pointer, .. }) if pointer == "/a/b")
    );

    let string = Encoder::compile(&contract(Format::String), &transcode_kit::material(None)).expect("a contract");
    assert_eq!(facts(&string, r#" "a\u00e9😀" "#).expect("a string").value, "aé😀".as_bytes());
    assert!(matches!(facts(&string, "1"), Err(Fault::Violation(list)) if list[0].expected == "a string"));
    assert!(matches!(facts(&string, "\"a\" 1"), Err(Fault::Syntax { offset: 4, .. })));
    assert!(matches!(facts(&string, r#""\udc00""#), Err(Fault::Ambiguous { .. })));

    let mut points = contract(Format::Bytes);
    points.key = key("", KeyFormat::Bytes);
    let base64 = Encoder::compile(&points, &transcode_kit::material(None)).expect("a contract");
    let found = facts(&base64, r#""AP8""#).expect("base64");
    assert_eq!((found.value.as_slice(), found.key.as_deref()), (&[0, 255][..], Some(&[0, 255][..])));
    points.value.bytes = BytesText::CodePoints;
    points.value.framing = Framing::Confluent;
    let framed = Encoder::compile(&points, &transcode_kit::material(Some(""))).expect("a contract");
    assert_eq!(facts(&framed, r#""ÿ""#).expect("bytes").value, [0, 1, 2, 3, 4, 255]);
    assert!(matches!(facts(&framed, r#""Ā""#), Err(Fault::Violation(_))));
}

fn problems(contract: &Contract, schema: Option<&str>) -> Vec<String> {
    Encoder::compile(contract, &transcode_kit::material(schema))
        .err()
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn pointers_that_lead_nowhere_are_problems() {
    let schema =
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"double"},{"name":"b","type":["null","int"]}]}"#;
    let with = |from: &str, format| problems(&Contract { key: key(from, format), ..avro() }, Some(schema));
    assert_eq!(
        with("/c", KeyFormat::String),
        [
            "catalog/t/contract.yaml:7: /key/from: expected a pointer to a field of the schema, found `/c`, which leads to none"
        ]
    );
    assert_eq!(
        with("/a", KeyFormat::Int),
        [
            "catalog/t/contract.yaml:7: /key/from: expected a field that is an int or a long, found `/a`, which leads to a number that a double holds"
        ]
    );
    assert_eq!(with("/b", KeyFormat::Long), Vec::<String>::new());
    assert_eq!(with("/b/c", KeyFormat::Long).len(), 1);
    assert_eq!(with("/b", KeyFormat::String).len(), 1);
    assert_eq!(with("", KeyFormat::String).len(), 1);
    let string = Contract { key: key("/a", KeyFormat::String), id: Some(pointer("/b")), ..contract(Format::String) };
    assert_eq!(problems(&string, None).len(), 2);
    assert_eq!(problems(&Contract { key: key("", KeyFormat::Int), ..contract(Format::String) }, None).len(), 1);
    assert_eq!(problems(&avro(), None).len(), 1);
}

#[test]
fn schemas_that_are_none_are_problems_of_their_file() {
    let record = |fields: &str| format!("{{\n\"type\":\"record\",\"name\":\"R\",\n\"fields\":[\n{fields}\n]}}");
    let cases = [
        ("{\n  \"type\": int }".to_owned(), "catalog/t/t.avsc:2: expected JSON: a JSON value, found something else"),
        (
            r#"{"type":"int","type":"long"}"#.to_owned(),
            "catalog/t/t.avsc:1: /type: expected JSON with one meaning, found this member's name occurs more than once in its object",
        ),
        (
            "7".to_owned(),
            "catalog/t/t.avsc:1: expected a schema: a name, an object or a list of branches, found a number",
        ),
        ("[]".to_owned(), "catalog/t/t.avsc:1: expected a union of 1 to 256 branches, found 0"),
        (
            record("{\"name\":\"a\",\"type\":\"int\"},\n{\"name\":\"b\",\"type\":\"int\",\"default\":\"x\"}"),
            "catalog/t/t.avsc:5: /fields/1/default: expected a number, found a string",
        ),
        (
            record(r#"{"name":"b","type":["null","int"],"default":1}"#),
            "catalog/t/t.avsc:4: /fields/0/default: expected null, found a number",
        ),
        (
            record(r#"{"name":"b","type":"int","default":1.5}"#),
            "catalog/t/t.avsc:4: /fields/0/default: expected an int, found another number",
        ),
        (
            record(r#"{"name":"b","type":"R","default":{}}"#),
            "catalog/t/t.avsc:4: /fields/0/default: expected a default that does not rest on itself, found a circle",
        ),
        (record("7"), "catalog/t/t.avsc:4: /fields/0: expected a field: an object, found a number"),
        (
            record(r#"{"name":"b","type":{"type":"record","name":"X"}}"#),
            "catalog/t/t.avsc:4: /fields/0/type: expected a list `fields`, found none",
        ),
        (
            record(r#"{"name":"b","type":{"type":"enum","name":"X","symbols":[]}}"#),
            "catalog/t/t.avsc:4: /fields/0: expected an enum with symbols, found none",
        ),
        (
            record(r#"{"name":"b","type":{"type":"fixed","name":"R","size":1}}"#),
            "catalog/t/t.avsc:4: /fields/0: expected one definition of each name, found a second `R`",
        ),
        (
            record(r#"{"name":"b","type":{"type":"bytes","logicalType":"decimal","precision":5000}}"#),
            "catalog/t/t.avsc:4: /fields/0: expected a decimal of at most 1000 digits, found a precision of 5000",
        ),
    ];
    for (schema, expected) in cases {
        assert_eq!(problems(&avro(), Some(&schema)), [expected], "{schema}");
    }
    for schema in [r#""strin""#, r#"["int","int"]"#, r#"{"type":"record","name":"1","fields":[]}"#, r#"[["null"]]"#] {
        assert_eq!(problems(&avro(), Some(schema)).len(), 1, "{schema}");
    }
}

#[test]
fn hostile_schemas_are_refused_or_cheap() {
    let deep = format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(100_000), "}".repeat(100_000));
    assert_eq!(problems(&avro(), Some(&deep)).len(), 1);
    let within = format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(60), "}".repeat(60));
    assert_eq!(problems(&avro(), Some(&within)), Vec::<String>::new());
    let branches: Vec<String> =
        (0..10_000).map(|number| format!(r#"{{"type":"fixed","name":"F{number}","size":1}}"#)).collect();
    assert_eq!(problems(&avro(), Some(&format!("[{}]", branches.join(",")))).len(), 1);
    // Each record's default holds the next one's twice.
    let doubling = (0..19).fold(r#"{"type":"record","name":"L","fields":[{"name":"x","type":"long","default":1}]}"#.to_owned(), |inner, level| {
        let name = if level == 0 { "L".to_owned() } else { format!("D{}", level - 1) };
        format!(r#"{{"type":"record","name":"D{level}","fields":[{{"name":"a","type":{inner},"default":{{}}}},{{"name":"b","type":"{name}","default":{{}}}}]}}"#)
    });
    assert!(problems(&avro(), Some(&doubling)).len() <= 2);
    // A schema that says a type's name where a definition belongs.
    let copies = r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record"}}]}"#;
    assert_eq!(problems(&avro(), Some(copies)).len(), 1);
}

#[test]
fn a_schema_of_seven_thousand_types_compiles() {
    let field = |number: usize| {
        format!(
            r#"{{"name":"f{number}","type":{{"type":"record","name":"R{number}","fields":[{{"name":"x","type":["null","string"],"default":null}}]}},"default":{{}}}}"#
        )
    };
    let fields: Vec<String> = (0..7_000).map(field).collect();
    let schema = format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","));
    assert!(facts(&encoder(&avro(), &schema), "{}").is_ok());
}
