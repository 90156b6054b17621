//! The page for those who write schemas: its three examples are whole topics, and work as they stand.
#![expect(clippy::panic, reason = "how a test fails")]

use std::path::Path;

use forebay_schemas::contract::{self, FILE, Folder};
use forebay_schemas::decoder::Decoder;
use forebay_schemas::encoder::Scratch;

/// The only fenced block that begins with these words.
fn block(page: &str, fence: &str) -> String {
    let begin = format!("```{fence}\n");
    let mut found = page.split(&begin).skip(1).filter_map(|rest| rest.split("```").next());
    let block = found.next().unwrap_or_else(|| panic!("no block {fence}"));
    assert_eq!(found.next(), None, "{fence} twice");
    block.to_owned()
}

#[test]
fn each_example_is_a_topic_that_takes_its_event() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas.md");
    let page = std::fs::read_to_string(path).expect("the page is there");
    for (format, language, schema) in [
        ("avro", "json", "loan-ended.avsc"),
        ("json-schema", "json", "click-made.json"),
        ("protobuf", "proto", "outage-begun.proto"),
    ] {
        let contract = block(&page, &format!("yaml {format} contract"));
        let topic = contract.lines().find_map(|line| line.strip_prefix("topic: ")).expect("it has a topic");
        assert!(page.contains(&format!("`my-catalog/{topic}/{schema}`:")), "{format}");
        let files = [(FILE, contract.clone()), (schema, block(&page, &format!("{language} {format} schema")))];
        let files = files.map(|(name, text)| (name.to_owned(), text.into_bytes()));
        let loaded = contract::load(&[Folder { name: topic.to_owned(), files: files.into() }], None);
        assert_eq!(loaded.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0], "{format}");
        let topic = &loaded.topics[0];

        let event = block(&page, &format!("json {format} event"));
        let (mut arena, mut scratch) = (Vec::new(), Scratch::default());
        let encoder = topic.encoder.as_ref().expect("no registry has a say");
        let record = encoder.encode(event.as_bytes(), &mut arena, &mut scratch);
        let record = record.unwrap_or_else(|fault| panic!("{format}: {fault:?}"));
        assert!(record.key.is_some() && record.id.is_some() && record.time_millis.is_some(), "{format}");
        let decoder = Decoder::new(&topic.contract, &topic.material);
        let shown = decoder.decode(&arena[record.value]).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert!(shown.as_object().is_some_and(|members| members.len() >= 4), "{format}: {shown}");
    }
}
