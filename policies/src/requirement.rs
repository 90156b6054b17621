//! What a rule may require of a contract: a small vocabulary, each word with how it is read and judged. Knows no
//! rule's name or action.

use forebay_schemas::contract::Classification;
use forebay_schemas::document::{Kind, Node, Reader};
use forebay_schemas::problem::Problem;

use crate::facts::{Facts, Member};
use crate::words::Words;

/// One requirement.
#[derive(Debug, Clone)]
pub(crate) enum Requirement {
    /// The owner is one of these words.
    Owner(Words),
    /// There is a classification, and it is one of these.
    Classification(Vec<Classification>),
    /// The description has this many characters, white space around it aside.
    Description {
        /// The least number.
        min_length: u64,
    },
    /// These labels are there, with at least one word.
    Labels(Vec<String>),
    /// The contract has this member.
    Member(Member),
}

/// What is wrong with a contract.
pub(crate) struct Fault {
    pub(crate) pointer: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// Reads a rule's `require`.
pub(crate) fn read(node: &Node, problems: &mut Vec<Problem>) -> Vec<Requirement> {
    let before = problems.len();
    let mut reader = Reader::new(node, problems);
    let mut requirements: Vec<_> = [
        reader.optional("owner", Words::read).map(Requirement::Owner),
        reader.optional("classification", read_classification),
        reader.optional("description", read_description),
        reader.optional("labels", read_labels),
    ]
    .into_iter()
    .flatten()
    .collect();
    for (name, member) in Member::NAMES.into_iter().filter(|(_, member)| !Member::LIMITS.contains(member)) {
        requirements.extend(reader.optional(name, read_true).map(|()| Requirement::Member(member)));
    }
    let limits = reader.optional("limits", |node, problems| {
        node.list(problems, |item, problems| item.one_of(&[("bytes_per_event", Member::BytesPerEvent)], problems))
    });
    requirements.extend(limits.into_iter().flatten().map(Requirement::Member));
    reader.finish();
    if requirements.is_empty() && problems.len() == before {
        let expected = "at least one of owner, classification, description, labels, producers, key, id, time, limits";
        problems.push(node.problem(expected, "none"));
    }
    requirements
}

fn read_classification(node: &Node, problems: &mut Vec<Problem>) -> Option<Requirement> {
    let known = Classification::ALL.map(|class| (class.name(), class));
    match &node.kind {
        Kind::Scalar(scalar) if scalar.text == "required" => Some(Classification::ALL.to_vec()),
        Kind::List(items) if !items.is_empty() => node.list(problems, |item, problems| item.one_of(&known, problems)),
        Kind::Null | Kind::Scalar(_) | Kind::List(_) | Kind::Map(_) => {
            problems.push(node.mismatch("required, or a list such as [internal, confidential]"));
            None
        }
    }
    .map(Requirement::Classification)
}

fn read_description(node: &Node, problems: &mut Vec<Problem>) -> Option<Requirement> {
    let mut reader = Reader::expecting("a mapping, as in { min_length: 30 }", node, problems);
    let least = |node: &Node, problems: &mut Vec<Problem>| node.integer(&(1..=10_000), problems);
    let min_length = reader.required("min_length", "a number of characters", least);
    reader.finish();
    min_length.map(|min_length| Requirement::Description { min_length })
}

fn read_labels(node: &Node, problems: &mut Vec<Problem>) -> Option<Requirement> {
    let names = node.list(problems, Node::text)?;
    if names.is_empty() {
        problems.push(node.problem("at least one label's name", "an empty list"));
    }
    Some(Requirement::Labels(names))
}

fn read_true(node: &Node, problems: &mut Vec<Problem>) -> Option<()> {
    let wanted = matches!(&node.kind, Kind::Scalar(scalar) if scalar.as_bool() == Some(true));
    if !wanted {
        problems.push(node.mismatch("true, or no such member"));
    }
    wanted.then_some(())
}

impl Requirement {
    /// What a contract lacks of it.
    pub(crate) fn faults(&self, facts: &Facts<'_>) -> Vec<Fault> {
        match self {
            Self::Owner(words) => {
                let expected = || words.expected(facts.owner);
                fault_unless(words.accept(facts.owner), "/owner", expected, facts.owner)
            }
            Self::Classification(classes) => {
                let kept = facts.classification.is_some_and(|class| classes.contains(&class));
                let found = facts.classification.map_or("nothing", Classification::name);
                let names =
                    || format!("one of {}", classes.iter().map(|class| class.name()).collect::<Vec<_>>().join(", "));
                fault_unless(kept, "/classification", names, found)
            }
            Self::Description { min_length } => {
                let length = facts.description.trim().chars().count();
                let kept = u64::try_from(length).is_ok_and(|length| length >= *min_length);
                let expected = || format!("{min_length} characters or more");
                fault_unless(kept, "/description", expected, &format!("{length}"))
            }
            Self::Labels(names) => names.iter().flat_map(|name| label_faults(name, facts)).collect(),
            Self::Member(member) => {
                let (pointer, expected) = describe(*member);
                fault_unless(facts.members.contains(member), pointer, || expected.to_owned(), "nothing")
            }
        }
    }
}

/// Where a member would stand, and what it is.
fn describe(member: Member) -> (&'static str, &'static str) {
    match member {
        Member::Producers => ("/producers", "a list of those who may write"),
        Member::Key => ("/key", "a key"),
        Member::Id => ("/id", "where an event's id is"),
        Member::Time => ("/time", "where an event's time is"),
        Member::Pii => ("/pii", "which fields are personal, and what becomes of them"),
        Member::Bind => ("/bind", "a field that names the caller"),
        Member::DeadLetter => ("/dead_letter", "a topic for refused events"),
        Member::EventsPerSecond => ("/limits/events_per_second", "a limit such as 5000"),
        Member::BytesPerSecond => ("/limits/bytes_per_second", "a limit such as 8MiB"),
        Member::BytesPerEvent => ("/limits/bytes_per_event", "a limit such as 64KiB"),
    }
}

fn label_faults(name: &str, facts: &Facts<'_>) -> Vec<Fault> {
    let words = facts.labels.and_then(|labels| labels.get(name));
    let kept = words.is_some_and(|words| words.iter().any(|word| !word.trim().is_empty()));
    let pointer = format!("/labels/{}", name.replace('~', "~0").replace('/', "~1"));
    let found = if words.is_some() { "no word" } else { "nothing" };
    fault_unless(kept, &pointer, || format!("a label {name}"), found)
}

fn fault_unless(kept: bool, pointer: &str, expected: impl FnOnce() -> String, found: &str) -> Vec<Fault> {
    if kept {
        return Vec::new();
    }
    vec![Fault { pointer: pointer.to_owned(), expected: expected(), found: found.to_owned() }]
}
