//! What personal values are hashed with.

use std::path::PathBuf;

use forebay_schemas::document::{Node, Reader};
use forebay_schemas::pii::{HashKey, MIN_KEY_LENGTH};
use forebay_schemas::problem::Problem;
use serde::Serialize;

/// What personal values are hashed with.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pii {
    /// The file whose bytes are the key, at least 32 of them. Whoever has it can find out whose a hash is.
    pub hash_key_file: Option<PathBuf>,
    /// The key, read once.
    #[serde(skip)]
    pub hash_key: Option<HashKey>,
}

impl Pii {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let read = r.optional("hash_key_file", key);
        r.finish();
        let (hash_key_file, hash_key) = read.unzip();
        Self { hash_key_file, hash_key }
    }
}

/// Line ends at the file's end are no part of the key, so that a text editor can make one too.
fn key(node: &Node, problems: &mut Vec<Problem>) -> Option<(PathBuf, HashKey)> {
    let path = PathBuf::from(node.text(problems)?);
    let key = match std::fs::read(&path) {
        Ok(bytes) => HashKey::new(bytes.trim_ascii_end()).ok_or_else(|| format!("fewer than {MIN_KEY_LENGTH}")),
        Err(error) => Err(error.to_string()),
    };
    let expected = || format!("a file of at least {MIN_KEY_LENGTH} random bytes");
    key.map_err(|found| problems.push(node.problem(expected(), found))).ok().map(|key| (path, key))
}
