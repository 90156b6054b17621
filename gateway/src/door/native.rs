//! The native door: what a POST of JSON means, and which answer its sender prefers. Reads a JSON body as a whole;
//! `ndjson` reads the other kind.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use forebay_schemas::json;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};

use super::answer::Listing;
use super::body::{self, Incoming, Pace};
use crate::config::admission::Admission;
use crate::event::{Batch, Code, Event, Head, Rejection};
use crate::ingest::admit::Permit;

const NDJSON: &str = "application/x-ndjson";

/// What a body is by its media type, and how its sender wants to hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// A JSON body, of which an array is a batch and anything else one event; one document at the end.
    Json(Listing),
    /// Lines, each an event; one document at the end.
    Lines(Listing),
    /// Lines, each an event; a line for each while they are still arriving.
    Receipts,
}

/// What the request is. Only JSON and NDJSON are read, and nothing that is compressed. How its sender wants to hear
/// of it: `Prefer: return=minimal` (RFC 7240), or `Accept: application/x-ndjson` for receipts.
pub fn exchange(headers: &HeaderMap, limits: &Admission) -> Result<Exchange, Rejection> {
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding.as_bytes() != b"identity") {
        return Err(unsupported("Compressed bodies are not read here yet; send the body without Content-Encoding."));
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.map(|value| value.split(';').next().unwrap_or_default().trim());
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case("application/json") => {
            Ok(Exchange::Json(listing(headers, limits)))
        }
        Some(essence) if essence.eq_ignore_ascii_case(NDJSON) => {
            let receipts = headers.get(ACCEPT).is_some_and(|value| value.as_bytes().starts_with(NDJSON.as_bytes()));
            Ok(if receipts { Exchange::Receipts } else { Exchange::Lines(listing(headers, limits)) })
        }
        Some(_) => {
            Err(unsupported("Content-Type is neither application/json nor application/x-ndjson, which are read here."))
        }
        None => Err(unsupported(
            "There is no Content-Type; send application/json, or application/x-ndjson for a line an event.",
        )),
    }
}

fn listing(headers: &HeaderMap, limits: &Admission) -> Listing {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let minimal = preferences
        .flat_map(|value| value.split(','))
        .any(|preference| preference.split(';').next().is_some_and(|one| one.trim() == "return=minimal"));
    if minimal {
        Listing::Refused(limits.listed_refusals)
    } else {
        Listing::All(limits.events_per_request + limits.listed_refusals)
    }
}

/// The request's id, which the layers have put there.
pub fn request_id(headers: &HeaderMap) -> String {
    headers.get("x-request-id").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// How many bytes the request will hold: a JSON body's length as far as its head says it, or as many windows of a
/// streamed one as are open at a time. A JSON body over the cap is rejected unread.
pub fn claim(exchange: Exchange, headers: &HeaderMap, limits: &Admission) -> Result<u64, Rejection> {
    if !matches!(exchange, Exchange::Json(_)) {
        return Ok(limits.window.bytes * (limits.window.pending as u64 + 1));
    }
    let length = body::length(headers).unwrap_or(0);
    if length > limits.bytes_per_request { Err(body_too_large(limits)) } else { Ok(length) }
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
    if first.len() as u64 > limits.bytes_per_request {
        return Err(body_too_large(limits));
    }
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
