//! When two texts are the same schema: what is left of a text once white space, comments of a .proto file, and the
//! spellings that a format gives a choice of are taken away. Knows nothing of compatibility.

use serde_json::Value;

use crate::contract::Format;
use crate::protobuf;
use crate::references;
use crate::schema::Schema;

/// Bytes that are equal for two texts of the same schema; none if this is no schema of the format.
///
/// - Avro: the text with full names, without spaces. Documentation belongs to a schema.
/// - JSON Schema: the text without spaces, members in alphabetical order.
/// - Protobuf: the file's encoded `FileDescriptorProto` (`descriptor.proto`) without its name, its comments, and names
///   for JSON that it would have anyway. The text may be the base64 of a `FileDescriptorProto`, as some of Confluent's
///   clients send it.
pub fn identity(format: Format, schema: &Schema) -> Option<Vec<u8>> {
    match format {
        Format::Protobuf => protobuf::identity(schema),
        Format::Avro => {
            let mut text: Value = serde_json::from_slice(&schema.content).ok()?;
            let is_schema = text.is_string() || text.is_array() || text.is_object();
            references::avro::resolve(&mut text);
            is_schema.then(|| text.to_string().into_bytes())
        }
        Format::JsonSchema => {
            let text: Value = serde_json::from_slice(&schema.content).ok()?;
            (text.is_object() || text.is_boolean()).then(|| text.to_string().into_bytes())
        }
        Format::Json | Format::String | Format::Bytes => None,
    }
}

#[cfg(test)]
mod tests;
