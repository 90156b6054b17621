//! Rules as YAML. Knows a rule's members and which go together; what a pattern or a requirement is, they say
//! themselves.

use std::sync::Arc;

use forebay_schemas::document::{self, Kind, Node, Reader};
use forebay_schemas::problem::Problem;

use crate::date::Date;
use crate::decision::{Action, Rollout, Severity};
use crate::pattern::Pattern;
use crate::requirement;
use crate::rule::{Check, Exception, Place, Rule, RuleInfo};
use crate::topics::Topics;

/// The longest name of a rule, in bytes: it goes into answers and reports.
const MAX_NAME: usize = 64;

/// Reads a file: a list of rules, or nothing.
pub(crate) fn read(file: &str, text: &str, problems: &mut Vec<Problem>) -> Vec<Rule> {
    let node = match document::read(file, text) {
        Ok(node) => node,
        Err(found) => {
            problems.extend(found);
            return Vec::new();
        }
    };
    match &node.kind {
        Kind::Null => Vec::new(),
        Kind::List(items) => items.iter().filter_map(|item| read_rule(item, problems)).collect(),
        Kind::Scalar(_) | Kind::Map(_) => {
            problems.push(node.mismatch("a list of rules, each with - name: …"));
            Vec::new()
        }
    }
}

fn read_rule(node: &Node, problems: &mut Vec<Problem>) -> Option<Rule> {
    let mut reader = Reader::expecting("a rule, which is a mapping with name, applies_to and action", node, problems);
    let name = reader.required("name", "the rule's name, such as topic-naming", read_name);
    let place = reader.required("applies_to", "topic or contract", read_place);
    let check = read_check(&mut reader, place);
    let action = reader.required("action", "block or warn", |node, problems| node.one_of(&Action::NAMES, problems));
    let message = reader.optional("message", Node::text);
    let exceptions = reader.optional("except", read_exceptions);
    reader.refuse("when", "no such member (rules over events come later)");
    let rollout = reader.one_of("rollout", &Rollout::NAMES);
    let severity = reader.one_of("severity", &Severity::NAMES);
    reader.finish();
    let action = action?;
    let info = RuleInfo {
        name: name?,
        file: node.place.file.to_string(),
        line: node.place.line,
        place: place?,
        action,
        rollout: rollout.unwrap_or(Rollout::Enforce),
        severity: severity.unwrap_or(Severity::usual(action)),
        on_error: None,
        message,
        why: None,
        fix: None,
        good: None,
        bad: None,
        topics: Topics::default(),
        exceptions: exceptions.unwrap_or_default(),
        when: None,
        needs_whole_event: false,
    };
    Some(Rule { info: Arc::new(info), check: check? })
}

fn read_name(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let name = node.string(problems)?;
    let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.len() <= MAX_NAME;
    if !well_formed {
        let expected = format!("a name of lower-case letters, digits and dashes, {MAX_NAME} at most");
        problems.push(node.mismatch(expected));
        return None;
    }
    Some(name)
}

fn read_place(node: &Node, problems: &mut Vec<Problem>) -> Option<Place> {
    let later = matches!(&node.kind, Kind::Scalar(scalar) if matches!(scalar.text.as_str(), "schema" | "event"));
    if later {
        problems.push(node.mismatch("topic or contract (rules over schemas and events come later)"));
        return None;
    }
    node.one_of(&[("topic", Place::Topic), ("contract", Place::Contract)], problems)
}

/// `pattern` and `where` of a topic's rule, `require` of a contract's; the other's members are refused.
fn read_check(reader: &mut Reader<'_, '_>, place: Option<Place>) -> Option<Check> {
    match place {
        Some(Place::Topic) => {
            let conditions = reader.member("where");
            reader.refuse("require", "no such member (it goes with applies_to: contract)");
            let expected = "how topics are named, as in {domain}.{event}.v{version}";
            let pattern = |node: &Node, problems: &mut Vec<Problem>| Pattern::read(node, conditions, problems);
            reader.required("pattern", expected, pattern).map(Check::Topic)
        }
        Some(Place::Contract) => {
            for member in ["pattern", "where"] {
                reader.refuse(member, "no such member (it goes with applies_to: topic)");
            }
            let expected = "what a contract must have, as in { owner: 'team-.*', classification: required }";
            let require = |node: &Node, problems: &mut Vec<Problem>| Some(requirement::read(node, problems));
            reader.required("require", expected, require).map(Check::Contract)
        }
        _ => {
            for member in ["pattern", "where", "require"] {
                reader.member(member);
            }
            None
        }
    }
}

fn read_exceptions(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<Exception>> {
    let exceptions = node.list(problems, read_exception)?;
    for (index, exception) in exceptions.iter().enumerate() {
        if exceptions[..index].iter().any(|earlier| earlier.topic == exception.topic) {
            let mut problem = node.problem("one exception for a topic", format!("{} again", exception.topic));
            problem.line = exception.line;
            problems.push(problem);
        }
    }
    Some(exceptions)
}

fn read_exception(node: &Node, problems: &mut Vec<Problem>) -> Option<Exception> {
    let expected = "an exception, as in { topic: legacy_orders, reason: …, expires: 2027-03-31 }";
    let mut reader = Reader::expecting(expected, node, problems);
    let topic = reader.required("topic", "the topic's name", Node::text);
    let reason = reader.required("reason", "why the rule doesn't hold for it", Node::text);
    let expires = reader.required("expires", "the last day of the exception, such as 2027-03-31", read_date);
    reader.finish();
    Some(Exception { topic: topic?, reason: reason?, expires: expires?, line: node.place.line })
}

pub(crate) fn read_date(node: &Node, problems: &mut Vec<Problem>) -> Option<Date> {
    let text = node.string(problems)?;
    text.parse().map_err(|_| problems.push(node.mismatch("a day such as 2027-03-31"))).ok()
}
