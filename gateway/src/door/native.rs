//! The native door: where the events lie in a body that is read whole, JSON or encoded. `media` says which it is;
//! `ndjson` reads the other kind.

use std::ops::Range;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use forebay_schemas::encoder::Payload;
use forebay_schemas::json;
use http::HeaderMap;

use super::body::{self, Incoming, Pace};
use super::media::{Exchange, Whole};
use crate::config::admission::Admission;
use crate::event::{Batch, Code, Event, Form, Head, Rejection};
use crate::ingest::admit::Permit;

/// The field that names the schema of a request's events by its registry's id.
const SCHEMA_ID: &str = "forebay-schema-id";
/// Bytes of Confluent's frame before the payload: byte 0 and the id as a big-endian u32.
const FRAME: usize = 5;

/// The request's id, which the layers have put there.
pub fn request_id(headers: &HeaderMap) -> String {
    headers.get("x-request-id").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// The bytes of the events' text, where the head says them: the body is one event. In any other body there may be as much
/// beside the events as its sender likes.
pub fn length(exchange: Exchange, headers: &HeaderMap) -> Option<u64> {
    let length = body::length(headers)?;
    match exchange {
        Exchange::Whole(Whole::One(_), _) => Some(length),
        Exchange::Whole(Whole::Framed(_), _) => Some(length.saturating_sub(FRAME as u64)),
        _ => None,
    }
}

/// How many bytes the request will hold: a whole body's length as far as its head says it, or as many windows of a
/// streamed one as are open at a time. A whole body over the cap is rejected unread.
pub fn claim(exchange: Exchange, headers: &HeaderMap, limits: &Admission) -> Result<u64, Rejection> {
    if !matches!(exchange, Exchange::Whole(..)) {
        return Ok(limits.window.bytes * (limits.window.pending as u64 + 1));
    }
    let length = body::length(headers).unwrap_or(0);
    if length > limits.bytes_per_request { Err(body_too_large(limits)) } else { Ok(length) }
}

/// The id of the schema that the request names for all its events, if it does.
pub fn schema_id(headers: &HeaderMap) -> Result<Option<u32>, Rejection> {
    let Some(value) = headers.get(SCHEMA_ID) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    let wrong = "Forebay-Schema-Id is a schema's id, a whole number such as 17; it says something else.";
    id.map(Some).ok_or_else(|| Rejection::new(Code::UnknownSchema, wrong))
}

/// Whether the events are only to be tried out: `dry_run=true` in the query. Whatever else stands there is refused, other
/// spellings too: what was meant to be tried out must not be written.
pub fn dry_run(query: Option<&str>) -> Result<bool, Rejection> {
    match query {
        None | Some("" | "dry_run=false") => Ok(false),
        Some("dry_run=true") => Ok(true),
        Some(_) => {
            let detail = "Behind the ? of the address dry_run=true or dry_run=false may stand, once and spelt so, and \
                          nothing else.";
            Err(Rejection::new(Code::Malformed, detail))
        }
    }
}

/// Reads a whole body to its end and finds its events. The permit grows with a body that does not say its length.
pub async fn read(
    head: &Head,
    (body, whole): (Body, Whole),
    permit: &mut Permit,
    limits: &Admission,
    pace: Pace,
) -> Result<Batch, Rejection> {
    let body = gather(Incoming::whole(body, pace), permit, limits).await?;
    cut(head, body, whole, limits.events_per_request)
}

/// Finds the events of a whole body, of which there may be `most`.
pub fn cut(head: &Head, body: Bytes, whole: Whole, most: usize) -> Result<Batch, Rejection> {
    let named = head.schema_id;
    let (form, schema_id, texts) = match whole {
        Whole::Json => match json::split(&body, most).map_err(|error| not_json(&error))? {
            json::Document::One(text) => (Form::Json, named, vec![text]),
            json::Document::Many(texts) => (Form::Json, named, texts),
        },
        Whole::One(payload) => (Form::Encoded(payload), named, one(0..body.len())),
        Whole::Framed(payload) => {
            let id = framed(&body, named)?;
            (Form::Encoded(payload), Some(id), one(FRAME..body.len()))
        }
        Whole::Delimited => (Form::Encoded(Payload::Protobuf), named, delimited(&body, most)?),
    };
    let framed = matches!(whole, Whole::Framed(_));
    let events = texts.into_iter().map(|text| Ok(Event { topic: 0, text })).collect();
    let document = whole == Whole::Json;
    Ok(Batch { body, form, framed, schema_id, document, topics: vec![head.topic.clone()], events })
}

fn one(event: Range<usize>) -> Vec<Range<usize>> {
    std::iter::once(event).collect()
}

/// The id in a body's frame.
fn framed(body: &[u8], named: Option<u32>) -> Result<u32, Rejection> {
    let [0, a, b, c, d, ..] = body else {
        let detail = "The body has no Confluent frame: byte 0, then four bytes of the schema's id, were expected.";
        return Err(Rejection::new(Code::Malformed, detail));
    };
    let id = u32::from_be_bytes([*a, *b, *c, *d]);
    if named.is_some_and(|named| named != id) {
        let detail = format!("The frame names schema {id}, and Forebay-Schema-Id another one. Leave the field out.");
        return Err(Rejection::new(Code::Malformed, detail));
    }
    Ok(id)
}

/// The messages of a delimited body, each behind its length as a varint of at most ten bytes.
fn delimited(body: &[u8], most: usize) -> Result<Vec<Range<usize>>, Rejection> {
    let broken = |at: usize| {
        let detail = format!("The body is not delimited: at byte {at}, a message's length or the message is cut off.");
        Rejection::new(Code::Malformed, detail)
    };
    let (mut messages, mut at) = (Vec::new(), 0);
    while at < body.len() {
        let (start, mut length) = (at, 0_u64);
        for shift in (0..64).step_by(7) {
            let byte = *body.get(at).ok_or_else(|| broken(start))?;
            at += 1;
            length |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
            if shift == 63 {
                return Err(broken(start));
            }
        }
        let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
        let end = end.filter(|end| *end <= body.len()).ok_or_else(|| broken(start))?;
        messages.push(at..end);
        at = end;
        if messages.len() > most {
            return Err(Rejection::new(Code::TooLarge, format!("A body has at most {most} events; send several.")));
        }
    }
    Ok(messages)
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
        "A body has at most {} bytes; send several, or stream application/x-ndjson with Prefer: return=minimal.",
        limits.bytes_per_request
    );
    Rejection::new(Code::TooLarge, detail)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prefixed(message: &[u8]) -> Vec<u8> {
        let (mut written, mut left) = (Vec::new(), message.len());
        while left >= 0x80 {
            written.push(u8::try_from(left & 0x7f).expect("seven bits") | 0x80);
            left >>= 7;
        }
        written.push(u8::try_from(left).expect("seven bits"));
        [written.as_slice(), message].concat()
    }

    proptest! {
        #[test]
        fn delimited_messages_are_found(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8)) {
            let body: Vec<u8> = messages.iter().flat_map(|message| prefixed(message)).collect();
            let found = delimited(&body, 10).expect("it is delimited");
            let found: Vec<_> = found.into_iter().map(|range| body[range].to_vec()).collect();
            prop_assert_eq!(found, messages);
        }

        #[test]
        fn arbitrary_bytes_are_cut_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(found) = delimited(&body, 1_000) {
                prop_assert_eq!(found.last().map_or(0, |last| last.end), body.len());
            }
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for body in [&[5, 1][..], &[0x80], &[0xff; 11], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]] {
            assert_eq!(delimited(body, 10).map_err(|rejection| rejection.code), Err(Code::Malformed), "{body:?}");
        }
        assert_eq!(delimited(&[0; 11], 10).map_err(|rejection| rejection.code), Err(Code::TooLarge));
    }

    #[test]
    fn a_dry_run_that_is_misspelt_is_refused() {
        for (query, expected) in
            [(None, false), (Some(""), false), (Some("dry_run=false"), false), (Some("dry_run=true"), true)]
        {
            assert_eq!(dry_run(query).map_err(|rejection| rejection.code), Ok(expected), "{query:?}");
        }
        for query in [
            "dryrun=true",
            "dry%5Frun=true",
            "dry-run=true",
            "Dry_Run=true",
            "dry_run",
            "dry_run=1",
            "dry_run=True",
            "dry_run=true&dry_run=false",
            "dry_run=false&trace=1",
            "dry_run=true&",
            "&",
        ] {
            let rejection = dry_run(Some(query)).expect_err(query);
            assert!(rejection.code == Code::Malformed && rejection.detail.contains("dry_run=true"), "{query}");
        }
    }

    #[test]
    fn a_frame_names_its_schema() {
        assert_eq!(framed(&[0, 0, 0, 1, 2, 9], None).map_err(|rejection| rejection.code), Ok(258));
        assert_eq!(framed(&[0, 0, 0, 1, 2], Some(258)).map_err(|rejection| rejection.code), Ok(258));
        for body in [&[][..], &[0, 0, 0, 1], &[1, 0, 0, 1, 2]] {
            assert_eq!(framed(body, None).map_err(|rejection| rejection.code), Err(Code::Malformed));
        }
        assert_eq!(framed(&[0, 0, 0, 1, 2], Some(3)).map_err(|rejection| rejection.code), Err(Code::Malformed));
    }
}
