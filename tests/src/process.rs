//! Child processes and scratch folders that do not outlive the test process, however it ends.
//!
//! Statics are never dropped and a killed process drops nothing, so a small shell beside the test process holds the
//! list of pids. When its input ends, the test process is gone: it ends exactly those pids and removes the folder.

use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

const REAPER: &str = r#"
pids=
while read -r verb pid; do
  case $verb in
    watch) pids="$pids $pid" ;;
    forget) rest=; for p in $pids; do [ "$p" = "$pid" ] || rest="$rest $p"; done; pids=$rest ;;
  esac
done
alive() { for p in $pids; do kill -0 "$p" 2>/dev/null && return 0; done; return 1; }
for p in $pids; do kill -TERM "$p" 2>/dev/null; done
patience=30
while alive && [ $patience -gt 0 ]; do sleep 0.1; patience=$((patience - 1)); done
for p in $pids; do kill -KILL "$p" 2>/dev/null; done
rm -rf "$1"
"#;

struct Reaper {
    scratch: PathBuf,
    shell: Mutex<Child>,
}

static REAPER_OF_THIS_PROCESS: OnceLock<Reaper> = OnceLock::new();

fn reaper() -> &'static Reaper {
    REAPER_OF_THIS_PROCESS.get_or_init(|| {
        let parent = target_dir().join("tmp");
        std::fs::create_dir_all(&parent).expect("target/tmp can be made");
        let scratch = tempfile::Builder::new().prefix("forebay-").tempdir_in(parent).expect("a scratch folder").keep();
        let shell = Command::new("sh")
            .args(["-c", REAPER, "forebay-tests-reaper"])
            .arg(&scratch)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0) // an interrupt from the terminal must not reach it
            .spawn()
            .expect("sh starts");
        Reaper { scratch, shell: Mutex::new(shell) }
    })
}

fn order(verb: &str, pid: u32) {
    let mut shell = reaper().shell.lock().expect("no holder of the reaper panics");
    let orders = shell.stdin.as_mut().expect("a piped stdin");
    writeln!(orders, "{verb} {pid}").expect("the reaper listens");
}

/// A new, empty folder that is removed after the test process has ended.
pub fn scratch(name: &str) -> PathBuf {
    let prefix = format!("{name}-");
    tempfile::Builder::new().prefix(&prefix).tempdir_in(&reaper().scratch).expect("a scratch folder").keep()
}

/// The workspace's `target` folder, told by where this test executable lies.
pub fn target_dir() -> PathBuf {
    profile_dir().parent().expect("target/<profile> has a parent").to_path_buf()
}

/// `target/<profile>` of this test executable.
pub fn profile_dir() -> PathBuf {
    let executable = std::env::current_exe().expect("this executable has a path");
    let deps = executable.parent().expect("an executable lies in a folder");
    let profile = if deps.ends_with("deps") { deps.parent().expect("deps lies in target/<profile>") } else { deps };
    profile.to_path_buf()
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository").to_path_buf()
}

/// What a command did that has ended.
pub struct Done {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// Runs a command to its end, which must come within `limit`.
pub fn run(command: Command, limit: Duration) -> Done {
    run_with(command, Stdio::null(), limit)
}

/// Runs a command that reads `stdin` to its end, which must come within `limit`.
pub(crate) fn run_with(mut command: Command, stdin: Stdio, limit: Duration) -> Done {
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    let what = format!("{command:?}");
    let mut process = Process::start(command, Duration::from_secs(1));
    let (stdout, stderr) = (process.stdout_lines(), process.stderr_lines());
    let status = process.wait(limit).unwrap_or_else(|| {
        panic!("{what} did not end in {limit:?}; it wrote:\n{}{}", stdout.text(), stderr.text());
    });
    Done { code: status.code(), stdout: stdout.to_end(), stderr: stderr.to_end() }
}

/// A running child: ended by TERM, then KILL, when it is dropped.
pub struct Process {
    child: Child,
    patience: Duration,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts `command`; `patience` is the time between TERM and KILL at the end.
    pub fn start(mut command: Command, patience: Duration) -> Self {
        let program = command.get_program().to_owned();
        let child = command.process_group(0).spawn().unwrap_or_else(|error| {
            panic!("{} does not start: {error}", program.display());
        });
        order("watch", child.id());
        Self { child, patience, ended: None }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Collects what the child writes to stderr, line by line, as it comes.
    pub fn stderr_lines(&mut self) -> Lines {
        Lines::collect(self.child.stderr.take().expect("stderr is piped and taken once"))
    }

    /// Collects what the child writes to stdout, line by line, as it comes.
    pub fn stdout_lines(&mut self) -> Lines {
        Lines::collect(self.child.stdout.take().expect("stdout is piped and taken once"))
    }

    /// Sends `signal` to this process, if it still runs.
    pub fn signal(&mut self, signal: Signal) {
        if self.exited().is_none() {
            let pid = Pid::from_child(&self.child);
            kill_process(pid, signal).expect("a running child can be signalled");
        }
    }

    /// Stops the process until it is thawed; its sockets stay open and silent. Returns once every thread stands still,
    /// which on a busy machine is a while after the signal.
    pub fn freeze(&mut self) {
        self.signal(Signal::STOP);
        let child = WaitId::Pid(Pid::from_child(&self.child));
        let still = eventually(Duration::from_secs(30), || {
            let status = waitid(child.clone(), WaitIdOptions::STOPPED | WaitIdOptions::NOHANG).ok().flatten()?;
            status.stopped().then_some(())
        });
        still.expect("a running process obeys STOP");
    }

    /// Lets a frozen process go on.
    pub fn thaw(&mut self) {
        self.signal(Signal::CONT);
    }

    /// The exit status, if the process has ended.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("a child can be waited for");
            if self.ended.is_some() {
                order("forget", self.child.id());
            }
        }
        self.ended
    }

    /// Waits at most `limit` for the process to end by itself.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        eventually(limit, || self.exited())
    }

    /// TERM, then after the patience KILL; returns once the process is gone.
    pub fn end(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(self.patience).unwrap_or_else(|| {
            self.signal(Signal::KILL);
            self.wait(Duration::from_secs(30)).expect("KILL ends a process")
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.exited().is_none() {
            self.end();
        }
    }
}

/// Lines of a child's output, collected by a thread so that the child never blocks on a full pipe.
pub struct Lines {
    written: Arc<Mutex<Vec<u8>>>,
    collector: JoinHandle<()>,
}

impl Lines {
    fn collect(mut from: impl Read + Send + 'static) -> Self {
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = written.clone();
        let collector = std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(read @ 1..) = from.read(&mut chunk) {
                sink.lock().expect("no holder panics").extend_from_slice(&chunk[..read]);
            }
        });
        Self { written, collector }
    }

    /// Everything so far, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().expect("no holder panics")).into_owned()
    }

    /// Everything, once the child has closed its end.
    pub fn to_end(self) -> String {
        let Self { written, collector } = self;
        collector.join().expect("the collector does not panic");
        String::from_utf8_lossy(&written.lock().expect("no holder panics")).into_owned()
    }

    /// The complete lines so far.
    pub fn all(&self) -> Vec<String> {
        let text = self.text();
        let complete = text.rfind('\n').map_or("", |end| &text[..end]);
        complete.lines().map(str::to_owned).collect()
    }
}

/// Tries until `attempt` gives something, at most for `limit`.
pub fn eventually<T>(limit: Duration, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = attempt() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ports on 127.0.0.1 that are free now, below the range that the system gives to outgoing connections: as long as
/// their server is down, nobody else is handed them.
pub fn free_ports(count: usize) -> Vec<u16> {
    let mut held = Vec::new();
    for attempt in 0..10_000 {
        if held.len() == count {
            break;
        }
        let port = 10_000 + u16::try_from(random(attempt) % 20_000).expect("below 20,000");
        held.extend(TcpListener::bind(("127.0.0.1", port)).map(|listener| (port, listener)).ok());
    }
    assert_eq!(held.len(), count, "no free ports on 127.0.0.1");
    held.iter().map(|&(port, _)| port).collect()
}

pub(crate) fn random(seed: u64) -> u64 {
    RandomState::new().hash_one(seed)
}
