//! A map's entries in bytes: messages of a key, number 1, and a value, number 2.

use super::primitive::number;
use super::{Field, Key, Refused, Walk, WireType, refuse};
use crate::protobuf::program::{Entries, Node, Pick};

impl<'a> Walk<'a, '_> {
    /// One entry, its tag behind and copied since `kept`.
    pub(super) fn entry(
        &mut self,
        field: &'a Field,
        entries: &'a Entries,
        kept: usize,
        end: usize,
    ) -> Result<(), Refused> {
        let pick = self.picked(entries, end)?;
        if let Some(pick) = pick {
            // A later entry of the same key is the only one.
            self.taps.forget(pick.slots);
        }
        let node = pick.map_or(field.node, |pick| pick.node);
        self.nested(end, |walk, end| {
            while walk.at < end {
                let start = walk.at;
                let (number, wire_type) = walk.tag(end)?;
                let copied = walk.out.len();
                walk.out.extend_from_slice(&walk.bytes[start..walk.at]);
                match number {
                    1 if wire_type == key_type(entries.key) => {
                        let from = walk.at;
                        walk.key(entries.key, end)?;
                        walk.out.extend_from_slice(&walk.bytes[from..walk.at]);
                    }
                    2 if wire_type == walk.untapped(node).wire_type() => drop(walk.value(node, end)?),
                    1 | 2 => return refuse(start, "the wire type of a map's key or value"),
                    _ if walk.program.drop_unknown => {
                        walk.out.truncate(copied);
                        walk.skip(number, wire_type, end)?;
                    }
                    _ => return refuse(start, "a map's key or value"),
                }
            }
            Ok(())
        })?;
        if pick.is_some_and(|pick| pick.dropped) {
            self.out.truncate(kept);
        }
        Ok(())
    }

    /// What the contract picks at the entry's key. The key may stand behind the value.
    fn picked(&mut self, entries: &'a Entries, end: usize) -> Result<Option<&'a Pick>, Refused> {
        if entries.picked.is_empty() {
            return Ok(None);
        }
        let (before, copied) = (self.at, self.out.len());
        let length = self.length(end)?;
        let end = self.at + length;
        let mut key = match entries.key {
            Key::String => String::new(),
            Key::Bool => "false".to_owned(),
            Key::Whole(_) => "0".to_owned(),
        };
        while self.at < end {
            let (number, wire_type) = self.tag(end)?;
            if number == 1 && wire_type == key_type(entries.key) {
                key = self.key(entries.key, end)?;
            } else {
                self.skip(number, wire_type, end)?;
            }
        }
        self.at = before;
        self.out.truncate(copied);
        Ok(entries.picked.iter().find(|pick| pick.key == key))
    }

    /// Reads a key, as JSON spells it.
    fn key(&mut self, key: Key, end: usize) -> Result<String, Refused> {
        match key {
            Key::String => {
                let copied = self.out.len();
                let length = self.length(end)?;
                self.out.truncate(copied);
                self.text(length).map(ToOwned::to_owned)
            }
            Key::Bool => Ok((self.varint(end)? != 0).to_string()),
            Key::Whole(whole) => {
                let bits = match Node::Whole(whole).wire_type() {
                    WireType::Four => u64::from(u32::from_le_bytes(self.array(end)?)),
                    WireType::Eight => u64::from_le_bytes(self.array(end)?),
                    _ => self.varint(end)?,
                };
                Ok(number(whole, bits).to_string())
            }
        }
    }
}

fn key_type(key: Key) -> WireType {
    match key {
        Key::String => WireType::Delimited,
        Key::Bool => WireType::Varint,
        Key::Whole(whole) => Node::Whole(whole).wire_type(),
    }
}
