//! Whether files have changed: by their length, the time of their last change and their number on the file system. Knows
//! nothing of what stands in them.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How deep folders go: a catalogue has a folder a topic, one of samples in it, and two kinds of these.
const DEPTH: usize = 4;

/// Files and folders that are looked at, as they were seen last and as they are in force.
pub struct Watch {
    paths: Vec<PathBuf>,
    in_force: Fingerprint,
    last: Fingerprint,
}

/// Length, time of the last change and number by path; what can't be read is left out, and missed when it appears again.
/// The number tells files apart that were written within one tick of the clock.
pub(super) type Fingerprint = BTreeMap<PathBuf, (u64, Option<SystemTime>, u64)>;

impl Watch {
    /// What lies there is in force.
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        let seen = fingerprint(&paths);
        Self { paths, in_force: seen.clone(), last: seen }
    }

    /// Whether something has changed since it was in force, and has stood still since the last look: several files are
    /// rarely written at one moment. Then that is in force.
    pub(super) fn has_settled(&mut self) -> bool {
        let before = std::mem::replace(&mut self.last, fingerprint(&self.paths));
        let settled = self.last == before && self.last != self.in_force;
        if settled {
            self.in_force.clone_from(&self.last);
        }
        settled
    }
}

/// How the files lie there now.
pub(super) fn fingerprint(paths: &[PathBuf]) -> Fingerprint {
    let mut files = Fingerprint::new();
    for path in paths {
        visit(path, DEPTH, &mut files);
    }
    files
}

/// Links are followed: Kubernetes shows files of a volume as links, and changes them by changing a link above.
fn visit(path: &Path, depth: usize, files: &mut Fingerprint) {
    let Ok(meta) = std::fs::metadata(path) else { return };
    if meta.is_file() {
        files.insert(path.to_owned(), (meta.len(), meta.modified().ok(), meta.ino()));
    } else if depth > 0
        && let Ok(entries) = std::fs::read_dir(path)
    {
        entries.flatten().for_each(|entry| visit(&entry.path(), depth - 1, files));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_once_and_only_when_it_stands_still() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.yaml");
        let write = |text: &str| std::fs::write(&file, text).expect("a file");
        write("a");
        let mut watch = Watch::new(vec![folder.path().to_owned()]);
        assert!(!watch.has_settled());
        write("ab");
        assert!(!watch.has_settled(), "it has only just changed");
        write("abc");
        assert!(!watch.has_settled(), "it is still changing");
        assert!(watch.has_settled());
        assert!(!watch.has_settled());
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_a_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let (old, new, link) = (folder.path().join("old"), folder.path().join("new"), folder.path().join("link"));
        for (home, text) in [(&old, "one"), (&new, "other")] {
            std::fs::create_dir(home).expect("a folder");
            std::fs::write(home.join("key"), text).expect("a file");
        }
        std::os::unix::fs::symlink(&old, &link).expect("a link");
        let mut watch = Watch::new(vec![link.join("key")]);
        std::fs::remove_file(&link).expect("the link");
        std::os::unix::fs::symlink(&new, &link).expect("a link");
        assert!(!watch.has_settled());
        assert!(watch.has_settled());
    }

    #[test]
    fn another_file_of_the_same_length_and_time_is_a_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let [file, next] = ["a", "b"].map(|name| folder.path().join(name));
        for (path, text) in [(&file, "one"), (&next, "two")] {
            std::fs::write(path, text).expect("a file");
            let opened = std::fs::File::options().write(true).open(path).expect("the file");
            opened.set_modified(SystemTime::UNIX_EPOCH).expect("its time");
        }
        let before = fingerprint(std::slice::from_ref(&file));
        std::fs::rename(&next, &file).expect("a file is renamed");
        assert_ne!(fingerprint(&[file]), before);
    }
}
