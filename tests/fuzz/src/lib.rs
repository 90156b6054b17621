//! Fuzz targets that are plain tests as well. Under `cargo bolero` a fuzzer chooses the inputs; under `cargo test` they
//! are the same ones in every run, so that what a change did not break does not turn red. bolero's own engine takes
//! other inputs each time: `BOLERO_RANDOM_SEED` gives it one case to begin with, not the sequence.
//!
//! ```no_run
//! forebay_fuzz::fuzz!(5_000).for_each(|bytes: &[u8]| {
//!     let _ = std::str::from_utf8(bytes);
//! });
//! ```

use std::fmt::Debug;

use bolero_engine::{Engine, Test, driver, input::Bytes, panic};

#[doc(hidden)]
pub use bolero::{TestTarget, check};

/// The longest input, as a power of two.
const LONGEST: u32 = 12;

/// A fuzz target with so many cases under `cargo test`: `fuzz!(COUNT).for_each(…)`, with bolero's generators in between.
#[macro_export]
macro_rules! fuzz {
    ($cases:expr) => {{
        let fuzzed = $crate::check!();
        $crate::target!(fuzzed, $cases)
    }};
}

/// The target that a fuzzer runs.
#[cfg(fuzzing)]
#[doc(hidden)]
#[macro_export]
macro_rules! target {
    ($fuzzed:ident, $cases:expr) => {
        $fuzzed.with_iterations($cases)
    };
}

/// The target that a test runs.
#[cfg(not(fuzzing))]
#[doc(hidden)]
#[macro_export]
macro_rules! target {
    ($fuzzed:ident, $cases:expr) => {{
        drop($fuzzed);
        $crate::TestTarget::new($crate::Cases::new($cases))
    }};
}

/// So many inputs, all told by a seed.
#[derive(Debug, Clone, Copy)]
pub struct Cases {
    count: usize,
    seed: u64,
}

impl Cases {
    /// `BOLERO_RANDOM_SEED` and `BOLERO_RANDOM_ITERATIONS` name another seed, and another count.
    ///
    /// # Panics
    /// Where these are set and are no numbers.
    pub fn new(count: usize) -> Self {
        let named = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number in the environment"));
        let count = named("BOLERO_RANDOM_ITERATIONS").and_then(|count| usize::try_from(count).ok()).unwrap_or(count);
        Self { count, seed: named("BOLERO_RANDOM_SEED").unwrap_or_default() }
    }
}

impl<T: Test> Engine<T> for Cases
where
    T::Value: Debug,
{
    type Output = ();

    fn run(self, mut test: T, options: driver::Options) {
        let mut numbers = fastrand::Rng::with_seed(self.seed);
        panic::set_hook();
        panic::forward_panic(false);
        let failed = (0..self.count).find_map(|_| {
            let bytes = any_bytes(&mut numbers);
            let error = test.test(&mut Bytes::new(&bytes, &options)).err()?;
            let shrunk = test.shrink(bytes, None, &options);
            Some(shrunk.map_or_else(|| error.to_string(), |failure| failure.to_string()))
        });
        panic::forward_panic(true);
        assert!(failed.is_none(), "with BOLERO_RANDOM_SEED={}: {}", self.seed, failed.unwrap_or_default());
    }
}

/// Short ones as often as long ones.
fn any_bytes(numbers: &mut fastrand::Rng) -> Vec<u8> {
    let most = 1 << numbers.u32(0..=LONGEST);
    let length = numbers.usize(0..=most);
    let mut bytes = vec![0; length];
    numbers.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn seen(count: usize) -> Vec<Vec<u8>> {
        let seen = AssertUnwindSafe(RefCell::new(Vec::new()));
        TestTarget::new(Cases { count, seed: 7 }).for_each(|bytes: &[u8]| seen.borrow_mut().push(bytes.to_vec()));
        seen.0.into_inner()
    }

    #[test]
    fn every_run_sees_the_same() {
        let first = seen(100);
        assert_eq!(first, seen(100));
        assert_eq!(first[..50], seen(50));
        assert!(first.iter().any(|bytes| bytes.len() < 4) && first.iter().any(|bytes| bytes.len() > 1024));
    }

    #[test]
    fn what_fails_is_shown_as_short_as_it_can_be() {
        let run = || {
            TestTarget::new(Cases { count: 1000, seed: 7 }).for_each(|bytes: &[u8]| assert!(!bytes.contains(&b'!')));
        };
        let failure = catch_unwind(run).expect_err("some input has the byte");
        let text = failure.downcast_ref::<String>().expect("it is told in text");
        assert!(text.starts_with("with BOLERO_RANDOM_SEED=7:") && text.contains("Length: 1"), "{text}");
    }
}
