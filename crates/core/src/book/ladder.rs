//! The prices of one side of a book, in order: a tree whose every node has 64 branches and one word
//! that says which of them are there. Finding, adding, taking off, the first and the next all walk
//! six nodes and look at one word each; nothing is moved. A key is a price below 2^36.
//!
//! Source: the stratified trees of P. van Emde Boas, with branches of one machine word.
#![expect(clippy::indexing_slicing, reason = "a slot is below 64, and nodes are this file's own")]

/// Keys are below this.
pub(super) const KEYS: u64 = 1 << 36;
/// Six bits of a key choose a branch.
const BITS: u32 = 6;
const DEPTH: u32 = 6;
const FLOORS: usize = 6;
const SLOTS: usize = 64;
/// So many nodes of the lowest floor are remembered.
const NEAR: usize = 16;
const NOBODY: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Node {
    there: u64,
    below: [u32; SLOTS],
}

/// The tree.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    nodes: Vec<Node>,
    free: Vec<u32>,
    /// The lowest key and what stands at it.
    lowest: Option<(u64, u32)>,
    /// Nodes of the lowest floor that were found, each with the start of its keys, at the end of
    /// that start: prices that change lie near each other.
    near: [Option<(u64, u32)>; NEAR],
}

fn slot(key: u64, floor: u32) -> usize {
    let shift = BITS.saturating_mul(floor);
    usize::try_from((key >> shift) & 63).unwrap_or_default()
}

/// Where a key's node of the lowest floor is remembered.
fn near(key: u64) -> usize {
    usize::try_from(key >> BITS).unwrap_or_default() & NEAR.saturating_sub(1)
}

fn at(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// The start of a key, a branch longer.
fn with(start: u64, slot: usize) -> u64 {
    (start << BITS) | u64::try_from(slot).unwrap_or_default()
}

/// The bit of a slot.
fn bit(slot: usize) -> u64 {
    1u64.checked_shl(u32::try_from(slot).unwrap_or(u32::MAX)).unwrap_or_default()
}

/// The first slot that is there.
fn lowest(there: u64) -> usize {
    at(there.trailing_zeros())
}

impl Default for Ladder {
    fn default() -> Self {
        let root = Node { there: 0, below: [NOBODY; SLOTS] };
        Self { nodes: vec![root], free: Vec::new(), lowest: None, near: [None; NEAR] }
    }
}

impl Ladder {
    /// The node of the lowest floor where a key stands or would.
    fn leaf(&self, key: u64) -> Option<u32> {
        if let Some((start, place)) = self.near[near(key)]
            && start == key >> BITS
        {
            return Some(place);
        }
        let mut place = 0;
        for floor in (1..DEPTH).rev() {
            place = self.nodes[at(place)].below[slot(key, floor)];
            if place == NOBODY {
                return None;
            }
        }
        Some(place)
    }

    /// What stands at a key.
    pub(super) fn get(&self, key: u64) -> Option<u32> {
        let found = self.nodes[at(self.leaf(key)?)].below[slot(key, 0)];
        (found != NOBODY).then_some(found)
    }

    /// Adds a key that is not there.
    pub(super) fn add(&mut self, key: u64, value: u32) {
        assert!(key < KEYS, "a price of the book is above its bound");
        let place = self.leaf(key).unwrap_or_else(|| {
            let mut place = 0;
            for floor in (1..DEPTH).rev() {
                let slot = slot(key, floor);
                let below = self.nodes[at(place)].below[slot];
                place = if below == NOBODY { self.grow(place, slot) } else { below };
            }
            place
        });
        self.near[near(key)] = Some((key >> BITS, place));
        let (node, slot) = (&mut self.nodes[at(place)], slot(key, 0));
        node.there |= bit(slot);
        node.below[slot] = value;
        if self.lowest.is_none_or(|(lowest, _)| key < lowest) {
            self.lowest = Some((key, value));
        }
    }

    fn grow(&mut self, above: u32, slot: usize) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.nodes.push(Node { there: 0, below: [NOBODY; SLOTS] });
            u32::try_from(self.nodes.len().saturating_sub(1)).unwrap_or(NOBODY)
        });
        let node = &mut self.nodes[at(above)];
        node.there |= bit(slot);
        node.below[slot] = place;
        place
    }

    /// Takes a key off that is there.
    pub(super) fn remove(&mut self, key: u64) {
        if self.lowest.is_some_and(|(lowest, _)| key == lowest) {
            self.lowest = self.next(key);
        }
        if let Some(place) = self.leaf(key) {
            let (node, bit) = (&mut self.nodes[at(place)], bit(slot(key, 0)));
            if node.there & !bit != 0 {
                node.there &= !bit;
                node.below[slot(key, 0)] = NOBODY;
                self.near[near(key)] = Some((key >> BITS, place));
                return;
            }
        }
        // The last of its node: it goes, and with it those above of which it was the last.
        self.near[near(key)] = None;
        let mut way = [0u32; FLOORS];
        let mut place = 0;
        for floor in (0..DEPTH).rev() {
            way[at(floor)] = place;
            place = self.nodes[at(place)].below[slot(key, floor)];
        }
        for floor in 0..DEPTH {
            let (place, slot) = (way[at(floor)], slot(key, floor));
            let node = &mut self.nodes[at(place)];
            node.there &= !bit(slot);
            node.below[slot] = NOBODY;
            if node.there != 0 || place == 0 {
                break;
            }
            self.free.push(place);
        }
    }

    /// The lowest key, and what stands at it.
    pub(super) fn first(&self) -> Option<(u64, u32)> {
        self.lowest
    }

    /// The lowest key below a node that stands so many floors above, with the start of its key.
    fn lowest_below(&self, (place, key): (u32, u64), floors: u32) -> (u64, u32) {
        let (mut place, mut key) = (place, key);
        for _ in 0..floors {
            let node = &self.nodes[at(place)];
            let slot = lowest(node.there);
            (place, key) = (node.below[slot], with(key, slot));
        }
        (key, place)
    }

    /// The next key above one that is there, and what stands at it.
    pub(super) fn next(&self, key: u64) -> Option<(u64, u32)> {
        let mut way = [0u32; FLOORS];
        let mut place = 0;
        for floor in (0..DEPTH).rev() {
            way[at(floor)] = place;
            place = self.nodes[at(place)].below[slot(key, floor)];
        }
        for floor in 0..DEPTH {
            let (node, slot) = (&self.nodes[at(way[at(floor)])], slot(key, floor));
            let above = node.there & !(bit(slot) | bit(slot).wrapping_sub(1));
            if above != 0 {
                let slot = lowest(above);
                let start = with(key >> BITS.saturating_mul(floor.saturating_add(1)), slot);
                return Some(self.lowest_below((node.below[slot], start), floor));
            }
        }
        None
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_keeps_what_a_sorted_map_keeps(
            asked in prop::collection::vec((any::<bool>(), 0u64..KEYS, 0u32..5), 1..200),
        ) {
            let (mut ladder, mut map) = (Ladder::default(), BTreeMap::new());
            for (far, key, value) in asked {
                // Half of them near each other, so that they meet.
                let key = if far { key } else { key % 300 };
                if map.remove(&key).is_some() {
                    ladder.remove(key);
                } else {
                    map.insert(key, value);
                    ladder.add(key, value);
                }
                prop_assert_eq!(ladder.get(key), map.get(&key).copied());
                prop_assert_eq!(ladder.first(), map.first_key_value().map(|(key, it)| (*key, *it)));
                for key in map.keys() {
                    let after = map.range(key + 1..).next().map(|(key, it)| (*key, *it));
                    prop_assert_eq!(ladder.next(*key), after);
                }
            }
            for key in map.keys() {
                ladder.remove(*key);
            }
            prop_assert_eq!((ladder.first(), ladder.free.len() + 1), (None, ladder.nodes.len()));
        }
    }
}
