//! One schema as it was found, with what it refers to. Knows no format: what is in it is read by the format's compiler.

/// A schema and everything that it refers to, directly or not. Whoever made it has found all of it; nothing is ever
/// fetched while it is compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// What problems call it: a file's name, or a subject and its version.
    pub name: String,
    /// Its text; for Protobuf also an encoded `FileDescriptorSet`.
    pub content: Vec<u8>,
    /// What it refers to, each before whatever refers to it.
    pub references: Vec<Reference>,
}

/// Something that a schema refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reference {
    /// What it is called in the schema: Avro's full name, JSON Schema's `$ref`, Protobuf's import path; for files
    /// beside a contract, the file's name.
    pub name: String,
    /// Its text.
    pub content: Vec<u8>,
}

impl Schema {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.content).ok()
    }
}

impl Reference {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.content).ok()
    }
}

/// Something wrong in a schema: a [`crate::problem::Problem`] that does not know its file yet.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// The reference that it stands in; none for the schema itself.
    pub(crate) reference: Option<String>,
    /// JSON Pointer into the schema; for Protobuf, the element's full name.
    pub(crate) path: String,
    /// Line in its text, from 1, where the pointer can't tell it.
    pub(crate) line: Option<usize>,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Mistake {
    pub(crate) fn new(path: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { reference: None, path: path.to_owned(), line: None, expected: expected.into(), found: found.into() }
    }
}
