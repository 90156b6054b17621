//! The `value` section of a contract, the same members of a key that has a schema, and `unknown_fields`, which depends
//! on them. Knows which members go together; doesn't know what is in a schema.

use super::source::{self, Places};
use super::{BytesText, Format, Framing, Message, SchemaRule, Unions, UnknownFields, ValueRule};
use crate::document::{Kind, Node, Reader};
use crate::problem::Problem;

/// A format as contracts spell it.
pub(super) const FORMATS: [(&str, Format); 6] = [
    ("avro", Format::Avro),
    ("json-schema", Format::JsonSchema),
    ("protobuf", Format::Protobuf),
    ("json", Format::Json),
    ("string", Format::String),
    ("bytes", Format::Bytes),
];

/// Members that only formats with a schema have.
const OF_SCHEMAS: [&str; 5] = ["schema", "subject", "version", "schema_id", "compatibility"];
/// Members that only Avro has.
const OF_AVRO: [&str; 3] = ["unions", "bytes", "numeric_strings"];

/// Reads `value` and `unknown_fields` of the contract's mapping. What is missing or wrong is a problem, and JSON or a
/// default stands in for it. `topic` is for subjects that are made from it.
pub(super) fn read_value(contract: &mut Reader<'_, '_>, topic: Option<&str>) -> ValueRule {
    let unknown_fields = contract.member("unknown_fields");
    let Some(mut reader) = contract.section_like("value", "a mapping that says the format, as in { format: json }")
    else {
        contract.missing("value", "how events are checked and written, as in { format: json }");
        return ValueRule::of(Format::Json);
    };
    let format = reader.required("format", &expected_formats(), |node, problems| node.one_of(&FORMATS, problems));
    let rule = if let Some(format) = format {
        read_members(&mut reader, format, Places { topic, of: "value" })
    } else {
        for member in OF_SCHEMAS.into_iter().chain(OF_AVRO).chain(["framing", "message"]) {
            reader.member(member);
        }
        ValueRule::of(Format::Json)
    };
    reader.finish();
    let chosen = unknown_fields.and_then(|node| read_unknown_fields(node, format, contract.problems()));
    ValueRule { unknown_fields: chosen.unwrap_or(rule.unknown_fields), ..rule }
}

fn expected_formats() -> String {
    format!("one of {}", FORMATS.map(|(name, _)| name).join(", "))
}

/// Reads the members that go with a format.
pub(super) fn read_members(reader: &mut Reader<'_, '_>, format: Format, places: Places<'_>) -> ValueRule {
    let mut rule = ValueRule::of(format);
    if format == Format::Avro {
        let unions = [("plain", Unions::Plain), ("tagged", Unions::Tagged), ("either", Unions::Either)];
        rule.unions = reader.one_of("unions", &unions).unwrap_or(rule.unions);
        let bytes = [("base64", BytesText::Base64), ("code-points", BytesText::CodePoints)];
        rule.bytes = reader.one_of("bytes", &bytes).unwrap_or(rule.bytes);
        rule.numeric_strings = reader.boolean("numeric_strings").unwrap_or(false);
    } else {
        for member in OF_AVRO {
            reader.refuse(member, "no such member (it goes with format: avro)");
        }
    }
    if format == Format::Protobuf {
        rule.message = reader.optional("message", read_message).unwrap_or_default();
    } else {
        reader.refuse("message", "no such member (it goes with format: protobuf)");
    }
    if format.has_schema() {
        (rule.framing, rule.schema) = source::read(reader, places);
    } else {
        for member in OF_SCHEMAS {
            reader.refuse(member, "no such member (it goes with avro, json-schema and protobuf)");
        }
        if let Some(framing) = reader.member("framing") {
            let none = matches!(&framing.kind, Kind::Scalar(scalar) if scalar.text == "none");
            if !none {
                reader.problems().push(framing.mismatch("none (only a format with a schema is framed)"));
            }
        }
    }
    rule
}

/// `message: logistics.v1.ParcelScanned`, or its index in the file.
fn read_message(node: &Node, problems: &mut Vec<Problem>) -> Option<Message> {
    let text = node.text(problems)?;
    if let Ok(index) = text.parse() {
        return Some(Message::Index(index));
    }
    let named = text.split('.').all(|part| {
        part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && part.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
    });
    if named {
        return Some(Message::Name(text));
    }
    problems
        .push(node.mismatch("a message's name, such as logistics.v1.ParcelScanned, or its index in the file, from 0"));
    None
}

fn read_unknown_fields(node: &Node, format: Option<Format>, problems: &mut Vec<Problem>) -> Option<UnknownFields> {
    let all = [("refuse", UnknownFields::Refuse), ("drop", UnknownFields::Drop), ("keep", UnknownFields::Keep)];
    let chosen = node.one_of(&all, problems)?;
    let keep = chosen == UnknownFields::Keep;
    let expected = match format {
        Some(Format::Avro) if keep => "refuse or drop (an Avro record has no room for other fields)",
        Some(Format::Protobuf) if keep => "refuse or drop (a field without a number can't be written)",
        Some(Format::JsonSchema) if !keep => "keep (a JSON Schema says it itself, by additionalProperties)",
        Some(Format::Json | Format::String | Format::Bytes) if !keep => {
            "keep (only a format with a schema knows which fields are unknown)"
        }
        _ => return Some(chosen),
    };
    problems.push(node.mismatch(expected));
    None
}

impl ValueRule {
    /// The defaults of a format.
    pub(super) fn of(format: Format) -> Self {
        let strict = matches!(format, Format::Avro | Format::Protobuf);
        Self {
            format,
            schema: None::<SchemaRule>,
            framing: Framing::None,
            message: Message::First,
            unions: Unions::Either,
            bytes: BytesText::Base64,
            numeric_strings: false,
            unknown_fields: if strict { UnknownFields::Refuse } else { UnknownFields::Keep },
        }
    }
}
