//! Takes changed files into force while requests go on: contracts with conventions, keys, certificates. Each part is read
//! aside, checked whole and swapped at once. Whatever is wrong leaves the old in force, loudly. Requests under way keep
//! what they began with.

mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use forebay_schemas::problem::Problem;

pub use self::watch::Watch;
use crate::app::{App, Reloaded};
use crate::catalog::{self, Broken, ContractSet, Load, Sources};
use crate::clock;
use crate::config::Config;
use crate::ingest::authn::Authn;
use crate::server::tls::Live;

/// How often the day is looked at where files are not.
const DAY_CHECK: Duration = Duration::from_mins(1);
/// How often a set is read that changes while it is read.
const READINGS: usize = 5;

/// Something beside the contracts that is read from files and can be read again.
pub trait Part: Send + Sync {
    /// The files that it is read from.
    fn files(&self) -> Vec<PathBuf>;
    /// Reads them again. What is wrong leaves the old in force, and is logged and counted by the part.
    fn reload(&self) -> Result<(), Vec<Problem>>;
}

impl Part for Authn {
    fn files(&self) -> Vec<PathBuf> {
        self.files()
    }

    fn reload(&self) -> Result<(), Vec<Problem>> {
        self.reload()
    }
}

impl Part for Live {
    fn files(&self) -> Vec<PathBuf> {
        self.files()
    }

    fn reload(&self) -> Result<(), Vec<Problem>> {
        self.reload()
    }
}

/// Who is told of sets of contracts.
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

/// The files of contracts and conventions as they lie now; to be taken before they are read, so that no later change is
/// missed.
pub fn look(config: &Config) -> Watch {
    Watch::new(folders(config))
}

/// Reloads what has changed since it was `seen`, all of it when someone asks for it, and the contracts when a day begins on
/// which exceptions may have ended. Ends when it is dropped.
pub async fn keep(app: Arc<App>, seen: Watch, parts: Vec<Arc<dyn Part>>, audience: impl Audience) {
    let Some(mut asked) = app.reload_requests.receiver() else { return };
    let interval = app.config.reload.interval;
    let look_at_parts = || parts.iter().map(|part| Watch::new(part.files())).collect::<Vec<_>>();
    let (mut contracts, mut others) = (seen, look_at_parts());
    loop {
        let pause = if interval.is_zero() { DAY_CHECK } else { interval };
        tokio::select! {
            () = tokio::time::sleep(pause) => {
                let new_day = app.catalog.current().rulebook().today != clock::today();
                // Whoever wants to know how it ended is told by the log.
                if (!interval.is_zero() && contracts.has_settled()) || new_day {
                    let _ = reload_contracts(&app, &audience).await;
                }
                for (part, watch) in parts.iter().zip(&mut others) {
                    if !interval.is_zero() && watch.has_settled() {
                        let _ = part.reload();
                    }
                }
            }
            Some(reply) = asked.recv() => {
                (contracts, others) = (look(&app.config), look_at_parts());
                // Nobody waits for the answer any more if it can't be sent.
                let _ = reply.send(reload_all(&app, &parts, &audience).await);
            }
        }
    }
}

async fn reload_all(app: &App, parts: &[Arc<dyn Part>], audience: &impl Audience) -> Reloaded {
    let wrong = parts.iter().filter_map(|part| part.reload().err()).flatten();
    let mut wrong: Vec<_> = wrong.map(|problem| problem.to_string()).collect();
    let contracts = reload_contracts(app, audience).await.unwrap_or_else(|found| {
        wrong.extend(found);
        0
    });
    if wrong.is_empty() { Reloaded::Applied { contracts } } else { Reloaded::Refused(wrong) }
}

/// Reads contracts and conventions again, and says how many contracts are in force, or everything that is wrong.
async fn reload_contracts(app: &App, audience: &impl Audience) -> Result<usize, Vec<String>> {
    let Some(mut load) = read_at_rest(app) else {
        let problem = "contracts or conventions change while they are read; the old ones stay in force";
        tracing::error!("{problem}");
        app.metrics.reload(false);
        return Err(vec![problem.to_owned()]);
    };
    app.metrics.reload(load.set.is_some());
    let Some(set) = load.set.take() else {
        tracing::error!("contracts or conventions are wrong; the old ones stay in force");
        audience.refused(&load);
        let broken = load.broken.iter().filter(|broken| broken.is_fatal()).map(Broken::to_string);
        return Err(load.problems.iter().map(ToString::to_string).chain(broken).collect());
    };
    audience.before(&set);
    let set = app.binder.bind(set).await;
    let contracts = set.len();
    tracing::info!(contracts, "contracts and conventions were reloaded");
    app.catalog.replace(set);
    app.topics.refresh();
    Ok(contracts)
}

fn folders(config: &Config) -> Vec<PathBuf> {
    vec![config.catalog.dir.clone(), config.conventions.dir.clone()]
}

/// Reads contracts and conventions while nothing of them changes: some files of one set and some of the next may go well
/// together, and still be a set that nobody has written. None if something changes each time.
fn read_at_rest(app: &App) -> Option<Load> {
    let folders = folders(&app.config);
    (0..READINGS).find_map(|_| {
        let before = watch::fingerprint(&folders);
        let load = catalog::load(&Sources::of(&app.config), clock::today(), &app.metrics);
        (watch::fingerprint(&folders) == before).then_some(load)
    })
}
