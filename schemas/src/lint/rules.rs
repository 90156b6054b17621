//! The rules by name: what each is for, and what to do when it is broken. Ids are stable: people filter by them.

use super::Severity;

/// A rule of `lint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its stable id.
    pub id: &'static str,
    /// How much a finding of it weighs, unless the finding says otherwise.
    pub severity: Severity,
    /// What it holds, in a sentence.
    pub holds: &'static str,
    /// What to do where it is broken, in sentences.
    pub remedy: &'static str,
}

/// All rules that stand here; conventions and changes of schemas bring their own ids.
pub const RULES: [Rule; 22] = [
    error(
        "contract/wrong",
        "A contract can be read, and goes together with what lies beside it.",
        "Mend the member. docs/contracts.md lists what each may be.",
    ),
    error(
        "schema/wrong",
        "A schema is of its contract's format, sound and bounded, and its patterns take linear time.",
        "Mend the schema.",
    ),
    error(
        "conventions/wrong",
        "Conventions can be read.",
        "Mend the rule. docs/conventions.md says how one is written.",
    ),
    error(
        "sample/refused",
        "An event in samples/valid is written.",
        "Mend the sample, or the schema if the event is a good one.",
    ),
    error(
        "sample/written",
        "An event in samples/invalid is refused.",
        "Make the schema stricter, or file the event under samples/valid.",
    ),
    error(
        "sample/other-reason",
        "An invalid sample is refused with the code in its name.",
        "Rename the sample, or mend what else is wrong with it.",
    ),
    error(
        "sample/other-record",
        "A valid sample <base>--<how>.json becomes the same record as <base>.json.",
        "Mend the sample, or give it a name of its own without --.",
    ),
    error("sample/name", "A sample's name says what is expected of it.", "Rename the file."),
    warning(
        "sample/none",
        "A contract has samples, both of events that are written and of events that are refused.",
        "Write one as samples/valid/<name>.json, and one as samples/invalid/<code>--<what>.json.",
    ),
    warning(
        "sample/untried",
        "Samples are held to their names.",
        "Lay the schema's file beside the contract and name it there too, as schema.",
    ),
    warning(
        "schema/undocumented",
        "Every field of a schema says what it means.",
        "Say what the field means, its unit, and what its absence means.",
    ),
    warning(
        "schema/ambiguous-union",
        "A bare JSON value can be one branch of a union only.",
        "Let the branch that is meant stand first, let events tag the value, or write unions: tagged into the contract.",
    ),
    warning(
        "schema/slow",
        "A JSON Schema keeps to the keywords that are checked in one pass over the text.",
        "Write it without the keyword if the topic is a busy one; nothing is wrong with it otherwise.",
    ),
    error(
        "change/topic-gone",
        "A topic that had a contract still has one.",
        "Bring the contract back. If the topic is to go, write compatibility: none first, in a change of its own.",
    ),
    error(
        "change/format",
        "Records keep their format.",
        "Make a new topic, with the next version in its name, and let its readers move.",
    ),
    error(
        "change/framing",
        "What stands before a record's payload stays.",
        "Make a new topic, with the next version in its name, and let its readers move.",
    ),
    error(
        "change/key",
        "Where keys come from, and what their bytes are, stays.",
        "Make a new topic, with the next version in its name, and let its readers move.",
    ),
    error(
        "change/partitions",
        "The number of partitions is never less, and stays where records have keys.",
        "Keep the number, or make a new topic with more partitions.",
    ),
    warning(
        "change/subject",
        "A schema stays in its subject.",
        "Keep the subject, or hold the new one's versions against the old one's by hand.",
    ),
    error(
        "change/schema-id",
        "Another schema has another id.",
        "Register the new text and write the id that the registry gives it.",
    ),
    warning(
        "change/loosened",
        "What a contract promises its readers is not loosened by the way.",
        "Loosen compatibility in a change of its own, which the topic's readers can see.",
    ),
    warning(
        "change/unreadable",
        "The earlier version can be read.",
        "Look at the difference yourself; the next comparison will be a full one.",
    ),
];

/// The rule of an id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

const fn error(id: &'static str, holds: &'static str, remedy: &'static str) -> Rule {
    Rule { id, severity: Severity::Error, holds, remedy }
}

const fn warning(id: &'static str, holds: &'static str, remedy: &'static str) -> Rule {
    Rule { id, severity: Severity::Warning, holds, remedy }
}
