//! Takes changed files into force while requests go on: read aside, checked whole, swapped at once. Whatever is wrong
//! leaves the old in force, loudly. Requests under way keep what they began with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::app::{App, Reloaded};
use crate::catalog::{self, Broken, ContractSet, Load, Sources};
use crate::clock;

/// How deep a catalogue's folders go: the topic's, and its samples'.
const DEPTH: usize = 4;
/// How often the day is looked at where files are not.
const DAY_CHECK: Duration = Duration::from_mins(1);

/// What is told to whoever wants to know of a reload.
pub trait Audience {
    /// A sound set is about to be in force.
    fn before(&self, _set: &ContractSet) {}
    /// A set is wrong, and the old one stays.
    fn refused(&self, load: &Load);
}

/// Tells the log.
pub struct Log;

impl Audience for Log {
    fn refused(&self, load: &Load) {
        for problem in &load.problems {
            tracing::error!(%problem, "a file is wrong");
        }
        for broken in load.broken.iter().filter(|broken| broken.is_fatal()) {
            tracing::error!(file = broken.file, finding = %broken.finding, "a contract breaks a convention");
        }
    }
}

/// Reloads whenever files have changed, someone asks for it, or a day begins on which exceptions may have ended. Ends
/// when it is dropped.
pub async fn keep(app: Arc<App>, audience: impl Audience) {
    let Some(mut asked) = app.reload_requests.receiver() else { return };
    let interval = app.config.reload.interval;
    let mut watch = Watch::new(&app);
    loop {
        let pause = if interval.is_zero() { DAY_CHECK } else { interval };
        tokio::select! {
            () = tokio::time::sleep(pause) => {
                let day = app.catalog.current().rulebook().today;
                if (!interval.is_zero() && watch.has_settled(&app)) || day != clock::today() {
                    // Whoever wants to know is told by the log.
                    let _ = now(&app, &audience).await;
                }
            }
            Some(reply) = asked.recv() => {
                watch = Watch::new(&app);
                // Nobody waits for the answer any more if it can't be sent.
                let _ = reply.send(now(&app, &audience).await);
            }
        }
    }
}

/// Reads everything again and puts into force what is sound.
async fn now(app: &App, audience: &impl Audience) -> Reloaded {
    let mut load = catalog::load(&Sources::of(&app.config), clock::today(), &app.metrics);
    app.metrics.reload(load.set.is_some());
    let Some(set) = load.set.take() else {
        tracing::error!("contracts or conventions are wrong; the old ones stay in force");
        audience.refused(&load);
        let broken = load.broken.iter().filter(|broken| broken.is_fatal()).map(Broken::to_string);
        return Reloaded::Refused(load.problems.iter().map(ToString::to_string).chain(broken).collect());
    };
    audience.before(&set);
    let set = app.binder.bind(set).await;
    let contracts = set.len();
    tracing::info!(contracts, "contracts and conventions were reloaded");
    app.catalog.replace(set);
    app.topics.refresh();
    Reloaded::Applied { contracts }
}

/// When each file was last changed, as it was seen last and as it is in force.
struct Watch {
    in_force: Fingerprint,
    last: Fingerprint,
}

/// Length and time of the last change by path; what can't be read is left out, and missed when it appears again.
type Fingerprint = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

impl Watch {
    fn new(app: &App) -> Self {
        let seen = fingerprint(app);
        Self { in_force: seen.clone(), last: seen }
    }

    /// Whether files have changed since they were taken into force, and have stood still since the last look: several
    /// files are rarely written at one moment.
    fn has_settled(&mut self, app: &App) -> bool {
        let before = std::mem::replace(&mut self.last, fingerprint(app));
        let settled = self.last == before && self.last != self.in_force;
        if settled {
            self.in_force.clone_from(&self.last);
        }
        settled
    }
}

fn fingerprint(app: &App) -> Fingerprint {
    let mut files = Fingerprint::new();
    for folder in [&app.config.catalog.dir, &app.config.conventions.dir] {
        visit(folder, DEPTH, &mut files);
    }
    files
}

/// Links are followed: Kubernetes shows files of a volume as links, and changes them by changing a link above.
fn visit(path: &Path, depth: usize, files: &mut Fingerprint) {
    let Ok(entries) = std::fs::read_dir(path) else { return };
    for entry in entries.flatten().map(|entry| entry.path()) {
        let Ok(meta) = std::fs::metadata(&entry) else { continue };
        if meta.is_dir() && depth > 0 {
            visit(&entry, depth - 1, files);
        } else if meta.is_file() {
            files.insert(entry, (meta.len(), meta.modified().ok()));
        }
    }
}
