//! Contracts and conventions that a test writes for itself, so that no test leans on the sample catalogue.

use std::path::{Path, PathBuf};

use crate::process::scratch;

/// The Avro schema of the orders that tests send.
pub const ORDER_SCHEMA: &str = r#"{
  "type": "record", "name": "OrderPlaced", "namespace": "shop.orders", "doc": "An order was placed.",
  "fields": [
    {"name": "event_id", "type": "string", "doc": "The event's id."},
    {"name": "occurred_at", "type": {"type": "long", "logicalType": "timestamp-millis"}, "doc": "When it was placed."},
    {"name": "customer_id", "type": "string", "doc": "Who placed it."},
    {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}, "doc": "Sum."},
    {"name": "lines", "type": {"type": "array", "items": "int"}, "doc": "Quantities."},
    {"name": "note", "type": ["null", "string"], "default": null, "doc": "What the customer said."}
  ]
}"#;

/// The schema id that [`Catalog::orders`] frames with.
pub const ORDER_SCHEMA_ID: u32 = 4711;

/// A catalogue folder and an (at first empty) conventions folder.
pub struct Catalog {
    folder: PathBuf,
}

impl Default for Catalog {
    fn default() -> Self {
        Self::new()
    }
}

impl Catalog {
    /// No contracts, no conventions.
    pub fn new() -> Self {
        let folder = scratch("catalog");
        for part in ["catalog", "conventions"] {
            std::fs::create_dir(folder.join(part)).expect("a new folder");
        }
        Self { folder }
    }

    /// Where the contracts are.
    pub fn contracts(&self) -> PathBuf {
        self.folder.join("catalog")
    }

    /// Where the conventions are.
    pub fn conventions(&self) -> PathBuf {
        self.folder.join("conventions")
    }

    /// With one more contract: `rest` is what follows the topic, owner and description.
    #[must_use]
    pub fn contract(self, topic: &str, rest: &str) -> Self {
        let text = format!("topic: {topic}\nowner: team-tests\ndescription: A topic of the outside tests.\n{rest}\n");
        write(&self.contracts().join(topic).join("contract.yaml"), &text);
        self
    }

    /// With one more file beside a topic's contract.
    #[must_use]
    pub fn file(self, topic: &str, name: &str, text: &str) -> Self {
        write(&self.contracts().join(topic).join(name), text);
        self
    }

    /// With a topic of any JSON text and no key.
    #[must_use]
    pub fn json(self, topic: &str) -> Self {
        self.contract(topic, "value: { format: json }")
    }

    /// With a topic of JSON objects whose key is `/key` and whose id is `/id`.
    #[must_use]
    pub fn keyed_json(self, topic: &str) -> Self {
        self.contract(topic, "value: { format: json }\nkey: { from: /key, format: string }\nid: { from: /id }")
    }

    /// With a topic of orders: Avro in Confluent's framing; key, id and time come from the event.
    #[must_use]
    pub fn orders(self, topic: &str) -> Self {
        write(&self.contracts().join(topic).join("order.avsc"), ORDER_SCHEMA);
        let value =
            format!("value: {{ format: avro, schema: order.avsc, schema_id: {ORDER_SCHEMA_ID}, framing: confluent }}");
        let facts =
            "key: { from: /customer_id, format: string }\nid: { from: /event_id }\ntime: { from: /occurred_at }";
        self.contract(topic, &format!("{value}\n{facts}"))
    }

    /// With one more conventions file.
    #[must_use]
    pub fn convention(self, name: &str, text: &str) -> Self {
        write(&self.conventions().join(name), text);
        self
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}
