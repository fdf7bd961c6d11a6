//! Where each order lies, by its name: a table that answers one question and cannot be walked, so
//! that no order of anything can depend on it. The scatter is the same on every machine.
#![expect(clippy::indexing_slicing, reason = "a place is masked to the length of the table")]

/// An odd number without a pattern: the golden ratio, in 64 bits.
const SCATTER: u64 = 0x9E37_79B9_7F4A_7C15;
const EMPTY: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Row {
    id: u64,
    place: u32,
}

/// The table.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    rows: Vec<Row>,
    count: usize,
}

impl Default for Ids {
    fn default() -> Self {
        Self { rows: vec![Row { id: 0, place: EMPTY }; 64], count: 0 }
    }
}

impl Ids {
    fn mask(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    fn start(&self, id: u64) -> usize {
        let bits = self.rows.len().trailing_zeros();
        let high = id.wrapping_mul(SCATTER) >> 64u32.saturating_sub(bits).min(63);
        usize::try_from(high).unwrap_or_default() & self.mask()
    }

    fn after(&self, slot: usize) -> usize {
        slot.wrapping_add(1) & self.mask()
    }

    /// The slot of an order, or the empty one where it would be.
    fn find(&self, id: u64) -> usize {
        let mut slot = self.start(id);
        loop {
            let row = self.rows[slot];
            if row.place == EMPTY || row.id == id {
                return slot;
            }
            slot = self.after(slot);
        }
    }

    /// Where an order lies.
    pub(super) fn get(&self, id: u64) -> Option<u32> {
        let row = self.rows[self.find(id)];
        (row.place != EMPTY).then_some(row.place)
    }

    /// Adds an order; where it lay, if it was there.
    pub(super) fn add(&mut self, id: u64, place: u32) -> Option<u32> {
        if self.count.saturating_mul(2) >= self.rows.len() {
            self.grow();
        }
        let slot = self.find(id);
        let before = self.rows[slot].place;
        self.rows[slot] = Row { id, place };
        if before == EMPTY {
            self.count = self.count.saturating_add(1);
            None
        } else {
            Some(before)
        }
    }

    fn grow(&mut self) {
        let rows = vec![Row { id: 0, place: EMPTY }; self.rows.len().saturating_mul(2)];
        for row in std::mem::replace(&mut self.rows, rows) {
            if row.place != EMPTY {
                let slot = self.find(row.id);
                self.rows[slot] = row;
            }
        }
    }

    /// Takes an order off; where it lay.
    pub(super) fn remove(&mut self, id: u64) -> Option<u32> {
        let mut hole = self.find(id);
        let place = self.rows[hole].place;
        if place == EMPTY {
            return None;
        }
        self.count = self.count.saturating_sub(1);
        // Whoever was pushed on by what stood here moves up.
        let mut slot = hole;
        loop {
            slot = self.after(slot);
            let row = self.rows[slot];
            if row.place == EMPTY {
                break;
            }
            let wants = self.start(row.id);
            let (from_start, from_hole) =
                (slot.wrapping_sub(wants) & self.mask(), slot.wrapping_sub(hole) & self.mask());
            if from_start >= from_hole {
                self.rows[hole] = row;
                hole = slot;
            }
        }
        self.rows[hole].place = EMPTY;
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
            asked in prop::collection::vec((any::<bool>(), 0u64..90, 0u32..9), 1..400),
        ) {
            let (mut ids, mut map) = (Ids::default(), BTreeMap::new());
            for (adds, id, place) in asked {
                if adds {
                    prop_assert_eq!(ids.add(id, place), map.insert(id, place));
                } else {
                    prop_assert_eq!(ids.remove(id), map.remove(&id));
                }
                for id in 0..90 {
                    prop_assert_eq!(ids.get(id), map.get(&id).copied());
                }
            }
        }
    }
}
