//! Reads the files of a catalogue and of a conventions folder into memory, with a cap on their size. Knows
//! nothing of what stands in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use forebay_schemas::contract::Folder;
use forebay_schemas::problem::Problem;
use forebay_schemas::samples::{self, Samples};

/// The largest file that a catalogue may hold, in bytes.
pub(crate) const LARGEST_FILE: u64 = 1024 * 1024;

/// The folders directly below `catalog`, each with the contents of the files directly in it; hidden ones aside.
pub(crate) fn topics(catalog: &Path, problems: &mut Vec<Problem>) -> Vec<Folder> {
    let mut folders = Vec::new();
    for path in entries(catalog, problems).into_iter().filter(|path| path.is_dir()) {
        let mut files = BTreeMap::new();
        for file in entries(&path, problems).into_iter().filter(|file| file.is_file()) {
            if let Some(content) = content(&file, problems) {
                files.insert(file_name(&file), content);
            }
        }
        folders.push(Folder { name: file_name(&path), files });
    }
    folders
}

/// The sample events in one topic's folder; a folder of them that is not there holds none.
pub(crate) fn samples(topic: &Path, problems: &mut Vec<Problem>) -> Samples {
    let mut read = |kind: &str| -> BTreeMap<String, Vec<u8>> {
        let folder = topic.join(samples::FOLDER).join(kind);
        let files = if folder.is_dir() { entries(&folder, problems) } else { Vec::new() };
        let files = files.into_iter().filter(|file| file.is_file());
        files.filter_map(|file| content(&file, problems).map(|content| (file_name(&file), content))).collect()
    };
    Samples { valid: read(samples::VALID), invalid: read(samples::INVALID) }
}

/// The YAML files directly below `conventions`, by path, each with its text.
pub(crate) fn rules(conventions: &Path, problems: &mut Vec<Problem>) -> Vec<(String, String)> {
    entries(conventions, problems)
        .into_iter()
        .filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"))
        .filter_map(|path| text(&path, problems).map(|text| (path.display().to_string(), text)))
        .collect()
}

fn entries(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match listed {
        Ok(listed) => {
            let mut paths: Vec<_> = listed.iter().map(fs::DirEntry::path).collect();
            paths.retain(|path| !file_name(path).starts_with('.'));
            paths.sort();
            paths
        }
        Err(error) => {
            problems.push(unreadable(folder, "a folder that can be read", &error.to_string()));
            Vec::new()
        }
    }
}

fn text(path: &Path, problems: &mut Vec<Problem>) -> Option<String> {
    let read = String::from_utf8(content(path, problems)?);
    read.map_err(|error| problems.push(unreadable(path, "a UTF-8 text", &error.to_string()))).ok()
}

fn content(path: &Path, problems: &mut Vec<Problem>) -> Option<Vec<u8>> {
    let read = fs::metadata(path).and_then(|meta| match meta.len() {
        length if length > LARGEST_FILE => Err(std::io::Error::other(format!("{length} bytes"))),
        _ => fs::read(path),
    });
    read.map_err(|error| problems.push(unreadable(path, "a file of at most 1 MiB", &error.to_string()))).ok()
}

fn unreadable(path: &Path, expected: &str, found: &str) -> Problem {
    Problem {
        file: path.display().to_string(),
        line: 0,
        path: String::new(),
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
