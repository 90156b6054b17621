//! The names in an Avro schema (specification, "Names"): made full, and told apart by whether they are defined or only
//! used. What is no schema is passed over; the compiler is who refuses it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

const PRIMITIVE: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// The full names in a schema.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Those of the records, enums and fixed in it, each before those inside it.
    pub(crate) defined: Vec<String>,
    /// Those by which it means a type.
    pub(crate) used: BTreeSet<String>,
}

/// Makes all names full, writes types in the shortest way, and leaves out what the specification takes for granted.
/// Recursion is bounded by `serde_json`, which reads no deeper than 128.
pub(crate) fn resolve(schema: &mut Value) -> Names {
    let mut names = Names::default();
    visit(schema, "", &mut names);
    names
}

fn visit(schema: &mut Value, namespace: &str, names: &mut Names) {
    match schema {
        Value::String(name) => used(name, namespace, names),
        Value::Array(branches) => branches.iter_mut().for_each(|branch| visit(branch, namespace, names)),
        Value::Object(object) => {
            match object.get("type").and_then(Value::as_str) {
                Some("record" | "error" | "enum" | "fixed") => defined(object, namespace, names),
                Some("array") => below(object, "items", namespace, names),
                Some("map") => below(object, "values", namespace, names),
                _ => below(object, "type", namespace, names),
            }
            if let (1, Some(inner)) = (object.len(), object.get_mut("type")) {
                *schema = inner.take();
            }
        }
        _ => {}
    }
}

fn below(object: &mut Map<String, Value>, member: &str, namespace: &str, names: &mut Names) {
    if let Some(inner) = object.get_mut(member) {
        visit(inner, namespace, names);
    }
}

fn used(name: &mut String, namespace: &str, names: &mut Names) {
    if !PRIMITIVE.contains(&name.as_str()) {
        *name = full(name, namespace);
        names.used.insert(name.clone());
    }
}

fn defined(object: &mut Map<String, Value>, namespace: &str, names: &mut Names) {
    let own = object.remove("namespace").and_then(|own| own.as_str().map(str::to_owned));
    let namespace = own.as_deref().unwrap_or(namespace);
    let Some(name) = object.get("name").and_then(Value::as_str) else { return };
    let name = full(name, namespace);
    object.insert("name".to_owned(), name.as_str().into());
    names.defined.push(name.clone());
    let namespace = name.rsplit_once('.').map_or("", |(namespace, _)| namespace);
    for field in object.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(field) = field.as_object_mut() else { continue };
        below(field, "type", namespace, names);
        if field.get("order").and_then(Value::as_str) == Some("ascending") {
            field.remove("order");
        }
    }
}

fn full(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}
