//! From a schema to its descriptors: .proto files with their imports, or an encoded `FileDescriptorSet`
//! (`descriptor.proto`). Whatever is imported comes out of the schema's references or is one of Protobuf's own files;
//! nothing is looked for in a folder or on a network.

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, FileDescriptor};
use protox::Compiler;
use protox::file::{File, FileResolver, GoogleFileResolver};

use super::source::check_nesting;
use crate::schema::{Mistake, Schema};

/// The longest schema with all that it refers to, in bytes. Registries keep no longer ones, and compiling them costs
/// some hundred bytes of memory for each.
const MAX_LENGTH: usize = 1 << 20;

/// Files of one schema. The compiler follows imports by recursion.
const MAX_FILES: usize = 256;

/// Characters of a library's own sentence that a mistake repeats.
const MAX_FOUND: usize = 300;

/// What the schema's own file is called in its descriptors. A schema out of a registry has no file name.
const OWN: &str = "this file";

/// Endings of names of files that hold an encoded `FileDescriptorSet`.
const SET_ENDINGS: [&str; 4] = [".desc", ".pb", ".binpb", ".protoset"];

/// A schema's descriptors, with those of everything that it imports. Its own file is the last.
pub(crate) fn pool(schema: &Schema) -> Result<DescriptorPool, Vec<Mistake>> {
    let all = schema.content.len() + schema.references.iter().map(|reference| reference.content.len()).sum::<usize>();
    if all > MAX_LENGTH {
        return Err(vec![Mistake::new("", "a schema of at most 1 MiB, with all its imports", format!("{all} bytes"))]);
    }
    if schema.references.len() >= MAX_FILES {
        let found = schema.references.len().to_string();
        return Err(vec![Mistake::new("", format!("fewer than {MAX_FILES} imports"), found)]);
    }
    let pool = match schema.text().filter(|_| !names_a_set(&schema.name)) {
        Some(_) => compiled(schema),
        None => described(schema),
    };
    pool.map_err(|mistake| vec![mistake])
}

/// The schema's own file.
pub(crate) fn own_file(pool: &DescriptorPool) -> Option<FileDescriptor> {
    pool.files().last()
}

fn names_a_set(name: &str) -> bool {
    SET_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn described(schema: &Schema) -> Result<DescriptorPool, Mistake> {
    let expected = "a FileDescriptorSet with all imports, as protoc writes it with --include_imports";
    let pool = DescriptorPool::decode(schema.content.as_slice())
        .map_err(|error| Mistake::new("", expected, shortened(&error.to_string())))?;
    let files = pool.files().len();
    match files {
        0 => Err(Mistake::new("", expected, "no file")),
        1..=MAX_FILES => Ok(pool),
        more => Err(Mistake::new("", format!("at most {MAX_FILES} files"), more.to_string())),
    }
}

fn compiled(schema: &Schema) -> Result<DescriptorPool, Mistake> {
    let resolver = Sources { sources: sources(schema)?, google: GoogleFileResolver::new() };
    let mut compiler = Compiler::with_file_resolver(resolver);
    match compiler.open_file(OWN) {
        Ok(_) => Ok(compiler.descriptor_pool()),
        Err(error) => Err(mistake(&error)),
    }
}

/// The texts by the names under which they are imported.
fn sources(schema: &Schema) -> Result<HashMap<String, String>, Mistake> {
    let mut sources = HashMap::new();
    for reference in &schema.references {
        let within = |mistake| Mistake { reference: Some(reference.name.clone()), ..mistake };
        let text = text(&reference.content).map_err(within)?;
        if sources.insert(reference.name.clone(), text).is_some() {
            return Err(within(Mistake::new("", "one text for each import", "a second of this name")));
        }
    }
    sources.insert(OWN.to_owned(), text(&schema.content)?);
    Ok(sources)
}

fn text(content: &[u8]) -> Result<String, Mistake> {
    let text = std::str::from_utf8(content).map_err(|error| {
        let line = content[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Mistake { line: Some(line), ..Mistake::new("", "a .proto file in UTF-8", "other bytes") }
    })?;
    check_nesting(text)?;
    Ok(text.to_owned())
}

/// The only files that there are.
struct Sources {
    sources: HashMap<String, String>,
    google: GoogleFileResolver,
}

impl FileResolver for Sources {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if let Some(text) = self.sources.get(name) {
            return File::from_source(name, text);
        }
        // Files beside a contract have no folders.
        let file_name = name.rsplit('/').next().unwrap_or(name);
        match (self.google.open_file(name), self.sources.get(file_name)) {
            (Err(_), Some(text)) => File::from_source(name, text),
            (google, _) => google,
        }
    }
}

fn mistake(error: &protox::Error) -> Mistake {
    let sentence = error.to_string();
    let (expected, found) = if error.is_file_not_found() {
        ("imports among the schema's references, or Protobuf's own", sentence)
    } else if sentence.ends_with("but found 'edition'") || sentence.contains("unknown syntax") {
        ("a .proto file of the syntax proto2 or proto3", sentence)
    } else if sentence == "invalid group name" {
        // protox says so of imports too.
        ("a sound .proto file", "an import or a group whose name is none".to_owned())
    } else {
        ("a sound .proto file", sentence)
    };
    let reference = error.file().filter(|file| *file != OWN).map(ToOwned::to_owned);
    Mistake { reference, line: line(error), ..Mistake::new("", expected, shortened(&found)) }
}

/// protox shows the line in one place alone: `Debug` begins with `file:line:column`.
fn line(error: &protox::Error) -> Option<usize> {
    let shown = format!("{error:?}");
    let place = shown.strip_prefix(error.file()?)?.strip_prefix(':')?;
    place.split(':').next()?.parse().ok()
}

fn shortened(sentence: &str) -> String {
    sentence.chars().take(MAX_FOUND).collect()
}

#[cfg(test)]
mod tests;
