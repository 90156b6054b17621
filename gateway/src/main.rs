//! The binary: hands the arguments to the commands and their exit code to the system.

use std::process::ExitCode;

fn main() -> ExitCode {
    forebay::cli::main()
}
