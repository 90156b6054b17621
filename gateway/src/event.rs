//! The nouns that cross steps: what a request carries from one step to the next, and what it ends as. Knows
//! nothing of HTTP statuses, of Kafka's client or of how a step does its work.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::CStr;
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use forebay_policies::{Account, Finding, RuleInfo};
use forebay_schemas::encoder::{Mismatch, Payload};
use forebay_schemas::picked::Picked;
use http::HeaderMap;

use crate::catalog::{Program, Topic};
pub use crate::code::{Code, Outcome};
use crate::glob;

/// What a request says before its body.
#[derive(Debug)]
pub struct Head {
    /// The topic in the path, percent-decoded once; not known to exist, and empty until it is known who is calling.
    pub topic: String,
    /// The id of the schema that the request names for its events, if it does.
    pub schema_id: Option<u32>,
    /// The request's header fields.
    pub headers: HeaderMap,
    /// Whether the events are only tried out.
    pub dry_run: bool,
    /// The fields of W3C Trace Context for the records, if there is a trace.
    pub trace: Vec<(&'static CStr, Bytes)>,
    /// Who is at the other end of the connection.
    pub peer: Arc<Peer>,
}

/// Who is at the other end of a connection, as far as the connection says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its address; a proxy's, where there is one.
    pub address: IpAddr,
    /// The names in its certificate, if it has shown one that an authority of the configuration has signed.
    pub certificate: Option<Certificate>,
}

impl Peer {
    /// Nobody is known to be there: no proxy's address, no certificate.
    pub fn unknown() -> Arc<Self> {
        Arc::new(Self { address: IpAddr::from([0, 0, 0, 0]), certificate: None })
    }
}

/// The names in a client's certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    /// The SPIFFE id: the one URI of that scheme among the subject's alternative names (X509-SVID, section 2).
    pub spiffe: Option<Arc<str>>,
    /// The first DNS name among the subject's alternative names.
    pub dns: Option<Arc<str>>,
    /// The subject, as RFC 4514 spells it.
    pub subject: Option<Arc<str>>,
    /// When it ends, in seconds since 1970.
    pub not_after: i64,
}

/// Who is calling, proven. Only `ingest::authn` makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    name: Arc<str>,
    groups: Arc<[Arc<str>]>,
    unrestricted: bool,
    expires: Option<i64>,
    scopes: Option<Arc<[Arc<str>]>>,
}

impl Principal {
    /// Proven to have this name, and in no group.
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self { name, groups: Arc::default(), unrestricted: false, expires: None, scopes: None }
    }

    /// The same in these groups.
    #[must_use]
    pub(crate) fn in_groups(self, groups: Arc<[Arc<str>]>) -> Self {
        Self { groups, ..self }
    }

    /// The same, whom no contract's `producers` bind.
    #[must_use]
    pub(crate) fn freed(self) -> Self {
        Self { unrestricted: true, ..self }
    }

    /// The same by a credential that ends soon, in seconds since 1970; its sender is warned.
    #[must_use]
    pub(crate) fn expiring(self, expires: i64) -> Self {
        Self { expires: Some(expires), ..self }
    }

    /// The same by a credential that is for these topics only: names, or patterns with `*`.
    #[must_use]
    pub(crate) fn scoped(self, scopes: Arc<[Arc<str>]>) -> Self {
        Self { scopes: Some(scopes), ..self }
    }

    /// Whether its credential is for this topic. What the topic's contract says of the caller is another matter.
    pub fn may(&self, topic: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|scope| glob::matches(scope, topic)))
    }

    /// The groups that its credential names.
    pub fn groups(&self) -> &[Arc<str>] {
        &self.groups
    }

    /// When its credential ends, in seconds since 1970, if that is soon.
    pub fn expires(&self) -> Option<i64> {
        self.expires
    }

    /// The name that contracts, logs and budgets know.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether every topic may be written, whatever its contract's `producers` say (`forebay dev`).
    pub fn is_unrestricted(&self) -> bool {
        self.unrestricted
    }
}

/// One event's place in its request: still on its way, or refused. Vectors of slots keep the request's order
/// and length from step to step.
pub type Slot<T> = Result<T, Box<Refusal>>;

/// One event of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its topic, as an index into the batch's topics.
    pub topic: usize,
    /// Its text, as a range of the batch's body.
    pub text: Range<usize>,
}

/// What an event's bytes are as they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON text.
    Json,
    /// What will be stored, or nearly.
    Encoded(Payload),
}

/// What a door read: events as ranges of one body.
#[derive(Debug)]
pub struct Batch {
    /// The body, or one window of it.
    pub body: Bytes,
    /// What the events' bytes are.
    pub form: Form,
    /// Whether they stood behind Confluent's frame, of which only Protobuf's list of indexes is left.
    pub framed: bool,
    /// The id of their schema, if the request names one.
    pub schema_id: Option<u32>,
    /// Whether the events are parts of one JSON document, so that a syntax error in one sinks all.
    pub document: bool,
    /// The topics' names as the caller spelled them.
    pub topics: Vec<String>,
    /// One slot an event.
    pub events: Vec<Slot<Event>>,
}

/// A batch whose events may be written by their caller; every index leads to a contract.
#[derive(Debug)]
pub struct Allowed {
    /// The body, or one window of it.
    pub body: Bytes,
    /// As in [`Batch`].
    pub form: Form,
    /// As in [`Batch`].
    pub framed: bool,
    /// As in [`Batch`].
    pub schema_id: Option<u32>,
    /// As in [`Batch`].
    pub document: bool,
    /// The contracts of the allowed events.
    pub topics: Vec<Arc<Topic>>,
    /// One slot an event.
    pub events: Vec<Slot<Event>>,
}

/// Checked events as record bytes.
#[derive(Debug)]
pub struct Encoded {
    /// The contracts of the records.
    pub topics: Vec<Arc<Topic>>,
    /// For each topic what writes and judges its events.
    pub programs: Vec<Slot<Arc<Program>>>,
    /// What they were made from.
    pub source: Source,
    /// Values, keys and ids of all records.
    pub arena: Vec<u8>,
    /// Values that binds and conventions look at.
    pub picks: Picked,
    /// One slot an event.
    pub records: Vec<Slot<Record>>,
}

impl Encoded {
    /// How many events of a topic were refused since conventions block the topic itself.
    pub fn blocked(&self, topic: usize) -> usize {
        let pairs = self.records.iter().zip(&self.source.events);
        let blocked = |slot: &Slot<Record>| slot.as_ref().is_err_and(|refusal| !refusal.broken.is_empty());
        pairs.filter(|(slot, event)| blocked(slot) && event.as_ref().is_ok_and(|event| event.topic == topic)).count()
    }
}

/// The text that events were read from.
#[derive(Debug)]
pub struct Source {
    /// The body, or one window of it.
    pub body: Bytes,
    /// What the events' bytes are.
    pub form: Form,
    /// One slot an event; refused where a text is not one event's own.
    pub events: Vec<Slot<Event>>,
}

/// One record's parts, as ranges of the arena.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its topic, as an index into the batch's topics.
    pub topic: usize,
    /// The value with its framing.
    pub value: Range<usize>,
    /// The key.
    pub key: Option<Range<usize>>,
    /// The event's id.
    pub id: Option<Range<usize>>,
    /// Milliseconds since the epoch.
    pub time_millis: Option<i64>,
    /// Its values, as a range of the batch's picks: those of the contract's binds, then those of the program's rules.
    pub picks: Range<usize>,
}

/// Records that the conventions let pass.
#[derive(Debug)]
pub struct Judged {
    /// The records, and those refused by a rule.
    pub encoded: Encoded,
    /// Conventions that were broken and only warn, by name.
    pub warnings: BTreeSet<Arc<str>>,
}

/// What became of one event.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Its record is in Kafka, acknowledged by all in-sync replicas.
    Written {
        /// Partition of the record.
        partition: i32,
        /// Offset in the partition; none where Kafka had the record already and does not say it again.
        offset: Option<i64>,
    },
    /// It was not written, or nobody knows.
    Refused(Box<Refusal>),
    /// It was only tried out.
    Tried(Box<Trial>),
}

/// What would have become of an event that was only tried out. Nothing of it was written.
#[derive(Debug, Clone, Default)]
pub struct Trial {
    /// Its topic, if a contract names it.
    pub topic: Option<String>,
    /// Why it would have been refused, if it would.
    pub refusal: Option<Box<Refusal>>,
    /// The record's key as text, or in base64 where it is none.
    pub key: Option<String>,
    /// The record's value as JSON, personal values treated.
    pub value: Option<serde_json::Value>,
    /// The conventions that its topic breaks, those that block it first.
    pub standing: Vec<Finding>,
    /// What each convention over events that applies to its topic says of it.
    pub conventions: Vec<Account>,
    /// Conventions over events that don't apply to its topic, and why.
    pub aside: Vec<(Arc<RuleInfo>, String)>,
}

/// Why one event was not written.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// Whether the record may be in the log.
    pub outcome: Outcome,
    /// A sentence for the client: what was wrong and what to do; no value of the event, no broker's address.
    pub detail: Cow<'static, str>,
    /// Where the event and its schema disagree.
    pub errors: Vec<Mismatch>,
    /// The conventions that it, or its topic, breaks and that block.
    pub broken: Vec<Finding>,
    /// Whether a copy lies in the topic that the contract names for refused events, if it names one.
    pub copied: Option<bool>,
    /// How long it is of no use to send the event again, where that is known.
    pub wait: Option<Duration>,
}

impl Refusal {
    /// A refusal of an event that will never appear in Kafka unless it is sent again.
    pub fn not_written(code: Code, detail: impl Into<Cow<'static, str>>) -> Box<Self> {
        Box::new(Self::bare(code, Outcome::NotWritten, detail.into()))
    }

    /// A refusal of an event that is in Kafka once or not at all.
    pub fn unknown(code: Code, detail: impl Into<Cow<'static, str>>) -> Box<Self> {
        Box::new(Self::bare(code, Outcome::Unknown, detail.into()))
    }

    const fn bare(code: Code, outcome: Outcome, detail: Cow<'static, str>) -> Self {
        Self { code, outcome, detail, errors: Vec::new(), broken: Vec::new(), copied: None, wait: None }
    }
}

/// Why a whole request was turned away before there were events. Nothing of it was written.
#[derive(Debug)]
pub struct Rejection {
    /// The stable code.
    pub code: Code,
    /// A sentence for the client.
    pub detail: Cow<'static, str>,
    /// How long it is of no use to send the request again, where that is known.
    pub wait: Option<Duration>,
    /// How a caller who is not known may prove who it is: challenges of RFC 9110, section 11.3.
    pub challenges: Vec<String>,
}

impl Rejection {
    /// A rejection with its sentence.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), wait: None, challenges: Vec::new() }
    }

    /// The same with what its sender is asked to prove.
    #[must_use]
    pub fn challenging(self, challenges: Vec<String>) -> Self {
        Self { challenges, ..self }
    }

    /// The same for what was not read of a body whose first events have verdicts already.
    pub fn into_refusal(self) -> Box<Refusal> {
        let mut refusal = Refusal::not_written(self.code, self.detail);
        refusal.wait = self.wait;
        refusal
    }
}

impl From<Box<Refusal>> for Rejection {
    /// What refuses one event refuses all of a request.
    fn from(refusal: Box<Refusal>) -> Self {
        Self { code: refusal.code, detail: refusal.detail, wait: refusal.wait, challenges: Vec::new() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Rejection {}
