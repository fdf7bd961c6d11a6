//! Command ids, and the window in which a repeated command gets its first answer again.
//!
//! An id begins with the moment of its creation. Within the window the same id and the same
//! command get the same answer; an id older than the window is refused, never executed: so no
//! command is ever executed twice.

use karvan_core::planted::{self, Fault};
use karvan_core::time::Instant;
use std::collections::BTreeMap;
use std::fmt;

/// 128 bits: 48 of the creation time in milliseconds, 80 chosen by the sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommandId(pub u128);

const RANDOM_BITS: u32 = 80;
const MARK_BITS: u128 = 0xffff << 64;
const WRITERS: u128 = 0xff6b << 64;

impl CommandId {
    /// An id created at `at`; of `random` the lower 80 bits count.
    pub fn new(at: Instant, random: u128) -> Self {
        let time = u128::from(at.0.max(0).unsigned_abs()) << RANDOM_BITS;
        Self(time | (random & ((1 << RANDOM_BITS) - 1)))
    }

    /// The id of a command the writer sends itself: the record it will be, under a mark that no
    /// sender may use.
    pub fn of_writer(at: Instant, position: u64) -> Self {
        Self::new(at, WRITERS | u128::from(position))
    }

    /// Whether it carries the writer's mark.
    pub fn is_writers(self) -> bool {
        self.0 & MARK_BITS == WRITERS
    }

    /// When it was created.
    pub fn created(self) -> Instant {
        Instant(i64::try_from(self.0 >> RANDOM_BITS).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:032x}", self.0)
    }
}

/// How long the window is.
#[derive(Clone, Copy, Debug)]
pub struct WindowLimits {
    /// Ids are kept this long.
    pub keep_ms: i64,
    /// At most so many ids are kept.
    pub most: usize,
    /// With `most` ids kept, none younger than this is forgotten: new commands wait instead.
    pub at_least_ms: i64,
}

impl Default for WindowLimits {
    fn default() -> Self {
        Self { keep_ms: 7 * 86_400_000, most: 16_000_000, at_least_ms: 600_000 }
    }
}

/// What the window knows of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is new.
    New,
    /// It carries the writer's mark, which no sender may use.
    Reserved,
    /// It was accepted with the same command as this record.
    Accepted(u64),
    /// It was accepted with another command as this record.
    Conflict(u64),
    /// It is older than the window.
    TooOld,
    /// It claims to be created later than the clock allows.
    FromTheFuture,
    /// The window is full of young ids.
    Full,
}

/// An id may be this much ahead of the writer's clock.
const AHEAD_MS: i64 = 600_000;

/// The accepted ids of the window.
#[derive(Debug)]
pub struct Window {
    limits: WindowLimits,
    oldest: Instant,
    accepted: BTreeMap<CommandId, (u64, u64)>,
}

/// The first eight bytes of a command's hash: enough to tell two commands under one id apart.
fn short(hash: &[u8; 32]) -> u64 {
    let (first, _) = hash.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    u64::from_be_bytes(*first)
}

impl Window {
    /// An empty window.
    pub fn new(limits: WindowLimits) -> Self {
        Self { limits, oldest: Instant(0), accepted: BTreeMap::new() }
    }

    /// What is known of an id, with the hash of its actor and command.
    pub fn know(&self, id: CommandId, hash: &[u8; 32], now: Instant) -> Known {
        match self.accepted.get(&id) {
            _ if id.is_writers() => Known::Reserved,
            Some((position, known)) if *known == short(hash) => Known::Accepted(*position),
            Some((position, _)) => Known::Conflict(*position),
            None if id.created() < self.oldest => Known::TooOld,
            None if id.created().0 > now.0.saturating_add(AHEAD_MS) => Known::FromTheFuture,
            None if self.is_full(now) => Known::Full,
            None => Known::New,
        }
    }

    fn is_full(&self, now: Instant) -> bool {
        let young = now.0.saturating_sub(self.limits.at_least_ms);
        self.accepted.len() >= self.limits.most
            && self.accepted.first_key_value().is_some_and(|(id, _)| id.created().0 >= young)
    }

    /// Keeps an accepted id, and forgets what is older than the window.
    pub fn keep(&mut self, id: CommandId, hash: &[u8; 32], at: (u64, Instant)) {
        // The writer repeats nothing: its own ids need no place in the window, and never fill it.
        if id.is_writers() || planted::has(Fault::IdForgotten) {
            return;
        }
        let (position, now) = at;
        self.accepted.insert(id, (position, short(hash)));
        let horizon = Instant(now.0.saturating_sub(self.limits.keep_ms));
        while let Some((first, _)) = self.accepted.first_key_value() {
            if first.created() >= horizon && self.accepted.len() <= self.limits.most {
                break;
            }
            // Nothing at or before a forgotten id is accepted any more.
            self.oldest = self.oldest.max(Instant(first.created().0.saturating_add(1)));
            self.accepted.pop_first();
        }
        self.oldest = self.oldest.max(horizon);
    }

    /// The ids kept, with position and short hash: for a snapshot.
    pub(crate) fn rows(&self) -> (Instant, Vec<(u128, u64, u64)>) {
        let rows = self.accepted.iter().map(|(id, (position, hash))| (id.0, *position, *hash));
        (self.oldest, rows.collect())
    }

    /// The window a snapshot holds.
    pub(crate) fn from_rows(
        limits: WindowLimits,
        oldest: Instant,
        rows: Vec<(u128, u64, u64)>,
    ) -> Self {
        let row = |(id, position, hash)| (CommandId(id), (position, hash));
        Self { limits, oldest, accepted: rows.into_iter().map(row).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: WindowLimits = WindowLimits { keep_ms: 1_000, most: 3, at_least_ms: 100 };

    #[test]
    fn the_same_id_is_answered_again_and_another_command_under_it_is_a_conflict() {
        let mut window = Window::new(LIMITS);
        let id = CommandId::new(Instant(5_000), 1);
        assert_eq!(window.know(id, &[1; 32], Instant(5_000)), Known::New);
        window.keep(id, &[1; 32], (7, Instant(5_000)));
        assert_eq!(window.know(id, &[1; 32], Instant(5_500)), Known::Accepted(7));
        assert_eq!(window.know(id, &[2; 32], Instant(5_500)), Known::Conflict(7));
    }

    #[test]
    fn a_forgotten_id_is_never_new_again() {
        let mut window = Window::new(LIMITS);
        for at in 0..200 {
            let now = Instant(5_000 + at * 50);
            window.keep(CommandId::new(now, 0), &[1; 32], (1, now));
        }
        for at in 0..200 {
            let id = CommandId::new(Instant(5_000 + at * 50), 0);
            assert_ne!(window.know(id, &[1; 32], Instant(15_000)), Known::New);
        }
    }

    #[test]
    fn a_window_full_of_young_ids_takes_no_new_one() {
        let mut window = Window::new(LIMITS);
        for place in 0..3 {
            window.keep(CommandId::new(Instant(5_000), place), &[1; 32], (1, Instant(5_000)));
        }
        let next = CommandId::new(Instant(5_050), 9);
        assert_eq!(window.know(next, &[1; 32], Instant(5_050)), Known::Full);
        assert_eq!(window.know(next, &[1; 32], Instant(5_200)), Known::New);
    }
}
