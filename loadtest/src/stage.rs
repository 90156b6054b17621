//! What a comparison runs on: a Kafka (the one inside `forebay dev`, or three real brokers) and the release gateway in
//! front of it, started and ended here. Leaves ports, readiness and the end of processes to the outside tests' harness.

use std::path::Path;
use std::process::{Command, Stdio};

use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::{Gateway, config_file, forebay};
use forebay_tests::process::scratch;
use serde_json::{Value, json};

use crate::cpu::Cores;
use crate::error::Error;
use crate::event::TOPIC;
use crate::request::Target;

const PARTITIONS: i32 = 12;

/// Which Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Brokers {
    /// The one inside `forebay dev`'s own process.
    Embedded,
    /// Three real ones with three replicas of everything.
    Real,
}

/// Where the measurements take place.
pub enum Stage {
    /// `forebay dev` brings its own broker.
    Embedded,
    /// `forebay serve` before these brokers.
    Real(Cluster),
}

/// A gateway that is ready.
pub struct Running {
    gateway: Gateway,
}

impl Stage {
    /// Starts whatever lives through the whole comparison.
    pub fn set_up(brokers: Brokers) -> Self {
        match brokers {
            Brokers::Embedded => Self::Embedded,
            Brokers::Real => {
                let cluster = Cluster::start();
                cluster.create_topic(TOPIC, PARTITIONS, &[("min.insync.replicas", "2"), ("retention.ms", "3600000")]);
                Self::Real(cluster)
            }
        }
    }

    /// Starts a gateway on these cores and waits until it is ready.
    pub fn gateway(&self, cores: Option<&Cores>) -> Result<Running, Error> {
        Cores::run(cores, || Ok(Running { gateway: Gateway::run(self.command()) }))
    }

    /// The real brokers, if there are any: Kafka without a gateway.
    pub fn brokers(&self) -> Option<String> {
        match self {
            Self::Embedded => None,
            Self::Real(cluster) => Some(cluster.bootstrap().join(",")),
        }
    }

    fn command(&self) -> Command {
        let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
        let conventions = scratch("conventions");
        let mut command = match self {
            Self::Embedded => {
                forebay(&["dev", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--registry", "127.0.0.1:0"])
            }
            Self::Real(cluster) => {
                let settings = settings(&cluster.bootstrap(), &catalog, &conventions);
                forebay(&["serve", "--config", &config_file(&settings).to_string_lossy()])
            }
        };
        if let Self::Embedded = self {
            command.arg("--catalog").arg(catalog).arg("--conventions").arg(conventions);
            command.env("FOREBAY_TELEMETRY__LOG_FORMAT", "json").env("FOREBAY_DRAIN__SETTLE", "0s");
        }
        command.stdout(Stdio::null());
        command
    }
}

/// A production configuration for this machine.
pub(crate) fn settings(bootstrap: &[String], catalog: &Path, conventions: &Path) -> Value {
    json!({
        "listen": { "address": "127.0.0.1:0" },
        "admin": { "address": "127.0.0.1:0" },
        "catalog": { "dir": catalog },
        "conventions": { "dir": conventions },
        "kafka": { "bootstrap": bootstrap },
        "authn": { "anonymous": true, "anonymous_principal": "loadtest" },
        "telemetry": { "log_format": "json" },
        "drain": { "settle": "0s" },
    })
}

impl Running {
    /// Starts `forebay serve` by these settings on these cores and waits until it is ready.
    pub(crate) fn serve(settings: &Value, cores: Option<&Cores>) -> Result<Self, Error> {
        let mut command = forebay(&["serve", "--config", &config_file(settings).to_string_lossy()]);
        command.stdout(Stdio::null());
        Cores::run(cores, || Ok(Self { gateway: Gateway::run(command) }))
    }

    /// Its process id.
    pub fn pid(&mut self) -> u32 {
        self.gateway.process().pid()
    }

    /// Where to post events of the bench's topic.
    pub fn target(&self) -> Result<Target, Error> {
        format!("http://{}/v1/topics/{TOPIC}/events", self.gateway.address()).parse().map_err(Error::Usage)
    }

    /// The Kafka that it says it writes to.
    pub fn bootstrap(&self) -> Result<String, Error> {
        let config = self.gateway.admin_client().get("/config").json();
        bootstrap_of(&config).ok_or_else(|| Error::Answers(format!("/config names no kafka.bootstrap: {config}")))
    }
}

/// One text, whether the configuration shows a text or a list.
fn bootstrap_of(config: &Value) -> Option<String> {
    match &config["kafka"]["bootstrap"] {
        Value::String(all) => Some(all.clone()),
        Value::Array(each) => Some(each.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")),
        _ => None,
    }
    .filter(|all| !all.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brokers_are_found_as_a_text_or_as_a_list() {
        let of = |bootstrap: Value| bootstrap_of(&json!({ "kafka": { "bootstrap": bootstrap } }));
        assert_eq!(of(json!("a:1")), Some("a:1".into()));
        assert_eq!(of(json!(["a:1", "b:2"])), Some("a:1,b:2".into()));
        assert_eq!(of(json!([])), None);
        assert_eq!(bootstrap_of(&json!({})), None);
    }
}
