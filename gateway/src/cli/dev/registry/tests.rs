//! The registry over catalogues of its own, asked as clients ask. Knows no listener.

use std::fmt::Write as _;
use std::path::{Path as FilePath, PathBuf};

use forebay_schemas::contract;
use forebay_schemas::encoder::{Material, Sourced};
use forebay_schemas::schema::{Reference, Schema};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::catalog::{self, ContractSet, Sources};
use crate::clock;
use crate::metrics::Metrics;

/// A catalogue of this test's own, and a registry over it.
struct Desk {
    folder: tempfile::TempDir,
    shelf: Arc<Shelf>,
    edge: Edge,
}

impl Desk {
    fn new() -> Self {
        Self::over(Arc::default())
    }

    fn over(shelf: Arc<Shelf>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let edge = Edge::around(routes(Arc::clone(&shelf)));
        Self { folder, shelf, edge }
    }

    /// Writes a contract with files beside it.
    fn topic(self, topic: &str, value: &str, files: &[(&str, &str)]) -> Self {
        let home = self.folder.path().join(topic);
        std::fs::create_dir_all(&home).expect("a folder");
        let contract = format!("topic: {topic}\nowner: team-a\ndescription: A topic.\nvalue: {value}\n");
        for (name, text) in files.iter().chain([("contract.yaml", &*contract)].iter()) {
            std::fs::write(home.join(name), text).expect("a file");
        }
        self
    }

    fn stocked(self) -> Self {
        self.shelf.restock(&load(self.folder.path()));
        self
    }

    async fn ask(&self, method: &str, address: &str, body: &str) -> (u16, String) {
        let request = Request::builder().method(method).uri(address).body(Body::from(body.to_owned()));
        let response = self.edge.clone().oneshot(request.expect("a request")).await.expect("an answer");
        let status = response.status().as_u16();
        let kind = response.headers().get(http::header::CONTENT_TYPE).expect("a type of content");
        assert_eq!(kind, "application/vnd.schemaregistry.v1+json", "{method} {address}");
        let bytes = response.into_body().collect().await.expect("a whole answer").to_bytes();
        (status, String::from_utf8(bytes.to_vec()).expect("a text"))
    }

    async fn get(&self, address: &str) -> (u16, Value) {
        let (status, text) = self.ask("GET", address, "").await;
        (status, serde_json::from_str(&text).expect("JSON"))
    }

    async fn post(&self, address: &str, body: &Value) -> (u16, Value) {
        let (status, text) = self.ask("POST", address, &body.to_string()).await;
        (status, serde_json::from_str(&text).expect("JSON"))
    }
}

fn load(folder: &FilePath) -> ContractSet {
    let sources = Sources { catalog: folder.to_owned(), conventions: None, hash_key: None };
    let load = catalog::load(&sources, clock::today(), &Metrics::new());
    assert_eq!(load.problems, []);
    load.set.expect("a sound catalogue")
}

fn record(field: &str) -> String {
    format!(r#"{{"type": "record", "name": "A", "fields": [{{"name": "{field}", "type": "string"}}]}}"#)
}

const PLAIN: &str = "{ format: avro, schema: a.avsc, framing: none }";

/// Texts of schemas are long, and stand in their files.
fn shortened(value: &mut Value) {
    if let Some(text) = value.get("schema").and_then(Value::as_str) {
        let head: String = text.chars().filter(|letter| !letter.is_whitespace()).take(40).collect();
        value["schema"] = json!(format!("{head}… ({} bytes)", text.len()));
    }
}

#[tokio::test]
async fn every_answer_over_a_topic_of_the_sample_catalogue() {
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/catalog/energy.meter.read.v1");
    let text = std::fs::read_to_string(sample.join("meter-read.avsc")).expect("a schema");
    let desk = Desk::new().topic("energy.meter.read.v1", "", &[("meter-read.avsc", &text)]);
    let contract = desk.folder.path().join("energy.meter.read.v1/contract.yaml");
    std::fs::copy(sample.join("contract.yaml"), contract).expect("a file");
    let desk = desk.stocked();
    let meters = "energy.meter.read.v1-value";
    let mut shown = String::new();
    for address in [
        "/",
        "/subjects",
        "/subjects/energy.meter.read.v1-value/versions",
        "/subjects/energy.meter.read.v1-value/versions/1",
        "/subjects/energy.meter.read.v1-value/versions/latest",
        "/subjects/energy.meter.read.v1-value/versions/-1",
        "/subjects/energy.meter.read.v1-value/versions/2",
        "/subjects/energy.meter.read.v1-value/versions/first",
        "/subjects/energy.meter.read.v1-value/versions/0",
        "/subjects/energy.meter.read.v1-value/versions/1/referencedby",
        "/subjects/energy.meter.red.v1-value/versions",
        "/subjects/energy.meter.red.v1-value/versions/1",
        "/schemas/types",
        "/schemas/ids/4101",
        "/schemas/ids/4101/subjects",
        "/schemas/ids/4101/versions",
        "/schemas/ids/17",
        "/schemas/ids/17/versions",
        "/schemas/ids/seventeen",
        "/schemas",
        "/config",
        "/config/energy.meter.read.v1-value",
        "/config/energy.meter.red.v1-value",
        "/mode",
        "/mode/energy.meter.read.v1-value",
    ] {
        let (status, mut answer) = desk.get(address).await;
        shortened(&mut answer);
        let _ = write!(shown, "GET {address}\n{status} {answer:#}\n\n");
    }
    for subject in [meters, "energy.meter.red.v1-value"] {
        for address in [format!("/subjects/{subject}"), format!("/subjects/{subject}/versions")] {
            for schema in [&*text, "\"string\"", "no schema"] {
                let (status, mut answer) = desk.post(&address, &json!({ "schema": schema })).await;
                shortened(&mut answer);
                let _ = write!(
                    shown,
                    "POST {address} {:?}\n{status} {answer:#}\n\n",
                    &schema[..1.max(schema.len().min(9))]
                );
            }
        }
    }
    for (method, address) in [
        ("HEAD", "/subjects"),
        ("DELETE", "/subjects/energy.meter.read.v1-value"),
        ("PUT", "/config"),
        ("PUT", "/subjects/energy.meter.read.v1-value/versions"),
    ] {
        let (status, answer) = desk.ask(method, address, "").await;
        let _ = write!(shown, "{method} {address}\n{status} {answer}\n\n");
    }
    insta::assert_snapshot!(shown.trim_end());

    let (_, bare) = desk.ask("GET", "/schemas/ids/4101/schema", "").await;
    assert_eq!(bare, text);
    let (_, bare) = desk.ask("GET", "/subjects/energy.meter.read.v1-value/versions/1/schema", "").await;
    assert_eq!(bare, text);
    let (status, _) = desk.ask("GET", "/subjects/energy.meter.red.v1-value/versions/1/schema", "").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn ids_come_from_the_schema_and_are_the_same_everywhere() {
    let one = Desk::new().topic("a.b", PLAIN, &[("a.avsc", &record("x"))]).stocked();
    let other = Desk::new()
        .topic("a.a", PLAIN, &[("a.avsc", &record("y"))])
        .topic("c.d", "{ format: avro, schema: other.avsc, subject: elsewhere }", &[("other.avsc", &record("x"))])
        .stocked();
    let (_, first) = one.get("/subjects/a.b-value/versions/1").await;
    let (_, second) = other.get("/subjects/elsewhere/versions/1").await;
    let (_, different) = other.get("/subjects/a.a-value/versions/1").await;
    // Once given, an id stands in records for good.
    assert_eq!(first["id"], 482_805_750);
    assert_eq!(second["id"], first["id"]);
    assert_ne!(different["id"], first["id"]);
    let (_, places) = other.get(&format!("/schemas/ids/{}/versions", second["id"])).await;
    assert_eq!(places, json!([{ "subject": "elsewhere", "version": 1 }]));
}

#[tokio::test]
async fn a_changed_file_is_the_next_version_and_the_old_one_stays() {
    let desk = Desk::new().topic("a.b", PLAIN, &[("a.avsc", &record("x"))]).stocked();
    let (_, old) = desk.get("/subjects/a.b-value/versions/latest").await;
    let desk = desk.topic("a.b", PLAIN, &[("a.avsc", &record("y"))]).stocked().stocked();
    assert_eq!(desk.get("/subjects/a.b-value/versions").await, (200, json!([1, 2])));
    let (_, new) = desk.get("/subjects/a.b-value/versions/latest").await;
    assert_eq!((&new["version"], &new["schema"]), (&json!(2), &json!(record("y"))));
    assert_ne!(new["id"], old["id"]);
    let (_, by_id) = desk.get(&format!("/schemas/ids/{}", old["id"])).await;
    assert_eq!(by_id, json!({ "schema": record("x") }));

    let desk = desk.topic("a.b", PLAIN, &[("a.avsc", &record("x"))]).stocked();
    assert_eq!(desk.get("/subjects/a.b-value/versions").await, (200, json!([1, 2])));
    let (status, found) = desk.post("/subjects/a.b-value", &json!({ "schema": record("x") })).await;
    assert_eq!((status, &found["version"]), (200, &json!(1)));
}

#[tokio::test]
async fn an_id_that_the_contract_names_means_the_newest_text_and_the_first_topic() {
    let pinned = "{ format: avro, schema: a.avsc, schema_id: 17 }";
    let desk = Desk::new()
        .topic("a.a", pinned, &[("a.avsc", &record("x"))])
        .topic("a.b", pinned, &[("a.avsc", &record("y"))])
        .stocked();
    assert_eq!(desk.get("/schemas/ids/17").await.1, json!({ "schema": record("x") }));
    assert_eq!(desk.get("/subjects/a.b-value/versions/1").await.1["id"], 17);
    let desk = desk.topic("a.a", pinned, &[("a.avsc", &record("z"))]).stocked();
    assert_eq!(desk.get("/schemas/ids/17").await.1, json!({ "schema": record("z") }));
    assert_eq!(desk.get("/subjects/a.a-value/versions").await.1, json!([1, 2]));
}

#[tokio::test]
async fn the_same_schema_in_another_spelling_is_found_and_another_is_not_registered() {
    let desk = Desk::new().topic("a.b", PLAIN, &[("a.avsc", &record("x"))]).stocked();
    let respelled = record("x").replace(": ", ":").replace("\"string\"", r#"{"type": "string"}"#);
    let id = desk.get("/subjects/a.b-value/versions/1").await.1["id"].clone();
    for (address, expected) in [
        ("/subjects/a.b-value?normalize=true", json!(1)),
        ("/subjects/a.b-value/versions?normalize=false", Value::Null),
    ] {
        let (status, found) = desk.post(address, &json!({ "schema": respelled, "schemaType": "AVRO" })).await;
        assert_eq!((status, &found["id"], &found["version"]), (200, &id, &expected), "{found}");
        assert_eq!(desk.post(address, &json!({ "schema": respelled, "schemaType": "JSON" })).await.0 / 100, 4);
        assert_eq!(desk.post(address, &json!({ "schema": respelled, "schemaType": "XML" })).await.0, 422);
        assert_eq!(desk.post(address, &json!({ "text": respelled })).await.0, 400);
        let long = "x".repeat(LONGEST_BODY);
        assert_eq!(desk.post(address, &json!({ "schema": long })).await.0, 413);
    }
    assert_eq!(desk.get("/subjects/a.b-value/versions").await.1, json!([1]));
}

/// A contract's schema with all files beside it, on a shelf.
fn shelved(value: &str, files: &[(&str, &str)]) -> Desk {
    let text = format!("topic: shop.order.v1\nowner: team-a\ndescription: A topic.\nvalue: {value}\n");
    let contract = contract::read("contract.yaml", &text).expect("a sound contract");
    let reference = |(name, text): &(&str, &str)| Reference { name: (*name).to_owned(), content: (*text).into() };
    let schema = Schema {
        name: files[0].0.to_owned(),
        content: files[0].1.into(),
        references: files[1..].iter().map(reference).collect(),
    };
    let desk = Desk::new();
    let material = Material { value: Some(Sourced { schema, id: None }), ..Material::default() };
    desk.shelf.take_up([(&contract, &material)].into_iter());
    desk
}

/// What the shelf has, with pointers instead of texts.
async fn listed(desk: &Desk) -> String {
    let mut shown = String::new();
    let (_, subjects) = desk.get("/subjects").await;
    for subject in subjects.as_array().expect("a list") {
        let subject = subject.as_str().expect("a name");
        let address = format!("/subjects/{}/versions/1", subject.replace('/', "%2F").replace(':', "%3A"));
        let (_, version) = desk.get(&address).await;
        let (_, referring) = desk.get(&format!("{address}/referencedby")).await;
        let kind = version["schemaType"].as_str().unwrap_or("none");
        let _ = writeln!(shown, "{subject}: type {kind}, id {}, referred to by {referring}", version["id"]);
        for one in version["references"].as_array().into_iter().flatten() {
            let _ = writeln!(shown, "    {one}");
        }
    }
    shown
}

const ORDER: &str = "syntax = \"proto3\"; package shop; import \"shop/money.proto\";
    import \"google/protobuf/timestamp.proto\";
    message Order { Money total = 1; google.protobuf.Timestamp at = 2; }";
const MONEY: &str = "syntax = \"proto3\"; package shop; import \"currency.proto\"; message Money { Currency in = 1; }";
const CURRENCY: &str = "syntax = \"proto3\"; package shop; enum Currency { EUR = 0; }";

#[tokio::test]
async fn what_a_schema_refers_to_is_a_subject_of_its_own_and_other_files_are_not() {
    let avro = |name: &str, kind: &str| {
        format!(r#"{{"type": "record", "name": "{name}", "fields": [{{"name": "a", "type": "{kind}"}}]}}"#)
    };
    let (order, money) = (avro("shop.Order", "shop.Money"), avro("shop.Money", "shop.Currency"));
    let currency = r#"{"type": "enum", "name": "shop.Currency", "symbols": ["EUR"]}"#;
    let json = |to: &str| format!(r#"{{"type": "object", "properties": {{"a": {{"$ref": "{to}"}}}}}}"#);
    let (first, second, round) = (json("money.json#/a"), json("currency.json"), json("money.json"));
    let mut shown = String::new();
    for (format, files) in [
        ("avro", [("o.avsc", &*order), ("m.avsc", &money), ("c.avsc", currency), ("unused.avsc", &avro("X", "int"))]),
        (
            "json-schema",
            [("o.json", &*first), ("money.json", &second), ("currency.json", &round), ("unused.json", "{}")],
        ),
        ("protobuf", [("o.proto", ORDER), ("money.proto", MONEY), ("currency.proto", CURRENCY), ("x.proto", CURRENCY)]),
    ] {
        let desk = shelved(&format!("{{ format: {format}, schema: {}, framing: none }}", files[0].0), &files);
        let _ = writeln!(shown, "{format}\n{}", listed(&desk).await);
    }
    insta::assert_snapshot!(shown.trim_end());
}

#[tokio::test]
async fn protobuf_is_shown_and_found_as_text_and_as_a_descriptor() {
    let files = [("o.proto", ORDER), ("money.proto", MONEY), ("currency.proto", CURRENCY)];
    let desk = shelved("{ format: protobuf, schema: o.proto, framing: none }", &files);
    let address = "/subjects/shop.order.v1-value";
    let (_, text) = desk.get(&format!("{address}/versions/1")).await;
    assert_eq!((text["schema"].as_str(), text["schemaType"].as_str()), (Some(ORDER), Some("PROTOBUF")));
    let (_, descriptor) = desk.get(&format!("/schemas/ids/{}?subject=&format=serialized", text["id"])).await;
    let (_, same) = desk.ask("GET", &format!("/schemas/ids/{}/schema?format=serialized", text["id"]), "").await;
    assert_eq!(descriptor["schema"], same);
    let respelled = ORDER.replace(" = 1", "=1");
    for schema in [ORDER, &respelled, descriptor["schema"].as_str().expect("a text")] {
        let mut sent = json!({ "schema": schema, "schemaType": "PROTOBUF" });
        assert_eq!(desk.post(address, &sent).await.1["version"], 1, "{schema}");
        sent["references"] = text["references"].clone();
        assert_eq!(desk.post(address, &sent).await.1["version"], 1, "{schema}");
        sent["references"][0]["version"] = json!(2);
        assert_eq!(desk.post(address, &sent).await.0, 422, "{schema}");
    }
    let other = ORDER.replace("at = 2", "at = 3");
    let sent = json!({ "schema": other, "schemaType": "PROTOBUF", "references": text["references"] });
    assert_eq!(desk.post(address, &sent).await.1["error_code"], 40403);
}
