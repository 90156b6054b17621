//! From a schema to its descriptors: .proto files with their imports, or an encoded `FileDescriptorSet`
//! (`descriptor.proto`). Whatever is imported comes out of the schema's references or is one of Protobuf's own files;
//! nothing is looked for in a folder or on a network.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use prost_reflect::{DescriptorPool, FileDescriptor};
use protox::Compiler;
use protox::file::{File, FileResolver, GoogleFileResolver};

use super::source::{check_nesting, guarded};
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

/// What the text of a schema has to be.
const SOUND: &str = "a sound .proto file";

/// Endings of names of files that hold an encoded `FileDescriptorSet`.
const SET_ENDINGS: [&str; 4] = [".desc", ".pb", ".binpb", ".protoset"];

/// A schema's descriptors, with those of everything that it imports. Its own file is the last.
pub(crate) fn pool(schema: &Schema) -> Result<DescriptorPool, Vec<Mistake>> {
    if schema.content.len() > MAX_LENGTH {
        return Err(vec![too_long()]);
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

fn too_long() -> Mistake {
    Mistake::new("", "a schema of at most 1 MiB, with all its imports", "more")
}

fn compiled(schema: &Schema) -> Result<DescriptorPool, Mistake> {
    let refused = Rc::default();
    let mut compiler = Compiler::with_file_resolver(Sources::new(schema, Rc::clone(&refused)));
    match guarded(|| compiler.open_file(OWN).map(|_| ())) {
        Some(Ok(())) => Ok(compiler.descriptor_pool()),
        Some(Err(error)) => Err(refused.take().unwrap_or_else(|| mistake(schema, &error))),
        None => Err(Mistake::new("", SOUND, "one on which the parser fails")),
    }
}

/// The only files that there are. What nothing imports is not looked at: it may be no Protobuf at all.
struct Sources {
    contents: HashMap<String, Vec<u8>>,
    google: GoogleFileResolver,
    files: Cell<usize>,
    length: Cell<usize>,
    /// Why the last file was not opened, if that is not the parser's to say.
    refused: Rc<RefCell<Option<Mistake>>>,
}

impl Sources {
    fn new(schema: &Schema, refused: Rc<RefCell<Option<Mistake>>>) -> Self {
        let references = schema.references.iter().map(|reference| (reference.name.clone(), reference.content.clone()));
        let own = (OWN.to_owned(), schema.content.clone());
        Self {
            contents: references.chain([own]).collect(),
            google: GoogleFileResolver::new(),
            files: Cell::new(0),
            length: Cell::new(0),
            refused,
        }
    }

    fn text<'c>(&self, content: &'c [u8]) -> Result<&'c str, Mistake> {
        self.files.set(self.files.get() + 1);
        self.length.set(self.length.get() + content.len());
        if self.files.get() > MAX_FILES {
            return Err(Mistake::new("", format!("a schema of at most {MAX_FILES} files"), "more"));
        }
        if self.length.get() > MAX_LENGTH {
            return Err(too_long());
        }
        let text = std::str::from_utf8(content).map_err(|error| {
            let line = content[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            Mistake { line: Some(line), ..Mistake::new("", "a .proto file in UTF-8", "other bytes") }
        })?;
        check_nesting(text)?;
        Ok(text)
    }
}

impl FileResolver for Sources {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let google = self.google.open_file(name);
        let beside = || self.contents.get_key_value(file_name(name)).filter(|_| google.is_err());
        let Some((reference, content)) = self.contents.get_key_value(name).or_else(beside) else { return google };
        match self.text(content) {
            Ok(text) => File::from_source(name, text),
            Err(mistake) => {
                let reference = Some(reference.clone()).filter(|reference| reference != OWN);
                self.refused.replace(Some(Mistake { reference, ..mistake }));
                Err(protox::Error::file_not_found(name))
            }
        }
    }
}

/// Files beside a contract have no folders.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn mistake(schema: &Schema, error: &protox::Error) -> Mistake {
    let sentence = error.to_string();
    let (expected, found) = if error.is_file_not_found() {
        ("imports among the schema's references, or Protobuf's own", sentence)
    } else if sentence.ends_with("but found 'edition'") || sentence.contains("unknown syntax") {
        ("a .proto file of the syntax proto2 or proto3", sentence)
    } else if sentence == "invalid group name" {
        // protox says so of imports too.
        (SOUND, "an import or a group whose name is none".to_owned())
    } else {
        (SOUND, sentence)
    };
    let called = |name: &str| schema.references.iter().any(|reference| reference.name == name);
    let file = error.file().filter(|file| *file != OWN);
    let reference = file.map(|file| if called(file) { file } else { file_name(file) }.to_owned());
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
