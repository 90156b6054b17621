//! The registry's answers: how a schema is shown, and what each thing that is wrong is called. Knows the words and
//! codes of Confluent's API, nothing of what there is.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forebay_schemas::contract::{Compatibility, Format};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, StatusCode, Uri};
use serde_json::{Value, json};

use super::shelf::Item;

const JSON: HeaderValue = HeaderValue::from_static("application/vnd.schemaregistry.v1+json");

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// No contract has this subject.
    NoSubject(String),
    /// The subject has no such version.
    NoVersion(String),
    /// There is no such id, or the subject has no such schema.
    NoSchema,
    /// Not a version at all.
    Unversioned(String),
    /// A text that is no schema of its type, or that refers to what is not here.
    NotASchema,
    /// A new schema.
    ReadOnly(String),
    /// The address.
    Nowhere,
    /// The address takes these methods.
    Method(&'static str),
    /// The body is no JSON of the API, or didn't come.
    Body,
    /// The body is too long.
    TooLong,
}

impl Wrong {
    /// HTTP status, the API's code, and a sentence.
    fn told(&self) -> (StatusCode, u32, String) {
        match self {
            Self::NoSubject(subject) => {
                (StatusCode::NOT_FOUND, 40401, format!("No contract of the catalogue has the subject {subject}."))
            }
            Self::NoVersion(version) => {
                (StatusCode::NOT_FOUND, 40402, format!("The subject has no version {version}."))
            }
            Self::NoSchema => (StatusCode::NOT_FOUND, 40403, "No contract of the catalogue has this schema.".into()),
            Self::Unversioned(found) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                42202,
                format!("Expected a version: a number from 1, or latest; found {found}."),
            ),
            Self::NotASchema => (
                StatusCode::UNPROCESSABLE_ENTITY,
                42201,
                "Expected a schema of the given type whose references are all here.".into(),
            ),
            Self::ReadOnly(subject) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                42205,
                format!(
                    "The registry of forebay dev is read-only, and this schema is no version of {subject}. Write it into the catalogue, and it is here."
                ),
            ),
            Self::Nowhere => (StatusCode::NOT_FOUND, 404, "There is nothing at this address.".into()),
            Self::Method(allowed) => {
                (StatusCode::METHOD_NOT_ALLOWED, 405, format!("This address takes {allowed} only."))
            }
            Self::Body => {
                (StatusCode::BAD_REQUEST, 400, "Expected a JSON object with a schema, as {\"schema\": \"…\"}.".into())
            }
            Self::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, 413, "The body is longer than 2 MiB.".into()),
        }
    }
}

/// An answer in JSON.
pub(super) fn reply(answer: Result<Value, Wrong>) -> Response {
    match answer {
        Ok(value) => with_body(value.to_string()),
        Err(wrong) => refused(&wrong),
    }
}

/// An answer that is a schema's bare text.
pub(super) fn text(answer: Result<String, Wrong>) -> Response {
    answer.map_or_else(|wrong| refused(&wrong), with_body)
}

fn with_body(body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn refused(wrong: &Wrong) -> Response {
    let (status, code, sentence) = wrong.told();
    let mut response = with_body(json!({ "error_code": code, "message": sentence }).to_string());
    *response.status_mut() = status;
    if let Wrong::Method(allowed) = wrong {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    }
    response
}

/// What a subject's new versions are held to.
pub(super) fn compatibility(level: Compatibility) -> Value {
    json!({ "compatibilityLevel": level.name().to_uppercase() })
}

/// A schema, to be shown.
pub(super) struct Shown<'a> {
    item: &'a Arc<Item>,
    /// Whether a Protobuf schema is wanted as the base64 of its `FileDescriptorProto`, as Confluent's Python client does.
    serialized: bool,
}

impl<'a> Shown<'a> {
    /// As the query wants it.
    pub(super) fn new(item: &'a Arc<Item>, uri: &Uri) -> Self {
        let mut parameters = uri.query().unwrap_or_default().split('&');
        Self { item, serialized: parameters.any(|parameter| parameter == "format=serialized") }
    }

    /// As its people wrote it.
    pub(super) fn plain(item: &'a Arc<Item>) -> Self {
        Self { item, serialized: false }
    }

    /// The schema's text.
    pub(super) fn text(&self) -> String {
        let descriptor =
            self.item.identity.as_ref().filter(|_| self.serialized && self.item.format == Format::Protobuf);
        descriptor.map_or_else(|| self.item.text.clone(), |descriptor| STANDARD.encode(descriptor))
    }

    /// The schema with its type and references; Avro's type and an empty list are left out.
    pub(super) fn schema(&self) -> Value {
        let mut shown = json!({ "schema": self.text() });
        if let Some(kind) = kind(self.item.format) {
            shown["schemaType"] = json!(kind);
        }
        if !self.item.references.is_empty() {
            shown["references"] = json!(self.item.references);
        }
        shown
    }

    /// The schema as a subject's version.
    pub(super) fn version(&self, subject: &str, version: u32) -> Value {
        let mut shown = self.schema();
        shown["subject"] = json!(subject);
        shown["version"] = json!(version);
        shown["id"] = json!(self.item.id);
        shown
    }
}

fn kind(format: Format) -> Option<&'static str> {
    match format {
        Format::JsonSchema => Some("JSON"),
        Format::Protobuf => Some("PROTOBUF"),
        Format::Avro | Format::Json | Format::String | Format::Bytes => None,
    }
}
