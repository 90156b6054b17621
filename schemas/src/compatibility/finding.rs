//! Rules and what was found by them; the bound on the work of a comparison. Knows no format.

use super::{Break, Direction, Side, Unreadable};

/// Breaks that are listed a direction. More tell their reader nothing new.
const MAX_BREAKS: usize = 50;
/// Levels of one comparison, for formats whose walk uses the stack.
pub(super) const MAX_DEPTH: usize = 128;
/// Characters of the sentence that says what changed: names may be long.
const MAX_WHAT: usize = 600;
/// Steps of one direction: a second or two. Schemas that people write take thousands.
const MAX_STEPS: u32 = 200_000;

/// What a break does to a reader.
#[derive(Debug, Clone, Copy)]
pub(super) enum Effect {
    /// It fails.
    Fails,
    /// It goes on, with other values than were written.
    Misreads,
    /// It may fail: no way to show that it does not.
    Unproven,
    /// Nothing yet; a later change can make it misread.
    Invites,
    /// Senders of JSON are refused, or have their values read as others.
    JsonDiffers,
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its stable name.
    pub(super) id: &'static str,
    pub(super) effect: Effect,
    /// What to do if readers with the new schema are hit.
    pub(super) backward: &'static str,
    /// What to do if readers with the old schema are hit.
    pub(super) forward: &'static str,
}

const MORE: Rule = Rule {
    id: "compatibility/more",
    effect: Effect::Fails,
    backward: "Mend those above first.",
    forward: "Mend those above first.",
};

/// Why a comparison ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// It needs more steps than it may take.
    Steps,
    /// It goes deeper than it may.
    Depth,
    /// A reference leads nowhere.
    Reference { side: Side, place: String, name: String },
}

impl Stop {
    pub(super) fn unreadable(self) -> Unreadable {
        let both = |expected: String, found: &str| Unreadable { side: None, ..mistake(Side::New, "", expected, found) };
        match self {
            Self::Steps => both(
                format!("schemas that can be compared within {MAX_STEPS} steps"),
                "more branches, fields and references that meet one another than that",
            ),
            Self::Depth => both(
                format!("schemas that can be compared within {MAX_DEPTH} levels"),
                "more references and branches, one inside the other, than that",
            ),
            Self::Reference { side, place, name } => {
                let expected = "a reference into this schema or to one that is handed in with it";
                mistake(side, &place, expected, format!("`{}`", one_line(&name)))
            }
        }
    }
}

/// What one direction's comparison has found so far.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) direction: Direction,
    pub(super) breaks: Vec<Break>,
    steps: u32,
}

impl Findings {
    pub(super) fn new(direction: Direction) -> Self {
        Self { direction, breaks: Vec::new(), steps: 0 }
    }

    /// Counts work.
    pub(super) fn step(&mut self) -> Result<(), Stop> {
        self.steps = self.steps.saturating_add(1);
        if self.steps > MAX_STEPS { Err(Stop::Steps) } else { Ok(()) }
    }

    /// Counts work that goes over a list.
    pub(super) fn steps(&mut self, count: usize) -> Result<(), Stop> {
        self.steps = self.steps.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        self.step()
    }

    /// Whether the old version writes and the new one reads.
    pub(super) fn backward(&self) -> bool {
        self.direction == Direction::Backward
    }

    /// Of a writer's and a reader's: the old version's and the new one's.
    pub(super) fn in_time<T>(&self, writer: T, reader: T) -> (T, T) {
        if self.backward() { (writer, reader) } else { (reader, writer) }
    }

    /// Of a writer's and a reader's: the new version's.
    pub(super) fn newer<T>(&self, writer: T, reader: T) -> T {
        self.in_time(writer, reader).1
    }

    /// Adds a break; `what` is asked for only while there is room.
    pub(super) fn add(&mut self, rule: &Rule, place: &str, line: usize, what: impl FnOnce() -> String) {
        if self.breaks.len() > MAX_BREAKS {
            return;
        }
        let full = self.breaks.len() == MAX_BREAKS;
        let (rule, place, what) =
            if full { (&MORE, "", "there are more breaks than are listed".to_owned()) } else { (rule, place, what()) };
        let found = Break {
            direction: self.direction,
            rule: rule.id,
            place: place.to_owned(),
            line,
            what: one_line(&what),
            consequence: consequence(self.direction, rule.effect),
            remedy: if self.backward() { rule.backward } else { rule.forward },
        };
        if !self.breaks.contains(&found) {
            self.breaks.push(found);
        }
    }
}

/// A sentence whose names make no second line and no page.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(MAX_WHAT));
    for character in text.chars().take(MAX_WHAT) {
        if character.is_control() { line.extend(character.escape_default()) } else { line.push(character) }
    }
    if text.chars().nth(MAX_WHAT).is_some() {
        line.push('…');
    }
    line
}

fn consequence(direction: Direction, effect: Effect) -> &'static str {
    match (direction, effect) {
        (Direction::Backward, Effect::Fails) => "Readers with the new schema fail on events written with the old one.",
        (Direction::Forward, Effect::Fails) => "Readers with the old schema fail on events written with the new one.",
        (Direction::Backward, Effect::Misreads) => {
            "Readers with the new schema take events written with the old one, without an error, for something else."
        }
        (Direction::Forward, Effect::Misreads) => {
            "Readers with the old schema take events written with the new one, without an error, for something else."
        }
        (Direction::Backward, Effect::Unproven) => {
            "It can't be shown that readers with the new schema accept all events written with the old one."
        }
        (Direction::Forward, Effect::Unproven) => {
            "It can't be shown that readers with the old schema accept all events written with the new one."
        }
        (Direction::Backward, Effect::Invites) => {
            "Whoever uses it again makes readers with that schema misread events written with the old one."
        }
        (Direction::Forward, Effect::Invites) => {
            "Whoever uses it again makes readers with the old schema misread the events of that day."
        }
        (Direction::Backward, Effect::JsonDiffers) => {
            "Events in JSON that fit the old schema are refused or read differently with the new one."
        }
        (Direction::Forward, Effect::JsonDiffers) => {
            "Events in JSON that fit the new schema are refused or read differently with the old one."
        }
    }
}

/// Shorthand for a mistake in one version.
pub(super) fn mistake(side: Side, place: &str, expected: impl Into<String>, found: impl Into<String>) -> Unreadable {
    Unreadable {
        side: Some(side),
        reference: None,
        place: place.to_owned(),
        line: 0,
        expected: expected.into(),
        found: found.into(),
    }
}
