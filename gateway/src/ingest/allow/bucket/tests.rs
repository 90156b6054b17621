//! A bucket against a model that does the same sums in the open, and under many threads.

use std::sync::atomic::AtomicU64;
use std::thread;

use governor::clock::FakeRelativeClock;
use proptest::prelude::*;

use super::*;

fn bucket(per_second: u64, burst: u64) -> (Bucket, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    (Bucket::new(per_second, Duration::from_secs(burst), Ticks::of(clock.clone())), clock)
}

/// A bucket of credit that fills with time: whole cells, in nanoseconds.
struct Model {
    cell: u64,
    interval: u64,
    most: u64,
    credit: u64,
}

impl Model {
    fn of(bucket: &Bucket) -> Self {
        let interval = Nanos::from(bucket.quota.replenish_interval()).as_u64();
        let most = interval * u64::from(bucket.quota.burst_size().get());
        Self { cell: bucket.cell, interval, most, credit: most }
    }

    fn pass(&mut self, time: Duration) {
        self.credit = self.most.min(self.credit + u64::try_from(time.as_nanos()).expect("a short time"));
    }

    fn cost(&self, units: u64) -> u64 {
        units.div_ceil(self.cell) * self.interval
    }

    fn has(&self, units: u64) -> bool {
        self.cost(units) <= self.credit
    }
}

#[derive(Debug, Clone)]
enum Step {
    Take(u64),
    Look(u64),
    TakeAndGiveBack { units: u64, kept: u64 },
    Pass(Duration),
}

fn steps(per_second: u64) -> impl Strategy<Value = Vec<Step>> {
    let units = 0..=per_second * 3;
    let step = prop_oneof![
        3 => units.clone().prop_map(Step::Take),
        1 => units.clone().prop_map(Step::Look),
        2 => (units.clone(), units).prop_map(|(units, kept)| Step::TakeAndGiveBack { units, kept: kept.min(units) }),
        3 => (0..3_000_000_000_u64).prop_map(|nanos| Step::Pass(Duration::from_nanos(nanos))),
        1 => (0..10_000_u64).prop_map(|nanos| Step::Pass(Duration::from_nanos(nanos))),
    ];
    prop::collection::vec(step, 1..60)
}

fn limits() -> impl Strategy<Value = (u64, u64, Vec<Step>)> {
    let per_second = prop_oneof![1..100_u64, 1..3_000_000_u64, 900_000_000..5_000_000_000_u64];
    (per_second, 1..5_u64).prop_flat_map(|(per_second, burst)| (Just(per_second), Just(burst), steps(per_second)))
}

proptest! {
    #[test]
    fn it_does_what_the_model_does((per_second, burst, steps) in limits()) {
        let (bucket, clock) = bucket(per_second, burst);
        let mut model = Model::of(&bucket);
        let (mut passed, mut time) = (0_u128, Duration::ZERO);
        for step in steps {
            match step {
                Step::Take(units) => {
                    let taken = bucket.take(units);
                    prop_assert_eq!(taken.is_ok(), model.has(units));
                    prop_assert_eq!(taken == Err(Full::Forever), model.cost(units) > model.most);
                    if taken.is_ok() {
                        model.credit -= model.cost(units);
                        passed += u128::from(units);
                    }
                    if let Err(Full::For(wait)) = taken {
                        let missing = Duration::from_nanos(model.cost(units) - model.credit);
                        prop_assert_eq!(wait, missing, "the wait is the real one");
                    }
                }
                Step::Look(units) => prop_assert_eq!(bucket.look(units).is_ok(), model.has(units)),
                Step::TakeAndGiveBack { units, kept } => {
                    let since = bucket.now();
                    if bucket.take(units).is_ok() {
                        bucket.give_back(units, kept, since);
                        model.credit -= model.cost(kept);
                        passed += u128::from(kept);
                    }
                }
                Step::Pass(some) => {
                    clock.advance(some);
                    model.pass(some);
                    time += some;
                }
            }
            prop_assert_eq!(bucket.remaining(), model.credit / model.interval * model.cell);
            let most = u128::from(bucket.capacity()) + u128::from(per_second) * time.as_nanos() / 1_000_000_000;
            prop_assert!(passed <= most, "{} passed, and {} may", passed, most);
        }
    }

    #[test]
    fn rounding_costs_a_thousandth_at_most(per_second in prop_oneof![1..2_000_u64, 1..10_000_000_000_u64], burst in 1..4_u64) {
        let (bucket, _) = bucket(per_second, burst);
        let interval = bucket.quota.replenish_interval().as_nanos();
        let real = u128::from(bucket.cell) * 1_000_000_000 * 1_000 / interval;
        prop_assert!(real >= u128::from(per_second) * 999 && real <= u128::from(per_second) * 1_000);
        prop_assert!(bucket.capacity() <= per_second * burst && bucket.capacity() + bucket.cell > per_second * burst);
    }
}

#[test]
fn what_comes_back_by_itself_is_not_given_back_twice() {
    let (bucket, clock) = bucket(10, 1);
    let since = bucket.now();
    bucket.take(5).expect("it is full");
    clock.advance(Duration::from_secs(10));
    bucket.take(10).expect("it is full again");
    bucket.give_back(5, 0, since);
    assert_eq!(bucket.remaining(), 0);
}

#[test]
fn nothing_at_all_always_passes() {
    let (bucket, _clock) = bucket(1, 1);
    bucket.take(1).expect("it is full");
    assert_eq!((bucket.take(0), bucket.take(1)), (Ok(()), Err(Full::For(Duration::from_secs(1)))));
    assert_eq!(bucket.take(2), Err(Full::Forever));
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    for (per_second, burst) in [(u64::MAX, 3_600), (1, 3_600), (u64::MAX / 2, 1)] {
        let (bucket, clock) = bucket(per_second, burst);
        bucket.take(bucket.capacity()).expect("it is full");
        assert_eq!(bucket.take(u64::MAX).is_err(), bucket.look(1).is_err());
        clock.advance(Duration::from_hours(24 * 365 * 10));
        assert_eq!(bucket.remaining(), bucket.capacity());
    }
}

#[test]
fn threads_never_take_more_than_there_is() {
    let (bucket, clock) = bucket(1_000, 1);
    let (taken, moved) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for thread in 0..8 {
            let (bucket, clock, taken, moved) = (&bucket, &clock, &taken, &moved);
            scope.spawn(move || {
                for turn in 0..2_000_u64 {
                    let units = 1 + (turn + thread) % 7;
                    let since = bucket.now();
                    let given_back = turn % 3 == 0;
                    if bucket.take(units).is_ok() {
                        if given_back {
                            bucket.give_back(units, 0, since);
                        } else {
                            taken.fetch_add(units, Ordering::Relaxed);
                        }
                    }
                    if turn % 50 == 0 {
                        moved.fetch_add(1, Ordering::Relaxed);
                        clock.advance(Duration::from_millis(1));
                    }
                }
            });
        }
    });
    let (taken, moved) = (taken.into_inner(), moved.into_inner());
    assert!(taken <= 1_000 + moved, "{taken} of {}", 1_000 + moved);
    assert!(taken >= 1_000, "what was given back could be taken again: {taken}");
    assert!(bucket.remaining() <= 1_000 + moved - taken);
}
