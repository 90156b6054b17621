//! Each row of the mapping from JSON to Avro, both ways: what is accepted becomes this value, what is refused says
//! so.

mod transcode_kit;

use apache_avro::types::Value;
use apache_avro::{Days, Decimal, Duration, Millis, Months, Uuid};
use forebay_schemas::contract::{BytesText, Contract, Unions, UnknownFields};
use forebay_schemas::encoder::Fault;
use transcode_kit::{avro, bytes, encoder, through};

fn accepts(schema: &str, rows: &[(&str, Value)]) {
    accepts_under(&avro(), schema, rows);
}

fn accepts_under(contract: &Contract, schema: &str, rows: &[(&str, Value)]) {
    for (text, value) in rows {
        assert_eq!(through(contract, schema, text).as_ref(), Ok(value), "{text} as {schema}");
    }
}

fn refuses(schema: &str, texts: &[&str]) {
    refuses_under(&avro(), schema, texts);
}

fn refuses_under(contract: &Contract, schema: &str, texts: &[&str]) {
    for text in texts {
        let outcome = through(contract, schema, text);
        assert!(matches!(outcome, Err(Fault::Violation(_))), "{text} as {schema}: {outcome:?}");
    }
}

fn code_points() -> Contract {
    let mut contract = avro();
    contract.value.bytes = BytesText::CodePoints;
    contract
}

fn with_unions(unions: Unions) -> Contract {
    let mut contract = avro();
    contract.value.unions = unions;
    contract
}

fn branch(index: u32, value: Value) -> Value {
    Value::Union(index, Box::new(value))
}

fn string(text: &str) -> Value {
    Value::String(text.to_owned())
}

#[test]
fn null_and_boolean() {
    accepts(r#""null""#, &[("null", Value::Null)]);
    accepts(r#""boolean""#, &[(" true ", Value::Boolean(true)), ("false", Value::Boolean(false))]);
    refuses(r#""null""#, &["0", "\"\"", "false", "{}", "[]"]);
    refuses(r#""boolean""#, &["0", "\"true\"", "null", "{}", "[]"]);
}

#[test]
fn int_and_long_in_any_spelling() {
    let spellings = ["1", "1.0", "1e0", "10e-1", "0.1e1", "100.00e-2", "1E+0", "0.0000000000000000000001e22"];
    for spelling in spellings {
        accepts(r#""int""#, &[(spelling, Value::Int(1))]);
        accepts(r#""long""#, &[(spelling, Value::Long(1))]);
    }
    accepts(
        r#""int""#,
        &[
            ("0", Value::Int(0)),
            ("-0", Value::Int(0)),
            ("-0.0", Value::Int(0)),
            ("0e999999999999999999999", Value::Int(0)),
            ("1e3", Value::Int(1000)),
            ("2147483647", Value::Int(i32::MAX)),
            ("-2147483648", Value::Int(i32::MIN)),
        ],
    );
    accepts(
        r#""long""#,
        &[
            ("9223372036854775807", Value::Long(i64::MAX)),
            ("-9223372036854775808", Value::Long(i64::MIN)),
            ("9007199254740993", Value::Long(9_007_199_254_740_993)),
            ("9.007199254740993e15", Value::Long(9_007_199_254_740_993)),
            ("999999999999999999", Value::Long(999_999_999_999_999_999)),
            ("1000000000000000000", Value::Long(1_000_000_000_000_000_000)),
        ],
    );
    refuses(r#""int""#, &["2147483648", "-2147483649", "1.5", "1e-1", "1e400", "\"1\"", "null", "true", "[1]"]);
    refuses(r#""long""#, &["9223372036854775808", "-9223372036854775809", "1e19", "1e99999999999999999999", "0.5"]);
}

#[test]
fn numerals_in_strings_where_the_contract_takes_them() {
    let mut contract = avro();
    contract.value.numeric_strings = true;
    accepts_under(&contract, r#""int""#, &[("\"12\"", Value::Int(12)), ("\"-7\"", Value::Int(-7))]);
    accepts_under(&contract, r#""long""#, &[("\"9223372036854775807\"", Value::Long(i64::MAX))]);
    accepts_under(&contract, r#"["null","long"]"#, &[("\"5\"", branch(1, Value::Long(5)))]);
    refuses_under(
        &contract,
        r#""int""#,
        &["\"2147483648\"", "\"1.0\"", "\"1e3\"", "\" 1\"", "\"\"", "\"+1\"", "\"01\""],
    );
    refuses_under(&contract, r#""double""#, &["\"1\""]);
}

#[test]
fn floats_and_doubles() {
    accepts(
        r#""double""#,
        &[
            ("0.1", Value::Double(0.1)),
            ("1e-400", Value::Double(0.0)),
            ("123", Value::Double(123.0)),
            ("9007199254740992", Value::Double(9_007_199_254_740_992.0)),
            ("9007199254740993.0", Value::Double(9_007_199_254_740_992.0)),
            ("\"Infinity\"", Value::Double(f64::INFINITY)),
            ("\"-Infinity\"", Value::Double(f64::NEG_INFINITY)),
        ],
    );
    accepts(
        r#""float""#,
        &[
            ("0.1", Value::Float(0.1)),
            ("16777216", Value::Float(16_777_216.0)),
            // Through a double this would round to 1.0: twice to even.
            ("1.000000059604644775390625000000000000000001", Value::Float(1.000_000_1)),
            ("\"-Infinity\"", Value::Float(f32::NEG_INFINITY)),
        ],
    );
    assert!(matches!(through(&avro(), r#""double""#, "\"NaN\""), Ok(Value::Double(value)) if value.is_nan()));
    assert!(matches!(through(&avro(), r#""float""#, "\"NaN\""), Ok(Value::Float(value)) if value.is_nan()));
    let doubles =
        ["1e309", "-1e309", "9007199254740993", "100000000000000000000000", "\"nan\"", "\"1\"", "null", "true"];
    refuses(r#""double""#, &doubles);
    refuses(r#""float""#, &["1e39", "16777217", "-16777217", "\"inf\"", "[]"]);
}

#[test]
fn strings() {
    accepts(
        r#""string""#,
        &[
            (r#""""#, string("")),
            (r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z""#, string("a\"\\/\u{8}\u{c}\n\r\té😀z")),
            ("\"é😀 and more than sixteen bytes\"", string("é😀 and more than sixteen bytes")),
        ],
    );
    refuses(r#""string""#, &["1", "null", "true", "{}", "[]"]);
    let lone = bytes(&encoder(&avro(), r#""string""#), r#""\ud83d""#);
    assert!(matches!(lone, Err(Fault::Ambiguous { .. })), "{lone:?}");
}

#[test]
fn bytes_and_fixed_by_dialect() {
    let fixed = r#"{"type":"fixed","name":"F","size":3}"#;
    let three = Value::Fixed(3, vec![0, 255, 97]);
    accepts(r#""bytes""#, &[("\"AP9h\"", Value::Bytes(vec![0, 255, 97])), ("\"AA\"", Value::Bytes(vec![0]))]);
    accepts(r#""bytes""#, &[("\"AA==\"", Value::Bytes(vec![0])), ("\"\"", Value::Bytes(vec![]))]);
    accepts(fixed, &[("\"AP9h\"", three.clone())]);
    refuses(r#""bytes""#, &["\"A\"", "\"A===\"", "\"AP-_\"", "\"AP9h \"", "\"AB==\"", "[0]", "null"]);
    refuses(fixed, &["\"AA==\"", "\"AP9hAA==\"", "\"\""]);

    accepts_under(&code_points(), r#""bytes""#, &[(r#""\u0000ÿa""#, Value::Bytes(vec![0, 255, 97]))]);
    accepts_under(&code_points(), fixed, &[(r#""\u0000\u00ffa""#, three)]);
    refuses_under(&code_points(), r#""bytes""#, &["\"Ā\"", "\"😀\"", "1"]);
    refuses_under(&code_points(), fixed, &["\"ab\"", "\"abcd\""]);
}

#[test]
fn enums_have_no_default_for_writers() {
    let schema = r#"{"type":"enum","name":"E","symbols":["KWH","MWH"],"default":"KWH"}"#;
    accepts(
        schema,
        &[("\"MWH\"", Value::Enum(1, "MWH".to_owned())), (r#""\u004bWH""#, Value::Enum(0, "KWH".to_owned()))],
    );
    refuses(schema, &["\"GWH\"", "\"kwh\"", "\"\"", "1", "null"]);
}

#[test]
fn arrays_and_maps_of_any_length() {
    let schema = r#"{"type":"array","items":"int"}"#;
    for length in [0, 1, 63, 64, 65, 8191, 8192] {
        let numbers: Vec<String> = (0..length).map(|number| number.to_string()).collect();
        let items = (0..length).map(Value::Int).collect();
        accepts(schema, &[(&format!("[{}]", numbers.join(" , ")), Value::Array(items))]);
        let members: Vec<String> = (0..length).map(|number| format!("\"k{number}\":{number}")).collect();
        let entries = (0..length).map(|number| (format!("k{number}"), Value::Int(number))).collect();
        accepts(r#"{"type":"map","values":"int"}"#, &[(&format!("{{{}}}", members.join(",")), Value::Map(entries))]);
    }
    refuses(schema, &["[1,\"2\"]", "{}", "null", "[null]"]);
    refuses(r#"{"type":"map","values":"int"}"#, &["[]", "{\"a\":\"1\"}", "null"]);
}

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
fn dates_and_times_of_day() {
    let date = r#"{"type":"int","logicalType":"date"}"#;
    accepts(
        date,
        &[
            ("\"1970-01-01\"", Value::Date(0)),
            ("\"2026-11-21\"", Value::Date(20_778)),
            ("\"1969-12-31\"", Value::Date(-1)),
            ("\"0000-01-01\"", Value::Date(-719_528)),
            ("\"9999-12-31\"", Value::Date(2_932_896)),
            ("\"2000-02-29\"", Value::Date(11_016)),
            ("20000", Value::Date(20_000)),
            ("-1", Value::Date(-1)),
        ],
    );
    refuses(
        date,
        &[
            "\"2026-11-21T00:00:00Z\"",
            "\"2026-13-01\"",
            "\"2026-02-29\"",
            "\"1900-02-29\"",
            "\"26-11-21\"",
            "\"2026-1-2\"",
            "\"20261121\"",
            "\"+2026-11-21\"",
            "1.5",
            "null",
            "2147483648",
        ],
    );
    let millis = r#"{"type":"int","logicalType":"time-millis"}"#;
    let micros = r#"{"type":"long","logicalType":"time-micros"}"#;
    accepts(
        millis,
        &[
            ("\"14:03:00.250\"", Value::TimeMillis(50_580_250)),
            ("\"00:00:00\"", Value::TimeMillis(0)),
            ("\"23:59:59.99900\"", Value::TimeMillis(86_399_999)),
            ("86399999", Value::TimeMillis(86_399_999)),
        ],
    );
    accepts(micros, &[("\"14:03:00.250001\"", Value::TimeMicros(50_580_250_001)), ("1", Value::TimeMicros(1))]);
    refuses(
        millis,
        &[
            "\"24:00:00\"",
            "\"23:59:60\"",
            "\"14:03:00Z\"",
            "\"14:03\"",
            "\"14:03:00.\"",
            "\"14:03:00.0001\"",
            "86400000",
            "-1",
        ],
    );
    refuses(micros, &["\"14:03:00.0000001\"", "86400000000", "\"14:03:00+01:00\""]);
}

#[test]
fn timestamps() {
    let schema = |logical: &str| format!(r#"{{"type":"long","logicalType":"{logical}"}}"#);
    let millis = schema("timestamp-millis");
    accepts(
        &millis,
        &[
            ("\"1970-01-01T00:00:00Z\"", Value::TimestampMillis(0)),
            ("\"2026-11-21T14:03:00.25+01:00\"", Value::TimestampMillis(1_795_266_180_250)),
            ("\"2026-11-21t14:03:00z\"", Value::TimestampMillis(1_795_269_780_000)),
            ("\"1969-12-31T23:59:59.9999Z\"", Value::TimestampMillis(-1)),
            ("\"1969-12-31T23:59:59.0001Z\"", Value::TimestampMillis(-1000)),
            ("\"0000-01-01T00:00:00+23:59\"", Value::TimestampMillis(-62_167_305_540_000)),
            ("\"9999-12-31T23:59:59.999-23:59\"", Value::TimestampMillis(253_402_387_139_999)),
            ("1795266180250", Value::TimestampMillis(1_795_266_180_250)),
            ("-1", Value::TimestampMillis(-1)),
        ],
    );
    accepts(&schema("timestamp-micros"), &[("\"1969-12-31T23:59:59.9999999Z\"", Value::TimestampMicros(-1))]);
    accepts(
        &schema("timestamp-nanos"),
        &[
            ("\"2262-04-11T23:47:16.854775807Z\"", Value::TimestampNanos(i64::MAX)),
            ("\"1677-09-21T00:12:43.145224192Z\"", Value::TimestampNanos(i64::MIN)),
            ("\"1969-12-31T23:59:59.9999999999Z\"", Value::TimestampNanos(-1)),
        ],
    );
    refuses(&schema("timestamp-nanos"), &["\"2262-04-11T23:47:16.854775808Z\"", "\"1677-09-21T00:12:43.145224191Z\""]);
    refuses(
        &millis,
        &[
            "\"2026-11-21T14:03:00\"",
            "\"2026-11-21 14:03:00Z\"",
            "\"2026-11-21\"",
            "\"2026-11-21T23:59:60Z\"",
            "\"2026-11-21T24:00:00Z\"",
            "\"2026-11-21T14:03:00+0100\"",
            "\"2026-11-21T14:03:00+24:00\"",
            "\"2026-11-21T14:03:00.Z\"",
            "\"2026-11-21T14:03:00Zz\"",
            "\"1795266180250\"",
            "1.5",
            "9223372036854775808",
        ],
    );
    accepts(
        &schema("local-timestamp-millis"),
        &[("\"1970-01-01T00:00:01.5\"", Value::LocalTimestampMillis(1500)), ("5", Value::LocalTimestampMillis(5))],
    );
    accepts(
        &schema("local-timestamp-micros"),
        &[("\"1970-01-01T00:00:01.5\"", Value::LocalTimestampMicros(1_500_000))],
    );
    accepts(&schema("local-timestamp-nanos"), &[("\"1970-01-01T00:00:00.000000001\"", Value::LocalTimestampNanos(1))]);
    refuses(&schema("local-timestamp-millis"), &["\"1970-01-01T00:00:01Z\"", "\"1970-01-01T00:00:01+01:00\""]);
}

#[test]
fn uuids() {
    let spelt = "\"67e55044-10b1-426F-9247-bb680e5fe0c8\"";
    let uuid: Uuid = spelt.trim_matches('"').parse().expect("a UUID");
    let text = r#"{"type":"string","logicalType":"uuid"}"#;
    let fixed = r#"{"type":"fixed","size":16,"name":"U","logicalType":"uuid"}"#;
    accepts(text, &[(spelt, Value::Uuid(uuid))]);
    accepts(fixed, &[(spelt, Value::Uuid(uuid))]);
    let stored = bytes(&encoder(&avro(), text), spelt).expect("it is a UUID");
    assert_eq!(&stored[1..], spelt.trim_matches('"').as_bytes(), "a string stays as it was sent");
    for schema in [text, fixed] {
        refuses(
            schema,
            &[
                "\"67e5504410b1426f9247bb680e5fe0c8\"",
                "\"{67e55044-10b1-426f-9247-bb680e5fe0c}\"",
                "\"\"",
                "1",
                "\"67e55044-10b1-426f-9247-bb680e5fe0c\"",
                "\"67e55044-10b1-426f-9247-bb680e5fe0cg\"",
                "\"67e550441-0b1-426f-9247-bb680e5fe0c8\"",
            ],
        );
    }
}

#[test]
fn decimals_never_pass_through_a_float() {
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}"#;
    let raw = |schema: &str, text: &str| bytes(&encoder(&avro(), schema), text).expect("a decimal");
    for (text, expected) in [
        ("\"12.50\"", &[4, 0x04, 0xE2][..]),
        ("12.5", &[4, 0x04, 0xE2]),
        ("1.25e1", &[4, 0x04, 0xE2]),
        ("12.5000000", &[4, 0x04, 0xE2]),
        ("\"-0.01\"", &[2, 0xFF]),
        ("0", &[2, 0]),
        ("-0.000", &[2, 0]),
        ("1.27", &[2, 0x7F]),
        ("1.28", &[4, 0, 0x80]),
        ("-1.28", &[2, 0x80]),
        ("-1.29", &[4, 0xFF, 0x7F]),
        ("9999.99", &[6, 0x0F, 0x42, 0x3F]),
    ] {
        assert_eq!(raw(decimal, text), expected, "{text}");
    }
    refuses(
        decimal,
        &[
            "12.505",
            "\"12.505\"",
            "10000",
            "9999.991",
            "1e4",
            "1e999999999999",
            "1e-3",
            "\"\"",
            "\"+1\"",
            "\"1,5\"",
            "\" 1\"",
            "null",
            "true",
        ],
    );
    let fixed = r#"{"type":"fixed","size":4,"name":"D","logicalType":"decimal","precision":9,"scale":0}"#;
    assert_eq!(raw(fixed, "1"), [0, 0, 0, 1]);
    assert_eq!(raw(fixed, "-2"), [0xFF, 0xFF, 0xFF, 0xFE]);
    let narrow = r#"{"type":"fixed","size":1,"name":"D","logicalType":"decimal","precision":9,"scale":0}"#;
    assert_eq!(raw(narrow, "-128"), [0x80]);
    refuses(narrow, &["128", "-129"]);
    let wide = r#"{"type":"bytes","logicalType":"decimal","precision":60,"scale":10}"#;
    let text = "-123456789012345678901234567890123456789.0123456789";
    let expected: num_bigint::BigInt = text.replace('.', "").parse().expect("digits");
    assert_eq!(raw(wide, text)[1..], expected.to_signed_bytes_be());
}

#[test]
fn decimals_as_code_points() {
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#;
    let encoder = encoder(&code_points(), decimal);
    assert_eq!(bytes(&encoder, r#""\u0004\u00e2""#), Ok(vec![4, 0x04, 0xE2]));
    assert_eq!(bytes(&encoder, r#""\u0000\u0000\u0001""#), Ok(vec![2, 1]), "shortest form");
    assert_eq!(bytes(&encoder, "12.5"), Ok(vec![4, 0x04, 0xE2]));
    refuses_under(&code_points(), decimal, &[r#""""#, r#""'\u0010""#, r#""\uff11""#]);
}

#[test]
fn durations() {
    let schema = r#"{"type":"fixed","size":12,"name":"D","logicalType":"duration"}"#;
    let value = |months, days, millis| {
        Value::Duration(Duration::new(Months::new(months), Days::new(days), Millis::new(millis)))
    };
    accepts(
        schema,
        &[
            ("\"P1Y2M3DT4H5M6.789S\"", value(14, 3, 14_706_789)),
            ("\"P3D\"", value(0, 3, 0)),
            ("\"PT0S\"", value(0, 0, 0)),
            ("\"PT0.5S\"", value(0, 0, 500)),
            ("\"PT1.0010S\"", value(0, 0, 1001)),
            ("\"P4294967295M\"", value(u32::MAX, 0, 0)),
        ],
    );
    refuses(
        schema,
        &[
            "\"P\"",
            "\"PT\"",
            "\"P1DT\"",
            "\"-P1D\"",
            "\"P-1D\"",
            "\"P1.5D\"",
            "\"P1W\"",
            "\"PT0.0001S\"",
            "\"P1D2M\"",
            "\"P4294967296M\"",
            "\"P400000000Y\"",
            "\"PT4294968S\"",
            "\"1D\"",
            "\"P99999999999999999999999D\"",
            "12",
            "null",
        ],
    );
}

#[test]
fn other_logical_types_are_their_underlying_types() {
    accepts(r#"{"type":"string","logicalType":"card-number"}"#, &[("\"x\"", string("x"))]);
    accepts(r#"{"type":"string","logicalType":"date"}"#, &[("\"x\"", string("x"))]);
    accepts(r#"{"type":"bytes","logicalType":"decimal"}"#, &[("\"AA==\"", Value::Bytes(vec![0]))]);
    accepts(
        r#"{"type":"fixed","name":"F","size":2,"logicalType":"duration"}"#,
        &[("\"AAA=\"", Value::Fixed(2, vec![0, 0]))],
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
