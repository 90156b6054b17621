//! One broker of a test cluster: its files, its process, and the faults that can be done to it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::jars;
use crate::process::{Process, eventually, free_ports, random};

/// How long a broker may take to start on a busy machine.
const START: Duration = Duration::from_mins(2);
/// How long a broker may take to stop cleanly before it is killed.
const STOP: Duration = Duration::from_secs(20);

/// What every broker of a cluster has in common. Timeouts are short, so that a failover takes a second or two.
const COMMON: &str = "
process.roles=broker,controller
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=3
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
share.coordinator.state.topic.num.partitions=3
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
broker.heartbeat.interval.ms=200
broker.session.timeout.ms=1000
replica.lag.time.max.ms=1500
replica.fetch.wait.max.ms=200
controller.quorum.fetch.timeout.ms=1000
controller.quorum.election.timeout.ms=500
controller.quorum.election.backoff.max.ms=300
";

const LOG4J: &str = "
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %m (%c)%n%throwable
rootLogger.level=info
rootLogger.appenderRef.out.ref=out
";

/// The two ports of a node.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) broker: u16,
    controller: u16,
}

impl Ports {
    /// Free ports for this many nodes.
    pub(crate) fn free(nodes: usize) -> Vec<Self> {
        let ports = free_ports(2 * nodes);
        ports.chunks_exact(2).map(|pair| Self { broker: pair[0], controller: pair[1] }).collect()
    }
}

/// One broker and controller.
pub struct Node {
    id: usize,
    ports: Ports,
    folder: PathBuf,
    process: Option<Process>,
    paused: bool,
    starts: u32,
}

impl Node {
    /// Writes the files of node `id` (from 1) into `folder`; `all` are the ports of every node in order.
    pub(crate) fn prepare(folder: PathBuf, id: usize, all: &[Ports]) -> Self {
        std::fs::create_dir_all(&folder).expect("a folder for the node");
        let voters: Vec<_> =
            all.iter().zip(1..).map(|(ports, id)| format!("{id}@127.0.0.1:{}", ports.controller)).collect();
        let ports = all[id - 1];
        let own = format!(
            "node.id={id}\ncontroller.quorum.voters={}\nlisteners=PLAINTEXT://127.0.0.1:{},CONTROLLER://127.0.0.1:{}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{}\nlog.dirs={}\n",
            voters.join(","),
            ports.broker,
            ports.controller,
            ports.broker,
            folder.join("data").display(),
        );
        std::fs::write(folder.join("server.properties"), own + COMMON).expect("server.properties");
        std::fs::write(folder.join("log4j2.properties"), LOG4J).expect("log4j2.properties");
        Self { id, ports, folder, process: None, paused: false, starts: 0 }
    }

    /// Formats this node's storage by Kafka's own tool.
    pub(crate) fn format(&self, cluster_id: &str) {
        let mut command = jars::java(&[], "kafka.tools.StorageTool");
        command.args(["format", "-t", cluster_id, "-c"]).arg(self.folder.join("server.properties"));
        let output = command.output().unwrap_or_else(|error| panic!("Kafka needs a JDK, but java: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kafka.tools.StorageTool: {said}");
    }

    /// Formats this node's storage as `formatted`'s is, without another JVM.
    pub(crate) fn format_like(&self, formatted: &Self, cluster_id: &str) {
        let data = self.folder.join("data");
        std::fs::create_dir_all(&data).expect("a data folder");
        let checkpoint = "bootstrap.checkpoint";
        std::fs::copy(formatted.folder.join("data").join(checkpoint), data.join(checkpoint)).expect("a checkpoint");
        let meta = format!("version=1\ncluster.id={cluster_id}\nnode.id={}\ndirectory.id={}\n", self.id, kafka_uuid());
        std::fs::write(data.join("meta.properties"), meta).expect("meta.properties");
    }

    /// Starts the broker's process without waiting for it.
    pub(crate) fn launch(&mut self) {
        self.starts += 1;
        let log = File::create(self.log()).expect("a log file");
        let mut options = vec!["-Xms256m".to_owned(), "-Xmx512m".to_owned()];
        options.push(format!("-Dlog4j2.configurationFile={}", self.folder.join("log4j2.properties").display()));
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        let mut command = jars::java(&options, "kafka.Kafka");
        command.arg(self.folder.join("server.properties")).current_dir(&self.folder).stdin(Stdio::null());
        command.stderr(log.try_clone().expect("a second handle")).stdout(log);
        self.process = Some(Process::start(command, STOP));
        self.paused = false;
    }

    /// Waits for the log line of a broker that serves; false if it ended instead because a port was taken.
    pub(crate) fn ready(&mut self) -> bool {
        let log = self.log();
        let verdict = eventually(START, || {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            if text.contains("Kafka Server started") {
                return Some(true);
            }
            let process = self.process.as_mut().expect("it was launched");
            process.exited().map(|status| {
                assert!(text.contains("Address already in use"), "broker {} ended, {status}:\n{text}", self.id);
                false
            })
        });
        verdict.unwrap_or_else(|| {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            panic!("broker {} is not ready after {START:?}:\n{text}", self.id)
        })
    }

    /// The node's id, from 1.
    pub fn id(&self) -> usize {
        self.id
    }

    /// The address that clients use.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.broker)
    }

    /// Ends the broker cleanly: leaders move first.
    pub fn stop(&mut self) {
        self.resume();
        self.process = None; // dropping it is TERM, then KILL
    }

    /// Ends the broker at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::KILL);
            process.wait(STOP).expect("KILL ends a process");
        }
    }

    /// Freezes the broker; its sockets stay open and silent.
    pub fn pause(&mut self) {
        self.process.as_mut().expect("a paused broker runs").freeze();
        self.paused = true;
    }

    /// Thaws a frozen broker.
    pub fn resume(&mut self) {
        if std::mem::take(&mut self.paused)
            && let Some(process) = &mut self.process
        {
            process.thaw();
        }
    }

    /// Brings the broker back, whatever was done to it, and waits until it serves.
    pub fn restart(&mut self) {
        self.resume();
        let runs = self.process.as_mut().is_some_and(|process| process.exited().is_none());
        if !runs {
            self.launch();
            assert!(self.ready(), "the port of broker {} was taken while it was down", self.id);
        }
    }

    fn log(&self) -> PathBuf {
        Path::new(&self.folder).join(format!("log-{}.txt", self.starts))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.resume(); // a frozen process does not hear TERM
    }
}

/// A random Kafka id: 128 bits as 22 characters of base64url, here letters alone.
pub(crate) fn kafka_uuid() -> String {
    const LETTERS: &[u8; 52] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut id: String =
        (0..21).map(|n| char::from(LETTERS[usize::try_from(random(n) % 52).expect("small")])).collect();
    id.push('A'); // the last character holds two bits, then zeros
    id
}
