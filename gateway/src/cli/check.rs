//! `forebay check`: everything that `serve` would refuse at start, all problems at once.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::{Exit, terminal};
use crate::catalog::{self, ContractSet, Sources};
use crate::clock;
use crate::config::Config;
use crate::kafka::{Presence, Topics};
use crate::metrics::Metrics;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration; variables such as `FOREBAY_KAFKA__BOOTSTRAP` win over it.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Also ask Kafka whether the topics are there and look as their contracts say.
    #[arg(long)]
    connect: bool,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let config = match Config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(problems) => {
            terminal::problems(&problems);
            return Exit::Usage;
        }
    };
    let metrics = Arc::new(Metrics::new());
    let load = catalog::load(&Sources::of(&config), clock::today(), &metrics);
    terminal::load(&load);
    let Some(set) = load.set else { return Exit::Usage };
    terminal::say(format_args!("{} contracts and all conventions are sound.", set.len()));
    if arguments.connect { connect(&config, &set) } else { Exit::Fine }
}

fn connect(config: &Config, set: &ContractSet) -> Exit {
    let topics = match Topics::new(&config.kafka) {
        Ok(topics) => topics,
        Err(error) => {
            terminal::note(format_args!("error: {error}"));
            return Exit::Usage;
        }
    };
    if let Err(error) = topics.fetch() {
        terminal::note(format_args!(
            "error: Kafka at {} could not be reached: {error}",
            config.kafka.bootstrap.join(",")
        ));
        return Exit::Unreachable;
    }
    let mut sound = true;
    for topic in set.sorted() {
        let contract = &topic.contract;
        let found = topics.partitions(&contract.topic).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let problem = match (topics.presence(&contract.topic), contract.kafka.partitions, found) {
            (Presence::Present, Some(expected), Some(found)) if expected != found => {
                Some(format!("expected {expected} partitions as in {}, found {found}", contract.file))
            }
            (Presence::Present, _, _) => None,
            _ => Some("Kafka does not have this topic; create it, or take the contract away".to_owned()),
        };
        sound &= problem.is_none();
        terminal::say(format_args!("{}: {}", contract.topic, problem.as_deref().unwrap_or("is there")));
    }
    if sound { Exit::Fine } else { Exit::Problems }
}
