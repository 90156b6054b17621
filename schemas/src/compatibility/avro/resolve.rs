//! The walk over a writer's and a reader's type together. Each pair is looked at once, so recursive schemas end.

use std::collections::HashSet;

use super::logical::{self, Change};
use super::matching::{Match, branch, describe, matches};
use super::rules;
use super::schema::{Avro, Id, Shape};
use crate::compatibility::finding::{Findings, Rule, Stop};

/// One direction's walk.
pub(super) struct Resolution<'a> {
    pub(super) writer: &'a Avro,
    pub(super) reader: &'a Avro,
    pub(super) findings: &'a mut Findings,
    seen: HashSet<(Id, Id)>,
    /// Pairs that wait: kept here, not on the stack, since named types may be nested as deeply as there are names.
    pub(super) waiting: Vec<(Id, Id)>,
}

impl<'a> Resolution<'a> {
    pub(super) fn new(writer: &'a Avro, reader: &'a Avro, findings: &'a mut Findings) -> Self {
        Self { writer, reader, findings, seen: HashSet::new(), waiting: vec![(writer.root, reader.root)] }
    }

    /// Looks at every pair that can meet.
    pub(super) fn run(mut self) -> Result<(), Stop> {
        while let Some(pair) = self.waiting.pop() {
            if self.seen.insert(pair) {
                self.findings.step()?;
                let children = self.waiting.len();
                self.pair(pair.0, pair.1)?;
                self.waiting[children..].reverse();
            }
        }
        Ok(())
    }

    fn pair(&mut self, writer: Id, reader: Id) -> Result<(), Stop> {
        let (written, read) = (&self.writer.types[writer].shape, &self.reader.types[reader].shape);
        match (written, read) {
            (Shape::Union(branches), _) => self.written_union(branches, writer, reader),
            (_, Shape::Union(branches)) => {
                self.findings.steps(branches.len())?;
                match branch(written, self.reader, branches) {
                    Some(branch) => self.waiting.push((writer, branch)),
                    None => self.differs(writer, reader),
                }
                Ok(())
            }
            _ if matches(written, read) == Match::None => {
                self.differs(writer, reader);
                Ok(())
            }
            _ => self.inside(writer, reader),
        }
    }

    fn written_union(&mut self, branches: &'a [Id], union: Id, reader: Id) -> Result<(), Stop> {
        for written in branches {
            let shape = &self.writer.types[*written].shape;
            let taken = match &self.reader.types[reader].shape {
                Shape::Union(branches) => {
                    self.findings.steps(branches.len())?;
                    branch(shape, self.reader, branches)
                }
                single => (matches(shape, single) != Match::None).then_some(reader),
            };
            match taken {
                Some(taken) => self.waiting.push((*written, taken)),
                None => self.unknown_branch(*written, union, reader),
            }
        }
        Ok(())
    }

    fn unknown_branch(&mut self, branch: Id, union: Id, reader: Id) {
        let (written, read, backward) = (self.writer, self.reader, self.findings.backward());
        self.add(&rules::BRANCH, union, reader, || {
            let (branch, whole) = (describe(written, branch), describe(read, reader));
            if backward {
                format!("the union had a branch {branch}, which {whole} does not take")
            } else {
                format!("the union has a branch {branch}, which the old version's {whole} does not take")
            }
        });
    }

    /// Two types of which the reader's does not take the writer's.
    fn differs(&mut self, writer: Id, reader: Id) {
        let rule = match (&self.writer.types[writer].shape, &self.reader.types[reader].shape) {
            (Shape::Record { .. }, Shape::Record { .. }) | (Shape::Enum { .. }, Shape::Enum { .. }) => &rules::NAME,
            (Shape::Fixed { name: from, .. }, Shape::Fixed { name: to, .. }) if !to.takes(&from.full) => &rules::NAME,
            (Shape::Fixed { .. }, Shape::Fixed { .. }) => &rules::FIXED,
            _ => &rules::TYPE,
        };
        self.changed(rule, writer, reader);
    }

    /// Two types that match at first sight.
    fn inside(&mut self, writer: Id, reader: Id) -> Result<(), Stop> {
        self.logical(writer, reader);
        match (&self.writer.types[writer].shape, &self.reader.types[reader].shape) {
            (Shape::Array(written), Shape::Array(read)) | (Shape::Map(written), Shape::Map(read)) => {
                self.waiting.push((*written, *read));
            }
            (Shape::Record { fields: written, .. }, Shape::Record { fields: read, .. }) => {
                self.fields(written, read, (writer, reader))?;
            }
            (Shape::Enum { symbols: written, .. }, Shape::Enum { symbols: read, default, .. }) if default.is_none() => {
                self.symbols(written, read, (writer, reader))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn logical(&mut self, writer: Id, reader: Id) {
        let (written, read) = (&self.writer.types[writer], &self.reader.types[reader]);
        let rule = match logical::change(written.logical.as_ref(), read.logical.as_ref()) {
            Change::Harmless => return,
            Change::Decimal => &rules::DECIMAL,
            Change::Meaning => &rules::LOGICAL,
            Change::Uuid => &rules::UUID,
        };
        self.changed(rule, writer, reader);
    }

    fn symbols(&mut self, written: &[String], read: &[String], pair: (Id, Id)) -> Result<(), Stop> {
        self.findings.steps(written.len() + read.len())?;
        let known: HashSet<&String> = read.iter().collect();
        let unknown: Vec<&String> = written.iter().filter(|symbol| !known.contains(symbol)).collect();
        if let Some(first) = unknown.first() {
            let backward = self.findings.backward();
            self.add(&rules::SYMBOL, pair.0, pair.1, || {
                let more = if unknown.len() > 1 { format!(" and {} more", unknown.len() - 1) } else { String::new() };
                if backward {
                    format!("the symbol `{first}`{more} is gone, and the enum has no default")
                } else {
                    format!("the symbol `{first}`{more} is new, and the old version's enum has no default")
                }
            });
        }
        Ok(())
    }

    fn changed(&mut self, rule: &Rule, writer: Id, reader: Id) {
        let (written, read, backward) = (self.writer, self.reader, self.findings.backward());
        self.add(rule, writer, reader, || {
            let (writer, reader) = (describe(written, writer), describe(read, reader));
            let (old, new) = if backward { (writer, reader) } else { (reader, writer) };
            format!("the type was {old} and is {new}")
        });
    }

    pub(super) fn add(&mut self, rule: &Rule, writer: Id, reader: Id, what: impl FnOnce() -> String) {
        let (writer, reader) = (&self.writer.types[writer], &self.reader.types[reader]);
        let place = self.findings.newer(writer, reader).place.clone();
        self.findings.add(rule, &place, 0, what);
    }
}
