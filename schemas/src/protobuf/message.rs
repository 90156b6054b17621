//! Messages: members are expected in the order of the fields' numbers and written as they come. Where the order
//! differs, they are still written as they come, and put in order at the message's end: equal events become equal
//! bytes, and the bytes that other libraries would write.

use super::program::{Field, Message, NodeId, Shape};
use super::write::Writer;
use crate::json::names::Open;
use crate::pass::{self, Leaf, Stop, Tapped};

/// A message that is being written.
struct Progress {
    /// Where its bytes start in the output.
    start: usize,
    /// Where its bits start in memory.
    seen: usize,
    /// Where its pieces start in memory.
    pieces: usize,
    /// The field that is expected next.
    next: usize,
    /// Whether the output so far is in order.
    ordered: bool,
}

impl Writer<'_, '_> {
    pub(super) fn message(&mut self, message: &Message) -> Result<(), Stop> {
        if self.reader.byte() != b'{' {
            return Err(Stop::Mismatch);
        }
        self.reader.open()?;
        let space = &mut self.memory.protobuf;
        let (seen, pieces) = (space.seen.len(), space.pieces.len());
        let mut progress = Progress { start: self.out.len(), seen, pieces, next: 0, ordered: true };
        space.seen.resize(seen + (message.fields.len() + message.oneofs).div_ceil(64), 0);
        let mut unknown = None;
        let mut more = self.reader.first_member()?;
        while more {
            match self.member_field(message, progress.next)? {
                Some(field) => self.member(message, &mut progress, field)?,
                None => self.unknown_member(&mut unknown)?,
            }
            more = self.reader.next_member()?;
        }
        if let Some(open) = unknown {
            self.memory.names.close(open);
        }
        self.all_required(message, &progress)?;
        if !progress.ordered {
            self.put_in_order(&progress);
        }
        self.memory.protobuf.seen.truncate(progress.seen);
        self.memory.protobuf.pieces.truncate(progress.pieces);
        Ok(())
    }

    /// Reads a member's name and the colon, or leaves the name unread if no field is called so.
    #[inline]
    fn member_field(&mut self, message: &Message, next: usize) -> Result<Option<usize>, Stop> {
        if let Some(field) = message.fields.get(next)
            && (self.reader.exactly(&field.quoted[0]) || self.reader.exactly(&field.quoted[1]))
        {
            self.reader.colon()?;
            return Ok(Some(next));
        }
        let before = self.reader.at();
        let name = self.reader.string()?;
        let found = message.named(name.text(self.reader.bytes(), &mut self.memory.decoded));
        if found.is_none() || name.lone {
            self.reader.jump(before);
            return Ok(None);
        }
        self.reader.colon()?;
        Ok(found)
    }

    /// Writes a member that is a field's.
    #[inline]
    fn member(&mut self, message: &Message, progress: &mut Progress, place: usize) -> Result<(), Stop> {
        let field = &message.fields[place];
        if !self.mark(progress.seen, place) {
            return Err(Stop::Fatal);
        }
        progress.ordered &= place >= progress.next;
        progress.next = place + 1;
        if self.reader.byte() == b'n' && !field.null {
            return self.absent(field);
        }
        if let Some(oneof) = field.oneof
            && !self.mark(progress.seen, message.fields.len() + oneof)
        {
            return Err(Stop::Mismatch);
        }
        let (start, value) = (self.out.len(), self.reader.at());
        self.memory.protobuf.pieces.push((place, start));
        self.field(field)?;
        if !field.whole.is_empty() && self.out.len() > start {
            self.note_whole(field, value);
        }
        if field.dropped {
            self.out.truncate(start);
        }
        Ok(())
    }

    fn absent(&mut self, field: &Field) -> Result<(), Stop> {
        self.reader.null()?;
        if matches!(field.shape, Shape::Required) { Err(Stop::Mismatch) } else { Ok(()) }
    }

    /// Reads the value at the reader's position as a field's, and writes the field.
    #[inline]
    pub(super) fn field(&mut self, field: &Field) -> Result<(), Stop> {
        match &field.shape {
            Shape::Optional | Shape::Required => self.value(field, field.node),
            Shape::Implicit => {
                let start = self.out.len();
                self.implicit(field)?;
                // What is not written was not there: whoever reads the bytes could not tell.
                if field.slots != 0 && self.out.len() == start {
                    self.memory.taps.forget(field.slots);
                }
                Ok(())
            }
            Shape::List { packed: true, picked } => self.packed(field, picked),
            Shape::List { packed: false, picked } => self.list(field, picked),
            Shape::Map(entries) => self.map(field, entries),
        }
    }

    /// Notes a list or a map that began at `start`.
    #[cold]
    pub(super) fn note_whole(&mut self, field: &Field, start: usize) {
        for slot in &field.whole {
            self.memory.taps.note(*slot, Tapped { start, end: self.reader.at(), leaf: Leaf::Other });
        }
    }

    /// The tag and the value, with a group's end behind it.
    pub(super) fn value(&mut self, field: &Field, node: NodeId) -> Result<(), Stop> {
        self.out.extend_from_slice(field.tag.as_slice());
        match &field.end {
            None => self.write(node),
            Some(end) => {
                self.deeper(|writer| writer.body(node))?;
                self.out.extend_from_slice(end.as_slice());
                Ok(())
            }
        }
    }

    /// Sets a bit; false if it was set already.
    #[inline]
    fn mark(&mut self, seen: usize, bit: usize) -> bool {
        let word = &mut self.memory.protobuf.seen[seen + bit / 64];
        let before = *word;
        *word |= 1 << (bit % 64);
        *word != before
    }

    fn all_required(&self, message: &Message, progress: &Progress) -> Result<(), Stop> {
        let seen = &self.memory.protobuf.seen[progress.seen..];
        let missing = |(place, field): (usize, &Field)| {
            matches!(field.shape, Shape::Required) && seen[place / 64] & 1 << (place % 64) == 0
        };
        if message.required && message.fields.iter().enumerate().any(missing) { Err(Stop::Mismatch) } else { Ok(()) }
    }

    fn put_in_order(&mut self, progress: &Progress) {
        let space = &mut self.memory.protobuf;
        space.moved.clear();
        space.moved.extend_from_slice(&self.out[progress.start..]);
        self.out.truncate(progress.start);
        let end = progress.start + space.moved.len();
        let mut order: Vec<(usize, usize, usize)> = Vec::with_capacity(space.pieces.len() - progress.pieces);
        let pieces = &space.pieces[progress.pieces..];
        for (index, (place, start)) in pieces.iter().enumerate() {
            order.push((*place, *start, pieces.get(index + 1).map_or(end, |(_, next)| *next)));
        }
        order.sort_unstable();
        for (_, start, end) in order {
            self.out.extend_from_slice(&space.moved[start - progress.start..end - progress.start]);
        }
    }

    /// Steps over a member that no field is called like, if the contract drops those.
    fn unknown_member(&mut self, open: &mut Option<Open>) -> Result<(), Stop> {
        if !self.program.drop_unknown {
            return Err(Stop::Mismatch);
        }
        pass::skip_member(&mut self.reader, self.memory, open)
    }
}
