//! Typed reading of a mapping's members. It collects problems instead of stopping, and remembers which names
//! were asked for, so that the others can be called unknown.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::nearest::expected_one_of;
use super::scalar::abridge;
use super::{Kind, Node, Scalar, child_path};
use crate::problem::Problem;

impl Node {
    /// Text of any scalar as it was written: a topic may be named `123` or `on`.
    pub fn string(&self, problems: &mut Vec<Problem>) -> Option<String> {
        self.scalar("text", problems, |scalar| Some(scalar.text.clone()))
    }

    /// Text that is more than white space.
    pub fn text(&self, problems: &mut Vec<Problem>) -> Option<String> {
        let text = self.string(problems)?;
        if text.trim().is_empty() {
            problems.push(self.problem("text", "only white space"));
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub fn boolean(&self, problems: &mut Vec<Problem>) -> Option<bool> {
        self.scalar("true or false", problems, Scalar::as_bool)
    }

    /// A whole number within a range.
    pub fn integer(&self, range: &RangeInclusive<u64>, problems: &mut Vec<Problem>) -> Option<u64> {
        let expected = match (*range.start(), *range.end()) {
            (least, u64::MAX) => format!("a whole number, {least} or more"),
            (least, most) => format!("a whole number from {least} to {most}"),
        };
        self.scalar(&expected, problems, |scalar| {
            scalar.as_integer().and_then(|value| u64::try_from(value).ok()).filter(|value| range.contains(value))
        })
    }

    /// A number that may have a fraction.
    pub fn number(&self, problems: &mut Vec<Problem>) -> Option<f64> {
        self.scalar("a number", problems, Scalar::as_number)
    }

    /// Bytes of a size such as `64KiB`.
    pub fn size(&self, problems: &mut Vec<Problem>) -> Option<u64> {
        self.scalar("a size such as 64KiB", problems, Scalar::as_size)
    }

    /// A duration such as `250ms` or `7d`.
    pub fn duration(&self, problems: &mut Vec<Problem>) -> Option<Duration> {
        self.scalar("a time such as 250ms, 30s or 7d", problems, Scalar::as_duration)
    }

    /// What one of a few known names stands for.
    pub fn one_of<T: Copy>(&self, known: &[(&str, T)], problems: &mut Vec<Problem>) -> Option<T> {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        let found = if let Kind::Scalar(scalar) = &self.kind { scalar.text.as_str() } else { "" };
        let chosen = known.iter().find(|(name, _)| *name == found).map(|(_, value)| *value);
        if chosen.is_none() {
            problems.push(self.mismatch(expected_one_of(found, &names)));
        }
        chosen
    }

    /// The items of a list, each read by `read`; `None` if one of them could not be.
    pub fn list<T>(
        &self,
        problems: &mut Vec<Problem>,
        mut read: impl FnMut(&Node, &mut Vec<Problem>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Kind::List(items) = &self.kind else {
            problems.push(self.mismatch("a list"));
            return None;
        };
        let values: Vec<_> = items.iter().map(|item| read(item, problems)).collect();
        values.into_iter().collect()
    }

    /// The names and values of a mapping that may have any names, each read by `read`.
    pub fn map<T>(
        &self,
        problems: &mut Vec<Problem>,
        mut read: impl FnMut(&str, &Node, &mut Vec<Problem>) -> Option<T>,
    ) -> Option<Vec<(String, T)>> {
        let Kind::Map(members) = &self.kind else {
            problems.push(self.mismatch("a mapping of names to values"));
            return None;
        };
        let values: Vec<_> =
            members.iter().map(|(name, node)| Some((name.clone(), read(name, node, problems)?))).collect();
        values.into_iter().collect()
    }

    /// One text, or a list of them.
    pub fn strings(&self, problems: &mut Vec<Problem>) -> Option<Vec<String>> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(vec![scalar.text.clone()]),
            Kind::List(_) => self.list(problems, Node::string),
            Kind::Null | Kind::Map(_) => {
                problems.push(self.mismatch("text, or a list of texts"));
                None
            }
        }
    }

    fn scalar<T>(
        &self,
        expected: &str,
        problems: &mut Vec<Problem>,
        read: impl FnOnce(&Scalar) -> Option<T>,
    ) -> Option<T> {
        let value = if let Kind::Scalar(scalar) = &self.kind { read(scalar) } else { None };
        if value.is_none() {
            problems.push(self.mismatch(expected));
        }
        value
    }
}

/// A mapping that is being read. Every method adds what is wrong to the problems and answers `None`; ask for all
/// members first and give up afterwards, so that no mistake hides another.
#[derive(Debug)]
pub struct Reader<'n, 'p> {
    node: &'n Node,
    problems: &'p mut Vec<Problem>,
    asked: Vec<&'static str>,
    refused: Vec<&'static str>,
    readable: bool,
}

impl<'n, 'p> Reader<'n, 'p> {
    /// Starts to read. A node that is no mapping is one problem and has no members; an empty document is an
    /// empty mapping.
    pub fn new(node: &'n Node, problems: &'p mut Vec<Problem>) -> Self {
        Self::expecting("a mapping", node, problems)
    }

    /// Starts to read what `expected` describes, where a bare "a mapping" would not help.
    pub fn expecting(expected: &str, node: &'n Node, problems: &'p mut Vec<Problem>) -> Self {
        let readable = match &node.kind {
            Kind::Map(_) => true,
            Kind::Null => node.path.is_empty(),
            Kind::Scalar(_) | Kind::List(_) => false,
        };
        if !readable {
            problems.push(node.mismatch(expected));
        }
        Self { node, problems, asked: Vec::new(), refused: Vec::new(), readable }
    }

    /// The mapping itself.
    pub fn node(&self) -> &'n Node {
        self.node
    }

    /// Where problems that the reader can't see are added.
    pub fn problems(&mut self) -> &mut Vec<Problem> {
        self.problems
    }

    /// The member as it stands; asking makes its name a known one.
    pub fn member(&mut self, name: &'static str) -> Option<&'n Node> {
        if !self.asked.contains(&name) {
            self.asked.push(name);
        }
        self.node.get(name)
    }

    /// A member that may be left out.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'n Node, &mut Vec<Problem>) -> Option<T>,
    ) -> Option<T> {
        let member = self.member(name)?;
        read(member, self.problems)
    }

    /// A member that must be there; `expected` says what it is if it is not.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&'n Node, &mut Vec<Problem>) -> Option<T>,
    ) -> Option<T> {
        if let Some(member) = self.member(name) {
            return read(member, self.problems);
        }
        self.missing(name, expected);
        None
    }

    /// Complains that a member is not there.
    pub fn missing(&mut self, name: &str, expected: &str) {
        if self.readable {
            let mut problem = self.node.problem(expected, "nothing");
            problem.path = child_path(&self.node.path, name);
            self.problems.push(problem);
        }
    }

    /// Refuses a member that may not stand here, with what to do instead. Its name is not offered to others.
    pub fn refuse(&mut self, name: &'static str, expected: &str) {
        self.refused.push(name);
        if let Some(member) = self.node.get(name) {
            self.problems.push(member.mismatch(expected));
        }
    }

    /// Text that must be there and must not be blank.
    pub fn required_string(&mut self, name: &'static str) -> Option<String> {
        self.required(name, "text", Node::text)
    }

    /// Text.
    pub fn string(&mut self, name: &'static str) -> Option<String> {
        self.optional(name, Node::string)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.optional(name, Node::boolean)
    }

    /// A whole number within a range.
    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        self.optional(name, |node, problems| node.integer(&range, problems))
    }

    /// Bytes of a size such as `64KiB`.
    pub fn size(&mut self, name: &'static str) -> Option<u64> {
        self.optional(name, Node::size)
    }

    /// A duration such as `250ms`.
    pub fn duration(&mut self, name: &'static str) -> Option<Duration> {
        self.optional(name, Node::duration)
    }

    /// What one of a few known names stands for.
    pub fn one_of<T: Copy>(&mut self, name: &'static str, known: &[(&str, T)]) -> Option<T> {
        self.optional(name, |node, problems| node.one_of(known, problems))
    }

    /// One text, or a list of them.
    pub fn strings(&mut self, name: &'static str) -> Option<Vec<String>> {
        self.optional(name, Node::strings)
    }

    /// A mapping within this one.
    pub fn section(&mut self, name: &'static str) -> Option<Reader<'n, '_>> {
        let member = self.member(name)?;
        Some(Reader::new(member, self.problems))
    }

    /// A mapping within this one, in words of the caller's if it is something else.
    pub fn section_like(&mut self, name: &'static str, expected: &str) -> Option<Reader<'n, '_>> {
        let member = self.member(name)?;
        Some(Reader::expecting(expected, member, self.problems))
    }

    /// Complains about every member that was not asked for.
    pub fn finish(self) {
        let Kind::Map(members) = &self.node.kind else { return };
        let known = |name: &str| self.asked.contains(&name) || self.refused.contains(&name);
        for (name, member) in members.iter().filter(|(name, _)| !known(name)) {
            self.problems.push(member.problem(expected_one_of(name, &self.asked), abridge(name)));
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests;
