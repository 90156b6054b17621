//! Earlier versions to compare with: where they are, and how they are read. What a difference means is
//! `forebay_schemas::lint`'s business.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use forebay_schemas::contract::{self, Compiled, Folder};
use forebay_schemas::lint::change;

use super::registry::{self, Credentials};
use super::report::Report;
use super::{Catalogue, git, key};
use crate::catalog::folder;
use crate::config::registry::Registry;

/// Where an earlier version is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// At a git revision of the repository that holds the catalogue.
    Git(String),
    /// In a folder that holds another catalogue.
    Dir(PathBuf),
    /// In a schema registry: schemas alone, by their subjects and ids.
    Registry(Box<Registry>),
}

impl Place {
    /// Reads the argument.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("dir:") {
            let path = PathBuf::from(path);
            return if path.is_dir() { Ok(Self::Dir(path)) } else { Err("there is no such folder".to_owned()) };
        }
        if let Some(url) = text.strip_prefix("registry:") {
            let registry = Registry::at(url).map_err(|expected| format!("expected {expected}"))?;
            return Ok(Self::Registry(Box::new(registry)));
        }
        let revision = !text.is_empty()
            && !text.starts_with('-')
            && !text.contains(|character: char| character == ':' || character.is_control());
        if revision {
            Ok(Self::Git(text.to_owned()))
        } else {
            Err("expected a git revision such as origin/main, dir:PATH or registry:URL".to_owned())
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git(revision) => f.write_str(revision),
            Self::Dir(path) => write!(f, "dir:{}", path.display()),
            Self::Registry(registry) => write!(f, "registry:{}", registry.url.join(",")),
        }
    }
}

/// Holds a catalogue against an earlier version. The error says what could not be reached.
pub(super) fn compare(
    place: &Place,
    credentials: &Credentials,
    catalogue: &Catalogue<'_>,
    report: &mut Report,
) -> Result<(), String> {
    let folders = match place {
        Place::Git(revision) => git::folders(revision, catalogue.dir)?,
        Place::Dir(path) => {
            let mut problems = Vec::new();
            let folders = folder::topics(path, &mut problems);
            if let Some(problem) = problems.first() {
                return Err(problem.to_string());
            }
            folders
        }
        Place::Registry(at) => return registry::compare(at, credentials, catalogue, report),
    };
    since(&place.to_string(), &folders, catalogue, report);
    Ok(())
}

/// Holds a catalogue against the folders of an earlier one.
fn since(since: &str, folders: &[Folder], catalogue: &Catalogue<'_>, report: &mut Report) {
    let loaded = contract::load(folders, Some(&key()));
    let sound: BTreeMap<&str, &Compiled> =
        loaded.topics.iter().map(|earlier| (earlier.contract.topic.as_str(), earlier)).collect();
    for new in &catalogue.sound {
        let topic = new.contract.topic.as_str();
        let findings = if let Some(earlier) = sound.get(topic) {
            change::between(new, earlier, since)
        } else {
            let problem = loaded.problems.iter().find(|problem| problem.file.split('/').next() == Some(topic));
            let why = problem.map(ToString::to_string);
            why.map(|why| change::unreadable(&new.contract, since, &why)).into_iter().collect()
        };
        for finding in findings {
            report.add(topic, finding);
        }
    }
    for earlier in loaded.topics.iter().filter(|earlier| !catalogue.folders.contains(&earlier.contract.topic)) {
        let file = catalogue.dir.join(&earlier.contract.file).display().to_string();
        report.add(&earlier.contract.topic, change::gone(&earlier.contract, &file, since));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_can_not_be_taken_for_an_option_or_a_path() {
        for revision in ["origin/main", "HEAD~3", "v1.2^{commit}", "main@{yesterday}"] {
            assert_eq!(Place::parse(revision), Ok(Place::Git(revision.to_owned())));
        }
        for wrong in
            ["", "-h", "--output=x", "HEAD:schemas", "a\nb", "dir:/nowhere/at/all", "registry:", "registry:file:///a"]
        {
            assert!(Place::parse(wrong).is_err(), "{wrong}");
        }
    }
}
