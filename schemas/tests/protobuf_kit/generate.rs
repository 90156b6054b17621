//! Schemas and events together, grown from a string of bytes: every kind of field, in any label, nested, in any order
//! of numbers; and events in several spellings.

use std::fmt::Write as _;

/// Choices, one a byte; zeros when they run out.
pub(crate) struct Choices<'b>(pub(crate) std::slice::Iter<'b, u8>);

impl Choices<'_> {
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % count
    }

    fn of<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        choices[self.below(choices.len())]
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Label {
    Bare,
    Optional,
    Repeated,
    Map,
    Oneof,
}

struct Field {
    name: String,
    kind: &'static str,
    label: Label,
    key: &'static str,
}

const KINDS: [&str; 26] = [
    "int32",
    "int64",
    "uint32",
    "uint64",
    "sint32",
    "sint64",
    "fixed32",
    "fixed64",
    "sfixed32",
    "sfixed64",
    "float",
    "double",
    "bool",
    "string",
    "bytes",
    "E",
    "M",
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
    "google.protobuf.FieldMask",
    "google.protobuf.Struct",
    "google.protobuf.Value",
    "google.protobuf.ListValue",
    "google.protobuf.StringValue",
    "google.protobuf.Int64Value",
    "google.protobuf.BoolValue",
];

const KEYS: [&str; 5] = ["string", "int32", "uint64", "sint64", "bool"];

/// A message `M` that may hold itself.
pub(crate) struct Schema {
    fields: Vec<Field>,
    pub(crate) text: String,
}

impl Schema {
    pub(crate) fn new(choices: &mut Choices<'_>) -> Self {
        let count = 1 + choices.below(8);
        let labels = [Label::Bare, Label::Bare, Label::Optional, Label::Repeated, Label::Map, Label::Oneof];
        let fields: Vec<Field> = (0..count)
            .map(|place| Field {
                name: format!("{}{place}", choices.of(&["field_", "a", "someName", "x_y_"])),
                kind: KINDS[choices.below(KINDS.len())],
                label: labels[choices.below(labels.len())],
                key: KEYS[choices.below(KEYS.len())],
            })
            .collect();
        let mut text = "syntax = \"proto3\"; ".to_owned();
        for import in ["timestamp", "duration", "field_mask", "struct", "wrappers"] {
            write!(text, "import \"google/protobuf/{import}.proto\"; ").expect("a string takes all");
        }
        let offset = choices.below(2) * 20;
        let (mut plain, mut oneof) = (String::new(), String::new());
        for (place, Field { name, kind, label, key }) in fields.iter().enumerate() {
            let number = if choices.below(4) == 0 { 100 - place } else { offset + place + 1 };
            match label {
                Label::Bare => write!(plain, "{kind} {name} = {number}; "),
                Label::Optional => write!(plain, "optional {kind} {name} = {number}; "),
                Label::Repeated => write!(plain, "repeated {kind} {name} = {number}; "),
                Label::Map => write!(plain, "map<{key}, {kind}> {name} = {number}; "),
                Label::Oneof => write!(oneof, "{kind} {name} = {number}; "),
            }
            .expect("a string takes all");
        }
        let oneof = if oneof.is_empty() { oneof } else { format!("oneof choice {{ {oneof}}} ") };
        write!(text, "message M {{ {plain}{oneof}}} enum E {{ ZERO = 0; ONE = 1; MINUS = -1; }}")
            .expect("a string takes all");
        Self { fields, text }
    }

    /// An event that the schema accepts.
    pub(crate) fn event(&self, choices: &mut Choices<'_>, depth: usize) -> String {
        let mut members = Vec::new();
        let mut chosen = false;
        let start = choices.below(self.fields.len());
        for place in 0..self.fields.len() {
            let field = &self.fields[(start + place) % self.fields.len()];
            let null = choices.below(8) == 7;
            let recursive = field.kind == "M" && depth == 0;
            if choices.below(4) == 3 || recursive || (field.label == Label::Oneof && chosen) {
                continue;
            }
            let value = match field.label {
                // These read null as a value.
                _ if null && field.kind != "google.protobuf.Value" => "null".to_owned(),
                Label::Repeated => {
                    let items: Vec<String> =
                        (0..choices.below(4)).map(|_| self.value(field.kind, choices, depth)).collect();
                    format!("[{}]", items.join(", "))
                }
                Label::Map => {
                    let count = choices.below(3);
                    let member = |key: &&str, choices: &mut Choices<'_>| {
                        format!("\"{key}\":{}", self.value(field.kind, choices, depth))
                    };
                    let keys: &[&str] = match field.key {
                        "string" => &["", "a\\u0062"],
                        "bool" => &["true", "false"],
                        "uint64" => &["0", "18446744073709551615"],
                        _ => &["-5", "7"],
                    };
                    let members: Vec<String> = keys.iter().take(count).map(|key| member(key, choices)).collect();
                    format!("{{{}}}", members.join(","))
                }
                _ => self.value(field.kind, choices, depth),
            };
            let absent = value == "null" && field.kind != "google.protobuf.Value";
            chosen |= field.label == Label::Oneof && !absent;
            let name = if choices.below(3) == 0 { camel(&field.name) } else { field.name.clone() };
            members.push(format!("\"{name}\":{value}"));
        }
        format!("{{{}}}", members.join(" ,"))
    }

    fn value(&self, kind: &str, choices: &mut Choices<'_>, depth: usize) -> String {
        match kind {
            "int32" | "sint32" | "sfixed32" => choices.of(&["0", "1", "-1", "\"17\"", "2147483647", "-2147483648"]),
            "int64" | "sint64" | "sfixed64" | "google.protobuf.Int64Value" => {
                choices.of(&["0", "300", "-1", "\"-9223372036854775808\"", "9223372036854775807"])
            }
            "uint32" | "fixed32" => choices.of(&["0", "1", "\"17\"", "4294967295"]),
            "uint64" | "fixed64" => choices.of(&["0", "128", "\"18446744073709551615\""]),
            "float" => choices.of(&["0", "1.5", "-0.25", "\"Infinity\"", "3.4e38", "0.1"]),
            "double" => choices.of(&["0", "1.5", "-1e300", "\"-Infinity\"", "0.1", "\"2.5\"", "12345678901234567e3"]),
            "bool" | "google.protobuf.BoolValue" => choices.of(&["true", "false"]),
            "string" | "google.protobuf.StringValue" => {
                choices.of(&["\"\"", "\"a\"", "\"\\ud83d\\ude00\\n\"", "\"ünï\\u0000\"", LONG])
            }
            "bytes" => choices.of(&["\"\"", "\"AAEC\"", "\"-_8=\"", "\"/+8=\""]),
            "E" => choices.of(&["\"ZERO\"", "\"ONE\"", "\"MINUS\"", "1", "5"]),
            "M" if depth > 0 => return self.event(choices, depth - 1),
            "M" => "{}",
            "google.protobuf.Timestamp" => choices.of(&[
                "\"1970-01-01T00:00:00Z\"",
                "\"2025-06-30T12:34:56.789+02:00\"",
                "\"0001-01-01T00:00:00.5Z\"",
            ]),
            "google.protobuf.Duration" => choices.of(&["\"0s\"", "\"-1.5s\"", "\"3600.000000001s\""]),
            "google.protobuf.FieldMask" => choices.of(&["\"\"", "\"a,bC.d\""]),
            "google.protobuf.Struct" => choices.of(&["{}", "{\"a\":1.5,\"b\":[null,true]}", "{\"\":{\"x\":\"y\"}}"]),
            "google.protobuf.Value" => choices.of(&["null", "1", "\"x\"", "[1,[]]", "{\"a\":null}", "false"]),
            _ => choices.of(&["[]", "[1,\"a\",null,{}]"]),
        }
        .to_owned()
    }
}

/// A string whose length takes two bytes.
const LONG: &str = "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"";

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}
