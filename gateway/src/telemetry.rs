//! Logs and traces: how they leave the process. Neither ever holds up a request: what can't be exported is dropped
//! and counted. Payloads, keys and header values are never logged.

mod traceparent;
mod traces;

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::telemetry::{LogFormat, Telemetry};

pub use traceparent::TraceParent;
pub use traces::{RequestSpan, Traces};

/// Sends logs to standard error. Does nothing where something else already receives them, as in tests.
pub fn start_logging(telemetry: &Telemetry) {
    let filter = EnvFilter::try_new(&telemetry.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error means that a subscriber is there already, which then has the last word.
    let _ = match telemetry.log_format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
        LogFormat::Human => builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
}
