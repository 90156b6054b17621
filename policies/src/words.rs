//! Which words a rule accepts: a list of them, or a regular expression, and what asking costs. Knows no rule.

use std::collections::BTreeSet;

use forebay_schemas::document::{Kind, Node, nearest};
use forebay_schemas::problem::Problem;
use regex::{Regex, RegexBuilder};

/// The longest regular expression that is read, in bytes.
const MAX_REGEX: usize = 512;
/// The longest word of a list, in bytes.
const MAX_WORD: usize = 200;
/// Words of a list that a sentence names, and their bytes together, at most: what senders read, for each event.
const SHOWN: usize = 10;
const SHOWN_BYTES: usize = 200;
/// The most memory that an expression over names and contracts may take when it is compiled, in bytes.
const MAX_COMPILED: usize = 256 * 1024;
/// The same for one that is asked of events. `\w` alone takes 53 KiB, since it stands for the letters of all scripts.
const MAX_OF_EVENTS: usize = 16 * 1024;
/// What a character of a plain word takes when it is compiled, in bytes, at most.
const COMPILED_CHARACTER: usize = 128;
/// An expression that takes no more than this is matched at a few nanoseconds for each byte, whatever the text.
const SMALL: usize = 1024;

/// Accepted words.
#[derive(Debug, Clone)]
pub(crate) enum Words {
    /// Each of these, as it is written.
    Listed(List),
    /// Whatever the expression matches as a whole.
    Matching {
        /// As it was written.
        source: String,
        /// Anchored at both ends.
        regex: Expression,
    },
}

/// A list of words.
#[derive(Debug, Clone)]
pub(crate) struct List {
    /// As they were written.
    words: Vec<String>,
    texts: BTreeSet<String>,
    /// Those of the words that are whole numbers.
    whole: BTreeSet<i128>,
    /// Those that are numbers, as bits.
    numbers: BTreeSet<u64>,
}

/// A compiled expression that knows what it costs.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    regex: Regex,
    /// The least power of two of bytes in which it could be compiled.
    size: usize,
}

/// What an expression is written in.
const SYNTAX: &str = "a regular expression (Rust's regex syntax, without look-around and back-references)";

/// What an expression is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// Names and contracts: when a set is loaded.
    Facts,
    /// Every event.
    Events,
}

impl List {
    pub(crate) fn new(words: Vec<String>) -> Self {
        let whole = words.iter().filter_map(|word| word.parse().ok()).collect();
        let numbers = words.iter().filter_map(|word| word.parse().ok()).filter(|number: &f64| !number.is_nan());
        Self { texts: words.iter().cloned().collect(), whole, numbers: numbers.map(bits).collect(), words }
    }
}

/// The same for both zeros.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

impl Expression {
    /// Whether it matches somewhere in the text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// What each group of it matches.
    pub(crate) fn captures<'t>(&self, text: &'t str) -> Option<regex::Captures<'t>> {
        self.regex.captures(text)
    }

    /// Steps that matching a text of this many bytes takes: a larger expression may have to be followed along as many paths
    /// at once as it has parts.
    pub(crate) fn steps(&self, bytes: usize) -> usize {
        if self.size <= SMALL { 1 + bytes / 8 } else { 1 + bytes.saturating_mul(self.size / SMALL) }
    }
}

impl Words {
    /// Reads a list of words or the text of an expression.
    pub(crate) fn read(node: &Node, problems: &mut Vec<Problem>) -> Option<Self> {
        Self::read_for(Of::Facts, node, problems)
    }

    /// Reads words that values of events are held to.
    pub(crate) fn read_of_events(node: &Node, problems: &mut Vec<Problem>) -> Option<Self> {
        Self::read_for(Of::Events, node, problems)
    }

    fn read_for(of: Of, node: &Node, problems: &mut Vec<Problem>) -> Option<Self> {
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                problems.push(node.problem("at least one word", "an empty list"));
                None
            }
            Kind::List(_) => node.list(problems, read_word).map(List::new).map(Self::Listed),
            Kind::Scalar(scalar) => Self::matching(&scalar.text, of)
                .map_err(|(expected, found)| problems.push(node.problem(expected, found)))
                .ok(),
            Kind::Null | Kind::Map(_) => {
                problems.push(node.mismatch("a list of words, or a regular expression as text"));
                None
            }
        }
    }

    /// Words that an expression matches; the error is what was expected and what is wrong with it.
    pub(crate) fn matching(source: &str, of: Of) -> Result<Self, (String, String)> {
        if source.len() > MAX_REGEX {
            return Err((
                format!("a regular expression of {MAX_REGEX} bytes at most"),
                format!("{} bytes", source.len()),
            ));
        }
        compile(source, of)?;
        let regex = compile(&whole(source), of)?;
        Ok(Self::Matching { source: source.to_owned(), regex })
    }

    /// An expression that matches these words, to be put into a longer one.
    pub(crate) fn expression(&self) -> String {
        match self {
            Self::Listed(List { words, .. }) => {
                format!("(?:{})", words.iter().map(|word| regex::escape(word)).collect::<Vec<_>>().join("|"))
            }
            Self::Matching { source, .. } => format!("(?:{source})"),
        }
    }

    pub(crate) fn accept(&self, word: &str) -> bool {
        match self {
            Self::Listed(List { texts, .. }) => texts.contains(word),
            Self::Matching { regex, .. } => regex.is_match(word),
        }
    }

    /// Whether a whole number is one of the words; an expression is only asked of texts.
    pub(crate) fn accept_whole(&self, number: impl Into<i128>) -> bool {
        matches!(self, Self::Listed(List { whole, .. }) if whole.contains(&number.into()))
    }

    /// Whether a number is one of the words.
    pub(crate) fn accept_number(&self, number: f64) -> bool {
        matches!(self, Self::Listed(List { numbers, .. }) if numbers.contains(&bits(number)))
    }

    /// Whether there is a word that a number can be.
    pub(crate) fn has_numbers(&self, whole_only: bool) -> bool {
        matches!(self, Self::Listed(List { whole, numbers, .. }) if !whole.is_empty() || !whole_only && !numbers.is_empty())
    }

    /// Steps that asking for a word of this many bytes takes.
    pub(crate) fn steps(&self, bytes: usize) -> usize {
        match self {
            Self::Listed(_) => 1 + bytes / 64,
            Self::Matching { regex, .. } => regex.steps(bytes),
        }
    }

    /// What would be accepted in place of `found`.
    pub(crate) fn expected(&self, found: &str) -> String {
        let Self::Listed(List { words, .. }) = self else { return self.describe() };
        match nearest(found, words.iter().map(String::as_str)) {
            Some(meant) => format!("{} (did you mean {meant}?)", self.describe()),
            None => self.describe(),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Listed(List { words, .. }) => match words.as_slice() {
                [only] => only.clone(),
                several => format!("one of {}", few(several)),
            },
            Self::Matching { source, .. } => format!("text that matches {source}"),
        }
    }
}

/// The first of the words, and how many more there are.
fn few(words: &[String]) -> String {
    let mut bytes = 0;
    let fit = |word: &&String| {
        bytes += word.len();
        bytes <= SHOWN_BYTES
    };
    let shown = words.iter().take(SHOWN).take_while(fit).count().max(1);
    let list = words[..shown].join(", ");
    match words.len() - shown {
        0 => list,
        more => format!("{list} and {more} more"),
    }
}

fn read_word(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let word = node.text(problems)?;
    if word.len() > MAX_WORD {
        problems.push(node.problem(format!("a word of {MAX_WORD} bytes at most"), format!("one of {}", word.len())));
        return None;
    }
    Some(word)
}

/// The expression that matches from end to end what `source` matches.
pub(crate) fn whole(source: &str) -> String {
    format!(r"\A(?:{source})\z")
}

/// Compiles an expression within bounds; the error is what was expected and what is wrong with it.
pub(crate) fn compile(source: &str, of: Of) -> Result<Expression, (String, String)> {
    compile_within(source, if of == Of::Events { MAX_OF_EVENTS } else { MAX_COMPILED }, of)
}

/// Compiles an expression over topics' names, which may be made of as many words as a file has.
pub(crate) fn compile_names(source: &str) -> Result<Expression, (String, String)> {
    compile_within(source, MAX_COMPILED + COMPILED_CHARACTER * source.len(), Of::Facts)
}

fn compile_within(source: &str, most: usize, of: Of) -> Result<Expression, (String, String)> {
    let mut size = SMALL;
    loop {
        match RegexBuilder::new(source).size_limit(size).nest_limit(50).build() {
            Ok(regex) => return Ok(Expression { regex, size }),
            Err(regex::Error::CompiledTooBig(_)) if size < most => size = (2 * size).min(most),
            Err(regex::Error::CompiledTooBig(_)) => return Err(too_large(of)),
            Err(error) => return Err((SYNTAX.to_owned(), reason(&error.to_string()))),
        }
    }
}

fn too_large(of: Of) -> (String, String) {
    match of {
        Of::Facts => (SYNTAX.to_owned(), "one that takes too much memory".to_owned()),
        Of::Events => {
            let expected = "a smaller regular expression: with less repetition, and [A-Za-z0-9_] for \\w, which stands for \
                            the letters of all scripts";
            (expected.to_owned(), format!("one that takes more than {} KiB", MAX_OF_EVENTS / 1024))
        }
    }
}

/// The last line of the library's report, which draws the expression above it.
fn reason(report: &str) -> String {
    let last = report.lines().last().unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}
