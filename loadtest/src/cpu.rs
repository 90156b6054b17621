//! What a process has used: CPU time by thread name, resident memory; and on which cores a thread may run.
//! Reads `/proc`; knows nothing of what the process does.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::error::Error;

/// How far the kernel's ticks may be from the truth in one difference: user and system time are each cut to 10 ms, at
/// both ends.
const TICKS_SLACK: Duration = Duration::from_millis(30);
/// The thread in which librdkafka's in-process broker works.
const BROKER_THREAD: &str = "rdk:mock";

/// User and system time together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// Of the whole process, threads that have ended included.
    pub process: Duration,
    /// Of the threads that live, by name; threads of one name are added up.
    pub threads: BTreeMap<String, Duration>,
}

impl CpuTime {
    /// What the process has used so far: the whole to the kernel's tick (10 ms on most), the threads to the microsecond
    /// where the kernel says it.
    pub fn of(pid: u32) -> Result<Self, Error> {
        let mut threads = BTreeMap::new();
        for thread in thread_ids(pid)? {
            // A thread may end between the listing and the look.
            let path = format!("/proc/{pid}/task/{thread}");
            if let Ok((name, ticks)) = stat(&format!("{path}/stat")) {
                *threads.entry(name).or_default() += running(&format!("{path}/schedstat")).unwrap_or(ticks);
            }
        }
        let process = stat(&format!("/proc/{pid}/stat"))?.1;
        Ok(Self { process, threads })
    }

    /// What was used since an earlier reading. The whole is the sum of the threads, being the finer number, unless the
    /// ticks tell that threads have ended meanwhile and taken their time with them.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |name: &String| earlier.threads.get(name).copied().unwrap_or_default();
        let threads = self.threads.iter().map(|(name, time)| (name.clone(), time.saturating_sub(before(name))));
        let threads: BTreeMap<_, _> = threads.collect();
        let (sum, ticks) = (threads.values().sum(), self.process.saturating_sub(earlier.process));
        Self { process: if ticks > sum + TICKS_SLACK { ticks } else { sum }, threads }
    }

    /// The in-process broker's part, which is no work of a client; zero where there is none.
    pub fn broker(&self) -> Duration {
        self.threads.get(BROKER_THREAD).copied().unwrap_or_default()
    }

    /// All but the in-process broker's part.
    pub fn client(&self) -> Duration {
        self.process.saturating_sub(self.broker())
    }
}

/// Resident memory of a process in bytes.
pub fn resident(pid: u32) -> Result<u64, Error> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).map_err(Error::system(&path))?;
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB"));
    kilobytes
        .and_then(|number| number.trim().parse::<u64>().ok())
        .map(|number| number * 1024)
        .ok_or_else(|| unread(&path))
}

fn thread_ids(pid: u32) -> Result<Vec<u32>, Error> {
    let path = format!("/proc/{pid}/task");
    let entries = fs::read_dir(&path).map_err(Error::system(&path))?;
    Ok(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

/// Name and CPU time by one `stat` file (proc(5): fields 2, 14 and 15).
fn stat(path: &str) -> Result<(String, Duration), Error> {
    let text = fs::read_to_string(path).map_err(Error::system(path))?;
    read_stat(&text).ok_or_else(|| unread(path))
}

fn read_stat(text: &str) -> Option<(String, Duration)> {
    // The name may hold anything, parentheses and blanks too.
    let (start, end) = (text.find('(')?, text.rfind(')')?);
    let mut after = text.get(end + 1..)?.split_ascii_whitespace().skip(11);
    let mut ticks = || after.next()?.parse::<u64>().ok();
    let nanos_per_tick = 1_000_000_000 / rustix::param::clock_ticks_per_second();
    let time = Duration::from_nanos((ticks()? + ticks()?) * nanos_per_tick);
    Some((text.get(start + 1..end)?.to_owned(), time))
}

/// Time on a core in nanoseconds, the first number of a `schedstat` file; not every kernel has them.
fn running(path: &str) -> Option<Duration> {
    let text = fs::read_to_string(path).ok()?;
    text.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn unread(path: &str) -> Error {
    Error::system(path.to_owned())(std::io::Error::from(std::io::ErrorKind::InvalidData))
}

/// Cores that a thread may run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cores(Vec<usize>);

impl FromStr for Cores {
    type Err = String;

    /// Numbers with commas: `0` or `0,2`.
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Result<Vec<usize>, _> = text.split(',').map(|number| number.trim().parse()).collect();
        match numbers {
            Ok(numbers) if numbers.iter().all(|&number| number < CpuSet::MAX_CPU) => Ok(Self(numbers)),
            _ => Err(format!("\"{text}\" is not a list of cores such as 0 or 0,2")),
        }
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.0.iter().map(usize::to_string).collect();
        write!(out, "{}", numbers.join(","))
    }
}

impl Cores {
    /// Binds every thread that a process has now; those it starts later inherit it.
    pub fn bind(&self, pid: u32) -> Result<(), Error> {
        for thread in thread_ids(pid)? {
            self.bind_thread(i32::try_from(thread).ok().and_then(Pid::from_raw))?;
        }
        Ok(())
    }

    /// Runs `work` in a new thread that is bound to these cores, and so are the threads and processes it starts.
    pub fn run<T: Send>(cores: Option<&Self>, work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
        let Some(cores) = cores else { return work() };
        let bound = || {
            cores.bind_thread(None)?;
            work()
        };
        thread::scope(|scope| scope.spawn(bound).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    fn bind_thread(&self, thread: Option<Pid>) -> Result<(), Error> {
        let mut set = CpuSet::new();
        self.0.iter().for_each(|&core| set.set(core));
        sched_setaffinity(thread, &set).map_err(Error::system(format!("binding to core {self}")))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_stat_file_is_read_past_a_name_that_looks_like_its_end() {
        let (name, time) = read_stat("1 (a) S (b) S 1 1 0 0 -1 0 0 0 0 0 30 12 0 0 20 0").unwrap();
        assert_eq!(name, "a) S (b");
        let tick = Duration::from_nanos(1_000_000_000 / rustix::param::clock_ticks_per_second());
        assert_eq!(time, tick * 42);
        assert_eq!(read_stat("1 (a) S 1"), None);
    }

    #[test]
    fn a_busy_thread_is_seen_by_its_name_and_in_the_whole() {
        let pid = std::process::id();
        let before = CpuTime::of(pid).unwrap();
        let spin = move || {
            let start = Instant::now();
            loop {
                let used = CpuTime::of(pid).unwrap().since(&before);
                if used.threads["spinner"] >= Duration::from_millis(50) || start.elapsed() > Duration::from_mins(1) {
                    return used;
                }
            }
        };
        let used = thread::Builder::new().name("spinner".into()).spawn(spin).unwrap().join().unwrap();
        assert!(used.threads["spinner"] >= Duration::from_millis(50), "{used:?}");
        assert!(used.process >= used.threads["spinner"], "{used:?}");
    }

    #[test]
    fn threads_that_have_ended_count_in_the_whole() {
        let time = |process, worker| CpuTime {
            process: Duration::from_millis(process),
            threads: BTreeMap::from([("worker".into(), Duration::from_micros(worker))]),
        };
        assert_eq!(time(110, 104_321).since(&time(100, 100_000)).process, Duration::from_micros(4321));
        assert_eq!(time(900, 104_321).since(&time(100, 100_000)).process, Duration::from_millis(800));
    }

    #[test]
    fn memory_is_more_than_nothing() {
        assert!(resident(std::process::id()).unwrap() > 1 << 20);
    }

    #[test]
    fn cores_are_read_and_bound() {
        assert_eq!("0".parse::<Cores>().unwrap().to_string(), "0");
        assert!("0,x".parse::<Cores>().is_err());
        assert!("".parse::<Cores>().is_err());
        let status = || fs::read_to_string("/proc/thread-self/status").map_err(Error::system("status"));
        let inside = Cores::run(Some(&"0".parse().unwrap()), status).unwrap();
        assert!(inside.contains("Cpus_allowed_list:\t0\n"), "{inside}");
        assert!(Cores::run(Some(&"1000".parse().unwrap()), status).is_err());
    }
}
