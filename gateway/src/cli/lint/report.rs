//! Everything that one run of `lint` found, by topic. Knows neither how it is found nor how it is shown.

use std::collections::BTreeMap;

use forebay_schemas::lint::{Finding, Severity};

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The place of the earlier version, as it was named.
    pub(super) against: Option<String>,
    /// Contracts that were read, the wrong ones too.
    pub(super) contracts: usize,
    /// Samples that were read.
    pub(super) samples: usize,
    /// Conventions that they were held to.
    pub(super) conventions: usize,
    /// Findings by topic, or by whatever else they belong to.
    pub(super) groups: BTreeMap<String, Vec<Finding>>,
}

impl Report {
    pub(super) fn add(&mut self, group: &str, finding: Finding) {
        self.groups.entry(group.to_owned()).or_default().push(finding);
    }

    /// Brings the findings of each group into the order in which they are shown: the worst first, each once.
    pub(super) fn sort(&mut self) {
        for findings in self.groups.values_mut() {
            findings.sort();
            findings.dedup();
        }
    }

    /// All findings, each with its group.
    pub(super) fn findings(&self) -> impl Iterator<Item = (&str, &Finding)> {
        self.groups.iter().flat_map(|(group, findings)| findings.iter().map(|finding| (group.as_str(), finding)))
    }

    pub(super) fn count(&self, severity: Severity) -> usize {
        self.findings().filter(|(_, finding)| finding.severity == severity).count()
    }

    pub(super) fn errors(&self) -> usize {
        self.count(Severity::Error)
    }
}
