//! Events that come as Avro's bytes: taken as they are, refused with the place and what belongs there, however hostile.

mod transcode_kit;

use std::fmt::Write as _;

use forebay_schemas::contract::{BytesText, Contract, Format, Framing, KeyFormat, Personal};
use forebay_schemas::encoder::{Encoded, Encoder, Fault, Payload, Scratch};
use forebay_schemas::pii::Action;
use transcode_kit::{ID, avro, contract, encoder, key, material, pointer};

fn check(encoder: &Encoder, payload: Payload, bytes: &[u8]) -> Result<(Encoded, Vec<u8>), Fault> {
    let mut arena = b"earlier".to_vec();
    let outcome = encoder.check(payload, bytes, &mut arena, &mut Scratch::default());
    if outcome.is_err() {
        assert_eq!(arena, b"earlier", "a refused event leaves nothing");
    }
    outcome.map(|encoded| (encoded, arena))
}

fn stored(contract: &Contract, schema: &str, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let (encoded, arena) = check(&encoder(contract, schema), Payload::Avro, bytes)?;
    Ok(arena[encoded.value].to_vec())
}

/// A long as Avro writes it.
fn long(value: i64) -> Vec<u8> {
    let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    bytes.push(rest.to_le_bytes()[0]);
    bytes
}

fn count(of: usize) -> Vec<u8> {
    long(i64::try_from(of).expect("a short list"))
}

const NESTED: &str = r#"{"type":"record","name":"R","fields":[{"name":"next","type":["null","R"]}]}"#;
const ENDLESS: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"R"},{"name":"b","type":"R"}]}"#;

#[test]
fn sound_payloads_are_stored_as_they_are() {
    let framed = Contract {
        value: forebay_schemas::contract::ValueRule { framing: Framing::Confluent, ..avro().value },
        ..avro()
    };
    assert_eq!(stored(&framed, "\"int\"", &[2]), Ok([&[0][..], &ID.to_be_bytes(), &[2]].concat()));
    for (schema, bytes) in [
        ("\"null\"", &b""[..]),
        ("\"boolean\"", &[1]),
        // A long may take more bytes than it needs.
        ("\"long\"", &[0x80, 0]),
        ("\"long\"", &long(i64::MIN)),
        ("\"int\"", &long(i32::MIN.into())),
        ("\"double\"", &f64::NAN.to_le_bytes()),
        (r#"{"type":"array","items":"null"}"#, &[20, 0]),
        // Blocks with and without their size, one after another.
        (r#"{"type":"array","items":"int"}"#, &[3, 4, 2, 4, 2, 6, 0]),
        (r#"{"type":"map","values":"int"}"#, &[1, 6, 2, b'a', 2, 2, 2, b'b', 2, 0]),
        (r#"{"type":"bytes","logicalType":"decimal","precision":2}"#, &[8, 0, 0, 0, 99]),
        (NESTED, &[&[2; 63][..], &[0]].concat()),
    ] {
        assert_eq!(stored(&avro(), schema, bytes).as_deref(), Ok(bytes), "{schema}");
    }
}

#[test]
fn others_are_refused_with_their_place() {
    let fixed =
        |logical: &str, size| format!(r#"{{"type":"fixed","name":"F","size":{size},"logicalType":"{logical}"}}"#);
    let list = |items: &str| format!(r#"{{"type":"array","items":{items}}}"#);
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":2}"#;
    let cases: Vec<(&str, String, Vec<u8>)> = vec![
        ("cut off in a string", "\"string\"".into(), vec![6, b'a']),
        ("cut off in a number", "\"long\"".into(), vec![0x80]),
        ("eleven bytes of a number", "\"long\"".into(), vec![0x80; 11]),
        ("more than 64 bits", "\"long\"".into(), [&[0xFF; 9][..], &[2]].concat()),
        ("an int of 33 bits", "\"int\"".into(), long(1 << 31)),
        ("a boolean of 2", "\"boolean\"".into(), vec![2]),
        ("half a float", "\"float\"".into(), vec![0, 0]),
        ("half a double", "\"double\"".into(), vec![0; 4]),
        ("half a duration", fixed("duration", 12), vec![0; 6]),
        ("half a UUID", fixed("uuid", 16), vec![0; 8]),
        ("half a fixed", fixed("none", 9), vec![1; 8]),
        ("a negative length", "\"bytes\"".into(), long(-1)),
        ("the longest length", "\"string\"".into(), long(i64::MAX)),
        ("a string of Latin-1", "\"string\"".into(), vec![4, b'a', 0xE9]),
        ("half a surrogate pair", "\"string\"".into(), vec![6, 0xED, 0xA0, 0x80]),
        ("bytes left over", "\"int\"".into(), vec![2, 2]),
        ("nothing at all", "\"int\"".into(), vec![]),
        ("a symbol beyond the last", r#"{"type":"enum","name":"E","symbols":["A","B","C"]}"#.into(), vec![6]),
        ("a symbol before the first", r#"{"type":"enum","name":"E","symbols":["A","B","C"]}"#.into(), vec![1]),
        ("a branch beyond the last", r#"["null","int"]"#.into(), vec![4]),
        ("a time of the next day", r#"{"type":"int","logicalType":"time-millis"}"#.into(), long(86_400_000)),
        (
            "a UUID without dashes",
            r#"{"type":"string","logicalType":"uuid"}"#.into(),
            [&[64][..], &[b'a'; 32]].concat(),
        ),
        ("a decimal of three digits", decimal.into(), vec![2, 100]),
        ("a decimal of none", decimal.into(), vec![0]),
        ("a name twice", r#"{"type":"map","values":"int"}"#.into(), vec![4, 2, b'a', 2, 2, b'a', 2, 0]),
        (
            "a name twice in two blocks",
            r#"{"type":"map","values":"int"}"#.into(),
            vec![2, 2, b'a', 2, 2, 2, b'a', 2, 0],
        ),
        ("an array without its end", list("\"int\""), vec![2, 2]),
        ("a block that is longer than it says", list("\"int\""), vec![3, 2, 2, 4, 0]),
        ("a block that says more than there is", list("\"int\""), vec![1, 20, 2, 0]),
        ("the most nulls that a number counts", list("\"null\""), [long(i64::MAX), vec![0]].concat()),
        ("the fewest items", list("\"null\""), [long(i64::MIN), vec![0, 0]].concat()),
        ("nulls by the block", list("\"null\""), [long(2_100).repeat(2), vec![0]].concat()),
        ("deeper than JSON may be", NESTED.into(), [&[2; 64][..], &[0]].concat()),
        ("a record of itself", ENDLESS.into(), vec![]),
        ("a frame", "[\"null\",\"int\"]".into(), vec![0, 0, 0, 0, 7, 2, 2]),
    ];
    let mut report = String::new();
    for (what, schema, bytes) in cases {
        let Err(Fault::Undecodable { offset, expected }) = stored(&avro(), &schema, &bytes) else {
            unreachable!("{what} is refused")
        };
        writeln!(report, "{what}\n    byte {offset}: expected {expected}").expect("a String takes everything");
    }
    insta::assert_snapshot!(report);
}

/// 130 bytes that stand for as many values as there can be: none is walked without end, none takes memory to speak of.
#[test]
fn bombs_are_refused() {
    let nulls = [long(i64::MAX).repeat(13), vec![0]].concat();
    let blocks: Vec<u8> = [vec![0x80, 0x80, 0x01], vec![0x7F]].concat().repeat(40);
    // Each record holds the one before it twice, and the last one all of them: 2^60 empty records.
    let level = |level: usize| {
        let below = format!("D{}", level - 1);
        format!(
            r#"{{"name":"f{level}","type":{{"type":"record","name":"D{level}","fields":[{{"name":"a","type":"{below}"}},{{"name":"b","type":"{below}"}}]}}}}"#
        )
    };
    let levels = (1..60).map(level).collect::<Vec<_>>().join(",");
    let lowest = r#"{"name":"f0","type":{"type":"record","name":"D0","fields":[]}}"#;
    let chain = format!(r#"{{"type":"record","name":"R","fields":[{lowest},{levels}]}}"#);
    let empty = r#"{"type":"array","items":{"type":"record","name":"E","fields":[]}}"#;
    let wide = r#"{"type":"array","items":{"type":"array","items":{"type":"fixed","name":"F","size":0}}}"#;
    for schema in [r#"{"type":"array","items":"null"}"#, empty, wide, &chain, ENDLESS, NESTED] {
        let encoder = encoder(&avro(), schema);
        for bytes in [&nulls[..], &blocks, &[0xFF; 130], &[2; 130], &[]] {
            let mut arena = Vec::new();
            let outcome = encoder.check(Payload::Avro, bytes, &mut arena, &mut Scratch::default());
            assert!(outcome.is_err() || arena == bytes, "{schema}");
            assert!(arena.capacity() <= 1 << 12, "{schema}");
        }
    }
}

#[test]
fn what_is_treated_is_written_anew() {
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"names","type":{"type":"array","items":"string"}},
        {"name":"tags","type":{"type":"map","values":"string"}},
        {"name":"rest","type":["null","string"],"default":null}]}"#;
    let masking = |path: &str, action| {
        let pii = vec![Personal { pointer: pointer(path), action }];
        Contract { pii, ..avro() }
    };
    // Two blocks with their sizes, one without; then two blocks of one member each.
    let bytes = [
        &[1, 4, 2, b'a', 3, 8, 2, b'b', 2, b'c', 2, 2, b'd', 0][..],
        &[2, 2, b'x', 2, b'1', 1, 8, 2, b'y', 2, b'2', 0],
        &[2, 2, b'z'],
    ]
    .concat();
    let names = |names: &[&str]| {
        let each: Vec<u8> =
            names.iter().flat_map(|name| [count(name.len()), name.as_bytes().to_vec()].concat()).collect();
        [count(names.len()), each, vec![0]].concat()
    };
    let (plain, tags, rest) = (names(&["a", "b", "c", "d"]), [4, 2, b'x', 2, b'1', 2, b'y', 2, b'2', 0], [2, 2, b'z']);
    for (path, action, expected) in [
        ("/names/*", Action::Mask, [&names(&["****"; 4])[..], &tags, &rest].concat()),
        ("/names/2", Action::Mask, [&names(&["a", "b", "****", "d"])[..], &tags, &rest].concat()),
        ("/tags/x", Action::Drop, [&plain[..], &[2, 2, b'y', 2, b'2', 0], &rest].concat()),
        ("/tags/*", Action::Drop, [&plain[..], &[0], &rest].concat()),
        (
            "/tags/y",
            Action::Mask,
            [&plain[..], &[4, 2, b'x', 2, b'1', 2, b'y', 8, b'*', b'*', b'*', b'*', 0], &rest].concat(),
        ),
        ("/rest", Action::Drop, [&plain[..], &tags, &[0]].concat()),
    ] {
        assert_eq!(stored(&masking(path, action), schema, &bytes), Ok(expected), "{} of {path}", action.name());
    }
    assert_eq!(stored(&avro(), schema, &bytes), Ok(bytes.clone()));
    let cut = stored(&masking("/rest", Action::Drop), schema, &bytes[..bytes.len() - 1]);
    assert!(matches!(cut, Err(Fault::Undecodable { .. })), "what is dropped is checked first");
}

#[test]
fn text_and_octets_are_stored_as_they_are() {
    let facts = |contract: &Contract, payload, bytes: &[u8]| {
        let encoder = Encoder::compile(contract, &material(None)).expect("a contract");
        let (found, arena) = check(&encoder, payload, bytes)?;
        let of = |range: Option<std::ops::Range<usize>>| range.map(|range| arena[range].to_vec());
        Ok((arena[found.value.clone()].to_vec(), of(found.key), of(found.id), found.time_millis))
    };
    let whole = |format, of| Contract { key: key("", of), id: Some(pointer("")), ..contract(format) };
    let text = whole(Format::String, KeyFormat::String);
    let é = "é".as_bytes().to_vec();
    assert_eq!(facts(&text, Payload::Text, "é".as_bytes()), Ok((é.clone(), Some(é.clone()), Some(é), None)));
    let timed = Contract { time: Some(pointer("")), ..contract(Format::String) };
    assert_eq!(facts(&timed, Payload::Text, b"1970-01-01T00:00:01Z").map(|facts| facts.3), Ok(Some(1000)));
    assert!(matches!(facts(&timed, Payload::Text, b"soon"), Err(Fault::Violation(list)) if list[0].actual == "string"));
    let latin = facts(&text, Payload::Text, b"ab\xE9");
    assert_eq!(latin, Err(Fault::Undecodable { offset: 2, expected: "UTF-8 text".to_owned() }));
    let octets = whole(Format::Bytes, KeyFormat::Bytes);
    let found = facts(&octets, Payload::Octets, &[0, 0xFF]);
    assert_eq!(found, Ok((vec![0, 0xFF], Some(vec![0, 0xFF]), Some(b"AP8=".to_vec()), None)));
    let mut spelt = whole(Format::Bytes, KeyFormat::String);
    spelt.value.bytes = BytesText::CodePoints;
    let found = facts(&spelt, Payload::Octets, &[0xE9]).expect("bytes");
    assert_eq!(found.1.as_deref(), Some("é".as_bytes()));
}

#[test]
fn each_contract_takes_its_own_kind() {
    let all = [Payload::Avro, Payload::Protobuf, Payload::Text, Payload::Octets];
    let taken = |encoder: &Encoder| all.map(|payload| encoder.takes(payload));
    let plain = |format| Encoder::compile(&contract(format), &material(None)).expect("a contract");
    assert_eq!(taken(&encoder(&avro(), "\"int\"")), [true, false, false, false]);
    assert_eq!(taken(&plain(Format::String)), [false, false, true, false]);
    assert_eq!(taken(&plain(Format::Bytes)), [false, false, false, true]);
    assert_eq!(taken(&plain(Format::Json)), [false; 4]);
    for payload in all {
        let refused = check(&plain(Format::Json), payload, b"1");
        assert!(
            matches!(refused, Err(Fault::Violation(list)) if list[0].expected == "a body of the contract's format")
        );
    }
}
