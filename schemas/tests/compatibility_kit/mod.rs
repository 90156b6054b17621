//! What the tests of compatibility share: versions in one line, and what was found in few words.
#![expect(clippy::panic, reason = "how a test fails")]
#![allow(dead_code, reason = "each test file takes what it needs")]

use forebay_schemas::compatibility::{Break, Direction, Kind, Mode, Unreadable, Version, compare};
use forebay_schemas::contract::Message;
use forebay_schemas::schema::{Reference, Schema};

pub(crate) fn schema(text: &str, references: &[(&str, &str)]) -> Schema {
    let reference = |(name, text): &(&str, &str)| Reference { name: (*name).to_owned(), content: (*text).into() };
    Schema { name: "test".to_owned(), content: text.into(), references: references.iter().map(reference).collect() }
}

pub(crate) fn version(schema: &Schema) -> Version<'_> {
    Version { schema, message: &Message::First }
}

pub(crate) fn held(kind: Kind, old: &str, new: &str, mode: Mode) -> Result<Vec<Break>, Unreadable> {
    let (old, new) = (schema(old, &[]), schema(new, &[]));
    compare(kind, &version(&old), &version(&new), mode)
}

pub(crate) fn breaks(kind: Kind, old: &str, new: &str, mode: Mode) -> Vec<Break> {
    held(kind, old, new, mode).unwrap_or_else(|error| panic!("{error}"))
}

/// `←` is hit backward, `→` forward.
pub(crate) fn short(found: &[Break]) -> Vec<String> {
    let arrow = |direction| if direction == Direction::Backward { '←' } else { '→' };
    found.iter().map(|one| format!("{} {} {}", arrow(one.direction), one.rule, one.place)).collect()
}

/// Holds a pair against what is expected, with the roles as they stand and exchanged: what is a break backward is one
/// forward when the versions change places.
pub(crate) fn expect(kind: Kind, old: &str, new: &str, expected: &[&str]) {
    let found = breaks(kind, old, new, Mode::Full);
    assert_eq!(short(&found), expected, "\n{old}\n{new}");
    let of = |mode| breaks(kind, old, new, mode);
    assert_eq!([of(Mode::Backward), of(Mode::Forward)].concat(), found, "full is backward and forward");
    assert_eq!(of(Mode::None), []);
    let exchanged = breaks(kind, new, old, Mode::Full);
    let rules = |found: &[Break], hit: Direction| {
        let mut rules: Vec<&str> = found.iter().filter(|one| one.direction == hit).map(|one| one.rule).collect();
        rules.sort_unstable();
        rules
    };
    assert_eq!(rules(&found, Direction::Backward), rules(&exchanged, Direction::Forward), "\n{old}\n{new}");
    assert_eq!(rules(&found, Direction::Forward), rules(&exchanged, Direction::Backward), "\n{old}\n{new}");
}

/// A report as people see it.
pub(crate) fn report(found: &[Break]) -> String {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
