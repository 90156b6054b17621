//! Two tenants with keys and topics of their own, one topic for each kind of body. Neither gets an event into a topic of
//! the other, whatever it tries.

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Connection, Request};
use forebay_tests::keys::{ApiKey, KeyFile};
use serde_json::json;

use super::attempts::{self, Attempt};
use super::house::{assert_refused, path, records};

/// The formats of a tenant's topics, each with its contract's value and the producer that lets the tenant in, in which `@`
/// stands for its letter.
const FORMATS: [(&str, &str, &str); 5] = [
    ("json", "{ format: json }", "svc-@"),
    ("avro", "{ format: avro, schema: note.avsc, framing: none }", "svc-@*"),
    ("protobuf", "{ format: protobuf, schema: note.proto, framing: none }", "group:@-team"),
    ("text", "{ format: string }", "svc-@"),
    ("octets", "{ format: bytes }", "group:@-*"),
];
const AVRO: &str = r#"{ "type": "record", "name": "Note", "fields": [{ "name": "text", "type": "string" }] }"#;
const PROTOBUF: &str = "syntax = \"proto3\";\nmessage Note {\n  string text = 1;\n}\n";

/// Bodies that a tenant's topics take: their format, media type and bytes, and how many events they are.
pub(crate) const BODIES: [(&str, &str, &[u8], usize); 11] = [
    ("json", "application/json", b"{\"text\":\"note\"}", 1),
    ("json", "application/json", b"[{\"text\":\"note\"},{\"text\":\"note\"}]", 2),
    ("json", "application/x-ndjson", b"{\"text\":\"note\"}\n{\"text\":\"note\"}\n", 2),
    ("avro", "application/json", b"{\"text\":\"note\"}", 1),
    ("avro", "avro/binary", b"\x08note", 1),
    ("protobuf", "application/json", b"{\"text\":\"note\"}", 1),
    ("protobuf", "application/x-protobuf", b"\x0a\x04note", 1),
    ("protobuf", "application/x-protobuf; encoding=delimited", b"\x06\x0a\x04note\x06\x0a\x04note", 2),
    ("text", "text/plain", b"note", 1),
    ("octets", "application/octet-stream", b"note", 1),
    ("octets", "application/json", b"\"bm90ZQ==\"", 1),
];

/// One of the two.
pub(crate) struct Tenant {
    letter: &'static str,
    pub(crate) name: String,
    pub(crate) key: ApiKey,
}

impl Tenant {
    fn new(letter: &'static str) -> Self {
        let (name, group) = (format!("svc-{letter}"), format!("{letter}-team"));
        let key = ApiKey::new(&name, &[&group]);
        Self { letter, name, key }
    }

    /// Its topic for bodies of this format.
    pub(crate) fn topic(&self, format: &str) -> String {
        format!("tenants.{}.{format}.v1", self.letter)
    }

    /// The topic that it writes while it tries to write another one.
    pub(crate) fn own(&self) -> String {
        self.topic("own")
    }

    fn contracts(&self, mut catalog: Catalog) -> Catalog {
        for (format, value, producer) in FORMATS {
            let topic = self.topic(format);
            let producer = producer.replace('@', self.letter);
            catalog = catalog.contract(&topic, &format!("value: {value}\nproducers: [\"{producer}\"]"));
            catalog = match format {
                "avro" => catalog.file(&topic, "note.avsc", AVRO),
                "protobuf" => catalog.file(&topic, "note.proto", PROTOBUF),
                _ => catalog,
            };
        }
        catalog.contract(&self.own(), &format!("value: {{ format: json }}\nproducers: [{}]", self.name))
    }

    fn create_topics(&self) {
        for (format, ..) in FORMATS {
            Cluster::shared().create_topic(&self.topic(format), 1, &[]);
        }
        Cluster::shared().create_topic(&self.own(), 1, &[]);
    }
}

/// A gateway that takes keys, and in principle the word of proxies that are somewhere else.
fn gateway(a: &Tenant, b: &Tenant) -> (Gateway, KeyFile) {
    let catalog = b.contracts(a.contracts(Catalog::new()));
    let keys = KeyFile::new(&[&a.key, &b.key]);
    let authn = json!({ "api_keys": keys.path(), "proxy": { "header": "X-Forebay-Principal" } });
    let elsewhere = json!({ "listen": { "trusted_proxies": ["192.0.2.0/24"] } });
    (Gateway::start_proven(&Cluster::shared().bootstrap(), &catalog, authn, elsewhere), keys)
}

#[test]
fn neither_tenant_writes_the_others_topics() {
    let (a, b) = (Tenant::new("a"), Tenant::new("b"));
    a.create_topics();
    b.create_topics();
    let (gateway, _keys) = gateway(&a, &b);
    for (me, other) in [(&a, &b), (&b, &a)] {
        for attempt in attempts::all(me, other) {
            hold(&gateway, me, other, &attempt);
        }
        is_told_before_it_sends_the_body(&gateway, me, other);
        a_second_request_on_the_connection_is_another_request(&gateway, me, other);
    }
    // What was refused was refused for its sender alone: its owner may write the very same.
    for owner in [&a, &b] {
        for (format, ..) in FORMATS {
            let topic = owner.topic(format);
            let written = write_all(&gateway, owner, format);
            assert_eq!(records(&topic, written).len(), written, "{topic} has what its owner wrote and no more");
        }
    }
}

fn hold(gateway: &Gateway, me: &Tenant, other: &Tenant, attempt: &Attempt) {
    let Attempt { what, request, expected } = attempt;
    let answer = gateway.client().send(request);
    let what = format!("{} as {}", what, me.name);
    match *expected {
        Ok(written) => assert_eq!((answer.status, &answer.json()["written"]), (200, &json!(written)), "{what}"),
        Err((status, code)) => {
            assert_refused(&what, &answer, status, code);
            assert!(!answer.text().contains(&other.name), "{what}: who else may is nobody's business: {answer}");
            let challenged = answer.header("www-authenticate").is_some();
            assert_eq!(challenged, status == 401, "{what}: {answer}");
            if status == 403 {
                let said = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
                assert!(said.contains(&me.name) && said.contains("team-tests"), "who one is, whose it is: {answer}");
            }
        }
    }
}

fn write_all(gateway: &Gateway, owner: &Tenant, format: &str) -> usize {
    let mut written = 0;
    for (_, media_type, body, events) in BODIES.iter().filter(|body| body.0 == format) {
        let request = Request::post(path(&owner.topic(format)), *body).header("content-type", media_type);
        let answer = gateway.client().send(&request.header("authorization", &owner.key.bearer()));
        assert_eq!((answer.status, &answer.json()["written"]), (200, &json!(events)), "{media_type}: {answer}");
        written += events;
    }
    written
}

/// `Expect: 100-continue` (RFC 9110, section 10.1.1): the verdict comes instead of the invitation to send the body.
fn is_told_before_it_sends_the_body(gateway: &Gateway, me: &Tenant, other: &Tenant) {
    let key = me.key.bearer();
    for (topic, authorization, status) in
        [(other.topic("json"), key.as_str(), "403"), (me.own(), "Bearer nobody", "401"), (me.own(), &key, "100")]
    {
        let mut connection = Connection::open(gateway.address()).expect("a connection");
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: forebay\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\
             authorization: {authorization}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
            path(&topic)
        );
        connection.write(head.as_bytes()).expect("the head is taken");
        if status == "100" {
            // Whoever may is invited; an end instead of the body ends the connection.
            connection.write(b"{}").expect("the body is taken");
        }
        let told = String::from_utf8_lossy(&connection.rest()).into_owned();
        assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{topic} as {}: {told}", me.name);
        assert_eq!(told.contains("HTTP/1.1 100"), status == "100", "{told}");
    }
}

/// Two requests in one write (RFC 9112, section 9.3.2): the rights of the first say nothing of the second.
fn a_second_request_on_the_connection_is_another_request(gateway: &Gateway, me: &Tenant, other: &Tenant) {
    let request = |topic: &str, authorization: &str| {
        let head = format!("POST {} HTTP/1.1\r\nhost: forebay\r\ncontent-type: application/json\r\n", path(topic));
        format!("{head}{authorization}content-length: 15\r\n\r\n{{\"text\":\"note\"}}")
    };
    let proof = format!("authorization: {}\r\n", me.key.bearer());
    for (second, status) in [
        (request(&other.topic("json"), &proof), 403),
        (request(&other.topic("json"), ""), 401),
        (request(&me.own(), ""), 401),
    ] {
        let mut connection = Connection::open(gateway.address()).expect("a connection");
        let both = format!("{}{second}", request(&me.own(), &proof));
        connection.write(both.as_bytes()).expect("both are taken");
        let told = [(); 2].map(|()| connection.answer().expect("an answer").status);
        assert_eq!(told, [200, status], "{second}");
    }
}
