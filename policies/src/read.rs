//! Rules as YAML. Knows a rule's members and which go together; what a pattern or a requirement is, they say
//! themselves.

use std::sync::Arc;

use forebay_schemas::document::{self, Kind, Node, Reader};
use forebay_schemas::problem::Problem;

use crate::cel::Program;
use crate::date::Date;
use crate::decision::{Action, Rollout, Severity};
use crate::pattern::Pattern;
use crate::requirement;
use crate::rule::{Check, Exception, Place, Rule, RuleInfo, When};
use crate::topics::Topics;

/// The longest name of a rule, in bytes: it goes into answers and reports.
const MAX_NAME: usize = 64;
/// The longest message and the longest fix, in characters: each refused event carries them.
const MAX_WORDS: usize = 500;
/// The longest pattern of topics' names, in bytes: as long as Kafka's longest name.
const MAX_TOPIC: usize = 249;

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
    let place = reader.required("applies_to", "topic, contract, schema or event", |node, problems| {
        node.one_of(&Place::NAMES, problems)
    });
    let topics = reader.optional("topics", read_topics);
    let check = read_check(&mut reader, place);
    let action = reader.required("action", "block or warn", |node, problems| node.one_of(&Action::NAMES, problems));
    let rollout = reader.one_of("rollout", &Rollout::NAMES);
    let severity = reader.one_of("severity", &Severity::NAMES);
    let on_error = read_on_error(&mut reader);
    let message = reader.optional("message", read_words);
    let why = reader.optional("why", Node::text);
    let fix = reader.optional("fix", read_words);
    let [good, bad] = ["good", "bad"].map(|member| reader.optional(member, Node::text));
    let exceptions = reader.optional("except", read_exceptions);
    reader.finish();
    let (action, check) = (action?, check?);
    let program = if let Check::When(when) = &check { Some(&when.program) } else { None };
    let info = RuleInfo {
        name: name?,
        file: node.place.file.to_string(),
        line: node.place.line,
        place: place?,
        action,
        rollout: rollout.unwrap_or(Rollout::Enforce),
        severity: severity.unwrap_or(Severity::usual(action)),
        on_error: program.map(|_| on_error.unwrap_or(action)),
        message,
        why,
        fix,
        good,
        bad,
        topics: topics.unwrap_or_default(),
        exceptions: exceptions.unwrap_or_default(),
        when: program.map(|program| program.text.clone()),
        needs_whole_event: program.is_some_and(|program| program.needs_whole_event()),
        needs_headers: check.needs_headers(),
        needs_principal: check.needs_principal(),
    };
    Some(Rule { info: Arc::new(info), check })
}

/// What follows when an expression can't be judged; only a rule that has one says so.
fn read_on_error(reader: &mut Reader<'_, '_>) -> Option<Action> {
    if reader.node().get("when").is_none() {
        reader.refuse("on_error", "no such member (it goes with when)");
        return None;
    }
    reader.one_of("on_error", &Action::NAMES)
}

/// Whether Kafka could have a topic of this name, as far as its characters go.
fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) && name.len() <= MAX_TOPIC
}

/// Patterns of topics' names.
fn read_topics(node: &Node, problems: &mut Vec<Problem>) -> Option<Topics> {
    let patterns = node.list(problems, |item, problems| {
        let pattern = item.text(problems)?;
        if !is_name(&pattern.replace('*', "")) || pattern.len() > MAX_TOPIC {
            let expected = "a topic's name, in which * stands for any run of characters, as in billing.*";
            problems.push(item.mismatch(expected));
            return None;
        }
        Some(pattern)
    })?;
    if patterns.is_empty() {
        problems.push(node.problem("at least one topic, or no such member for all", "an empty list"));
    }
    Some(Topics(patterns))
}

/// Words that go to whoever breaks the rule.
fn read_words(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let words = node.text(problems)?;
    let count = words.chars().count();
    if count > MAX_WORDS {
        let expected = format!("{MAX_WORDS} characters at most, since every refused event carries them");
        problems.push(node.problem(expected, format!("{count}")));
        return None;
    }
    Some(words)
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

/// What a rule looks for: a topic's has `pattern` and `where`, all have `require` or `when`. One of them.
fn read_check(reader: &mut Reader<'_, '_>, place: Option<Place>) -> Option<Check> {
    let Some(place) = place else {
        for member in ["pattern", "where", "require", "when"] {
            reader.member(member);
        }
        return None;
    };
    let node = reader.node();
    let forms: &[&'static str] =
        if place == Place::Topic { &["pattern", "require", "when"] } else { &["require", "when"] };
    if place != Place::Topic {
        for member in ["pattern", "where"] {
            reader.refuse(member, "no such member (it goes with applies_to: topic)");
        }
    }
    let mut written = forms.iter().filter(|form| node.get(form).is_some());
    let (first, second) = (written.next(), written.next());
    if let (Some(first), Some(second)) = (first, second) {
        reader.refuse(second, &format!("no such member (the rule has {first} already; write another rule)"));
    }
    for form in forms {
        reader.member(form);
    }
    match first.copied() {
        Some("pattern") => {
            let conditions = reader.member("where");
            reader.optional("pattern", |node, problems| Pattern::read(node, conditions, problems)).map(Check::Pattern)
        }
        Some("when") => reader.optional("when", |node, problems| read_when(node, place, problems)),
        Some(_) => reader.optional("require", |node, problems| {
            Some(match place {
                Place::Topic => Check::Topic(requirement::topic::read(node, problems)),
                Place::Contract => Check::Contract(requirement::contract::read(node, problems)),
                Place::Schema => Check::Schema(requirement::schema::read(node, problems)),
                Place::Event => Check::Event(requirement::event::read(node, problems)),
            })
        }),
        None => {
            let (member, expected) = match place {
                Place::Topic => ("pattern", "how topics are named, as in {domain}.{event}.v{version}"),
                Place::Contract => {
                    ("require", "what a contract must have, as in { owner: 'team-.*', classification: required }")
                }
                Place::Schema => ("require", "what a schema must have, as in { documented_fields: true }"),
                Place::Event => ("when", "when an event breaks the rule, as in event.total < 0"),
            };
            reader.missing(member, expected);
            None
        }
    }
}

fn read_when(node: &Node, place: Place, problems: &mut Vec<Problem>) -> Option<Check> {
    let text = node.text(problems)?;
    match Program::compile(&text, place) {
        Ok(program) => {
            let (program, path) = (Arc::new(program), node.path.clone());
            Some(Check::When(When { program, line: node.place.line, path }))
        }
        Err((expected, found)) => {
            problems.push(node.problem(expected, found));
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
    let topic = reader.required("topic", "the topic's name", |node, problems| {
        let topic = node.text(problems)?;
        if !is_name(&topic) {
            problems.push(node.mismatch("one topic's name, without * (topics says which topics a rule is for)"));
            return None;
        }
        Some(topic)
    });
    let reason = reader.required("reason", "why the rule doesn't hold for it", Node::text);
    let expires = reader.required("expires", "the last day of the exception, such as 2027-03-31", read_date);
    reader.finish();
    Some(Exception { topic: topic?, reason: reason?, expires: expires?, line: node.place.line })
}

pub(crate) fn read_date(node: &Node, problems: &mut Vec<Problem>) -> Option<Date> {
    let text = node.string(problems)?;
    text.parse().map_err(|_| problems.push(node.mismatch("a day such as 2027-03-31"))).ok()
}
