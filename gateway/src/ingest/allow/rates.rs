//! Rates: how many events and bytes a second pass, of a principal and of a topic. A batch takes its cost at once or not at
//! all. Knows who sends to what; the arithmetic is `bucket`'s. The limits live here and not with the contracts, so that a
//! reload leaves them as they are.

use std::sync::Arc;
use std::time::Duration;

use super::buckets::{Buckets, Cost, Refused, Whose};
use super::shelf::Shelf;
use crate::catalog::Topic;
use crate::clock::Ticks;
use crate::config::rates::{Rate, Rates as Config};
use crate::event::{Event, Principal, Rejection, Slot};
use crate::limit::Standing;

/// As much passes a topic at once as comes in this time; a contract has no word for it.
const TOPIC_BURST: Duration = Duration::from_secs(1);

/// Keeps the limits of events and bytes a second of all principals and topics.
#[derive(Debug)]
pub struct Rates {
    config: Config,
    principals: Shelf,
    topics: Shelf,
}

/// The limits that a request's caller and topic have, if any.
#[derive(Debug, Default)]
pub struct Rated {
    topic: Option<Arc<Topic>>,
    limits: [Option<Arc<Buckets>>; 2],
}

impl Rates {
    /// Nothing has been taken yet.
    pub fn new(config: &Config, clock: Ticks) -> Self {
        let (principals, topics) = (Shelf::new(Whose::Principal, clock.clone()), Shelf::new(Whose::Topic, clock));
        Self { config: config.clone(), principals, topics }
    }

    /// The limits that this caller has for this topic.
    pub(super) fn of(&self, who: &Principal, topic: &Arc<Topic>) -> Rated {
        let limits = [self.of_principal(who), self.of_topic(topic)];
        let topic = limits.iter().any(Option::is_some).then(|| Arc::clone(topic));
        Rated { topic, limits }
    }

    /// Takes the cost of a batch. Its caller's limits are asked first and for all of it, then each topic's for its part;
    /// a topic that refuses refuses its own events only, and the caller gets back what they had cost. A `window` of a
    /// streamed body, which its sender has not cut, is taken in pieces if it is larger than a limit ever lets pass.
    pub(super) fn take(&self, who: &Principal, topics: &[Arc<Topic>], events: &mut [Slot<Event>], window: bool) {
        let (principal, limits) = (self.of_principal(who), topics.iter().map(|topic| self.of_topic(topic)).collect());
        let limits = Limits { principal, topics, of_topics: limits, window };
        if limits.principal.is_some() || limits.of_topics.iter().any(Option::is_some) {
            limits.take(events);
        }
    }

    fn of_principal(&self, who: &Principal) -> Option<Arc<Buckets>> {
        self.config.of(who.name()).map(|rate| self.principals.get(who.name(), rate))
    }

    fn of_topic(&self, topic: &Topic) -> Option<Arc<Buckets>> {
        let (events_per_second, bytes_per_second) = (topic.contract.events_per_second, topic.contract.bytes_per_second);
        let rate = Rate { events_per_second, bytes_per_second, burst: TOPIC_BURST };
        let limited = events_per_second.is_some() || bytes_per_second.is_some();
        limited.then(|| self.topics.get(&topic.contract.topic, &rate))
    }
}

impl Rated {
    /// Refuses what can't pass now, without taking anything: one event, of this many bytes if that
    /// is known.
    pub fn room(&self, length: Option<u64>) -> Result<(), Rejection> {
        let cost = Cost { events: 1, bytes: length.unwrap_or(1).max(1) };
        for limits in self.limits.iter().flatten() {
            limits.look(cost).map_err(|refused| {
                if let Some(topic) = &self.topic {
                    count(topic, &refused);
                }
                Rejection::from(refused.refusal)
            })?;
        }
        Ok(())
    }

    /// How each limit stands.
    pub fn standings(&self) -> Vec<Standing> {
        self.limits.iter().flatten().flat_map(|limits| limits.standings()).collect()
    }
}

/// The limits that a batch meets.
struct Limits<'a> {
    principal: Option<Arc<Buckets>>,
    topics: &'a [Arc<Topic>],
    /// One for each topic.
    of_topics: Vec<Option<Arc<Buckets>>>,
    window: bool,
}

impl Limits<'_> {
    fn take(&self, events: &mut [Slot<Event>]) {
        let mut costs = vec![Cost::default(); self.topics.len()];
        for event in events.iter().flatten() {
            costs[event.topic].count(event.text.len());
        }
        if self.window && events.len() > 1 && !self.ever_let_pass(&costs) {
            let (first, second) = events.split_at_mut(events.len() / 2);
            self.take(first);
            return self.take(second);
        }
        let refused = self.take_all(&costs);
        for (topic, refused) in self.topics.iter().zip(&refused) {
            if let Some(refused) = refused {
                count(topic, refused);
            }
        }
        for slot in events {
            if let Ok(event) = slot
                && let Some(refused) = &refused[event.topic]
            {
                *slot = Err(refused.refusal.clone());
            }
        }
    }

    /// Whether a batch that costs so much of each topic can pass at once, at any time.
    fn ever_let_pass(&self, costs: &[Cost]) -> bool {
        let fits = |(limits, cost): (&Option<Arc<Buckets>>, &Cost)| limits.as_ref().is_none_or(|one| one.holds(*cost));
        let total = costs.iter().copied().sum();
        fits((&self.principal, &total)) && self.of_topics.iter().zip(costs).all(fits)
    }

    /// Takes each topic's cost from all limits, or says for each topic what refuses it.
    fn take_all(&self, costs: &[Cost]) -> Vec<Option<Refused>> {
        let total: Cost = costs.iter().copied().sum();
        let principal = self.principal.as_deref();
        let since = principal.map(Buckets::now).unwrap_or_default();
        if let Some(Err(refused)) = principal.map(|principal| principal.take(total)) {
            return costs.iter().map(|cost| (cost.events > 0).then(|| refused.clone())).collect();
        }
        let of_topic = |(limits, cost): (&Option<Arc<Buckets>>, &Cost)| limits.as_ref()?.take(*cost).err();
        let refused: Vec<_> = self.of_topics.iter().zip(costs).map(of_topic).collect();
        if let Some(principal) = principal
            && refused.iter().any(Option::is_some)
        {
            let kept = costs.iter().zip(&refused).filter(|(_, refused)| refused.is_none()).map(|(cost, _)| *cost);
            principal.give_back(total, kept.sum(), since);
        }
        refused
    }
}

/// Counts a refusal that is for now only. What can never pass is a mistake in the request, not too high a rate.
fn count(topic: &Topic, refused: &Refused) {
    if refused.refusal.wait.is_some() {
        topic.metrics.rate_limited(refused.limit);
    }
}

#[cfg(test)]
mod tests;
