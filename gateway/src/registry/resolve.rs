//! Fetches what a schema refers to, and what that refers to, within bounds. Circles and crowds are refused.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::answer::{self, REFERENCES, Unresolved};
use super::asked::{Asker, Under, Which};
use super::failure::Failure;
use super::schema::{Place, Pointer, Reference, Registered, Version, Versioned};
use super::{Core, Question};

/// How far references lead from one to the next.
const DEPTH: usize = 16;

/// One schema's references, and theirs, being fetched.
pub(super) struct Walk<'a> {
    core: &'a Core,
    asker: Asker,
    path: Vec<Place>,
    seen: HashMap<Place, Arc<Registered>>,
    calls: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(core: &'a Core, asker: Asker) -> Self {
        Self { core, asker, path: Vec::new(), seen: HashMap::new(), calls: 0 }
    }

    /// The schema with everything that it refers to.
    pub(super) fn resolve(&mut self, schema: Unresolved) -> BoxFuture<'_, Result<Arc<Registered>, Failure>> {
        async move {
            let mut bytes = schema.text.len();
            let mut named: HashSet<Arc<str>> = HashSet::new();
            let mut references = Vec::new();
            for pointer in &schema.references {
                let dependency = self.dependency(pointer).await?;
                let itself = Reference { name: pointer.name.as_str().into(), text: Arc::clone(&dependency.text) };
                for reference in dependency.references.iter().chain([&itself]) {
                    // The first of a name counts, as in Confluent's own clients.
                    if named.insert(Arc::clone(&reference.name)) {
                        bytes += reference.text.len();
                        references.push(reference.clone());
                    }
                }
                self.bounds(references.len(), bytes)?;
            }
            Ok(Arc::new(Registered { id: schema.id, kind: schema.kind, text: schema.text, references }))
        }
        .boxed()
    }

    async fn dependency(&mut self, pointer: &Pointer) -> Result<Arc<Registered>, Failure> {
        let place = Place { subject: pointer.subject.as_str().into(), version: pointer.version };
        if self.path.contains(&place) {
            return Err(Failure::Unfit("what it refers to leads back to itself".to_owned()));
        }
        if self.path.len() == DEPTH {
            return Err(Failure::Unfit(format!("its references lead on more than {DEPTH} times")));
        }
        if let Some(schema) = self.seen.get(&place) {
            return Ok(Arc::clone(schema));
        }
        let name = Under { subject: Arc::clone(&place.subject), which: Which::Number(place.version) };
        let schema = match self.core.versions.shelf.peek(&name) {
            Some(known) => known.schema,
            None => self.fetch(name, &place).await?,
        };
        self.seen.insert(place, Arc::clone(&schema));
        Ok(schema)
    }

    async fn fetch(&mut self, name: Under, place: &Place) -> Result<Arc<Registered>, Failure> {
        self.calls += 1;
        if self.calls > REFERENCES {
            return Err(answer::too_many());
        }
        if self.asker == Asker::Client {
            self.core.budget.wait().await;
        }
        let version = Version::Number(place.version);
        // A version that was deleted since still says what those mean that refer to it.
        let path = format!("{}?deleted=true", name.path(version)?);
        let read = |bytes: &[u8]| answer::version(bytes, &place.subject, Some(version));
        let (number, schema) = self.core.upstream.ask(&Question::Get(path), read).await.map_err(dangling)?;
        self.path.push(place.clone());
        let schema = self.resolve(schema).await?;
        self.path.pop();
        let schema = self.core.agreed(schema)?;
        let known = Versioned { subject: Arc::clone(&place.subject), version: number, schema: Arc::clone(&schema) };
        self.core.versions.shelf.put(name, known, Instant::now());
        Ok(schema)
    }

    fn bounds(&self, references: usize, bytes: usize) -> Result<(), Failure> {
        if references > REFERENCES {
            return Err(answer::too_many());
        }
        let most = self.core.bytes_per_answer;
        if bytes > most {
            let reason = format!("with what it refers to it is longer than registry.bytes_per_answer ({most} bytes)");
            return Err(Failure::Unfit(reason));
        }
        Ok(())
    }
}

/// That a reference leads nowhere does not mean that the schema is not there.
fn dangling(failure: Failure) -> Failure {
    if failure.is_denial() {
        return Failure::Unfit("the registry has not all that it refers to".to_owned());
    }
    failure
}
