//! A record's key that comes as a header field of the request. Keys that come from the event are the encoder's.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use forebay_schemas::contract::{KeyFormat, KeyRule, KeySource};
use http::HeaderMap;

use crate::event::{Code, Refusal, Slot};

/// The key's place in the arena, if the rule takes it from a header field.
pub(super) fn from_header(
    rule: Option<&KeyRule>,
    headers: &HeaderMap,
    arena: &mut Vec<u8>,
) -> Slot<Option<Range<usize>>> {
    let Some(KeyRule { source: KeySource::Header(name), format, .. }) = rule else { return Ok(None) };
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        let detail = format!(
            "The contract takes the record's key from the header field {name}, and there are several. Send one."
        );
        return Err(Refusal::not_written(Code::Malformed, detail));
    }
    let Some(value) = first.map(http::HeaderValue::as_bytes).filter(|value| !value.is_empty()) else {
        let detail = format!("The contract takes the record's key from the header field {name}, and there is none.");
        return Err(Refusal::not_written(Code::MissingKey, detail));
    };
    let start = arena.len();
    write(value, *format, arena).ok_or_else(|| {
        let detail = format!("The header field {name} must hold the record's key: {}.", words(*format));
        Refusal::not_written(Code::MissingKey, detail)
    })?;
    Ok(Some(start..arena.len()))
}

fn write(value: &[u8], format: KeyFormat, arena: &mut Vec<u8>) -> Option<()> {
    match format {
        KeyFormat::String => arena.extend_from_slice(std::str::from_utf8(value).ok()?.as_bytes()),
        KeyFormat::Int => arena.extend_from_slice(&number::<i32>(value)?.to_be_bytes()),
        KeyFormat::Long => arena.extend_from_slice(&number::<i64>(value)?.to_be_bytes()),
        KeyFormat::Bytes => {
            let decoded = STANDARD.decode(value).or_else(|_| STANDARD_NO_PAD.decode(value)).ok()?;
            arena.extend_from_slice(&decoded);
        }
        KeyFormat::Schema => return None,
    }
    Some(())
}

fn number<N: std::str::FromStr>(value: &[u8]) -> Option<N> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn words(format: KeyFormat) -> &'static str {
    match format {
        KeyFormat::String => "UTF-8 text",
        KeyFormat::Int => "a whole number that fits 32 bits",
        KeyFormat::Long => "a whole number that fits 64 bits",
        KeyFormat::Bytes => "base64",
        KeyFormat::Schema => "what its schema says",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(format: KeyFormat, value: &'static str) -> Result<Vec<u8>, Code> {
        key_of(format, &[value])
    }

    fn key_of(format: KeyFormat, values: &[&'static str]) -> Result<Vec<u8>, Code> {
        let rule = KeyRule { source: KeySource::Header("Forebay-Key".to_owned()), format, value: None };
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("forebay-key", http::HeaderValue::from_static(value));
        }
        let mut arena = b"before".to_vec();
        let range = from_header(Some(&rule), &headers, &mut arena).map_err(|refusal| refusal.code)?;
        Ok(arena[range.expect("the rule takes a header")].to_vec())
    }

    #[test]
    fn each_format_has_its_bytes() {
        assert_eq!(key(KeyFormat::String, "meter-7"), Ok(b"meter-7".to_vec()));
        assert_eq!(key(KeyFormat::Int, "-2"), Ok(vec![0xff, 0xff, 0xff, 0xfe]));
        assert_eq!(key(KeyFormat::Long, "258"), Ok(vec![0, 0, 0, 0, 0, 0, 1, 2]));
        assert_eq!(key(KeyFormat::Bytes, "AQI="), Ok(vec![1, 2]));
        assert_eq!(key(KeyFormat::Bytes, "AQI"), Ok(vec![1, 2]));
    }

    #[test]
    fn which_of_several_is_meant_nobody_can_say() {
        for values in [&["a", "b"][..], &["a", "a"], &["", "a"], &["a", ""]] {
            assert_eq!(key_of(KeyFormat::String, values), Err(Code::Malformed), "{values:?}");
        }
        assert_eq!(key_of(KeyFormat::String, &["a, b"]), Ok(b"a, b".to_vec()));
        assert_eq!(key_of(KeyFormat::String, &[]), Err(Code::MissingKey));
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        for (format, value) in [
            (KeyFormat::String, ""),
            (KeyFormat::Int, "2147483648"),
            (KeyFormat::Long, "1.0"),
            (KeyFormat::Bytes, "not base64!"),
        ] {
            assert_eq!(key(format, value), Err(Code::MissingKey), "{value}");
        }
    }
}
