//! What a type accepts, said for people who send events.

use std::ops::RangeInclusive;

use super::program::{Key, Known, Message, Node, NodeId, Program, Whole};

/// Symbols that one sentence names.
const MAX_LISTED: usize = 16;

impl Program {
    /// What a node accepts, as half a sentence.
    pub(crate) fn expected(&self, id: NodeId) -> String {
        match &self.nodes[id] {
            Node::Bool => "true or false".to_owned(),
            Node::Whole(whole) => whole_number(*whole).to_owned(),
            Node::Float => "a number that a float holds".to_owned(),
            Node::Double => "a number that a double holds".to_owned(),
            Node::String => "a string".to_owned(),
            Node::Bytes => "a string of base64".to_owned(),
            Node::Enum(symbols) => {
                let more = symbols.names.names().len().saturating_sub(MAX_LISTED);
                let list = symbols.names.names().take(MAX_LISTED).collect::<Vec<_>>().join(", ");
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let number = if symbols.closed { "or one of their numbers" } else { "or a number of 32 bits" };
                format!("one of: {list}{more}; {number}")
            }
            Node::Null => "null".to_owned(),
            Node::Message(_) => "an object".to_owned(),
            Node::Known(known, message) => self.expected_known(*known, message),
            Node::Tap { node, .. } | Node::Treat { node, .. } => self.expected(*node),
        }
    }

    fn expected_known(&self, known: Known, message: &Message) -> String {
        match known {
            Known::Wrapper => {
                return message.fields.first().map_or_else(String::new, |field| self.expected(field.node));
            }
            Known::Struct => "an object",
            Known::Timestamp => {
                "a timestamp with an offset (RFC 3339, T and Z in capitals) with at most 9 digits after the point, \
                 in the years 1 to 9999"
            }
            Known::Duration => {
                "a string of seconds with at most 9 digits after the point and an s behind them, such as 1.5s"
            }
            Known::FieldMask => "a string of paths in lowerCamelCase with commas between them",
            Known::Value => "any value",
            Known::ListValue => "an array",
            Known::Any => "nothing, since a google.protobuf.Any can't be written from JSON",
        }
        .to_owned()
    }

    /// The whole numbers that a node accepts, if any, as far as a long counts.
    pub(crate) fn whole_numbers(&self, id: NodeId) -> Option<RangeInclusive<i64>> {
        match &self.nodes[id] {
            Node::Whole(whole) => {
                let range = whole.range();
                let bound = |bound: i128| i64::try_from(bound).unwrap_or(i64::MAX);
                Some(bound(*range.start())..=bound(*range.end()))
            }
            Node::Enum(_) => Some(i64::from(i32::MIN)..=i64::from(i32::MAX)),
            Node::Known(Known::Wrapper, message) => self.whole_numbers(message.fields.first()?.node),
            Node::Tap { node, .. } | Node::Treat { node, .. } => self.whole_numbers(*node),
            _ => None,
        }
    }
}

/// What a map's key is, as half a sentence.
pub(super) const fn expected_key(key: Key) -> &'static str {
    match key {
        Key::String => "a string",
        Key::Bool => "a member's name that is true or false",
        Key::Whole(_) => "a member's name that is a whole number in its range, in digits alone",
    }
}

const fn whole_number(whole: Whole) -> &'static str {
    match whole {
        Whole::Int32 | Whole::Sint32 | Whole::Sfixed32 => "a whole number of 32 bits",
        Whole::Int64 | Whole::Sint64 | Whole::Sfixed64 => "a whole number of 64 bits",
        Whole::Uint32 | Whole::Fixed32 => "a whole number of 32 bits that is not negative",
        Whole::Uint64 | Whole::Fixed64 => "a whole number of 64 bits that is not negative",
    }
}
