//! Bodies that are encoded already: bare, behind Confluent's frame, delimited; by another version of the schema; and
//! those that are not what they say.

use forebay_tests::catalog::Catalog;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Answer, Request};
use forebay_tests::registry::{Format, Registry};
use serde_json::{Value, json};

use super::house::{
    FACTS, assert_refused, assert_written, confluent, framed_id, gateway, path, post, post_json, read, records, value,
};
use super::shop::{Shop, order, shop};

/// How many events [`Versions::each_way`] sends.
const WAYS: usize = 5;

/// A topic of orders with two versions, and what Confluent's serializer made of an order by each.
struct Versions {
    shop: Shop,
    topic: &'static str,
    gateway: Gateway,
    ids: [u32; 2],
    framed: [Vec<u8>; 2],
    /// The id of another subject's schema, which has the very same text but for a name.
    other: u32,
}

impl Versions {
    fn of(format: Format, topic: &'static str) -> Self {
        let (shop, registry) = (shop(format), Registry::shared());
        let (url, subject) = (registry.url(), format!("{topic}-value"));
        shop.register_parts(registry, topic);
        // Confluent's serializer writes by the latest version of the moment.
        let client = confluent(&url, topic, format);
        let mut sent = order("o-1");
        if format == Format::Avro {
            sent["total"] = json!({ "$decimal": "12.50" });
            sent["seal"] = json!({ "$bytes": "AP8=" });
            sent["at"] = json!(super::shop::AT);
        }
        let first = shop.register_order(registry, topic, &subject, shop.order.text);
        let by_first = client.write(std::slice::from_ref(&sent)).remove(0);
        let second = shop.register_order(registry, topic, &subject, &shop.wider());
        let by_second = client.write(&[sent]).remove(0);
        let other = shop.order.text.replace("note", "remark");
        let other = shop.register_order(registry, topic, &format!("{topic}-other"), &other);
        assert_eq!([framed_id(&by_first), framed_id(&by_second)], [first, second]);
        let contract = format!("{}\n{FACTS}", shop.value("subject: { strategy: topic }"));
        let gateway = gateway(&Catalog::new().contract(topic, &contract), &[topic]);
        Self { shop, topic, gateway, ids: [first, second], framed: [by_first, by_second], other }
    }

    fn named(&self, media_type: &str, id: u32, body: &[u8]) -> Answer {
        let request = Request::post(path(self.topic), body).header("content-type", media_type);
        self.gateway.client().send(&request.header("forebay-schema-id", &id.to_string()))
    }

    /// The record at this place, counted from 1, is the last, and is this, byte for byte, and its readers see the order.
    fn assert_last(&self, place: usize, framed: &[u8]) {
        let records = records(self.topic, place);
        assert_eq!(records.len(), place, "{}", self.topic);
        let last = records.last().expect("a record");
        assert_eq!(value(last), framed);
        assert_eq!((last.key_text(), last.header("event-id")), (Some("c-7"), Some("o-1")));
        let mut expected = self.shop.read(&order("o-1"));
        if self.shop.format == Format::Avro && framed_id(framed) == self.ids[1] {
            expected["channel"] = json!("web");
        }
        assert_eq!(read(self.shop.format, framed)["value"], expected);
    }

    fn each_way(&self, media_type: &str, payload: impl Fn(&[u8]) -> &[u8]) {
        let [first, second] = &self.framed;
        let framed_type = format!("{media_type}; framing=confluent");
        assert_written(&post(&self.gateway, self.topic, media_type, payload(second)), 1);
        self.assert_last(1, second);
        assert_written(&post(&self.gateway, self.topic, &framed_type, second), 1);
        self.assert_last(2, second);
        assert_written(&post(&self.gateway, self.topic, &framed_type, first), 1);
        self.assert_last(3, first);
        assert_written(&self.named(media_type, self.ids[0], payload(first)), 1);
        self.assert_last(4, first);
        assert_written(&self.named("application/json", self.ids[0], order("o-1").to_string().as_bytes()), 1);
        self.assert_last(WAYS, first);
    }

    fn each_refusal(&self, media_type: &str, payload: impl Fn(&[u8]) -> &[u8]) {
        let before = records(self.topic, WAYS).len();
        let framed_type = &format!("{media_type}; framing=confluent");
        let [first, second] = &self.framed;
        let with_id = |id: u32| [&[0], &id.to_be_bytes()[..], &second[5..]].concat();
        let framed = |body: &[u8]| post(&self.gateway, self.topic, framed_type, body);
        assert_refused(&framed(&with_id(self.other)), 422, "incompatible_schema", "none of this topic's");
        assert_refused(&framed(&with_id(2_000_000_000)), 422, "unknown_schema", "no schema of id 2000000000");
        assert_refused(&framed(&with_id(u32::MAX)), 422, "unknown_schema", "no schema of id");
        assert_refused(&framed(&[&[1], &first[1..]].concat()), 400, "malformed", "frame");
        assert_refused(&framed(&second[..4]), 400, "malformed", "frame");
        assert_refused(&framed(&second[..second.len() - 3]), 400, "malformed", "");
        assert_refused(&self.named(framed_type, self.ids[0], second), 400, "malformed", "Forebay-Schema-Id");
        assert_refused(&self.named(media_type, self.other, payload(second)), 422, "incompatible_schema", "");
        let bare = |body: &[u8]| post(&self.gateway, self.topic, media_type, body);
        assert_refused(&bare(&[0xff; 40]), 400, "malformed", "");
        assert_refused(&bare(b"\x80"), 400, "malformed", "");
        assert_refused(&bare(&payload(second)[..20]), 400, "malformed", "");
        let words = format!("application/json, application/x-ndjson or {media_type}");
        for strange in ["text/plain", "application/octet-stream", "application/xml"] {
            assert_refused(&post(&self.gateway, self.topic, strange, b"x"), 415, "unsupported_media_type", &words);
        }
        assert_eq!(records(self.topic, before).len(), before, "what is not_written never appears");
    }
}

#[test]
fn avro_comes_as_bytes() {
    let versions = Versions::of(Format::Avro, "bodies.avro.v1");
    versions.each_way("avro/binary", |framed| &framed[5..]);
    versions.each_refusal("avro/binary", |framed| &framed[5..]);
    let trailing = [&versions.framed[1][5..], b"x"].concat();
    let answer = post(&versions.gateway, versions.topic, "avro/binary", &trailing);
    assert_refused(&answer, 400, "malformed", "");
    let wrong = post(&versions.gateway, versions.topic, "application/x-protobuf", b"x");
    assert_refused(&wrong, 415, "unsupported_media_type", "or avro/binary");
}

#[test]
fn protobuf_comes_as_bytes() {
    let versions = Versions::of(Format::Protobuf, "bodies.protobuf.v1");
    // The order is the file's second message: one index, and it is 1.
    assert_eq!(versions.framed[1][5..7], [2, 2]);
    versions.each_way("application/x-protobuf", |framed| &framed[7..]);
    versions.each_refusal("application/x-protobuf", |framed| &framed[7..]);
    let mut line = versions.framed[1].clone();
    line[6] = 0; // the file's first message
    let answer = post(&versions.gateway, versions.topic, "application/x-protobuf; framing=confluent", &line);
    assert_refused(&answer, 400, "malformed", "");
}

#[test]
fn protobuf_comes_delimited() {
    let (topic, url) = ("bodies.delimited.v1", Registry::shared().url());
    let shop = shop(Format::Protobuf);
    shop.register_parts(Registry::shared(), topic);
    shop.register_order(Registry::shared(), topic, &format!("{topic}-value"), shop.order.text);
    let contract = format!("{}\n{FACTS}", shop.value("subject: { strategy: topic }"));
    let gateway = gateway(&Catalog::new().contract(topic, &contract), &[topic]);
    let mut sent: Vec<_> = (0..3).map(|n| order(&format!("o-{n}"))).collect();
    for order in &mut sent {
        order["note"] = json!("ring twice. ".repeat(20)); // a length of two bytes
    }
    let framed = confluent(&url, topic, Format::Protobuf).write(&sent);
    let delimited = |message: &[u8]| {
        let length = message.len();
        assert!((128..16_384).contains(&length), "it takes two bytes to say {length}");
        [&[u8::try_from(length % 128).unwrap_or(0) | 128, u8::try_from(length / 128).unwrap_or(0)], message].concat()
    };
    let bodies: Vec<_> = framed.iter().map(|framed| delimited(&framed[7..])).collect();
    let media_type = "application/x-protobuf; encoding=delimited";
    assert_written(&post(&gateway, topic, media_type, &bodies.concat()), 3);
    let values: Vec<_> = records(topic, 3).iter().map(|record| value(record).to_vec()).collect();
    assert_eq!(values, framed, "in the order of the body");
    assert_eq!(
        confluent(&url, topic, Format::Protobuf).read(&values),
        sent.iter().map(|one| shop.read(one)).collect::<Vec<_>>()
    );

    // A message that is none does not sink its neighbours; a length that lies sinks the body.
    let broken = [&bodies[0], &[1, 0x80][..], &bodies[2]].concat();
    let answer = post(&gateway, topic, media_type, &broken);
    assert_eq!((answer.status, &answer.json()["events"][1]["code"]), (207, &json!("malformed")), "{answer}");
    let cut = &bodies.concat()[..700];
    assert_refused(&post(&gateway, topic, media_type, cut), 400, "malformed", "not delimited");
    assert_eq!(records(topic, 5).len(), 5);
}

#[test]
fn text_and_octets_come_as_they_are() {
    let [text, octets, json] = ["bodies.text.v1", "bodies.octets.v1", "bodies.json.v1"];
    let catalog = Catalog::new()
        .contract(text, "value: { format: string }")
        .contract(octets, "value: { format: bytes }")
        .json(json);
    let gateway = gateway(&catalog, &[text, octets, json]);
    let stored = |topic: &str, count| records(topic, count).into_iter().map(|record| record.value).collect::<Vec<_>>();
    let bytes: Vec<u8> = (0..=255).collect();
    assert_written(&post(&gateway, text, "text/plain; charset=utf-8", "Grüße\n".as_bytes()), 1);
    assert_written(&post_json(&gateway, text, &Value::from("Grüße\n")), 1);
    assert_written(&post(&gateway, octets, "application/octet-stream", &bytes), 1);
    assert_eq!(stored(text, 2), [Some("Grüße\n".as_bytes().to_vec()), Some("Grüße\n".as_bytes().to_vec())]);
    assert_eq!(stored(octets, 1), [Some(bytes.clone())]);
    assert_refused(&post(&gateway, text, "text/plain", &bytes), 400, "malformed", "");
    for (topic, wrong, words) in [
        (text, "application/octet-stream", "application/json, application/x-ndjson or text/plain"),
        (octets, "text/plain", "application/json, application/x-ndjson or application/octet-stream"),
        (json, "avro/binary", "application/json or application/x-ndjson"),
    ] {
        assert_refused(&post(&gateway, topic, wrong, b"x"), 415, "unsupported_media_type", words);
    }
    assert_eq!((stored(text, 2).len(), stored(octets, 1).len(), stored(json, 0).len()), (2, 1, 0));
}
