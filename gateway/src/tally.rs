//! How often conventions are broken, where and by whom, with a few examples in words: for the metrics and for those who
//! try a rule before it bites. Outlives reloads. Knows rules' names; no event, and no value of one.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use serde::Serialize;

pub use crate::metrics::conventions::Effect;
use crate::metrics::conventions::{ConventionMetrics, Counter};

/// Rows, one for each rule, topic and principal, that are told apart; what comes later counts for the principal `other`,
/// and past twice as many in the metrics only.
const ROWS: usize = 10_000;
/// Examples that a row keeps, the latest ones.
const EXAMPLES: usize = 3;
/// The principal of what is not told apart.
const OTHER: &str = "other";

/// How often conventions are broken.
#[derive(Debug)]
pub struct Tally {
    metrics: ConventionMetrics,
    rows: RwLock<HashMap<Arc<str>, Topics>>,
    len: AtomicUsize,
}

/// One rule's rows, by topic and principal.
type Topics = HashMap<Arc<str>, HashMap<Arc<str>, Arc<Row>>>;

/// Who broke which rule where.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The rule's name.
    pub rule: &'a str,
    /// The topic's.
    pub topic: &'a Arc<str>,
    /// The sender's.
    pub principal: &'a Arc<str>,
}

#[derive(Debug, Default)]
struct Row {
    counts: [AtomicU64; Effect::COUNT],
    /// The metrics' counters, each looked up once.
    counters: [OnceLock<Counter>; Effect::COUNT],
    examples: Mutex<VecDeque<String>>,
}

/// One row, as operators see it.
#[derive(Debug, Serialize)]
pub struct Line {
    /// The topic.
    pub topic: String,
    /// The sender.
    pub principal: String,
    /// Events by what followed; effects that never were are left out.
    pub events: std::collections::BTreeMap<&'static str, u64>,
    /// The latest examples in words.
    pub examples: Vec<String>,
}

impl Tally {
    /// Nothing broken yet.
    pub fn new(metrics: ConventionMetrics) -> Self {
        Self { metrics, rows: RwLock::default(), len: AtomicUsize::new(0) }
    }

    /// So many events broke a rule. `example` is asked for words now and then: at the first event, and whenever the
    /// number of them has doubled.
    pub fn add(&self, place: Place<'_>, effect: Effect, events: usize, example: impl FnOnce() -> Option<String>) {
        let counter = || self.metrics.counter(place.topic, place.rule, effect);
        let Some(row) = self.row(place) else {
            counter().inc_by(events as u64);
            return;
        };
        row.counters[effect as usize].get_or_init(counter).inc_by(events as u64);
        let before = row.counts[effect as usize].fetch_add(events as u64, Ordering::Relaxed);
        let doubled = before == 0 || (before + events as u64).ilog2() > before.ilog2();
        if let Some(example) = doubled.then(example).flatten() {
            let mut examples = row.examples.lock().unwrap_or_else(PoisonError::into_inner);
            examples.retain(|known| *known != example);
            examples.truncate(EXAMPLES - 1);
            examples.push_front(example);
        }
    }

    /// What is known of one rule, by topic and principal.
    pub fn of(&self, rule: &str) -> Vec<Line> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let topics = rows.get(rule).into_iter().flatten();
        let mut lines: Vec<_> = topics
            .flat_map(|(topic, principals)| principals.iter().map(move |(who, row)| line(topic, who, row)))
            .collect();
        lines.sort_by(|a, b| (&a.topic, &a.principal).cmp(&(&b.topic, &b.principal)));
        lines
    }

    fn row(&self, place: Place<'_>) -> Option<Arc<Row>> {
        if let Some(row) = self.find(place) {
            return Some(row);
        }
        let other: Arc<str> = OTHER.into();
        let mut place = place;
        if self.len.load(Ordering::Relaxed) >= ROWS {
            place.principal = &other;
            let row = self.find(place);
            if row.is_some() || self.len.load(Ordering::Relaxed) >= 2 * ROWS {
                return row;
            }
        }
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        let topics = rows.entry(place.rule.into()).or_default();
        let principals = topics.entry(Arc::clone(place.topic)).or_default();
        let row = principals.entry(Arc::clone(place.principal)).or_insert_with(|| {
            self.len.fetch_add(1, Ordering::Relaxed);
            Arc::default()
        });
        Some(Arc::clone(row))
    }

    fn find(&self, place: Place<'_>) -> Option<Arc<Row>> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.get(place.rule)?.get(place.topic)?.get(place.principal).cloned()
    }
}

fn line(topic: &Arc<str>, principal: &Arc<str>, row: &Row) -> Line {
    let count = |effect: Effect| (effect.as_str(), row.counts[effect as usize].load(Ordering::Relaxed));
    let examples = row.examples.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    let events = Effect::ALL.into_iter().map(count).filter(|(_, events)| *events > 0).collect();
    Line { topic: topic.to_string(), principal: principal.to_string(), events, examples }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn name(text: &str) -> Arc<str> {
        text.into()
    }

    #[test]
    fn rows_tell_senders_apart_and_keep_the_latest_examples() {
        let tally = Tally::new(ConventionMetrics::default());
        let (topic, a, b) = (name("t"), name("a"), name("b"));
        let place = |principal| Place { rule: "r", topic: &topic, principal };
        for number in 0..100 {
            tally.add(place(&a), Effect::WouldRefuse, 1, || Some(format!("example {number}")));
        }
        tally.add(place(&b), Effect::Warned, 7, || None);
        let lines = tally.of("r");
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].events, [("would_refuse", 100)].into());
        assert_eq!(lines[0].examples, ["example 63", "example 31", "example 15"]);
        assert_eq!((lines[1].principal.as_str(), &lines[1].events), ("b", &[("warned", 7)].into()));
        assert!(tally.of("another").is_empty());
    }

    #[test]
    fn principals_without_end_become_one_row() {
        let tally = Tally::new(ConventionMetrics::default());
        let topic = name("t");
        for number in 0..ROWS + 500 {
            let principal = name(&format!("p{number}"));
            tally.add(Place { rule: "r", topic: &topic, principal: &principal }, Effect::Refused, 1, || None);
        }
        let lines = tally.of("r");
        assert_eq!(lines.len(), ROWS + 1);
        let other = lines.iter().find(|line| line.principal == OTHER).expect("what is not told apart");
        assert_eq!(other.events, [("refused", 500)].into());
    }

    #[test]
    fn who_is_not_told_apart_keeps_nobody_from_reading() {
        let tally = Tally::new(ConventionMetrics::default());
        let topic = name("t");
        let add = |principal: &str| {
            let place = Place { rule: "r", topic: &topic, principal: &name(principal) };
            tally.add(place, Effect::Refused, 1, || None);
        };
        (0..=ROWS).for_each(|number| add(&format!("p{number}")));
        std::thread::scope(|threads| {
            let reading = tally.rows.read().unwrap_or_else(PoisonError::into_inner);
            let (done, waiting) = mpsc::channel();
            let adding = threads.spawn(move || {
                add("another");
                let _ = done.send(());
            });
            let added = waiting.recv_timeout(Duration::from_secs(20));
            drop(reading);
            assert!(added.is_ok() && adding.join().is_ok(), "it waits for whoever reads");
        });
    }
}
