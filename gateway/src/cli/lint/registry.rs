//! A catalogue against a schema registry: each subject's latest version, and the ids that contracts name. Reads only.

use std::path::PathBuf;

use clap::Args;
use forebay_schemas::contract::SchemaRule;
use forebay_schemas::lint::Finding;
use forebay_schemas::lint::change::{self, Now};

use super::Catalogue;
use super::report::Report;
use crate::binding::{as_schema, kind};
use crate::config;
use crate::metrics::Metrics;
use crate::registry::{Asker, Failure, Registry, Version};

/// How a registry is told who asks, and which authorities are trusted.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Credentials {
    /// With registry:URL: a file of user:password.
    #[arg(long, value_name = "FILE")]
    basic_auth_file: Option<PathBuf>,
    /// With registry:URL: a file of a bearer token.
    #[arg(long, value_name = "FILE", conflicts_with = "basic_auth_file")]
    bearer_file: Option<PathBuf>,
    /// With registry:URL: a PEM file of the authorities that are trusted, instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Credentials {
    /// The files that are named.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.basic_auth_file.iter().chain(&self.bearer_file).chain(&self.ca)
    }
}

/// Holds every schema that lies beside a contract against what the registry has. The error says why it could not be asked.
pub(super) fn compare(
    at: &config::registry::Registry,
    credentials: &Credentials,
    catalogue: &Catalogue<'_>,
    report: &mut Report,
) -> Result<(), String> {
    let Credentials { basic_auth_file, bearer_file, ca } = credentials.clone();
    let at = config::registry::Registry { basic_auth_file, bearer_file, ca, ..at.clone() };
    let registry = Registry::new(&at, &Metrics::new()).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    for compiled in &catalogue.sound {
        let contract = &compiled.contract;
        let key = contract.key.as_ref().and_then(|key| key.value.as_deref());
        let parts =
            [("/value", Some(&contract.value), &compiled.material.value), ("/key", key, &compiled.material.key)];
        for (path, rule, sourced) in parts {
            let (Some(rule), Some(sourced)) = (rule, sourced) else { continue };
            let now = Now { contract, path, rule, sourced };
            for finding in runtime.block_on(part(&registry, &now)).map_err(|failure| failure.to_string())? {
                report.add(&contract.topic, finding);
            }
        }
    }
    Ok(())
}

/// What is to be said of one schema. The error is a registry that does not answer.
async fn part(registry: &Registry, now: &Now<'_>) -> Result<Vec<Finding>, Failure> {
    let Now { contract, rule, sourced, .. } = *now;
    match (&rule.schema, sourced.id) {
        (Some(SchemaRule { subject: Some(subject), .. }), _) => latest(registry, now, subject).await,
        (_, Some(id)) => by_id(registry, now, id).await,
        _ => Ok(Vec::new()),
    }
    .or_else(|failure| match failure {
        failure if failure.is_retryable() => Err(failure),
        failure => Ok(vec![change::unreadable(contract, "the registry", &failure.to_string())]),
    })
}

async fn latest(registry: &Registry, now: &Now<'_>, subject: &str) -> Result<Vec<Finding>, Failure> {
    let found = match registry.version(subject, Version::Latest, Asker::Operator).await {
        Ok(found) => found,
        // A subject's first version breaks nothing.
        Err(Failure::NotFound(_)) => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    let since = format!("version {} of {subject}", found.version);
    if found.schema.kind != kind(now.rule.format) {
        return Ok(vec![change::other_format(now, found.schema.kind.as_str(), &since)]);
    }
    let old = as_schema(&found.schema, since.clone());
    Ok(change::breaks(now, &old, &now.rule.message, &since))
}

async fn by_id(registry: &Registry, now: &Now<'_>, id: u32) -> Result<Vec<Finding>, Failure> {
    let theirs = match registry.by_id(id, Asker::Operator).await {
        Ok(found) if found.kind == kind(now.rule.format) => Some(as_schema(&found, format!("schema {id}"))),
        Ok(found) => return Ok(vec![change::other_format(now, found.kind.as_str(), &format!("schema {id}"))]),
        Err(Failure::NotFound(_)) => None,
        Err(failure) => return Err(failure),
    };
    Ok(change::registered(now, id, theirs.as_ref(), "the registry").into_iter().collect())
}
