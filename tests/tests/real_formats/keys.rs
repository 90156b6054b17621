//! Keys that have a schema of their own, in each format.

use forebay_tests::catalog::Catalog;
use forebay_tests::registry::Registry;

use super::house::{assert_written, framed_id, gateway, only_record, post_json, read, value};
use super::shop::{FORMATS, order, shop};

#[test]
fn a_key_has_a_schema_of_its_own() {
    let registry = Registry::shared();
    let mut catalog = Catalog::new();
    let topics = FORMATS.map(|format| format!("keys.{}.v1", format.name()));
    let mut ids = Vec::new();
    for (format, topic) in FORMATS.into_iter().zip(&topics) {
        let shop = shop(format);
        shop.register_parts(registry, topic);
        let key = shop.register_address(registry, &format!("{topic}-key"), &format!("{topic}-country"));
        ids.push((key, shop.register_order(registry, topic, &format!("{topic}-value"), shop.order.text)));
        let from = format!("key: {{ from: /home, format: {}, subject: {{ strategy: topic }} }}", format.name());
        catalog = catalog.contract(topic, &format!("{}\n{from}", shop.value("subject: { strategy: topic }")));
    }
    let gateway = gateway(&catalog, &topics.each_ref().map(String::as_str));
    let sent = order("o-1");
    for ((format, topic), (key_id, id)) in FORMATS.into_iter().zip(&topics).zip(ids) {
        assert_written(&post_json(&gateway, topic, &sent), 1);
        let written = only_record(topic);
        let key = written.key.as_deref().expect("a key");
        assert_eq!((framed_id(key), framed_id(value(&written))), (key_id, id), "{topic}");
        assert_eq!(read(format, key)["value"], sent["home"], "{topic}");
        assert_eq!(read(format, value(&written))["value"], shop(format).read(&sent), "{topic}");
    }
}
