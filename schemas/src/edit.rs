//! Changes to a JSON text: values that are replaced, members that are left out with their commas. The rest is copied
//! byte for byte. Knows no format.

use crate::json::string::Quoted;
use crate::pass::KEPT;
use crate::pii::Treatment;

/// Changes to one text, in its order. Lent from event to event.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    cuts: Vec<Cut>,
    replacements: Vec<u8>,
}

/// A piece of the text, and how many of the replacements' bytes stand in for it.
#[derive(Debug, Clone, Copy)]
struct Cut {
    start: usize,
    end: usize,
    length: usize,
}

impl Edits {
    pub(crate) fn clear(&mut self) {
        self.cuts.clear();
        self.replacements.clear();
    }

    /// Gives back what an unusually big event has taken.
    pub(crate) fn trim(&mut self) {
        self.clear();
        self.cuts.shrink_to(KEPT / size_of::<Cut>());
        self.replacements.shrink_to(KEPT);
    }

    /// Leaves a piece out.
    pub(crate) fn leave_out(&mut self, start: usize, end: usize) {
        self.cuts.push(Cut { start, end, length: 0 });
    }

    /// Puts a string in the place of a value. The characters need no escapes.
    pub(crate) fn put(&mut self, start: usize, end: usize, characters: &[u8]) {
        let before = self.replacements.len();
        self.replacements.push(b'"');
        self.replacements.extend_from_slice(characters);
        self.replacements.push(b'"');
        self.cuts.push(Cut { start, end, length: self.replacements.len() - before });
    }

    /// Puts what a treatment makes of a value in its place. A member that is to be left out is its object's business,
    /// and null stays null.
    pub(crate) fn treat(
        &mut self,
        treatment: &Treatment,
        bytes: &[u8],
        (start, end): (usize, usize),
        decoded: &mut Vec<u8>,
    ) {
        let characters = match bytes[start] {
            b'n' => return,
            b'"' => match Quoted::scan(bytes, start) {
                Ok(quoted) => quoted.text(bytes, decoded),
                Err(_) => return,
            },
            _ => &bytes[start..end],
        };
        treatment.replace(characters, |result| self.put(start, end, result));
    }

    /// Appends a piece of the text with its changes.
    pub(crate) fn apply(&self, bytes: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
        let (mut at, mut replacements) = (start, &self.replacements[..]);
        for cut in &self.cuts {
            let (replacement, others) = replacements.split_at(cut.length);
            out.extend_from_slice(&bytes[at..cut.start]);
            out.extend_from_slice(replacement);
            (at, replacements) = (cut.end, others);
        }
        out.extend_from_slice(&bytes[at..end]);
    }
}

/// The members of one object that are left out, and which commas go with them: the one before, or, as long as no member
/// stays, the one behind.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    /// Whether a member stays.
    stays: bool,
    /// Where the last member ended.
    last: usize,
    /// Where a member begins that was left out, until it is known what follows it.
    open: Option<usize>,
}

impl Gaps {
    /// A member begins here.
    #[inline]
    pub(crate) fn member(&mut self, start: usize, edits: &mut Edits) {
        if let Some(open) = self.open.take() {
            edits.leave_out(open, start);
        }
    }

    /// The member that began at `start` ends here.
    #[inline]
    pub(crate) fn end(&mut self, start: usize, end: usize, dropped: bool, edits: &mut Edits) {
        match (dropped, self.stays) {
            (false, _) => self.stays = true,
            (true, true) => edits.leave_out(self.last, end),
            (true, false) => self.open = Some(start),
        }
        self.last = end;
    }

    /// The object ends.
    #[inline]
    pub(crate) fn close(&mut self, edits: &mut Edits) {
        if let Some(open) = self.open.take() {
            edits.leave_out(open, self.last);
        }
    }
}
