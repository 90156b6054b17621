//! One event of about 1 KiB and 25 fields through the encoder, beside the obvious way (`serde_json` to a tree, the
//! tree to apache-avro's values, those to bytes) in the same run. Prints the ratio.
//!
//! The obvious way can't read timestamps, dates and absent fields as people write them, so it gets counts instead.

mod protobuf;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use apache_avro::Schema;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use criterion::{Criterion, Throughput};
use forebay_schemas::contract::{
    BytesText, Compatibility, Contract, Format, Framing, KafkaRule, KeyFormat, KeyRule, KeySource, Message, Pointer,
    SchemaRule, Unions, UnknownFields, ValueRule, Version,
};
use forebay_schemas::encoder::{Encoder, Material, Scratch, Sourced};
use forebay_schemas::schema::Schema as Source;

const SCHEMA: &str = include_str!("order.avsc");
const JSON_SCHEMA: &str = include_str!("order.schema.json");
const EVENT: &str = include_str!("order.json");

fn contract(format: Format) -> Contract {
    let pointer = |token: &str| Pointer { text: format!("/{token}"), tokens: vec![token.to_owned()] };
    let file = "catalog/orders/contract.yaml".to_owned();
    Contract {
        file,
        lines: BTreeMap::new(),
        topic: "shop.order.placed.v1".to_owned(),
        owner: "team-orders".to_owned(),
        description: "An order was placed.".to_owned(),
        classification: None,
        value: ValueRule {
            format,
            schema: format.has_schema().then(|| SchemaRule {
                file: Some("order".to_owned()),
                subject: None,
                version: Version::Latest,
                id: Some(7),
                compatibility: Compatibility::Backward,
            }),
            framing: if format.has_schema() { Framing::Confluent } else { Framing::None },
            message: Message::First,
            unions: Unions::Either,
            bytes: BytesText::Base64,
            numeric_strings: false,
            unknown_fields: UnknownFields::Refuse,
        },
        key: Some(KeyRule { source: KeySource::Event(pointer("order_id")), format: KeyFormat::String, value: None }),
        id: Some(pointer("event_id")),
        time: Some(pointer("occurred_at")),
        producers: None,
        bind: Vec::new(),
        bytes_per_event: None,
        events_per_second: None,
        bytes_per_second: None,
        dead_letter: None,
        pii: Vec::new(),
        kafka: KafkaRule::default(),
        labels: BTreeMap::new(),
    }
}

/// The event's members in another order, at both levels, the same on every run.
fn shuffled(event: &str) -> String {
    let tree: serde_json::Value = serde_json::from_str(event).expect("the event is JSON");
    let object = |tree: &serde_json::Value, step: usize| -> Vec<(String, serde_json::Value)> {
        let members: Vec<_> = tree.as_object().expect("an object").clone().into_iter().collect();
        (0..members.len()).map(|place| members[place * step % members.len()].clone()).collect()
    };
    let text = |members: &[(String, String)]| {
        let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    };
    let members: Vec<(String, String)> = object(&tree, 7)
        .into_iter()
        .map(|(name, value)| {
            let inner: Vec<_> = match name.as_str() {
                "shipping_address" => object(&value, 3).iter().map(|(n, v)| (n.clone(), v.to_string())).collect(),
                _ => return (name, value.to_string()),
            };
            (name, text(&inner))
        })
        .collect();
    text(&members)
}

fn encode(encoder: &Encoder, event: &str, arena: &mut Vec<u8>, scratch: &mut Scratch) -> bool {
    arena.clear();
    encoder.encode(black_box(event.as_bytes()), arena, scratch).is_ok()
}

fn obvious(schema: &Schema, writer: &GenericDatumWriter<'_>, event: &str) -> usize {
    let tree: serde_json::Value = serde_json::from_str(black_box(event)).expect("the event is JSON");
    let value = Value::try_from(tree)
        .expect("no number is too big")
        .resolve(schema)
        .expect("the event has counts where it needs them");
    writer.write_value_to_vec(value).expect("the value is resolved").len()
}

/// Median time of one call, over `rounds` of 1,000.
fn median(rounds: usize, mut call: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            (0..1_000).for_each(|_| call());
            start.elapsed() / 1_000
        })
        .collect();
    times.sort_unstable();
    times[rounds / 2]
}

fn material(text: &str) -> Material {
    let schema = Source { name: "order".to_owned(), content: text.into(), references: Vec::new() };
    Material { value: Some(Sourced { schema, id: Some(7) }), ..Material::default() }
}

/// The event against a JSON Schema of the same rules, and more; beside it a tree that `jsonschema` judges.
fn json_schema(criterion: &mut Criterion, shuffled: &str) -> (Duration, Duration) {
    let encoder =
        Encoder::compile(&contract(Format::JsonSchema), &material(JSON_SCHEMA)).expect("the contract is sound");
    assert_eq!(encoder.slow_because(), None);
    let schema = serde_json::from_str(JSON_SCHEMA).expect("the schema is JSON");
    let patterns = jsonschema::PatternOptions::regex();
    let judge = jsonschema::options().should_validate_formats(true).with_pattern_options(patterns).build(&schema);
    let judge = judge.expect("the schema is sound");
    let judged = |event: &str| {
        let tree: serde_json::Value = serde_json::from_str(black_box(event)).expect("the event is JSON");
        judge.is_valid(&tree)
    };
    let failing = EVENT.replace("\"WEB\"", "\"FAX\"");
    let (mut arena, mut scratch) = (Vec::new(), Scratch::default());
    let mut group = criterion.benchmark_group("order as JSON Schema");
    group.throughput(Throughput::Bytes(EVENT.len() as u64));
    for (name, event, taken) in
        [("fast", EVENT, true), ("fast, shuffled", shuffled, true), ("refused", &failing, false)]
    {
        assert_eq!(encode(&encoder, event, &mut arena, &mut scratch), taken);
        assert_eq!(judged(event), taken);
        group.bench_function(name, |bencher| bencher.iter(|| encode(&encoder, event, &mut arena, &mut scratch)));
    }
    group.bench_function("the obvious way", |bencher| bencher.iter(|| judged(EVENT)));
    group.finish();
    let fast = median(31, || assert!(encode(&encoder, EVENT, &mut arena, &mut scratch)));
    (fast, median(31, || assert!(judged(EVENT))))
}

/// Time and memory are a catalogue's business too: how long a thousand contracts of this schema take to compile.
fn thousand() -> Duration {
    let start = Instant::now();
    let compile = || Encoder::compile(&contract(Format::JsonSchema), &material(JSON_SCHEMA));
    let encoders: Vec<_> = (0..1_000).filter_map(|_| compile().ok()).collect();
    assert_eq!(encoders.len(), 1_000);
    start.elapsed()
}

fn main() {
    let counts = EVENT.replace("\"2026-11-21T14:03:00.250Z\"", "1795269780250").replace("\"2026-11-24\"", "20781");
    let shuffled = shuffled(EVENT);
    let failing = EVENT.replace("\"WEB\"", "\"FAX\"");
    let encoder = Encoder::compile(&contract(Format::Avro), &material(SCHEMA)).expect("the contract is sound");
    let as_json = Encoder::compile(&contract(Format::Json), &Material::default()).expect("the contract is sound");
    let (mut arena, mut scratch) = (Vec::new(), Scratch::default());
    for (event, taken) in [(EVENT, true), (&counts, true), (&shuffled, true), (&failing, false)] {
        assert_eq!(encode(&encoder, event, &mut arena, &mut scratch), taken);
    }
    let schema = Schema::parse_str(SCHEMA).expect("the schema is sound");
    let writer = GenericDatumWriter::builder(&schema).build().expect("the schema resolves");

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("order");
    group.throughput(Throughput::Bytes(EVENT.len() as u64));
    for (name, encoder, event) in [
        ("avro", &encoder, EVENT),
        ("avro, counts", &encoder, &counts),
        ("avro, shuffled", &encoder, &shuffled),
        ("avro, refused", &encoder, &failing),
        ("json", &as_json, EVENT),
    ] {
        group.bench_function(name, |bencher| bencher.iter(|| encode(encoder, event, &mut arena, &mut scratch)));
    }
    group.bench_function("the obvious way", |bencher| bencher.iter(|| obvious(&schema, &writer, &counts)));
    group.finish();

    let (fast, judged) = json_schema(&mut criterion, &shuffled);
    let thousand = thousand();

    let fused = median(31, || assert!(encode(&encoder, &counts, &mut arena, &mut scratch)));
    let obvious = median(31, || assert!(obvious(&schema, &writer, &counts) > 0));
    let ratio = obvious.as_secs_f64() / fused.as_secs_f64();
    #[expect(clippy::print_stdout, reason = "a bench speaks to whoever runs it")]
    {
        println!("the obvious way {obvious:?}, fused {fused:?}: {ratio:.1} ×");
        let ratio = judged.as_secs_f64() / fast.as_secs_f64();
        println!(
            "JSON Schema: the obvious way {judged:?}, fast {fast:?}: {ratio:.1} ×; 1,000 compiled in {thousand:?}"
        );
    }
    protobuf::compare(median(31, || assert!(encode(&encoder, EVENT, &mut arena, &mut scratch))));
    criterion.final_summary();
}
