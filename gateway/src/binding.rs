//! Binds contracts to the schemas that a registry has for them: when a set of contracts is loaded, again while it is in
//! force, and for the other versions that requests name. Knows contracts and the registry's client; nothing of requests.

use std::sync::Arc;
use std::time::Duration;

use forebay_schemas::contract::{Contract, Format, SchemaRule, ValueRule, Version};
use forebay_schemas::encoder::{Material, Sourced};
use forebay_schemas::identity::identity;
use forebay_schemas::problem::Problem;
use forebay_schemas::schema::{Reference, Schema};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::catalog::{Catalog, ContractSet, Topic, Unready, Version as Bound};
use crate::code::Code;
use crate::config::Config;
use crate::registry::{self, Asker, Failure, Registered, Registry, SchemaKind, Submission};

/// How often a schema is asked for that has never been there.
const IMPATIENCE: Duration = Duration::from_secs(1);
/// Versions of a subject that are held against a file whose references the registry knows by other names, newest first.
const VERSIONS: usize = 20;

/// What binds contracts to schemas.
pub struct Binder {
    registry: Option<Registry>,
    refresh: Duration,
    timeout: Duration,
}

impl Binder {
    /// Binds by this registry, or only by what lies beside the contracts.
    pub fn new(registry: Option<Registry>, config: &Config) -> Self {
        let times = config.registry.as_ref().map(|registry| (registry.refresh, registry.timeout));
        let (refresh, timeout) = times.unwrap_or((Duration::MAX, Duration::MAX));
        Self { registry, refresh, timeout }
    }

    /// Asks for every schema, but waits no longer than one answer may take: neither a start nor a reload waits for a
    /// registry that is away. What comes later is bound in the background.
    pub async fn bind_in_time(&self, contracts: ContractSet) -> ContractSet {
        self.bind_within(self.timeout, contracts).await
    }

    /// Asks for every schema that a registry has a say in. What it does not say now is left as it was.
    pub async fn bind(&self, contracts: ContractSet) -> ContractSet {
        self.bind_within(Duration::MAX, contracts).await
    }

    /// Asks for all schemas at once, so that what is known waits for nothing; the client limits its calls itself.
    async fn bind_within(&self, limit: Duration, contracts: ContractSet) -> ContractSet {
        let waiting = contracts.sorted().into_iter().filter(|topic| asks(&topic.contract)).cloned();
        let asked: FuturesUnordered<_> = waiting.map(|topic| async move { self.again(&topic).await }).collect();
        let mut bound = Vec::new();
        let all = asked.for_each(|topic| {
            bound.extend(topic);
            std::future::ready(())
        });
        // What has not come by then is left as it was.
        let _ = tokio::time::timeout(limit, all).await;
        bound.into_iter().fold(contracts, ContractSet::with)
    }

    /// Keeps what is known of the registry fresh, and binds the set in force again and again, until it is dropped. Without a
    /// registry there is nothing to do.
    pub async fn keep_bound(self: Arc<Self>, catalog: Arc<Catalog>) {
        if let Some(registry) = self.registry.clone() {
            tokio::join!(registry.keep(), self.rebind(&catalog));
        }
    }

    /// Writes what is known of the registry for the next start, if that is wanted.
    pub async fn save(&self) {
        if let Some(registry) = &self.registry {
            registry.save().await;
        }
    }

    async fn rebind(&self, catalog: &Catalog) {
        loop {
            let contracts = catalog.current();
            let all_bound = contracts.sorted().iter().all(|topic| topic.is_settled());
            tokio::time::sleep(if all_bound { self.refresh } else { IMPATIENCE.min(self.refresh) }).await;
            let contracts = catalog.current();
            let bound = self.bind((*contracts).clone()).await;
            if !bound.is_same(&contracts) {
                catalog.replace_if(&contracts, bound);
            }
        }
    }

    /// The program that writes a topic's events by the schema of another id. What blocks the topic blocks it whichever
    /// schema is named, and a schema that breaks a convention writes no event.
    pub async fn version(&self, topic: &Topic, id: u32) -> Bound {
        if let Err(unready) = &topic.bound
            && unready.is_blocked()
        {
            return Err(unready.clone());
        }
        if let Some(known) = topic.version(id) {
            return known;
        }
        let material = self.material_of(topic, id).await?;
        // Compiling is the costly part, so that a version that does not fit is kept in mind as well.
        let version = topic.bind(material).map_err(Unready::misfit).and_then(|bound| bound.bound);
        topic.remember(id, &version);
        version
    }

    /// What a topic's programs are made of by the schema of another id, which must be one of its subject's versions.
    pub async fn material_of(&self, topic: &Topic, id: u32) -> Result<Material, Unready> {
        let rule = &topic.contract.value;
        let subject = rule.schema.as_ref().and_then(|schema| schema.subject.as_deref());
        let (Some(subject), Some(registry)) = (subject, &self.registry) else {
            let detail = "This topic is written by what its contract says alone; name no schema.";
            return Err(Unready::new(Code::IncompatibleSchema, detail));
        };
        let found = registry.by_id(id, Asker::Client).await.map_err(|failure| by_id(&failure, id))?;
        let places = registry.places(id, Asker::Client).await.map_err(|failure| by_id(&failure, id))?;
        if !places.iter().any(|place| *place.subject == *subject) {
            let detail = format!("Schema {id} is none of this topic's, whose versions are those of {subject}.");
            return Err(Unready::new(Code::IncompatibleSchema, detail));
        }
        let value = sourced(rule.format, &found, format!("schema {id}"))?;
        let own = topic.bound.as_ref().map_or(&*topic.material, |program| &program.material);
        Ok(Material { value: Some(value), ..Material::clone(own) })
    }

    /// The topic as it is bound now, if that has changed.
    async fn again(&self, topic: &Arc<Topic>) -> Option<Topic> {
        let material = match self.material(topic).await {
            Ok(material) => material,
            Err(unready) => return refused(topic, unready, None),
        };
        let same = topic
            .bound
            .as_ref()
            .is_ok_and(|bound| (&bound.material.value, &bound.material.key) == (&material.value, &material.key));
        if same {
            return None;
        }
        match topic.bind(material) {
            Ok(bound) => match &bound.bound {
                Err(unready) => refused(topic, unready.clone(), None),
                Ok(_) => Some(bound),
            },
            Err(misfit) => {
                let problems = misfit.clone().into_problems();
                refused(topic, Unready::misfit(misfit), problems.first())
            }
        }
    }

    /// What the topic's programs are made of, as the registry has it now.
    async fn material(&self, topic: &Topic) -> Result<Material, Unready> {
        let (contract, own) = (&topic.contract, &topic.material);
        let value = self.schema(Some(&contract.value), own.value.as_ref()).await?;
        let key = contract.key.as_ref().and_then(|key| key.value.as_deref());
        let key = self.schema(key, own.key.as_ref()).await?;
        Ok(Material { value, key, ..Material::clone(own) })
    }

    async fn schema(&self, rule: Option<&ValueRule>, own: Option<&Sourced>) -> Result<Option<Sourced>, Unready> {
        let Some(rule) = rule else { return Ok(None) };
        let Some(SchemaRule { subject: Some(subject), version, .. }) = &rule.schema else { return Ok(own.cloned()) };
        let Some(registry) = &self.registry else {
            let detail =
                "The schema of this topic is in a registry, and this gateway has none. Tell the platform team.";
            return Err(Unready::new(Code::UnknownSchema, detail));
        };
        let found = match own {
            Some(file) => return Ok(Some(registered(registry, rule.format, subject, &file.schema).await?)),
            None => registry.version(subject, numbered(*version), Asker::Operator).await,
        };
        let found = found.map_err(|failure| by_subject(&failure, subject))?;
        sourced(rule.format, &found.schema, format!("{subject}, version {}", found.version)).map(Some)
    }
}

/// A file that must be one of a subject's versions, with its id.
async fn registered(registry: &Registry, format: Format, subject: &str, file: &Schema) -> Result<Sourced, Unready> {
    let text = file.text().unwrap_or_default().to_owned();
    let submission = Submission { kind: kind(format), text, references: Vec::new() };
    let sourced = |id| Sourced { schema: file.clone(), id: Some(id) };
    let failure = match registry.look_up(subject, &submission, Asker::Operator).await {
        Ok(found) => return Ok(sourced(found.schema.id)),
        Err(failure) => failure,
    };
    if !failure.is_retryable() && !file.references.is_empty() {
        // The registry knows the references by subjects that the file does not name.
        let own = identity(format, file);
        let versions = registry.versions(subject).await.map_err(|failure| by_subject(&failure, subject))?;
        for number in versions.into_iter().rev().take(VERSIONS) {
            let found = registry.version(subject, registry::Version::Number(number), Asker::Operator).await;
            let found = found.map_err(|failure| by_subject(&failure, subject))?.schema;
            let same = own.is_some() && identity(format, &as_schema(&found, String::new())) == own;
            if found.kind == kind(format) && same {
                return Ok(sourced(found.id));
            }
        }
    }
    Err(by_subject(&failure, subject))
}

/// Whether a registry has a say in the contract's schemas.
fn asks(contract: &Contract) -> bool {
    let key = contract.key.as_ref().and_then(|key| key.value.as_deref()?.schema.as_ref());
    [contract.value.schema.as_ref(), key].into_iter().flatten().any(|rule| rule.subject.is_some())
}

/// The topic without a schema, unless it has one, which it keeps. Said when it changes, not at every attempt.
fn refused(topic: &Topic, unready: Unready, problem: Option<&Problem>) -> Option<Topic> {
    let (name, reason) = (&topic.contract.topic, &*unready.detail);
    let problem = problem.map(tracing::field::display);
    match &topic.bound {
        Ok(_) => {
            tracing::warn!(topic = name, reason, problem, "no newer schema can be had; the one in force stays");
            None
        }
        Err(known) if *known == unready => None,
        // No registry's silence lifts a block.
        Err(known) if known.is_blocked() && unready.code == Code::RegistryUnavailable => None,
        Err(_) => {
            tracing::error!(topic = name, reason, problem, "no schema can be had; the topic takes nothing");
            Some(topic.rebound(Err(unready)))
        }
    }
}

/// A registered schema, if it is one of the format.
fn sourced(format: Format, found: &Registered, name: String) -> Result<Sourced, Unready> {
    if found.kind != kind(format) {
        let (id, theirs, ours) = (found.id, found.kind.as_str(), kind(format).as_str());
        let detail = format!("Schema {id} is {theirs}, and this topic's must be {ours}.");
        return Err(Unready::new(Code::IncompatibleSchema, detail));
    }
    Ok(Sourced { schema: as_schema(found, name), id: Some(found.id) })
}

/// A registered schema as contracts' programs are made of.
pub(crate) fn as_schema(found: &Registered, name: String) -> Schema {
    let references = found
        .references
        .iter()
        .map(|reference| Reference { name: reference.name.to_string(), content: reference.text.as_bytes().to_vec() });
    Schema { name, content: found.text.as_bytes().to_vec(), references: references.collect() }
}

/// What the registry calls a format.
pub(crate) fn kind(format: Format) -> SchemaKind {
    match format {
        Format::Protobuf => SchemaKind::Protobuf,
        Format::JsonSchema => SchemaKind::Json,
        _ => SchemaKind::Avro,
    }
}

fn numbered(version: Version) -> registry::Version {
    match version {
        Version::Latest => registry::Version::Latest,
        Version::Number(number) => registry::Version::Number(number),
    }
}

/// Why there is no schema under the contract's subject, for those who send events.
fn by_subject(failure: &Failure, subject: &str) -> Unready {
    tracing::debug!(subject, %failure, "no schema under a subject");
    match failure {
        Failure::Unavailable(_) | Failure::Unusable(_) | Failure::OverBudget => Unready::unavailable(),
        Failure::NotFound(_) => Unready::new(
            Code::UnknownSchema,
            format!(
                "The registry has no such schema under {subject}, which the topic's contract names. Tell its owner."
            ),
        ),
        Failure::Refused | Failure::Unfit(_) => Unready::new(
            Code::IncompatibleSchema,
            format!("The registry's schema under {subject} can't be used. Tell the topic's owner."),
        ),
    }
}

/// Why there is no schema of an id, for those who name it.
fn by_id(failure: &Failure, id: u32) -> Unready {
    tracing::debug!(id, %failure, "no schema of an id");
    match failure {
        Failure::Unavailable(_) | Failure::Unusable(_) => Unready::unavailable(),
        Failure::OverBudget => Unready::new(
            Code::RateLimited,
            "Too many schemas that are not known here are named at once. Wait, and check where the ids come from.",
        ),
        Failure::NotFound(_) => Unready::new(Code::UnknownSchema, format!("The registry has no schema of id {id}.")),
        Failure::Refused | Failure::Unfit(_) => {
            Unready::new(Code::IncompatibleSchema, format!("The registry's schema {id} can't be used."))
        }
    }
}
