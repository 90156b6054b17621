//! What files say of each other: links between pages, snapshots and the tests that they belong to.

use std::path::{Path, PathBuf};

use crate::source::{files, pattern, read, relative};

/// Links of a page to files that are not there, as `path:line: link`.
pub(crate) fn broken_links(root: &Path, page: &Path, text: &str) -> Vec<String> {
    let link = pattern(r"\]\(<?([^)>\s]+)>?[^)]*\)|^\[[^\]]+\]:\s*<?([^>\s]+)");
    let mut found = Vec::new();
    let mut in_code = false;
    for (number, line) in text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        for captured in link.captures_iter(line).filter(|_| !in_code) {
            let target = captured.get(1).or_else(|| captured.get(2)).expect("one of both").as_str();
            if leads_nowhere(root, page, target) {
                found.push(format!("{}:{}: {target}", relative(root, page), number + 1));
            }
        }
    }
    found
}

fn leads_nowhere(root: &Path, page: &Path, target: &str) -> bool {
    let elsewhere = target.starts_with('#') || target.contains("://") || target.starts_with("mailto:");
    let file = target.split('#').next().unwrap_or_default();
    let from = page.parent().expect("a page lies in a folder");
    let path = file.strip_prefix('/').map_or_else(|| from.join(file), |file| root.join(file));
    !elsewhere && !path.exists()
}

/// Snapshots that no test makes any more.
pub(crate) fn orphaned_snapshots(root: &Path) -> Vec<String> {
    let has = |path: &PathBuf, ending: &str| path.to_string_lossy().ends_with(ending);
    let all = files(root);
    let pending = all.iter().filter(|path| has(path, ".snap.new")).map(|path| relative(root, path));
    let snapshots = all.iter().filter(|path| has(path, ".snap"));
    let orphans = snapshots.filter(|path| is_orphan(root, path)).map(|path| relative(root, path));
    pending.chain(orphans).collect()
}

/// A snapshot names its source in its head, and its test or its own name in its file name.
fn is_orphan(root: &Path, snapshot: &Path) -> bool {
    let text = read(snapshot);
    let source =
        text.lines().find_map(|line| line.strip_prefix("source: ")).map(|path| root.join(path.trim_matches('"')));
    let Some(source) = source.filter(|path| path.is_file()) else { return true };
    let stem = snapshot.file_stem().expect("a name").to_string_lossy().into_owned();
    let name = stem.split('@').next().unwrap_or_default().rsplit("__").next().unwrap_or_default();
    let numbered = pattern(r"-\d+$");
    let name = numbered.replace(name, "");
    let word = pattern(&format!(r"\b(?:test_)?{}\b", regex::escape(&name)));
    !word.is_match(&read(&source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_nowhere_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        std::fs::write(root.join("a.md"), "").expect("a page");
        let page = root.join("page.md");
        let text =
            "[a](a.md#x) [b](b.md) [c](/a.md) [d](https://example.org) [e](#e)\n```\n[f](f.md)\n```\n[g]: g.md\n";
        assert_eq!(broken_links(root, &page, text), ["page.md:1: b.md", "page.md:5: g.md"]);
    }

    #[test]
    fn an_orphaned_snapshot_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let write = |name: &str, text: &str| std::fs::write(root.join(name), text).expect("a file");
        write("a.rs", "#[test]\nfn test_kept() { assert_snapshot!(b) }\nfn c() { assert_snapshot!(\"named\", d) }");
        for name in ["x__a__kept.snap", "x__a__kept-2.snap", "x__named@json.snap"] {
            write(name, "---\nsource: a.rs\n---\n");
        }
        assert_eq!(orphaned_snapshots(root), Vec::<String>::new());
        write("x__a__gone.snap", "---\nsource: a.rs\n---\n");
        write("x__a__kept-3.snap", "---\nsource: b.rs\n---\n");
        write("x__a__kept.snap.new", "---\nsource: a.rs\n---\n");
        assert_eq!(orphaned_snapshots(root), ["x__a__kept.snap.new", "x__a__gone.snap", "x__a__kept-3.snap"]);
    }
}
