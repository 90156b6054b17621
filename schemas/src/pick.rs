//! A walk over a JSON text that no program reads: it notes the values that a contract's pointers lead to, and what
//! becomes of personal ones. Knows no schema.

use crate::avro::tap::array_index;
use crate::edit::Gaps;
use crate::json::Kind;
use crate::json::pointer::{push_index, push_member};
use crate::json::reader::{Expected, Reader};
use crate::json::skip::skip_value;
use crate::pass::{Leaf, Memory, Tapped};
use crate::pii::{Treatment, Untreatable};

/// The token that stands for every element of an array; only in pointers to personal values.
pub(crate) const EVERY: &str = "*";

/// The contract's pointers as a tree of their tokens.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    slots: Vec<(usize, Leaf)>,
    treatment: Option<Treatment>,
    branches: Vec<(String, Tree)>,
    every: Option<Box<Tree>>,
}

impl Tree {
    /// Has the value at a pointer noted in a slot.
    pub(crate) fn tap(&mut self, tokens: &[String], slot: usize, leaf: Leaf) {
        self.lead(tokens).slots.push((slot, leaf));
    }

    /// Has the value at a pointer treated, after all taps.
    pub(crate) fn treat(&mut self, tokens: &[String], treatment: &Treatment) -> Result<(), Untreatable> {
        if let (Treatment::Drop, None | Some(EVERY)) = (treatment, tokens.last().map(String::as_str)) {
            let unfit = "a member of an object (an element of an array and the event itself can't be left out)";
            return Err(Untreatable::Unfit(unfit.to_owned()));
        }
        self.treat_at(tokens, treatment)
    }

    /// A single element that is only tapped is treated like every other. What is treated by its index and as one of all is
    /// refused: the two would differ.
    fn treat_at(&mut self, tokens: &[String], treatment: &Treatment) -> Result<(), Untreatable> {
        let Some((token, rest)) = tokens.split_first() else {
            if self.treatment.replace(treatment.clone()).is_some() {
                return Err(Untreatable::Unfit("a value that is treated already".to_owned()));
            }
            return Ok(());
        };
        let single = |token: &str| array_index(token).is_some();
        let treated = |(token, tree): &(String, Self)| single(token) && tree.treats();
        if (token == EVERY && self.branches.iter().any(treated)) || (single(token) && self.every.is_some()) {
            return Err(Untreatable::Unfit("an array of which the contract names a single element too".to_owned()));
        }
        if token != EVERY {
            return self.branch(token).treat_at(rest, treatment);
        }
        for (_, tree) in self.branches.iter_mut().filter(|(token, _)| single(token)) {
            tree.treat_at(rest, treatment)?;
        }
        self.every.get_or_insert_default().treat_at(rest, treatment)
    }

    fn treats(&self) -> bool {
        let inner = self.branches.iter().map(|(_, tree)| tree).chain(self.every.as_deref());
        self.treatment.is_some() || inner.into_iter().any(Self::treats)
    }

    fn lead(&mut self, tokens: &[String]) -> &mut Self {
        tokens.iter().fold(self, |tree, token| tree.branch(token))
    }

    fn branch(&mut self, token: &str) -> &mut Self {
        let at = self.branches.iter().position(|(name, _)| name == token).unwrap_or_else(|| {
            self.branches.push((token.to_owned(), Self::default()));
            self.branches.len() - 1
        });
        &mut self.branches[at].1
    }

    fn leads_on(&self) -> bool {
        !self.branches.is_empty() || self.every.is_some()
    }

    fn member(&self, name: &[u8]) -> Option<&Self> {
        self.branches.iter().find(|(token, _)| token.as_bytes() == name).map(|(_, tree)| tree)
    }

    fn item(&self, index: usize) -> Option<&Self> {
        let one = self.branches.iter().find(|(token, _)| array_index(token) == Some(index)).map(|(_, tree)| tree);
        one.or(self.every.as_deref())
    }

    fn drops(&self) -> bool {
        matches!(self.treatment, Some(Treatment::Drop))
    }
}

/// Why the walk stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The text is not JSON, or not one meaning.
    Flawed,
    /// A value can't be hashed: where, and its kind.
    Unhashable { pointer: String, actual: &'static str },
}

impl Halt {
    /// The same, said one level further out.
    fn inside(self, name: impl FnOnce(&mut String)) -> Self {
        match self {
            Self::Unhashable { pointer, actual } => {
                let mut outer = String::new();
                name(&mut outer);
                Self::Unhashable { pointer: outer + &pointer, actual }
            }
            Self::Flawed => Self::Flawed,
        }
    }
}

impl From<Expected> for Halt {
    fn from(_: Expected) -> Self {
        Self::Flawed
    }
}

/// Walks over a whole text; gives where its value starts and ends. What was picked, and changes to the text, are in the
/// memory.
pub(crate) fn pick(tree: &Tree, reader: Reader<'_>, memory: &mut Memory) -> Result<(usize, usize), Halt> {
    memory.names.reset();
    memory.edits.clear();
    memory.taps.clear();
    let mut picker = Picker { reader, memory };
    picker.reader.space();
    let start = picker.reader.at();
    picker.value(tree)?;
    let end = picker.reader.at();
    picker.reader.end()?;
    Ok((start, end))
}

struct Picker<'m, 'a> {
    reader: Reader<'a>,
    memory: &'m mut Memory,
}

impl Picker<'_, '_> {
    fn value(&mut self, tree: &Tree) -> Result<(), Halt> {
        let start = self.reader.at();
        let kind = self.reader.kind()?;
        match kind {
            Kind::Object if tree.leads_on() => self.object(tree)?,
            Kind::Array if tree.leads_on() => self.array(tree)?,
            _ => self.skip()?,
        }
        let end = self.reader.at();
        for (slot, leaf) in &tree.slots {
            self.memory.taps.note(*slot, Tapped { start, end, leaf: *leaf });
        }
        if let Some(treatment) = &tree.treatment {
            if matches!(treatment, Treatment::Hash(_)) && !matches!(kind, Kind::Null | Kind::String | Kind::Number) {
                return Err(Halt::Unhashable { pointer: String::new(), actual: kind.name() });
            }
            let Memory { edits, decoded, .. } = &mut *self.memory;
            edits.treat(treatment, self.reader.bytes(), (start, end), decoded);
        }
        Ok(())
    }

    fn object(&mut self, tree: &Tree) -> Result<(), Halt> {
        self.reader.open()?;
        let names = self.memory.names.open();
        let mut gaps = Gaps::default();
        let mut more = self.reader.first_member()?;
        while more {
            let start = self.reader.at();
            gaps.member(start, &mut self.memory.edits);
            let name = self.reader.string()?;
            if name.lone || !self.memory.names.add(names, self.reader.bytes(), name) {
                return Err(Halt::Flawed);
            }
            let branch = tree.member(name.text(self.reader.bytes(), &mut self.memory.decoded));
            self.reader.colon()?;
            match branch {
                Some(branch) => self.value(branch).map_err(|halt| {
                    let name = name.text(self.reader.bytes(), &mut self.memory.decoded);
                    halt.inside(|pointer| push_member(pointer, &String::from_utf8_lossy(name)))
                })?,
                None => self.skip()?,
            }
            gaps.end(start, self.reader.at(), branch.is_some_and(Tree::drops), &mut self.memory.edits);
            more = self.reader.next_member()?;
        }
        gaps.close(&mut self.memory.edits);
        self.memory.names.close(names);
        Ok(())
    }

    fn array(&mut self, tree: &Tree) -> Result<(), Halt> {
        self.reader.open()?;
        let mut index = 0;
        let mut more = self.reader.first_item();
        while more {
            match tree.item(index) {
                Some(branch) => {
                    self.value(branch).map_err(|halt| halt.inside(|pointer| push_index(pointer, index)))?;
                }
                None => self.skip()?,
            }
            index += 1;
            more = self.reader.next_item()?;
        }
        Ok(())
    }

    fn skip(&mut self) -> Result<(), Halt> {
        skip_value(&mut self.reader, &mut self.memory.names, &mut self.memory.levels).map_err(|_| Halt::Flawed)
    }
}
