//! What a gateway knows of its registry, as the bytes of a file: a line with the format's version and a SHA-256 over
//! the rest, then JSON. Bytes that are not exactly what was written are refused. Knows no files.

pub(super) mod file;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::asked::{PlacesOf, SchemaId, Under, Which};
use super::schema::{Place, Reference, Registered, SchemaKind, Versioned};

/// The first line, up to the digest. The number changes with the format.
const HEADER: &str = "forebay registry snapshot 1 sha256 ";

/// Why bytes are no snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Torn {
    /// They don't begin with the first line of this format.
    #[error("it does not begin as a snapshot of this version does")]
    Header,
    /// They are not the bytes that were written.
    #[error("its checksum does not fit: it was cut off or changed")]
    Checksum,
    /// They are what was written, and do not make sense.
    #[error("its content makes no sense")]
    Content,
}

/// Everything that is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Content {
    /// The registry's addresses: ids mean something at one registry only.
    pub(super) addresses: Vec<String>,
    pub(super) schemas: Vec<(SchemaId, Arc<Registered>)>,
    pub(super) versions: Vec<(Under, Versioned)>,
    pub(super) places: Vec<(PlacesOf, Arc<[Place]>)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows<'a> {
    addresses: Vec<String>,
    schemas: Vec<SchemaRow<'a>>,
    versions: Vec<VersionRow<'a>>,
    places: Vec<PlacesRow<'a>>,
}

#[derive(Serialize, Deserialize)]
struct SchemaRow<'a> {
    id: u32,
    kind: String,
    text: Cow<'a, str>,
    references: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

#[derive(Serialize, Deserialize)]
struct VersionRow<'a> {
    subject: Cow<'a, str>,
    which: WhichRow,
    version: u32,
    id: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WhichRow {
    Latest,
    Number,
    Text([u8; 32]),
}

#[derive(Serialize, Deserialize)]
struct PlacesRow<'a> {
    id: u32,
    places: Vec<(Cow<'a, str>, u32)>,
}

/// The bytes of a snapshot. What a version names and the schemas don't have the same is left out.
pub(super) fn encode(content: &Content) -> Vec<u8> {
    let mut schemas: BTreeMap<u32, &Arc<Registered>> = content.schemas.iter().map(|(id, one)| (id.0, one)).collect();
    for (_, versioned) in &content.versions {
        schemas.entry(versioned.schema.id).or_insert(&versioned.schema);
    }
    let agreeing = content.versions.iter().filter(|(_, one)| schemas.get(&one.schema.id) == Some(&&one.schema));
    let rows = Rows {
        addresses: content.addresses.clone(),
        versions: agreeing.map(version_row).collect(),
        places: content.places.iter().map(places_row).collect(),
        schemas: schemas.into_values().map(schema_row).collect(),
    };
    let body = serde_json::to_vec(&rows).expect("rows are plain text, numbers and lists of them");
    let mut bytes = format!("{HEADER}{}\n", digest(&body)).into_bytes();
    bytes.extend_from_slice(&body);
    bytes
}

/// What a snapshot's bytes say, all of it or nothing.
pub(super) fn decode(bytes: &[u8]) -> Result<Content, Torn> {
    let rest = bytes.strip_prefix(HEADER.as_bytes()).ok_or(Torn::Header)?;
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or(Torn::Header)?;
    let (written, body) = (&rest[..end], &rest[end + 1..]);
    if written != digest(body).as_bytes() {
        return Err(Torn::Checksum);
    }
    let rows: Rows = serde_json::from_slice(body).map_err(|_| Torn::Content)?;
    content(rows).ok_or(Torn::Content)
}

fn content(rows: Rows<'_>) -> Option<Content> {
    let schemas = rows.schemas.into_iter().map(|row| Some((SchemaId(row.id), Arc::new(schema(row)?))));
    let schemas: Vec<_> = schemas.collect::<Option<_>>()?;
    let by_id: BTreeMap<u32, &Arc<Registered>> = schemas.iter().map(|(id, one)| (id.0, one)).collect();
    let version = |row: VersionRow<'_>| {
        let which = match row.which {
            WhichRow::Latest => Which::Latest,
            WhichRow::Number => Which::Number(row.version),
            WhichRow::Text(digest) => Which::Text(digest),
        };
        let schema = Arc::clone(by_id.get(&row.id)?);
        let subject: Arc<str> = row.subject.into();
        let name = Under { subject: Arc::clone(&subject), which };
        Some((name, Versioned { subject, version: row.version, schema }))
    };
    let versions = rows.versions.into_iter().map(version).collect::<Option<_>>()?;
    let place = |(subject, version): (Cow<'_, str>, u32)| Place { subject: subject.into(), version };
    let places = rows.places.into_iter().map(|row| (PlacesOf(row.id), row.places.into_iter().map(place).collect()));
    let places = places.collect();
    Some(Content { addresses: rows.addresses, versions, places, schemas })
}

fn schema(row: SchemaRow<'_>) -> Option<Registered> {
    let references =
        row.references.into_iter().map(|(name, text)| Reference { name: name.into(), text: text.into() }).collect();
    Some(Registered { id: row.id, kind: SchemaKind::named(Some(&row.kind))?, text: row.text.into(), references })
}

fn schema_row(schema: &Arc<Registered>) -> SchemaRow<'_> {
    SchemaRow {
        id: schema.id,
        kind: schema.kind.as_str().to_owned(),
        text: Cow::from(&*schema.text),
        references: schema.references.iter().map(|one| (Cow::from(&*one.name), Cow::from(&*one.text))).collect(),
    }
}

fn version_row((name, versioned): &(Under, Versioned)) -> VersionRow<'_> {
    let which = match name.which {
        Which::Latest => WhichRow::Latest,
        Which::Number(_) => WhichRow::Number,
        Which::Text(digest) => WhichRow::Text(digest),
    };
    VersionRow { subject: Cow::from(&*versioned.subject), which, version: versioned.version, id: versioned.schema.id }
}

fn places_row((id, places): &(PlacesOf, Arc<[Place]>)) -> PlacesRow<'_> {
    PlacesRow { id: id.0, places: places.iter().map(|one| (Cow::from(&*one.subject), one.version)).collect() }
}

fn digest(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests;
