//! Which of a file's messages an event is: as a contract names it, and as Confluent's wire format counts it.

use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};

use super::pool::own_file;
use crate::contract::Message;

/// Messages that one sentence names.
const MAX_LISTED: usize = 16;

/// What a contract should have named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoMessage {
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// The message that a contract names: by its full name, by its name inside the file's package, or by its index.
pub(crate) fn find(pool: &DescriptorPool, message: &Message) -> Result<MessageDescriptor, NoMessage> {
    let none = |found: String| NoMessage { expected: listed(pool), found };
    let file = own_file(pool).ok_or_else(|| none("no file".to_owned()))?;
    match message {
        Message::First => file.messages().next().ok_or_else(|| none("none in the schema".to_owned())),
        Message::Index(index) => file.messages().nth(*index).ok_or_else(|| none(format!("index {index}"))),
        Message::Name(name) => named(pool, &file, name).ok_or_else(|| none(format!("`{name}`"))),
    }
}

fn named(pool: &DescriptorPool, file: &FileDescriptor, name: &str) -> Option<MessageDescriptor> {
    let relative = format!("{}.{name}", file.package_name());
    let found = pool.get_message_by_name(name).filter(|message| message.parent_file() == *file);
    // The wire format can name no message of another file, and a map's entry is none of its own.
    found
        .or_else(|| pool.get_message_by_name(&relative))
        .filter(|message| message.parent_file() == *file && !message.is_map_entry())
}

/// A message's place among its file's messages, then among those inside that, and so on.
pub(crate) fn indexes(message: &MessageDescriptor) -> Vec<i32> {
    // A descriptor's path alternates between the number of the field that lists messages and the place in the list.
    message.path().iter().skip(1).step_by(2).copied().collect()
}

fn listed(pool: &DescriptorPool) -> String {
    let names: Vec<String> = own_file(pool)
        .map(|file| file.messages().map(|message| message.full_name().to_owned()).collect())
        .unwrap_or_default();
    let more = names.len().saturating_sub(MAX_LISTED);
    let list = names.into_iter().take(MAX_LISTED).collect::<Vec<_>>().join(", ");
    match more {
        0 => format!("a message of the schema's own file: {list}"),
        more => format!("a message of the schema's own file: {list} and {more} more"),
    }
}
