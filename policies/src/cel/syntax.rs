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

/// Counts outside of strings what can make the tree deep.
fn bounded(text: &str) -> Result<(), Flaw> {
    if text.len() > MAX_TEXT {
        return Err((format!("an expression of {MAX_TEXT} bytes at most"), format!("one of {}", text.len())));
    }
    let (mut depth, mut conditions, mut load) = (0_usize, 0_usize, 0_usize);
    let mut quote = None;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match (byte, quote) {
            (b'\\', Some(_)) => drop(bytes.next()),
            (_, Some(open)) if byte == open => quote = None,
            (b'"' | b'\'', None) => quote = Some(byte),
            (b'(' | b'[' | b'{', None) => {
                depth += 1;
                load += 4;
            }
            (b')' | b']' | b'}', None) => depth = depth.saturating_sub(1),
            // What follows a question mark is an expression inside the one before it, up to wherever that ends.
            (b'?', None) => {
                conditions += 1;
                load += 4;
            }
            (b'.' | b',' | b'!' | b'&' | b'|', None) => load += 1,
            (byte, None) if b"+-*/%<>=:".contains(&byte) => load += 4,
            _ => {}
        }
        if depth + conditions > MAX_DEPTH {
            let expected = format!("brackets and conditions {MAX_DEPTH} deep at most");
            return Err((expected, "deeper ones".to_owned()));
        }
        if load > 4 * MAX_OPERATORS {
            let expected = format!("an expression of {MAX_OPERATORS} operators and brackets at most");
            return Err((expected, "more".to_owned()));
        }
    }
    Ok(())
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
