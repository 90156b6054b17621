//! Two texts of any kind end in breaks or in a sentence that says which can't be read; never in a panic, and soon.

mod compatibility_kit;

use std::time::{Duration, Instant};

use compatibility_kit::held;
use forebay_fuzz::fuzz;
use forebay_schemas::compatibility::{Kind, Mode};

const KINDS: [Kind; 3] = [Kind::Avro, Kind::JsonSchema, Kind::Protobuf];

/// Pieces of schemas: random bytes alone seldom get past the first letter.
const JSON: [&str; 64] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"type\":",
    "\"record\"",
    "\"name\":",
    "\"R\"",
    "\"fields\":",
    "\"int\"",
    "\"long\"",
    "\"enum\"",
    "\"symbols\":",
    "\"A\"",
    "\"fixed\"",
    "\"size\":",
    "4",
    "\"array\"",
    "\"items\":",
    "\"map\"",
    "\"values\":",
    "\"default\":",
    "null",
    "\"aliases\":",
    "\"logicalType\":",
    "\"decimal\"",
    "\"precision\":",
    "\"scale\":",
    "\"object\"",
    "\"properties\":",
    "\"additionalProperties\":",
    "false",
    "true",
    "\"required\":",
    "\"$ref\":",
    "\"#\"",
    "\"#/$defs/a\"",
    "\"$defs\":",
    "\"a\":",
    "\"allOf\":",
    "\"anyOf\":",
    "\"oneOf\":",
    "\"not\":",
    "\"enum\":",
    "\"const\":",
    "\"minimum\":",
    "\"pattern\":",
    "\"^(a|b)*$\"",
    "\"patternProperties\":",
    "\"prefixItems\":",
    "\"$id\":",
    "\"$anchor\":",
    "\"a\"",
    "1e9",
    "-0.5",
    "\"string\"",
    "\"null\"",
    "{\"type\":\"string\"}",
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[",
    "{\"properties\":{\"a\":",
    "{\"anyOf\":[{\"type\":\"string\"},",
    "{\"$ref\":\"#\"}",
];
const PROTO: [&str; 40] = [
    "syntax = \"proto3\";",
    "syntax = \"proto2\";",
    "package a;",
    "import \"b.proto\";",
    "message ",
    "M",
    "N",
    " {",
    "}",
    "enum ",
    "string ",
    "int32 ",
    "a",
    "b",
    " = ",
    "1",
    "2",
    ";",
    "repeated ",
    "optional ",
    "required ",
    "oneof o {",
    "map<string, M> ",
    "reserved ",
    "1 to max;",
    "\"a\";",
    "[json_name = \"x\"]",
    "[default = 1]",
    "message M { ",
    "message M { string a = 1; }",
    "string a = 1;",
    "M b = 2;",
    "enum E { Z = 0; }",
    "E e = 3;",
    "group G = 4 {",
    "extend M {",
    "extensions 100 to 200;",
    "option allow_alias = true;",
    "//",
    "\n",
];

fn pieced(indices: &[u8], pieces: &[&str]) -> String {
    indices.iter().map(|index| pieces[usize::from(*index) % pieces.len()]).collect()
}

fn hold(old: &str, new: &str) {
    for kind in KINDS {
        let begun = Instant::now();
        match held(kind, old, new, Mode::Full) {
            Ok(breaks) => {
                for found in &breaks {
                    assert!(found.line <= new.lines().count().max(1), "{found}");
                    assert!(!found.to_string().contains('\n'), "{found}");
                }
                assert_eq!(held(kind, new, new, Mode::Full), Ok(Vec::new()), "with itself: {new}");
            }
            Err(error) => assert!(!error.expected.is_empty() && !error.found.is_empty(), "{error}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{kind:?} took {:?}", begun.elapsed());
    }
}

fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.len() / 2)
}

#[test]
fn any_texts() {
    fuzz!(1_000).for_each(|bytes| {
        let (old, new) = halves(bytes);
        hold(&String::from_utf8_lossy(old), &String::from_utf8_lossy(new));
    });
}

#[test]
fn pieces_of_schemas() {
    fuzz!(3_000).for_each(|bytes| {
        let (old, new) = halves(bytes);
        hold(&pieced(old, &JSON), &pieced(new, &JSON));
        hold(&pieced(old, &PROTO), &pieced(new, &PROTO));
    });
}

/// Sound schemas of which a part is replaced: most of them can still be read.
#[test]
fn changed_schemas() {
    let json = [
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":["null","R"]},{"name":"b","type":{"type":"map","values":"int"}}]}"#,
        r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/a"},"b":{"items":{"anyOf":[{"const":1},{"type":"string"}]}}},"$defs":{"a":{"$ref":"#"}}}"##,
    ];
    let proto = "syntax = \"proto3\"; message M { string a = 1; repeated M b = 2; map<string, E> c = 3; oneof o { int32 d = 4; } } enum E { Z = 0; }";
    fuzz!(3_000).for_each(|bytes| {
        let [which, start, length, pieces @ ..] = bytes else { return };
        let base = [json[0], json[1], proto][usize::from(*which) % 3];
        let start = usize::from(*start) % base.len();
        let end = (start + usize::from(*length) % 24).min(base.len());
        let words: &[&str] = if base == proto { &PROTO } else { &JSON };
        let new = format!("{}{}{}", &base[..start], pieced(&pieces[..pieces.len().min(4)], words), &base[end..]);
        hold(base, &new);
    });
}
