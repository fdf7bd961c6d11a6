//! The journal: batches of records, appended and read in order.

pub mod file;
pub mod memory;
pub mod recovery;
pub mod resume;
pub mod segment;

use crate::frame::{Batch, Hash};
use std::fmt;
use std::io;

/// A batch is closed when its frames reach this size.
pub const BATCH_BYTES: usize = 1024 * 1024;

/// Whether a batch may be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// Prepared space ahead holds the largest batch.
    Ready,
    /// It does not yet, or the disk is full; the text says which.
    None(String),
}

/// How an append ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The batch is on disk.
    Synced,
    /// Another writer has appended: this one must stop.
    Fenced {
        /// The position this writer expected to write.
        expected: u64,
        /// The position that is next.
        found: u64,
    },
}

/// The journal cannot go on: the writer stops, and the next start recovers.
#[derive(Debug)]
pub enum JournalBroken {
    /// Writing or syncing failed. What is on disk is known only after a restart.
    Disk {
        /// The file.
        file: String,
        /// What the disk said.
        error: io::Error,
    },
    /// Bytes that were synced have changed.
    Damaged(Damage),
    /// A rehearsal that is played again came to another record than the store holds.
    Differs {
        /// The record.
        position: u64,
    },
}

/// Damage to what was synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// The offset in bytes at which reading failed.
    pub offset: u64,
    /// The position of the record that should stand there.
    pub position: u64,
    /// Everything up to here had been synced.
    pub synced_through: u64,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for JournalBroken {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk { file, error } => write!(
                to,
                "{file}: {error}; the writer stops and nothing more is acknowledged; \
                 mend the disk and start again"
            ),
            Self::Damaged(it) => write!(
                to,
                "{}: damaged at byte {}, record {}: {}; everything up to record {} had been \
                 acknowledged, so nothing is dropped silently; restore the file from a copy",
                it.file, it.offset, it.position, it.what, it.synced_through
            ),
            Self::Differs { position } => write!(
                to,
                "record {position} of the store is not what this rehearsal comes to: the store was \
                 made by another policy, seed, data or program; name another --data-dir, or remove \
                 this one"
            ),
        }
    }
}

impl std::error::Error for JournalBroken {}

/// Where records are kept.
pub trait Journal: Send {
    /// Whether a batch may be started; asked before anything is decided.
    fn room(&mut self) -> Room;

    /// Writes and syncs a batch whose first record is `expected`.
    fn append(&mut self, expected: u64, batch: &Batch) -> Result<Appended, JournalBroken>;

    /// Marks the last batch as synced, when the writer is idle and at a clean stop.
    fn mark(&mut self) -> Result<(), JournalBroken>;

    /// Whole frames from position `from` on, about `most` bytes of them; empty at the end.
    fn read(&self, from: u64, most: usize) -> Result<Vec<u8>, JournalBroken>;

    /// The position of the last record.
    fn last(&self) -> u64;

    /// The hash of the last frame.
    fn chain(&self) -> Hash;
}
