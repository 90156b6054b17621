//! Logical types: text in the standard's form or the count that is stored, both ways.

mod transcode_kit;

use apache_avro::types::Value;
use apache_avro::{Days, Duration, Millis, Months, Uuid};
use transcode_kit::rows::{accepts, code_points, refuses, refuses_under, string};
use transcode_kit::{avro, bytes, encoder};

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
