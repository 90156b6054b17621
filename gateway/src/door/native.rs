//! The native door: what a POST of JSON means, and which answer its sender prefers. Reads a JSON body as a whole;
//! `ndjson` reads the other kind.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use forebay_schemas::json;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};

use super::answer::Listing;
use super::body::{Incoming, Pace};
use crate::config::admission::Admission;
use crate::event::{Batch, Code, Event, Head, Rejection};
use crate::ingest::admit::Permit;

/// What a body is, by its media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `application/json`: an array is a batch, anything else is one event.
    Json,
    /// `application/x-ndjson`: a line an event.
    Ndjson,
}

/// How the sender wants to hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// One JSON document at the end.
    Document(Listing),
    /// A line an event while the body is still arriving.
    Receipts,
}

/// What the body is; only these two kinds are read, and none that is compressed.
pub fn kind(headers: &HeaderMap) -> Result<Kind, Rejection> {
    if let Some(coding) = headers.get(CONTENT_ENCODING)
        && coding.as_bytes() != b"identity"
    {
        let detail = "Compressed bodies are not read here yet; send the body without Content-Encoding.";
        return Err(Rejection::new(Code::UnsupportedMediaType, detail));
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.map(|value| value.split(';').next().unwrap_or_default().trim());
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case("application/json") => Ok(Kind::Json),
        Some(essence) if essence.eq_ignore_ascii_case("application/x-ndjson") => Ok(Kind::Ndjson),
        Some(_) => {
            Err(unsupported("Content-Type is neither application/json nor application/x-ndjson, which are read here."))
        }
        None => Err(unsupported(
            "There is no Content-Type; send application/json, or application/x-ndjson for a line an event.",
        )),
    }
}

/// How the sender wants to hear of it: RFC 7240's `Prefer`, and `Accept` for receipts.
pub fn reply(headers: &HeaderMap, kind: Kind, limits: &Admission) -> Reply {
    let wants_lines = |value: &http::HeaderValue| value.as_bytes().starts_with(b"application/x-ndjson");
    if kind == Kind::Ndjson && headers.get(ACCEPT).is_some_and(wants_lines) {
        return Reply::Receipts;
    }
    let all = limits.events_per_request + limits.listed_refusals;
    let minimal = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| preference.split(';').next().is_some_and(|one| one.trim() == "return=minimal"));
    Reply::Document(if minimal { Listing::Refused(limits.listed_refusals) } else { Listing::All(all) })
}

/// The request's id, which the layers have put there.
pub fn request_id(headers: &HeaderMap) -> String {
    headers.get("x-request-id").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// How many bytes a JSON body will hold, as far as its head says; one over the cap is rejected unread.
pub fn claim(headers: &HeaderMap, limits: &Admission) -> Result<u64, Rejection> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
    if length > limits.bytes_per_request { Err(body_too_large(limits)) } else { Ok(length) }
}

/// The rejection of a JSON body whose sender wants receipts while it arrives.
pub fn no_receipts() -> Rejection {
    unsupported("Receipts while the body is arriving come for application/x-ndjson only.")
}

/// Reads a JSON body to its end and finds its events. The permit grows with a body that does not say its length.
pub async fn read(
    head: &Head,
    body: Body,
    permit: &mut Permit,
    limits: &Admission,
    pace: Pace,
) -> Result<Batch, Rejection> {
    let body = gather(Incoming::whole(body, pace), permit, limits).await?;
    let found = json::split(&body, limits.events_per_request).map_err(|error| not_json(&error))?;
    let event = |text| Ok(Event { topic: 0, text });
    let events = match found {
        json::Document::One(text) => vec![event(text)],
        json::Document::Many(texts) => texts.into_iter().map(event).collect(),
    };
    Ok(Batch { body, document: true, topics: vec![head.topic.clone()], events })
}

/// A body that comes in one piece is taken as it is.
async fn gather(mut incoming: Incoming, permit: &mut Permit, limits: &Admission) -> Result<Bytes, Rejection> {
    let Some(first) = incoming.next().await? else { return Ok(Bytes::new()) };
    permit.cover(first.len() as u64)?;
    let Some(second) = incoming.next().await? else { return Ok(first) };
    let mut whole = BytesMut::from(first);
    let mut next = Some(second);
    while let Some(piece) = next {
        let length = (whole.len() + piece.len()) as u64;
        if length > limits.bytes_per_request {
            return Err(body_too_large(limits));
        }
        permit.cover(length)?;
        whole.extend_from_slice(&piece);
        next = incoming.next().await?;
    }
    Ok(whole.freeze())
}

fn body_too_large(limits: &Admission) -> Rejection {
    let detail = format!(
        "A JSON body has at most {} bytes; send several, or stream application/x-ndjson with Prefer: return=minimal.",
        limits.bytes_per_request
    );
    Rejection::new(Code::TooLarge, detail)
}

fn unsupported(detail: &'static str) -> Rejection {
    Rejection::new(Code::UnsupportedMediaType, detail)
}

fn not_json(error: &json::SplitError) -> Rejection {
    match error {
        json::SplitError::TooMany { most: limit } => {
            let detail = format!("An array has at most {limit} events; send several, or stream application/x-ndjson.");
            Rejection::new(Code::TooLarge, detail)
        }
        json::SplitError::Syntax(error) => {
            let detail = format!("The body is not JSON: at byte {}, expected {}.", error.offset, error.expected);
            Rejection::new(Code::Malformed, detail)
        }
    }
}
