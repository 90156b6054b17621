//! Arrays and maps: one block of items, counted as they come.

use super::binary::{close_block, push_bytes};
use super::program::NodeId;
use super::write::Writer;
use crate::pass::Stop;

impl Writer<'_, '_> {
    pub(super) fn array(&mut self, items: NodeId, picked: &[(usize, NodeId)]) -> Result<(), Stop> {
        if self.reader.byte() != b'[' {
            return Err(Stop::Mismatch);
        }
        self.reader.open()?;
        let start = self.out.len();
        self.out.push(0);
        let mut count = 0;
        let mut more = self.reader.first_item();
        while more {
            let tapped = picked.iter().find(|(index, _)| *index == count);
            self.write(tapped.map_or(items, |(_, node)| *node))?;
            count += 1;
            more = self.reader.next_item()?;
        }
        close_block(self.out, start, count);
        Ok(())
    }

    pub(super) fn map(&mut self, values: NodeId, picked: &[(String, NodeId)]) -> Result<(), Stop> {
        if self.reader.byte() != b'{' {
            return Err(Stop::Mismatch);
        }
        self.reader.open()?;
        let start = self.out.len();
        self.out.push(0);
        let mut count = 0;
        let names = self.memory.names.open();
        let mut more = self.reader.first_member()?;
        while more {
            let name = self.reader.string()?;
            if name.lone || !self.memory.names.add(names, self.reader.bytes(), name) {
                return Err(Stop::Fatal);
            }
            let characters = name.text(self.reader.bytes(), &mut self.memory.decoded);
            let member = self.out.len();
            push_bytes(self.out, characters);
            let tapped = picked.iter().find(|(picked, _)| picked.as_bytes() == characters);
            let node = tapped.map_or(values, |(_, node)| *node);
            self.reader.colon()?;
            self.write(node)?;
            if self.program.nodes[node].leaves_out_member() {
                self.out.truncate(member);
            } else {
                count += 1;
            }
            more = self.reader.next_member()?;
        }
        self.memory.names.close(names);
        close_block(self.out, start, count);
        Ok(())
    }
}
