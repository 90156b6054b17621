//! A catalogue as it was at a git revision. Knows git's commands, which run as child processes without a shell; knows
//! no contract.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use forebay_schemas::contract::Folder;

use crate::catalog::folder::LARGEST_FILE;

/// A regular file in a tree; links and submodules have other modes.
const REGULAR: &str = "100";

/// One file of a tree.
struct Listed<'a> {
    topic: &'a str,
    name: &'a str,
    object: &'a str,
}

/// What stood below `dir` at a revision: the folders directly in it, with the files directly in them. A folder that was
/// not there yet is empty.
pub(super) fn folders(revision: &str, dir: &Path) -> Result<Vec<Folder>, String> {
    let tree = run(dir, &["ls-tree", "-r", "-z", "-l", "--end-of-options", revision], Vec::new())?;
    let tree = String::from_utf8_lossy(&tree);
    let listed: Vec<_> = tree.split('\0').filter_map(listed).collect();
    let objects: String = listed.iter().flat_map(|file| [file.object, "\n"]).collect();
    let blobs = run(dir, &["cat-file", "--batch"], objects.into_bytes())?;
    let mut rest = blobs.as_slice();
    let mut folders: BTreeMap<&str, Folder> = BTreeMap::new();
    for file in &listed {
        let content = next_blob(&mut rest).ok_or("git cat-file answered in a form that is not known")?;
        let folder =
            folders.entry(file.topic).or_insert_with(|| Folder { name: file.topic.to_owned(), files: BTreeMap::new() });
        folder.files.insert(file.name.to_owned(), content);
    }
    Ok(folders.into_values().collect())
}

/// `<mode> <type> <object> <size>\t<path>`, if it is a file of a topic's folder.
fn listed(line: &str) -> Option<Listed<'_>> {
    let (head, path) = line.split_once('\t')?;
    let (topic, name) = path.split_once('/')?;
    let mut head = head.split_ascii_whitespace();
    let (mode, _, object, size) = (head.next()?, head.next()?, head.next()?, head.next()?);
    let wanted = mode.starts_with(REGULAR)
        && !name.contains('/')
        && ![topic, name].iter().any(|part| part.starts_with('.'))
        && size.parse::<u64>().is_ok_and(|size| size <= LARGEST_FILE);
    wanted.then_some(Listed { topic, name, object })
}

/// `<object> blob <size>\n<content>\n`.
fn next_blob(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let size: usize = std::str::from_utf8(&rest[..end]).ok()?.rsplit(' ').next()?.parse().ok()?;
    let content = rest.get(end + 1..end + 1 + size)?.to_vec();
    *rest = rest.get(end + 1 + size + 1..)?;
    Some(content)
}

/// Runs git in a folder; what it says when it fails is part of the error.
fn run(dir: &Path, arguments: &[&str], input: Vec<u8>) -> Result<Vec<u8>, String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = command.spawn().map_err(|error| format!("git could not be run ({error}); is it installed?"));
    let mut child = started?;
    let stdin = child.stdin.take();
    // Both ends of a full pipe would wait for each other.
    let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let mut output = Vec::new();
    let read = child.stdout.take().map(|mut stdout| stdout.read_to_end(&mut output));
    let ended = child.wait_with_output().map_err(|error| format!("git was lost ({error})"))?;
    drop(writer.join());
    if let (true, Some(Ok(_))) = (ended.status.success(), read) {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let said = said.lines().next().unwrap_or("it said nothing").trim_start_matches("fatal: ");
    let (verb, dir) = (arguments.first().unwrap_or(&""), dir.display());
    Err(format!("git {verb} failed in {dir}: {}", said.escape_debug()))
}
