//! Judge: what the contract's binds and the organisation's conventions say of the events, by the values that the encoder
//! has picked; never by an event's text. Knows rules' decisions, not what they look at.

mod bind;

use std::collections::BTreeSet;
use std::sync::Arc;

use forebay_policies::{Account, Action, EventFacts, EventRules, Finding, Hit, Rollout};
use forebay_schemas::picked::{Moment, Value};
use http::{HeaderMap, HeaderValue};

use self::bind::Binds;
use super::turn::Turn;
use crate::clock;
use crate::event::{Code, Encoded, Event, Judged, Principal, Record, Refusal, Slot};
use crate::tally::{Effect, Place, Tally};

/// Broken requirements of one event that its refusal lists; each is some hundred bytes, and there may be 10,000 events.
const LISTED: usize = 10;

/// What is judged beside the events: who sent them with what head, and where broken rules are counted.
pub struct Bench<'a> {
    /// Who sent them.
    pub who: &'a Principal,
    /// The request's header fields.
    pub headers: &'a HeaderMap,
    /// Where broken rules are counted; nowhere if the events are only tried out.
    pub tally: Option<&'a Tally>,
}

/// Refuses the events that a bind or a convention refuses, and names the conventions that were broken and only warn. Others
/// get their turn on the thread while it lasts.
pub async fn judge(mut encoded: Encoded, bench: &Bench<'_>) -> Judged {
    let mut warnings = BTreeSet::new();
    standing(&encoded, bench, &mut warnings);
    let mut records = std::mem::take(&mut encoded.records);
    let mut judge = Judge::new(&encoded, bench);
    if judge.has_rules() {
        for (slot, source) in records.iter_mut().zip(&encoded.source.events) {
            let (Ok(record), Ok(event)) = (&*slot, source) else { continue };
            let judged = judge.event(record, event, &mut warnings);
            if let Err(refusal) = judged {
                *slot = Err(refusal);
            }
            judge.rest(event).await;
        }
    }
    encoded.records = records;
    Judged { encoded, warnings }
}

/// What every convention that applies says of each event, for whoever wants to know before it is sent. Refused events
/// have no values that could be judged.
pub async fn accounts(encoded: &Encoded, bench: &Bench<'_>) -> Vec<Vec<Account>> {
    let mut judge = Judge::new(encoded, bench);
    let mut accounts = Vec::with_capacity(encoded.records.len());
    for pair in encoded.records.iter().zip(&encoded.source.events) {
        let mut account = Vec::new();
        if let (Ok(record), Ok(event)) = pair {
            judge.account(record, event, &mut account);
            judge.rest(event).await;
        }
        accounts.push(account);
    }
    accounts
}

/// Conventions that the topics themselves break count for each of their events: those that block a topic for each one that
/// was refused for it.
fn standing(encoded: &Encoded, bench: &Bench<'_>, warnings: &mut BTreeSet<Arc<str>>) {
    for (index, topic) in encoded.topics.iter().enumerate() {
        let passed = || encoded.records.iter().flatten().filter(|record| record.topic == index).count();
        let (broken, events) = match &encoded.programs[index] {
            Ok(_) if topic.standing.is_empty() => continue,
            Ok(_) => (&*topic.standing, passed()),
            Err(refusal) => (&*refusal.broken, encoded.blocked(index)),
        };
        for broken in broken.iter().filter(|_| events > 0) {
            let effect = effect(broken.action, broken.rollout);
            if effect == Effect::Warned {
                warnings.insert(broken.rule.as_str().into());
            }
            if let Some(tally) = bench.tally {
                let place = Place { rule: &broken.rule, topic: topic.metrics.topic(), principal: bench.who.name() };
                tally.add(place, effect, events, || Some(broken.to_string()));
            }
        }
    }
}

/// What judging one batch works with.
struct Judge<'a> {
    encoded: &'a Encoded,
    bench: &'a Bench<'a>,
    /// For each topic what its contract binds to the caller.
    binds: Vec<Binds<'a>>,
    now: Moment,
    today: forebay_policies::Date,
    values: Vec<Value<'a>>,
    hits: Vec<Hit>,
    /// Steps that the last event took.
    steps: usize,
    turn: Turn,
}

impl<'a> Judge<'a> {
    fn new(encoded: &'a Encoded, bench: &'a Bench<'a>) -> Self {
        let now = clock::now();
        let binds = encoded.topics.iter().map(|topic| Binds::of(&topic.contract, bench.who)).collect();
        let today = clock::day(now);
        let (values, hits, turn) = (Vec::new(), Vec::new(), Turn::default());
        Self { encoded, bench, binds, now, today, values, hits, steps: 0, turn }
    }

    /// Lets others have their turn, if the last event and those before it were work enough.
    async fn rest(&mut self, event: &Event) {
        let steps = std::mem::take(&mut self.steps);
        self.turn.after(steps + event.text.len()).await;
    }

    fn has_rules(&self) -> bool {
        let rules = self.encoded.programs.iter().flatten().any(|program| !program.rules.is_empty());
        rules || self.binds.iter().any(|binds| !binds.is_empty())
    }

    fn event(&mut self, record: &Record, event: &Event, warnings: &mut BTreeSet<Arc<str>>) -> Slot<()> {
        let encoded = self.encoded;
        let Ok(program) = &encoded.programs[record.topic] else { return Ok(()) };
        self.read(record);
        let (bound, named) = self.values.split_at(self.binds[record.topic].len());
        self.binds[record.topic].hold(bound)?;
        let rules = &program.rules;
        if rules.is_empty() {
            return Ok(());
        }
        let mut hits = std::mem::take(&mut self.hits);
        let header = |name: &str| self.bench.headers.get(name).map(HeaderValue::as_bytes);
        self.steps = rules.judge(&self.facts(named, event, &header), &mut hits);
        let (mut blocking, mut last, mut count) = (Vec::new(), None, 0);
        for hit in &hits {
            // The hits of one rule stand together; the event breaks it once.
            let first = last.replace(hit.rule) != Some(hit.rule);
            let rule = &rules.rules()[hit.rule];
            let effect = effect(rules.action(hit), rule.rollout);
            if first {
                self.count(rules, hit, record.topic);
            }
            match effect {
                Effect::Refused => {
                    count += usize::from(first);
                    if blocking.len() < LISTED {
                        blocking.push(rules.finding(hit));
                    }
                }
                Effect::Warned if first => drop(warnings.insert(rule.name.as_str().into())),
                _ => {}
            }
        }
        hits.clear();
        self.hits = hits;
        if blocking.is_empty() { Ok(()) } else { Err(refusal(blocking, count)) }
    }

    fn account(&mut self, record: &Record, event: &Event, accounts: &mut Vec<Account>) {
        let encoded = self.encoded;
        let Ok(program) = &encoded.programs[record.topic] else { return };
        self.read(record);
        let named = &self.values[self.binds[record.topic].len()..];
        let header = |name: &str| self.bench.headers.get(name).map(HeaderValue::as_bytes);
        self.steps = program.rules.account(&self.facts(named, event, &header), accounts);
    }

    fn read(&mut self, record: &Record) {
        self.values.clear();
        self.values.extend(self.encoded.picks.values(record.picks.clone()));
    }

    fn facts<'f>(
        &'f self,
        values: &'f [Value<'f>],
        event: &Event,
        header: &'f dyn Fn(&str) -> Option<&'f [u8]>,
    ) -> EventFacts<'f> {
        EventFacts {
            values,
            header,
            principal: self.bench.who.name(),
            bytes: event.text.len() as u64,
            now: self.now,
            today: self.today,
        }
    }

    /// Counts an event that breaks a rule.
    fn count(&self, rules: &EventRules, hit: &Hit, topic: usize) {
        let Some(tally) = self.bench.tally else { return };
        let rule = &rules.rules()[hit.rule];
        let topic = self.encoded.topics[topic].metrics.topic();
        let place = Place { rule: &rule.name, topic, principal: self.bench.who.name() };
        let effect = effect(rules.action(hit), rule.rollout);
        tally.add(place, effect, 1, || Some(rules.finding(hit).to_string()));
        if hit.failed {
            tally.add(place, Effect::Failed, 1, || None);
        }
    }
}

fn effect(action: Action, rollout: Rollout) -> Effect {
    match (rollout, action) {
        (Rollout::Enforce, Action::Block) => Effect::Refused,
        (Rollout::Enforce, Action::Warn) => Effect::Warned,
        (Rollout::Shadow, Action::Block) => Effect::WouldRefuse,
        (Rollout::Shadow, Action::Warn) => Effect::WouldWarn,
    }
}

/// The refusal of an event that breaks so many conventions: the first one in words, and how many more there are.
fn refusal(broken: Vec<Finding>, conventions: usize) -> Box<Refusal> {
    let more = match conventions {
        0 | 1 => String::new(),
        2 => " One more convention is broken.".to_owned(),
        several => format!(" {} more conventions are broken.", several - 1),
    };
    let mut first = broken.first().map(ToString::to_string).unwrap_or_default();
    if !more.is_empty() && !first.ends_with(['.', '!', '?']) {
        first.push('.');
    }
    let mut refusal = Refusal::not_written(Code::ConventionViolation, format!("{first}{more}"));
    refusal.broken = broken;
    refusal
}
