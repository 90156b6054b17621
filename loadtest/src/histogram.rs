//! Latencies in constant memory, 1.6 % exact. Knows durations, not what took them.

use std::time::Duration;

/// Steps within each power of two.
const STEPS: u64 = 64;
const STEP_BITS: u32 = STEPS.trailing_zeros();
const BUCKETS: usize = (64 - STEP_BITS as usize + 1) << STEP_BITS;

/// Counts of durations, in buckets that grow with them.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Histogram {
    /// Counts one.
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanos)] += 1;
        self.total += 1;
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The least duration that this many thousandths of all counted do not exceed, by its bucket's upper end;
    /// `None` where nothing was counted.
    pub fn per_mille(&self, thousandths: u64) -> Option<Duration> {
        let rank = (self.total * thousandths).div_ceil(1000).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        found.map(|bucket| Duration::from_nanos(upper_end(bucket)))
    }
}

fn bucket(nanos: u64) -> usize {
    let shift = (64 - nanos.leading_zeros()).saturating_sub(STEP_BITS + 1);
    let index = if nanos < STEPS { nanos } else { u64::from(shift) * STEPS + (nanos >> shift) };
    usize::try_from(index).expect("fewer buckets than a usize counts")
}

fn upper_end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * STEPS {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    let top = u128::from(bucket % STEPS + STEPS + 1) << shift;
    u64::try_from(top - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_falls_into_a_bucket_that_ends_at_most_a_64th_above_it() {
        let powers = (0..64).flat_map(|bits| [(1u64 << bits) - 1, 1 << bits, (1 << bits) + 1]);
        for nanos in powers.chain([u64::MAX, 1_234_567, 999_999_937]) {
            let end = upper_end(bucket(nanos));
            assert!(end >= nanos, "{nanos} in a bucket that ends at {end}");
            assert!(end - nanos <= nanos / 64, "{nanos} in a bucket that ends at {end}");
        }
    }

    #[test]
    fn buckets_are_in_order_without_a_gap() {
        assert!((1..BUCKETS).all(|at| bucket(upper_end(at - 1)) == at - 1));
        assert!((1..BUCKETS).all(|at| upper_end(at - 1) == u64::MAX || bucket(upper_end(at - 1) + 1) == at));
    }

    #[test]
    fn percentiles_are_those_of_what_was_counted() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|millis| histogram.record(Duration::from_millis(millis)));
        let near = |thousandths: u64, millis: f64| {
            let found = histogram.per_mille(thousandths).unwrap().as_secs_f64() * 1000.0;
            assert!((millis..=millis * 1.02).contains(&found), "{thousandths}: {found} is not about {millis}");
        };
        near(500, 500.0);
        near(990, 990.0);
        near(1000, 1000.0);
        assert_eq!(histogram.count(), 1000);
        assert_eq!(Histogram::default().per_mille(500), None);
    }
}
