//! A schema's text before apache-avro parses it: bounded, so that parsing stays cheap and shallow, and brought to
//! the form that its parser reads as the specification means it. Knows JSON and where schemas stand in it; what a
//! schema means is `compile`'s business.
//!
//! What apache-avro 0.22 would get wrong, and is taken away from it here:
//! - it checks defaults by its own conversion from JSON, which refuses good ones: they travel as attributes;
//! - it passes over fields that are no objects, and reads `{"type": "record"}` without fields as a copy of a type
//!   named `record`;
//! - it resolves names by aliases, which are for readers;
//! - it fails on logical types that are no strings or do not fit their type, which the specification ignores.

use std::collections::{HashMap, HashSet};

use apache_avro::Schema;
use serde_json::{Map, Value};

use super::gather::Document;
use crate::json::names::Names;
use crate::json::pointer::{push_index, push_member};
use crate::json::reader::Reader;
use crate::json::skip::{Levels, check_text};
use crate::json::{Flaw, MAX_DEPTH, SyntaxError};
use crate::schema::Mistake;

/// The longest schema, in bytes; also of those together that it refers to.
pub(super) const MAX_TEXT: usize = 1 << 20;

/// Characters of apache-avro's own sentence that a mistake repeats.
const MAX_FOUND: usize = 300;

/// The attribute under which a field's default reaches the compiler.
pub(super) const DEFAULT: &str = "the default as it is written";
/// The attribute under which a field's place in the text reaches the compiler: a JSON Pointer.
pub(super) const PLACE: &str = "the place in the text";

/// The record whose fields are a schema's documents while they are parsed: one document's names are known in the next.
const WRAPPER: &str = "forebay__documents";

/// Reads a schema's text as JSON.
pub(super) fn read(text: &str) -> Result<Value, Mistake> {
    if text.len() > MAX_TEXT {
        return Err(Mistake::new("", "a schema of at most 1 MiB", format!("{} bytes", text.len())));
    }
    check_text(&mut Reader::new(text), &mut Names::default(), &mut Levels::default()).map_err(|flaw| match flaw {
        Flaw::Syntax(SyntaxError { offset, expected }) => {
            let line = Some(text[..offset].matches('\n').count() + 1);
            Mistake { line, ..Mistake::new("", format!("JSON: {expected}"), "something else") }
        }
        Flaw::Ambiguous { pointer, detail } => Mistake::new(&pointer, "JSON with one meaning", detail),
    })?;
    serde_json::from_str(text).map_err(|error| Mistake::new("", "JSON", format!("{error}")))
}

/// Parses documents, each of which may use the names of those before it: a record with a field for each. The mistake
/// is of the first document that is none.
pub(super) fn parse(documents: &mut [Document]) -> Result<Schema, Mistake> {
    for Document { reference, value } in documents.iter_mut() {
        let reference = reference.clone();
        normalise(value, &mut String::new()).map_err(|mistake| Mistake { reference, ..mistake })?;
    }
    let values = || documents.iter().map(|document| document.value.clone());
    Schema::parse(&wrapped(values())).map_err(|error| {
        let counts: Vec<usize> = (1..documents.len()).collect();
        let sound = counts.partition_point(|count| Schema::parse(&wrapped(values().take(*count))).is_ok());
        let document = documents.get(sound);
        // Some of its sentences repeat the schema.
        let found: String = error.to_string().chars().take(MAX_FOUND).collect();
        let reference = document.and_then(|document| document.reference.clone());
        Mistake { reference, ..Mistake::new("", "an Avro schema", found) }
    })
}

/// The record that `parse` makes of documents.
pub(crate) fn wrapped(documents: impl Iterator<Item = Value>) -> Value {
    let field = |(index, value)| serde_json::json!({ "name": format!("document{index}"), "type": value });
    let fields: Vec<Value> = documents.enumerate().map(field).collect();
    serde_json::json!({ "type": "record", "name": WRAPPER, "fields": fields })
}

/// The documents in that record.
pub(crate) fn fields_of(wrapper: &Schema) -> impl Iterator<Item = &Schema> {
    let fields = if let Schema::Record(record) = wrapper { &record.fields[..] } else { &[] };
    fields.iter().map(|field| &field.schema)
}

/// Line of a place in a text that is JSON, from 1; 0 if there is no such place.
pub(crate) fn line_of(text: &str, pointer: &str) -> usize {
    let mut reader = Reader::new(text);
    let (mut names, mut levels) = (Names::default(), Levels::default());
    let mut place = String::new();
    if seek(&mut reader, pointer, &mut place, (&mut names, &mut levels)).is_some() {
        text[..reader.at()].matches('\n').count() + 1
    } else {
        0
    }
}

/// Lines of places in a text that is JSON, from 1, by their JSON Pointers; in one reading.
pub(crate) fn lines_of<'w>(text: &str, wanted: &HashSet<&'w str>) -> HashMap<&'w str, usize> {
    let mut lines = Lines { reader: Reader::new(text), wanted, found: HashMap::new(), counted: (0, 1) };
    lines.reader.space();
    // A text that is none has lines up to there.
    let _ = lines.value(&mut String::new(), 0);
    lines.found
}

struct Lines<'a, 'w> {
    reader: Reader<'a>,
    wanted: &'a HashSet<&'w str>,
    found: HashMap<&'w str, usize>,
    /// A place in the text and its line.
    counted: (usize, usize),
}

impl Lines<'_, '_> {
    fn value(&mut self, at: &mut String, depth: usize) -> Option<()> {
        if let Some(wanted) = self.wanted.get(at.as_str()) {
            let here = self.reader.at();
            let between = &self.reader.bytes()[self.counted.0..here];
            self.counted = (here, self.counted.1 + between.split(|byte| *byte == b'\n').count() - 1);
            self.found.insert(wanted, self.counted.1);
        }
        let opening = self.reader.byte();
        if depth > MAX_DEPTH || !matches!(opening, b'{' | b'[') {
            return skip_quietly(&mut self.reader, &mut Names::default(), &mut Levels::default());
        }
        self.reader.open().ok()?;
        let mut more = if opening == b'{' { self.reader.first_member().ok()? } else { self.reader.first_item() };
        let (parent, mut index) = (at.len(), 0);
        while more {
            if opening == b'{' {
                let name = self.reader.string().ok()?;
                push_member(at, &String::from_utf8_lossy(name.text(self.reader.bytes(), &mut Vec::new())));
                self.reader.colon().ok()?;
            } else {
                push_index(at, index);
                index += 1;
            }
            self.value(at, depth + 1)?;
            at.truncate(parent);
            more = if opening == b'{' { self.reader.next_member() } else { self.reader.next_item() }.ok()?;
        }
        Some(())
    }
}

/// Moves a reader to the value at a pointer.
fn seek(reader: &mut Reader<'_>, pointer: &str, place: &mut String, memory: (&mut Names, &mut Levels)) -> Option<()> {
    let (names, levels) = memory;
    reader.space();
    while place != pointer {
        let opening = reader.byte();
        let (parent, mut index) = (place.len(), 0);
        reader.open().ok()?;
        let mut more = match opening {
            b'{' => reader.first_member().ok()?,
            b'[' => reader.first_item(),
            _ => return None,
        };
        loop {
            if !more {
                return None;
            }
            if opening == b'{' {
                let name = reader.string().ok()?;
                let mut buffer = Vec::new();
                push_member(place, &String::from_utf8_lossy(name.text(reader.bytes(), &mut buffer)));
                reader.colon().ok()?;
            } else {
                push_index(place, index);
                index += 1;
            }
            if pointer.strip_prefix(place.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                break;
            }
            place.truncate(parent);
            skip_quietly(reader, names, levels)?;
            more = if opening == b'{' { reader.next_member() } else { reader.next_item() }.ok()?;
        }
    }
    Some(())
}

fn skip_quietly(reader: &mut Reader<'_>, names: &mut Names, levels: &mut Levels) -> Option<()> {
    crate::json::skip::skip_value(reader, names, levels).ok()
}

/// Walks the places where schemas stand.
fn normalise(value: &mut Value, path: &mut String) -> Result<(), Mistake> {
    match value {
        Value::String(_) => Ok(()),
        Value::Array(branches) => branches.iter_mut().enumerate().try_for_each(|(index, branch)| {
            within(path, |path| push_index(path, index), |path| normalise(branch, path))
        }),
        Value::Object(object) => normalise_object(object, path),
        other => Err(Mistake::new(path, "a schema: a name, an object or a list of branches", kind_of(other))),
    }
}

fn normalise_object(object: &mut Map<String, Value>, path: &mut String) -> Result<(), Mistake> {
    object.remove("aliases");
    if !logical_type_fits(object) {
        object.remove("logicalType");
    }
    let needed = match object.get("type").and_then(Value::as_str) {
        Some("record") => return normalise_fields(object, path),
        Some("enum") => "symbols",
        Some("fixed") => "size",
        Some("array") => "items",
        Some("map") => "values",
        _ => "type",
    };
    let Some(inner) = object.get_mut(needed) else {
        return Err(Mistake::new(path, format!("a member `{needed}`"), "none"));
    };
    if matches!(needed, "symbols" | "size") {
        return Ok(());
    }
    within(path, |path| push_member(path, needed), |path| normalise(inner, path))
}

fn normalise_fields(record: &mut Map<String, Value>, path: &mut String) -> Result<(), Mistake> {
    let Some(Value::Array(fields)) = record.get_mut("fields") else {
        return Err(Mistake::new(path, "a list `fields`", "none"));
    };
    within(
        path,
        |path| push_member(path, "fields"),
        |path| {
            fields.iter_mut().enumerate().try_for_each(|(index, field)| {
                within(path, |path| push_index(path, index), |path| normalise_field(field, path))
            })
        },
    )
}

fn normalise_field(field: &mut Value, path: &mut String) -> Result<(), Mistake> {
    let Value::Object(field) = field else {
        return Err(Mistake::new(path, "a field: an object", kind_of(field)));
    };
    field.remove("aliases");
    field.remove("logicalType");
    field.remove(DEFAULT);
    if let Some(default) = field.remove("default") {
        field.insert(DEFAULT.to_owned(), default);
    }
    field.insert(PLACE.to_owned(), Value::String(path.clone()));
    let Some(schema) = field.get_mut("type") else {
        return Err(Mistake::new(path, "a member `type`", "none"));
    };
    within(path, |path| push_member(path, "type"), |path| normalise(schema, path))
}

/// Whether the mapping knows this logical type on this type. Others leave the underlying type.
pub(crate) fn logical_type_fits(object: &Map<String, Value>) -> bool {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    matches!(
        (text("logicalType"), text("type")),
        (Some("date" | "time-millis"), Some("int"))
            | (
                Some(
                    "time-micros"
                        | "timestamp-millis"
                        | "timestamp-micros"
                        | "timestamp-nanos"
                        | "local-timestamp-millis"
                        | "local-timestamp-micros"
                        | "local-timestamp-nanos"
                ),
                Some("long")
            )
            | (Some("uuid"), Some("string" | "fixed"))
            | (Some("decimal"), Some("bytes" | "fixed"))
            | (Some("duration"), Some("fixed"))
    )
}

fn within<T>(path: &mut String, push: impl FnOnce(&mut String), run: impl FnOnce(&mut String) -> T) -> T {
    let length = path.len();
    push(path);
    let result = run(path);
    path.truncate(length);
    result
}

/// The word for a JSON value's kind.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
