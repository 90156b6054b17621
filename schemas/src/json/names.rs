//! Which member names an object has had so far. Few names are compared one by one; from the 33rd on they are
//! hashed with a key of this process, so that no sender can make it slow.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::string::Quoted;

/// Names of one object that are compared one by one.
const COMPARED: usize = 32;

/// Names, and bytes of a decoded one, for which memory is kept between events.
const KEPT: usize = 1_024;

/// The names of all objects that are open, innermost last. Lent from event to event.
#[derive(Debug, Default)]
pub(crate) struct Names {
    tags: Vec<u64>,
    spelt: Vec<Quoted>,
    hashed: HashSet<(u64, u64)>,
    key: RandomState,
    opened: u64,
    decoded: Vec<u8>,
}

/// One open object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    from: usize,
    serial: u64,
}

/// A number of names to go back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depth(usize);

impl Names {
    /// Forgets everything of the last event.
    #[inline]
    pub(crate) fn reset(&mut self) {
        self.tags.clear();
        self.spelt.clear();
        if self.hashed.capacity() > 0 {
            self.hashed = HashSet::new();
        }
        self.opened = 0;
    }

    /// Gives back what an unusually big event has taken.
    pub(crate) fn trim(&mut self) {
        self.reset();
        self.tags.shrink_to(KEPT);
        self.spelt.shrink_to(KEPT);
        self.decoded.clear();
        self.decoded.shrink_to(KEPT);
    }

    /// Steps into an object.
    pub(crate) const fn open(&mut self) -> Open {
        self.opened += 1;
        Open { from: self.spelt.len(), serial: self.opened }
    }

    /// Leaves the object (and what was left open inside it).
    pub(crate) fn close(&mut self, open: Open) {
        self.tags.truncate(open.from);
        self.spelt.truncate(open.from);
    }

    /// How many names are kept now.
    pub(crate) const fn depth(&self) -> Depth {
        Depth(self.spelt.len())
    }

    /// Forgets the names since then.
    pub(crate) fn rewind(&mut self, depth: Depth) {
        self.tags.truncate(depth.0);
        self.spelt.truncate(depth.0);
    }

    /// Adds a name of the innermost object; false if that object has it already.
    pub(crate) fn add(&mut self, open: Open, bytes: &[u8], name: Quoted) -> bool {
        let Self { tags, spelt, decoded, .. } = self;
        let characters = name.text(bytes, decoded);
        let tag = tag(characters);
        if spelt.len() - open.from < COMPARED {
            if tags[open.from..].contains(&tag)
                && spelt[open.from..].iter().any(|earlier| earlier.is(bytes, characters))
            {
                return false;
            }
        } else if !self.add_hashed(open, bytes, name) {
            return false;
        }
        self.tags.push(tag);
        self.spelt.push(name);
        true
    }

    fn add_hashed(&mut self, open: Open, bytes: &[u8], name: Quoted) -> bool {
        if self.spelt.len() - open.from == COMPARED {
            for earlier in &self.spelt[open.from..] {
                let hash = self.key.hash_one(earlier.text(bytes, &mut self.decoded));
                self.hashed.insert((open.serial, hash));
            }
        }
        let characters = name.text(bytes, &mut self.decoded);
        if self.hashed.insert((open.serial, self.key.hash_one(characters))) {
            return true;
        }
        !self.spelt[open.from..].iter().any(|earlier| earlier.is(bytes, characters))
    }
}

/// Length, first bytes and last bytes: unequal for most unequal names.
fn tag(name: &[u8]) -> u64 {
    let length = (name.len() as u64) << 56;
    match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => {
            length ^ u64::from(u32::from_le_bytes(*first)) << 32 ^ u64::from(u32::from_le_bytes(*last))
        }
        _ => name.iter().fold(length, |tag, byte| tag ^ (tag << 8 | u64::from(*byte))),
    }
}
