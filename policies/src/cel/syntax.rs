//! An expression's text to its tree, by the `cel` crate's parser, within bounds that keep that parser from recursing
//! deep. Knows grammar only.

use std::thread;

use cel::common::ast::{EntryExpr, Expr};
use cel::{Env, IdedExpr, ParseErrors};

use super::Flaw;

/// The longest expression, in bytes.
pub(crate) const MAX_TEXT: usize = 2_048;
/// The most operators and brackets: a run of them makes a tree as deep as it is long. Of dots, commas, `!`, `&` and `|`,
/// which the parser takes with less, there may be four times as many.
pub(crate) const MAX_OPERATORS: usize = 64;
/// The most parts: operators, calls, names, literals.
pub(crate) const MAX_NODES: usize = 400;
/// Brackets and conditions inside one another, at most.
const MAX_DEPTH: usize = 12;
/// What may stand behind a \ in a string (CEL's grammar, ESCAPE).
const ESCAPED: &str = "abfnrtv\\?\"'`xXuU0123";
/// The parser's stack, in bytes; only what is used of it takes memory.
const STACK: usize = 16 << 20;
/// Rules of the grammar inside one another, at most; the parser counts expressions.
const MAX_RECURSION: u16 = 32;

/// Reads an expression. Macros stay calls: what they mean is for `lower` to know.
pub(crate) fn parse(text: &str) -> Result<IdedExpr, Flaw> {
    bounded(text)?;
    let expected = "an expression in CEL, as in event.total > 0";
    let parsed = on_own_stack(text).ok_or_else(|| (expected.to_owned(), "one that the parser gives up".to_owned()))?;
    let tree = parsed.map_err(|errors| {
        if errors.errors.iter().any(|error| error.msg.to_ascii_lowercase().contains("recursion limit")) {
            return deep();
        }
        let said = errors.errors.first().map_or_else(String::new, |error| {
            let (line, column) = error.pos;
            let place = if line > 1 { format!("line {line}, column {column}") } else { format!("column {column}") };
            let said = error.msg.trim_start_matches("Syntax error: ").split(" expecting ").next().unwrap_or_default();
            format!("{} at {place}", said.replace("mismatched input '<EOF>'", "its end"))
        });
        (expected.to_owned(), one_line(&said))
    })?;
    let nodes = count(&tree);
    if nodes > MAX_NODES {
        return Err((format!("an expression of {MAX_NODES} parts at most"), format!("one of {nodes}")));
    }
    Ok(tree)
}

/// Parses on a stack of its own, since the parser takes up to 60 KiB for each bracket; `None` if it panics.
fn on_own_stack(text: &str) -> Option<Result<IdedExpr, ParseErrors>> {
    let parse = || {
        let parser = Env::default().parser().enable_optional_syntax(false).max_recursion_depth(MAX_RECURSION);
        parser.error_recovery_limit(1).parse(text)
    };
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("cel-parser".to_owned()).stack_size(STACK);
        builder.spawn_scoped(scope, parse).ok()?.join().ok()
    })
}

/// Counts outside of strings what can make the tree deep. Whatever would let a string end elsewhere than the parser takes
/// it to end is refused, so that nothing hides in one.
fn bounded(text: &str) -> Result<(), Flaw> {
    if text.len() > MAX_TEXT {
        return Err((format!("an expression of {MAX_TEXT} bytes at most"), format!("one of {}", text.len())));
    }
    let mut load = Load::default();
    let (mut before, mut rest) = ("", text);
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '"' | '\'' => string(before, rest)?,
            '/' if rest.starts_with("//") => return Err(flaw("an expression without comments", "//")),
            _ => sign(rest)?.map_or(next.len_utf8(), str::len),
        };
        let outside = if matches!(next, '"' | '\'') { "" } else { &rest[..length] };
        outside.chars().try_for_each(|character| load.add(character))?;
        (before, rest) = text.split_at(text.len() - rest.len() + length);
    }
    Ok(())
}

/// What is written as an operator of `=`, `&` or `|`, which the parser reports in words of its own.
fn sign(rest: &str) -> Result<Option<&str>, Flaw> {
    const PAIRS: [&str; 6] = ["==", "!=", "<=", ">=", "&&", "||"];
    if let Some(pair) = PAIRS.iter().find(|pair| rest.starts_with(**pair)) {
        return Ok(Some(&rest[..pair.len()]));
    }
    match rest.as_bytes().first() {
        Some(b'=') => Err(flaw("== where two values are compared", "=")),
        Some(b'&') => Err(flaw("&& between two conditions", "&")),
        Some(b'|') => Err(flaw("|| between two conditions", "|")),
        _ => Ok(None),
    }
}

/// The length of the string that the text begins with, in bytes.
fn string(before: &str, rest: &str) -> Result<usize, Flaw> {
    let quote = &rest[..1];
    let letters = before.len() - before.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
    if before[before.len() - letters..].contains(['r', 'R']) {
        return Err(flaw("a string without r before it, in which \\\\ stands for \\", "r before a string"));
    }
    if rest.starts_with(&quote.repeat(3)) {
        return Err(flaw("a string in single quotation marks, in which \\n stands for a line's end", "three of them"));
    }
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\n' | '\r' => break,
            '\\' => match characters.next() {
                Some((_, escaped)) if ESCAPED.contains(escaped) => {}
                Some((_, other)) => {
                    let found = if other.is_control() { "\\".to_owned() } else { format!("\\{other}") };
                    return Err(("\\\\ for a \\ in a string, as in matches(\"^\\\\d+$\")".to_owned(), found));
                }
                None => break,
            },
            end if quote.starts_with(end) => return Ok(at + 1),
            _ => {}
        }
    }
    Err(flaw("a quotation mark at a string's end, on the same line", "none"))
}

fn flaw(expected: &str, found: &str) -> Flaw {
    (expected.to_owned(), found.to_owned())
}

/// What has been counted of an expression.
#[derive(Default)]
struct Load {
    depth: usize,
    conditions: usize,
    weight: usize,
}

impl Load {
    /// Adds a character outside of strings.
    fn add(&mut self, character: char) -> Result<(), Flaw> {
        match character {
            '(' | '[' | '{' => {
                self.depth += 1;
                self.weight += 4;
            }
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            // What follows a question mark is an expression inside the one before it, up to wherever that ends.
            '?' => {
                self.conditions += 1;
                self.weight += 4;
            }
            '.' | ',' | '!' | '&' | '|' => self.weight += 1,
            '<' | '>' | '=' | '+' | '-' | '*' | '/' | '%' | ':' => self.weight += 4,
            _ => {}
        }
        if self.depth + self.conditions > MAX_DEPTH {
            return Err(deep());
        }
        if self.weight > 4 * MAX_OPERATORS {
            let expected = format!("an expression of {MAX_OPERATORS} operators and brackets at most");
            return Err((expected, "more".to_owned()));
        }
        Ok(())
    }
}

fn deep() -> Flaw {
    (format!("brackets and conditions {MAX_DEPTH} deep at most"), "deeper ones".to_owned())
}

fn count(tree: &IdedExpr) -> usize {
    let inside = match &tree.expr {
        Expr::Call(call) => call.target.iter().map(|target| count(target)).chain(call.args.iter().map(count)).sum(),
        Expr::List(list) => list.elements.iter().map(count).sum(),
        Expr::Map(map) => {
            let entry = |entry: &EntryExpr| match entry {
                EntryExpr::MapEntry(entry) => count(&entry.key) + count(&entry.value),
                EntryExpr::StructField(field) => count(&field.value),
            };
            map.entries.iter().map(|one| entry(&one.expr)).sum()
        }
        Expr::Select(select) => count(&select.operand),
        Expr::Unspecified | Expr::Comprehension(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => 0,
    };
    1 + inside
}

/// A text without line ends, short.
fn one_line(text: &str) -> String {
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(160) {
        Some((at, _)) => format!("{}…", &flat[..at]),
        None => flat,
    }
}
