//! Where the languages of schemas keep what a field means: Avro's `doc`, JSON Schema's `description` and `title`, comments
//! above and beside a .proto file's fields. Knows single fields, not which ones there are.

use std::collections::HashMap;

use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::prost_types::source_code_info::Location;
use serde_json::Value;

/// Whether a field of an Avro record says what it means.
pub(crate) fn avro_field(field: &Value) -> bool {
    has_words(field, "doc")
}

/// Whether a member's JSON Schema says what it means, or the schema does that it refers to.
pub(crate) fn json_member(schema: &Value, root: &Value) -> bool {
    let words = |one: &Value| one.is_boolean() || has_words(one, "description") || has_words(one, "title");
    words(schema) || referred(schema, root).is_some_and(words)
}

/// The part of the same text that a JSON Schema refers to.
fn referred<'s>(schema: &Value, root: &'s Value) -> Option<&'s Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

fn has_words(schema: &Value, member: &str) -> bool {
    schema.get(member).and_then(Value::as_str).is_some_and(|words| !words.trim().is_empty())
}

/// The comments of a .proto file, by the paths of `descriptor.proto`.
pub(crate) struct Comments<'a>(HashMap<&'a [i32], &'a Location>);

impl<'a> Comments<'a> {
    /// None for a descriptor set that was written without comments: it says nothing of them.
    pub(crate) fn of(file: &'a FileDescriptorProto) -> Option<Self> {
        let source = file.source_code_info.as_ref()?;
        Some(Self(source.location.iter().map(|location| (location.path.as_slice(), location)).collect()))
    }

    /// Whether there is a comment above or beside.
    pub(crate) fn has(&self, path: &[i32]) -> bool {
        let location = self.0.get(path);
        let comments = location.map(|location| [location.leading_comments(), location.trailing_comments()]);
        comments.is_some_and(|comments| comments.iter().any(|comment| !comment.trim().is_empty()))
    }

    /// The line, from 1.
    pub(crate) fn line(&self, path: &[i32]) -> Option<usize> {
        let line = usize::try_from(*self.0.get(path)?.span.first()?).ok()?;
        Some(line + 1)
    }
}
