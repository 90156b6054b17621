//! What a rule may require of a contract: a small vocabulary, each word with how it is read and judged. Knows no
//! rule's name or action.

use forebay_schemas::contract::{Classification, Compatibility};
use forebay_schemas::document::{Kind, Node, Reader};
use forebay_schemas::problem::Problem;

use super::{Fault, fault_unless, read_true, refuse_none};
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
    /// It says what is personal, if it is of one of these classes.
    PiiFor(Vec<Classification>),
    /// It has a key, if Kafka keeps only the last record of each.
    KeyWhenCompacted,
    /// A new version of its schema must not break one of these, if it has a schema.
    Compatibility(Vec<Compatibility>),
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
        reader.optional("pii", read_pii),
        reader.optional("key_when_compacted", read_true).map(|()| Requirement::KeyWhenCompacted),
        reader.optional("compatibility", read_compatibility),
    ]
    .into_iter()
    .flatten()
    .collect();
    let here = |member: Member| member == Member::Pii || Member::LIMITS.contains(&member);
    for (name, member) in Member::NAMES.into_iter().filter(|(_, member)| !here(*member)) {
        requirements.extend(reader.optional(name, read_true).map(|()| Requirement::Member(member)));
    }
    let limits = reader.optional("limits", |node, problems| {
        let known: Vec<_> = Member::NAMES.into_iter().filter(|(_, member)| Member::LIMITS.contains(member)).collect();
        node.list(problems, |item, problems| item.one_of(&known, problems))
    });
    requirements.extend(limits.into_iter().flatten().map(Requirement::Member));
    reader.finish();
    let empty = requirements.is_empty() && problems.len() == before;
    refuse_none(empty, node, "{ owner: 'team-.*', key: true }", problems);
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

/// `true`, or the classes for which it holds.
fn read_pii(node: &Node, problems: &mut Vec<Problem>) -> Option<Requirement> {
    if matches!(node.kind, Kind::Scalar(_)) {
        return read_true(node, problems).map(|()| Requirement::Member(Member::Pii));
    }
    let mut reader = Reader::expecting("true, or a mapping as in { for: [confidential, restricted] }", node, problems);
    let known = Classification::ALL.map(|class| (class.name(), class));
    let classes =
        |node: &Node, problems: &mut Vec<Problem>| node.list(problems, |item, problems| item.one_of(&known, problems));
    let classes = reader.required("for", "a list of classifications, as in [confidential, restricted]", classes);
    reader.finish();
    classes.map(Requirement::PiiFor)
}

fn read_compatibility(node: &Node, problems: &mut Vec<Problem>) -> Option<Requirement> {
    let known = Compatibility::ALL.map(|one| (one.name(), one));
    let modes = node.list(problems, |item, problems| item.one_of(&known, problems))?;
    if modes.is_empty() {
        problems.push(node.problem("at least one of none, backward, forward, full", "an empty list"));
    }
    Some(Requirement::Compatibility(modes))
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
                // There may be a list that lets in everyone.
                let found = if *member == Member::Producers { "none" } else { "nothing" };
                fault_unless(facts.members.contains(member), pointer, || expected.to_owned(), found)
            }
            Self::PiiFor(classes) => {
                let asked = facts.classification.filter(|class| classes.contains(class));
                let kept = asked.is_none() || facts.members.contains(&Member::Pii);
                let class = asked.map_or("", Classification::name);
                let expected = || format!("which fields are personal, since the events are {class}");
                fault_unless(kept, "/pii", expected, "nothing")
            }
            Self::KeyWhenCompacted => {
                let kept = !facts.compacted || facts.members.contains(&Member::Key);
                let expected = || "a key, since Kafka keeps only the last record of each".to_owned();
                fault_unless(kept, "/key", expected, "nothing")
            }
            Self::Compatibility(modes) => {
                let kept = facts.compatibility.is_none_or(|mode| modes.contains(&mode));
                let names =
                    || format!("one of {}", modes.iter().map(|mode| mode.name()).collect::<Vec<_>>().join(", "));
                let found = facts.compatibility.map_or("nothing", Compatibility::name);
                fault_unless(kept, "/value/compatibility", names, found)
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
