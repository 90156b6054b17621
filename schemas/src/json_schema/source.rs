//! A schema's texts as JSON trees, each with one meaning; which draft they speak; and the retriever that gives out
//! those texts and nothing else. Knows no keyword but `$schema` and `$id`.

use std::collections::HashMap;
use std::fmt;

use jsonschema::{Draft, Retrieve, Uri, uri};
use serde_json::Value;

use crate::json::Flaw;
use crate::json::names::Names;
use crate::json::reader::Reader;
use crate::json::skip::{Levels, check_text};
use crate::schema::{Mistake, Schema};

/// Bytes of a schema with all its references: what compiles takes memory in proportion.
const MAX_BYTES: usize = 4 << 20;

/// A schema and what it refers to, parsed.
#[derive(Debug)]
pub(super) struct Documents {
    pub(super) root: Value,
    pub(super) draft: Draft,
    /// What `$ref`s in the schema are relative to.
    pub(super) base: Uri<String>,
    pub(super) given: Given,
}

/// The references by the addresses that they answer to. The only retriever: it opens nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    by_address: HashMap<String, Value>,
}

/// Nobody has given a document of this address.
#[derive(Debug)]
struct NotGiven;

impl fmt::Display for NotGiven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is none of the schema's references, and nothing is fetched")
    }
}

impl std::error::Error for NotGiven {}

impl Retrieve for Given {
    fn retrieve(&self, address: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let address = address.as_str();
        let exact = self.by_address.get(address);
        let found = exact.or_else(|| {
            // A reference that is written relative to another reference.
            let mut ends = self
                .by_address
                .iter()
                .filter(|(name, _)| address.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('/')));
            ends.next().filter(|_| ends.next().is_none()).map(|(_, value)| value)
        });
        found.cloned().ok_or_else(|| NotGiven.into())
    }
}

/// Parses a schema's texts.
pub(super) fn parse(schema: &Schema) -> Result<Documents, Vec<Mistake>> {
    let bytes = schema.references.iter().map(|reference| reference.content.len()).sum::<usize>() + schema.content.len();
    if bytes > MAX_BYTES {
        let found = format!("{bytes} bytes");
        return Err(vec![Mistake::new(
            "",
            format!("a schema of at most {MAX_BYTES} bytes with its references"),
            found,
        )]);
    }
    let mut mistakes = Vec::new();
    let root = tree(&schema.content, None).map_err(|mistake| mistakes.push(mistake)).ok();
    let draft = root.as_ref().map_or(Ok(Draft::default()), |root| draft(root, None));
    let draft = draft.map_err(|mistake| mistakes.push(mistake)).ok();
    let mut named = Vec::new();
    for reference in &schema.references {
        let name = Some(reference.name.as_str());
        match tree(&reference.content, name).and_then(|tree| self::draft(&tree, name).map(|draft| (tree, draft))) {
            Ok((tree, draft)) => named.push((reference.name.clone(), tree, draft)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let (Some(root), Some(draft)) = (root, draft) else { return Err(mistakes) };
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let resource = draft.create_resource_ref(&root);
    let Ok(base) = uri::from_str(resource.id().unwrap_or(DEFAULT_BASE)) else {
        let path = format!("/{}", draft.id_keyword());
        return Err(vec![Mistake::new(&path, "a URI reference", "none")]);
    };
    let given = given(named, &base);
    Ok(Documents { root, draft, base, given })
}

/// What a schema without an `$id` is called.
const DEFAULT_BASE: &str = "json-schema:///";

fn given(named: Vec<(String, Value, Draft)>, base: &Uri<String>) -> Given {
    let mut by_address = HashMap::new();
    for (name, tree, draft) in named {
        if let Some(id) = draft.create_resource_ref(&tree).id() {
            by_address.insert(id.trim_end_matches('#').to_owned(), tree.clone());
        }
        if let Ok(address) = uri::resolve_against(&base.borrow(), &name) {
            by_address.insert(address.as_str().trim_end_matches('#').to_owned(), tree.clone());
        }
        by_address.insert(name, tree);
    }
    Given { by_address }
}

/// A text as a tree, if it is JSON with one meaning.
fn tree(content: &[u8], reference: Option<&str>) -> Result<Value, Mistake> {
    let mistaken = |path: &str, line: Option<usize>, expected: &str, found: &str| Mistake {
        reference: reference.map(str::to_owned),
        line,
        ..Mistake::new(path, expected, found)
    };
    let line = |offset: usize| Some(content[..offset].split(|byte| *byte == b'\n').count());
    let mut reader =
        Reader::of(content).map_err(|error| mistaken("", line(error.offset), error.expected, "something else"))?;
    match check_text(&mut reader, &mut Names::default(), &mut Levels::default()) {
        Err(Flaw::Syntax(error)) => return Err(mistaken("", line(error.offset), error.expected, "something else")),
        Err(Flaw::Ambiguous { pointer, detail }) => {
            return Err(mistaken(&pointer, None, "JSON with one meaning", detail));
        }
        Ok(()) => {}
    }
    let tree: Value = serde_json::from_slice(content)
        .map_err(|_| mistaken("", None, "numbers that a double can hold", "a number out of range"))?;
    match tree {
        Value::Object(_) | Value::Bool(_) => Ok(tree),
        _ => Err(mistaken("", Some(1), "a schema: an object, or true or false", "another value")),
    }
}

/// The draft that `$schema` names.
fn draft(tree: &Value, reference: Option<&str>) -> Result<Draft, Mistake> {
    let Some(named) = tree.get("$schema") else { return Ok(Draft::default()) };
    let known = named.as_str().map(Draft::from_schema_uri).filter(|draft| *draft != Draft::Unknown);
    known.ok_or_else(|| Mistake {
        reference: reference.map(str::to_owned),
        ..Mistake::new(
            "/$schema",
            "the address of draft 4, 6, 7, 2019-09 or 2020-12, such as https://json-schema.org/draft/2020-12/schema",
            named.as_str().map_or("another value".to_owned(), |named| format!("`{named}`")),
        )
    })
}
