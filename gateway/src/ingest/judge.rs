//! Judge: what the organisation's conventions say of the events. Reads decisions that were made when the contracts
//! were loaded; never an event's text.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::event::{Encoded, Judged};

/// Lets pass what the conventions let pass, and names those that were broken and only warn.
pub fn judge(encoded: Encoded) -> Judged {
    let mut warnings = BTreeSet::new();
    for (index, topic) in encoded.topics.iter().enumerate().filter(|(_, topic)| !topic.warnings.is_empty()) {
        let events = encoded.records.iter().flatten().filter(|record| record.topic == index).count();
        for rule in topic.warnings.iter().filter(|_| events > 0) {
            topic.metrics.warned(rule, events);
            warnings.insert(Arc::clone(rule));
        }
    }
    Judged { encoded, warnings }
}
