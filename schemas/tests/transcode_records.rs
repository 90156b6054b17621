//! Records, their defaults and their names, and unions in each dialect of a contract.

mod transcode_kit;

use apache_avro::Decimal;
use apache_avro::types::Value;
use forebay_schemas::contract::{Unions, UnknownFields};
use forebay_schemas::encoder::Fault;
use transcode_kit::rows::{accepts, accepts_under, branch, refuses, refuses_under, string, with_unions};
use transcode_kit::{avro, bytes, encoder, through};

#[test]
fn record_order_defaults_and_nulls() {
    let schema = r#"{"type": "record", "name": "R", "fields": [
        {"name": "a", "type": "int"},
        {"name": "b", "type": "string", "default": "none"},
        {"name": "c", "type": ["null", "long"]},
        {"name": "d", "type": ["long", "null"], "default": 4},
        {"name": "e", "type": {"type": "array", "items": "int"}, "aliases": ["f"]}
    ]}"#;
    let record = |b: &str, c: Value, d: i64| {
        Value::Record(vec![
            ("a".to_owned(), Value::Int(1)),
            ("b".to_owned(), string(b)),
            ("c".to_owned(), c),
            ("d".to_owned(), branch(0, Value::Long(d))),
            ("e".to_owned(), Value::Array(vec![Value::Int(7)])),
        ])
    };
    let null = branch(0, Value::Null);
    let long = |value| branch(1, Value::Long(value));
    let rows = [
        (r#"{"a":1,"b":"x","c":2,"d":3,"e":[7]}"#, record("x", long(2), 3)),
        (r#"{"e":[7],"d":3,"c":2,"b":"x","a":1}"#, record("x", long(2), 3)),
        (r#"{"a":1,"e":[7]}"#, record("none", null.clone(), 4)),
        (r#"{"e":[7],"a":1}"#, record("none", null.clone(), 4)),
        (r#"{"a":1,"d":3,"b":"x","e":[7]}"#, record("x", null.clone(), 3)),
        (r#"{"a":1,"e":[7],"b":"x","c":{"long":2}}"#, record("x", long(2), 4)),
        (r#"{"\u0061":1,"e":[7],"c":null}"#, record("none", null.clone(), 4)),
    ];
    accepts(schema, &rows);
    let unknown = [r#"{"a":1,"e":[7],"z":0}"#, r#"{"z":{"y":[]},"a":1,"zz":0,"e":[7]}"#, r#"{"a":1,"e":[7],"f":[8]}"#];
    refuses(schema, &["{}", r#"{"a":1}"#, "[]", "null", r#"{"a":null,"e":[7]}"#]);
    refuses(schema, &unknown);

    let mut dropping = avro();
    dropping.value.unknown_fields = UnknownFields::Drop;
    accepts_under(&dropping, schema, &unknown.map(|text| (text, record("none", null.clone(), 4))));
    accepts_under(&dropping, schema, &rows);
}

#[test]
fn duplicates_are_refused_at_every_level() {
    let mut dropping = avro();
    dropping.value.unknown_fields = UnknownFields::Drop;
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"a","type":"int","default":1},{"name":"b","type":"int","default":1},
        {"name":"m","type":{"type":"map","values":"int"},"default":{}}]}"#;
    let encoder = encoder(&dropping, schema);
    for (text, at) in [
        (r#"{"a":1,"a":2}"#, "/a"),
        (r#"{"b":1,"a":2,"b":3}"#, "/b"),
        (r#"{"a":1,"b":2,"\u0061":2}"#, "/a"),
        (r#"{"m":{"x":1,"x":2}}"#, "/m/x"),
        (r#"{"z":1,"z":2}"#, "/z"),
        (r#"{"z":[0,{"y":1,"\u0079":2}]}"#, "/z/1/y"),
        (r#"{"z":"\ud800"}"#, "/z"),
    ] {
        let outcome = bytes(&encoder, text);
        assert!(matches!(&outcome, Err(Fault::Ambiguous { pointer, .. }) if pointer == at), "{text}: {outcome:?}");
    }
}

#[test]
fn defaults_are_read_as_the_specification_reads_them() {
    let schema = r#"{"type":"record","name":"R","namespace":"n","fields":[
        {"name":"bytes","type":"bytes","default":"\u00ff\u0000"},
        {"name":"decimal","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2},"default":"\u0004\u00d2"},
        {"name":"day","type":{"type":"int","logicalType":"date"},"default":3},
        {"name":"float","type":"float","default":0.1},
        {"name":"nan","type":"double","default":"NaN"},
        {"name":"first","type":["string","null"],"default":"s"},
        {"name":"list","type":{"type":"array","items":["int","null"]},"default":[1,2]},
        {"name":"map","type":{"type":"map","values":"long"},"default":{"k":-1}},
        {"name":"suit","type":{"type":"enum","name":"Suit","symbols":["A","B"]},"default":"B"},
        {"name":"inner","type":{"type":"record","name":"Inner","fields":[
            {"name":"x","type":"int"},{"name":"y","type":"Suit","default":"A"}]},"default":{"x":5}},
        {"name":"fixed","type":{"type":"fixed","name":"Two","size":2},"default":"ab"}
    ]}"#;
    let Ok(Value::Record(fields)) = through(&avro(), schema, "{}") else { unreachable!("a record") };
    let fields: Vec<Value> = fields.into_iter().map(|(_, value)| value).collect();
    assert!(matches!(fields[4], Value::Double(nan) if nan.is_nan()));
    let enumeration = |index: u32, symbol: &str| Value::Enum(index, symbol.to_owned());
    let expected = [
        Value::Bytes(vec![255, 0]),
        Value::Decimal(Decimal::from([0x04, 0xD2])),
        Value::Date(3),
        Value::Float(0.1),
        fields[4].clone(),
        branch(0, string("s")),
        Value::Array(vec![branch(0, Value::Int(1)), branch(0, Value::Int(2))]),
        Value::Map([("k".to_owned(), Value::Long(-1))].into()),
        enumeration(1, "B"),
        Value::Record(vec![("x".to_owned(), Value::Int(5)), ("y".to_owned(), enumeration(0, "A"))]),
        Value::Fixed(2, b"ab".to_vec()),
    ];
    for (found, expected) in fields.iter().zip(&expected).filter(|(found, _)| !matches!(found, Value::Double(_))) {
        assert_eq!(found, expected);
    }
}

#[test]
fn plain_unions_take_the_first_branch_that_accepts_the_whole_value() {
    let plain = with_unions(Unions::Plain);
    accepts_under(&plain, r#"["string","double"]"#, &[("\"NaN\"", branch(0, string("NaN")))]);
    accepts_under(
        &plain,
        r#"["int","long","double"]"#,
        &[
            ("1", branch(0, Value::Int(1))),
            ("3000000000", branch(1, Value::Long(3_000_000_000))),
            ("1.5", branch(2, Value::Double(1.5))),
        ],
    );
    let suit = r#"["null",{"type":"enum","name":"E","symbols":["A"]},"string"]"#;
    accepts_under(
        &plain,
        suit,
        &[
            ("\"A\"", branch(1, Value::Enum(0, "A".to_owned()))),
            ("\"B\"", branch(2, string("B"))),
            ("null", branch(0, Value::Null)),
        ],
    );
    let records = r#"[{"type":"record","name":"A","fields":[{"name":"x","type":"int"}]},
        {"type":"record","name":"B","fields":[{"name":"x","type":"int"},{"name":"y","type":"int"}]},
        {"type":"map","values":"string"}]"#;
    let x = ("x".to_owned(), Value::Int(1));
    accepts_under(
        &plain,
        records,
        &[
            (r#"{"x":1}"#, branch(0, Value::Record(vec![x.clone()]))),
            (r#"{"x":1,"y":2}"#, branch(1, Value::Record(vec![x, ("y".to_owned(), Value::Int(2))]))),
            (r#"{"x":"1"}"#, branch(2, Value::Map([("x".to_owned(), string("1"))].into()))),
            (r#"{"A":"1"}"#, branch(2, Value::Map([("A".to_owned(), string("1"))].into()))),
        ],
    );
    refuses_under(&plain, records, &[r#"{"A":{"x":1}}"#, "null", "[]", r#"{"x":true}"#]);
}

#[test]
fn tagged_unions() {
    let schema = r#"["null","string",{"type":"array","items":"int"},{"type":"map","values":["null","int"]},
        {"type":"record","name":"A","namespace":"n.s","fields":[{"name":"x","type":"int"}]},
        {"type":"long","logicalType":"timestamp-millis"}]"#;
    let record = branch(4, Value::Record(vec![("x".to_owned(), Value::Int(1))]));
    let rows = [
        ("null", branch(0, Value::Null)),
        (r#"{"string":"s"}"#, branch(1, string("s"))),
        (r#"{ "array" : [ 1 ] }"#, branch(2, Value::Array(vec![Value::Int(1)]))),
        (r#"{"map":{"k":{"int":1}}}"#, branch(3, Value::Map([("k".to_owned(), branch(1, Value::Int(1)))].into()))),
        (r#"{"n.s.A":{"x":1}}"#, record.clone()),
        (r#"{"long":7}"#, branch(5, Value::TimestampMillis(7))),
    ];
    accepts_under(&with_unions(Unions::Tagged), schema, &rows);
    accepts(schema, &rows);
    refuses_under(
        &with_unions(Unions::Tagged),
        schema,
        &["\"s\"", "7", "[1]", r#"{"x":1}"#, r#"{"A":{"x":1}}"#, "{}", r#"{"string":"s","long":7}"#, r#"{"string":1}"#],
    );
    // Either: what reads as tagged is tagged, the rest is plain.
    accepts(
        schema,
        &[
            (r#"{"x":1}"#, branch(3, Value::Map([("x".to_owned(), branch(1, Value::Int(1)))].into()))),
            (r#"{"string":1}"#, branch(3, Value::Map([("string".to_owned(), branch(1, Value::Int(1)))].into()))),
            (
                r#"{"string":1,"b":null}"#,
                branch(
                    3,
                    Value::Map(
                        [("string".to_owned(), branch(1, Value::Int(1))), ("b".to_owned(), branch(0, Value::Null))]
                            .into(),
                    ),
                ),
            ),
            ("\"s\"", branch(1, string("s"))),
        ],
    );
    accepts(
        r#"["null",{"type":"record","name":"A","fields":[{"name":"x","type":"int"}]}]"#,
        &[
            (r#"{"x":1}"#, branch(1, Value::Record(vec![("x".to_owned(), Value::Int(1))]))),
            (r#"{"A":{"x":1}}"#, branch(1, Value::Record(vec![("x".to_owned(), Value::Int(1))]))),
        ],
    );
}

#[test]
fn names_resolve_and_types_recurse() {
    let schema = r#"{"type":"record","name":"Node","namespace":"tree","fields":[
        {"name":"id","type":{"type":"fixed","name":"Id","namespace":"ids","size":1}},
        {"name":"other","type":["null","ids.Id"]},
        {"name":"next","type":["null","Node"]},
        {"name":"children","type":{"type":"array","items":"tree.Node"},"default":[]}]}"#;
    let leaf = |next: Value| {
        Value::Record(vec![
            ("id".to_owned(), Value::Fixed(1, vec![0])),
            ("other".to_owned(), branch(0, Value::Null)),
            ("next".to_owned(), next),
            ("children".to_owned(), Value::Array(vec![])),
        ])
    };
    let inner = leaf(branch(0, Value::Null));
    accepts(
        schema,
        &[
            (r#"{"id":"AA=="}"#, inner.clone()),
            (r#"{"id":"AA==","next":{"id":"AA=="}}"#, leaf(branch(1, inner.clone()))),
            (r#"{"next":{"tree.Node":{"id":"AA=="}},"id":"AA=="}"#, leaf(branch(1, inner))),
        ],
    );
    let nested = |depth: usize| {
        format!("{}{}", r#"{"id":"AA==","next":"#.repeat(depth - 1), r#"{"id":"AA=="}"#) + &"}".repeat(depth - 1)
    };
    let encoder = encoder(&avro(), schema);
    assert!(bytes(&encoder, &nested(64)).is_ok());
    assert!(matches!(bytes(&encoder, &nested(65)), Err(Fault::Ambiguous { .. })));
}
