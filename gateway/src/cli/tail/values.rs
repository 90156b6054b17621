//! A topic's values, read back by the schema that each was written by: the contract's, or another version that a registry
//! knows. What can't be read is shown as text or base64.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use forebay_schemas::contract::Framing;
use forebay_schemas::decoder::Decoder;
use forebay_schemas::pii::{HashKey, MIN_KEY_LENGTH};
use forebay_schemas::wire;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::{Arguments, plain};
use crate::binding::Binder;
use crate::catalog::{self, ContractSet, Sources, Topic};
use crate::cli::terminal;
use crate::clock;
use crate::config::Config;
use crate::config::registry::Registry as Section;
use crate::metrics::Metrics;
use crate::registry::Registry;

/// What reads a topic's values.
pub(super) struct Values {
    runtime: Runtime,
    binder: Binder,
    topic: Option<Arc<Topic>>,
    /// By the schema's id; none where there is none, or where it can't be had.
    decoders: HashMap<Option<u32>, Option<Decoder>>,
}

impl Values {
    /// Reads the catalogue; without a sound one, values are shown as they are.
    pub(super) fn new(arguments: &Arguments, registry: Option<String>) -> Result<Self, impl fmt::Display> {
        let metrics = Metrics::new();
        let section = registry.map(|url| Section { url: vec![url], ..Section::default() });
        let registry = section.as_ref().map(|section| Registry::new(section, &metrics)).transpose();
        let registry = registry.map_err(|error| error.to_string())?;
        let binder = Binder::new(registry, &Config { registry: section, ..Config::default() });
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        let set = runtime.block_on(binder.bind(contracts(arguments, &metrics)));
        let topic = set.get(&arguments.topic).cloned();
        Ok::<_, String>(Self { runtime, binder, topic, decoders: HashMap::new() })
    }

    /// A value as JSON.
    pub(super) fn decode(&mut self, value: &[u8]) -> Value {
        let Self { runtime, binder, topic, decoders } = self;
        let Some(topic) = topic else { return plain(value) };
        let framed = topic.contract.value.framing == Framing::Confluent;
        let id = wire::unframe(value).map(|(id, _)| id).filter(|_| framed);
        let decoder = decoders.entry(id).or_insert_with(|| runtime.block_on(decoder(binder, topic, id)));
        decoder.as_ref().and_then(|decoder| decoder.decode(value).ok()).unwrap_or_else(|| plain(value))
    }
}

async fn decoder(binder: &Binder, topic: &Topic, id: Option<u32>) -> Option<Decoder> {
    match (&topic.bound, id) {
        (Ok(bound), id) if id.is_none() || bound.schema_id() == id => {
            Some(Decoder::new(&topic.contract, &bound.material))
        }
        (_, Some(id)) => match binder.material_of(topic, id).await {
            Ok(material) => Some(Decoder::new(&topic.contract, &material)),
            Err(unready) => {
                terminal::note(format_args!("note: values by schema {id} are not decoded: {}", unready.detail));
                None
            }
        },
        (Err(unready), None) => {
            terminal::note(format_args!("note: values are not decoded: {}", unready.detail));
            None
        }
        (Ok(_), None) => None,
    }
}

/// The catalogue's contracts, or none: records are shown either way. What was hashed can't be read back, so any key will do.
fn contracts(arguments: &Arguments, metrics: &Metrics) -> ContractSet {
    let hash_key = HashKey::new(&[0; MIN_KEY_LENGTH]);
    let sources = Sources { catalog: arguments.catalog.clone(), conventions: None, hash_key };
    let load = catalog::load(&sources, clock::today(), metrics);
    if let Some(problem) = load.problems.first() {
        terminal::note(format_args!("note: values are not decoded, since the catalogue has problems: {problem}"));
    }
    load.set.unwrap_or_default()
}
