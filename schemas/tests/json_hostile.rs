//! Texts made to be slow or deep. All of them are read in one go, whatever they hold.

mod transcode_kit;

use forebay_schemas::contract::Format;
use forebay_schemas::encoder::{Encoder, Fault, Scratch};

fn json(text: &str) -> Result<Vec<u8>, Fault> {
    let encoder = Encoder::compile(&transcode_kit::contract(Format::Json), &transcode_kit::material(None))
        .expect("nothing to compile");
    transcode_kit::bytes(&encoder, text)
}

fn members(count: usize) -> String {
    (0..count).map(|number| format!("\"member {number}\":{number}")).collect::<Vec<_>>().join(",")
}

#[test]
fn a_hundred_thousand_members() {
    let many = members(100_000);
    assert!(json(&format!("{{{many}}}")).is_ok());
    let twice = json(&format!("{{{many},\"\\u006dember 99999\":0}}"));
    assert!(matches!(twice, Err(Fault::Ambiguous { pointer, .. }) if pointer == "/member 99999"));
    assert!(matches!(json(&format!("{{{many},{many}}}")), Err(Fault::Ambiguous { .. })));
    let same = vec!["\"a\":0"; 100_000].join(",");
    assert!(matches!(json(&format!("{{{same}}}")), Err(Fault::Ambiguous { pointer, .. }) if pointer == "/a"));
    assert!(matches!(json(&format!("{{{same}}}x")), Err(Fault::Syntax { .. })));
}

#[test]
fn names_repeat_in_other_objects_only() {
    let inner = members(40);
    assert!(json(&format!("{{{},\"x\":{{{inner}}},\"y\":[{{{inner}}},{{{inner}}}]}}", members(50))).is_ok());
    for repeated in [0, 31, 32, 33, 39] {
        let again = json(&format!("[{{{inner},\"z\":{{\"member 1\":{{}}}},\"member {repeated}\":0}}]"));
        assert!(matches!(again, Err(Fault::Ambiguous { pointer, .. }) if pointer == format!("/0/member {repeated}")));
    }
}

#[test]
fn depth_is_capped_and_syntax_still_counts() {
    let nested = |depth: usize, open: &str, close: &str| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    assert!(json(&nested(64, "[", "]")).is_ok());
    assert!(json(&nested(64, "{\"a\":", "}")).is_ok());
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[ {\"b\" : [", "]} ]")] {
        for depth in [65, 100_000] {
            let text = nested(depth, open, close);
            assert!(matches!(json(&text), Err(Fault::Ambiguous { .. })), "{depth} {open}");
            assert!(matches!(json(&text[..text.len() - 1]), Err(Fault::Syntax { .. })), "{depth} {open}");
            assert!(matches!(json(&format!("{text}]")), Err(Fault::Syntax { .. })), "{depth} {open}");
            assert!(matches!(json(&text.replace('1', ",")), Err(Fault::Syntax { .. })), "{depth} {open}");
        }
    }
    assert!(matches!(json(&nested(100_000, "[[],{},\"a]\",", "]")), Err(Fault::Ambiguous { .. })));
}

#[test]
fn numbers_of_a_million_digits() {
    let digits = "7".repeat(1_000_000);
    assert_eq!(json(&digits).as_deref(), Ok(digits.as_bytes()));
    for (schema, fits) in [("\"long\"", false), ("\"double\"", false)] {
        let encoder = transcode_kit::encoder(&transcode_kit::avro(), schema);
        assert_eq!(transcode_kit::bytes(&encoder, &digits).is_ok(), fits);
        assert_eq!(transcode_kit::bytes(&encoder, &format!("1e-{digits}")).is_ok(), schema == "\"double\"");
        assert_eq!(transcode_kit::bytes(&encoder, &format!("0.{digits}")).is_ok(), schema == "\"double\"");
        assert!(transcode_kit::bytes(&encoder, &format!("1.{}", "0".repeat(1_000_000))).is_ok());
    }
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":1000,"scale":1000}"#;
    let decimal = transcode_kit::encoder(&transcode_kit::avro(), decimal);
    assert!(transcode_kit::bytes(&decimal, &format!("0.{digits}")).is_err());
    assert!(transcode_kit::bytes(&decimal, &format!("0.{}", &digits[..1000])).is_ok());
}

#[test]
fn memory_of_a_hostile_event_does_not_leak_into_the_next() {
    let encoder = Encoder::compile(&transcode_kit::contract(Format::Json), &transcode_kit::material(None))
        .expect("nothing to compile");
    let (mut arena, mut scratch) = (Vec::new(), Scratch::default());
    let many = format!("{{{}}}", members(1000));
    for text in [&many, "[{\"a\":1,\"a\":2}]", &many[..many.len() - 1], "{\"member 5\":[{\"a\":1}]}", &many] {
        let alone = encoder.encode(text.as_bytes(), &mut Vec::new(), &mut Scratch::default()).map(|_| ());
        assert_eq!(encoder.encode(text.as_bytes(), &mut arena, &mut scratch).map(|_| ()), alone, "{text}");
    }
}
