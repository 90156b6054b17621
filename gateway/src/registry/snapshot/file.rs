//! The snapshot's file: read whole or not at all, and replaced in one step, so that a process that is killed in the
//! middle leaves the old one. Blocks its thread.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Bytes of a file for each byte of text that may be remembered: twice for those known by two names, and eight for
/// what JSON makes of them. A longer file is not one of ours.
const BYTES_PER_BYTE: u64 = 16;

/// Where a snapshot lies, and how long it may be.
#[derive(Debug, Clone)]
pub(in crate::registry) struct SnapshotFile {
    path: PathBuf,
    most: u64,
}

impl SnapshotFile {
    /// The file at this path, of a cache that takes so many bytes.
    pub(in crate::registry) fn new(path: &Path, bytes: u64) -> Self {
        Self { path: path.to_owned(), most: bytes.saturating_mul(BYTES_PER_BYTE) }
    }

    /// The folder, in which there must be room for a second file.
    pub(in crate::registry) fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Its path.
    pub(in crate::registry) fn path(&self) -> &Path {
        &self.path
    }

    /// Its bytes, if there is one.
    pub(in crate::registry) fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(self.most.saturating_add(1)).read_to_end(&mut bytes)?;
        self.hold_bound(&bytes)?;
        Ok(Some(bytes))
    }

    /// Replaces it: what is at its path is the old or the new one at any time, also after a loss of power.
    pub(in crate::registry) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.hold_bound(bytes)?;
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{:016x}.new", RandomState::new().hash_one(())));
        let aside = self.folder().join(name);
        let written = self.write_aside(&aside, bytes);
        if written.is_err() {
            // It may not be there; the error that counts is the first.
            let _ = fs::remove_file(&aside);
        }
        written
    }

    fn write_aside(&self, aside: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::options().write(true).create_new(true).open(aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(aside, &self.path)?;
        File::open(self.folder())?.sync_all()
    }

    fn hold_bound(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() as u64 > self.most {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than a snapshot can be"));
        }
        Ok(())
    }
}
