//! A document as JSON, for whoever shows it. Knows nothing of what must not be shown.

use serde_json::{Number, Value};

use super::{Kind, Node, Scalar};

impl Node {
    /// The value as the core schema reads it; what JSON has no number for stays text.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Scalar(scalar) => scalar_to_json(scalar),
            Kind::List(items) => items.iter().map(Node::to_json).collect(),
            Kind::Map(members) => members.iter().map(|(name, node)| (name.clone(), node.to_json())).collect(),
        }
    }
}

fn scalar_to_json(scalar: &Scalar) -> Value {
    let text = || Value::String(scalar.text.clone());
    if let Some(boolean) = scalar.as_bool() {
        return Value::Bool(boolean);
    }
    if let Some(integer) = scalar.as_integer() {
        return Number::from_i128(integer).map_or_else(text, Value::Number);
    }
    scalar.as_number().and_then(Number::from_f64).map_or_else(text, Value::Number)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests {
    use serde_json::json;

    use crate::document::read;

    #[test]
    fn a_tree_becomes_json() {
        let text = "{a: [1, -2.5, true, ~, on, '7', 123456789012345678901234567890], b: {c: 64KiB}}";
        let node = read("t.yaml", text).unwrap();
        let expected =
            json!({"a": [1, -2.5, true, null, "on", "7", "123456789012345678901234567890"], "b": {"c": "64KiB"}});
        assert_eq!(node.to_json(), expected);
    }
}
