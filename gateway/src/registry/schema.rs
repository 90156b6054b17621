//! What a registry knows: schemas by id, and the subjects and versions under which they are registered. Nouns only.

use std::sync::Arc;

/// The language that a schema is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SchemaKind {
    /// Apache Avro.
    Avro,
    /// JSON Schema.
    Json,
    /// Protocol Buffers.
    Protobuf,
}

impl SchemaKind {
    /// The kind's name in the registry's API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Avro => "AVRO",
            Self::Json => "JSON",
            Self::Protobuf => "PROTOBUF",
        }
    }

    /// The kind that the API's `schemaType` names. A registry that says none means Avro.
    pub(super) fn named(name: Option<&str>) -> Option<Self> {
        match name {
            None | Some("AVRO") => Some(Self::Avro),
            Some("JSON") => Some(Self::Json),
            Some("PROTOBUF") => Some(Self::Protobuf),
            Some(_) => None,
        }
    }
}

/// A registered schema with all that it refers to. An id never changes its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The registry's id.
    pub id: u32,
    /// Its language.
    pub kind: SchemaKind,
    /// Its text.
    pub text: Arc<str>,
    /// What it refers to, and what that refers to: each name once, after all that it needs itself.
    pub references: Vec<Reference>,
}

impl Registered {
    /// Bytes of its texts and of what keeps them.
    pub(super) fn cost(&self) -> usize {
        const EACH: usize = 128;
        let references: usize = self.references.iter().map(|one| one.name.len() + one.text.len() + EACH).sum();
        self.text.len() + references + EACH
    }
}

/// A schema that another one refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The name that it is referred to by: an Avro full name, a JSON Schema's URI, a .proto file's import path.
    pub name: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
}

/// A schema under a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The subject.
    pub subject: Arc<str>,
    /// The version's number, from 1.
    pub version: u32,
    /// The schema.
    pub schema: Arc<Registered>,
}

/// A place where a schema is registered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The subject.
    pub subject: Arc<str>,
    /// The version's number.
    pub version: u32,
}

/// Which of a subject's versions is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// The newest that is not deleted.
    Latest,
    /// This one.
    Number(u32),
}

/// A text that is looked up. It is never registered by this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Its language.
    pub kind: SchemaKind,
    /// The text.
    pub text: String,
    /// What it refers to.
    pub references: Vec<Pointer>,
}

/// A reference as the API writes it: a name, and where the schema of this name is registered.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pointer {
    /// The name that the schema uses.
    pub name: String,
    /// The subject.
    pub subject: String,
    /// The version's number.
    pub version: u32,
}
