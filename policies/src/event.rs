//! The rules over events that hold for one topic, compiled against its schema: values in, broken rules out. Knows no
//! event's text.

use std::sync::Arc;

use forebay_schemas::contract::Pointer;
use forebay_schemas::picked::{Moment, Value};

use crate::cel::Program;
use crate::cel::eval::{Scope, holds};
use crate::cel::node::Var;
use crate::cel::value::V;
use crate::cel::wrong::{Wrong, article};
use crate::date::Date;
use crate::decision::{Action, Finding, Rollout};
use crate::requirement::Fault;
use crate::requirement::event::Requirement;
use crate::rule::{Exception, RuleInfo};
use crate::scope::TopicScope;

/// The rules over events that hold for one topic. Immutable; shared by all requests.
#[derive(Debug, Clone, Default)]
pub struct EventRules {
    pub(crate) named: Vec<Pointer>,
    pub(crate) infos: Vec<Arc<RuleInfo>>,
    /// One for each of `infos`.
    pub(crate) fitted: Vec<Fitted>,
    pub(crate) aside: Vec<(Arc<RuleInfo>, String)>,
    pub(crate) scope: TopicScope,
}

/// A rule as it is judged for one topic.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    pub(crate) exception: Option<Exception>,
    pub(crate) check: Check,
}

/// What is looked at, with the places of its values among those that the rules name.
#[derive(Debug, Clone)]
pub(crate) enum Check {
    Require(Vec<(Requirement, Option<usize>)>),
    When(Judged),
}

/// An expression with the places of its values.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) program: Arc<Program>,
    pub(crate) fields: Vec<usize>,
    pub(crate) id: Option<usize>,
    pub(crate) time: Option<usize>,
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
    pub(crate) found: Found,
}

/// What was found in place of what a rule expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Something of this description.
    Kind(&'static str),
    /// Nothing that could be judged.
    Wrong(Wrong),
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

    /// Rules that are for the topic but do not apply to it, and why: they name a field that its events never have. Also
    /// those of which only the values of one field are left out for that.
    pub fn does_not_apply(&self) -> &[(Arc<RuleInfo>, String)] {
        &self.aside
    }

    /// Adds every rule that the event breaks, in the rules' order, and says how many steps that took: 50,000 of them, the
    /// most that one expression may take, mostly are about a millisecond. Allocates nothing where all are kept, unless an
    /// expression looks into an array or an object, or makes a text.
    pub fn judge(&self, event: &EventFacts<'_>, broken: &mut Vec<Hit>) -> usize {
        let mut steps = 0;
        for (rule, fitted) in self.fitted.iter().enumerate() {
            match &fitted.exception {
                Some(exception) if event.today <= exception.expires => {}
                exception => steps += self.judge_one((rule, exception.is_some()), event, broken),
            }
        }
        steps
    }

    fn judge_one(&self, (rule, lapsed): (usize, bool), event: &EventFacts<'_>, broken: &mut Vec<Hit>) -> usize {
        let mut steps = 0;
        match &self.fitted[rule].check {
            Check::Require(all) => {
                for (part, (requirement, slot)) in (0..).zip(all) {
                    let value = match (requirement, slot) {
                        (Requirement::Header(name), _) => header(event, name).map_or(Value::Absent, Value::Bytes),
                        (_, Some(slot)) => value(event, *slot),
                        (_, None) => Value::Absent,
                    };
                    steps += requirement.steps(&value);
                    if let Some(found) = requirement.broken(&value, event.bytes) {
                        broken.push(Hit { rule, lapsed, failed: false, part, found: Found::Kind(found) });
                    }
                }
            }
            Check::When(judged) => {
                let scope = EventScope { rules: self, judged, event };
                let (failed, found) = match holds(&judged.program.root, &scope, &mut steps) {
                    Ok(false) => return steps,
                    Ok(true) => (false, Found::Kind(judged.only().map_or("", |slot| value(event, slot).kind()))),
                    Err(wrong) => (true, Found::Wrong(wrong)),
                };
                broken.push(Hit { rule, lapsed, failed, part: 0, found });
            }
        }
        steps
    }

    /// What follows from a broken rule where it is enforced.
    pub fn action(&self, hit: &Hit) -> Action {
        let info = &self.infos[hit.rule];
        if hit.failed { info.on_error.unwrap_or(info.action) } else { info.action }
    }

    /// Whether the event is refused for a broken rule.
    pub fn blocks(&self, hit: &Hit) -> bool {
        self.action(hit) == Action::Block && self.infos[hit.rule].rollout == Rollout::Enforce
    }

    /// A broken rule in words. The hit must come from these rules.
    pub fn finding(&self, hit: &Hit) -> Finding {
        let info = &self.infos[hit.rule];
        let finding = match &self.fitted[hit.rule].check {
            Check::Require(all) => {
                let requirement = usize::try_from(hit.part).ok().and_then(|part| all.get(part)).map(|(one, _)| one);
                let pointer = requirement.and_then(Requirement::pointer).map_or("", |pointer| &pointer.text);
                let expected = requirement.map_or_else(String::new, Requirement::expected);
                let found = if let Found::Kind(kind) = hit.found { article_unless_said(kind) } else { String::new() };
                info.finding(Fault { pointer: pointer.to_owned(), expected, found })
            }
            Check::When(judged) => {
                let pointer = judged.only().map_or("", |slot| &self.named[slot].text);
                let (result, found) = match hit.found {
                    Found::Kind("") => (Ok(true), "true".to_owned()),
                    Found::Kind(kind) => (Ok(true), format!("true for {}", article(kind))),
                    Found::Wrong(wrong) => (Err(wrong), String::new()),
                };
                let fault = || Fault { pointer: String::new(), expected: String::new(), found: String::new() };
                info.judged(&judged.program, pointer, result, &found).unwrap_or_else(|| info.finding(fault()))
            }
        };
        Finding { lapsed: hit.lapsed, ..finding }
    }

    /// Adds what becomes of every rule, in the rules' order, and says how many steps that took: for a sender who wants to
    /// know before it counts.
    pub fn account(&self, event: &EventFacts<'_>, accounts: &mut Vec<Account>) -> usize {
        let (mut hits, mut steps) = (Vec::new(), 0);
        for (index, (rule, fitted)) in self.infos.iter().zip(&self.fitted).enumerate() {
            let mut add = |result| accounts.push(Account { rule: Arc::clone(rule), result });
            match &fitted.exception {
                Some(Exception { expires, reason, .. }) if event.today <= *expires => {
                    add(Held::Excepted { until: *expires, reason: reason.clone() });
                }
                exception => {
                    steps += self.judge_one((index, exception.is_some()), event, &mut hits);
                    if hits.is_empty() {
                        add(Held::Kept);
                    }
                    hits.drain(..).for_each(|hit| add(Held::Broken(self.finding(&hit))));
                }
            }
        }
        steps
    }
}

impl Judged {
    /// The one field that the expression names, if it names one.
    fn only(&self) -> Option<usize> {
        let mut slots = self.fields.iter().copied().chain(self.id).chain(self.time);
        let only = slots.next()?;
        slots.all(|slot| slot == only).then_some(only)
    }
}

fn value<'e>(event: &EventFacts<'e>, slot: usize) -> Value<'e> {
    event.values.get(slot).copied().unwrap_or(Value::Absent)
}

fn header<'e>(event: &EventFacts<'e>, name: &str) -> Option<&'e [u8]> {
    (event.header)(name)
}

/// Kinds as values have them get an article; what already is a phrase stays.
fn article_unless_said(kind: &'static str) -> String {
    let said = ["a ", "an ", "another ", "nothing"].iter().any(|start| kind.starts_with(start));
    if said { kind.to_owned() } else { article(kind) }
}

/// What an expression may ask for of one event.
struct EventScope<'x, 'e> {
    rules: &'x EventRules,
    judged: &'x Judged,
    event: &'x EventFacts<'e>,
}

impl<'x, 'e: 'x> Scope<'x> for EventScope<'x, 'e> {
    fn field(&self, index: usize) -> Value<'x> {
        self.judged.fields.get(index).map_or(Value::Absent, |slot| value(self.event, *slot))
    }

    fn header(&self, index: usize) -> Option<&'x str> {
        let name = self.judged.program.headers.get(index)?;
        std::str::from_utf8(header(self.event, name)?).ok()
    }

    fn var(&self, var: Var) -> V<'x> {
        let scalar = |slot: Option<usize>| slot.and_then(|slot| V::of(&value(self.event, slot))).unwrap_or(V::Null);
        match var {
            Var::Topic | Var::Contract | Var::Schema => (&self.rules.scope).var(var),
            Var::Principal => V::Text(self.event.principal.into()),
            Var::Now => V::Time(self.event.now),
            Var::Size => i64::try_from(self.event.bytes).map_or(V::Uint(self.event.bytes), V::Int),
            Var::Id => scalar(self.judged.id),
            Var::Time => scalar(self.judged.time),
        }
    }
}
