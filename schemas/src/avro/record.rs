//! Records: members are expected in the schema's order and written as they come. Where the order differs, they are
//! still written as they come, and put in order by their spans at the record's end.

use std::ops::Range;

use super::program::Record;
use super::write::Writer;
use crate::pass::{self, Stop};

/// The span of a field that has had no member.
const UNSEEN: Range<usize> = usize::MAX..usize::MAX;

/// A record that is being written.
struct Progress {
    /// Where its bytes start in the output.
    start: usize,
    /// Where its fields' spans start in memory.
    spans: usize,
    /// The field that is expected next.
    next: usize,
    /// Whether the output so far is in the schema's order, absent fields included.
    ordered: bool,
}

impl Writer<'_, '_> {
    pub(super) fn record(&mut self, record: &Record) -> Result<(), Stop> {
        if self.reader.byte() != b'{' {
            return Err(Stop::Mismatch);
        }
        self.reader.open()?;
        let mut progress =
            Progress { start: self.out.len(), spans: self.memory.avro.spans.len(), next: 0, ordered: true };
        self.memory.avro.spans.resize(progress.spans + record.fields.len(), UNSEEN);
        let mut unknown = None;
        let mut more = self.reader.first_member()?;
        while more {
            match self.member_field(record, progress.next)? {
                Some(field) => self.field(record, &mut progress, field)?,
                None => self.unknown_member(&mut unknown)?,
            }
            more = self.reader.next_member()?;
        }
        if let Some(open) = unknown {
            self.memory.names.close(open);
        }
        if progress.ordered {
            self.fill(record, progress.next, record.fields.len())?;
        } else {
            self.put_in_order(record, &progress)?;
        }
        self.memory.avro.spans.truncate(progress.spans);
        Ok(())
    }

    /// Reads a member's name and the colon, or leaves the name unread if no field is called so.
    #[inline]
    fn member_field(&mut self, record: &Record, next: usize) -> Result<Option<usize>, Stop> {
        if let Some(field) = record.fields.get(next)
            && self.reader.exactly(&field.quoted)
        {
            self.reader.colon()?;
            return Ok(Some(next));
        }
        let before = self.reader.at();
        let name = self.reader.string()?;
        let found = record.names.find(name.text(self.reader.bytes(), &mut self.memory.decoded));
        if found.is_none() || name.lone {
            self.reader.jump(before);
            return Ok(None);
        }
        self.reader.colon()?;
        Ok(found)
    }

    /// Writes a field's value and keeps its span.
    #[inline]
    fn field(&mut self, record: &Record, progress: &mut Progress, field: usize) -> Result<(), Stop> {
        if field != progress.next {
            if self.memory.avro.spans[progress.spans + field] != UNSEEN {
                return Err(Stop::Fatal);
            }
            // Members that were passed over are absent, until one of them turns up after all.
            progress.ordered =
                progress.ordered && field > progress.next && self.fill(record, progress.next, field).is_ok();
        } else if !progress.ordered && self.memory.avro.spans[progress.spans + field] != UNSEEN {
            return Err(Stop::Fatal);
        }
        let start = self.out.len();
        self.write(record.fields[field].node)?;
        self.memory.avro.spans[progress.spans + field] = start..self.out.len();
        progress.next = field + 1;
        Ok(())
    }

    /// Writes what stands for absent fields.
    fn fill(&mut self, record: &Record, from: usize, to: usize) -> Result<(), Stop> {
        for field in &record.fields[from..to] {
            self.out.extend_from_slice(field.absent.as_deref().ok_or(Stop::Mismatch)?);
        }
        Ok(())
    }

    fn put_in_order(&mut self, record: &Record, progress: &Progress) -> Result<(), Stop> {
        let moved = &mut self.memory.avro.moved;
        moved.clear();
        moved.extend_from_slice(&self.out[progress.start..]);
        self.out.truncate(progress.start);
        for (field, span) in record.fields.iter().zip(&self.memory.avro.spans[progress.spans..]) {
            if *span == UNSEEN {
                self.out.extend_from_slice(field.absent.as_deref().ok_or(Stop::Mismatch)?);
            } else {
                self.out.extend_from_slice(&moved[span.start - progress.start..span.end - progress.start]);
            }
        }
        Ok(())
    }

    /// Steps over a member that no field is called like, if the contract drops those.
    fn unknown_member(&mut self, open: &mut Option<crate::json::names::Open>) -> Result<(), Stop> {
        if !self.program.rule.drop_unknown {
            return Err(Stop::Mismatch);
        }
        pass::skip_member(&mut self.reader, self.memory, open)
    }
}
