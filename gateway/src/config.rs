//! The configuration: one file a section, each with its defaults, units and checks. Here they are put together
//! from a YAML file and the environment, and held against each other. The only room that reads the environment.

mod show;
mod times;
pub mod secret;
pub mod tls;
pub mod network;
pub mod listen;
pub mod folders;
pub mod pii;
pub mod kafka;
pub mod registry;
pub mod authn;
pub mod rates;
pub mod admission;
pub mod telemetry;
pub mod reload;
pub mod drain;

use std::path::Path;

use forebay_schemas::document::{self, Node, Reader};
use forebay_schemas::problem::Problem;
use serde::Serialize;

use admission::Admission;
use authn::Authn;
use drain::Drain;
use folders::{Catalog, Conventions};
use kafka::Kafka;
use listen::{Admin, Listen};
use pii::Pii;
use registry::Registry;
use reload::Reload;
use telemetry::Telemetry;

/// What a variable's name begins with; `__` stands between a section and a name: `FOREBAY_KAFKA__BOOTSTRAP`.
const PREFIX: &str = "FOREBAY_";

/// Everything an operator can set. Serialized, it shows what is in force, secrets redacted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Config {
    /// The data listener.
    pub listen: Listen,
    /// The admin listener.
    pub admin: Admin,
    /// Where the contracts are.
    pub catalog: Catalog,
    /// Where the conventions are.
    pub conventions: Conventions,
    /// What personal values are hashed with.
    pub pii: Pii,
    /// The cluster and the queue towards it.
    pub kafka: Kafka,
    /// The schema registry, if there is one.
    pub registry: Option<Registry>,
    /// How callers prove who they are.
    pub authn: Authn,
    /// How much is let in.
    pub admission: Admission,
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// How changed files are noticed.
    pub reload: Reload,
    /// How the gateway goes.
    pub drain: Drain,
}

impl Config {
    /// Reads the file, if there is one, lays the environment over it, and checks all of it. Every problem is said.
    pub fn load(file: Option<&Path>) -> Result<Self, Vec<Problem>> {
        let Some(path) = file else { return Self::over("the configuration", "") };
        let text = std::fs::read_to_string(path).map_err(|error| vec![unreadable(path, &error)])?;
        Self::over(&path.display().to_string(), &text)
    }

    /// Reads a text that its author calls `name`, with the environment laid over it.
    pub fn over(name: &str, text: &str) -> Result<Self, Vec<Problem>> {
        Self::read(name, text, std::env::vars().filter(|(name, _)| name.starts_with(PREFIX)))
    }

    /// Reads a configuration from texts: a file's name and content, and variables by name.
    pub fn read(
        file: &str,
        text: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Problem>> {
        let mut document = document::read(file, text)?;
        let mut problems = Vec::new();
        let mut variables: Vec<_> = variables.into_iter().collect();
        variables.sort();
        for (name, value) in &variables {
            overlay(&mut document, name, value, &mut problems);
        }
        let config = Self::from_document(&document, &mut problems);
        if problems.is_empty() {
            config.contradictions(file, &mut problems);
        }
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    fn from_document(document: &Node, problems: &mut Vec<Problem>) -> Self {
        let mut root = Reader::new(document, problems);
        let config = Self {
            listen: root.section("listen").map(Listen::read).unwrap_or_default(),
            admin: root.section("admin").map(Admin::read).unwrap_or_default(),
            catalog: root.section("catalog").map(Catalog::read).unwrap_or_default(),
            conventions: root.section("conventions").map(Conventions::read).unwrap_or_default(),
            pii: root.section("pii").map(Pii::read).unwrap_or_default(),
            kafka: root.section("kafka").map(Kafka::read).unwrap_or_default(),
            registry: root.section("registry").map(Registry::read),
            authn: root.section("authn").map(Authn::read).unwrap_or_default(),
            admission: root.section("admission").map(Admission::read).unwrap_or_default(),
            telemetry: root.section("telemetry").map(Telemetry::read).unwrap_or_default(),
            reload: root.section("reload").map(Reload::read).unwrap_or_default(),
            drain: root.section("drain").map(Drain::read).unwrap_or_default(),
        };
        if document.get("authn").is_none() {
            root.missing("authn", authn::REQUIRED);
        }
        if document.get("kafka").is_none() {
            root.missing("kafka", kafka::REQUIRED);
        }
        root.finish();
        config
    }

    /// Values that are fine alone and wrong together. Each is said with both names.
    fn contradictions(&self, file: &str, problems: &mut Vec<Problem>) {
        let clients_have_authority = self.listen.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let lacking = [
            (
                self.authn.proxy.is_some() && self.listen.trusted_proxies.is_empty(),
                "/listen/trusted_proxies",
                "the addresses of the proxies that /authn/proxy believes",
            ),
            (
                self.authn.mtls.is_some() && !clients_have_authority,
                "/listen/tls/client_ca",
                "the authorities of the certificates that /authn/mtls believes",
            ),
        ];
        for (_, path, expected) in lacking.into_iter().filter(|(is_lacking, ..)| *is_lacking) {
            let (file, path, expected) = (file.to_owned(), path.to_owned(), expected.to_owned());
            problems.push(Problem { file, line: 0, path, expected, found: "nothing".to_owned() });
        }
        let (cluster, admission, drain) = (&self.kafka, &self.admission, &self.drain);
        let times = [
            (cluster.request_timeout, cluster.deadline, "/kafka/request_timeout", "/kafka/deadline"),
            (cluster.linger, cluster.deadline, "/kafka/linger", "/kafka/deadline"),
            (cluster.deadline, kafka::LONGEST_DEADLINE, "/kafka/deadline", "the time that librdkafka keeps trying"),
            (cluster.deadline, drain.grace, "/kafka/deadline", "/drain/grace"),
        ];
        for (low, high, path, above) in times {
            if low >= high {
                problems.push(above_its_bound(
                    file,
                    path,
                    ("less than", &show::duration(high)),
                    above,
                    &show::duration(low),
                ));
            }
        }
        let (request, principal) = (admission.bytes_per_request, admission.bytes_in_flight_per_principal);
        let (record, topic) = (cluster.bytes_per_record, cluster.queue.bytes_per_topic);
        let stream = admission.window.bytes.saturating_mul(admission.window.pending as u64 + 1);
        let sizes = [
            (request, principal, "/admission/bytes_per_request", "/admission/bytes_in_flight_per_principal"),
            (
                principal,
                admission.bytes_in_flight,
                "/admission/bytes_in_flight_per_principal",
                "/admission/bytes_in_flight",
            ),
            (record, topic, "/kafka/bytes_per_record", "/kafka/queue/bytes_per_topic"),
            (topic, cluster.queue.bytes, "/kafka/queue/bytes_per_topic", "/kafka/queue/bytes"),
            (cluster.queue.bytes_refused, cluster.queue.bytes, "/kafka/queue/bytes_refused", "/kafka/queue/bytes"),
            (
                stream,
                principal,
                "/admission/window, of which pending + 1 are held",
                "/admission/bytes_in_flight_per_principal",
            ),
        ];
        for (low, high, path, above) in sizes {
            if low > high {
                problems.push(above_its_bound(file, path, ("at most", &show::size(high)), above, &show::size(low)));
            }
        }
    }
}

fn overlay(document: &mut Node, name: &str, value: &str, problems: &mut Vec<Problem>) {
    let path = name.trim_start_matches(PREFIX).to_lowercase();
    let path: Vec<&str> = path.split("__").collect();
    let origin = format!("the environment variable {name}");
    if path.len() < 2 {
        problems.extend(mistyped(path[0]).map(|meant| Problem {
            file: origin,
            line: 0,
            path: String::new(),
            expected: format!("two underscores between a section and a name: {PREFIX}{meant}"),
            found: name.to_owned(),
        }));
    } else if let Err(found) = document.overlay(&path, value, origin) {
        problems.extend(found);
    }
}

/// The name that a variable with single underscores was probably meant to have. Others, such as those that Kubernetes
/// sets for a service of this name (`FOREBAY_SERVICE_HOST`), are no configuration and are passed over.
fn mistyped(name: &str) -> Option<String> {
    let (section, rest) = name.split_once('_')?;
    let known = Config { registry: Some(Registry::default()), ..Config::default() };
    let known = serde_json::to_value(known).ok()?;
    known.get(section)?.get(rest).map(|_| format!("{section}__{rest}").to_uppercase())
}

fn above_its_bound(file: &str, path: &str, (relation, bound): (&str, &str), above: &str, found: &str) -> Problem {
    Problem {
        file: file.to_owned(),
        line: 0,
        path: path.to_owned(),
        expected: format!("{relation} {above} ({bound})"),
        found: found.to_owned(),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem {
        file: path.display().to_string(),
        line: 0,
        path: String::new(),
        expected: "a file that can be read".to_owned(),
        found: error.to_string(),
    }
}
