//! An expression's text to its tree, by the `cel` crate's parser, within bounds that keep that parser from recursing
//! deep. Knows grammar only.

use cel::Env;
use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr};

use super::Flaw;

/// The longest expression, in bytes.
pub(crate) const MAX_TEXT: usize = 2_048;
/// The most operators, dots, brackets and commas: a run of them makes a tree as deep as it is long.
pub(crate) const MAX_OPERATORS: usize = 160;
/// The most parts: operators, calls, names, literals.
pub(crate) const MAX_NODES: usize = 400;
/// Brackets inside one another, at most.
const MAX_DEPTH: usize = 16;
/// Rules of the grammar inside one another, at most; the parser counts expressions.
const MAX_RECURSION: u16 = 32;

/// Reads an expression. Macros stay calls: what they mean is for `lower` to know.
pub(crate) fn parse(text: &str) -> Result<IdedExpr, Flaw> {
    bounded(text)?;
    let parser = Env::default().parser().enable_optional_syntax(false).max_recursion_depth(MAX_RECURSION);
    let tree = parser.parse(text).map_err(|errors| {
        let said = errors.errors.first().map_or_else(String::new, |error| {
            let (line, column) = error.pos;
            let place = if line > 1 { format!("line {line}, column {column}") } else { format!("column {column}") };
            format!("{} at {place}", error.msg.trim_start_matches("Syntax error: "))
        });
        ("an expression in CEL, as in event.total > 0".to_owned(), one_line(&said))
    })?;
    let nodes = count(&tree);
    if nodes > MAX_NODES {
        return Err((format!("an expression of {MAX_NODES} parts at most"), format!("one of {nodes}")));
    }
    Ok(tree)
}

/// Counts outside of strings what can make the tree deep.
fn bounded(text: &str) -> Result<(), Flaw> {
    if text.len() > MAX_TEXT {
        return Err((format!("an expression of {MAX_TEXT} bytes at most"), format!("one of {}", text.len())));
    }
    let (mut depth, mut operators) = (0_usize, 0_usize);
    let mut quote = None;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match (byte, quote) {
            (b'\\', Some(_)) => drop(bytes.next()),
            (_, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            (b'"' | b'\'', None) => quote = Some(byte),
            (b'(' | b'[' | b'{', None) => {
                depth += 1;
                operators += 1;
            }
            (b')' | b']' | b'}', None) => depth = depth.saturating_sub(1),
            (byte, None) if b".+-*/%<>=!?:&|,".contains(&byte) => operators += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err((format!("brackets {MAX_DEPTH} deep at most"), "deeper ones".to_owned()));
        }
        if operators > MAX_OPERATORS {
            let expected = format!("an expression of {MAX_OPERATORS} operators, dots, brackets and commas at most");
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
