//! Lists, packed and not, and maps.

use super::binary::{close, push_bytes};
use super::program::{Entries, Field, Key, NodeId};
use super::write::Writer;
use crate::json::number::Numeral;
use crate::json::string::Quoted;
use crate::pass::Stop;

impl Writer<'_, '_> {
    pub(super) fn packed(&mut self, field: &Field, picked: &[(usize, NodeId)]) -> Result<(), Stop> {
        let before = self.out.len();
        self.out.extend_from_slice(field.tag.as_slice());
        let start = self.out.len();
        self.out.push(0);
        self.items(field.node, picked, Self::write)?;
        if self.out.len() == start + 1 {
            self.out.truncate(before);
        } else {
            close(self.out, start);
        }
        Ok(())
    }

    pub(super) fn list(&mut self, field: &Field, picked: &[(usize, NodeId)]) -> Result<(), Stop> {
        self.items(field.node, picked, |writer, node| writer.value(field, node))
    }

    fn items(
        &mut self,
        node: NodeId,
        picked: &[(usize, NodeId)],
        write: impl Fn(&mut Self, NodeId) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if self.reader.byte() != b'[' {
            return Err(Stop::Mismatch);
        }
        self.reader.open()?;
        let mut index = 0;
        let mut more = self.reader.first_item();
        while more {
            let tapped = picked.iter().find(|(picked, _)| *picked == index);
            write(self, tapped.map_or(node, |(_, node)| *node))?;
            index += 1;
            more = self.reader.next_item()?;
        }
        Ok(())
    }

    /// Entries as they come. Keys are written in one way alone, so equal keys are equal names.
    pub(super) fn map(&mut self, field: &Field, entries: &Entries) -> Result<(), Stop> {
        self.each_member(|writer, name| {
            let start = writer.out.len();
            let mut dropped = false;
            writer.out.extend_from_slice(field.tag.as_slice());
            writer.nested(|writer| {
                writer.out.extend_from_slice(entries.key_tag.as_slice());
                let characters = name.text(writer.reader.bytes(), &mut writer.memory.decoded);
                let pick = entries.picked.iter().find(|pick| pick.key.as_bytes() == characters);
                push_key(writer.out, entries.key, characters)?;
                dropped = pick.is_some_and(|pick| pick.dropped);
                writer.out.extend_from_slice(entries.value_tag.as_slice());
                writer.write(pick.map_or(field.node, |pick| pick.node))
            })?;
            if dropped {
                writer.out.truncate(start);
            }
            Ok(())
        })
    }

    /// An object whose members may be called anything, but no two alike: `write` stands before each one's value.
    pub(super) fn each_member(
        &mut self,
        mut write: impl FnMut(&mut Self, Quoted) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if self.reader.byte() != b'{' {
            return Err(Stop::Mismatch);
        }
        self.reader.open()?;
        let names = self.memory.names.open();
        let mut more = self.reader.first_member()?;
        while more {
            let name = self.reader.string()?;
            if name.lone || !self.memory.names.add(names, self.reader.bytes(), name) {
                return Err(Stop::Fatal);
            }
            self.reader.colon()?;
            write(self, name)?;
            more = self.reader.next_member()?;
        }
        self.memory.names.close(names);
        Ok(())
    }
}

/// Appends a map's key; `Mismatch` if the name is none.
pub(super) fn push_key(out: &mut Vec<u8>, key: Key, characters: &[u8]) -> Result<(), Stop> {
    match key {
        Key::String => push_bytes(out, characters),
        Key::Bool => out.push(match characters {
            b"true" => 1,
            b"false" => 0,
            _ => return Err(Stop::Mismatch),
        }),
        Key::Whole(whole) => {
            let text = std::str::from_utf8(characters).map_err(|_| Stop::Mismatch)?;
            let numeral = Numeral::parse(text).filter(|numeral| numeral.plain && numeral.text != "-0");
            let value = numeral.and_then(Numeral::to_i128).ok_or(Stop::Mismatch)?;
            super::scalar::push_whole(out, whole, value)?;
        }
    }
    Ok(())
}
