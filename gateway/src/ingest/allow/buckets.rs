//! The limits of one principal or one topic: events and bytes a second. Takes from both or from none, and says in words
//! which one refuses. Knows no request.

use std::sync::Arc;

use governor::nanos::Nanos;

use super::bucket::{Bucket, Full};
use crate::clock::Ticks;
use crate::config::rates::Rate;
use crate::event::{Code, Refusal};
use crate::limit::{Limit, Standing, whole_seconds};

/// Whose limits they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// A principal's, by the configuration.
    Principal,
    /// A topic's, by its contract.
    Topic,
}

/// What a batch, or a topic's part of it, costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) events: u64,
    /// Bytes of the events' text.
    pub(super) bytes: u64,
}

/// What a limit refuses, and which one it is.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) limit: Limit,
    pub(super) refusal: Box<Refusal>,
}

/// The limits of one name.
#[derive(Debug)]
pub(super) struct Buckets {
    whose: Whose,
    name: Arc<str>,
    rate: Rate,
    events: Option<Bucket>,
    bytes: Option<Bucket>,
}

impl Cost {
    /// One more event of so many bytes.
    pub(super) fn count(&mut self, bytes: usize) {
        self.events += 1;
        self.bytes += bytes as u64;
    }

    /// The part that a limit is about.
    fn of(self, limit: Limit) -> u64 {
        if limit.counts_bytes() { self.bytes } else { self.events }
    }

    fn add(&mut self, limit: Limit, units: u64) {
        *(if limit.counts_bytes() { &mut self.bytes } else { &mut self.events }) += units;
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |all, one| Self { events: all.events + one.events, bytes: all.bytes + one.bytes })
    }
}

impl Buckets {
    /// Limits that are full.
    pub(super) fn new(whose: Whose, name: Arc<str>, rate: Rate, clock: &Ticks) -> Self {
        let bucket = |per_second| Bucket::new(per_second, rate.burst, clock.clone());
        let (events, bytes) = (rate.events_per_second.map(bucket), rate.bytes_per_second.map(bucket));
        Self { whose, name, rate, events, bytes }
    }

    /// Whose they are, by name.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What they were made from.
    pub(super) fn rate(&self) -> &Rate {
        &self.rate
    }

    /// Takes a cost, or nothing.
    pub(super) fn take(&self, cost: Cost) -> Result<(), Refused> {
        let since = self.now();
        let mut taken = Cost::default();
        for (limit, bucket) in self.buckets() {
            let units = cost.of(limit);
            if let Err(full) = bucket.take(units) {
                self.give_back(taken, Cost::default(), since);
                return Err(self.refused((limit, bucket), units, full));
            }
            taken.add(limit, units);
        }
        Ok(())
    }

    /// Whether a cost can be taken at any time.
    pub(super) fn holds(&self, cost: Cost) -> bool {
        self.buckets().all(|(limit, bucket)| cost.of(limit) <= bucket.capacity())
    }

    /// Whether a cost could be taken now.
    pub(super) fn look(&self, cost: Cost) -> Result<(), Refused> {
        self.buckets().try_for_each(|(limit, bucket)| {
            let units = cost.of(limit);
            bucket.look(units).map_err(|full| self.refused((limit, bucket), units, full))
        })
    }

    /// Gives back what was taken at `since` or later, but for what is kept.
    pub(super) fn give_back(&self, taken: Cost, kept: Cost, since: Nanos) {
        for (limit, bucket) in self.buckets() {
            bucket.give_back(taken.of(limit), kept.of(limit), since);
        }
    }

    /// The time by their clock.
    pub(super) fn now(&self) -> Nanos {
        self.buckets().next().map(|(_, bucket)| bucket.now()).unwrap_or_default()
    }

    /// How much of the emptier one is left, from 0 to 1.
    pub(super) fn left(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a share in a few digits is enough to compare by")]
        let share = |(_, bucket): (Limit, &Bucket)| bucket.remaining() as f64 / bucket.capacity() as f64;
        self.buckets().map(share).fold(1.0, f64::min)
    }

    /// How each of them stands.
    pub(super) fn standings(&self) -> impl Iterator<Item = Standing> {
        let window = self.rate.burst.as_secs();
        self.buckets().map(move |(limit, bucket)| Standing {
            limit,
            quota: bucket.capacity(),
            window,
            remaining: bucket.remaining(),
        })
    }

    fn buckets(&self) -> impl Iterator<Item = (Limit, &Bucket)> {
        let limits = match self.whose {
            Whose::Principal => [Limit::PrincipalEvents, Limit::PrincipalBytes],
            Whose::Topic => [Limit::TopicEvents, Limit::TopicBytes],
        };
        limits.into_iter().zip([&self.events, &self.bytes]).filter_map(|(limit, one)| Some((limit, one.as_ref()?)))
    }

    /// Why so many units don't pass, in words.
    fn refused(&self, (limit, bucket): (Limit, &Bucket), units: u64, full: Full) -> Refused {
        let unit = limit.unit();
        let (whose, source) = match self.whose {
            Whose::Principal => ("principal", "the gateway's configuration"),
            Whose::Topic => ("topic", "its contract's limits"),
        };
        let per_second = bucket.per_second();
        let named = format!("The limit of {per_second} {unit} a second of {whose} {} ({source})", self.name);
        let refusal = match full {
            Full::For(wait) => {
                let seconds = whole_seconds(wait);
                // Some may have come back since the look.
                let left = bucket.remaining().min(units.saturating_sub(1));
                let are = if units == 1 { "is" } else { "are" };
                let detail =
                    format!("{named} has {left} left, and {units} {are} asked for; come again in {seconds} s.");
                let mut refusal = Refusal::not_written(Code::RateLimited, detail);
                refusal.wait = Some(wait);
                refusal
            }
            Full::Forever => {
                let capacity = bucket.capacity();
                let detail = format!(
                    "{named} lets {capacity} pass at once at most, and here are {units}; send smaller batches."
                );
                Refusal::not_written(Code::TooLarge, detail)
            }
        };
        Refused { limit, refusal }
    }
}
