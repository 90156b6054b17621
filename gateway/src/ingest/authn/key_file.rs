//! The file of API keys: a YAML list of whose keys there are, with hashes instead of secrets. Reads it whole or not at
//! all, with every mistake, and writes an entry for it. Problems never show what stands where a secret might.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use forebay_policies::Date;
use forebay_schemas::contract::check_topic_name;
use forebay_schemas::document::{self, Kind, MAX_BYTES, Node, Reader};
use forebay_schemas::problem::Problem;

use super::api_keys::{ApiKeys, Key};
use super::token::{self, Token};
use super::{GROUPS, NAME_BYTES, name};
use crate::event::Principal;

/// What the file is.
const EXPECTED: &str = "a list of keys, as forebay key new writes them; [] for none";
/// What one key is.
const KEY: &str = "a key, as forebay key new writes it: { id: …, principal: …, hash: …, created: …, expires: … }";
/// What stands before a hash.
const ALGORITHM: &str = "sha256:";
/// Topics that one key may name.
const SCOPES: usize = 256;
const SECONDS_PER_DAY: i64 = 86_400;

/// Reads a file of keys.
pub(super) fn load(path: &Path) -> Result<ApiKeys, Vec<Problem>> {
    read(&path.display().to_string(), &text(path)?)
}

/// A file's text, of the length that documents may have; a longer one is none.
pub(super) fn text(path: &Path) -> Result<String, Vec<Problem>> {
    let problem = |found: String| {
        let (file, expected) = (path.display().to_string(), "a file of text of at most 1 MiB".to_owned());
        vec![Problem { file, line: 0, path: String::new(), expected, found }]
    };
    let mut bytes = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| problem(error.to_string()))?;
    if bytes.len() > MAX_BYTES {
        return Err(problem("a longer one".to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| problem("bytes that are no UTF-8".to_owned()))
}

/// Reads a text that its author calls `file`.
pub(super) fn read(file: &str, text: &str) -> Result<ApiKeys, Vec<Problem>> {
    let document = document::read(file, text)?;
    let Kind::List(entries) = &document.kind else { return Err(vec![document.problem(EXPECTED, kind(&document))]) };
    let mut problems = Vec::new();
    let mut keys = HashMap::new();
    let mut lines = BTreeMap::new();
    for node in entries {
        let Some((id, key)) = entry(node, &mut problems) else { continue };
        if let Some(line) = lines.insert(id.clone(), node.place.line) {
            problems.push(node.problem("an id that no other key has", format!("the id of the key in line {line}")));
        }
        keys.insert(id, key);
    }
    if problems.is_empty() { Ok(ApiKeys::new(keys)) } else { Err(problems) }
}

fn entry(node: &Node, problems: &mut Vec<Problem>) -> Option<(Box<str>, Key)> {
    if !matches!(node.kind, Kind::Map(_)) {
        problems.push(node.problem(KEY, kind(node)));
        return None;
    }
    let mut r = Reader::new(node, problems);
    let id = r.required("id", "the key's id", id);
    let principal = r.required("principal", "whose key it is", text_name);
    let hash = r.required("hash", "the secret's hash: sha256:…", hash);
    let created = r.required("created", "the day on which it was made, such as 2026-11-28", day);
    let expires = r.required("expires", "the last day on which it is good, such as 2027-11-28", day);
    let groups = r.optional("groups", |node, problems| names(node, GROUPS, text_name, problems));
    let scopes = r.optional("scopes", |node, problems| names(node, SCOPES, scope, problems));
    r.finish();
    let (created, last_day) = (created?, expires?);
    let ends = start(last_day)? + SECONDS_PER_DAY;
    if last_day < created {
        let expected = format!("an expires that is not before created, {created}");
        problems.push(node.problem(expected, last_day.to_string()));
    }
    let mut principal = Principal::new(principal?);
    if let Some(groups) = groups {
        principal = principal.in_groups(groups);
    }
    if let Some(scopes) = scopes {
        principal = principal.scoped(scopes);
    }
    Some((id?, Key { hash: hash?, principal, last_day, ends }))
}

fn id(node: &Node, problems: &mut Vec<Problem>) -> Option<Box<str>> {
    let text = node.string(problems)?;
    if !token::is_id(&text) {
        problems.push(node.problem("an id of 10 characters, a to z and 0 to 9", "another text"));
        return None;
    }
    Some(text.into())
}

fn hash(node: &Node, problems: &mut Vec<Problem>) -> Option<[u8; 32]> {
    let text = node.string(problems)?;
    let bytes = text.strip_prefix(ALGORITHM).and_then(bytes);
    if bytes.is_none() {
        problems.push(node.problem("sha256: and 64 hexadecimal digits; never the secret itself", "another text"));
    }
    bytes
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

fn text_name(node: &Node, problems: &mut Vec<Problem>) -> Option<Arc<str>> {
    let text = node.string(problems)?;
    let expected = if text.contains('*') {
        "one name, without *: patterns of names are for contracts' producers".to_owned()
    } else if text.starts_with("group:") {
        "a name that does not begin with group:, by which contracts' producers tell groups from names".to_owned()
    } else if let Some(name) = name(&text) {
        return Some(name);
    } else {
        format!("a name of 1 to {NAME_BYTES} bytes without control characters")
    };
    problems.push(node.mismatch(expected));
    None
}

fn scope(node: &Node, problems: &mut Vec<Problem>) -> Option<Arc<str>> {
    let text = node.string(problems)?;
    match check_topic_name(&text.replace('*', "x")) {
        Ok(()) => Some(text.into()),
        Err(expected) => {
            problems.push(node.mismatch(format!("{expected}, where * stands for any run of characters")));
            None
        }
    }
}

fn names(
    node: &Node,
    most: usize,
    one: impl Fn(&Node, &mut Vec<Problem>) -> Option<Arc<str>>,
    problems: &mut Vec<Problem>,
) -> Option<Arc<[Arc<str>]>> {
    let names = node.list(problems, one)?;
    if names.is_empty() || names.len() > most {
        problems.push(node.problem(format!("1 to {most} names, or no such member"), format!("{} names", names.len())));
        return None;
    }
    Some(names.into())
}

fn day(node: &Node, problems: &mut Vec<Problem>) -> Option<Date> {
    let day = node.string(problems)?.parse().ok().filter(|day| start(*day).is_some());
    if day.is_none() {
        problems.push(node.mismatch("a day such as 2027-11-28"));
    }
    day
}

/// A day's first second, counted from 1970; none before that.
fn start(day: Date) -> Option<i64> {
    let moment = humantime::parse_rfc3339(&format!("{day}T00:00:00Z")).ok()?;
    i64::try_from(moment.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// What stands there, without its text.
fn kind(node: &Node) -> String {
    if let Kind::Scalar(_) = node.kind { "a text".to_owned() } else { node.describe() }
}

fn digit(value: u8) -> char {
    char::from(b"0123456789abcdef"[usize::from(value)])
}

/// Whether a text could stand in the file.
pub(crate) fn check(text: &str) -> Result<(), Vec<Problem>> {
    read("the new key", text).map(drop)
}

/// A key for the file, as one line.
pub(crate) fn line(token: &Token, owner: &Owner, created: Date) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let list = |name: &str, items: &[String]| {
        let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
        if items.is_empty() { String::new() } else { format!(", {name}: [{}]", items.join(", ")) }
    };
    let hash: String = token.hash().iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect();
    format!(
        "- {{ id: {}, principal: {}, hash: \"{ALGORITHM}{hash}\", created: {created}, expires: {}{}{} }}",
        quoted(&token.id),
        quoted(&owner.principal),
        owner.expires,
        list("groups", &owner.groups),
        list("scopes", &owner.scopes),
    )
}

/// Whose a new key is, and what for.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) principal: String,
    pub(crate) groups: Vec<String>,
    /// Patterns of topics; all topics if there is none.
    pub(crate) scopes: Vec<String>,
    /// The last day on which the key is good.
    pub(crate) expires: Date,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests;
