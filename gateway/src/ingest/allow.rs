//! Allow: does the topic have a contract, may this caller write it, and now. Knows contracts' rights and limits, not their
//! schemas.

mod producers;
mod bucket;
mod buckets;
mod shelf;
pub mod rates;

use std::sync::Arc;

use forebay_schemas::contract::{Contract, Format};
use forebay_schemas::encoder::Payload;

use crate::catalog::{ContractSet, Topic};
use crate::event::{Allowed, Batch, Code, Form, Head, Principal, Refusal, Rejection, Slot};
use rates::{Rated, Rates};

/// What is known of a topic that the caller may write.
#[derive(Debug)]
pub struct Entrance {
    /// What its events may be as they are sent.
    pub takes: &'static [Form],
    /// The limits of its events and bytes a second, and of the caller's.
    pub rated: Rated,
}

/// Turns a request away before its body is read, if the topic in its path has no contract or is not the caller's.
pub fn enter(who: &Principal, head: &Head, contracts: &ContractSet, rates: &Rates) -> Result<Entrance, Rejection> {
    let topic = topic(who, &head.topic, contracts)?;
    Ok(Entrance { takes: takes(&topic.contract), rated: rates.of(who, &topic) })
}

/// Ends a request that is under way, if the topic in its path has lost its contract or is no longer the caller's.
pub fn still(who: &Principal, head: &Head, contracts: &ContractSet) -> Result<(), Rejection> {
    Ok(topic(who, &head.topic, contracts).map(drop)?)
}

/// JSON goes with every format, and what is encoded with its own; a key with a schema of its own is written from JSON only.
fn takes(contract: &Contract) -> &'static [Form] {
    match contract.value.format {
        _ if contract.key.as_ref().is_some_and(|key| key.value.is_some()) => &[Form::Json],
        Format::Avro => &[Form::Json, Form::Encoded(Payload::Avro)],
        Format::Protobuf => &[Form::Json, Form::Encoded(Payload::Protobuf)],
        Format::String => &[Form::Json, Form::Encoded(Payload::Text)],
        Format::Bytes => &[Form::Json, Form::Encoded(Payload::Octets)],
        Format::JsonSchema | Format::Json => &[Form::Json],
    }
}

/// Finds each event's contract, and refuses the events that the caller may not write, or not now.
pub fn allow(who: &Principal, contracts: &ContractSet, batch: Batch, rates: &Rates) -> Allowed {
    let found: Vec<_> = batch.topics.iter().map(|name| topic(who, name, contracts)).collect();
    let mut topics = Vec::new();
    let places: Vec<Result<usize, Box<Refusal>>> = found
        .into_iter()
        .map(|found| {
            found.map(|topic| {
                topics.push(topic);
                topics.len() - 1
            })
        })
        .collect();
    let events = batch.events.into_iter().map(|slot| {
        let mut event = slot?;
        event.topic = places[event.topic].clone()?;
        Ok(event)
    });
    let mut events: Vec<_> = events.collect();
    // Lines are cut into windows as they come; any other body is one batch by its sender's will.
    let window = batch.form == Form::Json && !batch.document;
    rates.take(who, &topics, &mut events, window);
    let Batch { body, form, framed, schema_id, document, .. } = batch;
    Allowed { body, form, framed, schema_id, document, topics, events }
}

fn topic(who: &Principal, name: &str, contracts: &ContractSet) -> Slot<Arc<Topic>> {
    let Some(topic) = contracts.get(name) else {
        let detail = "No contract names this topic. Check its spelling, or ask the platform team for a contract.";
        return Err(Refusal::not_written(Code::UnknownTopic, detail));
    };
    let contract = &topic.contract;
    let named = contract.producers.as_ref().is_none_or(|entries| producers::include(entries, who));
    if !named && !who.is_unrestricted() {
        let detail = format!(
            "You are {}, who is not among the producers of this topic. Its owner is {}; ask them to add you to the contract.",
            who.name(),
            contract.owner
        );
        return Err(Refusal::not_written(Code::Forbidden, detail));
    }
    if !who.may(name) {
        let detail = format!(
            "You are {}, and the scopes of your key don't cover this topic; send with a key that has it, or ask whoever \
             gave you the key.",
            who.name()
        );
        return Err(Refusal::not_written(Code::Forbidden, detail));
    }
    Ok(Arc::clone(topic))
}

#[cfg(test)]
mod tests;
