//! What Protobuf's tests share: contracts in one line, and prost-reflect as the judge of bytes.
#![expect(clippy::panic, reason = "how a test fails")]
#![allow(dead_code, reason = "each test file takes what it needs")]

pub(crate) mod generate;

use forebay_schemas::contract::{Contract, Format, Message, UnknownFields};
use forebay_schemas::encoder::{Encoder, Fault, Material, Scratch, Sourced};
use forebay_schemas::schema::Schema;
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use crate::transcode_kit;

/// A contract with nothing but a value.
pub(crate) fn protobuf() -> Contract {
    transcode_kit::contract(Format::Protobuf)
}

pub(crate) fn dropping() -> Contract {
    let mut contract = protobuf();
    contract.value.unknown_fields = UnknownFields::Drop;
    contract
}

pub(crate) fn of_message(name: &str) -> Contract {
    let mut contract = protobuf();
    contract.value.message = Message::Name(name.to_owned());
    contract
}

pub(crate) fn material(text: &str) -> Material {
    let schema = Schema { name: "t.proto".to_owned(), content: text.into(), references: Vec::new() };
    Material { value: Some(Sourced { schema, id: Some(transcode_kit::ID) }), ..Material::default() }
}

pub(crate) fn encoder(contract: &Contract, text: &str) -> Encoder {
    Encoder::compile(contract, &material(text)).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

struct Only(String);

impl FileResolver for Only {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == "t.proto" { File::from_source(name, &self.0) } else { Err(protox::Error::file_not_found(name)) }
    }
}

/// The file's descriptors, made without our own code.
pub(crate) fn pool(text: &str) -> DescriptorPool {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Only(text.to_owned()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.open_file("t.proto").unwrap_or_else(|error| panic!("{error:?}"));
    compiler.descriptor_pool()
}

/// The file's first message.
pub(crate) fn first(text: &str) -> MessageDescriptor {
    let file = pool(text).get_file_by_name("t.proto").expect("it was compiled");
    file.messages().next().expect("it has one")
}

/// What prost-reflect makes of the event's text.
pub(crate) fn judged(message: &MessageDescriptor, text: &str) -> Option<DynamicMessage> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let read = DynamicMessage::deserialize_with_options(message.clone(), &mut deserializer, &options).ok()?;
    deserializer.end().ok()?;
    Some(read)
}

/// What prost-reflect reads from bytes.
pub(crate) fn read(message: &MessageDescriptor, bytes: &[u8]) -> DynamicMessage {
    DynamicMessage::decode(message.clone(), bytes).unwrap_or_else(|error| panic!("{error}: {bytes:?}"))
}

/// One event's bytes.
pub(crate) fn bytes(encoder: &Encoder, text: &str) -> Result<Vec<u8>, Fault> {
    let mut arena = Vec::new();
    let record = encoder.encode(text.as_bytes(), &mut arena, &mut Scratch::default())?;
    Ok(arena[record.value].to_vec())
}

/// Rows that are accepted: our bytes say what prost-reflect makes of the text, and are those that it would write.
pub(crate) fn accepts(schema: &str, texts: &[&str]) {
    let message = first(schema);
    let encoder = encoder(&protobuf(), schema);
    for text in texts {
        let written = bytes(&encoder, text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        let judged = judged(&message, text).unwrap_or_else(|| panic!("{text}: prost-reflect refuses it"));
        assert_eq!(written, judged.encode_to_vec(), "{text}");
    }
}

/// Rows that mean the same as a canonical spelling.
pub(crate) fn reads_as(schema: &str, rows: &[(&str, &str)]) {
    let message = first(schema);
    let encoder = encoder(&protobuf(), schema);
    for (text, canonical) in rows {
        let written = bytes(&encoder, text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        let judged = judged(&message, canonical).unwrap_or_else(|| panic!("{canonical}: prost-reflect refuses it"));
        // Parsed from JSON, it keeps defaults that it would not write.
        let judged = read(&message, &judged.encode_to_vec());
        assert!(read(&message, &written) == judged, "{text}: {written:?}");
    }
}

/// Rows that are refused by the schema.
pub(crate) fn refuses(schema: &str, texts: &[&str]) {
    let encoder = encoder(&protobuf(), schema);
    for text in texts {
        let outcome = bytes(&encoder, text);
        assert!(matches!(outcome, Err(Fault::Violation(_))), "{text}: {outcome:?}");
    }
}

/// The mismatches of a refused event, one a line.
pub(crate) fn report(contract: &Contract, schema: &str, text: &str) -> Vec<String> {
    match bytes(&encoder(contract, schema), text) {
        Err(Fault::Violation(mismatches)) => mismatches
            .into_iter()
            .map(|mismatch| format!("{}: expected {}, found {}", mismatch.pointer, mismatch.expected, mismatch.actual))
            .collect(),
        other => panic!("{text}: {other:?}"),
    }
}
