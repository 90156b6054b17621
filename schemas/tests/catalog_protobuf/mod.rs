//! Protobuf's topics of the sample catalogue, read without our own code: protox compiles, prost-reflect decodes.

use std::collections::HashMap;

use forebay_schemas::contract::{Compiled, Message};
use forebay_schemas::schema::Schema;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{DescriptorPool, DynamicMessage};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

struct Folder(HashMap<String, String>);

impl FileResolver for Folder {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let text = self.0.get(name.rsplit('/').next().unwrap_or(name));
        text.map_or_else(|| Err(protox::Error::file_not_found(name)), |text| File::from_source(name, text))
    }
}

fn schema(topic: &Compiled) -> &Schema {
    &topic.material.value.as_ref().expect("the samples have schemas").schema
}

fn texts(schema: &Schema) -> HashMap<String, String> {
    let text = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
    let beside = schema.references.iter().map(|reference| (reference.name.clone(), text(&reference.content)));
    beside.chain([(schema.name.clone(), text(&schema.content))]).collect()
}

fn pool(schema: &Schema) -> DescriptorPool {
    let mut resolver = ChainFileResolver::new();
    resolver.add(GoogleFileResolver::new());
    resolver.add(Folder(texts(schema)));
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.open_file(&schema.name).expect("the encoder has compiled it");
    compiler.descriptor_pool()
}

/// What stands behind the schema's id, as canonical JSON; of a framed record the indexes come first.
pub(crate) fn decoded(topic: &Compiled, payload: &[u8], framed: bool) -> serde_json::Value {
    let schema = schema(topic);
    let pool = pool(schema);
    let file = pool.get_file_by_name(&schema.name).expect("it was compiled");
    let name = match &topic.contract.value.message {
        Message::Name(name) => name.clone(),
        _ => file.messages().next().expect("it has one").name().to_owned(),
    };
    let place =
        file.messages().position(|message| message.name() == name).expect("the samples' messages are outermost");
    let payload = match (framed, place) {
        (false, _) => payload,
        (true, 0) => payload.strip_prefix(&[0]).expect("the first message"),
        (true, _) => {
            let index = u8::try_from(place * 2).expect("a few messages");
            payload.strip_prefix(&[2, index]).expect("one index")
        }
    };
    let message = file.messages().nth(place).expect("it was found there");
    let message = DynamicMessage::decode(message, payload).expect("the record is Protobuf");
    serde_json::to_value(message).expect("JSON has a place for it")
}

/// Messages, fields, enums and their symbols that say nothing of what they mean.
pub(crate) fn undocumented(topic: &Compiled) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in texts(schema(topic)) {
        let file = File::from_source(&name, &text).expect("the encoder has compiled it");
        let file: FileDescriptorProto = file.into();
        for location in file.source_code_info.iter().flat_map(|info| &info.location) {
            // Messages and enums, and what is in them (`descriptor.proto`, `SourceCodeInfo.Location.path`).
            let element = matches!(location.path[..], [4 | 5, _] | [4 | 5, _, 2, _]);
            if element && location.leading_comments.as_ref().is_none_or(|comment| comment.trim().len() < 8) {
                found.push(format!("{name}: {:?}", location.path));
            }
        }
    }
    found
}
