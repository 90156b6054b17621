//! `forebay explain`: what would become of events, and why, offline. The way is the gateway's own, up to where it would
//! hand records to Kafka.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use forebay_schemas::pii::{HashKey, MIN_KEY_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::offline::numbered;
use super::{Exit, terminal};
use crate::binding::Binder;
use crate::catalog::{self, ContractSet, Misfit, Sources};
use crate::clock::{self, Ticks};
use crate::config::Config;
use crate::config::admission::Admission;
use crate::config::kafka::Kafka;
use crate::config::rates::Rates as Limits;
use crate::door::answer::{Answer, Listing, rejection_document};
use crate::door::media::Whole;
use crate::door::native;
use crate::door::trial::{Said, said};
use crate::event::{Batch, Event, Form, Head, Peer, Principal, Trial, Verdict};
use crate::ingest::allow::rates::Rates;
use crate::ingest::judge::Bench;
use crate::ingest::{allow, deliver, encode, trial};
use crate::metrics::Metrics;

/// Who sends the events if nobody is named: someone whom no contract's `producers` bind.
const ANYONE: &str = "developer";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The events: JSON as it would be posted, or lines of it in a file that ends in .ndjson; - reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The topic that they would be posted to.
    #[arg(long)]
    topic: String,
    /// Who would send them; without a name, rights are not looked at.
    #[arg(long)]
    principal: Option<String>,
    /// A group that the sender is in.
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// A header field of the request.
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(HeaderName, HeaderValue)>,
    /// The contracts.
    #[arg(long, default_value = "schemas/catalog")]
    catalog: PathBuf,
    /// The conventions.
    #[arg(long, default_value = "policies/conventions")]
    conventions: PathBuf,
    /// For people, or what `?dry_run=true` would answer.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let sources = Sources {
        catalog: arguments.catalog.clone(),
        conventions: Some(arguments.conventions.clone()),
        // Nobody keeps these hashes; whether a schema takes them does not depend on the key.
        hash_key: HashKey::new(&[0; MIN_KEY_LENGTH]),
    };
    let load = catalog::load(&sources, clock::today(), &Metrics::new());
    // What warns of other topics is no business of these events; what warns of their own is said with them.
    let Some(set) = load.set else {
        terminal::load(&load);
        return Exit::Usage;
    };
    let set = match bound(set, &arguments.topic) {
        Ok(set) => set,
        Err(reason) => {
            terminal::note(format_args!("error: {reason}"));
            return Exit::Usage;
        }
    };
    let body = match read(&arguments.file) {
        Ok(body) => body,
        Err(error) => {
            terminal::note(format_args!("error: {}: {error}", arguments.file.display()));
            return Exit::Usage;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::note(format_args!("error: no thread to run on: {error}"));
            return Exit::Unreachable;
        }
    };
    if arguments.principal.is_none() {
        terminal::note("note: without --principal it is not looked at who may write the topic");
        for rule in asking(&set, &arguments.topic) {
            terminal::note(format_args!("note: {rule} asks who sends the events; it is told {ANYONE:?}"));
        }
    }
    match runtime.block_on(explain(arguments, &Arc::new(set), body)) {
        Ok(verdicts) => show(arguments.format, &verdicts),
        Err(rejection) => {
            match arguments.format {
                Format::Human => terminal::say(format_args!("The request would be turned away: {rejection}")),
                Format::Json => terminal::say(String::from_utf8_lossy(&rejection_document(&rejection, ""))),
            };
            Exit::Problems
        }
    }
}

/// The conventions over the topic's events that ask who sends them.
fn asking(set: &ContractSet, topic: &str) -> Vec<String> {
    let program = set.get(topic).and_then(|topic| topic.bound.as_ref().ok());
    let rules = program.into_iter().flat_map(|program| program.rules.rules());
    rules.filter(|rule| rule.needs_principal).map(|rule| rule.name.clone()).collect()
}

/// The set with the topic bound by the schema beside its contract, where only its id is a registry's business.
fn bound(set: ContractSet, topic: &str) -> Result<ContractSet, String> {
    let Some(topic) = set.get(topic).filter(|topic| !topic.is_settled()) else { return Ok(set) };
    let Some(material) = numbered(&topic.contract, &topic.material) else {
        let name = &topic.contract.topic;
        return Err(format!(
            "the schema of {name} is in a registry alone, and explain asks none; put it beside the contract, or post the \
             events to a gateway with ?dry_run=true"
        ));
    };
    let words = |misfit: Misfit| misfit.into_problems().first().map(ToString::to_string).unwrap_or_default();
    let topic = topic.bind(material).map_err(words)?;
    Ok(set.with(topic))
}

async fn explain(
    arguments: &Arguments,
    contracts: &Arc<ContractSet>,
    body: Bytes,
) -> Result<Vec<Verdict>, crate::event::Rejection> {
    let head = Head {
        topic: arguments.topic.clone(),
        schema_id: None,
        headers: arguments.header.iter().cloned().collect::<HeaderMap>(),
        dry_run: true,
        trace: Vec::new(),
        peer: Peer::unknown(),
    };
    let who = match &arguments.principal {
        Some(name) => Principal::new(name.as_str().into()),
        None => Principal::new(ANYONE.into()).freed(),
    };
    let who = who.in_groups(arguments.group.iter().map(|group| group.as_str().into()).collect());
    // Limits a second are no business of events that are looked at here.
    let rates = Rates::new(&Limits::default(), Ticks::monotonic());
    allow::enter(&who, &head, contracts, &rates)?;
    let batch = if is_lines(&arguments.file) {
        lines(&head, body)
    } else {
        native::cut(&head, body, Whole::Json, Admission::default().events_per_request)?
    };
    let allowed = allow::allow(&who, contracts, batch, &rates);
    let encoded = encode::encode(allowed, &head.headers, &Binder::new(None, &Config::default())).await;
    let bench = Bench { who: &who, headers: &head.headers, tally: None };
    let ahead = Kafka::default().timestamp_ahead;
    Ok(trial::try_out(encoded, &bench, |_, record| deliver::in_time(record, ahead)).await.verdicts)
}

fn show(format: Format, verdicts: &[Verdict]) -> Exit {
    let trials: Vec<&Trial> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::Tried(trial) => Some(&**trial),
            _ => None,
        })
        .collect();
    match format {
        Format::Json => {
            let mut answer = Answer::new(Listing::All(usize::MAX));
            answer.extend(verdicts);
            let (_, _, body) = answer.document("");
            terminal::say(String::from_utf8_lossy(&body));
        }
        Format::Human => {
            for (index, trial) in trials.iter().enumerate() {
                describe(index + 1, trial);
            }
        }
    }
    let refused = trials.iter().filter(|trial| trial.refusal.is_some()).count();
    if matches!(format, Format::Human) {
        terminal::say(format_args!("{refused} of {} events would be refused.", trials.len()));
    }
    if refused > 0 { Exit::Problems } else { Exit::Fine }
}

fn describe(number: usize, trial: &Trial) {
    match &trial.refusal {
        None => {
            terminal::say(format_args!("event {number}: would be written"));
            if let Some(key) = &trial.key {
                terminal::say(format_args!("  key    {key}"));
            }
            if let Some(value) = &trial.value {
                terminal::say(format_args!("  value  {value}"));
            }
        }
        Some(refusal) => {
            terminal::say(format_args!("event {number}: would be refused ({})", refusal.code.as_str()));
            terminal::say(format_args!("  {}", refusal.detail));
            for error in refusal.errors.iter().skip(1) {
                terminal::say(format_args!(
                    "  At {}: expected {}, found {}.",
                    error.pointer, error.expected, error.actual
                ));
            }
        }
    }
    for Said { rule, at, result, effect, detail } in said(trial) {
        match (effect, detail) {
            // A broken rule's sentence names it.
            (Some(effect), Some(detail)) => terminal::say(format_args!("  {result}, which {effect}: {detail}")),
            (_, Some(detail)) => terminal::say(format_args!("  {result}: {rule} ({at}): {detail}")),
            (_, None) => terminal::say(format_args!("  {result}: {rule} ({at})")),
        };
    }
}

fn is_lines(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "ndjson")
}

/// A line an event; empty lines are none.
fn lines(head: &Head, body: Bytes) -> Batch {
    let mut events = Vec::new();
    let mut start = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
        if !line.trim_ascii().is_empty() {
            events.push(Ok(Event { topic: 0, text: start..end }));
        }
        start = end;
    }
    let topics = vec![head.topic.clone()];
    Batch { body, form: Form::Json, framed: false, schema_id: None, document: false, topics, events }
}

fn read(file: &Path) -> std::io::Result<Bytes> {
    if file.as_os_str() != "-" {
        return std::fs::read(file).map(Bytes::from);
    }
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body)?;
    Ok(body.into())
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    let name = name.trim().parse().map_err(|_| format!("{name} is no header field's name"))?;
    Ok((name, value.trim().parse().map_err(|_| "the value is none of a header field".to_owned())?))
}
