//! A journal in memory: nothing survives, everything else is the same.

use super::{Appended, Journal, JournalBroken, Room};
use crate::frame::{self, Batch, Hash};

/// The journal.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    batches: Vec<Batch>,
    keep: bool,
    last: u64,
    chain: Hash,
}

impl MemoryJournal {
    /// A journal that can be read back.
    pub fn new() -> Self {
        Self { keep: true, ..Self::default() }
    }

    /// A journal that only counts and chains: for rehearsals nobody reads back.
    pub fn forgetful() -> Self {
        Self::default()
    }
}

impl Journal for MemoryJournal {
    fn room(&mut self) -> Room {
        Room::Ready
    }

    fn append(&mut self, expected: u64, batch: &Batch) -> Result<Appended, JournalBroken> {
        let found = self.last.saturating_add(1);
        if expected != found {
            return Ok(Appended::Fenced { expected, found });
        }
        self.last = batch.last();
        self.chain = batch.chain;
        if self.keep {
            self.batches.push(batch.clone());
        }
        Ok(Appended::Synced)
    }

    fn mark(&mut self) -> Result<(), JournalBroken> {
        Ok(())
    }

    fn read(&self, from: u64, most: usize) -> Result<Vec<u8>, JournalBroken> {
        let mut bytes = Vec::new();
        let place = self.batches.partition_point(|it| it.last() < from);
        for batch in self.batches.get(place..).unwrap_or_default() {
            for frame in frame::frames(&batch.frames).flatten() {
                if frame.header.record.position >= from && bytes.len() < most {
                    bytes.extend_from_slice(frame.bytes);
                }
            }
            if bytes.len() >= most {
                break;
            }
        }
        Ok(bytes)
    }

    fn last(&self) -> u64 {
        self.last
    }

    fn chain(&self) -> Hash {
        self.chain
    }
}
