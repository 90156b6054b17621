//! The repository's texts, and Rust sources taken apart far enough for rules over text: what is code, what is a
//! string, what is a comment, what is a test. No parser: sources that compile and are formatted are enough.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use regex::Regex;

/// A Rust source file. The views have the same length and lines as the text; what a view leaves out is blank.
pub(crate) struct Source {
    /// Relative to the repository's root.
    pub(crate) path: String,
    /// As it is.
    pub(crate) text: String,
    /// Without comments, contents of strings, and items under `#[cfg(test)]`.
    pub(crate) code: String,
    /// The same with the contents of strings.
    pub(crate) quoted: String,
    /// The comments alone.
    pub(crate) comments: String,
    /// A test as a whole: an integration test, a bench, a module that is declared under `#[cfg(test)]`.
    pub(crate) is_test: bool,
}

impl Source {
    /// Takes a text apart.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (mut code, mut quoted, comments) = views(text);
        for item in test_items(&code) {
            blank(&mut code, item.clone());
            blank(&mut quoted, item);
        }
        let is_test = path.split('/').any(|part| matches!(part, "tests" | "benches" | "fuzz" | "tests.rs"));
        Self { path: path.to_owned(), text: text.to_owned(), code, quoted, comments, is_test }
    }

    /// Whether the file is one of these: a path, or a folder that ends in `/`.
    pub(crate) fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path == *place || (place.ends_with('/') && self.path.starts_with(place)))
    }

    /// The text without the contents of strings and comments; tests are left in.
    pub(crate) fn text_without_strings(&self) -> String {
        views(&self.text).0
    }

    /// `path:line` of a byte position.
    pub(crate) fn place(&self, position: usize) -> String {
        let line = 1 + self.text[..position].bytes().filter(|&byte| byte == b'\n').count();
        format!("{}:{line}", self.path)
    }

    /// Every place in a view where the pattern is found.
    pub(crate) fn find(&self, view: &str, wanted: &str) -> Vec<String> {
        pattern(wanted).find_iter(view).map(|found| self.place(found.start())).collect()
    }

    /// The paths that are imported or named in the code, import trees written out, each with its position.
    pub(crate) fn paths(&self) -> Vec<(usize, String)> {
        let import = pattern(r"\buse\s+([^;]+);");
        let mut paths = Vec::new();
        for found in import.captures_iter(&self.code) {
            let tree = found.get(1).expect("a tree");
            let compact: String = tree.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
            paths.extend(expand("", &compact).into_iter().map(|path| (tree.start(), path)));
        }
        let inline = pattern(r"\b[A-Za-z_][A-Za-z0-9_]*(?:\s*::\s*[A-Za-z_][A-Za-z0-9_]*)+");
        paths.extend(inline.find_iter(&self.code).map(|found| (found.start(), found.as_str().replace(' ', ""))));
        paths
    }
}

/// A compiled pattern; each is compiled once.
pub(crate) fn pattern(text: &str) -> Regex {
    static COMPILED: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().expect("no holder panics");
    compiled.entry(text.to_owned()).or_insert_with(|| Regex::new(text).expect("a pattern")).clone()
}

/// All Rust sources of the repository.
pub(crate) fn all(root: &Path) -> Vec<Source> {
    let mut sources: Vec<_> = files(root)
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| Source::new(&relative(root, path), &read(path)))
        .collect();
    let tests: HashSet<String> = sources.iter().flat_map(declared_tests).collect();
    for source in &mut sources {
        let stem = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        source.is_test |= tests.iter().any(|test| stem == test || stem.starts_with(&format!("{test}/")));
    }
    sources
}

/// All files of the repository, build output and version control aside.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_symlink() || matches!(name.as_str(), "target" | ".git") {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// A path as messages show it.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).expect("a file of the repository").to_string_lossy().into_owned()
}

/// A file's text.
pub(crate) fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).expect("a readable file")).into_owned()
}

/// The position after the bracket that closes the one at `open`.
pub(crate) fn closing(code: &str, open: usize) -> Option<usize> {
    let bytes = code.as_bytes();
    let (opening, closing) = match bytes[open] {
        b'{' => (b'{', b'}'),
        b'(' => (b'(', b')'),
        b'[' => (b'[', b']'),
        _ => return None,
    };
    let mut depth = 0;
    for (position, &byte) in bytes.iter().enumerate().skip(open) {
        depth += i32::from(byte == opening) - i32::from(byte == closing);
        if depth == 0 {
            return Some(position + 1);
        }
    }
    None
}

fn blank(view: &mut String, range: std::ops::Range<usize>) {
    let blanked: Vec<u8> =
        view.bytes().enumerate().map(|(n, b)| if range.contains(&n) { space(b) } else { b }).collect();
    *view = String::from_utf8(blanked).expect("whole items are blanked");
}

fn space(byte: u8) -> u8 {
    if byte == b'\n' { byte } else { b' ' }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Text,
    Comment,
}

/// The views: code, code with strings, comments.
fn views(text: &str) -> (String, String, String) {
    let bytes = text.as_bytes();
    let mut kinds = vec![Kind::Code; bytes.len()];
    let mut position = 0;
    while position < bytes.len() {
        let (kind, end) = token(bytes, position);
        let content = if kind == Kind::Text { position + 1..end.saturating_sub(1) } else { position..end };
        kinds[content].fill(kind);
        position = end;
    }
    let view = |keep: &[Kind]| {
        let kept = bytes.iter().zip(&kinds).map(|(&byte, kind)| if keep.contains(kind) { byte } else { space(byte) });
        String::from_utf8(kept.collect()).expect("tokens end at characters")
    };
    (view(&[Kind::Code]), view(&[Kind::Code, Kind::Text]), view(&[Kind::Comment]))
}

/// The token at `start`, told apart as code, text or comment, and its end.
fn token(bytes: &[u8], start: usize) -> (Kind, usize) {
    let rest = &bytes[start..];
    let (kind, length) = match rest {
        [b'/', b'/', ..] => (Kind::Comment, rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => (Kind::Comment, after(rest, 2, b"*/")),
        [b'"', ..] => (Kind::Text, quoted(rest, b'"')),
        [b'\'', b'\\', ..] => (Kind::Text, quoted(rest, b'\'')),
        [b'\'', first, ..] => {
            let width = if *first < 0x80 { 1 } else { first.leading_ones() as usize };
            // Otherwise it is a lifetime.
            if rest.get(1 + width) == Some(&b'\'') { (Kind::Text, width + 2) } else { (Kind::Code, 1) }
        }
        [first, ..] if is_word(*first) => {
            let word = rest.iter().take_while(|&&byte| is_word(byte)).count();
            let hashes = rest[word..].iter().take_while(|&&byte| byte == b'#').count();
            let is_raw = matches!(&rest[..word], b"r" | b"br" | b"cr") && rest.get(word + hashes) == Some(&b'"');
            let end = [&b"\""[..], &vec![b'#'; hashes]].concat();
            if is_raw { (Kind::Text, after(rest, word + hashes + 1, &end)) } else { (Kind::Code, word) }
        }
        _ => (Kind::Code, 1),
    };
    (kind, start + length)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The position after the next `needle` at or after `from`, or the end.
fn after(bytes: &[u8], from: usize, needle: &[u8]) -> usize {
    let found = bytes[from..].windows(needle.len()).position(|window| window == needle);
    found.map_or(bytes.len(), |found| from + found + needle.len())
}

/// The length of a literal with escapes.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut position = 1;
    while position < bytes.len() && bytes[position] != quote {
        position += if bytes[position] == b'\\' { 2 } else { 1 };
    }
    (position + 1).min(bytes.len())
}

/// The ranges of the items under `#[cfg(test)]`.
fn test_items(code: &str) -> Vec<std::ops::Range<usize>> {
    let mut items = Vec::new();
    for (start, attribute) in code.match_indices("#[cfg(test)]") {
        let body = start + attribute.len();
        let Some(end) = code[body..].find(['{', ';']).map(|found| body + found) else { continue };
        let end = closing(code, end).unwrap_or(end + 1);
        items.push(start..end);
    }
    items
}

/// The paths without `.rs` of the modules that this file declares under `#[cfg(test)]`.
fn declared_tests(source: &Source) -> Vec<String> {
    let declared = pattern(r"#\[cfg\(test\)\]\s*(?:pub(?:\([a-z]+\))?\s+)?mod\s+(\w+)\s*;");
    let folder = source.path.trim_end_matches(".rs");
    let folder = ["/lib", "/main", "/mod"].iter().find_map(|root| folder.strip_suffix(root)).unwrap_or(folder);
    declared.captures_iter(&source.text).map(|found| format!("{folder}/{}", &found[1])).collect()
}

/// Writes an import tree out: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(prefix: &str, tree: &str) -> Vec<String> {
    let tree = tree.trim();
    match tree.split_once('{') {
        None => vec![format!("{prefix}{}", tree.split(" as ").next().unwrap_or(tree))],
        Some((head, rest)) => {
            let inside = rest.strip_suffix('}').unwrap_or(rest);
            let prefix = format!("{prefix}{head}");
            split(inside).into_iter().flat_map(|part| expand(&prefix, part)).collect()
        }
    }
}

/// Splits at the commas that lie in no bracket; an empty last part is left out.
pub(crate) fn split(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut before) = (0, 0, ' ');
    for (position, character) in list.char_indices() {
        match character {
            '{' | '(' | '[' | '<' => depth += 1,
            '>' if matches!(before, '-' | '=') => {}
            '}' | ')' | ']' | '>' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..position]);
                start = position + 1;
            }
            _ => {}
        }
        before = character;
    }
    parts.push(&list[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_views_part_code_from_strings_and_comments() {
        let text = "let a = \"// x\"; // y \"z\"\nlet b: &'a str = r#\"q\"q\"#; /* c */ let d = ('\\'', 'é', b'\"');";
        let source = Source::new("a.rs", text);
        assert!(source.find(&source.code, "x|y|z|q|é").is_empty(), "{}", source.code);
        assert_eq!(source.find(&source.code, r"\blet\b"), ["a.rs:1", "a.rs:2", "a.rs:2"]);
        assert_eq!(source.find(&source.quoted, "x|q\"q"), ["a.rs:1", "a.rs:2"]);
        assert_eq!(source.find(&source.comments, "y|c"), ["a.rs:1", "a.rs:2"]);
    }

    #[test]
    fn tests_are_no_code() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { c(\"}\") }\n}\nfn d() {}\n";
        let source = Source::new("a.rs", text);
        assert_eq!(source.find(&source.code, r"\bfn \w"), ["a.rs:1", "a.rs:6"]);
        let parent = Source::new("x/src/lib.rs", "#[cfg(test)]\nmod oracle;\nmod real;");
        assert_eq!(declared_tests(&parent), ["x/src/oracle"]);
        assert!(Source::new("x/tests/a.rs", "").is_test);
    }

    #[test]
    fn import_trees_are_written_out() {
        let source = Source::new("a.rs", "use a::{b, c::{d as e, self}};\nfn f() { g::h(); }");
        let paths: Vec<_> = source.paths().into_iter().map(|(_, path)| path).collect();
        for path in ["a::b", "a::c::d", "a::c::self", "g::h"] {
            assert!(paths.iter().any(|found| found == path), "{path} in {paths:?}");
        }
    }

    #[test]
    fn lists_are_split_outside_of_brackets() {
        assert_eq!(split("a: B<C, D>, f: fn(E) -> F, g: (H, I),"), ["a: B<C, D>", "f: fn(E) -> F", "g: (H, I)"]);
    }
}
