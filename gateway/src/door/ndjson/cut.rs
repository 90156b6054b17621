//! Cuts bytes into lines and lines into windows. A line ends at LF; CR before it is white space of its JSON; a line
//! of white space only is no event. Pure: no waiting, no body.

use bytes::{Bytes, BytesMut};

use crate::config::admission::Admission;
use crate::event::{Code, Event, Refusal, Slot};

/// Bytes that are being cut.
pub(super) struct Cutter {
    buffer: BytesMut,
    /// Where the line that is not cut yet begins; all before it belongs to the window.
    start: usize,
    /// How far the buffer has been searched for the line's end.
    searched: usize,
    /// Whether the rest of a line that was too long is being passed over.
    skipping: bool,
    slots: Vec<Slot<Event>>,
    window_events: usize,
    longest_line: usize,
    caps: Option<Caps>,
    events: usize,
    bytes: u64,
}

#[derive(Debug, Clone, Copy)]
struct Caps {
    events: usize,
    bytes: u64,
}

impl Cutter {
    pub(super) fn new(limits: &Admission, free: bool) -> Self {
        let caps = Caps { events: limits.events_per_request, bytes: limits.bytes_per_request };
        Self {
            buffer: BytesMut::new(),
            start: 0,
            searched: 0,
            skipping: false,
            slots: Vec::new(),
            window_events: limits.window.events,
            longest_line: usize::try_from(limits.window.bytes).unwrap_or(usize::MAX),
            caps: (!free).then_some(caps),
            events: 0,
            bytes: 0,
        }
    }

    /// Takes in the next bytes.
    pub(super) fn push(&mut self, mut piece: &[u8]) {
        if self.skipping {
            let Some(end) = memchr::memchr(b'\n', piece) else { return };
            self.skipping = false;
            piece = &piece[end + 1..];
        }
        self.buffer.extend_from_slice(piece);
    }

    /// Cuts the lines that are complete, until the window is full. With `ended`, what is left is a line too.
    pub(super) fn cut(&mut self, ended: bool) {
        while !self.is_full() {
            match memchr::memchr(b'\n', &self.buffer[self.searched..]) {
                Some(distance) => {
                    let end = self.searched + distance;
                    self.line(end);
                    (self.start, self.searched) = (end + 1, end + 1);
                }
                None if ended => {
                    self.line(self.buffer.len());
                    (self.start, self.searched) = (self.buffer.len(), self.buffer.len());
                    return;
                }
                None => {
                    self.searched = self.buffer.len();
                    if self.searched - self.start > self.longest_line {
                        self.pass_over();
                    }
                    return;
                }
            }
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.slots.len() >= self.window_events || self.start >= self.longest_line
    }

    pub(super) fn has_lines(&self) -> bool {
        !self.slots.is_empty()
    }

    /// Hands out the window: its bytes, and its lines as ranges of them.
    pub(super) fn take(&mut self) -> (Bytes, Vec<Slot<Event>>) {
        let bytes = self.buffer.split_to(self.start).freeze();
        self.searched -= self.start;
        self.start = 0;
        (bytes, std::mem::take(&mut self.slots))
    }

    fn line(&mut self, end: usize) {
        let line = &self.buffer[self.start..end];
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let length = line.len();
        self.events += 1;
        self.bytes += length as u64;
        self.slots.push(match self.caps {
            _ if length > self.longest_line => Err(self.line_too_long()),
            Some(caps) if self.events > caps.events || self.bytes > caps.bytes => Err(past_the_caps(caps)),
            _ => Ok(Event { topic: 0, text: self.start..end }),
        });
    }

    /// Refuses the line that has begun, and forgets it.
    fn pass_over(&mut self) {
        self.events += 1;
        self.bytes += (self.searched - self.start) as u64;
        self.slots.push(Err(self.line_too_long()));
        self.buffer.truncate(self.start);
        self.searched = self.start;
        self.skipping = true;
    }

    fn line_too_long(&self) -> Box<Refusal> {
        Refusal::not_written(Code::TooLarge, format!("A line has at most {} bytes.", self.longest_line))
    }
}

fn past_the_caps(caps: Caps) -> Box<Refusal> {
    let detail = format!(
        "A body that is answered event by event has at most {} events and {} bytes; send Prefer: return=minimal or \
         Accept: application/x-ndjson, and its length is free.",
        caps.events, caps.bytes
    );
    Refusal::not_written(Code::TooLarge, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::admission::Window;

    fn limits(events: usize, bytes: u64) -> Admission {
        Admission { window: Window { events, bytes, pending: 1 }, ..Admission::default() }
    }

    /// Everything that comes out for a body in pieces: lines as text, refusals as their codes.
    fn cut(pieces: &[&[u8]], limits: &Admission, free: bool) -> Vec<String> {
        let mut cutter = Cutter::new(limits, free);
        let mut out = Vec::new();
        let mut drain = |cutter: &mut Cutter, ended: bool| loop {
            cutter.cut(ended);
            let full = cutter.is_full();
            let (bytes, slots) = cutter.take();
            out.extend(slots.into_iter().map(|slot| match slot {
                Ok(event) => String::from_utf8_lossy(&bytes[event.text]).into_owned(),
                Err(refusal) => refusal.code.as_str().to_owned(),
            }));
            if !full {
                break;
            }
        };
        for piece in pieces {
            cutter.push(piece);
            drain(&mut cutter, false);
        }
        drain(&mut cutter, true);
        out
    }

    #[test]
    fn lines_are_cut_wherever_the_pieces_break() {
        let body = b"{\"a\":1}\n\n{\"b\":2}\r\n  \r\n{\"c\":3}";
        for at in 0..=body.len() {
            let (one, two) = body.split_at(at);
            let lines = cut(&[one, two], &limits(2, 100), true);
            assert_eq!(lines, ["{\"a\":1}", "{\"b\":2}\r", "{\"c\":3}"], "cut at {at}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_alone() {
        let long = [b'x'; 50];
        for at in 0..50 {
            let lines = cut(&[b"1\n", &long[..at], &long[at..], b"\n2\n"], &limits(10, 20), true);
            assert_eq!(lines, ["1", "too_large", "2"], "cut at {at}");
        }
    }

    #[test]
    fn past_the_caps_lines_are_refused_unless_the_length_is_free() {
        let limits = Admission { events_per_request: 2, ..limits(10, 100) };
        assert_eq!(cut(&[b"1\n2\n3\n4"], &limits, false), ["1", "2", "too_large", "too_large"]);
        assert_eq!(cut(&[b"1\n2\n3\n4"], &limits, true), ["1", "2", "3", "4"]);
    }

    #[test]
    fn the_pieces_in_which_a_body_comes_make_no_difference() {
        forebay_fuzz::fuzz!(5_000).for_each(|bytes: &[u8]| {
            let Some((size, body)) = bytes.split_first() else { return };
            let body: Vec<u8> = body.iter().map(|byte| if byte % 7 == 0 { b'\n' } else { *byte }).collect();
            let pieces: Vec<&[u8]> = body.chunks(usize::from(*size) + 1).collect();
            let whole: Vec<String> =
                body.split(|byte| *byte == b'\n')
                    .filter(|line| !line.iter().all(u8::is_ascii_whitespace))
                    .map(|line| {
                        if line.len() > 20 {
                            "too_large".to_owned()
                        } else {
                            String::from_utf8_lossy(line).into_owned()
                        }
                    })
                    .collect();
            assert_eq!(cut(&pieces, &limits(3, 20), true), whole);
        });
    }

    #[test]
    fn memory_does_not_grow_with_the_body() {
        let limits = limits(4, 64);
        let mut cutter = Cutter::new(&limits, true);
        for _ in 0..10_000 {
            cutter.push(b"0123456789012345678901234567890123456789");
            cutter.cut(false);
            cutter.take();
            assert!(cutter.buffer.len() <= 64 + 40);
        }
    }
}
