//! The way back: what was encoded is read as the event that it was, and encodes to the same bytes again. Bytes that
//! nobody encoded are refused, whatever they are, and soon.

#![expect(clippy::panic, reason = "that is how a test fails")]

mod transcode_kit;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use apache_avro::Schema;
use forebay_schemas::contract::{self, BytesText, Compiled, Contract, Folder, Format, Framing, Unions};
use forebay_schemas::decoder::{Decoder, Undecodable};
use forebay_schemas::encoder::Encoder;
use forebay_schemas::json::MAX_DEPTH;
use serde_json::{Value, json};
use transcode_kit::{avro, bytes, encoder, read};

const LINKED: &str = r#"{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]}]}"#;
/// apache-avro takes 100 KiB of stack for each level where it is not optimised.
const STACK: usize = 32 << 20;

fn logical(kind: &str, name: &str) -> String {
    format!(r#"{{"type":"{kind}","logicalType":"{name}"}}"#)
}

fn fixed(size: usize, logical: &str) -> String {
    format!(r#"{{"type":"fixed","name":"F","size":{size},"logicalType":"{logical}"}}"#)
}

fn decimal(precision: usize, scale: usize) -> String {
    format!(r#"{{"type":"bytes","logicalType":"decimal","precision":{precision},"scale":{scale}}}"#)
}

fn decode(schema: &str, value: &[u8]) -> Result<Value, Undecodable> {
    Decoder::new(&avro(), &transcode_kit::material(Some(schema))).decode(value)
}

/// Events, and how they come back: as JSON that encodes to the same bytes.
fn comes_back_under(contract: &Contract, schema: &str, events: &[(&str, Value)]) {
    let encoder = encoder(contract, schema);
    let decoder = Decoder::new(contract, &transcode_kit::material(Some(schema)));
    for (event, expected) in events {
        let written = bytes(&encoder, event).unwrap_or_else(|fault| panic!("{schema}: {event}: {fault:?}"));
        let shown = decoder.decode(&written).unwrap_or_else(|error| panic!("{schema}: {event}: {error}"));
        assert_eq!(shown, *expected, "{schema}: {event}");
        assert_eq!(bytes(&encoder, &shown.to_string()), Ok(written), "{schema}: {event} as {shown}");
    }
}

fn comes_back(schema: &str, events: &[(&str, Value)]) {
    comes_back_under(&avro(), schema, events);
}

/// Events that come back as they were.
fn stays_under(contract: &Contract, schema: &str, events: &[&'static str]) {
    let same = |text: &&'static str| (*text, serde_json::from_str(text).expect("an event is JSON"));
    let events: Vec<(&str, Value)> = events.iter().map(same).collect();
    comes_back_under(contract, schema, &events);
}

fn stays(schema: &str, events: &[&'static str]) {
    stays_under(&avro(), schema, events);
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

/// Runs what nests deeply where there is room for it.
fn with_room(run: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK).spawn(run).expect("a thread");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

#[test]
fn plain_types() {
    stays(r#""null""#, &["null"]);
    stays(r#""boolean""#, &["true", "false"]);
    stays(r#""int""#, &["0", "-1", "2147483647", "-2147483648"]);
    stays(r#""long""#, &["9223372036854775807", "-9223372036854775808", "9007199254740993"]);
    stays(r#""string""#, &[r#""""#, r#""a\"\\\u0000é𝄞""#]);
    stays(r#"{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}"#, &[r#""A""#, r#""B""#]);
    stays(r#"{"type":"array","items":"int"}"#, &["[]", "[1,2,3]"]);
    stays(r#"{"type":"map","values":"int"}"#, &["{}", r#"{"a":1,"b":2}"#]);
    stays(r#"["null","int","string"]"#, &["null", "7", r#""seven""#]);
}

#[test]
fn floats_have_the_digits_that_they_need() {
    stays(r#""double""#, &["0.1", "-0.0", "1e300", "5e-324", "123.0", r#""NaN""#, r#""Infinity""#, r#""-Infinity""#]);
    stays(r#""float""#, &["0.1", "16777216.0", "3.4028235e38", "1e-45", r#""NaN""#, r#""Infinity""#, r#""-Infinity""#]);
    comes_back(r#""double""#, &[("1", json!(1.0)), ("9007199254740993.0", json!(9_007_199_254_740_992.0))]);
}

#[test]
fn bytes_in_the_contracts_spelling() {
    stays(r#""bytes""#, &[r#""""#, r#""AP8=""#]);
    stays(&fixed(3, "unknown"), &[r#""AP8A""#]);
    stays_under(&code_points(), r#""bytes""#, &[r#""""#, r#""\u0000ÿ""#]);
    stays_under(&code_points(), &fixed(3, "unknown"), &[r#""\u0000ÿA""#]);
    stays_under(&code_points(), &decimal(4, 2), &[r#""\u0004â""#]);
}

#[test]
fn decimals_with_the_scales_digits() {
    comes_back(
        &decimal(18, 2),
        &[
            ("12.5", json!("12.50")),
            ("0", json!("0.00")),
            ("-0.07", json!("-0.07")),
            ("\"1e15\"", json!("1000000000000000.00")),
            ("-9999999999999999.99", json!("-9999999999999999.99")),
        ],
    );
    comes_back(&decimal(3, 0), &[("999", json!("999")), ("-128", json!("-128")), ("0", json!("0"))]);
    comes_back(&decimal(3, 3), &[("0.001", json!("0.001")), ("-0.999", json!("-0.999"))]);
    let long = "1234567890123456789012345678901234567890123456789.5";
    comes_back(&decimal(60, 1), &[(long, json!(long)), (&format!("-{long}"), json!(format!("-{long}")))]);
    let fixed = r#"{"type":"fixed","name":"F","size":40,"logicalType":"decimal","precision":9,"scale":4}"#;
    comes_back(fixed, &[("-1", json!("-1.0000")), ("12345.6789", json!("12345.6789"))]);
}

#[test]
fn dates_and_times() {
    stays(&logical("int", "date"), &[r#""2026-11-21""#, r#""1970-01-01""#, r#""0000-01-01""#, r#""9999-12-31""#]);
    stays(&logical("int", "date"), &[r#""2000-02-29""#, r#""1900-02-28""#, r#""1900-03-01""#, r#""1969-12-31""#]);
    stays(&logical("int", "time-millis"), &[r#""00:00:00.000""#, r#""14:03:00.250""#, r#""23:59:59.999""#]);
    stays(&logical("long", "time-micros"), &[r#""00:00:00.000000""#, r#""14:03:00.250001""#]);
    stays(&logical("long", "timestamp-millis"), &[r#""2026-11-21T14:03:00.250Z""#, r#""1969-12-31T23:59:59.999Z""#]);
    stays(&logical("long", "timestamp-micros"), &[r#""0000-01-01T00:00:00.000000Z""#]);
    stays(&logical("long", "timestamp-nanos"), &[r#""1677-09-21T00:12:43.145224192Z""#]);
    stays(&logical("long", "local-timestamp-millis"), &[r#""9999-12-31T23:59:59.999""#]);
    stays(&logical("long", "local-timestamp-micros"), &[r#""2026-11-21T14:03:00.250001""#]);
    stays(&logical("long", "local-timestamp-nanos"), &[r#""2262-04-11T23:47:16.854775807""#]);
    comes_back(
        &logical("long", "timestamp-millis"),
        &[
            ("\"2026-11-21T14:03:00+01:00\"", json!("2026-11-21T13:03:00.000Z")),
            ("0", json!("1970-01-01T00:00:00.000Z")),
        ],
    );
}

#[test]
fn counts_that_no_text_spells() {
    stays(&logical("int", "date"), &["2147483647", "-2147483648", "2932897", "-719529"]);
    for name in ["timestamp-millis", "local-timestamp-micros"] {
        stays(&logical("long", name), &["9223372036854775807", "-9223372036854775808"]);
    }
    // Another day's time of day, which the encoder would not write.
    assert_eq!(decode(&logical("long", "time-micros"), &[1]), Ok(json!(-1)));
    assert_eq!(decode(&logical("int", "time-millis"), &[0x80, 0xF0, 0xB2, 0x52]), Ok(json!(86_400_000)));
}

#[test]
fn durations_and_uuids() {
    stays(
        &fixed(12, "duration"),
        &[
            r#""PT0S""#,
            r#""P1Y2M3DT4H5M6.789S""#,
            r#""P4294967295D""#,
            r#""PT1193H2M47.295S""#,
            r#""PT0.001S""#,
            r#""PT10S""#,
            r#""P11M""#,
        ],
    );
    comes_back(&fixed(12, "duration"), &[("\"P14MT3600S\"", json!("P1Y2MT1H")), ("\"PT61S\"", json!("PT1M1S"))]);
    let (lower, upper) = ("67e55044-10b1-426f-9247-bb680e5fe0c8", "67E55044-10B1-426F-9247-BB680E5FE0C8");
    let spelt = |text: &str| format!("\"{text}\"");
    comes_back(&logical("string", "uuid"), &[(&spelt(lower), json!(lower)), (&spelt(upper), json!(upper))]);
    comes_back(&fixed(16, "uuid"), &[(&spelt(lower), json!(lower)), (&spelt(upper), json!(lower))]);
}

#[test]
fn logical_types_that_mean_nothing_here() {
    stays(&logical("int", "timestamp-millis"), &["5"]);
    stays(&logical("string", "date"), &[r#""x""#]);
    stays(r#"{"type":"bytes","logicalType":"big-decimal"}"#, &[r#""AAA=""#]);
    stays(r#"{"type":"long","logicalType":7}"#, &["5"]);
}

#[test]
fn records_with_defaults_and_aliases_of_any_kind() {
    let schema = r#"{"type":"record","name":"R","namespace":"a.b","aliases":["S"],"fields":[
        {"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2},"default":"\u0001\u0000"},
        {"name":"f","type":{"type":"fixed","name":"F","size":2},"default":"\u00ff\u0000","aliases":["default"]},
        {"name":"default","type":["null",{"type":"array","items":"R"}],"default":null},
        {"name":"t","type":{"type":"long","logicalType":"timestamp-millis"},"default":0},
        {"name":"m","type":{"type":"map","values":"F"},"default":{"k":"ab"}}]}"#;
    let absent =
        json!({"d": "2.56", "f": "/wA=", "default": null, "t": "1970-01-01T00:00:00.000Z", "m": {"k": "YWI="}});
    let mut nested = absent.clone();
    nested["default"] = json!([absent.clone()]);
    comes_back(schema, &[("{}", absent), (r#"{"default":[{}]}"#, nested)]);
}

#[test]
fn unions_bare_or_tagged_as_the_contract_takes_them() {
    let schema = r#"["null","int",{"type":"record","name":"a.R","fields":[{"name":"x","type":["null","string"]}]}]"#;
    for unions in [Unions::Plain, Unions::Either] {
        stays_under(&with_unions(unions), schema, &["null", "1", r#"{"x":null}"#, r#"{"x":"y"}"#]);
    }
    let tagged = [r#"{"int":1}"#, r#"{"a.R":{"x":null}}"#, r#"{"a.R":{"x":{"string":"y"}}}"#];
    stays_under(&with_unions(Unions::Tagged), schema, &tagged);
    stays_under(&with_unions(Unions::Tagged), schema, &["null"]);
    comes_back_under(&with_unions(Unions::Either), schema, &[(tagged[2], json!({"x": "y"}))]);
}

#[test]
fn frames_are_checked() {
    let mut contract = avro();
    contract.value.framing = Framing::Confluent;
    stays_under(&contract, r#""int""#, &["7"]);
    let decoder = Decoder::new(&contract, &transcode_kit::material(Some(r#""int""#)));
    assert_eq!(decoder.decode(&[0, 1, 2, 3, 4, 14]), Ok(json!(7)));
    assert_eq!(decoder.decode(&[0, 1, 2, 3, 5, 14]), Err(Undecodable::OtherSchema(0x0102_0305)));
    for unframed in [&[][..], &[0, 1, 2, 3], &[1, 1, 2, 3, 4, 14], &[14]] {
        assert_eq!(decoder.decode(unframed), Err(Undecodable::NoFrame));
    }
}

#[test]
fn formats_without_a_schema() {
    let round = |format: Format, event: &str| {
        let contract = transcode_kit::contract(format);
        let encoder = Encoder::compile(&contract, &transcode_kit::material(None)).expect("a sound contract");
        let written = bytes(&encoder, event).expect("an event");
        let shown = Decoder::new(&contract, &transcode_kit::material(None)).decode(&written).expect("it was encoded");
        assert_eq!(bytes(&encoder, &shown.to_string()), Ok(written));
        shown
    };
    assert_eq!(round(Format::Json, r#"{"a":[1,"0x\"12",null]}"#), json!({"a": [1, "0x\"12", null]}));
    assert_eq!(round(Format::String, r#""a\nb""#), json!("a\nb"));
    assert_eq!(round(Format::Bytes, r#""AP8=""#), json!("AP8="));

    let decoder = |format| Decoder::new(&transcode_kit::contract(format), &transcode_kit::material(None));
    for no_json in ["", "{", "1 2", "\u{feff}1"] {
        assert!(matches!(decoder(Format::Json).decode(no_json.as_bytes()), Err(Undecodable::Unlike(_))), "{no_json}");
    }
    for no_text in [Format::Json, Format::String] {
        assert!(matches!(decoder(no_text).decode(b"\"\xff\""), Err(Undecodable::Unlike(_))));
    }
}

#[test]
fn numbers_of_json_texts_are_exact_or_refused() {
    let decoder = Decoder::new(&transcode_kit::contract(Format::Json), &transcode_kit::material(None));
    for exact in ["0", "-0", "1.50", "18446744073709551615", "-9223372036854775808", "1e22", "0.1", "[1e0,\"1e999\"]"] {
        assert_eq!(decoder.decode(exact.as_bytes()), Ok(serde_json::from_str(exact).expect("it is JSON")), "{exact}");
    }
    for inexact in ["18446744073709551617", "[0.10000000000000000001]", "{\"a\\\"\":1e-400}", "123456789012345678.5"] {
        let refused = Undecodable::TooMuch("a number of too many digits");
        assert_eq!(decoder.decode(inexact.as_bytes()), Err(refused), "{inexact}");
    }
    assert!(matches!(decoder.decode(b"1e999"), Err(Undecodable::Unlike(_))));
}

#[test]
fn without_a_sound_schema_nothing_is_read() {
    for schema in [None, Some(""), Some("{}"), Some(r#""integer""#)] {
        assert_eq!(Decoder::new(&avro(), &transcode_kit::material(schema)).decode(&[2]), Err(Undecodable::NoSchema));
    }
}

#[test]
fn bytes_that_are_not_what_the_schema_says() {
    let text = "\"string\"";
    let array = r#"{"type":"array","items":"string"}"#;
    let refused: [(&str, &[u8]); 18] = [
        ("\"boolean\"", &[]),
        ("\"boolean\"", &[2]),
        ("\"int\"", &[0x80, 0x80, 0x80, 0x80, 0x20]),
        ("\"long\"", &[0xFF; 11]),
        ("\"long\"", &[0x80]),
        ("\"int\"", &[2, 2]),
        (text, &[]),
        (text, &[4, b'a']),
        (text, &[1]),
        (text, &[2, 0xFF]),
        (text, &[0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        ("[\"null\"]", &[]),
        ("[\"null\"]", &[2]),
        ("[\"null\"]", &[1]),
        (r#"{"type":"enum","name":"E","symbols":["A"]}"#, &[2]),
        (array, &[2, 0]),
        (array, &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0]),
        (&decimal(3, 1), &[0]),
    ];
    for (schema, value) in refused {
        let outcome = decode(schema, value);
        assert!(matches!(outcome, Err(Undecodable::Unlike(_))), "{schema}: {value:?}: {outcome:?}");
    }
    for (value, digits) in [([4, 3, 0xE7], Some("99.9")), ([4, 3, 0xE8], None), ([4, 0x7F, 0xFF], None)] {
        assert_eq!(decode(&decimal(3, 1), &value).ok(), digits.map(Value::from));
    }
    assert_eq!(decode(array, &[1, 4, 2, b'a', 0]), Ok(json!(["a"])), "a block may say how long it is");
}

#[test]
fn lists_that_cost_their_writer_nothing() {
    let many = [0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0];
    let nothing = [
        r#""null""#.to_owned(),
        fixed(0, "unknown"),
        r#"{"type":"record","name":"R","fields":[]}"#.to_owned(),
        r#"{"type":"record","name":"R","fields":[{"name":"n","type":"null"}]}"#.to_owned(),
    ];
    for items in nothing {
        let schema = format!(r#"{{"type":"array","items":{items}}}"#);
        let outcome = decode(&schema, &many);
        assert_eq!(outcome, Err(Undecodable::TooMuch("too many empty values")), "{items}");
        assert!(decode(&schema, &[8, 0]).is_ok_and(|list| list.as_array().is_some_and(|list| list.len() == 4)));
    }
    let nulls = [&[0xC0, 0x9A, 0x0C][..], &vec![0; 100_000], &[0]].concat();
    let outcome = decode(r#"{"type":"array","items":["null","int"]}"#, &nulls);
    assert!(outcome.is_ok_and(|list| list.as_array().is_some_and(|list| list.len() == 100_000)));
}

#[test]
fn as_deep_as_an_event_may_be_and_no_deeper() {
    with_room(|| {
        let nested = |depth: usize| [&vec![2; depth - 1][..], &[0]].concat();
        let event = [&"{\"n\":".repeat(MAX_DEPTH)[..], "null", &"}".repeat(MAX_DEPTH)].concat();
        assert_eq!(bytes(&encoder(&avro(), LINKED), &event), Ok(nested(MAX_DEPTH)));
        assert_eq!(decode(LINKED, &nested(MAX_DEPTH)).map(|value| value.to_string()), Ok(event));
        let too_deep = Err(Undecodable::TooMuch("nested more than 64 deep"));
        assert_eq!(decode(LINKED, &nested(MAX_DEPTH + 1)), too_deep);
        assert_eq!(decode(LINKED, &nested(1_000_000)), too_deep);
        let endless = r#"{"type":"record","name":"N","fields":[{"name":"n","type":"N"}]}"#;
        assert_eq!(decode(endless, &[]), too_deep);
    });
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    listing.map(|entry| entry.expect("the folder can be listed").path()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("it was listed").to_string_lossy().into_owned()
}

fn catalog() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog")
}

fn topics() -> Vec<Compiled> {
    let folder = |path: &PathBuf| {
        let files = entries(path).into_iter().filter(|file| file.is_file());
        let files = files.map(|file| (name(&file), fs::read(&file).expect("it was listed"))).collect();
        Folder { name: name(path), files }
    };
    contract::load(&entries(&catalog()).iter().map(folder).collect::<Vec<_>>(), None).topics
}

/// The records that a topic's valid samples become, by file.
fn records(topic: &Compiled) -> Vec<(PathBuf, Vec<u8>)> {
    let files = entries(&catalog().join(&topic.contract.topic).join("samples/valid"));
    let record = |file: PathBuf| {
        let text = fs::read_to_string(&file).expect("it is text");
        let record = bytes(encoder_of(topic), &text).unwrap_or_else(|fault| panic!("{}: {fault:?}", file.display()));
        (file, record)
    };
    files.into_iter().map(record).collect()
}

/// The text of a topic's schema.
fn text(topic: &Compiled) -> &str {
    topic.material.value.as_ref().and_then(|sourced| sourced.schema.text()).expect("the samples are Avro")
}

fn encoder_of(topic: &Compiled) -> &Encoder {
    topic.encoder.as_ref().expect("no registry has a say")
}

fn decoder(topic: &Compiled) -> Decoder {
    Decoder::new(&topic.contract, &topic.material)
}

/// Posted again, a record that was read back becomes the same record.
#[test]
fn every_sample_comes_back() {
    let topics = topics();
    assert!(topics.len() >= 6);
    for topic in topics {
        let decoder = decoder(&topic);
        for (file, record) in records(&topic) {
            let again = |record: &[u8]| {
                let shown = decoder.decode(record).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                bytes(encoder_of(&topic), &shown.to_string()).unwrap_or_else(|fault| panic!("{shown}: {fault:?}"))
            };
            let written = again(&record);
            assert_eq!(again(&written), written, "{}", file.display());
            if topic.contract.value.format == Format::Avro {
                assert_same(&topic, (&record, &written), &file);
            }
        }
    }
}

/// Members of a map come back in alphabetical order, so that only what has no map is the same to the byte.
fn assert_same(topic: &Compiled, (record, written): (&[u8], &[u8]), file: &Path) {
    let schema = Schema::parse_str(text(topic)).expect("the encoder has compiled it");
    let payload = if topic.contract.value.framing == Framing::None { 0 } else { 5 };
    assert_eq!(read(&schema, &written[payload..]), read(&schema, &record[payload..]), "{}", file.display());
    assert!(written == record || text(topic).contains("\"map\""), "{}", file.display());
}

/// A Protobuf message that ends after one of its fields is a shorter message.
#[test]
fn a_record_that_was_cut_off_or_has_more_is_refused() {
    for topic in topics() {
        let decoder = decoder(&topic);
        for (file, mut record) in records(&topic) {
            let cut = if topic.contract.value.format == Format::Protobuf { 5 } else { record.len() };
            for end in 0..cut {
                assert!(decoder.decode(&record[..end]).is_err(), "{} up to byte {end}", file.display());
            }
            record.push(0);
            assert!(decoder.decode(&record).is_err(), "{} and one byte", file.display());
        }
    }
}
