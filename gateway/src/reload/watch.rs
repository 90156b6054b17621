//! Whether files have changed: by their length, the times of their last changes and their number on the file system.
//! Knows nothing of what stands in them.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How deep folders go: a catalogue has a folder a topic, one of samples in it, and two kinds of these.
const DEPTH: usize = 4;
/// The most looks between two readings of what can't be read.
const LONGEST_PAUSE: u32 = 64;

/// How files lay at one moment, by path; what can't be read is left out, and missed when it appears again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen(BTreeMap<PathBuf, Mark>);

/// What differs once a file has changed: its length; when its content changed, and when its content or its rights did;
/// and its number, which tells files apart that were written within one tick of the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    length: u64,
    modified: Option<SystemTime>,
    changed: (i64, i64),
    number: u64,
}

/// Files and folders that are looked at, as they were seen last and as they are in force.
pub(super) struct Watch {
    paths: Vec<PathBuf>,
    in_force: Seen,
    last: Seen,
    /// Looks between readings of what could not be read the last time; none if that was not so.
    pause: u32,
    /// Looks until the next such reading.
    left: u32,
}

impl Seen {
    /// How these files, and those in these folders, lie now.
    pub(super) fn of(paths: &[PathBuf]) -> Self {
        let mut files = BTreeMap::new();
        for path in paths {
            visit(path, DEPTH, &mut files);
        }
        Self(files)
    }

    fn at(&self, paths: &[PathBuf]) -> Self {
        let below = |file: &Path| paths.iter().any(|path| file.starts_with(path));
        Self(self.0.iter().filter(|(file, _)| below(file)).map(|(file, mark)| (file.clone(), mark.clone())).collect())
    }
}

impl Watch {
    /// What was seen there is in force.
    pub(super) fn since(paths: Vec<PathBuf>, seen: &Seen) -> Self {
        let seen = seen.at(&paths);
        Self { paths, in_force: seen.clone(), last: seen, pause: 0, left: 0 }
    }

    /// What lies there is about to be in force.
    pub(super) fn look(&mut self) {
        self.last = Seen::of(&self.paths);
        self.in_force = self.last.clone();
    }

    /// Whether the files are to be read: something has changed since it was in force, and has stood still since the last
    /// look, as several files are rarely written at one moment; or it is time to try again. Then that is in force.
    pub(super) fn is_due(&mut self) -> bool {
        let before = std::mem::replace(&mut self.last, Seen::of(&self.paths));
        let settled = self.last == before && self.last != self.in_force;
        if settled {
            self.in_force = self.last.clone();
        }
        let again = self.left == 1;
        self.left = self.left.saturating_sub(1);
        settled || again
    }

    /// Notes how a reading ended. One that failed for a passing reason is tried again at the next look, and then after
    /// twice as many each time, so that what lasts is said seldom.
    pub(super) fn ended(&mut self, passing: bool) {
        self.pause = if passing { (2 * self.pause).clamp(1, LONGEST_PAUSE) } else { 0 };
        self.left = self.pause;
    }
}

/// Links are followed: Kubernetes shows files of a volume as links, and changes them by changing a link above.
fn visit(path: &Path, depth: usize, files: &mut BTreeMap<PathBuf, Mark>) {
    let Ok(meta) = std::fs::metadata(path) else { return };
    if meta.is_file() {
        let changed = (meta.ctime(), meta.ctime_nsec());
        let mark = Mark { length: meta.len(), modified: meta.modified().ok(), changed, number: meta.ino() };
        files.insert(path.to_owned(), mark);
    } else if depth > 0
        && let Ok(entries) = std::fs::read_dir(path)
    {
        entries.flatten().for_each(|entry| visit(&entry.path(), depth - 1, files));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn watch(path: PathBuf) -> Watch {
        let seen = Seen::of(std::slice::from_ref(&path));
        Watch::since(vec![path], &seen)
    }

    #[test]
    fn a_change_counts_once_and_only_when_it_stands_still() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.yaml");
        let write = |text: &str| std::fs::write(&file, text).expect("a file");
        write("a");
        let mut watch = watch(folder.path().to_owned());
        assert!(!watch.is_due());
        write("ab");
        assert!(!watch.is_due(), "it has only just changed");
        write("abc");
        assert!(!watch.is_due(), "it is still changing");
        assert!(watch.is_due());
        assert!(!watch.is_due());
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
        let mut watch = watch(link.join("key"));
        std::fs::remove_file(&link).expect("the link");
        std::os::unix::fs::symlink(&new, &link).expect("a link");
        assert!(!watch.is_due());
        assert!(watch.is_due());
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
        let mark = |file: &Path| {
            Seen::of(&[file.to_owned()]).0.remove(file).map(|mark| (mark.length, mark.modified, mark.number))
        };
        let before = mark(&file);
        std::fs::rename(&next, &file).expect("a file is renamed");
        assert_ne!(mark(&file), before);
    }

    #[test]
    fn a_file_that_may_be_read_again_has_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        std::fs::write(&file, "one").expect("a file");
        let allow = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("its rights");
        allow(0o000);
        let mut watch = watch(file.clone());
        // Times of files have ticks of some milliseconds.
        let before = Seen::of(std::slice::from_ref(&file));
        while Seen::of(std::slice::from_ref(&file)) == before {
            allow(0o600);
        }
        assert!(!watch.is_due());
        assert!(watch.is_due());
    }

    #[test]
    fn what_changed_before_it_was_watched_is_a_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let [file, other] = ["a", "b"].map(|name| folder.path().join(name));
        std::fs::write(&file, "a").expect("a file");
        let seen = Seen::of(&[file.clone(), other.clone()]);
        std::fs::write(&file, "ab").expect("a file");
        let (mut watch, mut still) = (Watch::since(vec![file], &seen), Watch::since(vec![other], &seen));
        assert!(!watch.is_due() && watch.is_due());
        assert!(!still.is_due() && !still.is_due());
    }

    #[test]
    fn what_could_not_be_read_is_tried_again_and_more_and_more_seldom() {
        let mut watch = watch(PathBuf::from("nowhere"));
        let mut pauses = Vec::new();
        watch.ended(true);
        for _ in 0..9 {
            let looks = (1..1_000).find(|_| watch.is_due());
            pauses.extend(looks);
            watch.ended(true);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
        watch.ended(false);
        assert!((0..100).all(|_| !watch.is_due()));
    }
}
