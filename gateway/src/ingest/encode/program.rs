//! Which program writes a topic's events: the contract's own, or the one of the schema version that the request names.

use std::sync::Arc;

use crate::binding::Binder;
use crate::catalog::{Program, Topic, Unready};
use crate::event::{Refusal, Slot};

/// Waits for a registry only if the request names a version that is not known yet.
pub(super) async fn choose(topic: &Topic, schema_id: Option<u32>, binder: &Binder) -> Slot<Arc<Program>> {
    let chosen = match (schema_id, &topic.bound) {
        (Some(id), _) => binder.version(topic, id).await,
        (None, Ok(bound)) => Ok(Arc::clone(bound)),
        (None, Err(unready)) => Err(unready.clone()),
    };
    chosen.map_err(|Unready { code, detail, broken, .. }| {
        let mut refusal = Refusal::not_written(code, detail);
        refusal.broken = broken.to_vec();
        refusal
    })
}
