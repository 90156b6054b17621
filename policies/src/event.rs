//! The rules over events that hold for one topic, compiled against its schema: values in, broken rules out. Knows no
//! event's text.

use std::sync::Arc;

use forebay_schemas::contract::Pointer;
use forebay_schemas::picked::{Moment, Value};

use crate::date::Date;
use crate::decision::Finding;
use crate::rule::RuleInfo;

/// The rules over events that hold for one topic. Immutable; shared by all requests.
#[derive(Debug, Clone, Default)]
pub struct EventRules {
    named: Vec<Pointer>,
    infos: Vec<Arc<RuleInfo>>,
    aside: Vec<(Arc<RuleInfo>, String)>,
}

/// What rules may know of one event.
#[derive(Clone, Copy)]
pub struct EventFacts<'a> {
    /// The values at [`EventRules::named`], in that order.
    pub values: &'a [Value<'a>],
    /// The value of a request's header field, by its lower-case name.
    pub header: &'a dyn Fn(&str) -> Option<&'a [u8]>,
    /// Who sent it.
    pub principal: &'a str,
    /// Bytes of its text.
    pub bytes: u64,
    /// When it is judged.
    pub now: Moment,
    /// The day of that, in UTC.
    pub today: Date,
}

/// A rule that an event breaks, before anyone asks for words. Costs nothing to make, and holds nothing of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The rule, as an index into [`EventRules::rules`].
    pub rule: usize,
    /// Whether it only counts because an exception has ended.
    pub lapsed: bool,
    /// Whether the rule could not be judged, so that its `on_error` decides.
    pub failed: bool,
    /// Which of the rule's expectations was not met, from 0.
    pub(crate) part: u32,
    /// What was found, as a kind; never a value.
    pub(crate) found: &'static str,
}

/// What became of one rule with one event. A rule that is broken in several places has an account for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The rule.
    pub rule: Arc<RuleInfo>,
    /// What became of it.
    pub result: Held,
}

/// Whether a rule holds for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The event keeps it.
    Kept,
    /// The event breaks it.
    Broken(Finding),
    /// It does not hold for the topic yet.
    Excepted {
        /// The last day of that.
        until: Date,
        /// Why.
        reason: String,
    },
}

impl EventRules {
    /// Whether no rule over events holds for the topic.
    pub fn is_empty(&self) -> bool {
        self.infos.is_empty()
    }

    /// The fields whose values the rules want. The pointer of no token is the whole event, as JSON text.
    pub fn named(&self) -> &[Pointer] {
        &self.named
    }

    /// The rules, in the order of the files; a [`Hit`] says which by index.
    pub fn rules(&self) -> &[Arc<RuleInfo>] {
        &self.infos
    }

    /// Rules that are for the topic but do not apply to it, and why: they name a field that its events never have.
    pub fn does_not_apply(&self) -> &[(Arc<RuleInfo>, String)] {
        &self.aside
    }

    /// Adds every rule that the event breaks, in the rules' order.
    pub fn judge(&self, _event: &EventFacts<'_>, _broken: &mut Vec<Hit>) {}

    /// A broken rule in words. The hit must come from these rules.
    pub fn finding(&self, _hit: &Hit) -> Finding {
        unimplemented!()
    }

    /// What becomes of every rule, in the rules' order: for a sender who wants to know before it counts.
    pub fn account(&self, _event: &EventFacts<'_>) -> Vec<Account> {
        Vec::new()
    }
}
