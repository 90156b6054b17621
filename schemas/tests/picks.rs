//! Fields that a contract binds or conventions name, picked out of events: by their types, whatever the format, and the
//! same from an event's bytes as from its JSON.
#![expect(clippy::panic, reason = "how a test fails")]

mod picks_kit;
mod protobuf_kit;
mod transcode_kit;

use forebay_schemas::contract::{
    Bind, BytesText, Contract, Format, Framing, KeyFormat, Personal, Unions, UnknownFields,
};
use forebay_schemas::encoder::{Encoder, Fault, Material, Payload, Scratch};
use forebay_schemas::pii::{Action, HashKey};
use picks_kit::{compiled, naming, picked, picked_from_bytes, shown};
use transcode_kit::{avro, contract, key, pointer};

/// What apache-avro takes for 64 levels where it is not optimised.
const STACK: usize = 8 << 20;

/// Holds a format to a table of pointers and what they give, from the text and from the bytes that it becomes.
fn hold(contract: &Contract, material: Material, text: &str, payload: Option<Payload>, rows: &[(&str, &str)]) {
    let named: Vec<&str> = rows.iter().map(|(pointer, _)| *pointer).collect();
    let encoder = compiled(contract, &naming(material.clone(), &named));
    let (value, found) = picked(&encoder, text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    let table = |found: Vec<String>| named.iter().copied().map(str::to_owned).zip(found).collect::<Vec<_>>();
    let wanted = table(rows.iter().map(|(_, value)| (*value).to_owned()).collect());
    assert_eq!(table(found), wanted);
    if let Some(payload) = payload {
        assert_eq!(table(picked_from_bytes(&encoder, (payload, &value))), wanted, "from bytes");
        let mut framed = contract.clone();
        framed.value.framing = Framing::Confluent;
        let framed = compiled(&framed, &naming(material, &named));
        assert_eq!(table(picked_from_bytes(&framed, (payload, &value))), wanted, "from bytes, records framed");
    }
}

const AVRO: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":"long"},
    {"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"s","type":"string"},
    {"name":"y","type":"bytes"},{"name":"x","type":{"type":"fixed","name":"X","size":2}},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
    {"name":"u","type":{"type":"string","logicalType":"uuid"}},
    {"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}},
    {"name":"ms","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"day","type":{"type":"int","logicalType":"date"}},
    {"name":"tod","type":{"type":"int","logicalType":"time-millis"}},
    {"name":"local","type":{"type":"long","logicalType":"local-timestamp-millis"}},
    {"name":"sum","type":{"type":"bytes","logicalType":"decimal","precision":20,"scale":2}},
    {"name":"span","type":{"type":"fixed","name":"S","size":12,"logicalType":"duration"}},
    {"name":"list","type":{"type":"array","items":"int"}},
    {"name":"map","type":{"type":"map","values":"string"}},
    {"name":"rec","type":{"type":"record","name":"Q","fields":[{"name":"n","type":["null","string"],"default":null},
        {"name":"m","type":"int","default":7}]}},
    {"name":"none","type":["null","int"],"default":null},
    {"name":"left","type":"string","default":"out"},
    {"name":"deep","type":{"type":"record","name":"D","fields":[{"name":"z","type":"long"}]},"default":{"z":5}},
    {"name":"alt","type":["null","long","string"],"default":null}]}"#;

const AVRO_EVENT: &str = r#"{"b":true,"i":-5,"l":9007199254740993,"f":0.1,"d":2,"s":"a\u00e9","y":"AP8=","x":"AQI=","e":"B",
    "u":"67e55044-10b1-426f-9247-bb680e5fe0c8","at":"1970-01-01T00:00:01.0000025Z","ms":-1,"day":"2026-11-21","tod":1500,
    "local":"1970-01-01T00:00:00.250","sum":"12.50","span":"P1D","list":[1,2],"map":{"k":"v"},"rec":{"n":"q"},
    "alt":{"string":"t"}}"#;

#[test]
fn avro_by_its_types() {
    hold(
        &avro(),
        transcode_kit::material(Some(AVRO)),
        AVRO_EVENT,
        Some(Payload::Avro),
        &[
            ("/b", "true"),
            ("/i", "int -5"),
            ("/l", "int 9007199254740993"),
            ("/f", "double 0.1"),
            ("/d", "double 2"),
            ("/s", "text aé"),
            ("/y", "bytes [0, 255]"),
            ("/x", "bytes [1, 2]"),
            ("/e", "text B"),
            ("/u", "text 67e55044-10b1-426f-9247-bb680e5fe0c8"),
            ("/at", "time 1+2000"),
            ("/ms", "time -1+999000000"),
            ("/day", "text 2026-11-21"),
            ("/tod", "text 00:00:01.500"),
            ("/local", "text 1970-01-01T00:00:00.250"),
            ("/sum", "double 12.5"),
            ("/span", "text P1D"),
            ("/list", "json [1,2]"),
            ("/list/1", "int 2"),
            ("/list/2", "absent"),
            ("/map/k", "text v"),
            ("/map/other", "absent"),
            ("/rec/n", "text q"),
            ("/rec/m", "int 7"),
            ("/none", "absent"),
            ("/left", "text out"),
            ("/deep/z", "int 5"),
            ("/alt", "text t"),
            ("/nowhere", "absent"),
            ("/s/deeper", "absent"),
            ("/s", "text aé"),
        ],
    );
    let mut points = avro();
    points.value.bytes = BytesText::CodePoints;
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"y","type":"bytes"},
        {"name":"sum","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":1}}]}"#;
    let rows =
        [("/y", "bytes [0, 255]"), ("/sum", "double 25.6"), ("", r#"json {"sum":"\u0001\u0000","y":"\u0000ÿ"}"#)];
    let text = r#"{"sum":"\u0001\u0000","y":"\u0000ÿ"}"#;
    hold(&points, transcode_kit::material(Some(schema)), text, None, &rows);
    hold(&points, transcode_kit::material(Some(schema)), text, Some(Payload::Avro), &rows[..2]);
}

const PROTOBUF: &str = r#"syntax = "proto3";
    import "google/protobuf/timestamp.proto"; import "google/protobuf/struct.proto";
    import "google/protobuf/wrappers.proto"; import "google/protobuf/duration.proto";
    message R {
        bool b = 1; int32 i = 2; uint64 big = 3; float f = 4; double d = 5; string s = 6; bytes y = 7; E e = 8; E n = 9;
        google.protobuf.Timestamp at = 10; google.protobuf.Duration span = 11; google.protobuf.Struct free = 12;
        google.protobuf.Int64Value wrapped = 13; repeated int32 list = 14; map<string, bool> map = 15; Q rec = 16;
        int32 zero = 17; optional int32 there = 18; repeated int32 empty = 19; oneof way { string one = 20; string two = 21; }
        string snake_case = 22; google.protobuf.Value any_value = 23;
    }
    message Q { string name = 1; }
    enum E { A = 0; B = 1; }"#;

#[test]
fn protobuf_by_its_types() {
    let text = r#"{"b":true,"i":-5,"big":"18446744073709551615","f":0.1,"d":"2","s":"a","y":"AP8","e":"B","n":1,
        "at":"1970-01-01T00:00:01.000000025Z","span":"1.500s","free":{"a":{"b":[1,"x"]}},"wrapped":"0","list":[1,2],
        "map":{"k":true},"rec":{"name":"q"},"zero":0,"there":0,"empty":[],"two":"t","snakeCase":"c","anyValue":3}"#;
    let rows = [
        ("/b", "true"),
        ("/i", "int -5"),
        ("/big", "uint 18446744073709551615"),
        ("/f", "double 0.1"),
        ("/d", "double 2"),
        ("/s", "text a"),
        ("/y", "bytes [0, 255]"),
        ("/e", "text B"),
        ("/n", "text B"),
        ("/at", "time 1+25"),
        ("/span", "text 1.500s"),
        ("/free/a/b/1", "text x"),
        ("/free/a/b/0", "double 1"),
        ("/free/c", "absent"),
        ("/wrapped", "int 0"),
        ("/list", "json [1,2]"),
        ("/list/0", "int 1"),
        ("/map", r#"json {"k":true}"#),
        ("/map/k", "true"),
        ("/map/l", "absent"),
        ("/rec", r#"json {"name":"q"}"#),
        ("/rec/name", "text q"),
        ("/zero", "absent"),
        ("/there", "int 0"),
        ("/empty", "absent"),
        ("/one", "absent"),
        ("/two", "text t"),
        ("/snake_case", "text c"),
        ("/any_value", "double 3"),
        ("/nowhere", "absent"),
    ];
    hold(&protobuf_kit::protobuf(), protobuf_kit::material(PROTOBUF), text, Some(Payload::Protobuf), &rows);
    hold(
        &protobuf_kit::protobuf(),
        protobuf_kit::material(PROTOBUF),
        r#"{"s":"x"}"#,
        Some(Payload::Protobuf),
        &[("/s", "text x"), ("/rec/name", "absent"), ("/wrapped", "absent")],
    );
    let whole = compiled(&protobuf_kit::protobuf(), &naming(protobuf_kit::material(PROTOBUF), &[""]));
    let (value, found) = picked(&whole, r#"{"s":"x"}"#).expect("an event");
    assert_eq!(found, [r#"json {"s":"x"}"#]);
    assert_eq!(picked_from_bytes(&whole, (Payload::Protobuf, &value)), [r#"json {"s":"x"}"#]);
}

/// Branches that look alike in JSON, and values as deep as they may be.
#[test]
fn bytes_tell_a_unions_branch() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"body","type":[
        {"type":"record","name":"A","fields":[{"name":"s","type":"string"}]},
        {"type":"record","name":"B","fields":[{"name":"s","type":"string"},
            {"name":"list","type":{"type":"array","items":"string"},"default":[]}]}]}]}"#;
    let mut contract = avro();
    contract.value.unknown_fields = UnknownFields::Drop;
    let rows = [("/body/list", r#"json ["x"]"#), ("/body/s", "text a")];
    let mut tagged = contract.clone();
    tagged.value.unions = Unions::Tagged;
    let text = r#"{"body":{"B":{"s":"a","list":["x"]}}}"#;
    for contract in [contract, tagged] {
        hold(&contract, transcode_kit::material(Some(schema)), text, Some(Payload::Avro), &rows);
    }
    let linked = r#"{"type":"record","name":"L","fields":[{"name":"list","type":{"type":"array","items":"int"}},
        {"name":"next","type":["null","L"],"default":null}]}"#;
    let mut contract = avro();
    contract.value.unions = Unions::Tagged;
    let encoder = compiled(&contract, &naming(transcode_kit::material(Some(linked)), &["/list"]));
    let deep = |levels: usize| [[2, 2, 0, 2].repeat(levels), vec![0, 0]].concat();
    let run = move || {
        for levels in [1, 40, 62] {
            assert_eq!(picked_from_bytes(&encoder, (Payload::Avro, &deep(levels))), ["json [1]"], "{levels}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).expect("a thread");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// A rule must not take for absent what it can't see.
#[test]
fn what_json_can_not_say_is_refused_where_a_list_is_picked() {
    // `at` with seconds beyond the year 9999; `free` with {"a": NaN}; each before `list` with 1.
    let moment =
        [&[0x52, 10, 0x08][..], &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40], &[0x72, 1, 1]].concat();
    let number =
        [&[0x62, 16, 0x0A, 14, 0x0A, 1, b'a', 0x12, 9, 0x11][..], &f64::NAN.to_le_bytes(), &[0x72, 1, 1]].concat();
    for bytes in [moment, number] {
        let check = |named: &str| {
            let encoder = compiled(&protobuf_kit::protobuf(), &naming(protobuf_kit::material(PROTOBUF), &[named]));
            encoder.check(Payload::Protobuf, &bytes, &mut Vec::new(), &mut Scratch::default()).map(drop)
        };
        assert_eq!(check("/s"), Ok(()));
        let fault = check("/list").expect_err("the list can't be read");
        assert!(matches!(&fault, Fault::Undecodable { expected, .. } if expected.contains("conventions")), "{fault:?}");
    }
}

const JSON_EVENT: &str = r#" {"s":"a\n","i":7,"n":7,"big":18446744073709551615,"huge":123456789012345678901234567890,"d":1.5,
    "b":false,"z":null,"at":"1970-01-01T01:00:01.5+01:00","o":{"p":[{"q":1}]},"0":"zero"} "#;

#[test]
fn json_and_json_schema() {
    let rows = [
        ("/s", "text a\n"),
        ("/i", "int 7"),
        ("/big", "uint 18446744073709551615"),
        ("/huge", "double 123456789012345680000000000000"),
        ("/d", "double 1.5"),
        ("/b", "false"),
        ("/z", "absent"),
        ("/o", r#"json {"p":[{"q":1}]}"#),
        ("/o/p/0/q", "int 1"),
        ("/0", "text zero"),
        ("/nowhere", "absent"),
    ];
    let untyped = [("/n", "int 7"), ("/at", "text 1970-01-01T01:00:01.5+01:00")];
    hold(&contract(Format::Json), transcode_kit::material(None), JSON_EVENT, None, &[&rows[..], &untyped].concat());
    let schema = r#"{"type":"object","properties":{"s":{"type":"string"},"i":{"type":"integer"},"n":{"type":"number"},
        "at":{"type":["string","null"],"format":"date-time"}},"additionalProperties":true}"#;
    let typed = [("/n", "double 7"), ("/at", "time 1+500000000")];
    let schemed = contract(Format::JsonSchema);
    hold(&schemed, transcode_kit::material(Some(schema)), JSON_EVENT, None, &[&rows[..], &typed].concat());
    // A keyword that leaves the schema to the judge.
    let judged = schema.replacen('{', r#"{"if":{"required":["s"]},"then":{"required":["i"]},"#, 1);
    assert!(compiled(&schemed, &transcode_kit::material(Some(&judged))).slow_because().is_some());
    hold(&schemed, transcode_kit::material(Some(&judged)), JSON_EVENT, None, &[&rows[..], &typed].concat());
}

#[test]
fn one_string() {
    let rows = [("", "text aé"), ("/a", "absent")];
    hold(&contract(Format::String), transcode_kit::material(None), r#""a\u00e9""#, Some(Payload::Text), &rows);
    let rows = [("", "bytes [0, 255]"), ("/a", "absent")];
    hold(&contract(Format::Bytes), transcode_kit::material(None), r#""AP8=""#, Some(Payload::Octets), &rows);
}

#[test]
fn binds_come_before_what_is_named_and_a_failed_event_leaves_none() {
    let bind = |text: &str| Bind { pointer: pointer(text), pattern: "{principal}".to_owned() };
    let bound =
        Contract { bind: vec![bind("/a"), bind("/b")], key: key("/k", KeyFormat::String), ..contract(Format::Json) };
    let encoder = compiled(&bound, &naming(transcode_kit::material(None), &["/c", "/a"]));
    let (mut arena, mut scratch) = (Vec::new(), Scratch::default());
    let mut encode = |text: &str| encoder.encode(text.as_bytes(), &mut arena, &mut scratch).map(|record| record.picks);
    assert_eq!(encode(r#"{"a":"x","b":"y","c":"z","k":""}"#), Ok(0..4));
    assert!(encode(r#"{"a":"lost","b":"y"}"#).is_err());
    assert!(encode(r#"{"a":"lost""#).is_err());
    assert_eq!(encode(r#"{"a":1,"k":""}"#), Ok(4..8));
    let picks = scratch.take_picks();
    let picks: Vec<_> = picks.values(0..picks.len()).map(shown).collect();
    assert_eq!(picks, ["text x", "text y", "text z", "text x", "int 1", "absent", "absent", "int 1"]);
    assert!(scratch.take_picks().is_empty());
}

#[test]
fn personal_values_are_picked_as_they_were_sent() {
    let personal = |text: &str, action| Personal { pointer: pointer(text), action };
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"s","type":"string"},
        {"name":"t","type":["null","string"],"default":null},{"name":"n","type":"string","default":"d"},
        {"name":"list","type":{"type":"array","items":["null","string"]}},
        {"name":"m","type":["null","string"]},{"name":"h","type":["string","null"]}]}"#;
    let pii = vec![
        personal("/s", Action::Mask),
        personal("/t", Action::Drop),
        personal("/list/*", Action::Mask),
        personal("/m", Action::Mask),
        personal("/h", Action::Hash),
    ];
    let named = ["/s", "/t", "/n", "/list", "/list/0", "/m", "/h"];
    let wanted =
        ["text secret", "text private", "text d", r#"json ["mine"]"#, "text mine", "text own", "text peculiar"];
    let text = r#"{"s":"secret","t":"private","list":["mine"],"m":"own","h":"peculiar"}"#;
    for format in [Format::Avro, Format::Json] {
        let contract = Contract { pii: pii.clone(), ..contract(format) };
        let material = Material { hash_key: HashKey::new(&[7; 32]), ..transcode_kit::material(Some(schema)) };
        let encoder = compiled(&contract, &naming(material, &named));
        let (value, found) = picked(&encoder, text).expect("an event");
        // Without a schema there is no default.
        let mut wanted = wanted;
        if format == Format::Json {
            wanted[2] = "absent";
        }
        assert_eq!(found, wanted);
        if format == Format::Avro {
            let plain = transcode_kit::bytes(&transcode_kit::encoder(&avro(), schema), text).expect("an event");
            assert_eq!(picked_from_bytes(&encoder, (Payload::Avro, &plain)), wanted);
        }
        for token in ["secret", "private", "mine", "own", "peculiar"] {
            assert!(!value.escape_ascii().to_string().contains(token), "{format:?}");
        }
    }
}

#[test]
fn what_can_not_be_bound_is_a_problem() {
    let bind = |text: &str| vec![Bind { pointer: pointer(text), pattern: "{principal}".to_owned() }];
    let problems = |contract: Contract, schema: Option<&str>, named: usize| {
        let named: Vec<String> = (0..named).map(|index| format!("/f{index}")).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let compiled = Encoder::compile(&contract, &naming(transcode_kit::material(schema), &named));
        compiled.err().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let avro_with = |text: &str| problems(Contract { bind: bind(text), ..avro() }, Some(AVRO), 0);
    let personal = |text: &str| vec![Personal { pointer: pointer(text), action: Action::Mask }];
    let exposed = Contract { bind: bind("/s/t"), pii: personal("/s"), ..contract(Format::Json) };
    insta::assert_snapshot!(
        [
            avro_with("/nowhere"),
            avro_with("/i"),
            avro_with("/rec"),
            problems(Contract { bind: bind("/a"), ..contract(Format::String) }, None, 0),
            problems(Contract { bind: bind(""), ..contract(Format::Bytes) }, None, 0),
            problems(exposed, None, 0),
            problems(Contract { bind: bind("/a"), ..contract(Format::Json) }, None, 61),
            problems(contract(Format::Json), None, 62),
        ]
        .join("\n")
    );
    for text in ["/s", "/e", "/u", "/alt", "/rec/n", "/map/k"] {
        assert_eq!(avro_with(text), "", "{text}");
    }
    assert_eq!(problems(contract(Format::Json), None, 61), "");
}
