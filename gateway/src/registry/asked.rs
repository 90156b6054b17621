//! What can be asked of the registry, by name: the keys of what is remembered, their paths, and on whose behalf.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::failure::{Failure, Missing};
use super::schema::{Place, Registered, Submission, Version, Versioned};
use super::shelf::Name;

/// The longest name of a subject, in bytes.
const SUBJECT: usize = 1024;

/// On whose behalf the registry is asked for what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The configuration or a contract names it. It waits for its turn.
    Operator,
    /// A client names it, and may name anything. It is refused when clients have asked for too much.
    Client,
}

/// A schema by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SchemaId(pub(super) u32);

/// The places where a schema is registered, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PlacesOf(pub(super) u32);

/// One schema of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Under {
    pub(super) subject: Arc<str>,
    pub(super) which: Which,
}

/// Which of a subject's schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Which {
    Latest,
    Number(u32),
    /// The one that equals a text of this digest.
    Text([u8; 32]),
}

impl Name for SchemaId {
    type Value = Arc<Registered>;

    fn is_fixed(&self) -> bool {
        true
    }

    fn cost(value: &Self::Value) -> usize {
        value.cost()
    }
}

impl Name for PlacesOf {
    type Value = Arc<[Place]>;

    fn is_fixed(&self) -> bool {
        false
    }

    fn cost(value: &Self::Value) -> usize {
        value.iter().map(|place| place.subject.len() + size_of::<Place>()).sum()
    }
}

impl Name for Under {
    type Value = Versioned;

    fn is_fixed(&self) -> bool {
        self.which != Which::Latest
    }

    fn cost(value: &Self::Value) -> usize {
        value.subject.len() + value.schema.cost()
    }
}

impl Under {
    pub(super) fn version(subject: &str, version: Version) -> Self {
        let which = match version {
            Version::Latest => Which::Latest,
            Version::Number(number) => Which::Number(number),
        };
        Self { subject: subject.into(), which }
    }

    pub(super) fn text(subject: &str, submission: &Submission) -> Self {
        let mut digest = Sha256::new();
        let mut part = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        };
        part(submission.kind.as_str().as_bytes());
        part(submission.text.as_bytes());
        for pointer in &submission.references {
            part(pointer.name.as_bytes());
            part(pointer.subject.as_bytes());
            part(&pointer.version.to_be_bytes());
        }
        Self { subject: subject.into(), which: Which::Text(digest.finalize().into()) }
    }

    /// The path of this version.
    pub(super) fn path(&self, version: Version) -> Result<String, Failure> {
        let subject = segment(&self.subject)?;
        Ok(match version {
            Version::Latest => format!("/subjects/{subject}/versions/latest"),
            Version::Number(number) => format!("/subjects/{subject}/versions/{number}"),
        })
    }
}

/// A subject as one segment of a path (RFC 3986, section 2.3). What can't be one names no subject: a path of dots would
/// lead elsewhere.
pub(super) fn segment(subject: &str) -> Result<String, Failure> {
    if subject.is_empty() || subject.len() > SUBJECT || subject.bytes().all(|byte| byte == b'.') {
        return Err(Failure::NotFound(Missing::Subject));
    }
    let mut text = String::with_capacity(subject.len());
    for byte in subject.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    Ok(text)
}
