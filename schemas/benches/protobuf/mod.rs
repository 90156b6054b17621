//! The same event as Protobuf, beside the obvious way: prost-reflect's message out of JSON, and its bytes.

use std::hint::black_box;
use std::time::Duration;

use forebay_schemas::encoder::{Encoder, Material, Scratch};
use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use crate::{EVENT, contract, encode, material, median};

const SCHEMA: &str = include_str!("../order.proto");

struct Only;

impl FileResolver for Only {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        File::from_source(name, SCHEMA)
    }
}

fn descriptor() -> MessageDescriptor {
    let mut resolver = ChainFileResolver::new();
    resolver.add(GoogleFileResolver::new());
    resolver.add(Only);
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.open_file("order.proto").expect("the schema is sound");
    compiler.descriptor_pool().get_message_by_name("shop.Order").expect("the schema has it")
}

fn obvious(message: &MessageDescriptor) -> Vec<u8> {
    let mut reader = serde_json::Deserializer::from_str(black_box(EVENT));
    DynamicMessage::deserialize(message.clone(), &mut reader).expect("the event fits").encode_to_vec()
}

/// Prints the time beside the obvious way's and beside Avro's.
pub(crate) fn compare(avro: Duration) {
    let material: Material = material(SCHEMA);
    let contract = contract(forebay_schemas::contract::Format::Protobuf);
    let encoder = Encoder::compile(&contract, &material).expect("the contract is sound");
    let descriptor = descriptor();
    let (mut arena, mut scratch) = (Vec::new(), Scratch::default());
    let fused = median(31, || assert!(encode(&encoder, EVENT, &mut arena, &mut scratch)));
    let obvious = median(31, || assert!(!obvious(&descriptor).is_empty()));
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    #[expect(clippy::print_stdout, reason = "a bench speaks to whoever runs it")]
    {
        println!(
            "protobuf: the obvious way {obvious:?}, fused {fused:?}: {:.1} ×, {:.2} × avro's {avro:?}",
            ratio(obvious, fused),
            ratio(fused, avro),
        );
    }
}
