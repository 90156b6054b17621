//! What a body is by its media type (RFC 9110, section 8.3), and how its sender wants to hear of it. Knows headers, no
//! body and no contract.

use forebay_schemas::encoder::Payload;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use super::answer::Listing;
use crate::config::admission::Admission;
use crate::event::{Code, Form, Rejection};

const NDJSON: &str = "application/x-ndjson";

/// Media types by what they say that an event is. The first of each is the one that is recommended.
const TYPES: [(&str, Form); 8] = [
    ("application/json", Form::Json),
    (NDJSON, Form::Json),
    ("avro/binary", Form::Encoded(Payload::Avro)),
    ("application/x-protobuf", Form::Encoded(Payload::Protobuf)),
    ("application/protobuf", Form::Encoded(Payload::Protobuf)),
    ("application/vnd.google.protobuf", Form::Encoded(Payload::Protobuf)),
    ("text/plain", Form::Encoded(Payload::Text)),
    ("application/octet-stream", Form::Encoded(Payload::Octets)),
];

/// What a body is by its media type, and how its sender wants to hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// A body that is read whole; one document at the end.
    Whole(Whole, Listing),
    /// Lines, each an event; one document at the end.
    Lines(Listing),
    /// Lines, each an event; a line for each while they are still arriving.
    Receipts,
}

/// How events lie in a body that is read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// JSON, of which an array is a batch and anything else one event.
    Json,
    /// One event that is encoded already.
    One(Payload),
    /// One event behind Confluent's frame: byte 0 and the id of its schema (`framing=confluent`).
    Framed(Payload),
    /// Messages of Protobuf, each behind its length as a varint (`encoding=delimited`), as `writeDelimitedTo` of
    /// Protobuf's own libraries writes them.
    Delimited,
}

/// What the request is, of what its topic `takes`. How its sender wants to hear of it: `Prefer: return=minimal`
/// (RFC 7240), or `Accept: application/x-ndjson` for receipts.
pub fn exchange(headers: &HeaderMap, takes: &[Form], limits: &Admission) -> Result<Exchange, Rejection> {
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding.as_bytes() != b"identity") {
        let detail = "Compressed bodies are not read here yet; send the body without Content-Encoding.";
        return Err(Rejection::new(Code::UnsupportedMediaType, detail));
    }
    if headers.get_all(CONTENT_TYPE).iter().nth(1).is_some() {
        return Err(refused(takes, "there is more than one Content-Type"));
    }
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::to_str).transpose();
    let media_type = media_type.map_err(|_| refused(takes, "Content-Type is no media type"))?;
    let Some(media_type) = media_type else { return Err(refused(takes, "there is no Content-Type")) };
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let known = TYPES.iter().find(|(name, _)| essence.eq_ignore_ascii_case(name));
    let Some((name, form)) = known.filter(|(_, form)| takes.contains(form)) else {
        return Err(refused(takes, "Content-Type names another type"));
    };
    let textual = matches!(form, Form::Json | Form::Encoded(Payload::Text));
    one_of(media_type, "charset", if textual { &["utf-8", "us-ascii"] } else { &[] })?;
    match form {
        Form::Json if *name == NDJSON => {
            let receipts = headers.get(ACCEPT).is_some_and(|value| value.as_bytes().starts_with(NDJSON.as_bytes()));
            Ok(if receipts { Exchange::Receipts } else { Exchange::Lines(listing(headers, limits)) })
        }
        Form::Json => Ok(Exchange::Whole(Whole::Json, listing(headers, limits))),
        Form::Encoded(payload) => Ok(Exchange::Whole(encoded(*payload, media_type)?, listing(headers, limits))),
    }
}

/// How an encoded body is cut, by the parameters of its media type.
fn encoded(payload: Payload, media_type: &str) -> Result<Whole, Rejection> {
    let (avro, protobuf) = (payload == Payload::Avro, payload == Payload::Protobuf);
    let framing = one_of(media_type, "framing", if avro || protobuf { &["confluent", "none"] } else { &[] })?;
    let cut = one_of(media_type, "encoding", if protobuf { &["delimited"] } else { &[] })?;
    match (framing == Some("confluent"), cut.is_some()) {
        (true, true) => {
            let detail = "A delimited body has no frames; send encoding=delimited or framing=confluent, not both.";
            Err(Rejection::new(Code::UnsupportedMediaType, detail))
        }
        (true, false) => Ok(Whole::Framed(payload)),
        (false, true) => Ok(Whole::Delimited),
        (false, false) => Ok(Whole::One(payload)),
    }
}

/// The value of a media type's parameter; a value that is not known is refused, since a body that is cut another way would
/// be misread. Where none is known the parameter is another's business.
fn one_of(media_type: &str, name: &str, known: &[&'static str]) -> Result<Option<&'static str>, Rejection> {
    let Some(value) = parameter(media_type, name).filter(|_| !known.is_empty()) else { return Ok(None) };
    let found = known.iter().find(|one| value.eq_ignore_ascii_case(one)).copied();
    let detail = || format!("Content-Type's {name} is {} here; it says another.", known.join(" or "));
    found.map(Some).ok_or_else(|| Rejection::new(Code::UnsupportedMediaType, detail()))
}

fn parameter<'t>(media_type: &'t str, name: &str) -> Option<&'t str> {
    let parameters = media_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut found = parameters.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().trim_matches('"'))
}

fn refused(takes: &[Form], found: &str) -> Rejection {
    let mut names: Vec<&str> = Vec::new();
    for form in takes {
        let recommended = if *form == Form::Json { 2 } else { 1 };
        names.extend(TYPES.iter().filter(|(_, one)| one == form).take(recommended).map(|(name, _)| *name));
    }
    let last = names.pop().unwrap_or_default();
    Rejection::new(
        Code::UnsupportedMediaType,
        format!("Bodies for this topic are {} or {last}; {found}.", names.join(", ")),
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(media_type: &str, takes: &[Form]) -> Result<Exchange, String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(media_type).expect("a header's value"));
        exchange(&headers, takes, &Admission::default()).map_err(|rejection| rejection.detail.into_owned())
    }

    fn whole(media_type: &str, form: Form) -> Option<Whole> {
        match of(media_type, &[Form::Json, form]) {
            Ok(Exchange::Whole(whole, _)) => Some(whole),
            _ => None,
        }
    }

    #[test]
    fn a_media_type_says_what_an_event_is() {
        let (avro, protobuf) = (Form::Encoded(Payload::Avro), Form::Encoded(Payload::Protobuf));
        let (text, octets) = (Form::Encoded(Payload::Text), Form::Encoded(Payload::Octets));
        for (media_type, form, expected) in [
            ("application/json; charset=utf-8", avro, Some(Whole::Json)),
            ("Avro/Binary", avro, Some(Whole::One(Payload::Avro))),
            ("avro/binary;framing=Confluent", avro, Some(Whole::Framed(Payload::Avro))),
            ("avro/binary; framing=none", avro, Some(Whole::One(Payload::Avro))),
            ("avro/binary; framing=confluence", avro, None),
            ("avro/binary; encoding=delimited", avro, Some(Whole::One(Payload::Avro))),
            ("application/x-protobuf; encoding=delimitd", protobuf, None),
            ("application/x-protobuf; charset=latin1", protobuf, Some(Whole::One(Payload::Protobuf))),
            ("application/json; charset=utf-16", avro, None),
            ("avro/binary", protobuf, None),
            ("application/x-protobuf", protobuf, Some(Whole::One(Payload::Protobuf))),
            ("application/protobuf; framing=\"confluent\"", protobuf, Some(Whole::Framed(Payload::Protobuf))),
            ("application/vnd.google.protobuf; proto=a.B; encoding=delimited", protobuf, Some(Whole::Delimited)),
            ("application/x-protobuf; encoding=delimited; framing=confluent", protobuf, None),
            ("text/plain", text, Some(Whole::One(Payload::Text))),
            ("text/plain; charset=UTF-8", text, Some(Whole::One(Payload::Text))),
            ("text/plain; charset=iso-8859-1", text, None),
            ("application/octet-stream; framing=confluent", octets, Some(Whole::One(Payload::Octets))),
            ("text/plain", octets, None),
            ("application/xml", avro, None),
        ] {
            assert_eq!(whole(media_type, form), expected, "{media_type}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        let takes = [Form::Json, Form::Encoded(Payload::Avro)];
        let of = |media_type: &str| of(media_type, &takes).expect_err("it is refused");
        assert_eq!(of("avro/binary; framing=x"), "Content-Type's framing is confluent or none here; it says another.");
        assert_eq!(
            of("application/json; charset=x"),
            "Content-Type's charset is utf-8 or us-ascii here; it says another."
        );
        let mut twice = HeaderMap::new();
        for media_type in ["application/json", "avro/binary"] {
            twice.append(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        let refused = exchange(&twice, &takes, &Admission::default()).expect_err("which one is meant");
        assert!(refused.detail.ends_with("there is more than one Content-Type."), "{}", refused.detail);
    }

    #[test]
    fn a_refusal_says_what_the_topic_takes() {
        let takes = [Form::Json, Form::Encoded(Payload::Protobuf)];
        let expected = "Bodies for this topic are application/json, application/x-ndjson or application/x-protobuf; Content-Type names another type.";
        assert_eq!(of("avro/binary", &takes), Err(expected.to_owned()));
        let expected =
            "Bodies for this topic are application/json or application/x-ndjson; Content-Type names another type.";
        assert_eq!(of("text/plain", &[Form::Json]), Err(expected.to_owned()));
    }
}
