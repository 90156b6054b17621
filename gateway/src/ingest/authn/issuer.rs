//! One issuer of tokens: its keys, as far as they are known, and when they are asked for. Keys that are known stay in
//! use while the issuer is away. Nobody waits for them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use forebay_schemas::problem::Problem;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::denied::Denied;
use super::fetch::Source;
use super::jwks::{self, KeySet};
use super::key_file;
use super::verdicts::{self, Mark};
use crate::config::authn::jwt::{Jwt, KeySource};
use crate::metrics::authn::AuthnMetrics;

/// The shortest time between two fetches, whatever tokens name.
const PAUSE: Duration = Duration::from_mins(1);
/// How long keys are taken as they are if no token asks for others: so long may a key that its issuer has withdrawn be
/// good here. After a failed fetch the next one is a [`PAUSE`] later.
const REFRESH: Duration = Duration::from_mins(5);
/// How long after a failed fetch the next one is, as long as no key is known.
const FIRST: Duration = Duration::from_secs(5);

/// One issuer of tokens.
pub(super) struct Issuer {
    config: Jwt,
    source: Option<ArcSwap<Source>>,
    known: ArcSwapOption<Known>,
    generations: AtomicU64,
    wanted: Notify,
    metrics: AuthnMetrics,
}

/// An issuer's keys.
#[derive(Debug)]
pub(super) struct Known {
    /// The keys.
    pub(super) keys: KeySet,
    /// Counts up with each change.
    pub(super) generation: u64,
    document: Mark,
}

impl Issuer {
    /// Reads a file of keys, or prepares to fetch them.
    pub(super) fn new(config: &Jwt, metrics: &AuthnMetrics) -> Result<Self, Problem> {
        let issuer = Self {
            config: config.clone(),
            source: source(config)?.map(ArcSwap::from_pointee),
            known: ArcSwapOption::empty(),
            generations: AtomicU64::new(0),
            wanted: Notify::new(),
            metrics: metrics.clone(),
        };
        issuer.read_file()?;
        Ok(issuer)
    }

    /// What its tokens must say.
    pub(super) fn config(&self) -> &Jwt {
        &self.config
    }

    /// The file that it is made of, if there is one: of keys, or of the authorities that are trusted where they are
    /// fetched.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.config.jwks {
            KeySource::File(path) => Some(path),
            KeySource::Url(_) => self.config.ca.as_deref(),
        }
    }

    /// Its keys.
    pub(super) fn known(&self) -> Result<Arc<Known>, Denied> {
        let detail = "The keys of the token's issuer could not be fetched yet. Nothing is wrong with the token as far as \
            is known; send it again later.";
        self.known.load_full().ok_or_else(|| Denied::later(detail))
    }

    /// Which of its sets of keys is in force.
    pub(super) fn generation(&self) -> Option<u64> {
        self.known.load().as_ref().map(|known| known.generation)
    }

    /// A token names a key that is not known: asks for its keys as soon as they may be asked for.
    pub(super) fn refresh(&self) {
        self.wanted.notify_one();
    }

    /// Reads its file again, if it has one; a bad one leaves the old keys or authorities. Keys are asked for by the new
    /// authorities as soon as they may be asked for.
    pub(super) fn reload(&self) -> Result<(), Problem> {
        if self.file().is_none() {
            return Ok(());
        }
        let read = self.read_file().and_then(|()| self.read_authorities());
        self.metrics.reload(read.is_ok());
        read
    }

    fn read_authorities(&self) -> Result<(), Problem> {
        if let (Some(old), Some(new)) = (&self.source, source(&self.config)?) {
            old.store(Arc::new(new));
            self.refresh();
        }
        Ok(())
    }

    fn read_file(&self) -> Result<(), Problem> {
        let KeySource::File(path) = &self.config.jwks else { return Ok(()) };
        let text = key_file::text(path).map_err(|mut problems| problems.remove(0))?;
        self.take(text.as_bytes()).map_err(|found| Problem {
            file: path.display().to_string(),
            line: 0,
            path: String::new(),
            expected: "a JWK Set: an issuer's public keys".to_owned(),
            found: format!("a file that can't be used: {found}"),
        })
    }

    /// Takes a set into force if it is another.
    fn take(&self, document: &[u8]) -> Result<(), &'static str> {
        let mark = verdicts::mark(document);
        if self.known.load().as_ref().is_some_and(|known| known.document == mark) {
            return Ok(());
        }
        let keys = jwks::read(document)?;
        let issuer = &self.config.issuer;
        tracing::info!(issuer, keys = keys.len(), "the keys of an issuer of tokens are known");
        if keys.unsafe_keys() > 0 {
            tracing::warn!(
                issuer,
                keys = keys.unsafe_keys(),
                "RSA keys that are not of 2048 to 8192 bits are left out"
            );
        }
        let generation = self.generations.fetch_add(1, Ordering::Relaxed);
        self.known.store(Some(Arc::new(Known { keys, generation, document: mark })));
        Ok(())
    }

    /// Fetches its keys, and fetches them again when it is time. Ends at once if they are in a file.
    pub(super) async fn keep(&self) {
        if let Some(source) = &self.source {
            let fetch = || {
                let source = source.load_full();
                async move { source.fetch().await }
            };
            self.keep_from(fetch).await;
        }
    }

    async fn keep_from<F: Future<Output = Result<Vec<u8>, String>>>(&self, fetch: impl Fn() -> F) {
        loop {
            let fetched = fetch().await;
            let taken = fetched.and_then(|document| self.take(&document).map_err(ToOwned::to_owned));
            let failed = taken.is_err();
            self.metrics.fetch(taken.is_ok());
            if let Err(reason) = taken {
                let issuer = &self.config.issuer;
                tracing::error!(issuer, reason, "an issuer's keys could not be fetched; those that are known stay");
            }
            if self.known.load().is_none() {
                sleep(FIRST).await;
                continue;
            }
            sleep(PAUSE).await;
            if !failed {
                // Whether a token asked for it or the time is over makes no difference.
                let _ = timeout(REFRESH.saturating_sub(PAUSE), self.wanted.notified()).await;
            }
        }
    }
}

/// Where keys are fetched from, by the authorities of this moment; none if they are in a file.
fn source(config: &Jwt) -> Result<Option<Source>, Problem> {
    let KeySource::Url(url) = &config.jwks else { return Ok(None) };
    let source = Source::new(url, config.ca.as_deref()).map_err(|unfit| Problem {
        file: unfit.file,
        line: 0,
        path: String::new(),
        expected: unfit.expected.to_owned(),
        found: "something else".to_owned(),
    });
    source.map(Some)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests;
