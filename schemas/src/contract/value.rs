//! The `value` section of a contract, and `unknown_fields`, which depends on it. Knows which members go together;
//! doesn't know what is in a schema.

use super::names::check_file_name;
use super::{BytesText, Format, Framing, Unions, UnknownFields, ValueRule};
use crate::document::{Kind, Node, Reader};
use crate::problem::Problem;

/// Confluent's registry counts schemas in a positive Java int.
const MAX_SCHEMA_ID: u64 = 2_147_483_647;

#[derive(Clone, Copy, PartialEq, Eq)]
enum FormatName {
    Avro,
    Json,
    String,
    Bytes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FramingName {
    Confluent,
    None,
}

const FORMATS: [(&str, FormatName); 4] = [
    ("avro", FormatName::Avro),
    ("json", FormatName::Json),
    ("string", FormatName::String),
    ("bytes", FormatName::Bytes),
];

/// Reads `value` and `unknown_fields` of the contract's mapping. What is missing or wrong is a problem, and JSON or a
/// default stands in for it.
pub(super) fn read_value(contract: &mut Reader<'_, '_>) -> ValueRule {
    let unknown_fields = contract.member("unknown_fields");
    let Some(mut reader) = contract.section_like("value", "a mapping that says the format, as in { format: json }")
    else {
        contract.missing("value", "how events are checked and written, as in { format: json }");
        return plain(Format::Json);
    };
    let later = "no such member (schemas are read from a file beside the contract, not yet from a registry)";
    reader.refuse("subject", later);
    reader.refuse("version", later);
    reader.refuse("message", "no such member (Protobuf comes later)");
    let format = reader.required("format", "one of avro, json, string, bytes", read_format);
    let rule = match format {
        Some(FormatName::Avro) => read_avro(&mut reader),
        Some(FormatName::Json) => read_plain(&mut reader, Format::Json),
        Some(FormatName::String) => read_plain(&mut reader, Format::String),
        Some(FormatName::Bytes) => read_plain(&mut reader, Format::Bytes),
        None => {
            for member in ["schema", "schema_id", "framing", "unions", "bytes", "numeric_strings"] {
                reader.member(member);
            }
            plain(Format::Json)
        }
    };
    reader.finish();
    let chosen = unknown_fields.and_then(|node| read_unknown_fields(node, format, contract.problems()));
    ValueRule { unknown_fields: chosen.unwrap_or(rule.unknown_fields), ..rule }
}

fn read_format(node: &Node, problems: &mut Vec<Problem>) -> Option<FormatName> {
    let later =
        matches!(&node.kind, Kind::Scalar(scalar) if matches!(scalar.text.as_str(), "json-schema" | "protobuf"));
    if later {
        problems.push(node.mismatch("one of avro, json, string, bytes (json-schema and protobuf come later)"));
        return None;
    }
    node.one_of(&FORMATS, problems)
}

fn read_avro(reader: &mut Reader<'_, '_>) -> ValueRule {
    let schema = reader.required("schema", "the schema's file beside the contract, such as event.avsc", read_schema);
    let framing = read_framing(reader);
    let unions =
        reader.one_of("unions", &[("plain", Unions::Plain), ("tagged", Unions::Tagged), ("either", Unions::Either)]);
    let bytes = reader.one_of("bytes", &[("base64", BytesText::Base64), ("code-points", BytesText::CodePoints)]);
    let numeric_strings = reader.boolean("numeric_strings");
    let Some(schema) = schema else { return plain(Format::Json) };
    ValueRule {
        format: Format::Avro { schema },
        framing: framing.unwrap_or(Framing::None),
        unions: unions.unwrap_or(Unions::Either),
        bytes: bytes.unwrap_or(BytesText::Base64),
        numeric_strings: numeric_strings.unwrap_or(false),
        unknown_fields: UnknownFields::Refuse,
    }
}

/// A format without a schema: what only Avro has is refused here.
fn read_plain(reader: &mut Reader<'_, '_>, format: Format) -> ValueRule {
    for member in ["schema", "schema_id", "unions", "bytes", "numeric_strings"] {
        reader.refuse(member, "no such member (it goes with format: avro)");
    }
    if let Some(framing) = reader.member("framing") {
        let none = matches!(&framing.kind, Kind::Scalar(scalar) if scalar.text == "none");
        if !none {
            reader.problems().push(framing.mismatch("none (only avro is framed)"));
        }
    }
    plain(format)
}

fn plain(format: Format) -> ValueRule {
    ValueRule {
        format,
        framing: Framing::None,
        unions: Unions::Either,
        bytes: BytesText::Base64,
        numeric_strings: false,
        unknown_fields: UnknownFields::Keep,
    }
}

fn read_schema(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let name = node.string(problems)?;
    match check_file_name(&name) {
        Ok(()) => Some(name),
        Err(expected) => {
            problems.push(node.mismatch(expected));
            None
        }
    }
}

fn read_framing(reader: &mut Reader<'_, '_>) -> Option<Framing> {
    let written = reader.member("framing").is_some();
    let framing = reader.one_of("framing", &[("confluent", FramingName::Confluent), ("none", FramingName::None)]);
    let id = reader.member("schema_id");
    if written && framing.is_none() {
        reader.integer("schema_id", 1..=MAX_SCHEMA_ID);
        return None;
    }
    match (framing.unwrap_or(FramingName::Confluent), id) {
        (FramingName::None, None) => Some(Framing::None),
        (FramingName::None, Some(id)) => {
            reader
                .problems()
                .push(id.mismatch("no such member (with framing: none no id is written), or framing: confluent"));
            None
        }
        (FramingName::Confluent, Some(_)) => {
            let id = reader.integer("schema_id", 1..=MAX_SCHEMA_ID)?;
            Some(Framing::Confluent { schema_id: u32::try_from(id).ok()? })
        }
        (FramingName::Confluent, None) => {
            reader
                .missing("schema_id", "the schema's id, as in schema_id: 17 (framing: confluent writes it into each record), or framing: none");
            None
        }
    }
}

fn read_unknown_fields(node: &Node, format: Option<FormatName>, problems: &mut Vec<Problem>) -> Option<UnknownFields> {
    let all = [("refuse", UnknownFields::Refuse), ("drop", UnknownFields::Drop), ("keep", UnknownFields::Keep)];
    let chosen = node.one_of(&all, problems)?;
    let expected = match (format, chosen) {
        (Some(FormatName::Avro), UnknownFields::Keep) => "refuse or drop (an Avro record has no room for other fields)",
        (
            Some(FormatName::Json | FormatName::String | FormatName::Bytes),
            UnknownFields::Refuse | UnknownFields::Drop,
        ) => "keep (only a format with a schema knows which fields are unknown)",
        _ => return Some(chosen),
    };
    problems.push(node.mismatch(expected));
    None
}
