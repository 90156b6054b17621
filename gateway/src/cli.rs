//! The command line: one file a command, and the exit codes. What is printed for people says what to do next.

mod offline;
mod start;
mod serve;
mod dev;
mod check;
mod key;
mod lint;
mod explain;
mod tail;
mod terminal;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// An HTTP ingestion gateway for Kafka: services POST events, Kafka gets checked records.
#[derive(Debug, Parser)]
#[command(name = "forebay", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs everything on this machine: a broker in this process, the catalogue's topics, no credentials.
    Dev(dev::Arguments),
    /// Runs the gateway.
    Serve {
        /// The configuration; variables such as `FOREBAY_KAFKA__BOOTSTRAP` win over it.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Says everything that `serve` would refuse at start.
    Check(check::Arguments),
    /// Holds contracts, schemas and samples to the rules, and to an earlier version.
    Lint(lint::Arguments),
    /// Says what would become of events, and why, without sending them.
    Explain(explain::Arguments),
    /// Makes API keys.
    #[command(subcommand)]
    Key(key::Command),
    /// Reads records back, one JSON line each.
    Tail(tail::Arguments),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// All is well.
    Fine = 0,
    /// What was looked at has problems.
    Problems = 1,
    /// The arguments or the configuration are wrong.
    Usage = 2,
    /// Kafka, or another thing that is needed, could not be reached.
    Unreachable = 3,
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let exit = match Arguments::parse().command {
        Command::Dev(arguments) => dev::run(&arguments),
        Command::Serve { config } => serve::run(config.as_deref()),
        Command::Check(arguments) => check::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Key(command) => key::run(&command),
        Command::Tail(arguments) => tail::run(&arguments),
    };
    ExitCode::from(exit as u8)
}
