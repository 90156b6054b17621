//! How commands speak: results to standard output, everything else to standard error. A closed pipe is no error.

use std::fmt::Display;
use std::io::Write as _;

use forebay_schemas::problem::Problem;

use crate::catalog::Load;

/// Prints a line of the result. False if nobody reads it any more.
pub(super) fn say(line: impl Display) -> bool {
    writeln!(std::io::stdout(), "{line}").is_ok()
}

/// Prints a line beside the result.
pub(super) fn note(line: impl Display) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints every mistake in files.
pub(super) fn problems(problems: &[Problem]) {
    for problem in problems {
        note(format_args!("error: {problem}"));
    }
}

/// Prints everything that a load found.
pub(super) fn load(load: &Load) {
    problems(&load.problems);
    for broken in &load.broken {
        note(broken);
    }
}
