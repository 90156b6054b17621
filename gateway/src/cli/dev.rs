//! `forebay dev`: the whole gateway on one machine with nothing else installed. Everything is forgotten at its end,
//! and it says so.

mod registry;
mod tour;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use forebay_schemas::pii::{HashKey, MIN_KEY_LENGTH};
use forebay_schemas::problem::Problem;

use self::registry::Shelf;
use super::start::Prepared;
use super::{Exit, start, terminal};
use crate::app::App;
use crate::catalog::{ContractSet, Load};
use crate::config::Config;
use crate::config::registry::Registry;
use crate::kafka::Embedded;
use crate::reload::{self, Audience};
use crate::server::Terms;

/// Partitions of a topic whose contract does not say how many it has.
const PARTITIONS: u32 = 3;
/// How often the registry of `dev` is asked for a subject's latest version.
const REFRESH: Duration = Duration::from_secs(1);
/// How long a Kafka that was named may take to be ready before `dev` says that it is waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often `dev` looks whether it is ready.
const STEP: Duration = Duration::from_millis(50);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The contracts.
    #[arg(long, default_value = "schemas/catalog")]
    catalog: PathBuf,
    /// The conventions.
    #[arg(long, default_value = "policies/conventions")]
    conventions: PathBuf,
    /// Where producers reach it.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where operators reach it.
    #[arg(long, default_value = "127.0.0.1:9090")]
    admin: SocketAddr,
    /// Where the registry of the catalogue's schemas is reached.
    #[arg(long, default_value = "127.0.0.1:8081")]
    registry: SocketAddr,
    /// A Kafka to use instead of the broker in this process, as HOST:PORT,…; its topics must exist.
    #[arg(long, value_name = "HOST:PORT,…")]
    kafka: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let broker = match arguments.kafka {
        Some(_) => None,
        None => match Embedded::start() {
            Ok(broker) => Some(broker),
            Err(error) => {
                terminal::note(format_args!("error: the broker in this process did not start: {error}"));
                return Exit::Unreachable;
            }
        },
    };
    let bootstrap = broker.as_ref().map(Embedded::bootstrap).or(arguments.kafka.clone()).unwrap_or_default();
    let prepared = match start::prepare(configure(arguments, &bootstrap)) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    create_topics(broker.as_ref(), &prepared.set);
    let exit = start::run(develop(prepared, broker.as_ref(), arguments.registry));
    if broker.is_some() && exit == Exit::Fine {
        terminal::say("The broker in this process is gone, and with it every record: forebay dev forgets everything.");
    }
    exit
}

fn configure(arguments: &Arguments, bootstrap: &str) -> Result<Config, Vec<Problem>> {
    let base = format!(
        "kafka: {{ bootstrap: \"{bootstrap}\" }}\n\
         telemetry: {{ log: \"warn,forebay::cli=info\", log_format: human }}\n\
         authn: {{ anonymous: true, anonymous_principal: developer }}\n\
         drain: {{ settle: 0s }}\n\
         reload: {{ interval: 300ms }}\n"
    );
    let mut config = Config::over("forebay dev", &base)?;
    if config.pii.hash_key.is_none() {
        // Nothing outlives `dev`, so neither need its hashes mean anything later.
        let mut key = [0; MIN_KEY_LENGTH];
        let filled = rustls::crypto::ring::default_provider().secure_random.fill(&mut key);
        config.pii.hash_key = filled.ok().and_then(|()| HashKey::new(&key));
    }
    config.listen.address = arguments.listen;
    config.admin.address = arguments.admin;
    config.catalog.dir.clone_from(&arguments.catalog);
    config.conventions.dir.clone_from(&arguments.conventions);
    config.authn.unrestricted = true;
    Ok(config)
}

async fn develop(mut prepared: Prepared, broker: Option<&Embedded>, registry: SocketAddr) -> Result<(), Exit> {
    let topics = prepared.set.len();
    let shelf = Arc::new(Shelf::default());
    shelf.restock(&prepared.set);
    let terms = Terms::new(&prepared.config.listen, &prepared.metrics);
    // It answers from here on, so that the gateway may ask it while it starts.
    let registry = registry::open(registry, &shelf, terms).await.map_err(|error| {
        terminal::note(format_args!("error: can't listen on {error}; --registry names another address"));
        Exit::Usage
    })?;
    let section = || Registry { url: vec![format!("http://{registry}")], refresh: REFRESH, ..Registry::default() };
    prepared.config.registry.get_or_insert_with(section);
    let (app, server, seen) = start::bind(prepared).await?;
    let addresses = server.addresses().ok();
    let say_how = async {
        ready(&app).await;
        if let Some((data, admin)) = addresses {
            introduce(&app, topics, (data, admin, registry));
        }
        reload::keep(Arc::clone(&app), seen, Vec::new(), Developer { broker, shelf: &shelf }).await;
    };
    tokio::select! {
        () = server.serve(start::signal) => {}
        () = say_how => {}
    }
    Ok(())
}

/// Who is told of reloads: the developer at the terminal, the broker and the registry.
struct Developer<'a> {
    broker: Option<&'a Embedded>,
    shelf: &'a Shelf,
}

impl Audience for Developer<'_> {
    fn before(&self, set: &ContractSet) {
        create_topics(self.broker, set);
        self.shelf.restock(set);
    }

    fn refused(&self, load: &Load) {
        terminal::load(load);
    }
}

/// Makes the contracts' topics in the broker of this process.
fn create_topics(broker: Option<&Embedded>, set: &ContractSet) {
    let Some(broker) = broker else { return };
    for topic in set.sorted() {
        let contract = &topic.contract;
        if let Err(error) = broker.create_topic(&contract.topic, contract.kafka.partitions.unwrap_or(PARTITIONS)) {
            tracing::debug!(topic = contract.topic, %error, "the topic was not made; it may be there already");
        }
    }
}

async fn ready(app: &App) {
    let mut waited = Duration::ZERO;
    while !app.not_ready().is_empty() {
        tokio::time::sleep(STEP).await;
        waited += STEP;
        if waited == PATIENCE {
            terminal::note(format_args!("Still waiting: {}.", app.not_ready().join("; ")));
        }
    }
}

/// What runs where, and lines to paste.
fn introduce(app: &App, topics: usize, (data, admin, registry): (SocketAddr, SocketAddr, SocketAddr)) {
    let broker = app.config.kafka.bootstrap.join(",");
    terminal::say(format_args!("Forebay takes events of {topics} topics at http://{data}"));
    terminal::say(format_args!("Kafka is at {broker}, metrics and more at http://{admin}/metrics"));
    terminal::say(format_args!("A schema registry for the readers of its records is at http://{registry}\n"));
    terminal::say("Lines that work as they stand:\n");
    for line in tour::lines(app, data) {
        terminal::say(format_args!("  {line}\n"));
    }
    terminal::say("Change a contract, and it is taken up. Ctrl-C ends all of it.");
}
