//! Avro schemas that refer to one another: names resolve across texts, whatever else lies beside them; what can't be
//! resolved is said of the text that it stands in.

mod transcode_kit;

use std::fmt::Write as _;

use forebay_schemas::decoder::Decoder;
use forebay_schemas::encoder::{Encoder, Material, Payload, Scratch, Sourced};
use forebay_schemas::schema::{Reference, Schema};
use transcode_kit::{avro, bytes};

fn schema(text: &str, references: &[(&str, &str)]) -> Schema {
    let reference =
        |(name, text): &(&str, &str)| Reference { name: (*name).to_owned(), content: text.as_bytes().to_vec() };
    Schema { name: "t.avsc".to_owned(), content: text.into(), references: references.iter().map(reference).collect() }
}

fn material(text: &str, references: &[(&str, &str)]) -> Material {
    let value = Some(Sourced { schema: schema(text, references), id: Some(1) });
    Material { value, ..Material::default() }
}

fn compile(text: &str, references: &[(&str, &str)]) -> Result<Encoder, String> {
    let problems = Encoder::compile(&avro(), &material(text, references));
    problems.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
    {"name":"to","type":"Address"},
    {"name":"total","type":"money.Amount"},
    {"name":"lines","type":{"type":"array","items":"Line"}},
    {"name":"from","type":["null","Address"],"default":null}]}"#;
const ADDRESS: &str = r#"{"type":"record","name":"Address","namespace":"shop","fields":[
    {"name":"street","type":"string","default":"none"},{"name":"country","type":"geo.Country","default":"SE"}]}"#;
const COUNTRY: &str = r#"{"type":"enum","name":"geo.Country","symbols":["FI","SE"]}"#;
const LINE: &str = r#"{"type":"record","name":"shop.Line","fields":[{"name":"price","type":"money.Amount"}]}"#;
const AMOUNT: &str =
    r#"{"type":"fixed","name":"Amount","namespace":"money","size":4,"logicalType":"decimal","precision":6,"scale":2}"#;

const EVENT: &str = r#"{"to":{"street":"Main","country":"FI"},"total":1.5,"lines":[{"price":"0.50"}],"from":{}}"#;

#[test]
fn names_resolve_across_texts_in_any_order() {
    let sorted = [("a", COUNTRY), ("b", ADDRESS), ("c", AMOUNT), ("d", LINE)];
    let mixed = [
        ("README.md", "# Not a schema"),
        ("line.avsc", LINE),
        ("address.avsc", ADDRESS),
        ("other.avsc", r#"{"type":"record","name":"Other","fields":[{"name":"x","type":"nobody.Knows"}]}"#),
        ("amount.avsc", AMOUNT),
        ("broken.avsc", "{"),
        ("country.avsc", COUNTRY),
    ];
    let mut expected = vec![8];
    expected.extend_from_slice(b"Main");
    expected.extend_from_slice(&[0, 0, 0, 0, 150, 2, 0, 0, 0, 50, 0, 2, 8]);
    expected.extend_from_slice(b"none");
    expected.push(2);
    for references in [&sorted[..], &mixed] {
        let encoder = compile(ORDER, references).expect("a contract");
        assert_eq!(bytes(&encoder, EVENT).as_deref(), Ok(&expected[..]));
        let mut arena = Vec::new();
        let read = encoder.check(Payload::Avro, &expected, &mut arena, &mut Scratch::default());
        assert!(read.is_ok() && arena == expected);
        let shown = Decoder::new(&avro(), &material(ORDER, references)).decode(&expected);
        let shown = shown.expect("what was written").to_string();
        assert_eq!(bytes(&encoder, &shown).as_deref(), Ok(&expected[..]), "{shown}");
    }
}

#[test]
fn a_schema_that_needs_none_takes_no_notice_of_others() {
    let same = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}"#;
    let cyclic = r#"{"type":"record","name":"A","fields":[{"name":"b","type":"B"}]}"#;
    assert!(compile(same, &[("copy.avsc", same), ("x.avsc", "{"), ("a.avsc", cyclic), ("b.json", "[]")]).is_ok());
}

#[test]
fn of_several_the_one_that_is_about_the_name_is_meant() {
    let using = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"Code"}]}"#;
    let inline = r#"{"type":"record","name":"Key","fields":[{"name":"c","type":{"type":"enum","name":"Code","symbols":["X"]}}]}"#;
    let own = r#"{"type":"enum","name":"Code","symbols":["A","B"]}"#;
    let encoder = compile(using, &[("key.avsc", inline), ("code.avsc", own)]).expect("a contract");
    assert_eq!(bytes(&encoder, r#"{"a":"B"}"#), Ok(vec![2]));
}

/// What is wrong, the schema, and its references.
type Case = (&'static str, String, Vec<(String, String)>);

#[test]
fn what_can_not_be_resolved_is_said_of_its_text() {
    let record = |name: &str, uses: &[&str]| {
        let field = |(index, used): (usize, &&str)| format!("\n  {{\"name\":\"f{index}\",\"type\":\"{used}\"}}");
        let fields = uses.iter().enumerate().map(field).collect::<Vec<_>>().join(",");
        format!("{{\"type\":\"record\",\"name\":\"{name}\",\"fields\":[{fields}]}}")
    };
    let long_chain = |count: usize| -> Vec<(String, String)> {
        let below = |index: usize| if index + 1 < count { format!("C{}", index + 1) } else { "int".to_owned() };
        (0..count).map(|index| (format!("c{index}.avsc"), record(&format!("C{index}"), &[&below(index)]))).collect()
    };
    let cases: [Case; 9] = [
        ("no such name", record("R", &["int", "a.B"]), vec![]),
        ("no such name in a reference", record("R", &["A"]), vec![("a.avsc".into(), record("A", &["int", "B"]))]),
        (
            "a reference that is none",
            record("R", &["A"]),
            vec![("a.avsc".into(), "{\n\"type\" \"record\"}".into()), ("notes.txt".into(), "{".into())],
        ),
        (
            "a circle",
            record("R", &["A"]),
            vec![("a.avsc".into(), record("A", &["B"])), ("b.avsc".into(), record("B", &["A"]))],
        ),
        (
            "two definitions",
            record("R", &["A"]),
            vec![("a1.avsc".into(), record("A", &["int"])), ("a2.avsc".into(), record("A", &["long"]))],
        ),
        (
            "a definition that comes twice",
            format!("[{},{}]", record("R", &["A", "B"]), r#"{"type":"enum","name":"C","symbols":["X"]}"#),
            vec![
                ("a.avsc".into(), record("A", &["C"])),
                ("c.avsc".into(), r#"{"type":"enum","name":"C","symbols":["X"]}"#.into()),
                ("b.avsc".into(), record("B", &["int"])),
            ],
        ),
        (
            "a default that is none",
            record("R", &["A"]),
            vec![("a.avsc".into(), "{\"type\":\"record\",\"name\":\"A\",\"fields\":[\n{\"name\":\"x\",\"type\":\"int\",\"default\":\"y\"}]}".into())],
        ),
        (
            "what Avro does not allow",
            record("R", &["A", "B"]),
            vec![("b.avsc".into(), record("B", &["int"])), ("a.avsc".into(), r#"{"type":"enum","name":"A","symbols":["1"]}"#.into())],
        ),
        ("too many", record("R", &["C0"]), long_chain(300)),
    ];
    let mut report = String::new();
    for (what, text, references) in cases {
        let references: Vec<_> = references.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let problems = compile(&text, &references).err().unwrap_or_else(|| unreachable!("{what} is refused"));
        writeln!(report, "{what}\n{problems}\n").expect("a String takes everything");
    }
    insta::assert_snapshot!(report);
}

#[test]
fn chains_that_fan_out_are_read_once_each() {
    // Each refers to the next one ten times: 10^60 ways, 60 texts. Records nest 64 deep, but no text does.
    let record = |index: usize| {
        let used = if index < 59 { format!("\"C{}\"", index + 1) } else { "\"int\"".to_owned() };
        let field = |field: usize| format!(r#"{{"name":"f{field}","type":["null",{used}],"default":null}}"#);
        let fields = (0..10).map(field).collect::<Vec<_>>().join(",");
        format!(r#"{{"type":"record","name":"C{index}","fields":[{fields}]}}"#)
    };
    let texts: Vec<(String, String)> = (1..60).map(|index| (format!("c{index}"), record(index))).collect();
    let references: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let encoder = compile(&record(0), &references).expect("a contract");
    assert_eq!(bytes(&encoder, "{}"), Ok(vec![0; 10]));
}
