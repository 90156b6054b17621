//! Where contracts and conventions are.

use std::path::PathBuf;

use forebay_schemas::document::Reader;
use serde::Serialize;

/// Where the contracts are: one folder a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Catalog {
    /// The folder; relative to the working directory.
    pub dir: PathBuf,
}

impl Default for Catalog {
    fn default() -> Self {
        Self { dir: "schemas/catalog".into() }
    }
}

impl Catalog {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let dir = r.string("dir").map_or_else(|| Self::default().dir, PathBuf::from);
        r.finish();
        Self { dir }
    }
}

/// Where the conventions are: YAML files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conventions {
    /// The folder; relative to the working directory.
    pub dir: PathBuf,
}

impl Default for Conventions {
    fn default() -> Self {
        Self { dir: "policies/conventions".into() }
    }
}

impl Conventions {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let dir = r.string("dir").map_or_else(|| Self::default().dir, PathBuf::from);
        r.finish();
        Self { dir }
    }
}
