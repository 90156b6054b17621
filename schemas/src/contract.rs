//! One topic's contract: what the platform's people wrote about it, read and checked. Knows the words of a
//! contract, not how an event is encoded by it (`encoder`).

mod pointer;
mod names;
mod source;
mod value;
mod pii;
mod callers;
mod read;
mod load;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::pii::Action;
use crate::problem::Problem;

pub use load::{Compiled, FILE, Folder, Loaded, load};
pub use names::{check_header_name, check_open_header_name, check_topic_name};
pub use read::read;

/// A topic's contract, as `contract.yaml` has it, with its defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// The file it was read from, as named by whoever loaded it; problems point here.
    pub file: String,
    /// Lines of the file's members by JSON Pointer (`/key/from`), for problems found later.
    pub lines: BTreeMap<String, usize>,
    /// Kafka's name of the topic.
    pub topic: String,
    /// The team that answers for the topic.
    pub owner: String,
    /// What an event of this topic means.
    pub description: String,
    /// How secret the events are.
    pub classification: Option<Classification>,
    /// How an event's value is checked and written.
    pub value: ValueRule,
    /// Where a record's key comes from.
    pub key: Option<KeyRule>,
    /// JSON Pointer of the event's id, which goes into the record's `event-id` header.
    pub id: Option<Pointer>,
    /// JSON Pointer of the event's time, which becomes the record's timestamp.
    pub time: Option<Pointer>,
    /// Names or patterns (`*` matches any run of characters) of the principals that may write, groups as `group:NAME`;
    /// `None`: everyone proven.
    pub producers: Option<Vec<String>>,
    /// Fields whose value says who is calling, and what it must be.
    pub bind: Vec<Bind>,
    /// The longest event's text, in bytes.
    pub bytes_per_event: Option<u64>,
    /// Events a second that one gateway lets through.
    pub events_per_second: Option<u64>,
    /// Bytes of events' text a second that one gateway lets through.
    pub bytes_per_second: Option<u64>,
    /// The topic that refused events are copied to.
    pub dead_letter: Option<String>,
    /// Personal values, and what becomes of each; no path is another's or lies inside another.
    pub pii: Vec<Personal>,
    /// What the topic in Kafka should look like.
    pub kafka: KafkaRule,
    /// Free labels; a list keeps its order.
    pub labels: BTreeMap<String, Vec<String>>,
}

impl Contract {
    /// A problem with the member that `path` names, or with the nearest one above it that was written.
    pub fn problem(&self, path: &str, expected: impl Into<String>, found: impl Into<String>) -> Problem {
        let mut written = path;
        let line = loop {
            match (self.lines.get(written), written.rfind('/')) {
                (Some(line), _) => break *line,
                (None, Some(parent)) => written = &written[..parent],
                (None, None) => break 0,
            }
        };
        let file = self.file.clone();
        Problem { file, line, path: path.to_owned(), expected: expected.into(), found: found.into() }
    }
}

/// How secret a topic's events are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Classification {
    /// Anyone may read it.
    Public,
    /// Anyone inside the organisation may read it.
    Internal,
    /// Only those who need it may read it.
    Confidential,
    /// Only those who are named may read it.
    Restricted,
}

impl Classification {
    /// All of them, the most open first.
    pub const ALL: [Self; 4] = [Self::Public, Self::Internal, Self::Confidential, Self::Restricted];

    /// As a contract has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Restricted => "restricted",
        }
    }
}

/// How a value is checked and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueRule {
    /// The record's format.
    pub format: Format,
    /// Where its schema is found; for the formats that have one.
    pub schema: Option<SchemaRule>,
    /// What stands before the payload.
    pub framing: Framing,
    /// Protobuf: which message of the file it is.
    pub message: Message,
    /// Avro: how a union's branch is told in JSON.
    pub unions: Unions,
    /// How bytes are written in a JSON string.
    pub bytes: BytesText,
    /// Avro: whether an int or a long may be a plain decimal numeral in a string.
    pub numeric_strings: bool,
    /// What happens to a member that the schema does not know.
    pub unknown_fields: UnknownFields,
}

/// The record's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Avro's binary encoding.
    Avro,
    /// The JSON text as it was sent, checked by a JSON Schema.
    JsonSchema,
    /// Protobuf's binary encoding.
    Protobuf,
    /// The JSON text as it was sent.
    Json,
    /// A JSON string's characters as UTF-8.
    String,
    /// A JSON string's base64, decoded.
    Bytes,
}

impl Format {
    /// Whether values of this format have a schema.
    pub fn has_schema(self) -> bool {
        matches!(self, Self::Avro | Self::JsonSchema | Self::Protobuf)
    }

    /// As a contract has it.
    pub fn name(self) -> &'static str {
        value::FORMATS.iter().find(|(_, format)| *format == self).map_or("json", |(name, _)| name)
    }
}

/// Where a schema is found: a file, a subject, or a file that is one of a subject's versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaRule {
    /// A file beside the contract.
    pub file: Option<String>,
    /// A registry's subject.
    pub subject: Option<String>,
    /// Which version of the subject, where there is no file.
    pub version: Version,
    /// The id that the contract names, where there is no subject.
    pub id: Option<u32>,
    /// What a new version must not break.
    pub compatibility: Compatibility,
}

/// Which version of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// The newest at any time.
    Latest,
    /// This one, from 1.
    Number(u32),
}

/// Which readers must go on working when a schema changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compatibility {
    /// Nobody is looked after.
    None,
    /// Those that know the new version read what was written by the old one.
    Backward,
    /// Those that know the old version read what is written by the new one.
    Forward,
    /// Both.
    Full,
}

impl Compatibility {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Backward, Self::Forward, Self::Full];

    /// As a contract has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Backward => "backward",
            Self::Forward => "forward",
            Self::Full => "full",
        }
    }
}

/// Which message of a Protobuf file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Message {
    /// The first one.
    #[default]
    First,
    /// The one at this index among the outermost ones, from 0.
    Index(usize),
    /// The one of this name, with or without its package.
    Name(String),
}

/// What stands before the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Byte 0 and the schema's id as a big-endian u32; for Protobuf, then the message's indexes.
    Confluent,
    /// Nothing.
    None,
}

/// How a union's branch is told in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unions {
    /// The bare value; the first branch that accepts it.
    Plain,
    /// `{"branch": value}`, as Avro's JSON encoding has it.
    Tagged,
    /// Tagged where it reads as tagged, else plain.
    Either,
}

/// How bytes are written in a JSON string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BytesText {
    /// Standard alphabet, padding optional (RFC 4648, section 4).
    #[default]
    Base64,
    /// One code point U+0000 to U+00FF a byte, as Avro's JSON encoding has it.
    CodePoints,
}

/// What happens to a member that the schema does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownFields {
    /// The event is refused.
    Refuse,
    /// The member is left out.
    Drop,
    /// The member is stored (formats that store the text).
    Keep,
}

/// Where a record's key comes from, and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRule {
    /// Where it is read.
    pub source: KeySource,
    /// What its bytes are.
    pub format: KeyFormat,
    /// How it is checked and written, for [`KeyFormat::Schema`].
    pub value: Option<Box<ValueRule>>,
}

/// Where a key is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A member of the event.
    Event(Pointer),
    /// A request header, by its lower-case name.
    Header(String),
}

/// A key's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFormat {
    /// The bare string as UTF-8, never quoted.
    String,
    /// 4 bytes, big-endian, as Kafka's `IntegerSerializer` writes them.
    Int,
    /// 8 bytes, big-endian, as Kafka's `LongSerializer` writes them.
    Long,
    /// A string's base64, decoded.
    Bytes,
    /// As a schema says.
    Schema,
}

/// A personal value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Personal {
    /// Where it stands in an event; the token `*` is every element of an array.
    pub pointer: Pointer,
    /// What becomes of it.
    pub action: Action,
}

/// A field that is bound to whoever calls, so that one service can't speak as another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// Where the field stands in an event.
    pub pointer: Pointer,
    /// What it must be: a pattern in which `*` is any run of characters and `{principal}` the caller's name. The word
    /// `principal` of a contract is `{principal}` here.
    pub pattern: String,
}

/// A JSON Pointer (RFC 6901), parsed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer {
    /// As it was written.
    pub text: String,
    /// Its reference tokens, unescaped.
    pub tokens: Vec<String>,
}

/// What the topic in Kafka should look like; `None` leaves it to the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KafkaRule {
    /// Number of partitions.
    pub partitions: Option<u32>,
    /// Replicas of each partition.
    pub replication: Option<u16>,
    /// How long records are kept.
    pub retention: Option<Duration>,
    /// Kafka's `cleanup.policy`.
    pub cleanup: Option<Cleanup>,
}

/// Kafka's `cleanup.policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleanup {
    /// Old segments are deleted.
    Delete,
    /// The last record of each key is kept.
    Compact,
    /// Both.
    CompactDelete,
}
