//! A real schema registry (Apicurio, by Confluent's API) on a free loopback port, with the faults that tests do to it.
//! It keeps its schemas in a file, so that what was registered outlives a kill.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::apicurio;
use crate::http::{Answer, Client, Request};
use crate::process::{Process, eventually, free_ports, scratch};

/// Where Apicurio speaks Confluent's API.
const PREFIX: &str = "/apis/ccompat/v7";
/// How long the registry may take to start on a busy machine.
const START: Duration = Duration::from_mins(2);
/// How long it may take to stop cleanly before it is killed.
const STOP: Duration = Duration::from_secs(10);

/// What a schema is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Avro.
    Avro,
    /// JSON Schema.
    JsonSchema,
    /// Protobuf, as the text of a .proto file.
    Protobuf,
}

impl Format {
    /// Its name in contracts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avro => "avro",
            Self::JsonSchema => "json-schema",
            Self::Protobuf => "protobuf",
        }
    }

    /// Its `schemaType` in the registry's API.
    pub fn schema_type(self) -> &'static str {
        match self {
            Self::Avro => "AVRO",
            Self::JsonSchema => "JSON",
            Self::Protobuf => "PROTOBUF",
        }
    }
}

/// What a schema refers to.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a> {
    /// As the text of the schema names it: an Avro full name, a `$ref`, an import's path.
    pub name: &'a str,
    /// The subject that holds it.
    pub subject: &'a str,
    /// Its version there.
    pub version: u32,
}

/// A registry that is ready. It ends when it is dropped, or with the test process.
pub struct Registry {
    port: u16,
    management: u16,
    folder: PathBuf,
    process: Option<Process>,
    frozen: bool,
    starts: u32,
}

impl Registry {
    /// The registry that all tests of this binary share; nobody breaks it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Registry> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts a new, empty registry. New versions must be backward compatible, as in Confluent's.
    pub fn start() -> Self {
        let started = (0..3).find_map(|_| {
            let ports = free_ports(2);
            let folder = scratch("registry");
            let mut registry =
                Self { port: ports[0], management: ports[1], folder, process: None, frozen: false, starts: 0 };
            registry.launch();
            registry.ready().then_some(registry)
        });
        let registry = started.expect("three times in a row a free port was taken before the registry had it");
        registry.must(&Request::put(format!("{PREFIX}/config"), json!({ "compatibility": "BACKWARD" }).to_string()));
        registry
    }

    /// The base address, as clients write it.
    pub fn url(&self) -> String {
        format!("http://{}{PREFIX}", self.address())
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Registers a schema as the subject's next version and gives its id.
    pub fn register(&self, subject: &str, format: Format, text: &str, references: &[Reference]) -> u32 {
        let references: Vec<_> = references
            .iter()
            .map(|reference| {
                json!({ "name": reference.name, "subject": reference.subject, "version": reference.version })
            })
            .collect();
        let schema = json!({ "schema": text, "schemaType": format.schema_type(), "references": references });
        let answer = self.must(&Request::json(format!("{PREFIX}/subjects/{subject}/versions"), schema.to_string()));
        let id = answer["id"].as_u64().and_then(|id| u32::try_from(id).ok());
        id.unwrap_or_else(|| panic!("no id in {answer}"))
    }

    /// From now on takes any next version of the subject, compatible or not.
    pub fn accept_any_version(&self, subject: &str) {
        let none = json!({ "compatibility": "NONE" }).to_string();
        self.must(&Request::put(format!("{PREFIX}/config/{subject}"), none));
    }

    /// Deletes a subject softly: it is not listed any more, its ids stay.
    pub fn delete(&self, subject: &str) {
        self.must(&Request::delete(format!("{PREFIX}/subjects/{subject}")));
    }

    /// Every version of the subjects whose names begin so, with its id: `[subject, version, id]`.
    pub fn holdings(&self, prefix: &str) -> Vec<Value> {
        let subjects = self.get("/subjects").json();
        let names = subjects.as_array().expect("a list of subjects").iter().map(|name| name.as_str().expect("a name"));
        let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
        names.sort_unstable();
        let versions = |name: &&str| {
            let numbers = self.get(&format!("/subjects/{name}/versions")).json();
            let numbers = numbers.as_array().expect("a list of versions").clone();
            let id = |number: &Value| self.get(&format!("/subjects/{name}/versions/{number}")).json()["id"].clone();
            numbers.into_iter().map(|number| json!([name, number, id(&number)])).collect::<Vec<_>>()
        };
        names.iter().flat_map(versions).collect()
    }

    /// GETs a path below the base address.
    pub fn get(&self, path: &str) -> Answer {
        self.ask(&Request::get(format!("{PREFIX}{path}")))
    }

    /// POSTs JSON to a path below the base address.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(&Request::json(format!("{PREFIX}{path}"), body.to_string()))
    }

    /// Ends the registry at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::KILL);
            process.wait(STOP).expect("KILL ends a process");
        }
        self.frozen = false;
    }

    /// Brings the registry back at the same address, whatever was done to it, with all that it knew.
    pub fn restart(&mut self) {
        self.thaw();
        let runs = self.process.as_mut().is_some_and(|process| process.exited().is_none());
        if !runs {
            self.launch();
            assert!(self.ready(), "the registry's port was taken while it was down");
        }
    }

    /// Freezes the registry; its sockets stay open and silent.
    pub fn freeze(&mut self) {
        self.process.as_mut().expect("a frozen registry runs").freeze();
        self.frozen = true;
    }

    /// Thaws a frozen registry.
    pub fn thaw(&mut self) {
        if std::mem::take(&mut self.frozen)
            && let Some(process) = &mut self.process
        {
            process.thaw();
        }
    }

    fn ask(&self, request: &Request) -> Answer {
        Client::new(&self.address()).send(request)
    }

    fn must(&self, request: &Request) -> Value {
        let answer = self.ask(request);
        assert_eq!(answer.status, 200, "{answer}");
        answer.json()
    }

    fn launch(&mut self) {
        self.starts += 1;
        let log = File::create(self.log()).expect("a log file");
        // WRITE_DELAY=0: what was answered is in the file, and so is there after a kill.
        let database = format!("jdbc:h2:file:{};WRITE_DELAY=0", self.folder.join("schemas").display());
        let mut command = apicurio::command(&[
            ("quarkus.http.host", "127.0.0.1".to_owned()),
            ("quarkus.http.port", self.port.to_string()),
            ("quarkus.management.host", "127.0.0.1".to_owned()),
            ("quarkus.management.port", self.management.to_string()),
            ("apicurio.storage.kind", "sql".to_owned()),
            ("apicurio.storage.sql.kind", "h2".to_owned()),
            ("apicurio.datasource.url", database),
        ]);
        command.current_dir(&self.folder).stdin(Stdio::null());
        command.stderr(log.try_clone().expect("a second handle")).stdout(log);
        self.process = Some(Process::start(command, STOP));
    }

    /// Waits until the registry answers; false if it ended instead because a port was taken.
    fn ready(&mut self) -> bool {
        let request = Request::get(format!("{PREFIX}/subjects"));
        let log = self.log();
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        let verdict = eventually(START, || {
            if let Some(status) = self.process.as_mut().expect("it was launched").exited() {
                let text = said();
                assert!(text.contains("seems to be in use"), "the registry ended, {status}:\n{text}");
                return Some(false);
            }
            let answer = Client::new(&self.address()).try_send(&request);
            answer.is_ok_and(|answer| answer.status == 200).then_some(true)
        });
        verdict.unwrap_or_else(|| panic!("the registry is not ready after {START:?}:\n{}", said()))
    }

    fn log(&self) -> PathBuf {
        self.folder.join(format!("log-{}.txt", self.starts))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.thaw(); // a frozen process does not hear TERM
    }
}
