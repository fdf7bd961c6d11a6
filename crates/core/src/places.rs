//! Where each row of a slab lies, by a number of it: a table that answers one question and cannot
//! be walked, so that no order of anything can depend on it. It holds places and the low half of
//! the numbers; the numbers themselves stand in the rows, and whoever asks says how they are read.
//! Numbers are given one after the other and mostly asked for so: sixteen of them lie together,
//! and their groups are scattered in the same way on every machine.
#![expect(clippy::indexing_slicing, reason = "a slot is masked to the length of the table")]

use std::sync::atomic::{AtomicU64, Ordering};

/// An odd number without a pattern: the golden ratio, in 64 bits.
const SCATTER: u64 = 0x9E37_79B9_7F4A_7C15;
const EMPTY: u32 = u32::MAX;
const GROUP_BITS: u32 = 4;

/// The low half of a number, and its place.
#[derive(Clone, Copy, Debug)]
struct Slot {
    low: u32,
    place: u32,
}

const NOBODY: Slot = Slot { low: 0, place: EMPTY };

/// The table.
#[derive(Debug)]
pub(crate) struct Places {
    slots: Vec<Slot>,
    count: usize,
    /// What was found last: one command asks for the same row again and again. It is believed only
    /// where the row says so too, so that no answer depends on it.
    last: AtomicU64,
}

impl Default for Places {
    fn default() -> Self {
        Self { slots: vec![NOBODY; 64], count: 0, last: AtomicU64::new(NOTHING) }
    }
}

impl Clone for Places {
    fn clone(&self) -> Self {
        let last = AtomicU64::new(self.last.load(Ordering::Relaxed));
        Self { slots: self.slots.clone(), count: self.count, last }
    }
}

/// No row was found last.
const NOTHING: u64 = u64::MAX;

/// The low half of a number beside its place.
fn found(low: u32, place: u32) -> u64 {
    (u64::from(place) << 32) | u64::from(low)
}

fn low_half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

impl Places {
    fn mask(&self) -> usize {
        self.slots.len().saturating_sub(1)
    }

    fn start(&self, low: u32) -> usize {
        let groups = self.slots.len().trailing_zeros().saturating_sub(GROUP_BITS);
        let group = u64::from(low >> GROUP_BITS).wrapping_mul(SCATTER);
        let group = group >> 64u32.saturating_sub(groups).min(63);
        let slot = (group << GROUP_BITS) | u64::from(low & 15);
        usize::try_from(slot).unwrap_or_default() & self.mask()
    }

    fn after(&self, slot: usize) -> usize {
        slot.wrapping_add(1) & self.mask()
    }

    /// The slot of a number, or the empty one where it would be.
    fn find(&self, number: u64, number_of: &impl Fn(u32) -> u64) -> usize {
        let low = low_half(number);
        let mut at = self.start(low);
        loop {
            let slot = self.slots[at];
            if slot.place == EMPTY || (slot.low == low && number_of(slot.place) == number) {
                return at;
            }
            at = self.after(at);
        }
    }

    /// Where a number lies.
    pub(crate) fn get(&self, number: u64, number_of: impl Fn(u32) -> u64) -> Option<u32> {
        let last = self.last.load(Ordering::Relaxed);
        let (low, place) = (low_half(last), low_half(last >> 32));
        if place != EMPTY && low == low_half(number) && number_of(place) == number {
            return Some(place);
        }
        let Slot { low, place } = self.slots[self.find(number, &number_of)];
        if place == EMPTY {
            return None;
        }
        self.last.store(found(low, place), Ordering::Relaxed);
        Some(place)
    }

    /// Adds a row at its place; where its number lay, if it was there.
    pub(crate) fn add(&mut self, place: u32, number_of: impl Fn(u32) -> u64) -> Option<u32> {
        if self.count.saturating_mul(2) >= self.slots.len() {
            self.grow();
        }
        let number = number_of(place);
        self.last = AtomicU64::new(found(low_half(number), place));
        let slot = self.find(number, &number_of);
        let row = Slot { low: low_half(number), place };
        let before = std::mem::replace(&mut self.slots[slot], row).place;
        if before != EMPTY {
            return Some(before);
        }
        self.count = self.count.saturating_add(1);
        None
    }

    fn grow(&mut self) {
        let slots = vec![NOBODY; self.slots.len().saturating_mul(2)];
        for row in std::mem::replace(&mut self.slots, slots) {
            if row.place == EMPTY {
                continue;
            }
            let mut at = self.start(row.low);
            while self.slots[at].place != EMPTY {
                at = self.after(at);
            }
            self.slots[at] = row;
        }
    }

    /// Takes a number off whose row is still there; where it lay.
    pub(crate) fn remove(&mut self, number: u64, number_of: impl Fn(u32) -> u64) -> Option<u32> {
        let mut hole = self.find(number, &number_of);
        let Slot { place, .. } = self.slots[hole];
        if place == EMPTY {
            return None;
        }
        self.count = self.count.saturating_sub(1);
        // Its row may soon be another's.
        self.last = AtomicU64::new(NOTHING);
        // Whoever was pushed on by what stood here moves up.
        let mut at = hole;
        loop {
            at = self.after(at);
            let next = self.slots[at];
            if next.place == EMPTY {
                break;
            }
            let wants = self.start(next.low);
            let (from_start, from_hole) =
                (at.wrapping_sub(wants) & self.mask(), at.wrapping_sub(hole) & self.mask());
            if from_start >= from_hole {
                self.slots[hole] = next;
                hole = at;
            }
        }
        self.slots[hole] = NOBODY;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_answers_as_a_map_does(
            asked in prop::collection::vec((any::<bool>(), 0u32..90), 1..400),
        ) {
            // The number of a row follows from its place.
            let number_of = |place: u32| {
                let far = u64::from(place % 3) << 33u32;
                far | u64::from(place / 3).wrapping_mul(7)
            };
            let (mut places, mut map) = (Places::default(), BTreeMap::new());
            for (adds, place) in asked {
                let number = number_of(place);
                if adds {
                    prop_assert_eq!(places.add(place, number_of), map.insert(number, place));
                } else {
                    prop_assert_eq!(places.remove(number, number_of), map.remove(&number));
                }
                for place in 0..90 {
                    let number = number_of(place);
                    prop_assert_eq!(places.get(number, number_of), map.get(&number).copied());
                }
            }
        }
    }
}
