//! The rules over events that hold for one topic, compiled against its schema: values in, broken rules out. Knows no
//! event's text.

use forebay_schemas::contract::Pointer;
use forebay_schemas::picked::{Moment, Value};

use crate::date::Date;
use crate::decision::Finding;

/// The rules over events that hold for one topic. Immutable; shared by all requests.
#[derive(Debug, Clone, Default)]
pub struct EventRules {
    named: Vec<Pointer>,
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

/// A rule that an event breaks, before anyone asks for words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The rule, as an index for [`EventRules::finding`].
    pub rule: usize,
    /// What was found, as a kind; never a value.
    pub found: &'static str,
}

impl EventRules {
    /// Whether no rule over events holds for the topic.
    pub fn is_empty(&self) -> bool {
        true
    }

    /// The fields whose values the rules want.
    pub fn named(&self) -> &[Pointer] {
        &self.named
    }

    /// Adds every rule that the event breaks.
    pub fn judge(&self, _event: &EventFacts<'_>, _broken: &mut Vec<Hit>) {}

    /// A broken rule in words.
    pub fn finding(&self, _hit: &Hit) -> Option<Finding> {
        None
    }
}
