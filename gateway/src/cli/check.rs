//! `forebay check`: everything that `serve` would refuse at start, all problems at once.

mod connect;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use forebay_policies::Date;

use super::{Exit, terminal};
use crate::catalog::{self, ContractSet, Sources};
use crate::clock;
use crate::config::Config;
use crate::ingest::authn::Authn;
use crate::metrics::Metrics;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration; variables such as `FOREBAY_KAFKA__BOOTSTRAP` win over it.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Also ask Kafka and the schema registry whether topics and schemas are there and are as their contracts say.
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
    let today = clock::today();
    let load = catalog::load(&Sources::of(&config), today, &metrics);
    terminal::load(&load);
    let authn = Authn::new(&config, &metrics);
    terminal::problems(authn.as_ref().err().map_or(&[], Vec::as_slice));
    let (Some(set), Ok(_)) = (load.set, authn) else { return Exit::Usage };
    let ended = name_ended(&set, today);
    if ended {
        terminal::note(
            "A gateway starts with this, and refuses the events of topics that break a rule whose exception has ended.",
        );
    } else {
        terminal::say(format_args!("{} contracts and all conventions are sound.", set.len()));
    }
    let exit = if arguments.connect { connect::run(&config, set, &metrics) } else { Exit::Fine };
    if ended && exit == Exit::Fine { Exit::Problems } else { exit }
}

/// Names every exception that has ended, also of topics that have no contract. False if there is none.
fn name_ended(set: &ContractSet, today: Date) -> bool {
    let mut any = false;
    for (rule, exception) in set.rulebook().conventions.ended(today) {
        any = true;
        terminal::note(format_args!(
            "error: {}:{}: the exception of {} for {} ended on {}",
            rule.file, exception.line, rule.name, exception.topic, exception.expires
        ));
    }
    any
}
