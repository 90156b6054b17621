//! The command line: which measurement, with what, and the only place that speaks to the terminal.

use std::io::{self, Write};
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::compare::{self, Plan, counted, fresh_pool};
use crate::contracts;
use crate::cpu::Cores;
use crate::direct;
use crate::error::Error;
use crate::event::TOPIC;
use crate::generator;
use crate::judged;
use crate::measure::{Bounds, Case, Expected, Report};
use crate::null_server;
use crate::report;
use crate::request::Target;
use crate::stage::Brokers;

/// The bench of the whole gateway.
#[derive(Debug, Parser)]
#[command(name = "forebay-loadtest", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// For people or for machines.
    #[arg(long, value_enum, default_value_t = Format::Human, global = true)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Loads a gateway that runs already.
    Gateway(GatewayArguments),
    /// Loads Kafka through librdkafka alone.
    Librdkafka(LibrdkafkaArguments),
    /// Starts brokers and gateway itself; librdkafka alone and the gateway in turn, one table.
    Compare(CompareArguments),
    /// Starts brokers and two gateways itself, one with keys, rights, rates and conventions: what these and refusals cost.
    Judged(JudgedArguments),
    /// Loads the sample catalogue many times over: time and memory.
    Contracts(ContractsArguments),
    /// Serves as the null HTTP server of `compare --floors`.
    #[command(hide = true)]
    NullServer(NullServerArguments),
}

#[derive(Debug, clap::Args)]
struct GatewayArguments {
    /// `http://127.0.0.1:8080/v1/topics/bench.event.v1/events`; this machine only.
    #[arg(long)]
    url: Target,
    /// The gateway's process.
    #[arg(long)]
    pid: u32,
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    events_per_request: u16,
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    connections: u16,
    #[command(flatten)]
    bounds: BoundsArguments,
    /// Events a second by the clock (open loop); without it each answer brings the next request (closed loop).
    #[arg(long)]
    rate: Option<u32>,
    /// Ask for answers that list refused events only.
    #[arg(long)]
    minimal: bool,
    /// The gateway's Kafka, `HOST:PORT,…`: what was acknowledged is then counted there.
    #[arg(long)]
    kafka: Option<String>,
    #[command(flatten)]
    pins: Pins,
}

#[derive(Debug, clap::Args)]
struct LibrdkafkaArguments {
    /// Brokers, `HOST:PORT,…`.
    #[arg(long)]
    bootstrap: String,
    /// Records on their way at once.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    in_flight: u32,
    #[command(flatten)]
    bounds: BoundsArguments,
    /// Cores to run on, such as 0 or 0,2.
    #[arg(long)]
    pin_self: Option<Cores>,
}

#[derive(Debug, clap::Args)]
struct CompareArguments {
    /// Which Kafka.
    #[arg(long, value_enum, default_value_t = Brokers::Embedded)]
    brokers: Brokers,
    /// How often everything is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    runs: u16,
    #[command(flatten)]
    bounds: BoundsArguments,
    /// Ask for answers that list refused events only.
    #[arg(long)]
    minimal: bool,
    /// Take the other floors too: a null HTTP server and the transcoder alone.
    #[arg(long)]
    floors: bool,
    #[command(flatten)]
    pins: Pins,
}

#[derive(Debug, clap::Args)]
struct JudgedArguments {
    /// Which Kafka.
    #[arg(long, value_enum, default_value_t = Brokers::Embedded)]
    brokers: Brokers,
    /// How often everything is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    runs: u16,
    #[command(flatten)]
    bounds: BoundsArguments,
    #[command(flatten)]
    pins: Pins,
}

#[derive(Debug, clap::Args)]
struct ContractsArguments {
    /// How many contracts.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    contracts: u16,
    /// How often everything is measured.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    runs: u16,
}

#[derive(Debug, clap::Args)]
struct NullServerArguments {
    #[arg(long)]
    events_per_request: u16,
    #[arg(long)]
    minimal: bool,
}

#[derive(Debug, Clone, Copy, clap::Args)]
struct BoundsArguments {
    /// Length of the measured window.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=3600))]
    seconds: u16,
    /// Seconds of load before it. An idempotent producer's first delivery alone takes half a second.
    #[arg(long, default_value_t = 2)]
    warmup: u16,
    /// Events sent at most, warm-up included.
    #[arg(long, default_value_t = 100_000_000)]
    events: u64,
}

#[derive(Debug, Clone, clap::Args)]
struct Pins {
    /// Cores for what is measured, such as 0 or 0,2.
    #[arg(long)]
    pin_server: Option<Cores>,
    /// Cores for the generator.
    #[arg(long)]
    pin_self: Option<Cores>,
}

impl BoundsArguments {
    fn bounds(self) -> Bounds {
        let seconds = |number: u16| Duration::from_secs(number.into());
        Bounds { warmup: seconds(self.warmup), window: seconds(self.seconds), events: self.events }
    }
}

/// Does what the arguments say; the results go to stdout, what happens meanwhile to stderr.
pub fn run(arguments: Arguments) -> Result<(), Error> {
    match arguments.command {
        Command::Gateway(command) => show(&gateway(command)?, arguments.format),
        Command::Librdkafka(command) => show(&librdkafka(command)?, arguments.format),
        Command::Compare(command) => compare(command, arguments.format),
        Command::Judged(command) => judged(command, arguments.format),
        Command::Contracts(command) => contracts(&command, arguments.format),
        Command::NullServer(command) => null_server::serve(command.events_per_request.into(), command.minimal),
    }
}

fn gateway(arguments: GatewayArguments) -> Result<Report, Error> {
    let GatewayArguments { url, pid, events_per_request, connections, bounds, rate, minimal, kafka, pins } = arguments;
    if let Some(cores) = &pins.pin_server {
        cores.bind(pid)?;
    }
    let case = Case { connections: connections.into(), events_per_request: events_per_request.into() };
    let rate = rate.map(f64::from);
    let (bounds, expected) = (bounds.bounds(), Expected::Written);
    let load = generator::Load { target: url, pid, case, bounds, rate, minimal, credential: None, expected };
    let pool = fresh_pool();
    let send = || Cores::run(pins.pin_self.as_ref(), || generator::run(&load, &pool));
    kafka.map_or_else(send, |kafka| counted(&kafka, &pool, send).map(|(report, _)| report))
}

fn librdkafka(arguments: LibrdkafkaArguments) -> Result<Report, Error> {
    let LibrdkafkaArguments { bootstrap, in_flight, bounds, pin_self } = arguments;
    let in_flight = usize::try_from(in_flight).unwrap_or(usize::MAX);
    let load = direct::Load { bootstrap, topic: TOPIC.into(), in_flight, bounds: bounds.bounds() };
    let pool = fresh_pool();
    let send = || Cores::run(pin_self.as_ref(), || direct::run(&load, &pool));
    counted(&load.bootstrap, &pool, send).map(|(report, _)| report)
}

fn compare(arguments: CompareArguments, format: Format) -> Result<(), Error> {
    let CompareArguments { brokers, runs, bounds, minimal, floors, pins } = arguments;
    let Pins { pin_server, pin_self } = pins;
    let plan = Plan { brokers, runs: runs.into(), bounds: bounds.bounds(), pin_server, pin_self, minimal, floors };
    let pairs = compare::run(&plan, |pair| {
        // Nobody may be listening; the table still comes.
        let _ = writeln!(io::stderr(), "{}", report::progress(pair));
    })?;
    match format {
        Format::Human => say(&report::table(&pairs)),
        Format::Json => pairs.iter().try_for_each(|pair| say(&format!("{}\n", report::pair_json(pair)))),
    }
}

fn judged(arguments: JudgedArguments, format: Format) -> Result<(), Error> {
    let JudgedArguments { brokers, runs, bounds, pins: Pins { pin_server, pin_self } } = arguments;
    let plan = judged::Plan { brokers, runs: runs.into(), bounds: bounds.bounds(), pin_server, pin_self };
    let rounds = judged::run(&plan, |round| {
        // Nobody may be listening; the table still comes.
        let _ = writeln!(io::stderr(), "{}", report::round_progress(round));
    })?;
    match format {
        Format::Human => say(&report::judged_table(&rounds)),
        Format::Json => rounds.iter().try_for_each(|round| say(&format!("{}\n", report::round_json(round)))),
    }
}

fn contracts(arguments: &ContractsArguments, format: Format) -> Result<(), Error> {
    let cost = contracts::run(arguments.contracts.into(), arguments.runs.into())?;
    match format {
        Format::Human => say(&contracts::lines(&cost)),
        Format::Json => say(&format!(
            "{}\n",
            serde_json::json!({
                "contracts": cost.contracts,
                "load_millis": cost.load.as_millis(),
                "start_millis": cost.start.as_millis(),
                "resident_bytes": cost.memory,
            })
        )),
    }
}

fn show(report: &Report, format: Format) -> Result<(), Error> {
    match format {
        Format::Human => say(&report::lines(report))?,
        Format::Json => say(&format!("{}\n", report::json(report)))?,
    }
    report.fair()
}

fn say(text: &str) -> Result<(), Error> {
    io::stdout().write_all(text.as_bytes()).map_err(Error::system("writing the result"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_make_sense() {
        Arguments::command().debug_assert();
        let of = |line: &str| Arguments::try_parse_from(line.split(' '));
        let url = "http://127.0.0.1:8080/v1/topics/bench.event.v1/events";
        assert!(of(&format!("x gateway --url {url} --pid 1 --events-per-request 100 --seconds 3 --warmup 1")).is_ok());
        assert!(of("x librdkafka --bootstrap 127.0.0.1:9092 --in-flight 3200 --seconds 5 --format json").is_ok());
        assert!(of("x compare --brokers real --runs 5 --pin-server 0 --pin-self 1").is_ok());
        assert!(of("x judged --runs 3 --seconds 3 --pin-server 0 --pin-self 1").is_ok());
        assert!(of("x compare --brokers imaginary").is_err());
        assert!(of("x gateway --url http://192.0.2.1:80/v1 --pid 1").is_err());
        assert!(of("x compare --runs 0").is_err());
    }
}
