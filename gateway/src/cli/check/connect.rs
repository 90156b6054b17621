//! `forebay check --connect`: whether Kafka and the schema registry have what the contracts speak of, and as they say.

use std::fmt::Display;

use forebay_schemas::contract::Contract;

use crate::binding::Binder;
use crate::catalog::{ContractSet, Topic};
use crate::cli::{Exit, terminal};
use crate::code::Code;
use crate::config::Config;
use crate::kafka::Topics;
use crate::metrics::Metrics;
use crate::registry::Registry;

/// Says a line for each contract, and one for each thing that is not as it says.
pub(super) fn run(config: &Config, set: ContractSet, metrics: &Metrics) -> Exit {
    let topics = match Topics::new(&config.kafka) {
        Ok(topics) => topics,
        Err(error) => return failed(&error, Exit::Usage),
    };
    if let Err(error) = topics.fetch() {
        let place = config.kafka.bootstrap.join(",");
        return failed(&format_args!("Kafka at {place} could not be reached: {error}"), Exit::Unreachable);
    }
    let (set, reached) = match bound(config, set, metrics) {
        Ok(answered) => answered,
        Err(error) => return failed(&error, Exit::Usage),
    };
    let mut sound = true;
    for topic in set.sorted() {
        let problems: Vec<String> = kafka(&topic.contract, &topics).chain(schema(topic)).collect();
        sound &= problems.is_empty();
        let said = if problems.is_empty() { summary(topic, &topics) } else { problems.join("; ") };
        terminal::say(format_args!("{}: {said}", topic.contract.topic));
    }
    match (reached, sound) {
        (false, _) => failed(&"the schema registry could not be reached", Exit::Unreachable),
        (true, true) => Exit::Fine,
        (true, false) => Exit::Problems,
    }
}

/// The contracts with what the registry has for them, and whether it answered for all of them.
fn bound(config: &Config, set: ContractSet, metrics: &Metrics) -> Result<(ContractSet, bool), String> {
    let registry = config.registry.as_ref().map(|registry| Registry::new(registry, metrics)).transpose();
    let registry = registry.map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let set = runtime.block_on(Binder::new(registry, config).bind(set));
    let silent = |topic: &&std::sync::Arc<Topic>| {
        topic.bound.as_ref().is_err_and(|unready| unready.code == Code::RegistryUnavailable)
    };
    let reached = !set.sorted().iter().any(silent);
    Ok((set, reached))
}

/// What Kafka has otherwise.
fn kafka(contract: &Contract, topics: &Topics) -> impl Iterator<Item = String> {
    let file = &contract.file;
    let shape = topics.shape(&contract.topic);
    let copies = contract.dead_letter.as_ref().filter(|name| topics.shape(name).is_none());
    let copies = copies.map(|name| format!("Kafka does not have {name}, where copies of refused events go; create it"));
    let absent = shape.is_none().then(|| {
        "Kafka does not have this topic, or does not show it to the gateway; create it, or take the contract away"
            .to_owned()
    });
    let partitions = shape.zip(contract.kafka.partitions).and_then(|(shape, expected)| {
        let differs = u64::from(expected) != shape.partitions as u64;
        differs.then(|| format!("expected {expected} partitions as in {file}, found {}", shape.partitions))
    });
    let replication = shape.zip(contract.kafka.replication).and_then(|(shape, expected)| {
        let differs = u64::from(expected) != shape.replication as u64;
        differs.then(|| format!("expected {expected} replicas as in {file}, found {}", shape.replication))
    });
    absent.into_iter().chain(partitions).chain(replication).chain(copies)
}

/// What the registry has otherwise, in the words that a sender would hear.
fn schema(topic: &Topic) -> Option<String> {
    topic.bound.as_ref().err().map(|unready| format!("{}: {}", unready.code.as_str(), unready.detail))
}

fn summary(topic: &Topic, topics: &Topics) -> String {
    let shape = topics.shape(&topic.contract.topic);
    let shape = shape.map_or_else(String::new, |shape| {
        format!(", {} partitions of {} replicas", shape.partitions, shape.replication)
    });
    let id = topic.bound.as_ref().ok().and_then(|program| program.schema_id());
    let subject = topic.contract.value.schema.as_ref().and_then(|schema| schema.subject.as_deref());
    match (subject, id) {
        (Some(subject), Some(id)) => format!("is there{shape}; {subject} has its schema {id}"),
        _ => format!("is there{shape}"),
    }
}

fn failed(error: &dyn Display, exit: Exit) -> Exit {
    terminal::note(format_args!("error: {error}"));
    exit
}
