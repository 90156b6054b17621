//! From a name to its place in a list that a schema fixes: fields, symbols, branches. The list is the operator's, so
//! the hash needs to be quick, not secret.

/// Names in their order, with a table of slots over them (open addressing, at most half full).
#[derive(Debug, Clone, Default)]
pub(crate) struct Lookup {
    names: Vec<Box<str>>,
    slots: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

impl Lookup {
    /// A table of these names; `None` if one occurs twice.
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<Self> {
        let names: Vec<Box<str>> = names.into_iter().map(Box::from).collect();
        let mut slots = vec![EMPTY; (names.len() * 2).next_power_of_two()];
        let mask = slots.len() - 1;
        for (place, name) in names.iter().enumerate() {
            let mut slot = hash(name.as_bytes()) & mask;
            while slots[slot] != EMPTY {
                if names[slots[slot] as usize] == *name {
                    return None;
                }
                slot = (slot + 1) & mask;
            }
            slots[slot] = u32::try_from(place).ok()?;
        }
        Some(Self { names, slots })
    }

    /// The place of a name.
    #[inline]
    pub(crate) fn find(&self, name: &[u8]) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash(name) & mask;
        loop {
            let place = self.slots[slot];
            if place == EMPTY {
                return None;
            }
            if self.names[place as usize].as_bytes() == name {
                return Some(place as usize);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The names in their order.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// Whether there are no names.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the high half of a product, folded")]
#[inline]
fn hash(name: &[u8]) -> usize {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = name.len() as u64;
    let mut chunks = name.chunks_exact(8);
    for chunk in &mut chunks {
        let chunk = <[u8; 8]>::try_from(chunk).expect("chunks_exact gives eight bytes");
        hash = (hash ^ u64::from_le_bytes(chunk)).wrapping_mul(FACTOR);
        hash ^= hash >> 32;
    }
    for byte in chunks.remainder() {
        hash = hash << 8 ^ hash >> 56 ^ u64::from(*byte);
    }
    hash = hash.wrapping_mul(FACTOR);
    (hash >> 32 ^ hash) as usize
}
