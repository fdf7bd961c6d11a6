//! Where each row of a slab lies, by a number of it: tables that answer one question and cannot be
//! walked, so that no order of anything can depend on them. They hold places; the numbers stand in
//! the rows, and whoever asks says how they are read.
#![expect(clippy::indexing_slicing, reason = "a slot is masked to the length of its table")]

use std::sync::atomic::{AtomicU64, Ordering};

/// What was found last: whoever asks again for the same, as one command does, finds it there. It is
/// believed only where what it names says so too, so that no answer depends on it.
#[derive(Debug)]
pub(crate) struct Last(AtomicU64);

impl Last {
    /// What was found last.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Found.
    pub(crate) fn set(&self, it: u64) {
        self.0.store(it, Ordering::Relaxed);
    }
}

impl Default for Last {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl Clone for Last {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.get()))
    }
}

const NOBODY: u32 = u32::MAX;

#[inline]
fn low_half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

#[inline]
fn at(slot: u64) -> usize {
    usize::try_from(slot).unwrap_or_default()
}

/// Rows whose numbers are given one after the other. A number's slot is its remainder by the length
/// of the table, which is a few times the count of the rows: so nearly all that live are found at
/// once, and new ones lie side by side. Where two meet, the older one gives way to a table of those
/// that live long.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    slots: Vec<u32>,
    /// How many rows are in the slots.
    count: usize,
    old: Scattered,
}

/// Slots of an empty table.
const SLOTS_AT_FIRST: usize = 4_096;
/// So many slots are there for each row, at least.
const SLOTS_A_ROW: usize = 3;

impl Default for Places {
    fn default() -> Self {
        Self { slots: vec![NOBODY; SLOTS_AT_FIRST], count: 0, old: Scattered::default() }
    }
}

impl Places {
    #[inline]
    fn slot(&self, number: u64) -> usize {
        at(number) & self.slots.len().saturating_sub(1)
    }

    /// Where a number lies.
    #[inline]
    pub(crate) fn get(&self, number: u64, number_of: impl Fn(u32) -> u64) -> Option<u32> {
        let place = self.slots[self.slot(number)];
        if place != NOBODY && number_of(place) == number {
            return Some(place);
        }
        self.old.get(number, number_of)
    }

    /// Adds a row at its place, whose number is not there.
    pub(crate) fn add(&mut self, place: u32, number_of: impl Fn(u32) -> u64) {
        if self.count.saturating_mul(SLOTS_A_ROW) >= self.slots.len() {
            self.grow(&number_of);
        }
        self.put(place, &number_of);
    }

    fn put(&mut self, place: u32, number_of: &impl Fn(u32) -> u64) {
        let number = number_of(place);
        let slot = self.slot(number);
        let other = self.slots[slot];
        if other == NOBODY {
            self.slots[slot] = place;
            self.count = self.count.saturating_add(1);
        } else if number_of(other) < number {
            self.slots[slot] = place;
            self.old.add(other, number_of);
        } else {
            self.old.add(place, number_of);
        }
    }

    fn grow(&mut self, number_of: &impl Fn(u32) -> u64) {
        let longer = vec![NOBODY; self.slots.len().saturating_mul(2)];
        let slots = std::mem::replace(&mut self.slots, longer);
        self.count = 0;
        for place in slots.into_iter().filter(|it| *it != NOBODY) {
            self.put(place, number_of);
        }
    }

    /// Takes a number off whose row is still there; where it lay.
    pub(crate) fn remove(&mut self, number: u64, number_of: impl Fn(u32) -> u64) -> Option<u32> {
        let slot = self.slot(number);
        let place = self.slots[slot];
        if place == NOBODY || number_of(place) != number {
            return self.old.remove(number, number_of);
        }
        self.slots[slot] = NOBODY;
        self.count = self.count.saturating_sub(1);
        Some(place)
    }
}

/// Rows whose numbers follow no order. Slots are scattered in the same way on every machine; one
/// that is taken gives way to the next that is free (linear probing, D. Knuth, The Art of Computer
/// Programming 6.4, algorithm R for what is taken off).
#[derive(Clone, Debug)]
pub(crate) struct Scattered {
    slots: Vec<Slot>,
    count: usize,
}

/// A row: half of its scattered number, and its place.
#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    place: u32,
}

const FREE: Slot = Slot { tag: 0, place: NOBODY };
const SCATTERED_AT_FIRST: usize = 16;
/// An odd number without a pattern: the golden ratio, in 64 bits.
const SCATTER: u64 = 0x9E37_79B9_7F4A_7C15;

/// Half of a scattered number.
#[inline]
fn tag(number: u64) -> u32 {
    low_half((number ^ (number >> 32)).wrapping_mul(SCATTER) >> 32)
}

impl Default for Scattered {
    fn default() -> Self {
        Self::with_slots(SCATTERED_AT_FIRST)
    }
}

impl Scattered {
    fn with_slots(count: usize) -> Self {
        Self { slots: vec![FREE; count], count: 0 }
    }

    fn mask(&self) -> usize {
        self.slots.len().saturating_sub(1)
    }

    /// The slot where a tag is at home.
    fn home(&self, tag: u32) -> usize {
        let bits = self.slots.len().trailing_zeros();
        at(u64::from(tag >> 32u32.saturating_sub(bits).min(31))) & self.mask()
    }

    fn after(&self, slot: usize) -> usize {
        slot.wrapping_add(1) & self.mask()
    }

    /// The slot of a number, or the free one that ends the search for it.
    fn find(&self, number: u64, number_of: &impl Fn(u32) -> u64) -> (usize, Option<u32>) {
        let tag = tag(number);
        let mut slot = self.home(tag);
        loop {
            let it = self.slots[slot];
            if it.place == NOBODY {
                return (slot, None);
            }
            if it.tag == tag && number_of(it.place) == number {
                return (slot, Some(it.place));
            }
            slot = self.after(slot);
        }
    }

    /// Where a number lies.
    pub(crate) fn get(&self, number: u64, number_of: impl Fn(u32) -> u64) -> Option<u32> {
        self.find(number, &number_of).1
    }

    /// Adds a row at its place, whose number is not there.
    pub(crate) fn add(&mut self, place: u32, number_of: impl Fn(u32) -> u64) {
        if self.count.saturating_mul(2) >= self.slots.len() {
            let longer = Self::with_slots(self.slots.len().saturating_mul(2));
            let shorter = std::mem::replace(self, longer);
            shorter.slots.into_iter().filter(|it| it.place != NOBODY).for_each(|it| self.put(it));
        }
        let tag = tag(number_of(place));
        self.put(Slot { tag, place });
    }

    fn put(&mut self, it: Slot) {
        let mut slot = self.home(it.tag);
        while self.slots[slot].place != NOBODY {
            slot = self.after(slot);
        }
        self.slots[slot] = it;
        self.count = self.count.saturating_add(1);
    }

    /// Takes a number off whose row is still there; where it lay.
    pub(crate) fn remove(&mut self, number: u64, number_of: impl Fn(u32) -> u64) -> Option<u32> {
        let (mut hole, place) = self.find(number, &number_of);
        let place = place?;
        self.count = self.count.saturating_sub(1);
        // Those that were pushed on by what stood there move up.
        let mut slot = hole;
        loop {
            slot = self.after(slot);
            let it = self.slots[slot];
            if it.place == NOBODY {
                self.slots[hole] = FREE;
                return Some(place);
            }
            let home = self.home(it.tag);
            let pushed = |from: usize| slot.wrapping_sub(from) & self.mask();
            if pushed(home) >= pushed(hole) {
                self.slots[hole] = it;
                hole = slot;
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The number of a row follows from its place: near ones, those that meet them in one slot of a
    /// short or a long table, and far ones.
    fn number_of(place: u32) -> u64 {
        let near = u64::from(place / 4).wrapping_mul(7);
        let slots = u64::try_from(SLOTS_AT_FIRST).unwrap_or_default();
        near + [0, slots, 64 * slots, 1 << 33u32][at(u64::from(place % 4))]
    }

    /// Another number with the same tag.
    fn twin_of(number: u64) -> u64 {
        // What SCATTER times this is 1: each round doubles the bits that are right.
        let undo = (0..6)
            .fold(SCATTER, |it, _| it.wrapping_mul(2u64.wrapping_sub(SCATTER.wrapping_mul(it))));
        let scattered = (number ^ (number >> 32)).wrapping_mul(SCATTER) ^ 1;
        let folded = scattered.wrapping_mul(undo);
        folded ^ (folded >> 32)
    }

    #[test]
    fn a_tag_of_two_numbers_finds_each() {
        let twin = twin_of(7);
        assert_eq!(tag(twin), tag(7));
        let numbers = [7, twin];
        let number_of = |place: u32| numbers[at(u64::from(place))];
        let mut table = Scattered::default();
        table.add(0, number_of);
        assert_eq!(table.get(twin, number_of), None);
        table.add(1, number_of);
        assert_eq!(table.remove(7, number_of), Some(0));
        assert_eq!(table.get(twin, number_of), Some(1));
    }

    proptest! {
        #[test]
        fn they_answer_as_a_map_does(
            asked in prop::collection::vec((0u32..4, 0u32..3_000), 1..4_000),
        ) {
            let (mut places, mut scattered) = (Places::default(), Scattered::default());
            let mut map = BTreeMap::new();
            for (what, place) in asked {
                let number = number_of(place);
                let known = map.get(&number).copied();
                prop_assert_eq!(places.get(number, number_of), known);
                prop_assert_eq!(scattered.get(number, number_of), known);
                if known.is_none() {
                    places.add(place, number_of);
                    scattered.add(place, number_of);
                    map.insert(number, place);
                } else if what == 0 {
                    prop_assert_eq!(places.remove(number, number_of), known);
                    prop_assert_eq!(scattered.remove(number, number_of), known);
                    map.remove(&number);
                }
            }
            for place in 0..3_000 {
                let number = number_of(place);
                let known = map.get(&number).copied();
                prop_assert_eq!(places.get(number, number_of), known);
                prop_assert_eq!(scattered.get(number, number_of), known);
            }
        }
    }
}
