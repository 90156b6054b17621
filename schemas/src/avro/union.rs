//! Unions: the branch is told by a tag, or is the first one that accepts the whole value. Mostly one branch alone
//! can stand for a value of its kind, and nothing is tried.
//!
//! Where several can, they are tried in turn and the output is taken back in between. What a union at some place
//! turns out to be depends on nothing around it, so it is decided once and kept: trying is then linear in the
//! text for each union that is tried, however unions nest.

use super::program::{NodeId, Union};
use super::write::Writer;
use crate::contract::Unions;
use crate::json::Kind;
use crate::pass::Stop;

/// What there is to take back when a branch does not fit.
pub(super) struct Mark<'a> {
    reader: crate::json::reader::Reader<'a>,
    out: usize,
    spans: usize,
    names: crate::json::names::Depth,
    taps: usize,
}

/// A way of reading a value as a union's: with its tag, or bare.
pub(super) const TAGGED: usize = usize::MAX;

impl<'a> Writer<'_, 'a> {
    pub(super) fn union(&mut self, id: NodeId, union: &Union) -> Result<(), Stop> {
        let kind = self.reader.kind()?;
        let bare = &union.candidates[kind as usize];
        if kind == Kind::Object
            && let Some(branch) = self.tag(union)?
        {
            return match bare.as_slice() {
                [] => self.tagged(union, branch),
                bare => self.first_of(id, union, std::iter::once(TAGGED).chain(bare.iter().copied())),
            };
        }
        match bare.as_slice() {
            [] => Err(Stop::Mismatch),
            [one] => self.branch(union, *one),
            several => self.first_of(id, union, several.iter().copied()),
        }
    }

    fn branch(&mut self, union: &Union, branch: usize) -> Result<(), Stop> {
        let branch = &union.branches[branch];
        self.out.extend_from_slice(&branch.index);
        self.write(branch.node)
    }

    /// The branch that the first member of the object at the reader's position names. The object stays unread.
    pub(super) fn tag(&mut self, union: &Union) -> Result<Option<usize>, Stop> {
        if union.tags.is_empty() || self.program.rule.unions == Unions::Plain {
            return Ok(None);
        }
        let mut ahead = self.reader;
        ahead.open()?;
        if !ahead.first_member()? {
            return Ok(None);
        }
        let name = ahead.string()?;
        Ok(union.tags.find(name.text(ahead.bytes(), &mut self.memory.decoded)))
    }

    /// Reads `{"name": value}`, whose name is known to be the branch's.
    pub(super) fn tagged(&mut self, union: &Union, branch: usize) -> Result<(), Stop> {
        self.reader.open()?;
        self.reader.first_member()?;
        self.reader.string()?;
        self.reader.colon()?;
        self.branch(union, branch)?;
        if self.reader.next_member()? { Err(Stop::Mismatch) } else { Ok(()) }
    }

    pub(super) fn way(&mut self, union: &Union, way: usize) -> Result<(), Stop> {
        if way != TAGGED {
            return self.branch(union, way);
        }
        match self.tag(union)? {
            Some(branch) => self.tagged(union, branch),
            None => Err(Stop::Mismatch),
        }
    }

    fn first_of(&mut self, id: NodeId, union: &Union, ways: impl Iterator<Item = usize>) -> Result<(), Stop> {
        let place = (self.reader.at(), id);
        if self.trials > 0
            && let Some(decided) = self.memory.avro.decided.get(&place)
        {
            let way = decided.ok_or(Stop::Mismatch)?;
            self.memory.avro.attempts += 1;
            return self.way(union, way);
        }
        let mark = self.mark();
        self.trials += 1;
        let mut outcome = Err(Stop::Mismatch);
        let mut decided = None;
        for way in ways {
            self.memory.avro.attempts += 1;
            outcome = self.way(union, way);
            match outcome {
                Ok(()) => decided = Some(way),
                Err(Stop::Mismatch) => {
                    self.rewind(&mark);
                    continue;
                }
                Err(Stop::Fatal) => {}
            }
            break;
        }
        self.trials -= 1;
        if self.trials > 0 && outcome != Err(Stop::Fatal) {
            self.memory.avro.decided.insert(place, decided);
        }
        outcome
    }

    pub(super) fn mark(&self) -> Mark<'a> {
        Mark {
            reader: self.reader,
            out: self.out.len(),
            spans: self.memory.avro.spans.len(),
            names: self.memory.names.depth(),
            taps: self.memory.taps.depth(),
        }
    }

    pub(super) fn rewind(&mut self, mark: &Mark<'a>) {
        self.reader = mark.reader;
        self.out.truncate(mark.out);
        self.memory.avro.spans.truncate(mark.spans);
        self.memory.names.rewind(mark.names);
        self.memory.taps.rewind(mark.taps);
    }
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::avro::compile;
    use crate::avro::explain::explain;
    use crate::avro::program::Rule;
    use crate::contract::{BytesText, Unions};
    use crate::json::reader::Reader;
    use crate::pass::Memory;
    use crate::schema::Schema;

    const RULE: Rule =
        Rule { unions: Unions::Plain, bytes: BytesText::Base64, numeric_strings: false, drop_unknown: true };
    const BRANCHES: u64 = 6;

    /// Records that look alike until their last member, each holding the union of them all.
    fn lookalikes() -> String {
        let record = |index: u64| {
            let others = (0..=index).map(|other| format!("\"R{other}\"")).collect::<Vec<_>>().join(",");
            format!(
                r#"{{"type":"record","name":"R{index}","fields":[{{"name":"u","type":["null",{others}]}},
                {{"name":"z{index}","type":"int"}}]}}"#
            )
        };
        format!("[\"null\",{}]", (0..BRANCHES).map(record).collect::<Vec<_>>().join(","))
    }

    /// An event of nested objects that are the last branch, or none at all.
    fn nested(depth: usize, last: &str) -> String {
        format!("{}null{}", r#"{"u":"#.repeat(depth), format!(",\"{last}\":1}}").repeat(depth))
    }

    #[test]
    fn branches_are_tried_in_proportion_to_the_text() {
        let schema = Schema { content: lookalikes().into_bytes(), ..Schema::default() };
        let program = compile(&schema, RULE).expect("a schema");
        let last = format!("z{}", BRANCHES - 1);
        for (depth, last, fits) in
            [(8, &*last, true), (60, &last, true), (60, "z0", true), (8, "y", false), (60, "y", false)]
        {
            let text = nested(depth, last);
            let (mut out, mut memory) = (Vec::new(), Memory::default());
            let mut writer = Writer::new(&program, Reader::new(&text), &mut out, &mut memory);
            assert_eq!(writer.run().is_ok(), fits, "{text}");
            // Each union is decided once; what is decided is written again once for each branch around it.
            let steps = depth as u64;
            let bound = BRANCHES * BRANCHES * steps * steps;
            assert!(
                memory.avro.attempts <= bound,
                "{} attempts at depth {depth}, more than {bound}",
                memory.avro.attempts
            );
            let before = memory.avro.attempts;
            let report = explain(Writer::new(&program, Reader::new(&text), &mut out, &mut memory));
            assert_eq!(report.mismatches.is_empty(), fits);
            assert!(
                memory.avro.attempts - before <= 2 * bound,
                "{} attempts to explain",
                memory.avro.attempts - before
            );
        }
    }
}
