//! Which of the schemas at hand another one refers to, and what it calls them. Knows how each format refers; finds
//! no file and asks nobody.

pub(crate) mod avro;
mod json;

use serde_json::Value;

use crate::contract::Format;
use crate::protobuf;
use crate::schema::Reference;

/// A schema that another one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'a> {
    /// What it is called there: Avro's full name, JSON Schema's `$ref` without its fragment and, where the schema has
    /// an `$id`, resolved against it, Protobuf's import path.
    pub name: String,
    /// The schema.
    pub reference: &'a Reference,
}

/// What a schema's text itself names among these, in their order, each name once. What stands nowhere among them is
/// left out, and so is everything if the text is no schema of the format.
pub fn links<'a>(format: Format, content: &[u8], among: &'a [Reference]) -> Vec<Link<'a>> {
    match format {
        Format::Avro => avro_links(content, among),
        Format::JsonSchema => json::links(content, among),
        Format::Protobuf => protobuf::links(content, among),
        Format::Json | Format::String | Format::Bytes => Vec::new(),
    }
}

/// A reference is called as the type that its file is about, which is the outermost one.
fn avro_links<'a>(content: &[u8], among: &'a [Reference]) -> Vec<Link<'a>> {
    let Some(names) = names(content) else { return Vec::new() };
    let mut wanted = names.used;
    for own in &names.defined {
        wanted.remove(own);
    }
    let link = |reference: &'a Reference| {
        let mut defined = self::names(&reference.content)?.defined.into_iter().peekable();
        let name = defined.peek()?.clone();
        defined.any(|name| wanted.contains(&name)).then_some(Link { name, reference })
    };
    among.iter().filter_map(link).collect()
}

fn names(content: &[u8]) -> Option<avro::Names> {
    let mut schema: Value = serde_json::from_slice(content).ok()?;
    Some(avro::resolve(&mut schema))
}

#[cfg(test)]
mod tests;
