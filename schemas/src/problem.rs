//! What is wrong with a file that people write, said so that they can mend it: where, what was expected, what
//! was found. Knows nothing of the files' meaning.

use std::fmt;

/// One mistake in one file. A load collects all of them before it gives up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file as it was named by whoever loaded it.
    pub file: String,
    /// Line of the mistake, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// JSON Pointer (RFC 6901) into the file's document; empty for the whole of it.
    pub path: String,
    /// What would have been right.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)
    }
}
