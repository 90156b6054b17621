//! The `ProtoJSON` mapping, row by row and both ways: what is accepted becomes the bytes that prost-reflect would write
//! for the same text, what is refused is refused by both or for a reason that is said here.

mod protobuf_kit;
mod transcode_kit;

use forebay_schemas::encoder::Fault;
use protobuf_kit::{accepts, bytes, dropping, encoder, protobuf, reads_as, refuses};

/// A file of one message.
fn proto3(fields: &str) -> String {
    format!("syntax = \"proto3\"; package t; message M {{ {fields} }} {REST}")
}

fn proto2(fields: &str) -> String {
    format!("syntax = \"proto2\"; package t; message M {{ {fields} }}")
}

const REST: &str = "enum Color { NONE = 0; RED = 1; GREEN = -2; } message Inner { string text = 1; Inner inner = 2; }";

#[test]
fn whole_numbers() {
    for kind in ["int32", "sint32", "sfixed32", "int64", "sint64", "sfixed64"] {
        let schema = proto3(&format!("{kind} a = 1; optional {kind} b = 2; repeated {kind} c = 3;"));
        accepts(
            &schema,
            &[
                "{}",
                r#"{"a":0}"#,
                r#"{"b":0}"#,
                r#"{"a":1,"b":-1}"#,
                r#"{"a":2147483647,"b":-2147483648}"#,
                r#"{"a":"17"}"#,
                r#"{"c":[0,1,-1,"300"]}"#,
                r#"{"c":[]}"#,
                r#"{"a":null,"b":null,"c":null}"#,
            ],
        );
        reads_as(
            &schema,
            &[
                (r#"{"a":1e3,"b":1.0}"#, r#"{"a":1000,"b":1}"#),
                (r#"{"a":"1e3"}"#, r#"{"a":1000}"#),
                (r#"{"b":-0}"#, r#"{"b":0}"#),
            ],
        );
        refuses(
            &schema,
            &[
                r#"{"a":1.5}"#,
                r#"{"a":true}"#,
                r#"{"a":""}"#,
                r#"{"a":" 1"}"#,
                r#"{"a":"+1"}"#,
                r#"{"a":"01"}"#,
                r#"{"a":9223372036854775808}"#,
                r#"{"a":1e400}"#,
                r#"{"c":[null]}"#,
                r#"{"c":1}"#,
                r#"{"a":[1]}"#,
                r#"{"a":{}}"#,
            ],
        );
    }
    for kind in ["uint32", "fixed32", "uint64", "fixed64"] {
        let schema = proto3(&format!("{kind} a = 1; repeated {kind} c = 3 [packed = false];"));
        accepts(&schema, &[r#"{"a":0}"#, r#"{"a":4294967295}"#, r#"{"a":"4294967295"}"#, r#"{"c":[0,1,4294967295]}"#]);
        refuses(&schema, &[r#"{"a":-1}"#, r#"{"a":"-1"}"#, r#"{"a":18446744073709551616}"#, r#"{"a":1e20}"#]);
    }
    accepts(
        &proto3("int64 a = 1; uint64 b = 2;"),
        &[
            r#"{"a":9223372036854775807,"b":18446744073709551615}"#,
            r#"{"a":"-9223372036854775808","b":"18446744073709551615"}"#,
        ],
    );
    refuses(
        &proto3("int32 a = 1; uint32 b = 2;"),
        &[r#"{"a":2147483648}"#, r#"{"a":-2147483649}"#, r#"{"b":4294967296}"#],
    );
}

#[test]
fn fractions() {
    let schema = proto3("double a = 1; float b = 2; optional double c = 3; repeated float d = 4;");
    accepts(
        &schema,
        &[
            r#"{"a":1.5,"b":0.25}"#,
            r#"{"a":0,"b":0.0,"c":0}"#,
            r#"{"a":"NaN","b":"Infinity","c":"-Infinity"}"#,
            r#"{"a":1e300,"b":-2.5e-3}"#,
            r#"{"a":"1.5"}"#,
            r#"{"d":[1,2.5,"-Infinity"]}"#,
            r#"{"a":0.1,"b":0.1}"#,
            r#"{"a":1e-400}"#,
        ],
    );
    // A whole number that a double does not hold is not rounded in silence.
    refuses(
        &schema,
        &[
            r#"{"a":1e400}"#,
            r#"{"b":1e39}"#,
            r#"{"a":"inf"}"#,
            r#"{"a":"nan"}"#,
            r#"{"a":""}"#,
            r#"{"a":true}"#,
            r#"{"a":9007199254740993}"#,
            r#"{"b":16777217}"#,
        ],
    );
    let negative = bytes(&encoder(&protobuf(), &schema), r#"{"a":-0.0}"#).expect("a number");
    assert_eq!(negative, [0x09, 0, 0, 0, 0, 0, 0, 0, 0x80], "minus zero is no default");
}

#[test]
fn strings_bytes_and_booleans() {
    let schema = proto3(
        "string a = 1; bytes b = 2; bool c = 3; optional string d = 4; repeated string e = 5; repeated bool f = 6;",
    );
    let long = "x".repeat(200);
    accepts(
        &schema,
        &[
            r#"{"a":"","b":"","c":false,"d":""}"#,
            r#"{"a":"é\u0000\n\ud83d\ude00","c":true}"#,
            r#"{"b":"AAEC"}"#,
            r#"{"b":"-_8="}"#,
            r#"{"b":"+/8="}"#,
            &format!(r#"{{"a":"{long}"}}"#),
            r#"{"e":["",null,"b"]}"#.replace(",null", "").as_str(),
            r#"{"f":[true,false]}"#,
        ],
    );
    reads_as(&schema, &[(r#"{"b":"-_8"}"#, r#"{"b":"+/8="}"#), (r#"{"b":"+/8"}"#, r#"{"b":"+/8="}"#)]);
    refuses(
        &schema,
        &[
            r#"{"a":1}"#,
            r#"{"a":true}"#,
            r#"{"b":"-/8="}"#,
            r#"{"b":"A"}"#,
            r#"{"b":"AB=C"}"#,
            r#"{"b":[1]}"#,
            r#"{"c":"true"}"#,
            r#"{"c":1}"#,
            r#"{"e":[null]}"#,
            r#"{"e":"a"}"#,
        ],
    );
}

#[test]
fn enums() {
    let schema = proto3("Color a = 1; optional Color b = 2; repeated Color c = 3;");
    accepts(
        &schema,
        &[
            r#"{"a":"RED"}"#,
            r#"{"a":"NONE","b":"NONE"}"#,
            r#"{"a":"GREEN"}"#,
            r#"{"a":1}"#,
            r#"{"a":7}"#,
            r#"{"a":-7}"#,
            r#"{"c":["RED","NONE",5]}"#,
            r#"{"a":null}"#,
        ],
    );
    refuses(
        &schema,
        &[r#"{"a":"red"}"#, r#"{"a":""}"#, r#"{"a":1.5}"#, r#"{"a":2147483648}"#, r#"{"a":true}"#, r#"{"c":[null]}"#],
    );
    let closed = "syntax = \"proto2\"; message M { optional C a = 1; } enum C { option allow_alias = true; A = 1; B = 2; BB = 2; }";
    accepts(closed, &[r#"{"a":"A"}"#, r#"{"a":"BB"}"#, r#"{"a":2}"#, "{}"]);
    refuses(closed, &[r#"{"a":0}"#, r#"{"a":3}"#]);
}

#[test]
fn names_are_the_schemas_or_in_lower_camel_case() {
    let schema = proto3("string first_name = 1; string Other = 2; string third = 3 [json_name = \"3rd\"];");
    accepts(
        &schema,
        &[
            r#"{"first_name":"a"}"#,
            r#"{"firstName":"a"}"#,
            r#"{"Other":"b","3rd":"c"}"#,
            r#"{"third":"c"}"#,
            r#"{"first\u004eame":"a"}"#,
        ],
    );
    refuses(
        &schema,
        &[
            r#"{"FirstName":"a"}"#,
            r#"{"firstname":"a"}"#,
            r#"{"first_name":"a","firstName":"a"}"#,
            r#"{"firstName":null,"first_name":null}"#,
            r#"{"x":1}"#,
        ],
    );
}

#[test]
fn messages_and_oneofs() {
    let schema = proto3("Inner a = 1; repeated Inner b = 2; oneof o { string c = 3; Inner d = 4; int32 e = 5; }");
    let long = "x".repeat(300);
    accepts(
        &schema,
        &[
            r#"{"a":{}}"#,
            r#"{"a":{"text":"x","inner":{"inner":{}}}}"#,
            r#"{"b":[{},{"text":"y"}]}"#,
            r#"{"c":""}"#,
            r#"{"e":0}"#,
            r#"{"d":{}}"#,
            r#"{"c":null,"e":1}"#,
            &format!(r#"{{"a":{{"text":"{long}","inner":{{"text":"{long}"}}}},"b":[{{"text":"{long}"}}]}}"#),
        ],
    );
    refuses(
        &schema,
        &[
            r#"{"c":"","e":1}"#,
            r#"{"a":[]}"#,
            r#"{"a":1}"#,
            r#"{"b":{}}"#,
            r#"{"b":[null]}"#,
            "[]",
            "1",
            "null",
            r#"{"a":{"x":1}}"#,
        ],
    );
}

#[test]
fn maps() {
    let schema =
        proto3("map<string, int32> a = 1; map<int32, string> b = 2; map<bool, Inner> c = 3; map<uint64, Color> d = 4;");
    accepts(
        &schema,
        &[
            "{}",
            r#"{"a":{}}"#,
            r#"{"a":{"x":1}}"#,
            r#"{"b":{"-5":"y"}}"#,
            r#"{"c":{"true":{"text":"z"}}}"#,
            r#"{"d":{"18446744073709551615":"RED"}}"#,
            r#"{"a":null}"#,
        ],
    );
    reads_as(
        &schema,
        &[
            (r#"{"a":{"":0,"y":2,"x":1}}"#, r#"{"a":{"":0,"x":1,"y":2}}"#),
            (r#"{"c":{"false":{},"true":{}}}"#, r#"{"c":{"true":{},"false":{}}}"#),
        ],
    );
    refuses(
        &schema,
        &[
            r#"{"a":{"x":null}}"#,
            r#"{"a":[]}"#,
            r#"{"b":{"x":""}}"#,
            r#"{"b":{"01":""}}"#,
            r#"{"b":{"1.0":""}}"#,
            r#"{"b":{"-0":""}}"#,
            r#"{"b":{"2147483648":""}}"#,
            r#"{"c":{"TRUE":{}}}"#,
            r#"{"c":{"1":{}}}"#,
            r#"{"d":{"-1":"RED"}}"#,
        ],
    );
}

#[test]
fn the_elder_syntax() {
    let schema = proto2(
        "required string a = 1; optional int32 b = 2 [default = 5]; repeated int32 c = 3; repeated int32 d = 4 [packed = true]; \
         optional group Extra = 5 { optional string x = 1; optional group More = 2 { optional int32 y = 1; } } extensions 100 to 200; \
         extend M { optional string tag = 100; } repeated group Many = 6 { optional int32 z = 1; }",
    );
    accepts(
        &schema,
        &[
            r#"{"a":""}"#,
            r#"{"a":"x","b":0}"#,
            r#"{"a":"x","b":5}"#,
            r#"{"a":"","c":[1,2],"d":[3,4]}"#,
            r#"{"a":"","extra":{"x":"y","more":{"y":1}}}"#,
            r#"{"a":"","[t.M.tag]":"ext"}"#,
            r#"{"a":"","many":[{"z":1},{}]}"#,
        ],
    );
    refuses(&schema, &["{}", r#"{"a":null}"#, r#"{"b":1}"#, r#"{"a":"","[t.M.gat]":""}"#, r#"{"a":"","extra":1}"#]);
}

#[test]
fn members_in_any_order_are_the_same_bytes() {
    let schema = proto3("string a = 1; Inner b = 4; repeated int32 c = 3; map<string, string> d = 2; int64 e = 9;");
    let encoder = encoder(&protobuf(), &schema);
    let expected = bytes(&encoder, r#"{"a":"x","d":{"k":"v","l":"w"},"c":[1,2],"b":{"text":"t","inner":{}},"e":7}"#)
        .expect("it is sound");
    for text in [
        r#"{"e":7,"b":{"inner":{},"text":"t"},"c":[1,2],"d":{"k":"v","l":"w"},"a":"x"}"#,
        r#"{"c":[1,2],"e":7,"a":"x","b":{"text":"t","inner":{}},"d":{"k":"v","l":"w"}}"#,
    ] {
        assert_eq!(bytes(&encoder, text).as_deref(), Ok(&expected[..]), "{text}");
    }
}

#[test]
fn unknown_members_are_dropped_where_the_contract_says_so() {
    let schema = proto3("string a = 1; Inner b = 2;");
    let encoder = encoder(&dropping(), &schema);
    let plain = bytes(&encoder, r#"{"a":"x","b":{"text":"y"}}"#).expect("it is sound");
    let more = bytes(&encoder, r#"{"z":[{"a":1}],"a":"x","b":{"q":null,"text":"y"},"y":2}"#).expect("it is sound");
    assert_eq!(plain, more);
    assert!(matches!(bytes(&encoder, r#"{"z":1,"z":2}"#), Err(Fault::Ambiguous { .. })));
    assert!(matches!(bytes(&encoder, r#"{"z":{"q":1,"q":2}}"#), Err(Fault::Ambiguous { .. })));
    assert!(matches!(bytes(&encoder, r#"{"z":"\ud800"}"#), Err(Fault::Ambiguous { .. })));
}

#[test]
fn what_is_no_json_of_one_meaning_is_refused_as_such() {
    let schema = proto3("string a = 1; Inner b = 2; repeated Inner c = 3;");
    let encoder = encoder(&protobuf(), &schema);
    for text in [
        r#"{"a":"x","a":"y"}"#,
        r#"{"a":"\udc00"}"#,
        &format!(r#"{{"b":{}1{}}}"#, r#"{"inner":"#.repeat(64), "}".repeat(64)),
    ] {
        assert!(matches!(bytes(&encoder, text), Err(Fault::Ambiguous { .. })), "{text}");
    }
    for text in ["", "{", r#"{"a":"x"} 1"#, r#"{"a":'x'}"#, r#"{"a":01}"#, r#"{"a" "x"}"#] {
        assert!(matches!(bytes(&encoder, text), Err(Fault::Syntax { .. })), "{text}");
    }
}
