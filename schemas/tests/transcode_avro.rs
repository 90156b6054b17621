//! Types that JSON spells as one value, and arrays and maps of them, both ways: what is accepted becomes this value,
//! what is refused says so.

mod transcode_kit;

use apache_avro::types::Value;
use forebay_schemas::encoder::Fault;
use transcode_kit::rows::{accepts, accepts_under, branch, code_points, refuses, refuses_under, string};
use transcode_kit::{avro, bytes, encoder, through};

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
