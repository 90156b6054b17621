//! Reads the arguments and hands them on; knows the exit codes and nothing else.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use forebay_loadtest::cli::{self, Arguments};

fn main() -> ExitCode {
    match cli::run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With nobody to read it the exit code still says it.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
