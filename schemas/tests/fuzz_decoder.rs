//! Bytes of any kind end in JSON or in a reason why not, never in a panic, and soon; and whatever a record holds
//! comes back from its JSON.

#![expect(clippy::panic, reason = "that is how a test fails")]

mod transcode_kit;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use apache_avro::Schema;
use forebay_fuzz::fuzz;
use forebay_schemas::contract::{BytesText, Format, Unions};
use forebay_schemas::decoder::{Decoder, Undecodable};
use forebay_schemas::encoder::Encoder;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use transcode_kit::generate::{Source, record};
use transcode_kit::{avro, bytes, encoder, read};

/// apache-avro takes 100 KiB of stack for each level where it is not optimised.
const STACK: usize = 32 << 20;

/// What the catalogue's schemas leave out.
const REST: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "one", "type": [
        {"type": "int", "logicalType": "date"},
        {"type": "long", "logicalType": "timestamp-nanos"},
        {"type": "fixed", "name": "D", "size": 18, "logicalType": "decimal", "precision": 40, "scale": 7},
        {"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"},
        "float", "bytes", "boolean", "R"]},
    {"name": "many", "type": {"type": "array", "items": {"type": "map", "values": ["null", "R"]}}},
    {"name": "nothing", "type": {"type": "array", "items": "null"}}]}"#;

/// Decoders of every format and of every way to write unions and bytes.
fn decoders() -> Vec<Decoder> {
    let mut code_points = avro();
    code_points.value.bytes = BytesText::CodePoints;
    let mut tagged = avro();
    tagged.value.unions = Unions::Tagged;
    let contracts = [avro(), code_points, tagged];
    let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
    let files =
        ["billing.invoice.issued.v1/invoice-issued.avsc", "library.publication.added.v1/publication-added.avsc"];
    let read = |file: &str| fs::read_to_string(catalog.join(file)).expect("a schema");
    let mut schemas = files.map(read).to_vec();
    schemas.push(REST.to_owned());
    let each =
        |contract| schemas.iter().map(move |schema| Decoder::new(contract, &transcode_kit::material(Some(schema))));
    let mut decoders: Vec<_> = contracts.iter().flat_map(each).collect();
    assert!(decoders.iter().all(|decoder| decoder.decode(&[]) != Err(Undecodable::NoSchema)));
    let formats = [Format::Json, Format::String, Format::Bytes];
    decoders
        .extend(formats.map(|format| Decoder::new(&transcode_kit::contract(format), &transcode_kit::material(None))));
    decoders
}

#[test]
fn any_bytes() {
    let decoders = decoders();
    let fuzz = move || {
        fuzz!(4_000).for_each(|bytes| {
            let begun = Instant::now();
            for decoder in &decoders {
                if let Ok(value) = decoder.decode(bytes) {
                    assert!(!value.to_string().is_empty());
                }
            }
            assert!(begun.elapsed() < Duration::from_secs(5), "{} bytes took {:?}", bytes.len(), begun.elapsed());
        });
    };
    let thread = thread::Builder::new().stack_size(STACK).spawn(fuzz).expect("a thread");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// A schema's two ways.
struct Ways {
    encoder: Encoder,
    decoder: Decoder,
}

impl Ways {
    fn of(schema: &str) -> Self {
        Self {
            encoder: encoder(&avro(), schema),
            decoder: Decoder::new(&avro(), &transcode_kit::material(Some(schema))),
        }
    }

    fn logical(kind: &str, name: &str) -> Self {
        Self::of(&format!(r#"{{"type":{kind},"logicalType":"{name}"}}"#))
    }

    /// Reads a payload and writes it again.
    fn hold(&self, payload: &[u8]) {
        let shown = self.decoder.decode(payload).unwrap_or_else(|error| panic!("{payload:?}: {error}"));
        assert_eq!(bytes(&self.encoder, &shown.to_string()).as_deref(), Ok(payload), "{shown}");
    }
}

fn long(value: i64) -> Vec<u8> {
    let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    bytes.push(rest.to_le_bytes()[0]);
    bytes
}

#[test]
fn any_count() {
    let names = ["timestamp-millis", "timestamp-micros", "timestamp-nanos"];
    let local = ["local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos"];
    let timestamps = [names, local].concat().into_iter().map(|name| Ways::logical("\"long\"", name));
    let timestamps: Vec<_> = timestamps.chain([Ways::of("\"long\"")]).collect();
    let date = Ways::logical("\"int\"", "date");
    let millis = Ways::logical("\"int\"", "time-millis");
    let micros = Ways::logical("\"long\"", "time-micros");
    fuzz!(4_000).with_type().for_each(|(count, shift): &(i64, u8)| {
        let count = count >> (shift % 64);
        for ways in &timestamps {
            ways.hold(&long(count));
        }
        date.hold(&long(count % (1 << 31)));
        millis.hold(&long(count.rem_euclid(86_400_000)));
        micros.hold(&long(count.rem_euclid(86_400_000_000)));
    });
}

#[test]
fn any_number_or_bytes() {
    let (float, double) = (Ways::of("\"float\""), Ways::of("\"double\""));
    let decimal = r#"{"type":"fixed","name":"F","size":16,"logicalType":"decimal","precision":38,"scale":9}"#;
    let decimal = Ways::of(decimal);
    let fixed =
        |size, name| Ways::of(&format!(r#"{{"type":"fixed","name":"F","size":{size},"logicalType":"{name}"}}"#));
    let (duration, uuid, plain) = (fixed(12, "duration"), fixed(16, "uuid"), fixed(16, "none"));
    fuzz!(4_000).with_type().for_each(|(any, shift): &([u8; 16], u8)| {
        let (first, half) = (any.first_chunk::<4>().expect("16 bytes"), any.first_chunk::<8>().expect("16 bytes"));
        if !f32::from_le_bytes(*first).is_nan() {
            float.hold(first);
        }
        if !f64::from_le_bytes(*half).is_nan() {
            double.hold(half);
        }
        let unscaled = (i128::from_le_bytes(*any) >> (shift % 128)) % 10_i128.pow(38);
        decimal.hold(&unscaled.to_be_bytes());
        duration.hold(&any[..12]);
        uuid.hold(any);
        plain.hold(any);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Tags tell branches apart that look alike.
    #[test]
    fn any_event_of_any_schema(entropy in vec(any::<u8>(), 0..600)) {
        let mut source = Source::new(&entropy);
        let kind = record(&mut source);
        let text = kind.schema();
        let schema = Schema::parse_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let (event, _) = kind.event(&mut source);
        let record = bytes(&encoder(&avro(), &text), &event).unwrap_or_else(|fault| panic!("{fault:?}\n{text}\n{event}"));
        for spelling in [BytesText::Base64, BytesText::CodePoints] {
            let mut contract = avro();
            contract.value.unions = Unions::Tagged;
            contract.value.bytes = spelling;
            let decoder = Decoder::new(&contract, &transcode_kit::material(Some(&text)));
            let shown = decoder.decode(&record).unwrap_or_else(|error| panic!("{error}\n{text}\n{event}"));
            let again = bytes(&encoder(&contract, &text), &shown.to_string());
            let again = again.unwrap_or_else(|fault| panic!("{fault:?}\n{text}\n{shown}"));
            assert_eq!(read(&schema, &again), read(&schema, &record), "{text}\n{shown}");
            assert!(again == record || text.contains("\"map\""), "{text}\n{shown}");
        }
    }
}
