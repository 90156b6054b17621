//! Takes changed files into force while requests go on: contracts with conventions, keys, certificates. Each part is read
//! aside, checked whole and swapped at once. Whatever is wrong leaves the old in force, loudly. Requests under way keep
//! what they began with.

mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use forebay_policies::Date;
use forebay_schemas::problem::Problem;

pub use self::watch::Seen;
use self::watch::Watch;
use crate::app::{App, Reloaded};
use crate::catalog::{self, Broken, ContractSet, Load, Sources};
use crate::clock;
use crate::config::Config;
use crate::config::authn::jwt::KeySource;
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

/// Every file that can be read again, as it lies now; to be taken before they are read, so that no later change is missed.
pub fn look(config: &Config) -> Seen {
    let issuers = config.authn.jwt.iter().filter_map(|issuer| match &issuer.jwks {
        KeySource::File(file) => Some(file),
        KeySource::Url(_) => None,
    });
    let tls = [&config.listen.tls, &config.admin.tls].into_iter().flatten();
    let tls = tls.flat_map(|tls| [&tls.certificate, &tls.key].into_iter().chain(&tls.client_ca));
    let credentials = config.authn.api_keys.iter().chain(issuers).chain(tls).cloned();
    Seen::of(&folders(config).into_iter().chain(credentials).collect::<Vec<_>>())
}

/// Reloads what has changed since it was `seen`, all of it when someone asks for it, and the contracts when a day begins on
/// which exceptions may have ended. Ends when it is dropped.
pub async fn keep(app: Arc<App>, seen: Seen, parts: Vec<Arc<dyn Part>>, audience: impl Audience) {
    let Some(mut asked) = app.reload_requests.receiver() else { return };
    let interval = app.config.reload.interval;
    let pause = if interval.is_zero() { DAY_CHECK } else { interval };
    let mut keeper = Keeper {
        contracts: Watch::since(folders(&app.config), &seen),
        parts: parts.into_iter().map(|part| (Arc::clone(&part), Watch::since(part.files(), &seen))).collect(),
        day: app.catalog.current().rulebook().today,
        app: &app,
        audience,
    };
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => keeper.look().await,
            Some(reply) = asked.recv() => {
                // Nobody waits for the answer any more if it can't be sent.
                let _ = reply.send(keeper.reload().await);
            }
        }
    }
}

/// What is kept as the files are.
struct Keeper<'a, A> {
    app: &'a App,
    audience: A,
    contracts: Watch,
    parts: Vec<(Arc<dyn Part>, Watch)>,
    /// The last day for which contracts were judged, or were found to be wrong.
    day: Date,
}

impl<A: Audience> Keeper<'_, A> {
    /// Reloads what has changed, and the contracts when a day has begun. How it ends is told by the log.
    async fn look(&mut self) {
        let looks = !self.app.config.reload.interval.is_zero();
        // First what needs no registry: a key that was withdrawn is not to be good for longer.
        for (part, watch) in &mut self.parts {
            if looks && watch.is_due() {
                let _ = reload_part(&**part, watch);
            }
        }
        if (looks && self.contracts.is_due()) || self.day != clock::today() {
            let _ = self.reload_contracts().await;
        }
    }

    /// Reloads everything.
    async fn reload(&mut self) -> Reloaded {
        let (mut wrong, mut files) = (Vec::new(), Vec::new());
        for (part, watch) in &mut self.parts {
            watch.look();
            files.extend(part.files());
            let problems = reload_part(&**part, watch).err().into_iter().flatten();
            wrong.extend(problems.map(|problem| problem.to_string()));
        }
        self.contracts.look();
        let contracts = self.reload_contracts().await.unwrap_or_else(|found| {
            wrong.extend(found);
            0
        });
        if wrong.is_empty() { Reloaded::Applied { contracts, files } } else { Reloaded::Refused(wrong) }
    }

    /// Reads contracts and conventions again, and says how many contracts are in force, or everything that is wrong.
    async fn reload_contracts(&mut self) -> Result<usize, Vec<String>> {
        let before = std::mem::replace(&mut self.day, clock::today());
        let app = self.app;
        let Some(mut load) = read_at_rest(app, self.day) else {
            let problem = "contracts or conventions change while they are read; the old ones stay in force";
            tracing::error!("{problem}");
            app.metrics.reload(false);
            self.day = before;
            return Err(vec![problem.to_owned()]);
        };
        let passing = may_pass(&load.problems);
        self.contracts.ended(passing);
        if passing {
            self.day = before;
        }
        let Some(set) = load.set.take() else { return Err(self.refused(&load)) };
        self.audience.before(&set);
        let set = app.binder.bind_in_time(set).await;
        load.problems = newly_unfit(&set, &app.catalog.current());
        if !load.problems.is_empty() {
            return Err(self.refused(&load));
        }
        app.metrics.reload(true);
        let contracts = set.len();
        tracing::info!(contracts, "contracts and conventions were reloaded");
        for Broken { file, finding } in load.broken.iter().filter(|broken| broken.finding.blocks()) {
            tracing::error!(file, %finding, "an exception has ended, and all events of the topic are refused");
        }
        app.catalog.replace(set);
        app.topics.refresh();
        Ok(contracts)
    }

    /// Says what is wrong.
    fn refused(&self, load: &Load) -> Vec<String> {
        self.app.metrics.reload(false);
        tracing::error!("contracts or conventions are wrong; the old ones stay in force");
        self.audience.refused(load);
        let broken = load.broken.iter().filter(|broken| broken.is_fatal()).map(Broken::to_string);
        load.problems.iter().map(ToString::to_string).chain(broken).collect()
    }
}

fn reload_part(part: &dyn Part, watch: &mut Watch) -> Result<(), Vec<Problem>> {
    let reloaded = part.reload();
    watch.ended(reloaded.as_ref().is_err_and(|problems| may_pass(problems)));
    reloaded
}

/// Whether something could not be read for a reason that passes without a change of any file, such as too many open
/// files. The system's errors end in their number. A file that is not there (2) or may not be read (13) is one whose
/// change will be seen.
fn may_pass(problems: &[Problem]) -> bool {
    let number = |problem: &Problem| -> Option<i32> {
        problem.found.strip_suffix(')')?.rsplit_once("(os error ")?.1.parse().ok()
    };
    problems.iter().filter_map(number).any(|number| !matches!(number, 2 | 13))
}

/// What is wrong with rules that would take a topic out, since they don't go with the schema that the registry has for it.
/// What is so in the set in force already keeps no other change from being taken up.
fn newly_unfit(set: &ContractSet, in_force: &ContractSet) -> Vec<Problem> {
    let known = |name: &str| in_force.get(name).is_some_and(|topic| !topic.unfit().is_empty());
    let unfit = set.sorted().into_iter().filter(|topic| !known(&topic.contract.topic));
    let mut problems: Vec<_> = unfit.flat_map(|topic| topic.unfit().iter().cloned()).collect();
    problems.sort();
    problems.dedup();
    problems
}

fn folders(config: &Config) -> Vec<PathBuf> {
    vec![config.catalog.dir.clone(), config.conventions.dir.clone()]
}

/// Reads contracts and conventions while nothing of them changes: some files of one set and some of the next may go well
/// together, and still be a set that nobody has written. None if something changes each time.
fn read_at_rest(app: &App, today: Date) -> Option<Load> {
    let folders = folders(&app.config);
    (0..READINGS).find_map(|_| {
        let before = Seen::of(&folders);
        let load = catalog::load(&Sources::of(&app.config), today, &app.metrics);
        (Seen::of(&folders) == before).then_some(load)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_file_shows_may_pass() {
        let problem = |found: &str| {
            let (file, path, expected) = (String::new(), String::new(), String::new());
            vec![Problem { file, line: 0, path, expected, found: found.to_owned() }]
        };
        let passing = |number| may_pass(&problem(&std::io::Error::from_raw_os_error(number).to_string()));
        assert_eq!([24, 5, 2, 13].map(passing), [true, true, false, false]);
        assert!(!may_pass(&problem("a key twice (in line 7)")));
    }
}
