//! Fields that don't say what they mean, by their places in a schema's text. Knows where fields stand in the formats;
//! where each keeps its documentation is `documented`'s.

use prost_reflect::prost_types::{DescriptorProto, MessageOptions};
use serde_json::{Map, Value};

use super::{Place, at_most};
use crate::documented::{Comments, avro_field, json_member};
use crate::json::pointer::{push_index, push_member};
use crate::protobuf::pool::{own_file, pool};
use crate::schema::Schema;

const RULE: &str = "schema/undocumented";

/// Fields of records without `doc`.
pub(super) fn avro(schema: &Schema) -> Vec<Place> {
    let mut walk = Walk::default();
    if let Some(value) = parsed(schema) {
        walk.avro(&value);
    }
    at_most(walk.places, "fields undocumented")
}

/// Members of `properties` without `description` or `title`, also where they refer to a schema that has one.
pub(super) fn json_schema(schema: &Schema) -> Vec<Place> {
    let mut walk = Walk::default();
    if let Some(value) = parsed(schema) {
        walk.json_schema(&value, &value);
    }
    at_most(walk.places, "members undocumented")
}

/// Fields of the schema's own messages without a comment. A descriptor set that was written without comments says nothing
/// of them.
pub(super) fn protobuf(schema: &Schema) -> Vec<Place> {
    let file = pool(schema).ok().and_then(|pool| own_file(&pool));
    let Some(file) = file else { return Vec::new() };
    let file = file.file_descriptor_proto();
    let Some(comments) = Comments::of(file) else { return Vec::new() };
    let mut uncommented = Uncommented { comments, places: Vec::new() };
    for (index, message) in (0..).zip(&file.message_type) {
        uncommented.message(message, &mut vec![MESSAGES_OF_FILE, index], message.name());
    }
    at_most(uncommented.places, "fields undocumented")
}

/// Numbers of fields in `descriptor.proto`, of which a location's path is made.
const MESSAGES_OF_FILE: i32 = 4;
const MESSAGES_OF_MESSAGE: i32 = 3;
const FIELDS_OF_MESSAGE: i32 = 2;

struct Uncommented<'a> {
    comments: Comments<'a>,
    places: Vec<Place>,
}

impl Uncommented<'_> {
    fn message(&mut self, message: &DescriptorProto, path: &mut Vec<i32>, name: &str) {
        for (index, field) in (0..).zip(&message.field) {
            path.extend([FIELDS_OF_MESSAGE, index]);
            if !self.comments.has(path) {
                self.places.push(Place {
                    rule: RULE,
                    pointer: format!("{name}.{}", field.name()),
                    line: Some(self.comments.line(path).unwrap_or(0)),
                    says: format!("The field `{}` has no comment.", field.name()),
                });
            }
            path.truncate(path.len() - 2);
        }
        for (index, inner) in (0..).zip(&message.nested_type) {
            if inner.options.as_ref().is_some_and(MessageOptions::map_entry) {
                continue;
            }
            path.extend([MESSAGES_OF_MESSAGE, index]);
            self.message(inner, path, &format!("{name}.{}", inner.name()));
            path.truncate(path.len() - 2);
        }
    }
}

/// A compiled schema's text is JSON of bounded depth.
fn parsed(schema: &Schema) -> Option<Value> {
    serde_json::from_slice(&schema.content).ok()
}

#[derive(Default)]
struct Walk {
    /// Where it is: a JSON Pointer.
    at: String,
    places: Vec<Place>,
}

impl Walk {
    fn within(&mut self, push: impl FnOnce(&mut String), run: impl FnOnce(&mut Self)) {
        let length = self.at.len();
        push(&mut self.at);
        run(self);
        self.at.truncate(length);
    }

    fn undocumented(&mut self, says: String) {
        self.places.push(Place { rule: RULE, pointer: self.at.clone(), line: None, says });
    }

    fn avro(&mut self, schema: &Value) {
        match schema {
            Value::Array(branches) => {
                for (index, branch) in branches.iter().enumerate() {
                    self.within(|at| push_index(at, index), |walk| walk.avro(branch));
                }
            }
            Value::Object(members) => {
                for (member, inner) in members {
                    match (member.as_str(), inner) {
                        ("type" | "items" | "values", Value::Object(_) | Value::Array(_)) => {
                            self.within(|at| push_member(at, member), |walk| walk.avro(inner));
                        }
                        ("fields", Value::Array(fields)) => self.within(
                            |at| push_member(at, member),
                            |walk| {
                                for (index, field) in fields.iter().enumerate() {
                                    walk.within(|at| push_index(at, index), |walk| walk.avro_field(field));
                                }
                            },
                        ),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn avro_field(&mut self, field: &Value) {
        if !avro_field(field) {
            let name = field.get("name").and_then(Value::as_str).unwrap_or_default();
            self.undocumented(format!("The field `{name}` has no doc."));
        }
        self.avro(field);
    }

    fn json_schema(&mut self, schema: &Value, root: &Value) {
        let Value::Object(members) = schema else { return };
        for (keyword, inner) in members {
            self.within(|at| push_member(at, keyword), |walk| walk.keyword(keyword, inner, root));
        }
    }

    fn keyword(&mut self, keyword: &str, inner: &Value, root: &Value) {
        match (keyword, inner) {
            ("properties", Value::Object(properties)) => self.properties(properties, root),
            ("$defs" | "definitions" | "patternProperties" | "dependentSchemas", Value::Object(schemas)) => {
                for (name, schema) in schemas {
                    self.within(|at| push_member(at, name), |walk| walk.json_schema(schema, root));
                }
            }
            ("items" | "prefixItems" | "allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                for (index, schema) in schemas.iter().enumerate() {
                    self.within(|at| push_index(at, index), |walk| walk.json_schema(schema, root));
                }
            }
            ("items" | "additionalProperties" | "contains" | "if" | "then" | "else" | "not", schema) => {
                self.json_schema(schema, root);
            }
            _ => {}
        }
    }

    fn properties(&mut self, properties: &Map<String, Value>, root: &Value) {
        for (name, schema) in properties {
            self.within(
                |at| push_member(at, name),
                |walk| {
                    if !json_member(schema, root) {
                        walk.undocumented(format!("The member `{name}` has no description."));
                    }
                    walk.json_schema(schema, root);
                },
            );
        }
    }
}
