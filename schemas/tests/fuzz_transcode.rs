//! Bytes of any kind against the parsers: the JSON reader and the splitter beside `serde_json`, the transcoder with
//! apache-avro reading what it wrote, the schema compiler. Nothing panics, nothing grows out of bounds.
#![expect(clippy::panic, reason = "how a test fails")]

mod transcode_kit;

use apache_avro::Schema;
use forebay_fuzz::fuzz;
use forebay_schemas::contract::{Format, KeyFormat, UnknownFields};
use forebay_schemas::encoder::{Encoder, Fault, Scratch};
use forebay_schemas::json::{Document, SplitError, split};
use transcode_kit::{avro, contract, encoder, key, pointer, read};

/// Pieces of JSON and of schemas: random bytes alone seldom get past the first one.
const PIECES: [&str; 56] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "d83d",
    "\\ude00",
    "0",
    "1",
    "-",
    ".",
    "e",
    "+",
    " ",
    "\n",
    "null",
    "true",
    "false",
    "\"a\"",
    "\"b\"",
    "\"a\":",
    "\"b\":",
    "\"c\":",
    "{\"a\":1}",
    "1e400",
    "9223372036854775808",
    "é",
    "\u{0}",
    "\"2026-11-21T14:03:00Z\"",
    "\"12.50\"",
    "\"AA==\"",
    "\"KWH\"",
    "{\"string\":",
    "{\"N\":",
    "[1,2]",
    "\"type\":",
    "\"record\"",
    "\"enum\"",
    "\"fixed\"",
    "\"array\"",
    "\"map\"",
    "\"name\":",
    "\"fields\":[",
    "\"symbols\":[",
    "\"items\":",
    "\"values\":",
    "\"size\":",
    "\"default\":",
    "\"logicalType\":",
    "\"decimal\"",
    "\"precision\":",
    "\"int\"",
];

/// Most bytes stand for a piece; the rest for themselves.
fn text(input: &[u8]) -> Vec<u8> {
    let piece = |byte: &u8| match PIECES.get(usize::from(*byte) % 64) {
        Some(piece) => piece.as_bytes().to_vec(),
        None => vec![*byte],
    };
    input.iter().flat_map(piece).collect()
}

/// Mostly sound JSON, grown by the grammar; now and then a piece stands where it should not.
fn grown(input: &mut std::slice::Iter<'_, u8>, depth: usize, out: &mut Vec<u8>) {
    let mut next = || input.next().copied().unwrap_or(0);
    if next() % 32 == 31 {
        out.extend_from_slice(PIECES[usize::from(next()) % PIECES.len()].as_bytes());
    }
    let count = next() % 4;
    match next() % if depth == 0 { 4 } else { 6 } {
        0 => out.extend_from_slice([&b"null"[..], b"true", b"false", b"1e400"][usize::from(count)]),
        1 => {
            let parts: [&[&str]; 5] = [
                &["", "-"],
                &["0", "7", "12", "01"],
                &["", "", ".5", "."],
                &["", "", "e", "E+", "e-"],
                &["", "", "3", "09"],
            ];
            for part in parts {
                out.extend_from_slice(part[usize::from(next()) % part.len()].as_bytes());
            }
        }
        2 | 3 => string(input, out),
        4 => {
            out.push(b'[');
            for index in 0..count {
                if index > 0 {
                    out.extend_from_slice(b" ,");
                }
                grown(input, depth - 1, out);
            }
            out.push(b']');
        }
        _ => {
            out.push(b'{');
            for index in 0..count {
                if index > 0 {
                    out.push(b',');
                }
                string(input, out);
                out.extend_from_slice(b" : ");
                grown(input, depth - 1, out);
            }
            out.push(b'}');
        }
    }
}

fn string(input: &mut std::slice::Iter<'_, u8>, out: &mut Vec<u8>) {
    const PARTS: [&str; 16] = [
        "a",
        "b",
        "c",
        "]",
        ",",
        "\\\\",
        "\\\"",
        "\\u0061",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\\udc00",
        "é",
        "\\n",
        "\n",
        "\\x",
        "abcdefgh",
    ];
    out.push(b'"');
    for _ in 0..input.next().unwrap_or(&0) % 4 {
        out.extend_from_slice(PARTS[usize::from(*input.next().unwrap_or(&0)) % PARTS.len()].as_bytes());
    }
    out.push(b'"');
}

/// Runs on what the fuzzer gives: as it is, as pieces, and as a seed of the grammar.
fn on_texts(iterations: usize, run: impl Fn(&[u8])) {
    let run = std::panic::AssertUnwindSafe(run);
    fuzz!(iterations).with_type::<Vec<u8>>().for_each(move |input| {
        run(input);
        run(&text(input));
        let mut seeds = input.iter();
        while !seeds.as_slice().is_empty() {
            let mut out = Vec::new();
            grown(&mut seeds, 5, &mut out);
            run(&out);
        }
    });
}

#[test]
fn the_reader_accepts_what_serde_json_accepts() {
    let json = Encoder::compile(&contract(Format::Json), &transcode_kit::material(None)).expect("nothing to compile");
    on_texts(20_000, |text| {
        let ours = json.encode(text, &mut Vec::new(), &mut Scratch::default());
        // Ignored values are checked for grammar alone: numbers of any size, halves of surrogate pairs.
        let utf8 = std::str::from_utf8(text).is_ok();
        let theirs = utf8 && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
        let text = text.escape_ascii();
        match ours {
            Err(Fault::Syntax { .. }) => assert!(!theirs, "{text}"),
            // Stricter on purpose: duplicates, lone surrogates, depth.
            Ok(_) | Err(Fault::Ambiguous { .. }) => assert!(theirs, "{text}"),
            Err(other) => panic!("{text}: {other:?}"),
        }
    });
}

#[test]
fn the_splitter_finds_what_serde_json_finds() {
    on_texts(20_000, |body| {
        let whole = serde_json::from_slice::<serde_json::Value>(body);
        match split(body, 1_000_000) {
            Ok(Document::One(range)) => {
                let inner = serde_json::from_slice::<serde_json::Value>(&body[range]);
                assert_eq!(inner.ok(), whole.as_ref().ok().cloned());
                assert!(!matches!(whole, Ok(serde_json::Value::Array(_))));
            }
            Ok(Document::Many(ranges)) => {
                let elements: Result<Vec<serde_json::Value>, _> =
                    ranges.into_iter().map(|range| serde_json::from_slice(&body[range])).collect();
                assert_eq!(elements.ok().map(serde_json::Value::Array), whole.ok());
            }
            Err(SplitError::Syntax(error)) => {
                assert!(whole.is_err(), "{}", body.escape_ascii());
                assert!(error.offset <= body.len());
            }
            Err(SplitError::TooMany { .. }) => panic!("no body is that long"),
        }
    });
}

const SCHEMAS: [&str; 5] = [
    r#"{"type":"record","name":"N","fields":[{"name":"a","type":["null","int","string"],"default":null},
        {"name":"b","type":["null","N"],"default":null},{"name":"c","type":{"type":"map","values":"double"},"default":{}}]}"#,
    r#"{"type":"map","values":["null","boolean","long",{"type":"array","items":"string"},{"type":"map","values":"int"}]}"#,
    r#"{"type":"array","items":[{"type":"long","logicalType":"timestamp-micros"},
        {"type":"bytes","logicalType":"decimal","precision":40,"scale":3},{"type":"enum","name":"U","symbols":["KWH","a"]}]}"#,
    r#"[{"type":"record","name":"N","fields":[{"name":"a","type":"int"},{"name":"b","type":"string"}]},
        {"type":"record","name":"M","fields":[{"name":"b","type":["null","N"]},{"name":"a","type":"float"}]},"string"]"#,
    r#"{"type":"record","name":"N","fields":[{"name":"a","type":"bytes","default":""},{"name":"b","type":"int","default":1},
        {"name":"c","type":["null",{"type":"fixed","name":"D","size":12,"logicalType":"duration"}]}]}"#,
];

#[test]
fn what_the_transcoder_writes_can_be_read() {
    let programs: Vec<(Schema, Encoder)> = SCHEMAS
        .iter()
        .enumerate()
        .map(|(index, schema)| {
            let mut contract = avro();
            if index % 2 == 0 {
                contract.value.unknown_fields = UnknownFields::Drop;
            }
            if index == 0 {
                contract.key = key("/b/a", KeyFormat::String);
                contract.id = Some(pointer("/a"));
            }
            (Schema::parse_str(schema).expect("a schema"), encoder(&contract, schema))
        })
        .collect();
    on_texts(10_000, |text| {
        for (schema, encoder) in &programs {
            let mut arena = vec![1, 2, 3];
            match encoder.encode(text, &mut arena, &mut Scratch::default()) {
                Ok(encoded) => drop(read(schema, &arena[encoded.value])),
                Err(fault) => {
                    assert_eq!(arena, [1, 2, 3]);
                    assert!(!matches!(fault, Fault::Violation(list) if list.is_empty() || list.len() > 20));
                }
            }
        }
    });
}

#[test]
fn any_schema_compiles_or_is_refused() {
    let compile = |text: &str| drop(Encoder::compile(&avro(), &transcode_kit::material(Some(text))));
    on_texts(10_000, |text| compile(&String::from_utf8_lossy(text)));
    // Sound schemas with one piece out of place.
    fuzz!(10_000).with_type::<(u8, u16, u8)>().for_each(|(schema, place, piece)| {
        let mut schema = SCHEMAS[usize::from(*schema) % SCHEMAS.len()].as_bytes().to_vec();
        let at = usize::from(*place) % schema.len();
        schema.splice(at..=at, PIECES[usize::from(*piece) % PIECES.len()].bytes());
        compile(&String::from_utf8_lossy(&schema));
    });
}
