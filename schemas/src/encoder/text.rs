//! Formats without a schema: JSON text as it was sent, one string's characters, one string's bytes.

use crate::avro::tap::array_index;
use crate::contract::BytesText;
use crate::fault::{Fault, Mismatch};
use crate::json::Kind;
use crate::json::bytes::decode_bytes;
use crate::json::reader::{Expected, Reader};
use crate::json::skip::{check_text, skip_value};
use crate::pass::{Leaf, Memory, SLOTS, Tapped, Taps};

/// The contract's pointers as a tree of their tokens.
#[derive(Debug, Default)]
pub(super) struct Tree {
    slots: Vec<usize>,
    branches: Vec<(String, Tree)>,
}

impl Tree {
    /// Has the value at a pointer noted in a slot.
    pub(super) fn insert(&mut self, tokens: &[String], slot: usize) {
        let Some((token, rest)) = tokens.split_first() else {
            self.slots.push(slot);
            return;
        };
        let at = self.branches.iter().position(|(name, _)| name == token).unwrap_or_else(|| {
            self.branches.push((token.clone(), Self::default()));
            self.branches.len() - 1
        });
        self.branches[at].1.insert(rest, slot);
    }

    fn member(&self, name: &[u8]) -> Option<&Self> {
        self.branches.iter().find(|(token, _)| token.as_bytes() == name).map(|(_, tree)| tree)
    }

    fn item(&self, index: usize) -> Option<&Self> {
        self.branches.iter().find(|(token, _)| array_index(token) == Some(index)).map(|(_, tree)| tree)
    }
}

/// Stores the text, white space around it aside.
pub(super) fn json(tree: &Tree, reader: Reader<'_>, arena: &mut Vec<u8>, memory: &mut Memory) -> Result<Taps, Fault> {
    memory.names.reset();
    let mut picker = Picker { reader, memory, taps: [None; SLOTS] };
    picker.reader.space();
    let start = picker.reader.at();
    let read = picker.value(tree);
    let end = picker.reader.at();
    if read.is_ok() && picker.reader.end().is_ok() {
        arena.extend_from_slice(&reader.bytes()[start..end]);
        return Ok(picker.taps);
    }
    check(reader, memory)?;
    unreachable_fault(start)
}

/// Stores the characters of the one string that the event is, or the bytes that they stand for.
pub(super) fn string(
    mut reader: Reader<'_>,
    arena: &mut Vec<u8>,
    memory: &mut Memory,
    spelling: Option<BytesText>,
) -> Result<Taps, Fault> {
    check(reader, memory)?;
    reader.space();
    let start = reader.at();
    let Ok(string) = reader.string() else {
        let actual = reader.kind().map_or("nothing", Kind::name);
        return Err(violation("a string", actual));
    };
    let characters = string.text(reader.bytes(), &mut memory.decoded);
    match spelling {
        None => arena.extend_from_slice(characters),
        Some(spelling) => {
            if !decode_bytes(spelling, characters, arena) {
                let expected = match spelling {
                    BytesText::Base64 => "a string of base64",
                    BytesText::CodePoints => "a string of code points up to U+00FF",
                };
                return Err(violation(expected, "string"));
            }
        }
    }
    Ok([Some(Tapped { start, end: reader.at(), leaf: Leaf::Any }); SLOTS])
}

/// Whether the whole text is JSON with one meaning.
pub(super) fn check(mut reader: Reader<'_>, memory: &mut Memory) -> Result<(), Fault> {
    memory.names.reset();
    Ok(check_text(&mut reader, &mut memory.names, &mut memory.levels)?)
}

fn violation(expected: &str, actual: &'static str) -> Fault {
    Fault::Violation(vec![Mismatch { pointer: String::new(), expected: expected.to_owned(), actual }])
}

/// The picking walk refuses only what `check` refuses; were it not so, the event is refused all the same.
#[cold]
fn unreachable_fault(offset: usize) -> Result<Taps, Fault> {
    Err(Fault::Syntax { offset, expected: "a JSON value" })
}

/// A walk that notes the values that pointers lead to.
struct Picker<'m, 'a> {
    reader: Reader<'a>,
    memory: &'m mut Memory,
    taps: Taps,
}

/// The text is not JSON, or not one meaning.
struct Flawed;

impl From<Expected> for Flawed {
    fn from(_: Expected) -> Self {
        Self
    }
}

impl Picker<'_, '_> {
    fn value(&mut self, tree: &Tree) -> Result<(), Flawed> {
        let start = self.reader.at();
        match self.reader.kind()? {
            Kind::Object if !tree.branches.is_empty() => self.object(tree)?,
            Kind::Array if !tree.branches.is_empty() => self.array(tree)?,
            _ => self.skip()?,
        }
        for slot in &tree.slots {
            self.taps[*slot] = Some(Tapped { start, end: self.reader.at(), leaf: Leaf::Any });
        }
        Ok(())
    }

    fn object(&mut self, tree: &Tree) -> Result<(), Flawed> {
        self.reader.open()?;
        let names = self.memory.names.open();
        let mut more = self.reader.first_member()?;
        while more {
            let name = self.reader.string()?;
            if name.lone || !self.memory.names.add(names, self.reader.bytes(), name) {
                return Err(Flawed);
            }
            let branch = tree.member(name.text(self.reader.bytes(), &mut self.memory.decoded));
            self.reader.colon()?;
            match branch {
                Some(branch) => self.value(branch)?,
                None => self.skip()?,
            }
            more = self.reader.next_member()?;
        }
        self.memory.names.close(names);
        Ok(())
    }

    fn array(&mut self, tree: &Tree) -> Result<(), Flawed> {
        self.reader.open()?;
        let mut index = 0;
        let mut more = self.reader.first_item();
        while more {
            match tree.item(index) {
                Some(branch) => self.value(branch)?,
                None => self.skip()?,
            }
            index += 1;
            more = self.reader.next_item()?;
        }
        Ok(())
    }

    fn skip(&mut self) -> Result<(), Flawed> {
        skip_value(&mut self.reader, &mut self.memory.names, &mut self.memory.levels).map_err(|_| Flawed)
    }
}
