//! The slow pass, over an event that the fast one refused: every mismatch, each with its place. Whether a part is
//! accepted is asked of the fast pass, so the two can't differ in what they accept.

use super::collection::push_key;
use super::expected::expected_key;
use super::program::{Entries, Field, Message, Node, NodeId, Program, Shape};
use super::write::Writer;
use crate::json::pointer::{push_index, push_member};
use crate::pass::{Leaf, Stop, Tapped};
use crate::report::{Enough, Gathered, Report, actual, member_name};

const TOO_DEEP: &str = "at most 100 messages inside one another, since parsers read no more";
const _: () = assert!(super::write::MAX_MESSAGES == 100, "the sentence above names the number");

/// Reads a whole text that is known to be sound JSON. `writer` stands before its first byte.
pub(crate) fn explain(mut writer: Writer<'_, '_>) -> Report {
    writer.reader.space();
    let root = writer.program.root;
    let start = writer.out.len();
    let mut explainer = Explainer { writer, found: Gathered::default() };
    // An early end means a full list.
    let _ = match &explainer.program().nodes[root] {
        Node::Message(message) if explainer.writer.reader.byte() == b'{' => explainer.message(message),
        _ => explainer.value(root),
    };
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
        match &self.program().nodes[id] {
            Node::Tap { slot, leaf, node } => self.tap(*slot, *leaf, *node),
            Node::Message(message) if self.writer.reader.byte() == b'{' => {
                self.writer.depth += 1;
                let read = self.message(message);
                self.writer.depth -= 1;
                read
            }
            _ => self.whole(id),
        }
    }

    /// A value that is accepted as a whole or not at all.
    fn whole(&mut self, id: NodeId) -> Result<(), Enough> {
        self.attempt(id, |writer| writer.write(id))
    }

    /// Has the fast pass try something; where it fails, the value is none of the node's.
    fn attempt(
        &mut self,
        id: NodeId,
        write: impl FnOnce(&mut Writer<'_, '_>) -> Result<(), Stop>,
    ) -> Result<(), Enough> {
        let (reader, out, names) = (self.writer.reader, self.writer.out.len(), self.writer.memory.names.depth());
        let taps = self.writer.memory.taps.depth();
        self.writer.too_deep = false;
        let written = write(&mut self.writer);
        self.writer.out.truncate(out);
        if written.is_ok() {
            return Ok(());
        }
        self.writer.memory.taps.rewind(taps);
        self.writer.reader = reader;
        self.writer.memory.names.rewind(names);
        if self.writer.too_deep {
            self.found.refuse(TOO_DEEP.to_owned(), "more")?;
            return Ok(self.writer.skip()?);
        }
        self.refuse_value(id)
    }

    fn tap(&mut self, slot: usize, leaf: Leaf, node: NodeId) -> Result<(), Enough> {
        let (start, before) = (self.writer.reader.at(), self.found.mismatches.len());
        let leaf = if leaf == Leaf::Symbol && self.writer.reader.byte() != b'"' { Leaf::SymbolNumber } else { leaf };
        self.value(node)?;
        if self.found.mismatches.len() == before {
            self.writer.memory.taps.note(slot, Tapped { start, end: self.writer.reader.at(), leaf });
        }
        Ok(())
    }

    fn message(&mut self, message: &Message) -> Result<(), Enough> {
        let mut seen = vec![false; message.fields.len()];
        let mut chosen = vec![false; message.oneofs];
        let parent = self.found.pointer.len();
        self.writer.reader.open()?;
        let mut more = self.writer.reader.first_member()?;
        while more {
            let name = member_name(&mut self.writer.reader)?;
            push_member(&mut self.found.pointer, &name);
            match message.named(name.as_bytes()) {
                Some(place) if seen[place] => {
                    self.found
                        .refuse("a field under one of its names alone".to_owned(), "a second member of this field")?;
                    self.writer.skip()?;
                }
                Some(place) => {
                    seen[place] = true;
                    self.member(&message.fields[place], &mut chosen)?;
                }
                None if self.program().drop_unknown => self.writer.skip()?,
                None => {
                    self.found.refuse("a field the schema knows".to_owned(), "unknown member")?;
                    self.writer.skip()?;
                }
            }
            self.found.pointer.truncate(parent);
            more = self.writer.reader.next_member()?;
        }
        for (field, seen) in message.fields.iter().zip(seen) {
            if !seen && matches!(field.shape, Shape::Required) {
                push_member(&mut self.found.pointer, &String::from_utf8_lossy(field.name()));
                self.found.refuse(self.program().expected(field.node), "missing")?;
                self.found.pointer.truncate(parent);
            }
        }
        Ok(())
    }

    fn member(&mut self, field: &Field, chosen: &mut [bool]) -> Result<(), Enough> {
        if self.writer.reader.byte() == b'n' && !field.null {
            if matches!(field.shape, Shape::Required) {
                return self.refuse_value(field.node);
            }
            return Ok(self.writer.reader.null()?);
        }
        if let Some(oneof) = field.oneof
            && std::mem::replace(&mut chosen[oneof], true)
        {
            self.found.refuse("one member alone of those that exclude one another".to_owned(), "a second one")?;
            return Ok(self.writer.skip()?);
        }
        match &field.shape {
            Shape::List { picked, .. } => self.whole_field(field, |explainer| explainer.list(field, picked)),
            Shape::Map(entries) => self.whole_field(field, |explainer| explainer.map(field, entries)),
            // Its value is no message, and may be as good as absent.
            Shape::Implicit => self.attempt(field.node, |writer| writer.field(field)),
            Shape::Optional | Shape::Required => self.value(field.node),
        }
    }

    /// Notes a list or a map where it is picked as a whole; an empty one is as good as absent.
    fn whole_field(&mut self, field: &Field, read: impl FnOnce(&mut Self) -> Result<(), Enough>) -> Result<(), Enough> {
        let (start, before) = (self.writer.reader.at(), self.found.mismatches.len());
        read(self)?;
        let text = self.writer.reader.slice(start, self.writer.reader.at());
        let empty = text.len() < 2 || text[1..text.len() - 1].trim_ascii().is_empty();
        if self.found.mismatches.len() == before && !empty {
            self.writer.note_whole(field, start);
        }
        Ok(())
    }

    fn list(&mut self, field: &Field, picked: &[(usize, NodeId)]) -> Result<(), Enough> {
        if self.writer.reader.byte() != b'[' {
            return self.refuse_as("an array");
        }
        let parent = self.found.pointer.len();
        self.writer.reader.open()?;
        let mut index = 0;
        let mut more = self.writer.reader.first_item();
        while more {
            push_index(&mut self.found.pointer, index);
            let tapped = picked.iter().find(|(picked, _)| *picked == index);
            self.value(tapped.map_or(field.node, |(_, node)| *node))?;
            self.found.pointer.truncate(parent);
            index += 1;
            more = self.writer.reader.next_item()?;
        }
        Ok(())
    }

    fn map(&mut self, field: &Field, entries: &Entries) -> Result<(), Enough> {
        if self.writer.reader.byte() != b'{' {
            return self.refuse_as("an object");
        }
        let parent = self.found.pointer.len();
        self.writer.reader.open()?;
        let mut more = self.writer.reader.first_member()?;
        while more {
            let name = member_name(&mut self.writer.reader)?;
            push_member(&mut self.found.pointer, &name);
            if push_key(&mut Vec::new(), entries.key, name.as_bytes()).is_err() {
                self.found.refuse(expected_key(entries.key).to_owned(), "another name")?;
            }
            let pick = entries.picked.iter().find(|pick| pick.key == name);
            self.writer.depth += 1;
            let read = self.value(pick.map_or(field.node, |pick| pick.node));
            self.writer.depth -= 1;
            read?;
            self.found.pointer.truncate(parent);
            more = self.writer.reader.next_member()?;
        }
        Ok(())
    }

    /// Reports the value at the reader's position and steps over it.
    fn refuse_value(&mut self, id: NodeId) -> Result<(), Enough> {
        let actual = actual(&self.writer.reader, self.program().whole_numbers(id))?;
        self.found.refuse(self.program().expected(id), actual)?;
        Ok(self.writer.skip()?)
    }

    fn refuse_as(&mut self, expected: &str) -> Result<(), Enough> {
        let actual = self.writer.reader.kind()?.name();
        self.found.refuse(expected.to_owned(), actual)?;
        Ok(self.writer.skip()?)
    }
}
