//! The feed: durable batches on their way to the followers, and the durable position.
//!
//! It holds the newest batches up to a bound; a follower that fell further behind reads the
//! journal's files.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of batches kept for followers.
pub const FEED_BYTES: usize = 32 * 1024 * 1024;

/// Frames of one batch.
#[derive(Debug)]
pub struct Published {
    /// The position of its first record.
    pub first: u64,
    /// The position of its last record.
    pub last: u64,
    /// Its frames.
    pub frames: Vec<u8>,
}

#[derive(Debug, Default)]
struct Inner {
    batches: VecDeque<Arc<Published>>,
    bytes: usize,
    durable: u64,
    closed: bool,
}

/// The feed.
#[derive(Debug, Default)]
pub struct Feed {
    inner: Mutex<Inner>,
    news: Condvar,
    end: Condvar,
}

/// What a follower gets.
#[derive(Debug)]
pub enum Next {
    /// The batch that holds the position.
    Batch(Arc<Published>),
    /// The position is on disk, but no longer in the feed.
    InJournal,
    /// Nothing new within the time.
    Nothing,
    /// The writer has stopped and everything was handed out.
    Closed,
}

impl Feed {
    /// A feed that begins after the position.
    pub fn after(durable: u64) -> Self {
        Self { inner: Mutex::new(Inner { durable, ..Inner::default() }), ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes a batch that is on disk.
    pub fn publish(&self, batch: Published) {
        let mut inner = self.lock();
        inner.durable = batch.last;
        inner.bytes = inner.bytes.saturating_add(batch.frames.len());
        inner.batches.push_back(Arc::new(batch));
        while inner.bytes > FEED_BYTES {
            let Some(oldest) = inner.batches.pop_front() else {
                break;
            };
            inner.bytes = inner.bytes.saturating_sub(oldest.frames.len());
        }
        self.news.notify_all();
    }

    /// Ends the feed.
    pub fn close(&self) {
        self.lock().closed = true;
        self.news.notify_all();
        self.end.notify_all();
    }

    /// Waits for the end of the feed, at most so long; whether it has ended. Whoever waits here
    /// is not woken by batches: in a quiet market every client would wait for that.
    pub fn ended_within(&self, patience: Duration) -> bool {
        let waited = self.end.wait_timeout_while(self.lock(), patience, |it| !it.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    /// The position of the last record on disk.
    pub fn durable(&self) -> u64 {
        self.lock().durable
    }

    /// The batch that holds `position`, waiting for it at most so long.
    pub fn next(&self, position: u64, patience: Duration) -> Next {
        let mut inner = self.lock();
        if inner.durable < position && !inner.closed {
            let waited = self.news.wait_timeout(inner, patience);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if inner.durable < position {
            return if inner.closed { Next::Closed } else { Next::Nothing };
        }
        let place = inner.batches.partition_point(|it| it.last < position);
        match inner.batches.get(place).filter(|it| it.first <= position) {
            Some(batch) => Next::Batch(Arc::clone(batch)),
            None => Next::InJournal,
        }
    }
}
