//! API keys as `forebay key new` makes them, and the file that a gateway reads them from. Knows what the command prints,
//! not how a key is made.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::gateway::forebay;
use crate::process::{run, scratch};

/// A key: what its owner is given, and the line for the key file.
pub struct ApiKey {
    /// The key as its owner sends it: `fb_`, an id, a secret and a checksum.
    pub text: String,
    /// The entry that stands in the key file instead of it.
    pub line: String,
}

impl ApiKey {
    /// Has the gateway's binary make a key of this principal, which is in these groups.
    pub fn new(principal: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().flat_map(|group| ["--group", group]);
        let arguments: Vec<_> = ["key", "new", "--principal", principal].into_iter().chain(groups).collect();
        let done = run(forebay(&arguments), Duration::from_mins(1));
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let printed: Vec<_> = done.stdout.lines().filter(|line| !line.is_empty()).collect();
        let [text, line] = printed[..] else { panic!("not a key and its line: {printed:?}") };
        let key = Self { text: text.to_owned(), line: line.to_owned() };
        assert!(!done.stderr.contains(key.secret()) && !line.contains(key.secret()), "the secret is said twice");
        key
    }

    /// The value of an `Authorization` header with this key.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.text)
    }

    /// The same for old clients: its id and its secret.
    pub fn basic(&self) -> String {
        basic(self.id(), self.secret())
    }

    /// The part of the key that is no secret.
    pub fn id(&self) -> &str {
        self.part(1)
    }

    /// The part of the key that is one.
    pub fn secret(&self) -> &str {
        self.part(2)
    }

    fn part(&self, place: usize) -> &str {
        self.text.split('_').nth(place).unwrap_or_else(|| panic!("a key has four parts"))
    }
}

/// The value of an `Authorization` header of the scheme Basic.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// A file of keys.
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// A new file with these keys.
    pub fn new(keys: &[&ApiKey]) -> Self {
        let file = Self { path: scratch("keys").join("keys.yaml") };
        file.write(keys);
        file
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces it by these keys in one step.
    pub fn write(&self, keys: &[&ApiKey]) {
        let lines: Vec<_> = keys.iter().map(|key| key.line.as_str()).collect();
        self.write_text(&format!("{}\n", lines.join("\n")));
    }

    /// Replaces it by any text in one step.
    pub fn write_text(&self, text: &str) {
        let next = self.path.with_extension("next");
        std::fs::write(&next, text).expect("a file");
        std::fs::rename(next, &self.path).expect("a file is renamed");
    }
}
