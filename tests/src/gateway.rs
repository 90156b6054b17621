//! The built `forebay` binary as a child process: its configuration, its ports, its log, its end.

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::http::Client;
use crate::process::{Lines, Process, eventually, profile_dir, scratch};

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_mins(1);
/// Between TERM and KILL at the end of a test: more than the drain's grace.
const END: Duration = Duration::from_secs(40);

/// The binary: `FOREBAY_BIN`, or what the same build profile has made.
pub fn binary() -> PathBuf {
    let binary = std::env::var_os("FOREBAY_BIN").map_or_else(|| profile_dir().join("forebay"), PathBuf::from);
    assert!(binary.is_file(), "{} is not there: run `cargo build -p forebay` first", binary.display());
    binary
}

/// A command of the binary, without the environment's configuration.
pub fn forebay(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FOREBAY_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The configuration that tests start from.
pub fn settings(bootstrap: &[String], catalog: &Catalog) -> Value {
    json!({
        "listen": { "address": "127.0.0.1:0" },
        "admin": { "address": "127.0.0.1:0" },
        "catalog": { "dir": catalog.contracts() },
        "conventions": { "dir": catalog.conventions() },
        "kafka": { "bootstrap": bootstrap, "deadline": "20s" },
        "authn": { "anonymous": true, "anonymous_principal": "e2e" },
        "telemetry": { "log_format": "json" },
        "drain": { "settle": "200ms", "grace": "25s" },
    })
}

/// Writes a configuration file; JSON is YAML.
pub fn config_file(settings: &Value) -> PathBuf {
    let file = scratch("config").join("forebay.yaml");
    std::fs::write(&file, format!("{settings:#}\n")).expect("a configuration file");
    file
}

/// Puts `overrides` over `settings`, member by member.
pub fn merge(settings: &mut Value, overrides: Value) {
    match (settings, overrides) {
        (Value::Object(settings), Value::Object(overrides)) => {
            for (name, value) in overrides {
                merge(settings.entry(name).or_insert(Value::Null), value);
            }
        }
        (settings, overrides) => *settings = overrides,
    }
}

/// A running gateway. Dropped, it ends; if the test is failing then, its log is shown.
pub struct Gateway {
    process: Process,
    log: Lines,
    data: String,
    admin: String,
}

impl Gateway {
    /// Starts `forebay serve` and waits until it is ready.
    pub fn start(bootstrap: &[String], catalog: &Catalog) -> Self {
        Self::start_with(bootstrap, catalog, json!({}))
    }

    /// Starts `forebay serve` with some settings changed and waits until it is ready.
    pub fn start_with(bootstrap: &[String], catalog: &Catalog, overrides: Value) -> Self {
        let mut settings = settings(bootstrap, catalog);
        merge(&mut settings, overrides);
        Self::serve(&settings)
    }

    /// Starts `forebay serve` with this `authn` section, by which callers must prove who they are, and some other
    /// settings changed.
    pub fn start_proven(bootstrap: &[String], catalog: &Catalog, authn: Value, overrides: Value) -> Self {
        let mut settings = settings(bootstrap, catalog);
        merge(&mut settings, overrides);
        settings["authn"] = authn;
        Self::serve(&settings)
    }

    fn serve(settings: &Value) -> Self {
        let file = config_file(settings);
        Self::run(forebay(&["serve", "--config", &file.to_string_lossy()]))
    }

    /// Runs a command that listens (`serve` or `dev`) and waits until it is ready.
    pub fn run(command: Command) -> Self {
        let mut process = Process::start(command, END);
        let log = process.stderr_lines();
        let listening = eventually(START, || {
            let found = log.all().iter().find_map(|line| listening(line));
            let ended = process.exited().is_some();
            if found.is_some() || ended { Some(found) } else { None }
        });
        let Some((data, admin)) = listening.flatten() else {
            process.end();
            panic!("the gateway does not listen; it wrote:\n{}", log.to_end());
        };
        let gateway = Self { process, log, data, admin };
        let ready = eventually(START, || (gateway.admin_client().get("/readyz").status == 200).then_some(()));
        ready.expect("the gateway is ready");
        gateway
    }

    /// The address for producers.
    pub fn address(&self) -> &str {
        &self.data
    }

    /// The address for operators.
    pub fn admin(&self) -> &str {
        &self.admin
    }

    /// A new client of the data listener.
    pub fn client(&self) -> Client {
        Client::new(&self.data)
    }

    /// A new client of the admin listener.
    pub fn admin_client(&self) -> Client {
        Client::new(&self.admin)
    }

    /// What a counter or a gauge says, such as `forebay_reloads_total{result="Applied"}`; 0 if it is not there.
    pub fn metric(&self, sample: &str) -> u64 {
        let metrics = self.admin_client().get("/metrics");
        let found = metrics.text().lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok());
        found.unwrap_or_default()
    }

    /// What it has logged so far.
    pub fn log(&self) -> &Lines {
        &self.log
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The most memory that it has ever held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid())).expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak of the resident set");
        1024 * peak.trim().trim_end_matches(" kB").parse::<u64>().expect("kilobytes")
    }

    /// Asks it to end by TERM and waits for it to do so within its grace.
    pub fn drain(&mut self) -> ExitStatus {
        self.process.signal(Signal::TERM);
        self.process.wait(END).expect("it ends within its grace")
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.process.signal(Signal::KILL);
        self.process.wait(END).expect("KILL ends a process");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the gateway's log ---\n{}--- end of the log ---", self.log.text());
        }
    }
}

/// The two addresses, if this log line names them.
fn listening(line: &str) -> Option<(String, String)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let field = |name: &str| line.get(name).or_else(|| line["fields"].get(name))?.as_str().map(str::to_owned);
    (field("message")? == "listening").then_some(())?;
    Some((field("data")?, field("admin")?))
}
