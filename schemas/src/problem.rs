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
        write!(f, "{}", OneLine(&self.file))?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", OneLine(&self.path))?;
        }
        write!(f, ": expected {}, found {}", OneLine(&self.expected), OneLine(&self.found))
    }
}

/// A text whose control characters are escaped, so that a name with a line's end in it makes no second line.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            if char.is_control() { write!(f, "{}", char.escape_default())? } else { write!(f, "{char}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_whatever_stands_in_the_file() {
        let text = || "a\nb\u{1b}[31m".to_owned();
        let problem = Problem { file: text(), line: 1, path: text(), expected: text(), found: text() };
        assert_eq!(
            problem.to_string(),
            "a\\nb\\u{1b}[31m:1: a\\nb\\u{1b}[31m: expected a\\nb\\u{1b}[31m, found a\\nb\\u{1b}[31m"
        );
    }
}
