//! What is counted of conventions. Labels come from the catalogue, the rules' files and the code.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
pub use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What follows for an event that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// It is refused.
    Refused,
    /// It passes, and its sender is told.
    Warned,
    /// It passes; enforced, the rule would refuse it.
    WouldRefuse,
    /// It passes; enforced, the rule would warn.
    WouldWarn,
    /// The rule could not be decided, which also counts as what its `on_error` says.
    Failed,
}

impl Effect {
    /// How many there are.
    pub const COUNT: usize = 5;
    /// All of them, in their order.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Refused, Self::Warned, Self::WouldRefuse, Self::WouldWarn, Self::Failed];

    /// As labels and pages spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Warned => "warned",
            Self::WouldRefuse => "would_refuse",
            Self::WouldWarn => "would_warn",
            Self::Failed => "failed",
        }
    }
}

/// Events that break a rule, by topic, rule and effect.
#[derive(Debug, Clone, Default)]
pub struct ConventionMetrics(Family<HitLabels, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HitLabels {
    topic: Arc<str>,
    convention: Arc<str>,
    effect: &'static str,
}

impl ConventionMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("convention_hits", "Events that break a convention, by what followed", self.0.clone());
    }

    /// What counts the events of a topic that break a rule.
    pub fn counter(&self, topic: &Arc<str>, rule: &str, effect: Effect) -> Counter {
        let labels = HitLabels { topic: Arc::clone(topic), convention: rule.into(), effect: effect.as_str() };
        self.0.get_or_create_owned(&labels)
    }
}
