//! Where each row of a slab lies, by a number of it: a table that answers one question and cannot
//! be walked, so that no order of anything can depend on it. It holds places; the numbers stand in
//! the rows, and whoever asks says how they are read.
//!
//! Numbers are given one after the other and mostly asked for so: fourteen of them share a line of
//! the processor's cache, in which each has its own slot. Lines are scattered in the same way on
//! every machine, and found by a tag; one whose home is taken lies in the next that is free (linear
//! probing, D. Knuth, The Art of Computer Programming 6.4).
#![expect(clippy::indexing_slicing, reason = "a line is masked to the length of the table")]

use std::sync::atomic::{AtomicU64, Ordering};

/// What was found last: whoever asks again for the same, as one command does, finds it there. It is
/// believed only where what it names says so too, so that no answer depends on it.
#[derive(Debug)]
pub(crate) struct Last(AtomicU64);

impl Last {
    /// Nothing was found last.
    pub(crate) const fn nothing() -> Self {
        Self(AtomicU64::new(NOTHING))
    }

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
        Self::nothing()
    }
}

impl Clone for Last {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.get()))
    }
}

/// An odd number without a pattern: the golden ratio, in 64 bits.
const SCATTER: u64 = 0x9E37_79B9_7F4A_7C15;
const EMPTY: u32 = u32::MAX;
/// So many numbers share a line.
const WIDTH: u64 = 14;
const LINES_AT_FIRST: usize = 16;

/// Numbers that follow each other. Without rows it is free.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line {
    tag: u32,
    rows: u32,
    places: [u32; 14],
}

const FREE: Line = Line { tag: 0, rows: 0, places: [EMPTY; 14] };
const _: () = assert!(std::mem::size_of::<Line>() == 64);

/// The table.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    lines: Vec<Line>,
    /// How many lines are taken.
    taken: usize,
    last: Last,
}

impl Default for Places {
    fn default() -> Self {
        Self::with_lines(LINES_AT_FIRST)
    }
}

/// No row was found last.
const NOTHING: u64 = u64::MAX;

/// The low half of a number beside its place.
fn found(number: u64, place: u32) -> u64 {
    (u64::from(place) << 32) | u64::from(low_half(number))
}

#[inline]
fn low_half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

/// The tag of a number's line, and its slot in it.
fn line_of(number: u64) -> (u32, usize) {
    let tag = low_half(number.div_euclid(WIDTH).wrapping_mul(SCATTER) >> 32);
    (tag, usize::try_from(number.rem_euclid(WIDTH)).unwrap_or_default())
}

impl Places {
    fn with_lines(count: usize) -> Self {
        Self { lines: vec![FREE; count], taken: 0, last: Last::nothing() }
    }

    /// The line where a tag is at home.
    fn home(&self, tag: u32) -> usize {
        let bits = self.lines.len().trailing_zeros();
        let line = tag >> 32u32.saturating_sub(bits).min(31);
        usize::try_from(line).unwrap_or_default() & self.mask()
    }

    fn mask(&self) -> usize {
        self.lines.len().saturating_sub(1)
    }

    fn after(&self, line: usize) -> usize {
        line.wrapping_add(1) & self.mask()
    }

    /// The line and slot in which a number is.
    fn find(&self, number: u64, number_of: &impl Fn(u32) -> u64) -> Option<(usize, usize)> {
        let (tag, slot) = line_of(number);
        let mut at = self.home(tag);
        while self.lines[at].rows > 0 {
            // Numbers far from each other may have the same tag.
            if self.lines[at].tag == tag {
                let place = self.lines[at].places[slot];
                if place != EMPTY && number_of(place) == number {
                    return Some((at, slot));
                }
            }
            at = self.after(at);
        }
        None
    }

    /// Where a number lies.
    #[inline]
    pub(crate) fn get(&self, number: u64, number_of: impl Fn(u32) -> u64) -> Option<u32> {
        let last = self.last.get();
        let (low, place) = (low_half(last), low_half(last >> 32));
        if place != EMPTY && low == low_half(number) && number_of(place) == number {
            return Some(place);
        }
        let (line, slot) = self.find(number, &number_of)?;
        let place = self.lines[line].places[slot];
        self.last.set(found(number, place));
        Some(place)
    }

    /// Adds a row at its place; where its number lay, if it was there.
    pub(crate) fn add(&mut self, place: u32, number_of: impl Fn(u32) -> u64) -> Option<u32> {
        let number = number_of(place);
        self.last.set(found(number, place));
        if let Some((line, slot)) = self.find(number, &number_of) {
            return Some(std::mem::replace(&mut self.lines[line].places[slot], place));
        }
        if self.taken.saturating_mul(2) >= self.lines.len() {
            self.grow();
        }
        let (tag, slot) = line_of(number);
        let mut at = self.home(tag);
        while let Line { rows: 1.., tag: other, places } = &self.lines[at]
            && (*other != tag || places[slot] != EMPTY)
        {
            at = self.after(at);
        }
        let line = &mut self.lines[at];
        self.taken = self.taken.saturating_add(usize::from(line.rows == 0));
        line.tag = tag;
        line.rows = line.rows.saturating_add(1);
        line.places[slot] = place;
        None
    }

    fn grow(&mut self) {
        let mut wider = Self::with_lines(self.lines.len().saturating_mul(2));
        for line in self.lines.iter().filter(|it| it.rows > 0) {
            let mut at = wider.home(line.tag);
            while wider.lines[at].rows > 0 {
                at = wider.after(at);
            }
            wider.lines[at] = *line;
        }
        self.lines = wider.lines;
    }

    /// Takes a number off whose row is still there; where it lay.
    pub(crate) fn remove(&mut self, number: u64, number_of: impl Fn(u32) -> u64) -> Option<u32> {
        let (line, slot) = self.find(number, &number_of)?;
        // Its row may soon be another's.
        self.last.set(NOTHING);
        let row = &mut self.lines[line];
        let place = std::mem::replace(&mut row.places[slot], EMPTY);
        row.rows = row.rows.saturating_sub(1);
        if row.rows == 0 {
            self.taken = self.taken.saturating_sub(1);
            self.close(line);
        }
        Some(place)
    }

    /// A line is free: those that were pushed on by what stood there move up.
    fn close(&mut self, line: usize) {
        let (mut hole, mut at) = (line, line);
        loop {
            at = self.after(at);
            let line = self.lines[at];
            if line.rows == 0 {
                return;
            }
            let home = self.home(line.tag);
            let (from_home, from_hole) =
                (at.wrapping_sub(home) & self.mask(), at.wrapping_sub(hole) & self.mask());
            if from_home >= from_hole {
                (self.lines[hole], self.lines[at]) = (line, FREE);
                hole = at;
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

    /// A number of another line with the same tag, in the same slot.
    fn twin_of(number: u64) -> u64 {
        // What SCATTER times this is 1: each round doubles the bits that are right.
        let undo = (0..6)
            .fold(SCATTER, |it, _| it.wrapping_mul(2u64.wrapping_sub(SCATTER.wrapping_mul(it))));
        let scattered = (number / WIDTH).wrapping_mul(SCATTER);
        let lines = (1..).map(|it| scattered.wrapping_add(it).wrapping_mul(undo));
        let line =
            lines.into_iter().find(|it| *it < u64::MAX / WIDTH).expect("one in fourteen fits");
        line * WIDTH + number % WIDTH
    }

    #[test]
    fn numbers_far_from_each_other_may_have_the_same_tag() {
        for number in [0, 13, 14, 500] {
            let twin = twin_of(number);
            assert!(twin > u64::from(u32::MAX), "{twin} is far from {number}");
            assert_eq!(line_of(number), line_of(twin));
        }
    }

    proptest! {
        #[test]
        fn it_answers_as_a_map_does(
            asked in prop::collection::vec((any::<bool>(), 0u32..90), 1..400),
        ) {
            // The number of a row follows from its place: near ones, far ones, and far ones whose
            // lines have the tags of near ones.
            let number_of = |place: u32| {
                let near = u64::from(place / 3).wrapping_mul(7);
                match place % 3 {
                    0 => near,
                    1 => near | (1 << 33u32),
                    _ => twin_of(near),
                }
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
