//! A journal that is written again: what it holds is compared, what it lacks is appended.
//!
//! A rehearsal has no memory beside its journal. To go on with one that was cut short it is played
//! from the start; every record must come out as it stands in the store, byte for byte, until the
//! store ends and new ones follow. So each restart also proves that the same seed gives the same
//! bytes.

use super::{Appended, Journal, JournalBroken, Room};
use crate::frame::{self, Batch, Hash};

/// The journal.
pub struct Resume<J> {
    inner: J,
    stored: u64,
    compared: u64,
    chain: Hash,
}

impl<J: Journal> Resume<J> {
    /// A journal to be written again from its first record.
    pub fn new(inner: J) -> Self {
        let stored = inner.last();
        Self { inner, stored, compared: 0, chain: [0; 32] }
    }

    /// How many records the store had.
    pub fn stored(&self) -> u64 {
        self.stored
    }

    /// The journal itself.
    pub fn inner(&self) -> &J {
        &self.inner
    }

    /// Compares the frames the store holds; returns those it lacks.
    fn compare(&mut self, batch: &Batch) -> Result<Batch, JournalBroken> {
        let mut lacking = Batch { chain: batch.chain, ..Batch::default() };
        let held = self.inner.read(batch.first, batch.frames.len())?;
        let mut held = frame::frames(&held);
        for frame in frame::frames(&batch.frames).flatten() {
            let position = frame.header.record.position;
            if position > self.stored {
                if lacking.records == 0 {
                    lacking.first = position;
                }
                lacking.records = lacking.records.saturating_add(1);
                lacking.frames.extend_from_slice(frame.bytes);
                continue;
            }
            let same = held.next().is_some_and(|it| it.is_ok_and(|it| it.bytes == frame.bytes));
            if !same {
                return Err(JournalBroken::Differs { position });
            }
        }
        Ok(lacking)
    }
}

impl<J: Journal> Journal for Resume<J> {
    fn room(&mut self) -> Room {
        self.inner.room()
    }

    fn append(&mut self, expected: u64, batch: &Batch) -> Result<Appended, JournalBroken> {
        let found = self.compared.saturating_add(1);
        if expected != found {
            return Ok(Appended::Fenced { expected, found });
        }
        if batch.first > self.stored {
            let appended = self.inner.append(expected, batch)?;
            self.compared = batch.last();
            self.chain = batch.chain;
            return Ok(appended);
        }
        let lacking = self.compare(batch)?;
        self.compared = batch.last();
        self.chain = batch.chain;
        if lacking.records == 0 {
            return Ok(Appended::Synced);
        }
        self.inner.append(lacking.first, &lacking)
    }

    fn mark(&mut self) -> Result<(), JournalBroken> {
        self.inner.mark()
    }

    fn read(&self, from: u64, most: usize) -> Result<Vec<u8>, JournalBroken> {
        self.inner.read(from, most)
    }

    fn last(&self) -> u64 {
        self.compared
    }

    fn chain(&self) -> Hash {
        self.chain
    }
}
