//! Which words a rule accepts: a list of them, or a regular expression. Knows no rule.

use forebay_schemas::document::{Kind, Node, nearest};
use forebay_schemas::problem::Problem;
use regex::{Regex, RegexBuilder};

/// The longest regular expression that is read, in bytes.
const MAX_REGEX: usize = 512;
/// The most memory that one compiled expression may take, in bytes.
const MAX_COMPILED: usize = 256 * 1024;

/// Accepted words.
#[derive(Debug, Clone)]
pub(crate) enum Words {
    /// Each of these, as it is written.
    Listed(Vec<String>),
    /// Whatever the expression matches as a whole.
    Matching {
        /// As it was written.
        source: String,
        /// Anchored at both ends.
        regex: Regex,
    },
}

impl Words {
    /// Reads a list of words or the text of an expression.
    pub(crate) fn read(node: &Node, problems: &mut Vec<Problem>) -> Option<Self> {
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                problems.push(node.problem("at least one word", "an empty list"));
                None
            }
            Kind::List(_) => node.list(problems, Node::text).map(Self::Listed),
            Kind::Scalar(scalar) => Self::matching(&scalar.text)
                .map_err(|(expected, found)| problems.push(node.problem(expected, found)))
                .ok(),
            Kind::Null | Kind::Map(_) => {
                problems.push(node.mismatch("a list of words, or a regular expression as text"));
                None
            }
        }
    }

    /// Words that an expression matches; the error is what was expected and what is wrong with it.
    pub(crate) fn matching(source: &str) -> Result<Self, (String, String)> {
        if source.len() > MAX_REGEX {
            return Err((
                format!("a regular expression of {MAX_REGEX} bytes at most"),
                format!("{} bytes", source.len()),
            ));
        }
        compile(source)?;
        let regex = compile(&whole(source))?;
        Ok(Self::Matching { source: source.to_owned(), regex })
    }

    /// An expression that matches these words, to be put into a longer one.
    pub(crate) fn expression(&self) -> String {
        match self {
            Self::Listed(words) => {
                format!("(?:{})", words.iter().map(|word| regex::escape(word)).collect::<Vec<_>>().join("|"))
            }
            Self::Matching { source, .. } => format!("(?:{source})"),
        }
    }

    pub(crate) fn accept(&self, word: &str) -> bool {
        match self {
            Self::Listed(words) => words.iter().any(|listed| listed == word),
            Self::Matching { regex, .. } => regex.is_match(word),
        }
    }

    /// What would be accepted in place of `found`.
    pub(crate) fn expected(&self, found: &str) -> String {
        let Self::Listed(words) = self else { return self.describe() };
        match nearest(found, words.iter().map(String::as_str)) {
            Some(meant) => format!("{} (did you mean {meant}?)", self.describe()),
            None => self.describe(),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Listed(words) => match words.as_slice() {
                [only] => only.clone(),
                several => format!("one of {}", several.join(", ")),
            },
            Self::Matching { source, .. } => format!("text that matches {source}"),
        }
    }
}

/// The expression that matches from end to end what `source` matches.
pub(crate) fn whole(source: &str) -> String {
    format!(r"\A(?:{source})\z")
}

/// Compiles an expression within bounds; the error is what was expected and what is wrong with it.
pub(crate) fn compile(source: &str) -> Result<Regex, (String, String)> {
    RegexBuilder::new(source).size_limit(MAX_COMPILED).nest_limit(50).build().map_err(|error| {
        let found = match error {
            regex::Error::CompiledTooBig(_) => "one that takes too much memory".to_owned(),
            error => reason(&error.to_string()),
        };
        ("a regular expression (Rust's regex syntax, without look-around and back-references)".to_owned(), found)
    })
}

/// The last line of the library's report, which draws the expression above it.
fn reason(report: &str) -> String {
    let last = report.lines().last().unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}
