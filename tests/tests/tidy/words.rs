//! Words that have no place here: panics outside tests, unsafety outside its module, unbounded queues, vague names,
//! notes to self.

use crate::source::{Source, pattern};

/// The one module that may be unsafe.
const UNSAFE: &str = "gateway/src/kafka/ffi.rs";
/// Names of files and folders that say nothing.
const VAGUE: [&str; 8] = ["utils", "util", "helpers", "helper", "common", "types", "misc", "stuff"];

/// No test is skipped, and nothing is left for later.
pub(crate) fn left_overs(source: &Source) -> Vec<String> {
    let notes = format!(r"\b(?:{}|{}|{})\b", concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"));
    let mut found = source.find(&source.text_without_strings(), r"#\[ignore|\b(?:dbg|todo|unimplemented)!");
    found.extend(source.find(&source.comments, &notes));
    found
}

/// Outside tests nothing is unwrapped, and an `expect` says why it can't fail.
pub(crate) fn unwraps(source: &Source) -> Vec<String> {
    if source.is_test || source.path.starts_with("tests/") {
        return Vec::new();
    }
    let mut found = source.find(&source.code, r"\.\s*unwrap(?:_err)?\(\)");
    found.extend(source.find(&source.quoted, r#"\.expect\("\s*"\)"#));
    found
}

/// `unsafe` stands in one module, each with a line that says why it is sound.
pub(crate) fn unsafety(source: &Source) -> Vec<String> {
    let keyword = pattern(r"\bunsafe\b");
    let uses = keyword.find_iter(&source.code).filter(|found| {
        let explained = source.path == UNSAFE && is_explained(source, found.start());
        !explained
    });
    uses.map(|found| source.place(found.start())).collect()
}

/// Whether the comment lines right above this position's line say `SAFETY:`.
fn is_explained(source: &Source, position: usize) -> bool {
    let above = source.text[..position].rsplit('\n').skip(1);
    let comment = above.take_while(|line| {
        let line = line.trim_start();
        line.starts_with("//") || line.starts_with("#[")
    });
    comment.into_iter().any(|line| line.contains("SAFETY:"))
}

/// Every queue has a bound.
pub(crate) fn unbounded(source: &Source) -> Vec<String> {
    if source.is_test {
        return Vec::new();
    }
    source.find(
        &source.code,
        r"\bunbounded_channel\b|\bunbounded\s*(?:::<[^>]*>)?\(|\bmpsc::channel\s*(?:::<[^>]*>)?\(\)",
    )
}

/// A name says what is in the file.
pub(crate) fn vague_names(path: &str) -> bool {
    path.split('/').any(|part| VAGUE.contains(&part.split('.').next().unwrap_or_default()))
}

/// No text names the place that packages come from: that is each machine's own configuration.
pub(crate) fn package_hosts(text: &str) -> bool {
    let hosts = [
        concat!("(?:index|static)", r"\.crates\.io"),
        concat!(r"repo1?\.", r"maven\b"),
        concat!(r"\bpypi", r"\.org|files\.pythonhosted"),
        concat!(r"proxy\.", r"golang\.org"),
        concat!(r"registry\.", r"npmjs"),
        concat!("arti", "factory"),
    ];
    pattern(&hosts.join("|")).is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str, text: &str) -> Source {
        Source::new(path, text)
    }

    #[test]
    fn what_is_left_over_is_seen() {
        let note = format!("// {}: later", concat!("TO", "DO"));
        for text in ["#[ignore = \"slow\"]\nfn a() {}", "fn a() { dbg!(b) }", "fn a() { todo!() }", &note] {
            assert_eq!(left_overs(&at("a.rs", text)).len(), 1, "{text}");
        }
        assert!(left_overs(&at("a.rs", "const A: &str = \"dbg!(b)\";")).is_empty());
        let inside = "#[cfg(test)]\nmod tests {\n    #[ignore]\n    fn a() {}\n}";
        assert_eq!(left_overs(&at("a.rs", inside)), ["a.rs:3"]);
    }

    #[test]
    fn unwraps_are_seen() {
        assert_eq!(unwraps(&at("a.rs", "fn a() { b().unwrap(); c().expect(\"\") }")).len(), 2);
        assert!(unwraps(&at("a.rs", "fn a() { b().unwrap_or(0); c().expect(\"it was checked\") }")).is_empty());
        assert!(unwraps(&at("gateway/tests/a.rs", "fn a() { b().unwrap() }")).is_empty());
    }

    #[test]
    fn unsafety_is_seen() {
        assert_eq!(unsafety(&at("gateway/src/app.rs", "// SAFETY: no\nunsafe { a() }")).len(), 1);
        assert_eq!(unsafety(&at(UNSAFE, "// because\nunsafe { a() }")).len(), 1);
        assert!(
            unsafety(&at(UNSAFE, "// SAFETY: the pointer is ours\n// until the end.\nlet b = unsafe { a() };"))
                .is_empty()
        );
        assert!(unsafety(&at("gateway/src/app.rs", "#![forbid(unsafe_code)]")).is_empty());
    }

    #[test]
    fn unbounded_queues_are_seen() {
        for text in ["tokio::sync::mpsc::unbounded_channel()", "unbounded::<u8>()", "mpsc::channel()"] {
            assert_eq!(unbounded(&at("a.rs", &format!("fn a() {{ {text} }}"))).len(), 1, "{text}");
        }
        assert!(unbounded(&at("a.rs", "fn a() { mpsc::channel(8) }")).is_empty());
    }

    #[test]
    fn vague_names_are_seen() {
        assert!(vague_names("gateway/src/utils.rs") && vague_names("gateway/src/common/a.rs"));
        assert!(!vague_names("gateway/src/typesetting.rs"));
    }

    #[test]
    fn package_hosts_are_seen() {
        assert!(package_hosts(concat!("https://index", ".crates.io/x")));
        assert!(!package_hosts("the crates-io registry"));
    }
}
