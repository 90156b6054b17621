//! Logs and traces.

use forebay_schemas::document::{Node, Reader};
use forebay_schemas::problem::Problem;
use serde::Serialize;

/// Logs and traces.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Telemetry {
    /// What is logged: a level, or directives such as `info,forebay::kafka=debug`.
    pub log: String,
    /// How it is written.
    pub log_format: LogFormat,
    /// Where traces go by OTLP over gRPC; nowhere if it is not set.
    pub otlp: Option<String>,
    /// The share of requests without a trace of their own that start one, from 0 to 1.
    pub sample: f64,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Human,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log: "info".to_owned(), log_format: LogFormat::Json, otlp: None, sample: 0.01 }
    }
}

impl Telemetry {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let d = Self::default();
        let telemetry = Self {
            log: r.optional("log", directives).unwrap_or(d.log),
            log_format: r
                .one_of("log_format", &[("json", LogFormat::Json), ("human", LogFormat::Human)])
                .unwrap_or(d.log_format),
            otlp: r.optional("otlp", url),
            sample: r.optional("sample", share).unwrap_or(d.sample),
        };
        r.finish();
        telemetry
    }
}

fn directives(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let text = node.string(problems)?;
    if tracing_subscriber::EnvFilter::try_new(&text).is_err() {
        problems.push(node.mismatch("a level (error, warn, info, debug, trace) or directives such as info,hyper=warn"));
        return None;
    }
    Some(text)
}

fn url(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let text = node.string(problems)?;
    let sound = text.parse::<http::Uri>().is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some());
    if !sound {
        problems.push(node.mismatch("a collector's address for OTLP over gRPC, such as http://collector:4317"));
    }
    sound.then_some(text)
}

fn share(node: &Node, problems: &mut Vec<Problem>) -> Option<f64> {
    let value = node.number(problems)?;
    if !(0.0..=1.0).contains(&value) {
        problems.push(node.mismatch("a share from 0 to 1"));
        return None;
    }
    Some(value)
}
