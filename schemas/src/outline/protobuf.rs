//! The fields of a Protobuf message.

use std::collections::HashMap;

use prost_reflect::{Cardinality, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};

use super::FieldKind;
use super::gather::{Gathering, Said, Spot};
use crate::contract::Message;
use crate::documented::Comments;
use crate::protobuf::pool::{own_file, pool};
use crate::protobuf::root;
use crate::schema::Schema;

/// Times that a type may be inside itself.
const MOST: usize = 2;

/// Gathers a message's fields; none if the schema is none or has no such message.
pub(super) fn gather(schema: &Schema, message: &Message, gathering: &mut Gathering<'_>) -> Option<()> {
    let pool = pool(schema).ok()?;
    let message = root::find(&pool, message).ok()?;
    let own = own_file(&pool)?;
    let comments = Comments::of(own.file_descriptor_proto());
    let mut walk = Walk { own: &own, comments, around: HashMap::new(), gathering };
    walk.inner(&message, &Spot::event());
    Some(())
}

struct Walk<'a, 'g, 'c> {
    own: &'a FileDescriptor,
    /// Of the schema's own file.
    comments: Option<Comments<'a>>,
    /// Messages around the present place, by their full names.
    around: HashMap<String, usize>,
    gathering: &'g mut Gathering<'c>,
}

impl Walk<'_, '_, '_> {
    fn inner(&mut self, message: &MessageDescriptor, spot: &Spot) {
        let count = self.around.entry(message.full_name().to_owned()).or_default();
        if *count == MOST {
            return;
        }
        *count += 1;
        for field in message.fields() {
            self.field(&field, spot);
        }
        if let Some(count) = self.around.get_mut(message.full_name()) {
            *count -= 1;
        }
    }

    fn field(&mut self, field: &FieldDescriptor, spot: &Spot) {
        let comments = self.comments.as_ref().filter(|_| field.parent_file() == *self.own);
        let member = Spot {
            optional: spot.optional || field.cardinality() != Cardinality::Required,
            documented: comments.is_none_or(|comments| comments.has(field.path())),
            line: comments.and_then(|comments| comments.line(field.path())),
            ..spot.member(field.name())
        };
        let entry = field.kind().as_message().filter(|_| field.is_map()).map(MessageDescriptor::map_entry_value_field);
        match entry {
            Some(value) if self.gathering.add(&member, Said::new(FieldKind::Object, "map")) => {
                self.value(&value.kind(), &member.every());
            }
            None if field.is_list() => {
                if self.gathering.add(&member, Said::new(FieldKind::List, "repeated")) {
                    self.value(&field.kind(), &member.every());
                }
            }
            None => self.value(&field.kind(), &member),
            Some(_) => {}
        }
    }

    fn value(&mut self, kind: &Kind, spot: &Spot) {
        let (said, message) = said(kind);
        if self.gathering.add(spot, said)
            && let Some(message) = message
        {
            self.inner(&message, spot);
        }
    }
}

/// What a value is, and the message whose fields lie in it.
fn said(kind: &Kind) -> (Said, Option<MessageDescriptor>) {
    let field = match kind {
        Kind::Bool => FieldKind::Bool,
        Kind::Float | Kind::Double => FieldKind::Double,
        Kind::String => FieldKind::Text,
        Kind::Bytes => FieldKind::Bytes,
        Kind::Enum(symbols) => {
            let null = symbols.full_name() == "google.protobuf.NullValue";
            return (Said::new(if null { FieldKind::Any } else { FieldKind::Text }, "enum"), None);
        }
        Kind::Message(message) => return of_message(message),
        _ => FieldKind::Int,
    };
    (Said::new(field, &format!("{kind:?}")), None)
}

fn of_message(message: &MessageDescriptor) -> (Said, Option<MessageDescriptor>) {
    const ANY: &str = "any";
    let name = message.full_name();
    let said = match name.strip_prefix("google.protobuf.").unwrap_or_default() {
        "Timestamp" => Said::new(FieldKind::Time, name),
        "Duration" | "FieldMask" => Said::new(FieldKind::Text, name),
        "Struct" => Said::new(FieldKind::Object, ANY),
        "ListValue" => Said::new(FieldKind::List, ANY),
        "Value" | "Any" => Said::new(FieldKind::Any, ANY),
        "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value" | "BoolValue"
        | "StringValue" | "BytesValue" => {
            let inner = message.fields().next().map(|field| said(&field.kind()).0);
            let inner = inner.unwrap_or_else(|| Said::new(FieldKind::Any, ANY));
            Said { nullable: true, ..inner }
        }
        _ => return (Said::new(FieldKind::Object, "message"), Some(message.clone())),
    };
    (said, None)
}
