//! Allow: does the topic have a contract, and may this caller write it. Knows contracts' rights, not their schemas.

use std::sync::Arc;

use forebay_schemas::contract::{Contract, Format};
use forebay_schemas::encoder::Payload;

use crate::catalog::{ContractSet, Topic};
use crate::event::{Allowed, Batch, Code, Form, Head, Principal, Refusal, Rejection, Slot};

/// Turns a request away before its body is read, if the topic in its path has no contract or is not the caller's. Says
/// what the topic takes.
pub fn enter(who: &Principal, head: &Head, contracts: &ContractSet) -> Result<&'static [Form], Rejection> {
    match topic(who, &head.topic, contracts) {
        Ok(topic) => Ok(takes(&topic.contract)),
        Err(refusal) => Err(Rejection::new(refusal.code, refusal.detail)),
    }
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

/// Finds each event's contract, and refuses the events that the caller may not write.
pub fn allow(who: &Principal, contracts: &ContractSet, batch: Batch) -> Allowed {
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
    let events = events.collect();
    let Batch { body, form, framed, schema_id, document, .. } = batch;
    Allowed { body, form, framed, schema_id, document, topics, events }
}

fn topic(who: &Principal, name: &str, contracts: &ContractSet) -> Slot<Arc<Topic>> {
    let Some(topic) = contracts.get(name) else {
        let detail = "No contract names this topic. Check its spelling, or ask the platform team for a contract.";
        return Err(Refusal::not_written(Code::UnknownTopic, detail));
    };
    let contract = &topic.contract;
    let named =
        contract.producers.as_ref().is_none_or(|producers| producers.iter().any(|one| matches(one, who.name())));
    if named || who.is_unrestricted() {
        return Ok(Arc::clone(topic));
    }
    let detail = format!(
        "You are {}, who is not among the producers of this topic. Its owner is {}; ask them to add you to the contract.",
        who.name(),
        contract.owner
    );
    Err(Refusal::not_written(Code::Forbidden, detail))
}

/// Whether a name matches a pattern in which `*` stands for any run of characters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match left.find(piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::matches;

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, name, expected) in [
            ("svc-billing", "svc-billing", true),
            ("svc-billing", "svc-billing2", false),
            ("svc-*", "svc-", true),
            ("svc-*", "other-svc-", false),
            ("spiffe://corp/ns/billing/*", "spiffe://corp/ns/billing/sa/x", true),
            ("*-billing-*", "a-billing-b", true),
            ("*-billing-*", "billing", false),
            ("a*a", "a", false),
            ("*", "anything", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_made_from_a_name_matches_it(pieces in prop::collection::vec("[a-c]{0,3}", 1..5), gaps in prop::collection::vec("[a-c]{0,3}", 4)) {
            let name: String = pieces.iter().enumerate().map(|(i, piece)| if i == 0 { piece.clone() } else { format!("{}{piece}", gaps[i - 1]) }).collect();
            prop_assert!(matches(&pieces.join("*"), &name));
        }
    }
}
