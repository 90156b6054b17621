//! What goes on in the background: what is due is asked for again, and what is new is written to the snapshot.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::{Instant, MissedTickBehavior};

use super::asked::{Asker, Under, Which};
use super::failure::{Failure, SetupError};
use super::schema::Version;
use super::shelf::Name;
use super::snapshot::{self, Content};
use super::store::Store;
use super::{Core, Registry};

/// How often is looked for what is due.
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two writes of the snapshot, at least.
const TICKS_PER_SAVE: u32 = 5;
/// How many times `refresh` after someone last asked for it something is still kept fresh.
const KEPT_FRESH: u32 = 20;

impl Registry {
    /// Keeps what is known fresh and its snapshot written, until it is dropped.
    pub async fn keep(self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut since_saved = 0;
        loop {
            ticks.tick().await;
            self.refresh_due().await;
            let (schemas, _) = self.core.schemas.shelf.count();
            self.core.metrics.known(schemas, self.core.stale());
            since_saved += 1;
            if since_saved >= TICKS_PER_SAVE {
                since_saved = 0;
                self.save().await;
            }
        }
    }

    /// Writes the snapshot, if one is wanted and there is something new.
    pub async fn save(&self) {
        let core = Arc::clone(&self.core);
        // Only a defect ends it early, and that has been logged by the panic's hook.
        let _ = tokio::task::spawn_blocking(move || core.save()).await;
    }

    /// Asks again for everything that is due. As soon as the registry is away it asks for one thing only, and so
    /// notices when it is back.
    pub(super) async fn refresh_due(&self) {
        let core = &self.core;
        let schema = |name: super::SchemaId| Arc::clone(core).fetch_schema(name.0, Asker::Operator);
        self.refresh_all(&core.schemas, schema).await;
        let version = |name: Under| Arc::clone(core).fetch_again(name);
        self.refresh_all(&core.versions, version).await;
        let places = |name: super::PlacesOf| Arc::clone(core).fetch_places(name.0);
        self.refresh_all(&core.places, places).await;
    }

    async fn refresh_all<N: Name, F>(&self, store: &Arc<Store<N>>, fetch: impl Fn(N) -> F)
    where
        F: Future<Output = Result<N::Value, Failure>> + Send + 'static,
    {
        let core = &self.core;
        let now = Instant::now();
        let since = now.checked_sub(core.limits.refresh * KEPT_FRESH).unwrap_or(now);
        let due = store.shelf.due(now, since);
        let mut first = true;
        let names = futures_util::stream::iter(due).take_while(|_| {
            let go_on = core.upstream.is_up() || first;
            first = false;
            std::future::ready(go_on)
        });
        let refresh = |name: N| {
            let flight = store.refresh(name.clone(), fetch(name));
            async { drop(flight.await) }
        };
        names.for_each_concurrent(core.concurrent_calls, refresh).await;
    }
}

impl Core {
    /// Asks again for what is known under a subject. A text is known by its digest only, so its version is asked for.
    async fn fetch_again(self: Arc<Self>, name: Under) -> Result<super::Versioned, Failure> {
        let version = match name.which {
            Which::Latest => Version::Latest,
            Which::Number(number) => Version::Number(number),
            Which::Text(_) => match self.versions.shelf.peek(&name) {
                Some(known) => Version::Number(known.version),
                None => return Err(Failure::Unavailable("it was forgotten".to_owned())),
            },
        };
        self.fetch_version(name, version, Asker::Operator).await
    }

    fn stale(&self) -> usize {
        self.schemas.shelf.count().1 + self.versions.shelf.count().1 + self.places.shelf.count().1
    }

    fn changes(&self) -> u64 {
        self.schemas.shelf.changes() + self.versions.shelf.changes() + self.places.shelf.changes()
    }

    /// Takes up what the snapshot knows. One that can't be read or is of another registry counts as absent: it is said
    /// loudly, and the gateway starts.
    pub(super) fn restore(&self) -> Result<(), SetupError> {
        let Some(file) = &self.snapshot else { return Ok(()) };
        let path = file.path().display();
        if !file.folder().is_dir() {
            return Err(SetupError::new("snapshot", "expected a file in a folder that is there", path.to_string()));
        }
        let content = match file.read() {
            Ok(None) => return Ok(()),
            Ok(Some(bytes)) => snapshot::decode(&bytes).map_err(|torn| torn.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match content {
            Ok(content) if content.addresses == self.addresses => self.take_up(content),
            Ok(_) => tracing::error!(%path, "the registry's snapshot is of other addresses and is not used"),
            Err(reason) => tracing::error!(%path, reason, "the registry's snapshot is damaged and is not used"),
        }
        Ok(())
    }

    fn take_up(&self, content: Content) {
        let now = Instant::now();
        for (name, value) in content.schemas {
            self.schemas.shelf.restore(name, value, now);
        }
        for (name, value) in content.versions {
            self.versions.shelf.restore(name, value, now);
        }
        for (name, value) in content.places {
            self.places.shelf.restore(name, value, now);
        }
        self.saved.store(self.changes(), Ordering::Relaxed);
        let (schemas, _) = self.schemas.shelf.count();
        self.metrics.known(schemas, self.stale());
        tracing::info!(schemas, "schemas were taken from the registry's snapshot");
    }

    fn save(&self) {
        let Some(file) = &self.snapshot else { return };
        let changes = self.changes();
        if self.saved.load(Ordering::Relaxed) == changes {
            return;
        }
        let content = Content {
            addresses: self.addresses.clone(),
            schemas: self.schemas.shelf.all(),
            versions: self.versions.shelf.all(),
            places: self.places.shelf.all(),
        };
        let written = file.write(&snapshot::encode(&content));
        self.metrics.snapshot(written.is_ok());
        match written {
            Ok(()) => self.saved.store(changes, Ordering::Relaxed),
            Err(error) => {
                let path = file.path().display();
                tracing::error!(%path, %error, "the registry's snapshot could not be written; it is tried again");
            }
        }
    }
}
