//! The two gateways that are held against each other, and who calls them: one that lets everybody write, and one with
//! keys, rights, rates and conventions, both in front of the same Kafka. Writes their files; measures nothing.

use std::fs;
use std::path::{Path, PathBuf};

use forebay_tests::gateway::forebay;
use forebay_tests::process::scratch;
use serde_json::{Value, json};

use super::Caller;
use crate::cpu::Cores;
use crate::error::Error;
use crate::event::TOPIC;
use crate::stage::{Brokers, Running, Stage, settings};

/// Another's topic.
pub(super) const FOREIGN: &str = "bench.foreign.v1";

const CONTRACT: &str = include_str!("../../catalog/bench.event.v1/contract.yaml");
const SCHEMA: &str = include_str!("../../catalog/bench.event.v1/event.avsc");
const RIGHTS: &str = include_str!("../../judged/rights.yaml");
const CONVENTIONS: &str = include_str!("../../judged/conventions.yaml");
/// As in `judged/rights.yaml`.
const BENCH: &str = "svc-bench";
const SLOW: &str = "svc-slow";

/// Kafka, and what the two gateways are started from.
pub(super) struct House {
    bootstrap: String,
    open: Value,
    judged: Value,
    keys: Keys,
    /// Ends with the house, where Kafka lives in it.
    _broker: Option<Running>,
    _stage: Stage,
}

/// The keys that callers show, as values of `Authorization`.
struct Keys {
    bench: String,
    slow: String,
    unknown: String,
}

impl House {
    /// Starts Kafka and writes the files. The embedded broker runs in a gateway of its own, which gets `cores`.
    pub(super) fn set_up(brokers: Brokers, cores: Option<&Cores>) -> Result<Self, Error> {
        let stage = Stage::set_up(brokers);
        let (bootstrap, broker) = if let Some(brokers) = stage.brokers() {
            (brokers, None)
        } else {
            let broker = stage.gateway(cores)?;
            (broker.bootstrap()?, Some(broker))
        };
        let brokers: Vec<_> = bootstrap.split(',').map(str::to_owned).collect();
        let plain = catalog(&[(TOPIC, CONTRACT.to_owned())])?;
        let open = settings(&brokers, &plain, &scratch("conventions"));
        let (keys, key_file) = Keys::make()?;
        let foreign = CONTRACT.replacen(TOPIC, FOREIGN, 1) + "producers: [svc-foreign]\n";
        let guarded = catalog(&[(TOPIC, CONTRACT.to_owned() + RIGHTS), (FOREIGN, foreign)])?;
        let conventions = scratch("conventions");
        write(&conventions.join("bench.yaml"), CONVENTIONS)?;
        let mut judged = settings(&brokers, &guarded, &conventions);
        judged["authn"] = json!({ "api_keys": key_file });
        judged["admission"] = json!({ "rates": {
            BENCH: { "events_per_second": 100_000_000, "bytes_per_second": "1024GiB", "burst": "2s" },
            // A hundred events pass at once, lest a batch of them be refused for its size.
            SLOW: { "events_per_second": 1, "burst": "100s" },
        } });
        Ok(Self { bootstrap, open, judged, keys, _broker: broker, _stage: stage })
    }

    /// Where Kafka is.
    pub(super) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Starts the gateway that lets everybody write.
    pub(super) fn open(&self, cores: Option<&Cores>) -> Result<Running, Error> {
        Running::serve(&self.open, cores)
    }

    /// Starts the gateway with keys, rights, rates and conventions.
    pub(super) fn judged(&self, cores: Option<&Cores>) -> Result<Running, Error> {
        Running::serve(&self.judged, cores)
    }

    /// What a caller shows.
    pub(super) fn credential(&self, caller: Caller) -> Option<String> {
        match caller {
            Caller::Nobody => None,
            Caller::Bench => Some(self.keys.bench.clone()),
            Caller::Slow => Some(self.keys.slow.clone()),
            Caller::Unknown => Some(self.keys.unknown.clone()),
        }
    }
}

impl Keys {
    /// Makes them, and a file of all but the unknown one.
    fn make() -> Result<(Self, PathBuf), Error> {
        let (bench, bench_line) = key(BENCH)?;
        let (slow, slow_line) = key(SLOW)?;
        let (unknown, _) = key(BENCH)?;
        let file = scratch("keys").join("keys.yaml");
        write(&file, &format!("{bench_line}\n{slow_line}\n"))?;
        Ok((Self { bench, slow, unknown }, file))
    }
}

/// A new key as its owner sends it, and its line for the key file.
fn key(principal: &str) -> Result<(String, String), Error> {
    let output =
        forebay(&["key", "new", "--principal", principal]).output().map_err(Error::system("forebay key new"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines();
    match (lines.next(), lines.next()) {
        (Some(key), Some(line)) => Ok((format!("Bearer {key}"), line.to_owned())),
        _ => Err(Error::Answers("forebay key new prints no key".into())),
    }
}

/// A catalogue of these topics' contracts, all with the bench's schema.
fn catalog(contracts: &[(&str, String)]) -> Result<PathBuf, Error> {
    let catalog = scratch("catalog");
    for (topic, contract) in contracts {
        let folder = catalog.join(topic);
        fs::create_dir_all(&folder).map_err(Error::system("writing a catalogue"))?;
        write(&folder.join("contract.yaml"), contract)?;
        write(&folder.join("event.avsc"), SCHEMA)?;
    }
    Ok(catalog)
}

fn write(file: &Path, text: &str) -> Result<(), Error> {
    fs::write(file, text).map_err(Error::system(format!("writing {}", file.display())))
}
