//! A YAML document with its lines: what contracts, conventions and the configuration are read from. Knows
//! YAML's core schema and how to say what is wrong where; knows no member's meaning.
//!
//! ```
//! use forebay_schemas::document::{self, Reader};
//!
//! let node = document::read("key.yaml", "from: /customer_id\nfromat: int\n").expect("it is YAML");
//! let mut problems = Vec::new();
//! let mut reader = Reader::new(&node, &mut problems);
//! let from = reader.required_string("from");
//! let format = reader.one_of("format", &[("string", 1), ("int", 2)]);
//! reader.finish();
//! assert_eq!((from.as_deref(), format), (Some("/customer_id"), None));
//! assert_eq!(
//!     problems[0].to_string(),
//!     "key.yaml:2: /fromat: expected one of from, format (did you mean format?), found fromat"
//! );
//! ```

mod scalar;
mod parse;
mod overlay;
mod json;
mod nearest;
mod reader;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::problem::Problem;

pub use nearest::nearest;
pub use parse::read;
pub use reader::Reader;
pub use scalar::Scalar;

/// The longest text that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// The most values that a document may have.
pub const MAX_NODES: usize = 50_000;
/// How deep sections and lists may stand in each other.
pub const MAX_DEPTH: usize = 16;
/// The longest name of a member, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, or the name of whatever else laid the value over it.
    pub file: Arc<str>,
    /// Line from 1; 0 where there are no lines, as in an environment variable.
    pub line: usize,
}

/// One value of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it was written; a mapping's member stands where its name does.
    pub place: Place,
    /// JSON Pointer (RFC 6901) from the document's root.
    pub path: String,
    /// What stands there.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: empty, `~` or `null`.
    Null,
    /// Text, a number or a boolean; which of them is up to who asks.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// Names with values, in the file's order; no name twice.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The member of this name, if this is a mapping that has it.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(members) => members.iter().find(|(member, _)| member == name).map(|(_, node)| node),
            Kind::Null | Kind::Scalar(_) | Kind::List(_) => None,
        }
    }

    /// The lines of this value and all below it, by JSON Pointer.
    pub fn lines(&self) -> BTreeMap<String, usize> {
        let mut lines = BTreeMap::new();
        self.gather_lines(&mut lines);
        lines
    }

    fn gather_lines(&self, lines: &mut BTreeMap<String, usize>) {
        lines.insert(self.path.clone(), self.place.line);
        match &self.kind {
            Kind::List(items) => items.iter().for_each(|item| item.gather_lines(lines)),
            Kind::Map(members) => members.iter().for_each(|(_, member)| member.gather_lines(lines)),
            Kind::Null | Kind::Scalar(_) => {}
        }
    }

    /// A problem with this value, in words of the caller's.
    pub fn problem(&self, expected: impl Into<String>, found: impl Into<String>) -> Problem {
        Problem {
            file: self.place.file.to_string(),
            line: self.place.line,
            path: self.path.clone(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// A problem with this value that shows what stands there.
    pub fn mismatch(&self, expected: impl Into<String>) -> Problem {
        self.problem(expected, self.describe())
    }

    /// What stands here, for people: short, on one line.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Null => "nothing".to_owned(),
            Kind::Scalar(scalar) => scalar.describe(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// The path of a member or item below `parent`.
pub(crate) fn child_path(parent: &str, token: &str) -> String {
    format!("{parent}/{}", token.replace('~', "~0").replace('/', "~1"))
}
