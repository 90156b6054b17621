//! The well-known types, whose form in JSON is one of their own, row by row and both ways.

mod protobuf_kit;
mod transcode_kit;

use forebay_schemas::encoder::Fault;
use protobuf_kit::{accepts, bytes, encoder, first, protobuf, read, refuses};

fn with_imports(fields: &str) -> String {
    let imports = ["timestamp", "duration", "field_mask", "struct", "wrappers", "empty", "any"]
        .map(|name| format!("import \"google/protobuf/{name}.proto\"; "))
        .concat();
    format!("syntax = \"proto3\"; package t; {imports} message M {{ {fields} }} message Inner {{ string text = 1; }}")
}

#[test]
fn points_and_spans_of_time() {
    let schema = with_imports("google.protobuf.Timestamp a = 1; google.protobuf.Duration b = 2;");
    accepts(
        &schema,
        &[
            r#"{"a":"1970-01-01T00:00:00Z"}"#,
            r#"{"a":"2025-06-30T12:34:56.789Z"}"#,
            r#"{"a":"0001-01-01T00:00:00Z"}"#,
            r#"{"a":"9999-12-31T23:59:59.999999999Z"}"#,
            r#"{"a":"2025-06-30T12:34:56+02:00"}"#,
            r#"{"a":"1969-12-31T23:59:59.5Z"}"#,
            r#"{"b":"0s"}"#,
            r#"{"b":"1.5s"}"#,
            r#"{"b":"-1.5s"}"#,
            r#"{"b":"-0.5s"}"#,
            r#"{"b":"315576000000s"}"#,
            r#"{"b":"-315576000000s"}"#,
            r#"{"b":"1.000000001s"}"#,
        ],
    );
    refuses(
        &schema,
        &[
            r#"{"a":"0000-12-31T23:59:59Z"}"#,
            r#"{"a":"2025-06-30"}"#,
            r#"{"a":"2025-06-30T12:34:56"}"#,
            r#"{"a":"2025-06-30t12:34:56Z"}"#,
            r#"{"a":"2025-06-30T12:34:56z"}"#,
            r#"{"a":"2025-06-30T12:34:56.1234567890Z"}"#,
            r#"{"a":1}"#,
            r#"{"a":"9999-12-31T23:59:59-01:00"}"#,
            r#"{"b":"1"}"#,
            r#"{"b":"s"}"#,
            r#"{"b":"1.s"}"#,
            r#"{"b":".5s"}"#,
            r#"{"b":"+1s"}"#,
            r#"{"b":"1e3s"}"#,
            r#"{"b":"315576000001s"}"#,
            r#"{"b":"315576000000.1s"}"#,
            r#"{"b":"1.0000000001s"}"#,
            r#"{"b":1}"#,
        ],
    );
}

#[test]
fn wrappers_masks_and_empty_messages() {
    let schema = with_imports(
        "google.protobuf.StringValue a = 1; google.protobuf.Int64Value b = 2; google.protobuf.BoolValue c = 3; google.protobuf.BytesValue d = 4; \
         google.protobuf.DoubleValue e = 5; google.protobuf.UInt32Value f = 6; google.protobuf.FieldMask g = 7; google.protobuf.Empty h = 8; repeated google.protobuf.FloatValue i = 9;",
    );
    accepts(
        &schema,
        &[
            r#"{"a":"x","b":"5","c":true,"d":"AAEC","e":1.5,"f":7}"#,
            r#"{"a":"","b":0,"c":false,"d":"","e":0,"f":0}"#,
            r#"{"a":null}"#,
            r#"{"g":""}"#,
            r#"{"g":"a,b.fooBar"}"#,
            r#"{"h":{}}"#,
            r#"{"i":[0,1.5]}"#,
        ],
    );
    refuses(
        &schema,
        &[
            r#"{"a":{"value":"x"}}"#,
            r#"{"f":-1}"#,
            r#"{"g":"foo_bar"}"#,
            r#"{"g":"a,,b"}"#,
            r#"{"g":["a"]}"#,
            r#"{"h":{"x":1}}"#,
            r#"{"h":1}"#,
            r#"{"i":[null]}"#,
        ],
    );
}

#[test]
fn json_inside_a_message() {
    let schema = with_imports(
        "google.protobuf.Struct a = 1; google.protobuf.Value b = 2; google.protobuf.ListValue c = 3; google.protobuf.NullValue d = 4; repeated google.protobuf.Value e = 5; map<string, google.protobuf.Value> f = 6; oneof o { google.protobuf.NullValue g = 7; string h = 8; }",
    );
    accepts(
        &schema,
        &[
            r#"{"a":{}}"#,
            r#"{"b":null}"#,
            r#"{"b":1.5}"#,
            r#"{"b":"x"}"#,
            r#"{"b":true}"#,
            r#"{"b":[1,[2,null]]}"#,
            r#"{"b":{"x":{"y":[]}}}"#,
            r#"{"c":[]}"#,
            r#"{"c":[null,0,"",{}]}"#,
            r#"{"d":null}"#,
            r#"{"e":[null,1]}"#,
            r#"{"f":{"x":null}}"#,
            r#"{"g":null}"#,
            r#"{"a":null}"#,
            r#"{"c":null}"#,
        ],
    );
    refuses(
        &schema,
        &[r#"{"a":[]}"#, r#"{"c":{}}"#, r#"{"d":1}"#, r#"{"g":null,"h":"x"}"#, r#"{"b":9007199254740993}"#],
    );
    let encoder = encoder(&protobuf(), &schema);
    assert!(matches!(bytes(&encoder, r#"{"a":{"x":1,"x":2}}"#), Err(Fault::Ambiguous { .. })));
    let nested = |inner: &str| format!(r#"{{"a":{}{inner}{}}}"#, r#"{"x":"#.repeat(33), "}".repeat(33));
    let message = first(&schema);
    let written = bytes(&encoder, &nested("[]")).expect("100 messages inside the outermost");
    read(&message, &written);
    refuses(&schema, &[&nested("[1]")]);
}

#[test]
fn any_is_refused() {
    let schema = with_imports("google.protobuf.Any a = 1;");
    refuses(&schema, &[r#"{"a":{"@type":"type.googleapis.com/t.Inner"}}"#, r#"{"a":{}}"#]);
    accepts(&schema, &[r#"{"a":null}"#]);
}
