//! The size of things: files, functions, parameter lists, error enums; and that a module says what it is.

use crate::source::{Source, closing, pattern, split};

const FILE: usize = 400;
const FUNCTION: usize = 70;
const PARAMETERS: usize = 5;
const VARIANTS: usize = 10;

/// A module opens by saying what it knows.
pub(crate) fn opening(source: &Source) -> Vec<String> {
    let opens = source.text.trim_start().starts_with("//! ");
    if opens { Vec::new() } else { vec![format!("{}:1", source.path)] }
}

/// A file's lines of code, its tests module aside.
pub(crate) fn file_length(source: &Source) -> Vec<String> {
    let lines = lines_of_code(&source.quoted);
    if lines > FILE { vec![format!("{}:1: {lines} lines of code", source.path)] } else { Vec::new() }
}

/// A function's lines of code, signature included.
pub(crate) fn function_length(source: &Source) -> Vec<String> {
    let long = functions(source)
        .into_iter()
        .map(|function| (function.at, function.name, lines_of_code(&source.quoted[function.at..function.end])));
    let long = long.filter(|(_, _, lines)| *lines > FUNCTION);
    long.map(|(at, name, lines)| format!("{}: {name} has {lines} lines", source.place(at))).collect()
}

/// A function's parameters, `self` not counted.
pub(crate) fn parameters(source: &Source) -> Vec<String> {
    let many = functions(source).into_iter().filter(|function| function.parameters > PARAMETERS);
    many.map(|function| {
        format!("{}: {} has {} parameters", source.place(function.at), function.name, function.parameters)
    })
    .collect()
}

/// The variants of an enum of errors.
pub(crate) fn error_enums(source: &Source) -> Vec<String> {
    let named = r"\benum\s+(\w*(?:Error|Rejection|Refusal|Fault|Failure|Problem|Cause|Kind))\b[^{;]*(\{)";
    let enums = pattern(named);
    let mut found = Vec::new();
    for captured in enums.captures_iter(&source.code) {
        let open = captured.get(2).expect("a brace").start();
        let Some(end) = closing(&source.code, open) else { continue };
        let variants = split(&source.code[open + 1..end - 1]).len();
        if variants > VARIANTS {
            found.push(format!("{}: {} has {variants} variants", source.place(open), &captured[1]));
        }
    }
    found
}

struct Function {
    name: String,
    at: usize,
    end: usize,
    parameters: usize,
}

fn functions(source: &Source) -> Vec<Function> {
    let code = &source.code;
    let signature = pattern(r"\bfn\s+(\w+)\s*");
    signature.captures_iter(code).filter_map(|found| function(code, found.get(0)?.start(), found.get(1)?)).collect()
}

fn function(code: &str, at: usize, name: regex::Match<'_>) -> Option<Function> {
    let open = parameter_list(code, name.end())?;
    let close = closing(code, open)?;
    let list = split(&code[open + 1..close - 1]);
    let is_self = |parameter: &str| {
        let first = parameter.split(':').next().unwrap_or_default();
        first.split([' ', '&']).next_back() == Some("self")
    };
    let parameters = list.iter().filter(|parameter| !is_self(parameter)).count();
    let body = close + code[close..].find(['{', ';'])?;
    let end = closing(code, body).unwrap_or(body + 1);
    Some(Function { name: name.as_str().to_owned(), at, end, parameters })
}

/// The bracket that opens the parameters, after the generics if there are any.
fn parameter_list(code: &str, from: usize) -> Option<usize> {
    let mut depth = 0;
    let mut before = ' ';
    for (position, character) in code[from..].char_indices() {
        match character {
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            '(' if depth == 0 => return Some(from + position),
            _ => {}
        }
        before = character;
    }
    None
}

fn lines_of_code(view: &str) -> usize {
    view.lines().filter(|line| !line.trim().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("a.rs", text)
    }

    #[test]
    fn a_module_that_does_not_introduce_itself_is_seen() {
        assert_eq!(opening(&source("// a\nfn a() {}")), ["a.rs:1"]);
        assert!(opening(&source("//! What it is.\n")).is_empty());
    }

    #[test]
    fn a_long_file_is_seen_and_its_tests_do_not_count() {
        let long = "const A: u8 = 1;\n".repeat(401);
        assert_eq!(file_length(&source(&long)), ["a.rs:1: 401 lines of code"]);
        let tests = format!("// a\n\nfn b() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert!(file_length(&source(&tests)).is_empty());
    }

    #[test]
    fn a_long_function_is_seen() {
        let long =
            format!("fn a<F: Fn(u8) -> u8>(f: F) -> u8\nwhere\n    F: Copy,\n{{\n{}}}\n", "    b();\n".repeat(66));
        assert_eq!(function_length(&source(&long)), ["a.rs:1: a has 71 lines"]);
        assert!(function_length(&source(&long.replacen("    b();\n", "    // b\n", 1))).is_empty());
    }

    #[test]
    fn a_long_parameter_list_is_seen() {
        let many = "fn a<'a, T: Into<(u8, u8)>>(&'a mut self, b: u8, c: (u8, u8), d: B<C, D>, e: impl Fn(u8, u8) -> u8, f: T, g: u8) {}";
        assert_eq!(parameters(&source(many)), ["a.rs:1: a has 6 parameters"]);
        assert!(parameters(&source(&many.replace(", g: u8", ""))).is_empty());
    }

    #[test]
    fn an_error_enum_with_too_many_variants_is_seen() {
        let variants: Vec<_> =
            (0..11).map(|n| format!("    /// a, b\n    #[error(\"a, b\")]\n    V{n} {{ a: u8, b: u8 }},")).collect();
        let text = format!("pub enum ReadError {{\n{}\n}}", variants.join("\n"));
        assert_eq!(error_enums(&source(&text)), ["a.rs:1: ReadError has 11 variants"]);
        assert!(error_enums(&source(&text.replace("ReadError", "Code"))).is_empty());
    }
}
