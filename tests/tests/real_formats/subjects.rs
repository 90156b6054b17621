//! Contracts that name their schema by a subject: literal or made by a strategy, by number or the latest, and beside a
//! file that must be one of its versions.

use forebay_tests::catalog::Catalog;
use forebay_tests::registry::{Format, Registry};
use serde_json::json;

use super::house::{
    FACTS, assert_refused, assert_written, confluent, framed_id, gateway, only_record, post_json, read, records, value,
};
use super::shop::{AT, Shop, order, shop};

/// Every way to name a schema, each with a topic of its own.
fn catalog(shop: &Shop, topics: &[String; 5]) -> Catalog {
    let [strategy, pinned, record, file, stray] = topics;
    let subject = format!("{strategy}-value");
    let name = shop.order.place;
    let rest = |members: &str| format!("{}\n{FACTS}", shop.value(members));
    let catalog = Catalog::new()
        .contract(strategy, &rest("subject: { strategy: topic }"))
        .contract(pinned, &rest(&format!("subject: {subject}, version: 1")))
        .contract(record, &rest("subject: { strategy: topic-record, record: shop.Order }, version: latest"))
        .contract(file, &rest(&format!("schema: {name}, subject: {subject}")))
        .contract(stray, &rest(&format!("schema: {name}, subject: {subject}")));
    // The same schema in other words: an editor's line ends at its end.
    let catalog = catalog.file(file, name, &format!("{}\n\n", shop.order.text));
    let stray_text = shop.order.text.replace("note", "remark");
    [file, stray].iter().fold(catalog.file(stray, name, &stray_text), |catalog, topic| {
        catalog.file(topic, shop.address.place, shop.address.text).file(topic, shop.country.place, shop.country.text)
    })
}

fn holds(format: Format) {
    let (shop, registry) = (shop(format), Registry::shared());
    let topics = ["strategy", "pinned", "record", "file", "stray"].map(|name| format!("{}.{name}.v1", format.name()));
    let [strategy, pinned, record, file, stray] = topics.each_ref().map(String::as_str);
    shop.register_parts(registry, strategy);
    let first = shop.register_order(registry, strategy, &format!("{strategy}-value"), shop.order.text);
    let second = shop.register_order(registry, strategy, &format!("{strategy}-value"), &shop.wider());
    let other = shop.register_order(registry, strategy, &format!("{record}-shop.Order"), shop.order.text);
    assert_ne!(first, second);
    let gateway = gateway(&catalog(&shop, &topics), &topics.each_ref().map(String::as_str));

    let sent = order("o-1");
    for (topic, id) in [(strategy, second), (pinned, first), (record, other), (file, first)] {
        assert_written(&post_json(&gateway, topic, &sent), 1);
        let written = only_record(topic);
        let facts = (written.key_text(), written.header("event-id"), written.timestamp);
        assert_eq!(facts, (Some("c-7"), Some("o-1"), AT), "{topic}");
        assert_eq!(framed_id(value(&written)), id, "{topic}");
        let told = read(format, value(&written));
        let mut expected = shop.read(&sent);
        if id == second && format == Format::Avro {
            expected["channel"] = json!("web"); // the field's default is written
        }
        assert_eq!((&told["value"], &told["type"]), (&expected, &shop.name()), "{topic}");
        if topic == strategy {
            let confluents = confluent(&registry.url(), topic, format).read(&[value(&written)]);
            assert_eq!(confluents, [expected], "{topic}, by Confluent's deserializer");
        }
    }
    let answer = post_json(&gateway, stray, &sent);
    assert_refused(&answer, 422, "unknown_schema", &format!("{strategy}-value"));
    assert!(records(stray, 0).is_empty(), "{stray}");
}

#[test]
fn avro_is_written_by_the_registrys_schema() {
    holds(Format::Avro);
}

#[test]
fn json_is_judged_by_the_registrys_schema() {
    holds(Format::JsonSchema);
}

#[test]
fn protobuf_is_written_by_the_registrys_schema() {
    holds(Format::Protobuf);
}
