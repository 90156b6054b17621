//! Builds the native answer: counts verdicts, lists them as JSON while they come, and ends as 200, 207 or a problem
//! (RFC 9457). Knows every word of the answer's body and nothing of how a verdict came about.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::refused::refused;
use super::{status, trial};
use crate::event::{Code, Outcome, Refusal, Rejection, Verdict};
use crate::limit::whole_seconds;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
/// The first second that RFC 3339 can't spell, in seconds since 1970.
const YEAR_10000: u64 = 253_402_300_800;

/// Which verdicts an answer lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// All of them, up to so many.
    All(usize),
    /// The refused ones with their index, up to so many.
    Refused(usize),
}

/// An answer in the making.
#[derive(Debug)]
pub struct Answer {
    listing: Listing,
    /// Whether its events were only tried out.
    tried: bool,
    entries: Vec<u8>,
    listed: usize,
    written: usize,
    codes: Vec<Code>,
    refused: usize,
    maybe_written: bool,
    retryable: bool,
    detail: Option<String>,
    wait: Option<Duration>,
    warnings: BTreeSet<Arc<str>>,
}

#[derive(Serialize)]
struct WrittenEntry {
    outcome: &'static str,
    partition: i32,
    offset: Option<i64>,
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    code: &'static str,
    outcome: &'static str,
    retryable: bool,
}

impl Answer {
    /// An answer that lists nothing yet.
    pub fn new(listing: Listing) -> Self {
        Self {
            listing,
            tried: false,
            entries: Vec::new(),
            listed: 0,
            written: 0,
            codes: Vec::new(),
            refused: 0,
            maybe_written: false,
            retryable: false,
            detail: None,
            wait: None,
            warnings: BTreeSet::new(),
        }
    }

    /// Whether it has no verdict yet.
    pub fn is_empty(&self) -> bool {
        self.written + self.refused == 0
    }

    /// Whether it lists refused events only.
    pub fn is_minimal(&self) -> bool {
        matches!(self.listing, Listing::Refused(_))
    }

    /// Adds the verdicts of the next events, in request order.
    pub fn extend(&mut self, verdicts: &[Verdict]) {
        for verdict in verdicts {
            self.push(verdict);
        }
    }

    /// Names conventions that were broken and only warn.
    pub fn warn(&mut self, warnings: BTreeSet<Arc<str>>) {
        self.warnings.extend(warnings);
    }

    /// The answer as a response.
    pub fn finish(self, request_id: &str) -> Response {
        let (status, content_type, body) = self.document(request_id);
        let mut response = respond(status, content_type, body);
        self.describe(&mut response);
        response
    }

    /// The answer's status, media type and body.
    pub fn document(&self, request_id: &str) -> (StatusCode, HeaderValue, Vec<u8>) {
        let status = match (self.written, self.refused) {
            (_, 0) => StatusCode::OK,
            (0, _) => return self.problem(request_id),
            _ => StatusCode::MULTI_STATUS,
        };
        let mut body = Vec::with_capacity(self.entries.len() + 64);
        body.push(b'{');
        self.counts(&mut body);
        body.extend_from_slice(&self.entries);
        body.extend_from_slice(b"]}");
        (status, JSON, body)
    }

    fn push(&mut self, verdict: &Verdict) {
        let index = self.written + self.refused;
        self.tried |= matches!(verdict, Verdict::Tried(_));
        let refusal = match verdict {
            Verdict::Written { .. } => None,
            Verdict::Refused(refusal) => Some(refusal),
            Verdict::Tried(trial) => trial.refusal.as_ref(),
        };
        match refusal {
            None => self.written += 1,
            Some(refusal) => self.count_refused(refusal),
        }
        let index = match (self.listing, refusal) {
            (Listing::All(most), _) if self.listed < most => None,
            (Listing::Refused(most), Some(_)) if self.listed < most => Some(index),
            _ => return,
        };
        if self.listed > 0 {
            self.entries.push(b',');
        }
        self.listed += 1;
        write_entry(verdict, index, &mut self.entries);
    }

    fn count_refused(&mut self, refusal: &Refusal) {
        self.refused += 1;
        self.maybe_written |= refusal.outcome == Outcome::Unknown;
        self.retryable |= refusal.code.is_retryable();
        self.wait = self.wait.max(refusal.wait);
        if !self.codes.contains(&refusal.code) {
            self.codes.push(refusal.code);
        }
        self.detail.get_or_insert_with(|| refusal.detail.clone().into_owned());
    }

    fn problem(&self, request_id: &str) -> (StatusCode, HeaderValue, Vec<u8>) {
        let code = status::of_all(&self.codes);
        let detail = match (&self.detail, self.refused) {
            (Some(detail), 1) => detail.clone(),
            (Some(detail), count) => format!("None of the {count} events was accepted. The first: {detail}"),
            (None, _) => String::new(),
        };
        let problem = Problem {
            r#type: problem_type(code),
            title: status::title(code),
            status: status::status(code).as_u16(),
            detail: &detail,
            instance: request_id,
            code: code.as_str(),
            outcome: if self.maybe_written { Outcome::Unknown } else { Outcome::NotWritten }.as_str(),
            retryable: self.retryable,
        };
        let mut body = to_json(&problem);
        body.truncate(body.len() - 1);
        body.push(b',');
        self.counts(&mut body);
        body.extend_from_slice(&self.entries);
        body.extend_from_slice(b"]}");
        (status::status(code), PROBLEM, body)
    }

    /// How many events there are of each kind, up to the list of them.
    fn counts(&self, body: &mut Vec<u8>) {
        let words =
            if self.tried { ("\"dry_run\":true,", "would_write", "would_refuse") } else { ("", "written", "refused") };
        let (tried, written, refused) = words;
        let counts = format!("{tried}\"{written}\":{},\"{refused}\":{},\"events\":[", self.written, self.refused);
        body.extend_from_slice(counts.as_bytes());
    }

    fn describe(&self, response: &mut Response) {
        if self.is_minimal() {
            response.headers_mut().insert("preference-applied", HeaderValue::from_static("return=minimal"));
        }
        for warning in &self.warnings {
            if let Ok(value) = HeaderValue::from_str(warning) {
                response.headers_mut().append("forebay-warning", value);
            }
        }
        add_retry_after(response, self.wait);
    }
}

/// The answer to a request that was turned away before there were events.
pub fn rejected(rejection: &Rejection, request_id: &str) -> Response {
    let status = status::status(rejection.code);
    let mut response = respond(status, PROBLEM, rejection_document(rejection, request_id));
    for challenge in rejection.challenges.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().append(WWW_AUTHENTICATE, challenge);
    }
    add_retry_after(&mut response, rejection.wait);
    response
}

/// The body of that answer.
pub fn rejection_document(rejection: &Rejection, request_id: &str) -> Vec<u8> {
    to_json(&Problem {
        r#type: problem_type(rejection.code),
        title: status::title(rejection.code),
        status: status::status(rejection.code).as_u16(),
        detail: &rejection.detail,
        instance: request_id,
        code: rejection.code.as_str(),
        outcome: outcome(rejection.code).as_str(),
        retryable: rejection.code.is_retryable(),
    })
}

/// Warns the sender if the credential ends soon; when, in seconds since 1970.
pub fn expiring(response: &mut Response, expires: Option<i64>) {
    let seconds = expires.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds < YEAR_10000);
    if let Some(when) = seconds.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
        && let Ok(value) = HeaderValue::from_str(&humantime::format_rfc3339_seconds(when).to_string())
    {
        response.headers_mut().insert("forebay-credential-expires", value);
    }
}

/// What a rejected request left in Kafka: nothing, unless the gateway itself went wrong on the way.
fn outcome(code: Code) -> Outcome {
    if code == Code::Internal { Outcome::Unknown } else { Outcome::NotWritten }
}

/// One event's verdict as a line of a streamed answer.
pub(super) fn line(verdict: &Verdict, line: &mut Vec<u8>) {
    write_entry(verdict, None, line);
    line.push(b'\n');
}

fn write_entry(verdict: &Verdict, index: Option<usize>, out: &mut Vec<u8>) {
    match verdict {
        Verdict::Written { partition, offset } => {
            let entry = WrittenEntry { outcome: Outcome::Written.as_str(), partition: *partition, offset: *offset };
            append_json(out, &entry);
        }
        Verdict::Refused(refusal) => append_json(out, &refused(refusal, index)),
        Verdict::Tried(tried) => append_json(out, &trial::entry(tried, index)),
    }
}

fn problem_type(code: Code) -> String {
    format!("urn:forebay:{}", code.as_str())
}

fn respond(status: StatusCode, content_type: HeaderValue, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// 429 and 503 say when to come again: after the wait, where it is known, and up to a second more; else in one to three
/// seconds. So those who were refused together don't all come back together (RFC 9110, section 10.2.3).
fn add_retry_after(response: &mut Response, wait: Option<Duration>) {
    if matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        let random = RandomState::new().hash_one(());
        let seconds = match wait {
            Some(wait) => whole_seconds(wait) + random % 2,
            None => 1 + random % 3,
        };
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    append_json(&mut out, value);
    out
}

fn append_json(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(out, value).expect("a struct of texts and numbers is written to memory");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_that_kafka_did_not_say_is_null() {
        let mut answer = Answer::new(Listing::All(2));
        let written = |offset| Verdict::Written { partition: 3, offset };
        answer.extend(&[written(Some(0)), written(None)]);
        let (status, _, body) = answer.document("");
        let expected = r#"{"written":2,"refused":0,"events":[{"outcome":"written","partition":3,"offset":0},{"outcome":"written","partition":3,"offset":null}]}"#;
        assert_eq!((status, String::from_utf8_lossy(&body).as_ref()), (StatusCode::OK, expected));
    }
}
