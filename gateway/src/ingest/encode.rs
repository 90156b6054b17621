//! Encode: each event's text is read once; out come its record's bytes, or what is wrong with it in words. Knows
//! contracts' programs; the formats themselves live in `forebay_schemas`.

mod key;
mod mistaken;
mod program;

use std::ops::Range;
use std::sync::Arc;

use forebay_schemas::encoder::{Fault, Mismatch, Scratch};
use forebay_schemas::picked::Picked;
use http::HeaderMap;

use super::turn::Turn;
use crate::binding::Binder;
use crate::catalog::{Program, Topic};
use crate::event::{Allowed, Code, Encoded, Event, Form, Record, Refusal, Slot, Source};

/// Encodes the events that are allowed. `headers` are the request's, for contracts that take the key from one; `binder`
/// knows the programs of other versions of a schema.
pub async fn encode(allowed: Allowed, headers: &HeaderMap, binder: &Binder) -> Encoded {
    let Allowed { body, form, framed, schema_id, document, topics, events } = allowed;
    let mut programs = Vec::with_capacity(topics.len());
    for topic in &topics {
        programs.push(program::choose(topic, schema_id, binder).await);
    }
    let mut work = Work::new((&body, form, framed), &topics, &programs, headers);
    let mut records = Vec::with_capacity(events.len());
    let mut turn = Turn::default();
    for slot in &events {
        turn.after(slot.as_ref().map_or(0, |event| event.text.len())).await;
        let record = match slot {
            Ok(event) => work.event(event),
            Err(refusal) => Err(Stop::Refused(refusal.clone())),
        };
        match record {
            Ok(record) => records.push(Ok(record)),
            Err(Stop::Refused(refusal)) => records.push(Err(refusal)),
            Err(Stop::Fault(Fault::Syntax { offset, expected })) if document => {
                let start = slot.as_ref().map_or(0, |event| event.text.start);
                let all = sunk(&body, start + offset, expected);
                let records = events.iter().map(|_| Err(all.clone())).collect();
                let source = Source { body, form, events: events.iter().map(|_| Err(all.clone())).collect() };
                return Encoded { topics, programs, source, arena: Vec::new(), picks: Picked::default(), records };
            }
            Err(Stop::Fault(fault)) => {
                let line = slot.as_ref().ok().filter(|_| form == Form::Json && !document);
                let hint = line.map_or("", |event| mistaken::as_line(&body[event.text.clone()]));
                records.push(Err(refuse(fault, hint)));
            }
        }
    }
    let Work { arena, mut scratch, .. } = work;
    let picks = scratch.take_picks();
    Encoded { topics, programs, source: Source { body, form, events }, arena, picks, records }
}

/// Counts for each topic the bytes of the events that have a record, and of their records.
pub fn count(encoded: &Encoded) {
    let mut sizes = vec![(0, 0); encoded.topics.len()];
    for pair in encoded.records.iter().zip(&encoded.source.events) {
        if let (Ok(record), Ok(event)) = pair {
            let (events, records) = &mut sizes[record.topic];
            *events += event.text.len();
            *records += record.value.len() + record.key.as_ref().map_or(0, Range::len);
        }
    }
    for (topic, (events, records)) in encoded.topics.iter().zip(sizes) {
        topic.metrics.encoded(events, records);
    }
}

/// What one batch's encoding works with.
struct Work<'a> {
    body: &'a [u8],
    form: Form,
    framed: bool,
    topics: &'a [Arc<Topic>],
    /// For each topic what writes its events.
    programs: &'a [Slot<Arc<Program>>],
    /// For each topic the key that came as a header field, if its contract takes it from there.
    header_keys: Vec<Slot<Option<Range<usize>>>>,
    arena: Vec<u8>,
    scratch: Scratch,
}

/// Why an event has no record.
enum Stop {
    Fault(Fault),
    Refused(Box<Refusal>),
}

impl<'a> Work<'a> {
    fn new(
        (body, form, framed): (&'a [u8], Form, bool),
        topics: &'a [Arc<Topic>],
        programs: &'a [Slot<Arc<Program>>],
        headers: &HeaderMap,
    ) -> Self {
        let mut arena = Vec::with_capacity(body.len());
        let key = |topic: &Arc<Topic>| key::from_header(topic.contract.key.as_ref(), headers, &mut arena);
        let header_keys = topics.iter().map(key).collect();
        Self { body, form, framed, topics, programs, header_keys, arena, scratch: Scratch::default() }
    }

    fn event(&mut self, event: &Event) -> Result<Record, Stop> {
        let header_key = self.header_keys[event.topic].clone().map_err(Stop::Refused)?;
        let text = &self.body[event.text.clone()];
        within_limit(&self.topics[event.topic], text.len()).map_err(Stop::Refused)?;
        let program = self.programs[event.topic].as_ref().map_err(|refusal| Stop::Refused(refusal.clone()))?;
        let program = &program.encoder;
        let (arena, scratch) = (&mut self.arena, &mut self.scratch);
        let encoded = match self.form {
            Form::Json => program.encode(text, arena, scratch),
            Form::Encoded(payload) if self.framed => program.check_framed(payload, text, arena, scratch),
            Form::Encoded(payload) => program.check(payload, text, arena, scratch),
        };
        let encoded = encoded.map_err(Stop::Fault)?;
        let key = header_key.or(encoded.key);
        let (id, time_millis, picks) = (encoded.id, encoded.time_millis, encoded.picks);
        Ok(Record { topic: event.topic, value: encoded.value, key, id, time_millis, picks })
    }
}

fn within_limit(topic: &Topic, length: usize) -> Slot<()> {
    match topic.contract.bytes_per_event {
        Some(limit) if length as u64 > limit => {
            let detail = format!("The event has {length} bytes; the contract allows {limit}.");
            Err(Refusal::not_written(Code::TooLarge, detail))
        }
        _ => Ok(()),
    }
}

/// The refusal of every event of a document that is not JSON.
fn sunk(body: &[u8], offset: usize, expected: &str) -> Box<Refusal> {
    let hint = mistaken::as_document(body, offset, expected);
    let detail =
        format!("The body is not JSON: at byte {offset}, expected {expected}. Nothing of it was written.{hint}");
    Refusal::not_written(Code::Malformed, detail)
}

/// A fault in words, with a hint behind what may come of a wrong media type.
fn refuse(fault: Fault, hint: &str) -> Box<Refusal> {
    match fault {
        Fault::Syntax { offset, expected } => {
            let detail = format!("The line is not JSON: at byte {offset}, expected {expected}.{hint}");
            Refusal::not_written(Code::Malformed, detail)
        }
        Fault::Undecodable { offset, expected } => {
            let detail = format!("The body is not what the topic takes: at byte {offset}, expected {expected}.");
            Refusal::not_written(Code::Malformed, detail)
        }
        Fault::Ambiguous { pointer, detail } => {
            let place = if pointer.is_empty() { "the event" } else { &pointer };
            let mut refusal = Refusal::not_written(Code::Malformed, format!("At {place}: {detail}."));
            let expected = "JSON with one meaning".to_owned();
            refusal.errors = vec![Mismatch { pointer, expected, actual: detail }];
            refusal
        }
        Fault::Violation(errors) => {
            let detail = summary(&errors) + hint;
            let mut refusal = Refusal::not_written(Code::SchemaViolation, detail);
            refusal.errors = errors;
            refusal
        }
        Fault::MissingKey { pointer } => {
            let detail = format!("The contract takes the record's key from {pointer}, and the event has none there.");
            Refusal::not_written(Code::MissingKey, detail)
        }
    }
}

/// All mismatches in a sentence: the first one, and how many more there are.
fn summary(errors: &[Mismatch]) -> String {
    let Some(first) = errors.first() else { return "The event does not match its schema.".to_owned() };
    let place = if first.pointer.is_empty() { "the event" } else { &first.pointer };
    let more = match errors.len() - 1 {
        0 => String::new(),
        1 => " One more is listed.".to_owned(),
        more => format!(" {more} more are listed."),
    };
    let found = if first.actual == "missing" { "nothing" } else { first.actual };
    format!("At {place}: expected {}, found {found}.{more}", first.expected)
}
