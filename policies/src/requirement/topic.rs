//! What a rule may require of a topic among all topics. How its name is built is for `pattern`.

use forebay_schemas::document::{Node, Reader};
use forebay_schemas::problem::Problem;

use super::{Fault, fault_unless, read_true, refuse_none};
use crate::facts::Facts;

/// The label that says why there is no version before this one.
pub(crate) const REASON: &str = "version_reason";

/// One requirement.
#[derive(Debug, Clone)]
pub(crate) enum Requirement {
    /// A name that ends in `.v2` or more has the version before it among the topics, or a reason.
    PreviousVersion,
}

/// Reads a rule's `require`.
pub(crate) fn read(node: &Node, problems: &mut Vec<Problem>) -> Vec<Requirement> {
    let before = problems.len();
    let mut reader = Reader::new(node, problems);
    let requirement = reader.optional("previous_version", read_true).map(|()| Requirement::PreviousVersion);
    reader.finish();
    let empty = requirement.is_none() && problems.len() == before;
    refuse_none(empty, node, "{ previous_version: true }", problems);
    requirement.into_iter().collect()
}

impl Requirement {
    /// What a topic lacks of it.
    pub(crate) fn faults(&self, facts: &Facts<'_>) -> Vec<Fault> {
        let Self::PreviousVersion = self;
        let reason = facts.labels.and_then(|labels| labels.get(REASON));
        let explained = reason.is_some_and(|words| words.iter().any(|word| !word.trim().is_empty()));
        let (Some(before), Some(topics)) = (previous(facts.topic), facts.catalogue) else { return Vec::new() };
        let expected = || format!("a topic {before} before it, or a label {REASON}");
        fault_unless(explained || topics.contains(&before), "/topic", expected, facts.topic)
    }
}

/// The name with the version before this one, if its version is 2 or more.
fn previous(topic: &str) -> Option<String> {
    let (stem, version) = topic.rsplit_once(".v")?;
    let version: u32 = version.parse().ok().filter(|version| *version > 1)?;
    Some(format!("{stem}.v{}", version - 1))
}
