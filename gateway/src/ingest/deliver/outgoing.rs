//! A record in the producer's terms: its bytes, its media type, and the header fields that every record carries.

use std::ffi::CStr;

use bytes::Bytes;
use forebay_schemas::contract::Format;

use crate::catalog::Topic;
use crate::event::Record;
use crate::kafka::{HEADERS, Outgoing};

/// A record's header fields: its media type, its event's id, and two of a trace.
pub(super) type HeaderFields<'a> = [(&'static CStr, &'a [u8]); HEADERS];

pub(super) fn no_headers<'a>() -> HeaderFields<'a> {
    [(c"", &[][..]); HEADERS]
}

/// The record whose bytes lie in the arena. `headers` is where its header fields are put together.
pub(super) fn of<'a>(
    topic: &'a Topic,
    arena: &'a [u8],
    record: &Record,
    trace: &'a [(&'static CStr, Bytes)],
    headers: &'a mut HeaderFields<'a>,
) -> Outgoing<'a> {
    let media_type = (c"content-type", content_type(topic.contract.value.format));
    let id = record.id.as_ref().map(|id| (c"event-id", &arena[id.clone()]));
    let trace = trace.iter().map(|(name, value)| (*name, &value[..]));
    let fields = std::iter::once(media_type).chain(id).chain(trace);
    let count = headers.iter_mut().zip(fields).map(|(place, field)| *place = field).count();
    Outgoing {
        value: &arena[record.value.clone()],
        key: record.key.as_ref().map(|key| &arena[key.clone()]),
        headers: &headers[..count],
        time_millis: record.time_millis,
    }
}

/// The media type of a contract's records.
pub(super) fn content_type(format: Format) -> &'static [u8] {
    match format {
        Format::Avro => b"avro/binary",
        Format::Protobuf => b"application/x-protobuf",
        Format::Json | Format::JsonSchema => b"application/json",
        Format::String => b"text/plain; charset=utf-8",
        Format::Bytes => b"application/octet-stream",
    }
}
