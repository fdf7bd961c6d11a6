//! The end of the journal, for followers that live outside the engine: batches as they become
//! durable, and files for what is older.

use crate::feed::{Feed, Next, Published};
use crate::journal::file::SharedSegments;
use crate::journal::segment::{ReadFrom, Segment, read_frames};
use crate::snapshot;
use crate::storage::Storage;
use crate::writer::Stopped;
use karvan_core::State;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Bytes of frames read from files at a time.
const READ_BYTES: usize = 1024 * 1024;

/// Records as they come.
#[derive(Clone)]
pub struct Tail {
    feed: Arc<Feed>,
    storage: Arc<dyn Storage>,
    segments: SharedSegments,
}

/// What a follower gets.
pub enum Tailed {
    /// Whole frames, the position that was asked for among them.
    Frames(Piece),
    /// Nothing new within the time.
    Nothing,
    /// The writer has stopped and everything was handed out.
    Closed,
}

/// A piece of the journal.
pub enum Piece {
    /// A batch that was just written.
    Batch(Arc<Published>),
    /// Frames from the journal's files.
    Read(Vec<u8>),
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Batch(it) => &it.frames,
            Self::Read(it) => it,
        }
    }
}

impl Tail {
    pub(crate) fn new(
        feed: &Arc<Feed>,
        storage: &Arc<dyn Storage>,
        segments: &SharedSegments,
    ) -> Self {
        let (feed, storage) = (Arc::clone(feed), Arc::clone(storage));
        Self { feed, storage, segments: Arc::clone(segments) }
    }

    /// The position of the last record on disk.
    pub fn durable(&self) -> u64 {
        self.feed.durable()
    }

    fn segments(&self) -> Vec<Segment> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Frames from a position on; waits for them at most so long.
    pub fn next(&self, from: u64, patience: Duration) -> Result<Tailed, Stopped> {
        Ok(match self.feed.next(from, patience) {
            Next::Batch(batch) => Tailed::Frames(Piece::Batch(batch)),
            Next::InJournal => Tailed::Frames(Piece::Read(self.read(from)?)),
            Next::Nothing => Tailed::Nothing,
            Next::Closed => Tailed::Closed,
        })
    }

    fn read(&self, from: u64) -> Result<Vec<u8>, Stopped> {
        // The position first: the segments known after it hold at least that much.
        let last = self.feed.durable();
        let wanted = ReadFrom { from, last, most: READ_BYTES };
        Ok(read_frames(&*self.storage, &self.segments(), wanted)?)
    }

    /// The state as it was after a record that is on disk.
    pub fn state_at(&self, position: u64) -> Result<State, Stopped> {
        Ok(snapshot::at(&*self.storage, &self.segments(), position)?.state)
    }
}
