//! One .proto file: what it imports, and what it says. Its imports are resolved by `pool`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::prost::Message as _;
use prost_reflect::prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use protox::file::{File, FileResolver as _, GoogleFileResolver};

use super::pool;
use super::source::{check_nesting, guarded};
use crate::references::Link;
use crate::schema::{Reference, Schema};

/// What a file imports of these. Protobuf's own files are not meant, unless they are there by their whole name.
pub(crate) fn links<'a>(content: &[u8], among: &'a [Reference]) -> Vec<Link<'a>> {
    let google = GoogleFileResolver::new();
    let found = |name: &str| {
        let file_name = name.rsplit('/').next().unwrap_or(name);
        let whole = among.iter().find(|reference| reference.name == name);
        whole.or_else(|| {
            let beside = among.iter().find(|reference| reference.name == file_name)?;
            google.open_file(name).is_err().then_some(beside)
        })
    };
    let imports = parsed(content).map(|file| file.dependency).unwrap_or_default();
    imports.into_iter().filter_map(|name| found(&name).map(|reference| Link { name, reference })).collect()
}

/// The file's descriptor, encoded, without what does not belong to the schema.
pub(crate) fn identity(schema: &Schema) -> Option<Vec<u8>> {
    let compiled = || Some(pool::own_file(&pool::pool(schema).ok()?)?.file_descriptor_proto().clone());
    let mut file = encoded(&schema.content).or_else(compiled)?;
    file.name = None;
    file.source_code_info = None;
    file.extension.iter_mut().for_each(forget_json_name);
    file.message_type.iter_mut().for_each(forget_json_names);
    Some(file.encode_to_vec())
}

fn parsed(content: &[u8]) -> Option<FileDescriptorProto> {
    let text = std::str::from_utf8(content).ok()?;
    check_nesting(text).ok()?;
    let file = guarded(|| File::from_source("this file", text))?.ok()?;
    Some(file.file_descriptor_proto().clone())
}

/// The base64 of a descriptor. No .proto text is base64: it has spaces and semicolons.
fn encoded(content: &[u8]) -> Option<FileDescriptorProto> {
    let bytes = STANDARD.decode(content.trim_ascii()).ok().filter(|bytes| !bytes.is_empty())?;
    FileDescriptorProto::decode(bytes.as_slice()).ok()
}

/// Recursion is bounded by the parser's nesting, or by prost's, which decodes no deeper than 100.
fn forget_json_names(message: &mut DescriptorProto) {
    message.field.iter_mut().chain(&mut message.extension).for_each(forget_json_name);
    message.nested_type.iter_mut().for_each(forget_json_names);
}

/// `protoc` says a field's name for JSON in some places and not in others. It is this one, if the file says no other.
fn forget_json_name(field: &mut FieldDescriptorProto) {
    let mut plain = String::with_capacity(field.name().len());
    let mut upper = false;
    for letter in field.name().chars() {
        match letter {
            '_' => upper = true,
            letter if upper => {
                plain.push(letter.to_ascii_uppercase());
                upper = false;
            }
            letter => plain.push(letter),
        }
    }
    field.json_name = field.json_name.take().filter(|name| *name != plain);
}
