//! The client of a schema registry that speaks Confluent's API: schemas by id, by subject and version, and by text.
//! What is known stays known while the registry is away, also over a restart by the snapshot; what is not known is
//! asked for once, however many wait, and seldom enough. Nothing is ever registered. Knows nothing of contracts,
//! events or requests.

mod answer;
mod asked;
mod budget;
mod failure;
mod keep;
mod resolve;
mod schema;
mod shelf;
mod snapshot;
mod store;
mod tls;
mod upstream;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use governor::clock::MonotonicClock;

pub use asked::Asker;
pub use failure::{Failure, Missing, SetupError};
pub use schema::{Place, Pointer, Reference, Registered, SchemaKind, Submission, Version, Versioned};

use crate::config;
use crate::metrics::Metrics;
use crate::metrics::registry::RegistryMetrics;
use asked::{PlacesOf, SchemaId, Under, segment};
use budget::Budget;
use resolve::Walk;
use shelf::Limits;
use snapshot::file::SnapshotFile;
use store::Store;
use upstream::{Question, Upstream};

/// A schema registry, as far as it is known, and the way to it. A clone is the same.
#[derive(Clone)]
pub struct Registry {
    core: Arc<Core>,
}

struct Core {
    upstream: Upstream,
    budget: Budget<MonotonicClock>,
    schemas: Arc<Store<SchemaId>>,
    versions: Arc<Store<Under>>,
    places: Arc<Store<PlacesOf>>,
    bytes_per_answer: usize,
    limits: Limits,
    concurrent_calls: usize,
    addresses: Vec<String>,
    snapshot: Option<SnapshotFile>,
    /// What the shelves' changes added up to when the snapshot was written.
    saved: AtomicU64,
    metrics: RegistryMetrics,
}

impl Registry {
    /// Reads the files of credentials and authorities, and the snapshot. Calls nobody: the registry may be away.
    pub fn new(config: &config::registry::Registry, metrics: &Metrics) -> Result<Self, SetupError> {
        let metrics = metrics.schema_registry().clone();
        let size = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
        let limits = Limits {
            entries: config.schemas,
            bytes: size(config.bytes),
            refresh: config.refresh,
            negative: config.negative_ttl,
        };
        let core = Core {
            upstream: Upstream::new(config, metrics.clone())?,
            budget: Budget::new(config.calls_per_second, config.burst, MonotonicClock),
            schemas: Store::new(limits, &metrics),
            versions: Store::new(limits, &metrics),
            places: Store::new(limits, &metrics),
            bytes_per_answer: size(config.bytes_per_answer),
            limits,
            concurrent_calls: config.concurrent_calls,
            addresses: config.url.clone(),
            snapshot: config.snapshot.as_deref().map(|path| SnapshotFile::new(path, config.bytes)),
            saved: AtomicU64::new(0),
            metrics,
        };
        core.restore()?;
        Ok(Self { core: Arc::new(core) })
    }

    /// The schema of an id, with all that it refers to. An id never changes its meaning.
    pub async fn by_id(&self, id: u32, asker: Asker) -> Result<Arc<Registered>, Failure> {
        let (core, up) = (&self.core, self.core.upstream.is_up());
        let fetch = Arc::clone(core).fetch_schema(id, asker);
        core.schemas.get(SchemaId(id), (|| core.budget.admit(asker), up), fetch).await
    }

    /// Where the schema of an id is registered: the subjects and versions, the deleted left out.
    pub async fn places(&self, id: u32, asker: Asker) -> Result<Arc<[Place]>, Failure> {
        let (core, up) = (&self.core, self.core.upstream.is_up());
        let fetch = Arc::clone(core).fetch_places(id);
        core.places.get(PlacesOf(id), (|| core.budget.admit(asker), up), fetch).await
    }

    /// A subject's version. The latest may be as old as the configuration's `refresh`, and older as long as the registry is
    /// away.
    pub async fn version(&self, subject: &str, version: Version, asker: Asker) -> Result<Versioned, Failure> {
        segment(subject)?;
        let (core, up) = (&self.core, self.core.upstream.is_up());
        let name = Under::version(subject, version);
        let fetch = Arc::clone(core).fetch_version(name.clone(), version, asker);
        core.versions.get(name, (|| core.budget.admit(asker), up), fetch).await
    }

    /// The subject's version that equals this text once both are normalized. Never registers anything.
    pub async fn look_up(&self, subject: &str, text: &Submission, asker: Asker) -> Result<Versioned, Failure> {
        let path = format!("/subjects/{}?normalize=true", segment(subject)?);
        let (core, up) = (&self.core, self.core.upstream.is_up());
        let name = Under::text(subject, text);
        let fetch = Arc::clone(core).fetch_equal(name.clone(), Question::Post(path, body(text)), asker);
        core.versions.get(name, (|| core.budget.admit(asker), up), fetch).await
    }

    /// The numbers of a subject's versions, asked for anew each time.
    pub async fn versions(&self, subject: &str) -> Result<Vec<u32>, Failure> {
        let path = format!("/subjects/{}/versions", segment(subject)?);
        self.core.upstream.ask(&Question::Get(path), answer::numbers).await
    }

    /// The names of all subjects, asked for anew each time.
    pub async fn subjects(&self) -> Result<Vec<String>, Failure> {
        self.core.upstream.ask(&Question::Get("/subjects".to_owned()), answer::names).await
    }

    /// Asks whether there is a schema registry at all, and whether it takes the gateway's credentials.
    pub async fn ping(&self) -> Result<(), Failure> {
        self.core.upstream.ask(&Question::Get("/schemas/types".to_owned()), answer::names).await.map(drop)
    }

    /// Whether the registry answered when it was last asked.
    pub fn is_up(&self) -> bool {
        self.core.upstream.is_up()
    }
}

impl Core {
    async fn fetch_schema(self: Arc<Self>, id: u32, asker: Asker) -> Result<Arc<Registered>, Failure> {
        let question = Question::Get(format!("/schemas/ids/{id}"));
        let schema = self.upstream.ask(&question, |bytes| answer::schema(bytes, id)).await?;
        let schema = Walk::new(&self, asker).resolve(schema).await?;
        self.agreed(schema)
    }

    async fn fetch_places(self: Arc<Self>, id: u32) -> Result<Arc<[Place]>, Failure> {
        self.upstream.ask(&Question::Get(format!("/schemas/ids/{id}/versions")), answer::places).await
    }

    async fn fetch_version(self: Arc<Self>, name: Under, version: Version, asker: Asker) -> Result<Versioned, Failure> {
        let question = Question::Get(name.path(version)?);
        self.fetch_under(name, (question, Some(version)), asker).await
    }

    async fn fetch_equal(self: Arc<Self>, name: Under, question: Question, asker: Asker) -> Result<Versioned, Failure> {
        self.fetch_under(name, (question, None), asker).await
    }

    async fn fetch_under(
        &self,
        name: Under,
        (question, version): (Question, Option<Version>),
        asker: Asker,
    ) -> Result<Versioned, Failure> {
        let read = |bytes: &[u8]| answer::version(bytes, &name.subject, version);
        let (version, schema) = self.upstream.ask(&question, read).await?;
        let schema = Walk::new(self, asker).resolve(schema).await?;
        Ok(Versioned { subject: name.subject, version, schema: self.agreed(schema)? })
    }

    /// The schema as it is known by its id, so that it is kept once. A registry that gives an id two meanings is not
    /// believed: records that are written already carry the first.
    fn agreed(&self, schema: Arc<Registered>) -> Result<Arc<Registered>, Failure> {
        let name = SchemaId(schema.id);
        let known = self.schemas.shelf.peek(&name);
        let same = known.filter(|known| *known == schema);
        if same.is_none() && self.schemas.shelf.is_confirmed(&name) {
            tracing::error!(
                id = schema.id,
                "the schema registry gives a schema's id a second meaning; was it replaced?"
            );
            return Err(Failure::Unusable("it gives a schema's id a second meaning".to_owned()));
        }
        let schema = same.unwrap_or(schema);
        self.schemas.shelf.put(name, Arc::clone(&schema), tokio::time::Instant::now());
        Ok(schema)
    }
}

/// The JSON of a look-up. Old registries know Avro only, and no name for it.
fn body(text: &Submission) -> Bytes {
    let mut body = serde_json::json!({ "schema": text.text });
    if text.kind != SchemaKind::Avro {
        body["schemaType"] = text.kind.as_str().into();
    }
    if !text.references.is_empty() {
        let pointer =
            |one: &Pointer| serde_json::json!({ "name": one.name, "subject": one.subject, "version": one.version });
        body["references"] = text.references.iter().map(pointer).collect();
    }
    body.to_string().into()
}
