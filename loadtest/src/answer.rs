//! An answer, read as cheaply as an honest reading allows: status, length, and how many events were written. Only an
//! answer that is not the expected one is read as JSON.

use std::ops::Range;

use memchr::memmem;
use serde_json::Value;

use crate::measure::Tally;

/// The longest head that is waited for.
const HEAD_BYTES: usize = 64 * 1024;
/// `"written"` is an answer's first member.
const COUNT_WITHIN: usize = 64;

/// Of a body that is no problem report, so much is shown.
const REMARK_BYTES: usize = 300;

/// A whole answer at the start of what was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// Where the body lies.
    pub(crate) body: Range<usize>,
    /// Whether the server ends the connection after it.
    pub(crate) close: bool,
}

/// Reads what has been received of one answer; `None` while there is more to come.
pub(crate) fn read(received: &[u8]) -> Result<Option<Answer>, String> {
    let Some(head) = memmem::find(received, b"\r\n\r\n") else {
        return if received.len() > HEAD_BYTES { Err("a head without an end".into()) } else { Ok(None) };
    };
    let mut lines = received[..head].split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
    let status = lines.next().and_then(status).ok_or("no HTTP/1.1 status line")?;
    let (mut length, mut close) = (None, false);
    for line in lines {
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            length = str::from_utf8(value).ok().and_then(|digits| digits.parse::<usize>().ok());
        } else if name.eq_ignore_ascii_case(b"connection") {
            close = value.eq_ignore_ascii_case(b"close");
        }
    }
    let start = head + 4;
    let end = start + length.ok_or_else(|| format!("a {status} without a content-length"))?;
    if received.len() > end {
        return Err("bytes behind an answer's end".into());
    }
    Ok((received.len() == end).then_some(Answer { status, body: start..end, close }))
}

fn status(line: &[u8]) -> Option<u16> {
    str::from_utf8(line.strip_prefix(b"HTTP/1.1 ")?.get(..3)?).ok()?.parse().ok()
}

/// What became of the `sent` events of one request.
pub(crate) fn tally(status: u16, body: &[u8], sent: u64) -> Tally {
    if status == 200 && written(body) == Some(sent) {
        return Tally { written: sent, ..Tally::default() };
    }
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(events) = answer["events"].as_array() else {
        return match answer["outcome"].as_str() {
            Some("not_written") => Tally { not_written: sent, ..Tally::default() },
            _ => Tally { unknown: sent, ..Tally::default() },
        };
    };
    let of = |outcome: &str| events.iter().filter(|event| event["outcome"] == outcome).count() as u64;
    let written = answer["written"].as_u64().unwrap_or_else(|| of("written")).min(sent);
    // What the answer leaves out may be in Kafka.
    let not_written = of("not_written").min(sent - written);
    Tally { written, not_written, unknown: sent - written - not_written }
}

/// What an answer that is not the expected one says, without what differs from request to request.
pub(crate) fn remark(status: u16, body: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let refused = || answer["events"].as_array()?.iter().find(|event| event["outcome"] != "written");
    let told = if answer["code"].is_string() { Some(&answer) } else { refused() };
    let text = |name: &str| told?[name].as_str();
    match (text("code"), text("detail")) {
        (Some(code), detail) => format!("{status} {code}: {}", detail.unwrap_or_default()),
        (None, _) => format!("{status} {}", String::from_utf8_lossy(&body[..body.len().min(REMARK_BYTES)])),
    }
}

/// The count at the start of a native answer.
fn written(body: &[u8]) -> Option<u64> {
    let near = &body[..body.len().min(COUNT_WITHIN)];
    let digits = &near[memmem::find(near, b"\"written\":")? + 10..];
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_length_is_there() {
        let whole = b"HTTP/1.1 200 OK\r\nx: y\r\nContent-Length: 2\r\n\r\n{}";
        for cut in 0..whole.len() {
            assert_eq!(read(&whole[..cut]), Ok(None), "{cut}");
        }
        assert_eq!(read(whole), Ok(Some(Answer { status: 200, body: 44..46, close: false })));
        let last = read(b"HTTP/1.1 503 \r\ncontent-length:0\r\nconnection: close\r\n\r\n").unwrap().unwrap();
        assert_eq!((last.status, last.body.len(), last.close), (503, 0, true));
    }

    #[test]
    fn what_is_no_such_answer_is_an_error() {
        assert!(read(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(read(b"SSH-2.0\r\n\r\n").is_err());
        assert!(read(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab").is_err());
        assert!(read(&vec![b'x'; HEAD_BYTES + 1]).is_err());
    }

    #[test]
    fn a_remark_is_the_same_for_the_same_cause() {
        let problem = br#"{"instance":"17","code":"queue_full","detail":"Too much.","events":[]}"#;
        assert_eq!(remark(503, problem), "503 queue_full: Too much.");
        let mixed = br#"{"written":1,"events":[{"outcome":"written"},{"outcome":"not_written","code":"malformed"}]}"#;
        assert_eq!(remark(207, mixed), "207 malformed: ");
        assert_eq!(remark(502, b"Bad Gateway"), "502 Bad Gateway");
    }

    #[test]
    fn every_event_is_counted_once_whatever_the_answer() {
        let of = |status, body: &str| {
            let tally = tally(status, body.as_bytes(), 3);
            (tally.written, tally.not_written, tally.unknown)
        };
        assert_eq!(of(200, r#"{"written":3,"refused":0,"events":[]}"#), (3, 0, 0));
        assert_eq!(of(200, r#"{"written":2,"refused":0,"events":[]}"#), (2, 0, 1));
        assert_eq!(of(200, "nonsense"), (0, 0, 3));
        assert_eq!(of(429, r#"{"outcome":"not_written"}"#), (0, 3, 0));
        assert_eq!(of(503, r#"{"outcome":"unknown"}"#), (0, 0, 3));
        assert_eq!(of(503, ""), (0, 0, 3));
        let mixed = r#"{"written":1,"refused":2,"events":[{"outcome":"written"},{"outcome":"not_written"},{"outcome":"unknown"}]}"#;
        assert_eq!(of(207, mixed), (1, 1, 1));
        let problem =
            r#"{"outcome":"unknown","events":[{"outcome":"unknown"},{"outcome":"not_written"},{"outcome":"unknown"}]}"#;
        assert_eq!(of(503, problem), (0, 1, 2));
    }
}
