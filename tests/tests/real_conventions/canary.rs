//! A word is planted in every place of what the gateway is sent: fields, keys, header fields, credentials, query, topics.
//! Then everything that it has said is searched for them: its log at its loudest, its metrics and pages, its answers, its
//! traces, the copies of refused events and the records themselves.

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::{Gateway, forebay};
use forebay_tests::http::{Answer, Connection, Request};
use forebay_tests::issuer::{SigningKey, in_seconds};
use forebay_tests::kafka::Record;
use forebay_tests::keys::{ApiKey, KeyFile, basic};
use forebay_tests::process::{eventually, run, scratch};
use serde_json::{Value, json};

use super::house::{path, records};
use super::planted::{ALL, Kind, Planted};

const TOPIC: &str = "canary.order.v1";
const OTHERS: &str = "canary.others.v1";
const MISSING: &str = "canary.missing.v1";
const DEAD: &str = "canary.dead.v1";

const SCHEMA: &str = r#"{
  "type": "record", "name": "Order", "namespace": "canary", "fields": [
    { "name": "id", "type": "string" },
    { "name": "service", "type": "string" },
    { "name": "email", "type": "string" },
    { "name": "phone", "type": ["null", "string"], "default": null },
    { "name": "name", "type": ["null", "string"], "default": null },
    { "name": "items", "type": { "type": "array", "items": { "type": "record", "name": "Item", "fields": [
      { "name": "label", "type": "string" }, { "name": "secret", "type": "string" } ] } } },
    { "name": "kind", "type": { "type": "enum", "name": "Kind", "symbols": ["a", "b"] } },
    { "name": "at", "type": { "type": "long", "logicalType": "timestamp-millis" } },
    { "name": "total", "type": "long" },
    { "name": "note", "type": "string" }
  ]
}"#;

const RULES: &str = r#"
- name: total-is-positive
  applies_to: event
  when: event.total < 0
  action: block
- name: notes-are-known
  applies_to: event
  require: { values: { /note: "canary.*|known" } }
  action: block
- name: no-mail-in-shadow
  applies_to: event
  when: event.email.contains("canary")
  action: block
  rollout: shadow
- name: notes-warn
  applies_to: event
  when: event.note.startsWith("canary") && event.id != event.note
  action: warn
- name: notes-are-numbers
  applies_to: event
  topics: [canary.order.*]
  when: event.total == 13 && int(event.note) > 0
  action: warn
  on_error: block
"#;

/// Everything that was planted, sent and heard.
struct Field {
    planted: Planted,
    gateway: Gateway,
    key: ApiKey,
    token: String,
    answers: Vec<(String, Answer)>,
    folder: std::path::PathBuf,
    catalog: Catalog,
}

/// Bytes that were sent to a collector of traces, which never answers.
fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("a bound port"));
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    let sink = Arc::clone(&heard);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let sink = Arc::clone(&sink);
            std::thread::spawn(move || {
                let mut chunk = [0; 8192];
                while let Ok(read @ 1..) = stream.read(&mut chunk) {
                    sink.lock().expect("no holder panics").extend_from_slice(&chunk[..read]);
                }
            });
        }
    });
    (address, heard)
}

fn catalog() -> Catalog {
    let value = "value: { format: avro, schema: order.avsc, framing: none }";
    let facts = "id: { from: /id }\ntime: { from: /at }\nkey: { header: Forebay-Key }";
    let pii = "pii: { /email: mask, /phone: hash, /name: drop, '/items/*/secret': mask }";
    let contract = format!(
        "{value}\n{facts}\n{pii}\ndead_letter: {DEAD}\nbind: {{ /service: principal }}\nlimits: {{ bytes_per_event: 4KiB }}"
    );
    [TOPIC, MISSING]
        .iter()
        .fold(Catalog::new().convention("rules.yaml", RULES), |catalog, topic| {
            catalog.contract(topic, &contract).file(topic, "order.avsc", SCHEMA)
        })
        .contract(OTHERS, "value: { format: json }\nproducers: [svc-b]")
        .json(DEAD)
}

impl Field {
    fn new(collector: &str) -> Self {
        let mut planted = Planted::default();
        let cluster = Cluster::shared();
        for topic in [TOPIC, OTHERS, DEAD] {
            cluster.create_topic(topic, 1, &[]);
        }
        let (folder, catalog, signer) = (scratch("canary"), catalog(), SigningKey::new("2026-1"));
        let (key, slow) = (ApiKey::new("svc-a", &[]), ApiKey::new("slow", &[]));
        planted.know(Kind::Secret, "the API key's secret", key.secret());
        let keys = KeyFile::new(&[&key, &slow]);
        let hash_key = planted.plant(Kind::Secret, "the key of the hashes");
        std::fs::write(folder.join("hash.key"), format!("{hash_key}{hash_key}")).expect("a file");
        std::fs::write(folder.join("jwks.json"), json!({ "keys": [signer.jwk()] }).to_string()).expect("a file");
        let claim = planted.plant(Kind::Secret, "a claim of the token");
        let claims =
            json!({ "iss": "canary", "aud": "forebay", "sub": "svc-a", "exp": in_seconds(600), "extra": claim });
        let token = signer.token(&claims);
        for (place, part) in ["head", "claims", "signature"].iter().zip(token.split('.')) {
            planted.know(Kind::Secret, &format!("the token's {place}"), part);
        }
        let jwks = folder.join("jwks.json");
        let issuer = json!({ "issuer": "canary", "audience": "forebay", "jwks": jwks, "algorithms": ["ES256"] });
        let authn = json!({ "api_keys": keys.path(), "jwt": [issuer] });
        let password = planted.plant(Kind::Secret, "a property of Kafka's client");
        let settings = json!({
            "telemetry": { "log": "trace", "otlp": collector, "sample": 1 },
            "pii": { "hash_key_file": folder.join("hash.key") },
            "kafka": { "properties": { "sasl.password": password } },
            "admission": { "rates": { "slow": { "events_per_second": 1 } } },
            "listen": { "body_timeout": "1s" },
        });
        let gateway = Gateway::start_proven(&cluster.bootstrap(), &catalog, authn, settings);
        let mut field = Self { planted, gateway, key, token, answers: Vec::new(), folder, catalog };
        field.send_slow(&slow);
        field
    }

    /// An event with a word in each of its fields; `more` changes some.
    fn event(&mut self, more: Value) -> Value {
        let p = &mut self.planted;
        let mut event = json!({
            "id": p.plant(Kind::Plain, "an id"),
            "service": "svc-a",
            "email": p.plant(Kind::Personal, "a field that is masked"),
            "phone": p.plant(Kind::Personal, "a field that is hashed"),
            "name": p.plant(Kind::Personal, "a field that is dropped"),
            "items": [{
                "label": p.plant(Kind::Plain, "a field of an array"),
                "secret": p.plant(Kind::Personal, "a field of an array that is masked"),
            }],
            "kind": "a",
            "at": in_seconds(0) * 1000,
            "total": 1,
            "note": p.plant(Kind::Plain, "a field"),
        });
        let Value::Object(more) = more else { panic!("members are an object") };
        event.as_object_mut().expect("an object").extend(more);
        event
    }

    /// Sends a request with words in its header fields, and notes the answer.
    fn send(&mut self, what: &str, request: Request) -> Answer {
        let header = self.planted.plant(Kind::Secret, "a header field");
        let cookie = self.planted.plant(Kind::Secret, "a cookie");
        let request = request.header("x-anything", &header).header("cookie", &format!("a={cookie}"));
        let answer = self.gateway.client().send(&request);
        self.answers.push((what.to_owned(), answer.clone()));
        answer
    }

    /// Posts a body as svc-a, by its key or its token, with a key for the record.
    fn post(&mut self, what: &str, topic: &str, body: &str) -> Answer {
        let key = self.planted.plant(Kind::Plain, "the record's key");
        let by_token = self.answers.len().is_multiple_of(2);
        let proof = if by_token { format!("Bearer {}", self.token) } else { self.key.bearer() };
        let request = Request::json(path(topic), body).header("authorization", &proof);
        self.send(what, request.header("forebay-key", &key))
    }

    fn send_slow(&mut self, slow: &ApiKey) {
        self.planted.know(Kind::Secret, "the slow one's secret", slow.secret());
        for _ in 0..2 {
            let event = self.event(json!({ "service": "slow" })).to_string();
            let request = Request::json(path(TOPIC), event).header("authorization", &slow.bearer());
            self.send("rate_limited", request.header("forebay-key", "k"));
        }
    }
}

/// Events that are refused for what they are, each with its code.
fn refused(field: &mut Field) {
    let changes = [
        ("schema_violation", json!({ "total": "not a number" })),
        (
            "schema_violation",
            json!({ "kind": "WORD", "at": "WORD", "total": "WORD", "note": ["WORD"], "items": "WORD" }),
        ),
        ("schema_violation", json!({ "email": { "a": "PERSON" }, "phone": ["PERSON"], "name": 7 })),
        ("schema_violation", json!({ "items": [{ "label": { "x": "WORD" }, "secret": ["PERSON"] }] })),
        ("schema_violation", json!({ "id": ["WORD"] })),
        ("schema_violation", json!({ "NAME": "WORD" })),
        ("convention_violation", json!({ "total": -1 })),
        ("convention_violation", json!({ "note": "unWORD" })),
        ("convention_violation", json!({ "total": 13, "note": "known" })),
        ("forbidden", json!({ "service": "WORD" })),
        ("too_large", json!({ "note": "WORD".repeat(1024) })),
        ("invalid_record", json!({ "at": in_seconds(86_400 * 30) * 1000 })),
    ];
    for (code, change) in changes {
        let word = field.planted.plant(Kind::Plain, "a value that is refused");
        let person = field.planted.plant(Kind::Personal, "a personal value that is refused");
        let name = field.planted.plant(Kind::Name, "a member's name");
        let change = change.to_string().replace("WORD", &word).replace("PERSON", &person).replace("NAME", &name);
        let event = field.event(serde_json::from_str(&change).expect("the same with words"));
        let answer = field.post(code, TOPIC, &event.to_string());
        assert_eq!(answer.code(), code, "{answer}");
        let tried = trial(field, &event);
        assert_eq!(tried.code(), code, "{tried}");
        explain(field, &event, 1);
    }
    let event = field.event(json!({})).to_string();
    for (code, body) in [
        ("malformed", event[..event.len() - 3].to_owned()),
        ("malformed", event.replacen('{', "{\"id\":\"x\",", 1)),
        ("malformed", event.replace("canary", "canary\\ud800")),
        ("malformed", format!("{event}{event}")),
    ] {
        assert_eq!(field.post(code, TOPIC, &body).code(), code);
    }
    let unkeyed = Request::json(path(TOPIC), event).header("authorization", &field.key.bearer());
    assert_eq!(field.send("missing_key", unkeyed).code(), "missing_key");
    refused_otherwise(field);
}

/// The same as lines with receipts, and as bytes of Avro.
fn refused_otherwise(field: &mut Field) {
    let word = field.planted.plant(Kind::Plain, "a value in a line that is refused");
    let event = field.event(json!({ "total": word })).to_string();
    let proven =
        |request: Request, key: &ApiKey| request.header("authorization", &key.bearer()).header("forebay-key", "k");
    let lines = Request::ndjson(path(TOPIC), format!("{event}\n{}\n", &event[..event.len() - 9]));
    let answer = field.send("receipts", proven(lines, &field.key).header("accept", "application/x-ndjson"));
    let codes: Vec<_> = answer.text().lines().map(|line| line.contains("schema_violation")).collect();
    assert_eq!(codes, [true, false], "{answer}");
    let bytes = [&[2 * 22], word.as_bytes(), &[2 * 60], event.as_bytes()].concat();
    let encoded = Request::post(path(TOPIC), bytes).header("content-type", "avro/binary");
    let answer = field.send("malformed", proven(encoded, &field.key));
    assert_eq!(answer.code(), "malformed", "{answer}");
}

/// Requests that are refused by their head, each with its code.
fn rejected(field: &mut Field) {
    let event = field.event(json!({})).to_string();
    assert_eq!(field.post("forbidden", OTHERS, &event).code(), "forbidden");
    assert_eq!(field.post("unknown_topic", MISSING, &event).code(), "unknown_topic");
    let topic = field.planted.plant(Kind::Secret, "a topic that is none");
    assert_eq!(field.post("unknown_topic", &topic, &event).code(), "unknown_topic");
    let proven =
        |field: &Field, path: String| Request::json(path, event.clone()).header("authorization", &field.key.bearer());
    let nowhere = proven(field, format!("/v1/{topic}"));
    assert_eq!(field.send("not_found", nowhere).code(), "not_found");
    assert_eq!(field.send("method_not_allowed", Request::get(path(&topic))).code(), "method_not_allowed");
    let word = field.planted.plant(Kind::Secret, "a header field of the gateway's own");
    for (code, name) in [("unsupported_media_type", "content-encoding"), ("unknown_schema", "forebay-schema-id")] {
        let request = proven(field, path(TOPIC)).header(name, &word);
        assert_eq!(field.send(code, request).code(), code);
    }
    let query = field.planted.plant(Kind::Secret, "the query");
    for query in [format!("dry_run={query}"), format!("a={query}"), query] {
        let asked = proven(field, format!("{}?{query}", path(TOPIC)));
        assert_eq!(field.send("malformed", asked).code(), "malformed");
    }
    let typed = Request::post(path(TOPIC), event.clone()).header("content-type", &format!("text/{word}"));
    let typed = typed.header("authorization", &field.key.bearer());
    assert_eq!(field.send("unsupported_media_type", typed).code(), "unsupported_media_type");
    let unknown = field.key.text.replace(field.key.id(), "aaaaaaaaaa");
    let expired = SigningKey::new("2026-1").token(&json!({ "iss": "canary", "exp": 1, "sub": word }));
    for proof in [
        format!("Bearer {word}"),
        format!("Bearer fb_{word}"),
        format!("Bearer {unknown}"),
        format!("Bearer {expired}"),
        format!("Bearer {}x", field.token),
        format!("Digest {word}"),
        basic(field.key.id(), &word),
        basic(&word, field.key.secret()),
        word.clone(),
    ] {
        let request = Request::json(path(TOPIC), event.clone()).header("authorization", &proof);
        assert_eq!(field.send("unauthenticated", request).code(), "unauthenticated");
    }
    half_a_body(field, &event);
}

/// A body that does not come to its end in time.
fn half_a_body(field: &mut Field, event: &str) {
    let mut connection = Connection::open(field.gateway.address()).expect("a connection");
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: forebay\r\ncontent-type: application/json\r\nauthorization: {}\r\n\
         content-length: 9000\r\n\r\n{event}",
        path(TOPIC),
        field.key.bearer()
    );
    connection.write(head.as_bytes()).expect("a half is taken");
    let answer = connection.answer().expect("an answer");
    assert_eq!(answer.code(), "body_timeout", "{answer}");
    field.answers.push(("body_timeout".to_owned(), answer));
}

fn trial(field: &mut Field, event: &Value) -> Answer {
    let request = Request::json(path(TOPIC) + "?dry_run=true", event.to_string());
    let request = request.header("authorization", &field.key.bearer()).header("forebay-key", "k");
    field.send("a trial", request)
}

/// `forebay explain` offline: what it prints is held to the same as an answer.
fn explain(field: &mut Field, event: &Value, code: i32) {
    let file = field.folder.join("event.json");
    std::fs::write(&file, event.to_string()).expect("an event's file");
    let (catalog, conventions) = (field.catalog.contracts(), field.catalog.conventions());
    let (file, catalog, conventions) =
        (file.to_string_lossy(), catalog.to_string_lossy(), conventions.to_string_lossy());
    let named = ["--catalog", &catalog, "--conventions", &conventions, "--header", "forebay-key: k"];
    let command = ["explain", &file, "--topic", TOPIC, "--principal", "svc-a"];
    let done = run(forebay(&[&command[..], &named[..]].concat()), Duration::from_mins(1));
    let said = format!("{}{}", done.stdout, done.stderr);
    // What only Kafka would refuse is not known offline.
    assert!(done.code == Some(code) || said.contains("would be written"), "{said}");
    let kinds: &[Kind] = if said.contains("would be written") {
        &[Kind::Personal, Kind::Secret]
    } else {
        &[Kind::Personal, Kind::Secret, Kind::Plain]
    };
    assert_eq!(field.planted.found(said.as_bytes(), kinds), Vec::<&str>::new(), "{said}");
}

/// What stands in records and what in their header fields.
fn bytes_of(records: &[Record]) -> Vec<u8> {
    let each = records.iter().flat_map(|record| {
        let headers =
            record.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_deref().unwrap_or_default()]);
        let parts =
            headers.chain([record.key.as_deref().unwrap_or_default(), record.value.as_deref().unwrap_or_default()]);
        parts.flat_map(|part| [part, b"\n"].concat()).collect::<Vec<_>>()
    });
    each.collect()
}

#[track_caller]
fn assert_nothing(planted: &Planted, what: &str, said: &[u8], kinds: &[Kind]) {
    let found = planted.found(said, kinds);
    assert!(found.is_empty(), "{what} says {found:?}:\n{}", String::from_utf8_lossy(&said[..said.len().min(20_000)]));
}

#[test]
fn what_is_planted_turns_up_nowhere_else() {
    let (collector, traces) = collector();
    let mut field = Field::new(&collector);
    let mut written = 1;
    for _ in 0..3 {
        let event = field.event(json!({}));
        let answer = field.post("written", TOPIC, &event.to_string());
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(answer.header("forebay-warning"), Some("notes-warn"), "the words are looked at: {answer}");
        written += 1;
        assert_eq!(trial(&mut field, &event).status, 200);
        explain(&mut field, &event, 0);
    }
    refused(&mut field);
    rejected(&mut field);
    let Field { planted, mut gateway, answers, .. } = field;

    for (what, answer) in &answers {
        let head = format!("{:?}", answer.headers);
        assert_nothing(&planted, what, head.as_bytes(), &ALL);
        // A trial shows what would be written; an unknown member is named.
        let tried = what == "a trial" && answer.status == 200;
        let kinds: &[Kind] =
            if tried { &[Kind::Secret, Kind::Personal] } else { &[Kind::Secret, Kind::Personal, Kind::Plain] };
        assert_nothing(&planted, what, &answer.body, kinds);
    }
    let topic = format!("/contracts/{TOPIC}");
    for page in ["/metrics", "/config", "/conventions", "/contracts", &topic, "/readyz", "/version"] {
        let answer = gateway.admin_client().get(page);
        assert_nothing(&planted, page, &answer.body, &ALL);
    }
    let (orders, dead) = (records(TOPIC, written), records(DEAD, 1));
    assert_eq!(orders.len(), written);
    for (what, records) in [("the topic", &orders), ("copies", &dead)] {
        let bytes = bytes_of(records);
        assert_nothing(&planted, what, &bytes, &[Kind::Secret, Kind::Personal]);
        assert!(!planted.found(&bytes, &[Kind::Plain]).is_empty(), "{what}: the search finds what is there");
    }
    assert!(gateway.drain().success());
    let gone = eventually(Duration::from_secs(30), || gateway.log().text().contains("gone: ").then_some(()));
    gone.expect("the log is whole");
    let log = gateway.log().text();
    assert!(log.contains("\"level\":\"TRACE\"") || log.contains("\"level\":\"DEBUG\""), "it is loud: {log}");
    assert_nothing(&planted, "the log", log.as_bytes(), &ALL);
    let traces = traces.lock().expect("no holder panics").clone();
    assert!(String::from_utf8_lossy(&traces).contains("POST /v1/topics/{topic}/events"), "spans were sent");
    assert_nothing(&planted, "traces", &traces, &ALL);
}
