//! The slow pass, over an event that the fast one refused: every mismatch, each with its place. Whether a part is
//! accepted is asked of the fast pass, so the two can't differ in what they accept.

use super::program::{Node, NodeId, Program, Record, Union};
use super::union::TAGGED;
use super::write::Writer;
use crate::json::Kind;
use crate::json::pointer::{push_index, push_member};
use crate::pass::{Leaf, Tapped};
use crate::report::{Enough, Gathered, Report, actual, member_name};

/// Reads a whole text that is known to be sound JSON. `writer` stands before its first byte.
pub(crate) fn explain(mut writer: Writer<'_, '_>) -> Report {
    // With a union around everything, each union inside is decided once, however often it is asked.
    writer.trials = 1;
    writer.reader.space();
    let root = writer.program.root;
    let start = writer.out.len();
    let mut explainer = Explainer { writer, found: Gathered::default() };
    // An early end means a full list.
    let _ = explainer.value(root);
    explainer.writer.out.truncate(start);
    Report { mismatches: explainer.found.mismatches, taps: std::mem::take(&mut explainer.writer.memory.taps) }
}

struct Explainer<'e, 'a> {
    writer: Writer<'e, 'a>,
    found: Gathered,
}

impl<'e> Explainer<'e, '_> {
    fn program(&self) -> &'e Program {
        self.writer.program
    }

    fn value(&mut self, id: NodeId) -> Result<(), Enough> {
        let opening = self.writer.reader.byte();
        match &self.program().nodes[id] {
            Node::Tap { slot, leaf, node } => self.tap(*slot, *leaf, *node),
            Node::Omit { node, .. } => self.value(*node),
            Node::Record(record) if opening == b'{' => self.record(record),
            Node::Array { items, picked } if opening == b'[' => self.array(*items, picked),
            Node::Map { values, picked } if opening == b'{' => self.map(*values, picked),
            Node::Union(union) => self.union(id, union),
            _ => self.whole(id),
        }
    }

    /// A value that is accepted as a whole or not at all.
    fn whole(&mut self, id: NodeId) -> Result<(), Enough> {
        let mark = self.writer.mark();
        if self.writer.write(id).is_ok() {
            return Ok(());
        }
        self.writer.rewind(&mark);
        self.refuse_value(id)
    }

    fn tap(&mut self, slot: usize, leaf: Leaf, node: NodeId) -> Result<(), Enough> {
        let (start, before) = (self.writer.reader.at(), self.found.mismatches.len());
        self.value(node)?;
        if self.found.mismatches.len() == before {
            self.writer.memory.taps.note(slot, Tapped { start, end: self.writer.reader.at(), leaf });
        }
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<(), Enough> {
        let mut seen = vec![false; record.fields.len()];
        let parent = self.found.pointer.len();
        self.writer.reader.open()?;
        let mut more = self.writer.reader.first_member()?;
        while more {
            let name = member_name(&mut self.writer.reader)?;
            push_member(&mut self.found.pointer, &name);
            match record.names.find(name.as_bytes()) {
                Some(field) => {
                    seen[field] = true;
                    self.value(record.fields[field].node)?;
                }
                None if self.program().rule.drop_unknown => self.writer.skip()?,
                None => {
                    self.found.refuse("a field the schema knows".to_owned(), "unknown member")?;
                    self.writer.skip()?;
                }
            }
            self.found.pointer.truncate(parent);
            more = self.writer.reader.next_member()?;
        }
        for (field, _) in record.fields.iter().zip(seen).filter(|(field, seen)| !seen && field.absent.is_none()) {
            push_member(&mut self.found.pointer, &String::from_utf8_lossy(field.name()));
            self.found.refuse(self.program().expected(field.node), "missing")?;
            self.found.pointer.truncate(parent);
        }
        Ok(())
    }

    fn array(&mut self, items: NodeId, picked: &[(usize, NodeId)]) -> Result<(), Enough> {
        let parent = self.found.pointer.len();
        self.writer.reader.open()?;
        let mut index = 0;
        let mut more = self.writer.reader.first_item();
        while more {
            push_index(&mut self.found.pointer, index);
            let tapped = picked.iter().find(|(picked, _)| *picked == index);
            self.value(tapped.map_or(items, |(_, node)| *node))?;
            self.found.pointer.truncate(parent);
            index += 1;
            more = self.writer.reader.next_item()?;
        }
        Ok(())
    }

    fn map(&mut self, values: NodeId, picked: &[(String, NodeId)]) -> Result<(), Enough> {
        let parent = self.found.pointer.len();
        self.writer.reader.open()?;
        let mut more = self.writer.reader.first_member()?;
        while more {
            let name = member_name(&mut self.writer.reader)?;
            push_member(&mut self.found.pointer, &name);
            let tapped = picked.iter().find(|(picked, _)| *picked == name);
            self.value(tapped.map_or(values, |(_, node)| *node))?;
            self.found.pointer.truncate(parent);
            more = self.writer.reader.next_member()?;
        }
        Ok(())
    }

    fn union(&mut self, id: NodeId, union: &Union) -> Result<(), Enough> {
        let mark = self.writer.mark();
        if self.writer.write(id).is_ok() {
            return Ok(());
        }
        self.writer.rewind(&mark);
        let kind = self.writer.reader.kind()?;
        let tag = if kind == Kind::Object { self.writer.tag(union)? } else { None };
        let bare = union.candidates[kind as usize].as_slice().iter().copied();
        let mut furthest: Option<(usize, usize)> = None;
        for way in tag.map(|_| TAGGED).into_iter().chain(bare) {
            if self.writer.way(union, way).is_ok() {
                // A union accepts what one of its branches accepts.
                return Ok(());
            }
            let reached = self.writer.reader.at();
            self.writer.rewind(&mark);
            if furthest.is_none_or(|(_, furthest)| reached > furthest) {
                furthest = Some((way, reached));
            }
        }
        match (furthest, tag) {
            (None, _) => self.refuse_value(id),
            (Some((TAGGED, _)), Some(branch)) => self.tagged(union.branches[branch].node),
            (Some((way, _)), _) => self.value(union.branches[way].node),
        }
    }

    fn tagged(&mut self, node: NodeId) -> Result<(), Enough> {
        let parent = self.found.pointer.len();
        self.writer.reader.open()?;
        self.writer.reader.first_member()?;
        let tag = member_name(&mut self.writer.reader)?;
        push_member(&mut self.found.pointer, &tag);
        self.value(node)?;
        self.found.pointer.truncate(parent);
        while self.writer.reader.next_member()? {
            let name = member_name(&mut self.writer.reader)?;
            push_member(&mut self.found.pointer, &name);
            self.found.refuse("no member beside the branch's name".to_owned(), "unknown member")?;
            self.writer.skip()?;
            self.found.pointer.truncate(parent);
        }
        Ok(())
    }

    /// Reports the value at the reader's position and steps over it.
    fn refuse_value(&mut self, id: NodeId) -> Result<(), Enough> {
        let actual = actual(&self.writer.reader, self.program().whole_numbers(id))?;
        self.found.refuse(self.program().expected(id), actual)?;
        Ok(self.writer.skip()?)
    }
}
