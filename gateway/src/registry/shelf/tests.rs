//! What is remembered, for how long, and what is forgotten first.

use super::*;
use crate::registry::failure::Missing;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Fixed(u32),
    Moving(u32),
}

impl Name for Key {
    type Value = String;

    fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    fn cost(value: &String) -> usize {
        value.len()
    }
}

const GONE: Failure = Failure::NotFound(Missing::Schema);

fn shelf() -> (Shelf<Key>, Instant) {
    let second = Duration::from_secs(1);
    (Shelf::new(Limits { entries: 3, bytes: 100, refresh: 30 * second, negative: 10 * second }), Instant::now())
}

fn text(of: &str) -> String {
    of.to_owned()
}

fn later(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

#[test]
fn the_fixed_stays_fresh_and_the_moving_comes_due() {
    let (shelf, start) = shelf();
    shelf.put(Key::Fixed(1), text("a"), start);
    shelf.put(Key::Moving(1), text("b"), start);
    assert_eq!(shelf.find(&Key::Fixed(1), later(start, 1_000_000)), Found::Fresh(text("a")));
    assert_eq!(shelf.find(&Key::Moving(1), later(start, 29)), Found::Fresh(text("b")));
    assert_eq!(shelf.find(&Key::Moving(1), later(start, 30)), Found::Due(text("b")));
    assert_eq!(shelf.count(), (2, 0));
}

#[test]
fn while_the_registry_is_away_the_old_is_given_for_ever() {
    let (shelf, start) = shelf();
    shelf.put(Key::Moving(1), text("b"), start);
    let mut now = start;
    for _ in 0..1_000 {
        now = later(now, 60);
        assert_eq!(shelf.find(&Key::Moving(1), now), Found::Due(text("b")));
        shelf.postpone(&Key::Moving(1), now);
        assert_eq!(shelf.find(&Key::Moving(1), later(now, 20)), Found::Fresh(text("b")));
        assert_eq!(shelf.count(), (1, 1));
    }
    shelf.put(Key::Moving(1), text("c"), now);
    assert_eq!(shelf.find(&Key::Moving(1), now), Found::Fresh(text("c")));
    assert_eq!(shelf.count(), (1, 0));
}

#[test]
fn the_restored_is_told_from_the_confirmed() {
    let (shelf, start) = shelf();
    shelf.restore(Key::Fixed(1), text("a"), start);
    assert_eq!(shelf.find(&Key::Fixed(1), start), Found::Restored(text("a")));
    assert!(!shelf.is_confirmed(&Key::Fixed(1)));
    shelf.postpone(&Key::Fixed(1), start);
    assert_eq!(shelf.count(), (1, 1));
    assert_eq!(shelf.due(start, later(start, 60)), [Key::Fixed(1)], "though it is postponed, and nobody asks");
    shelf.put(Key::Fixed(1), text("a"), start);
    assert!(shelf.is_confirmed(&Key::Fixed(1)));
    assert_eq!(shelf.due(later(start, 60), start), []);
}

#[test]
fn what_is_not_there_is_believed_for_a_while() {
    let (shelf, start) = shelf();
    shelf.put(Key::Moving(1), text("b"), start);
    shelf.miss(Key::Moving(1), GONE, start);
    assert_eq!(shelf.find(&Key::Moving(1), later(start, 7)), Found::Missing(GONE));
    assert_eq!(shelf.find(&Key::Moving(1), later(start, 13)), Found::Nothing);
    shelf.miss(Key::Moving(1), GONE, start);
    shelf.put(Key::Moving(1), text("c"), start);
    assert_eq!(shelf.find(&Key::Moving(1), start), Found::Fresh(text("c")));
}

#[test]
fn the_least_recently_used_goes_first() {
    let (shelf, start) = shelf();
    for key in 0..3 {
        shelf.put(Key::Fixed(key), text("a"), start);
    }
    shelf.find(&Key::Fixed(0), start);
    shelf.put(Key::Fixed(3), text("a"), start);
    let mut left: Vec<_> = shelf.all().into_iter().map(|(key, _)| key).collect();
    left.sort_by_key(|key| match key {
        Key::Fixed(number) | Key::Moving(number) => *number,
    });
    assert_eq!(left, [Key::Fixed(0), Key::Fixed(2), Key::Fixed(3)]);
}

#[test]
fn bytes_are_bounded_and_given_back() {
    let (shelf, start) = shelf();
    shelf.put(Key::Fixed(0), "a".repeat(60), start);
    shelf.put(Key::Fixed(1), "a".repeat(60), start);
    assert_eq!(shelf.find(&Key::Fixed(0), start), Found::Nothing);
    shelf.put(Key::Fixed(2), "a".repeat(101), start);
    assert_eq!(shelf.find(&Key::Fixed(2), start), Found::Nothing, "too large to be kept");
    for _ in 0..10 {
        shelf.put(Key::Fixed(1), "a".repeat(60), start);
    }
    shelf.put(Key::Fixed(3), "a".repeat(40), start);
    assert_eq!(shelf.count().0, 2, "what is replaced gives its bytes back");
}

#[test]
fn a_flood_of_what_is_not_there_forgets_nothing_that_is() {
    let (shelf, start) = shelf();
    shelf.put(Key::Fixed(1), text("a"), start);
    for key in 0..10_000 {
        shelf.miss(Key::Moving(key), GONE, start);
    }
    assert_eq!(shelf.find(&Key::Fixed(1), start), Found::Fresh(text("a")));
    let missing = (0..10_000).filter(|key| shelf.look(&Key::Moving(*key), start) == Found::Missing(GONE)).count();
    assert_eq!(missing, 3);
}

#[test]
fn only_what_is_new_is_a_change() {
    let (shelf, start) = shelf();
    shelf.put(Key::Moving(1), text("b"), start);
    let changes = shelf.changes();
    shelf.put(Key::Moving(1), text("b"), later(start, 30));
    shelf.postpone(&Key::Moving(1), later(start, 60));
    assert_eq!(shelf.changes(), changes);
    shelf.put(Key::Moving(1), text("c"), later(start, 60));
    assert_ne!(shelf.changes(), changes);
}

#[test]
fn what_nobody_asks_for_is_not_kept_fresh() {
    let (shelf, start) = shelf();
    shelf.put(Key::Moving(1), text("a"), start);
    shelf.put(Key::Moving(2), text("b"), start);
    shelf.find(&Key::Moving(2), later(start, 50));
    assert_eq!(shelf.due(later(start, 60), later(start, 40)), [Key::Moving(2)]);
    shelf.put(Key::Moving(2), text("b"), later(start, 60));
    assert_eq!(shelf.due(later(start, 120), later(start, 100)), [], "a refresh is not a use");
}
