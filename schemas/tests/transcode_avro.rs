//! Each row of the mapping from JSON to Avro, both ways: what is accepted becomes this value, what is refused says
//! why.

mod transcode_kit;

use apache_avro::types::Value;
use forebay_schemas::encoder::Fault;
use transcode_kit::{avro, through};

fn accepts(schema: &str, rows: &[(&str, Value)]) {
    for (text, value) in rows {
        assert_eq!(through(&avro(), schema, text).as_ref(), Ok(value), "{text} as {schema}");
    }
}

fn refuses(schema: &str, texts: &[&str]) {
    for text in texts {
        match through(&avro(), schema, text) {
            Err(Fault::Violation(mismatches)) => assert!(!mismatches.is_empty(), "{text} as {schema}"),
            other => panic!("{text} as {schema}: {other:?}"),
        }
    }
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
fn record_order_defaults_and_nulls() {
    let schema = r#"{"type": "record", "name": "R", "fields": [
        {"name": "a", "type": "int"},
        {"name": "b", "type": "string", "default": "none"},
        {"name": "c", "type": ["null", "long"]},
        {"name": "d", "type": ["long", "null"], "default": 4},
        {"name": "e", "type": {"type": "array", "items": "int"}}
    ]}"#;
    let record = |b: &str, c: Value, d: i64| {
        Value::Record(vec![
            ("a".to_owned(), Value::Int(1)),
            ("b".to_owned(), Value::String(b.to_owned())),
            ("c".to_owned(), c),
            ("d".to_owned(), Value::Union(0, Box::new(Value::Long(d)))),
            ("e".to_owned(), Value::Array(vec![Value::Int(7)])),
        ])
    };
    let null = Value::Union(0, Box::new(Value::Null));
    let long = |value| Value::Union(1, Box::new(Value::Long(value)));
    accepts(
        schema,
        &[
            (r#"{"a":1,"b":"x","c":2,"d":3,"e":[7]}"#, record("x", long(2), 3)),
            (r#"{"e":[7],"d":3,"c":2,"b":"x","a":1}"#, record("x", long(2), 3)),
            (r#"{"a":1,"e":[7]}"#, record("none", null.clone(), 4)),
            (r#"{"e":[7],"a":1}"#, record("none", null.clone(), 4)),
            (r#"{"a":1,"d":3,"b":"x","e":[7]}"#, record("x", null.clone(), 3)),
            (r#"{"a":1,"e":[7],"b":"x","c":{"long":2}}"#, record("x", long(2), 4)),
            (r#"{"\u0061":1,"e":[7],"c":null}"#, record("none", null, 4)),
        ],
    );
    refuses(schema, &["{}", r#"{"a":1}"#, r#"{"a":1,"e":[7],"z":0}"#, "[]", "null", r#"{"a":null,"e":[7]}"#]);
}
