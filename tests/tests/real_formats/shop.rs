//! A shop's schemas in each format: an order, which refers to an address, which refers to a country; and an order as
//! it is sent and as each format's readers see it.

use forebay_tests::registry::Format::{self, Avro, JsonSchema, Protobuf};
use forebay_tests::registry::{Reference, Registry};
use serde_json::{Value, json};

pub(crate) const FORMATS: [Format; 3] = [Avro, JsonSchema, Protobuf];

/// A file of a schema: its name beside a contract, the name by which others refer to it, and its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct File {
    pub(crate) place: &'static str,
    name: &'static str,
    pub(crate) text: &'static str,
}

/// The shop in one format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shop {
    pub(crate) format: Format,
    pub(crate) country: File,
    pub(crate) address: File,
    pub(crate) order: File,
}

pub(crate) fn shop(format: Format) -> Shop {
    let file = |place, name, text| File { place, name, text };
    let [country, address, order] = match format {
        Avro => [
            file("country.avsc", "shop.Country", include_str!("schemas/country.avsc")),
            file("address.avsc", "shop.Address", include_str!("schemas/address.avsc")),
            file("order.avsc", "shop.Order", include_str!("schemas/order.avsc")),
        ],
        JsonSchema => [
            file("country.json", "country.json", include_str!("schemas/country.json")),
            file("address.json", "address.json", include_str!("schemas/address.json")),
            file("order.json", "order.json", include_str!("schemas/order.json")),
        ],
        Protobuf => [
            file("country.proto", "country.proto", include_str!("schemas/country.proto")),
            file("address.proto", "address.proto", include_str!("schemas/address.proto")),
            file("order.proto", "order.proto", include_str!("schemas/order.proto")),
        ],
    };
    Shop { format, country, address, order }
}

impl Shop {
    /// Registers what orders refer to, in subjects of this prefix, and the address under `<prefix>-address`.
    pub(crate) fn register_parts(&self, registry: &Registry, prefix: &str) {
        let (country, address) = (format!("{prefix}-country"), format!("{prefix}-address"));
        registry.register(&country, self.format, self.country.text, &[]);
        self.register_address(registry, &address, &country);
    }

    /// Registers the address as a subject's version.
    pub(crate) fn register_address(&self, registry: &Registry, subject: &str, country: &str) -> u32 {
        let country = Reference { name: self.country.name, subject: country, version: 1 };
        registry.register(subject, self.format, self.address.text, &[country])
    }

    /// Registers a text of the order as a subject's next version; the parts lie under the prefix.
    pub(crate) fn register_order(&self, registry: &Registry, prefix: &str, subject: &str, text: &str) -> u32 {
        if self.format == JsonSchema {
            // Apicurio 3.3.3 can't compare schemas that refer to others: "External JSON Schema resolution is disabled".
            registry.accept_any_version(subject);
        }
        let address = format!("{prefix}-address");
        let address = Reference { name: self.address.name, subject: &address, version: 1 };
        registry.register(subject, self.format, text, &[address])
    }

    /// The order with one more field, `channel`, which may be absent.
    pub(crate) fn wider(&self) -> String {
        let (last, more) = match self.format {
            Avro => {
                ("\"fields\": [", "\"fields\": [{ \"name\": \"channel\", \"type\": \"string\", \"default\": \"web\" },")
            }
            JsonSchema => ("\"properties\": {", "\"properties\": { \"channel\": { \"type\": \"string\" },"),
            Protobuf => ("message Order {", "message Order {\n  optional string channel = 20;"),
        };
        let wider = self.order.text.replacen(last, more, 1);
        assert_ne!(wider, self.order.text, "a place for one more field");
        wider
    }

    /// The contract's `value` with these members beside its format.
    pub(crate) fn value(&self, members: &str) -> String {
        let message = if self.format == Protobuf { ", message: shop.Order" } else { "" };
        format!("value: {{ format: {}{message}, {members} }}", self.format.name())
    }

    /// The name that its readers have for an order.
    pub(crate) fn name(&self) -> Value {
        if self.format == JsonSchema { Value::Null } else { json!("shop.Order") }
    }

    /// An order as the format's readers see it.
    pub(crate) fn read(&self, sent: &Value) -> Value {
        let mut read = sent.clone();
        match self.format {
            // fastavro reads a point in time as one.
            Avro => read["at"] = json!("2026-01-02T03:04:05.250000+00:00"),
            JsonSchema => {}
            // The mapping of 64 bits (the specification of ProtoJSON).
            Protobuf => read["number"] = json!(sent["number"].to_string()),
        }
        read
    }
}

/// When an order was placed, in milliseconds since 1970.
pub(crate) const AT: i64 = 1_767_323_045_250;

/// An order as it is sent, whatever its format.
pub(crate) fn order(id: &str) -> Value {
    json!({
        "id": id,
        "customer": "c-7",
        "at": "2026-01-02T03:04:05.250Z",
        "number": 9_007_199_254_740_993_i64,
        "total": "12.50",
        "seal": "AP8=",
        "home": { "street": "Hauptstraße 1", "country": "DE" },
        "lines": [{ "sku": "a", "count": 2 }, { "sku": "b", "count": 1 }],
        "note": "ring twice",
    })
}
