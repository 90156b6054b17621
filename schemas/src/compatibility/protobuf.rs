//! Protobuf: whether readers of the wire format and senders of JSON go on understanding one another.
//!
//! The rules are those of the language guide's "Updating A Message Type" and of Buf's "Rules and categories", category
//! `WIRE_JSON`: stricter than the wire format alone, since events arrive as JSON, by their fields' and values' names.
//! Compared are the message that events are, the other messages of its file by their names, and whatever these are
//! made of.

mod message;
mod field;
mod enumeration;
mod rules;

use std::collections::HashSet;

use prost_reflect::{DescriptorPool, EnumDescriptor, FileDescriptor, MessageDescriptor};

use super::finding::{Findings, Rule, Stop, mistake};
use super::{Side, Unreadable, Version};
use crate::protobuf::pool::{own_file, pool};
use crate::protobuf::root::find;

/// A version, read.
#[derive(Debug)]
pub(super) struct Read {
    pool: DescriptorPool,
    root: MessageDescriptor,
}

/// Reads a version: a `.proto` file with its imports, or a descriptor set.
pub(super) fn read(version: &Version<'_>, side: Side) -> Result<Read, Unreadable> {
    let pool = pool(version.schema).map_err(|mut mistakes| {
        let first = mistakes.swap_remove(0);
        Unreadable {
            side: Some(side),
            reference: first.reference,
            place: first.path,
            line: first.line.unwrap_or_default(),
            expected: first.expected,
            found: first.found,
        }
    })?;
    let root = find(&pool, version.message).map_err(|none| mistake(side, "", none.expected, none.found))?;
    Ok(Read { pool, root })
}

/// Holds two versions against each other in the findings' direction.
pub(super) fn compare(old: &Read, new: &Read, findings: &mut Findings) -> Result<(), Stop> {
    Comparison { old, new, findings, seen: HashSet::new(), waiting: Vec::new() }.run()
}

struct Comparison<'a> {
    old: &'a Read,
    new: &'a Read,
    findings: &'a mut Findings,
    seen: HashSet<(String, String)>,
    /// Pairs of types that wait: not on the stack, since a chain of them may be as long as the schema.
    waiting: Vec<(Type, Type)>,
}

enum Type {
    Message(MessageDescriptor),
    Enum(EnumDescriptor),
}

impl Comparison<'_> {
    fn run(mut self) -> Result<(), Stop> {
        let package = |read: &Read| read.root.package_name().to_owned();
        let (from, to) = (package(self.old), package(self.new));
        if from != to {
            let what = || format!("the package was `{from}` and is `{to}`");
            self.findings.add(&rules::PACKAGE, "package", 0, what);
        }
        let (from, to) = (self.old.own_name(self.old.root.full_name()), self.new.own_name(self.new.root.full_name()));
        if from != to {
            let what = || format!("events were messages `{from}` and are messages `{to}`");
            self.add(&rules::ROOT, &self.new.root.clone(), &[], to, what);
        }
        self.waiting.push((Type::Message(self.old.root.clone()), Type::Message(self.new.root.clone())));
        self.own_messages()?;
        while let Some(pair) = self.waiting.pop() {
            self.findings.step()?;
            match pair {
                (Type::Message(from), Type::Message(to)) if self.fresh(from.full_name(), to.full_name()) => {
                    self.messages(&from, &to)?;
                }
                (Type::Enum(from), Type::Enum(to)) if self.fresh(from.full_name(), to.full_name()) => {
                    self.enums(&from, &to)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Any message of the file may be named by a record's index list, or be packed into an `Any`.
    fn own_messages(&mut self) -> Result<(), Stop> {
        let Some(file) = own_file(&self.old.pool) else { return Ok(()) };
        let mut messages: Vec<MessageDescriptor> = file.messages().collect();
        while let Some(message) = messages.pop() {
            self.findings.step()?;
            messages.extend(message.child_messages().filter(|child| !child.is_map_entry()));
            let name = self.old.own_name(message.full_name());
            match self.new.named(name) {
                Some(counterpart) => self.waiting.push((Type::Message(message), Type::Message(counterpart))),
                None if message == self.old.root => {}
                None => {
                    let what = || format!("the message `{name}` is gone");
                    self.findings.add(&rules::MESSAGE, name, 0, what);
                }
            }
        }
        Ok(())
    }

    fn fresh(&mut self, from: &str, to: &str) -> bool {
        self.seen.insert((from.to_owned(), to.to_owned()))
    }

    /// Adds a break at an element of a message of the new version: `path` leads to it in the file's descriptor.
    fn add(&mut self, rule: &Rule, near: &MessageDescriptor, path: &[i32], place: &str, what: impl FnOnce() -> String) {
        let path = if path.is_empty() { near.path() } else { path };
        let line = self.new.line(&near.parent_file(), path);
        self.findings.add(rule, place, line, what);
    }
}

impl Read {
    /// A type's name without the package of the version's own file.
    fn own_name<'n>(&self, full: &'n str) -> &'n str {
        let package = self.root.package_name();
        full.strip_prefix(package)
            .and_then(|rest| rest.strip_prefix('.'))
            .filter(|_| !package.is_empty())
            .unwrap_or(full)
    }

    fn named(&self, own_name: &str) -> Option<MessageDescriptor> {
        let package = self.root.package_name();
        let full = if package.is_empty() { own_name.to_owned() } else { format!("{package}.{own_name}") };
        self.pool.get_message_by_name(&full)
    }

    /// The line of an element in the version's own text.
    fn line(&self, file: &FileDescriptor, path: &[i32]) -> usize {
        if own_file(&self.pool).as_ref() != Some(file) {
            return 0;
        }
        let info = file.file_descriptor_proto().source_code_info.as_ref();
        let location = info.and_then(|info| info.location.iter().find(|location| location.path == path));
        let line = location.and_then(|location| location.span.first().copied());
        line.and_then(|line| usize::try_from(line).ok()).map_or(0, |line| line + 1)
    }
}
