//! The registry's answers, as texts: what a schema, a version or an error looks like, and whether it is the one that
//! was asked for. Knows nothing of connections. Source: Confluent's Schema Registry API reference.

use std::sync::Arc;

use serde::Deserialize;

use super::failure::{Failure, Missing};
use super::schema::{Place, Pointer, SchemaKind, Version};

/// Schemas that one schema may refer to, directly or not.
pub(super) const REFERENCES: usize = 256;

/// A schema whose references are still to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unresolved {
    pub(super) id: u32,
    pub(super) kind: SchemaKind,
    pub(super) text: Arc<str>,
    pub(super) references: Vec<Pointer>,
}

#[derive(Deserialize)]
struct Schema {
    #[serde(rename = "schema")]
    text: String,
    #[serde(rename = "schemaType")]
    kind: Option<String>,
    references: Option<Vec<Pointer>>,
    id: Option<u32>,
    subject: Option<String>,
    version: Option<u32>,
}

#[derive(Deserialize)]
struct Error {
    error_code: u32,
}

#[derive(Deserialize)]
struct Placed {
    subject: String,
    version: u32,
}

/// The answer to a question for an id. Registries that repeat the id must repeat the right one.
pub(super) fn schema(bytes: &[u8], id: u32) -> Result<Unresolved, Failure> {
    let answer: Schema = json(bytes)?;
    if answer.id.is_some_and(|found| found != id) {
        return Err(unusable("it is about another id than the one that was asked for"));
    }
    unresolved(id, answer)
}

/// The answer to a question for a subject's version, or for a text in a subject (`wanted` is then none).
pub(super) fn version(bytes: &[u8], subject: &str, wanted: Option<Version>) -> Result<(u32, Unresolved), Failure> {
    let answer: Schema = json(bytes)?;
    if answer.subject.as_deref() != Some(subject) {
        return Err(unusable("it is not about the subject that was asked for"));
    }
    let (Some(id), Some(version)) = (answer.id, answer.version) else {
        return Err(unusable("it lacks an id or a version"));
    };
    if matches!(wanted, Some(Version::Number(number)) if number != version) {
        return Err(unusable("it is about another version than the one that was asked for"));
    }
    Ok((version, unresolved(id, answer)?))
}

/// The numbers of a subject's versions.
pub(super) fn numbers(bytes: &[u8]) -> Result<Vec<u32>, Failure> {
    json(bytes)
}

/// Names of subjects, or of kinds of schemas.
pub(super) fn names(bytes: &[u8]) -> Result<Vec<String>, Failure> {
    json(bytes)
}

/// Where a schema is registered.
pub(super) fn places(bytes: &[u8]) -> Result<Arc<[Place]>, Failure> {
    let places: Vec<Placed> = json(bytes)?;
    Ok(places.into_iter().map(|one| Place { subject: one.subject.into(), version: one.version }).collect())
}

/// What an answer of 404 or 422 means. The codes of deleted subjects and versions mean that they are not there.
pub(super) fn refusal(status: u16, bytes: &[u8]) -> Failure {
    match serde_json::from_slice::<Error>(bytes).map(|error| error.error_code) {
        Ok(40401 | 40404) => Failure::NotFound(Missing::Subject),
        Ok(40402 | 40406 | 42202) => Failure::NotFound(Missing::Version),
        Ok(40403) => Failure::NotFound(Missing::Schema),
        Ok(42201) => Failure::Refused,
        Ok(_) | Err(_) => {
            Failure::Unusable(format!("{status} without a schema registry's error code; is the path in its url right?"))
        }
    }
}

fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|_| unusable("it is not the JSON of a schema registry"))
}

fn unresolved(id: u32, answer: Schema) -> Result<Unresolved, Failure> {
    let Some(kind) = SchemaKind::named(answer.kind.as_deref()) else {
        return Err(Failure::Unfit("its schemaType is not AVRO, JSON or PROTOBUF".to_owned()));
    };
    let references = answer.references.unwrap_or_default();
    if references.len() > REFERENCES {
        return Err(too_many());
    }
    Ok(Unresolved { id, kind, text: answer.text.into(), references })
}

/// The failure of a schema that refers to too many others.
pub(super) fn too_many() -> Failure {
    Failure::Unfit(format!("it refers to more than {REFERENCES} others"))
}

fn unusable(reason: &str) -> Failure {
    Failure::Unusable(reason.to_owned())
}

#[cfg(test)]
mod tests;
