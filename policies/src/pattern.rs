//! How topics are named: text with named parts, each with the words it accepts. Knows nothing else of a rule.

use forebay_schemas::document::{Kind, Node, nearest};
use forebay_schemas::problem::Problem;

use crate::words::{Expression, Of, Words, compile_names, whole};

/// What a part without its own words accepts.
pub(crate) const DEFAULT_PART: &str = "[a-z][a-z0-9-]*";
/// The longest pattern that is read, in bytes; Kafka's longest topic is 249.
const MAX_PATTERN: usize = 512;

/// A pattern such as `{domain}.{event}.v{version}`, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    source: String,
    parts: Vec<Part>,
    /// Matches the names that follow the pattern.
    strict: Expression,
    /// Splits a name at the pattern's literal text, whatever its parts are, and gives each part what it accepts where that
    /// is possible: for the explanation.
    loose: Expression,
}

#[derive(Debug, Clone)]
struct Part {
    name: String,
    words: Words,
}

enum Piece<'a> {
    Literal(&'a str),
    Part(&'a str),
}

impl Pattern {
    /// Reads a rule's `pattern` and `where`.
    pub(crate) fn read(pattern: &Node, conditions: Option<&Node>, problems: &mut Vec<Problem>) -> Option<Self> {
        let before = problems.len();
        let source = pattern.text(problems)?;
        let complain = |expected: &str, found: &str| pattern.problem(expected, found);
        if source.len() > MAX_PATTERN {
            problems.push(complain(&format!("a pattern of {MAX_PATTERN} bytes at most"), "a longer one"));
            return None;
        }
        let pieces = match split(&source) {
            Ok(pieces) => pieces,
            Err(found) => {
                problems.push(complain("a pattern with named parts, as in {domain}.{event}.v{version}", found));
                return None;
            }
        };
        let names: Vec<_> = pieces.iter().filter_map(Piece::part).collect();
        let parts = read_parts(&names, conditions, problems);
        if problems.len() > before {
            return None;
        }
        let strict = |name: &str| {
            let part = parts.iter().find(|part| part.name == name);
            part.map(|part| part.words.expression()).unwrap_or_default()
        };
        let loose = |name: &str| format!("{}|.+?", strict(name));
        let compiled = compile_names(&whole(&join(&pieces, strict)))
            .and_then(|strict| Ok((strict, compile_names(&whole(&join(&pieces, loose)))?)));
        match compiled {
            Ok((strict, loose)) => Some(Self { source, parts, strict, loose }),
            Err((expected, found)) => {
                problems.push(complain(&expected, &found));
                None
            }
        }
    }

    /// What is wrong with a name: what was expected and what was found, for each part that is wrong.
    pub(crate) fn faults(&self, name: &str) -> Vec<(String, String)> {
        if self.strict.is_match(name) {
            return Vec::new();
        }
        let whole_name = || vec![(self.source.clone(), name.to_owned())];
        let Some(captures) = self.loose.captures(name) else {
            return whole_name();
        };
        let fault = |(index, part): (usize, &Part)| {
            let found = captures.get(index + 1).map_or("", |capture| capture.as_str());
            let wrong = !part.words.accept(found);
            wrong.then(|| (format!("{} to be {}", part.name, part.words.expected(found)), found.to_owned()))
        };
        let faults: Vec<_> = self.parts.iter().enumerate().filter_map(fault).collect();
        if faults.is_empty() { whole_name() } else { faults }
    }
}

impl<'a> Piece<'a> {
    fn part(&self) -> Option<&'a str> {
        match self {
            Self::Part(name) => Some(name),
            Self::Literal(_) => None,
        }
    }
}

/// Cuts a pattern at its parts; the error is what stands there instead of one.
fn split(source: &str) -> Result<Vec<Piece<'_>>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some(open) = rest.find(['{', '}']) {
        let (literal, braced) = rest.split_at(open);
        let braced = braced.strip_prefix('{').ok_or("a } without its {")?;
        let (name, after) = braced.split_once('}').ok_or("a { without its }")?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Err("a part whose name is not of lower-case letters and underscores");
        }
        if pieces.iter().any(|piece: &Piece<'_>| piece.part() == Some(name)) {
            return Err("a part that is named twice");
        }
        pieces.extend([Piece::Literal(literal), Piece::Part(name)]);
        rest = after;
    }
    pieces.push(Piece::Literal(rest));
    Ok(pieces)
}

fn join(pieces: &[Piece<'_>], part: impl Fn(&str) -> String) -> String {
    let expression = |piece: &Piece<'_>| match piece {
        Piece::Literal(text) => regex::escape(text),
        Piece::Part(name) => format!("({})", part(name)),
    };
    pieces.iter().map(expression).collect()
}

fn read_parts(names: &[&str], conditions: Option<&Node>, problems: &mut Vec<Problem>) -> Vec<Part> {
    if let Some(conditions) = conditions {
        refuse_strangers(names, conditions, problems);
    }
    let mut words = |name: &&str| match conditions.and_then(|conditions| conditions.get(name)) {
        Some(node) => Words::read(node, problems),
        None => Words::matching(DEFAULT_PART, Of::Facts).ok(),
    };
    let part = |name: &&str| Some(Part { words: words(name)?, name: (*name).to_owned() });
    names.iter().filter_map(part).collect()
}

/// Complains about conditions of parts that the pattern doesn't have.
fn refuse_strangers(names: &[&str], conditions: &Node, problems: &mut Vec<Problem>) {
    let Kind::Map(members) = &conditions.kind else {
        problems.push(conditions.mismatch("a mapping of the pattern's parts to their words"));
        return;
    };
    for (name, node) in members.iter().filter(|(name, _)| !names.contains(&name.as_str())) {
        let expected = match nearest(name, names.iter().copied()) {
            Some(meant) => format!("a part of the pattern (did you mean {meant}?)"),
            None => format!("a part of the pattern: {}", names.join(", ")),
        };
        problems.push(node.problem(expected, name));
    }
}

#[cfg(test)]
mod tests {
    use forebay_schemas::document::read;

    use super::*;

    fn pattern(text: &str) -> Result<Pattern, Vec<String>> {
        let node = read("r.yaml", text).unwrap();
        let mut problems = Vec::new();
        let pattern = Pattern::read(node.get("pattern").unwrap(), node.get("where"), &mut problems);
        pattern.ok_or_else(|| problems.iter().map(ToString::to_string).collect())
    }

    const NAMING: &str =
        "{pattern: '{domain}.{entity}.v{version}', where: {domain: [billing, search], version: '[1-9][0-9]*'}}";

    #[test]
    fn a_name_is_explained_part_by_part() {
        let naming = pattern(NAMING).unwrap();
        let faults = |name: &str| -> Vec<_> {
            naming.faults(name).iter().map(|(expected, found)| format!("{expected} | {found}")).collect()
        };
        assert_eq!(faults("billing.invoice.v1"), [""; 0]);
        assert_eq!(
            faults("biling.Invoice.v0"),
            [
                "domain to be one of billing, search (did you mean billing?) | biling",
                "entity to be text that matches [a-z][a-z0-9-]* | Invoice",
                "version to be text that matches [1-9][0-9]* | 0",
            ]
        );
        assert_eq!(faults("orders"), ["{domain}.{entity}.v{version} | orders"]);
        assert_eq!(faults("xbilling.invoice.v1x").len(), 2);
        assert_eq!(faults("billing.invoice.v1\n").len(), 1);
    }

    #[test]
    fn wrong_patterns_say_so() {
        let cases = [
            ("{pattern: '{a'}", "found a { without its }"),
            ("{pattern: 'a}'}", "found a } without its {"),
            ("{pattern: '{a}{a}'}", "found a part that is named twice"),
            ("{pattern: '{A}'}", "found a part whose name is not of lower-case letters and underscores"),
            ("{pattern: '{a}', where: {b: [x]}}", "expected a part of the pattern: a, found b"),
            ("{pattern: '{domain}', where: {domian: [x]}}", "(did you mean domain?), found domian"),
            ("{pattern: '{a}', where: {a: []}}", "expected at least one word, found an empty list"),
            ("{pattern: '{a}', where: {a: '('}}", "found unclosed group"),
            ("{pattern: '{a}', where: {a: 'x)(y'}}", "found unopened group"),
            ("{pattern: '{a}', where: {a: '(?=x)'}}", "look-around"),
            ("{pattern: '{a}', where: {a: '(\\w{1000}){1000}'}}", "found one that takes too much memory"),
            ("{pattern: '{a}', where: [a]}", "expected a mapping of the pattern's parts to their words, found a list"),
        ];
        for (text, expected) in cases {
            let said = pattern(text).unwrap_err().join("\n");
            assert!(said.contains(expected), "{text}: {said}");
        }
    }

    #[test]
    fn text_between_parts_is_literal() {
        let dotted = pattern("{pattern: 'a.{b}+'}").unwrap();
        assert!(dotted.faults("a.x+").is_empty());
        assert!(!dotted.faults("abx+").is_empty());
    }
}
