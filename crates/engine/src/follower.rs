//! A follower: a replica of the state that has applied durable records only. Pages and reports
//! read it; nobody ever sees a fact that a crash could take back.

use crate::frame;
use crate::tail::{Tail, Tailed};
use crate::writer::{Stopped, apply_frame};
use karvan_core::State;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

/// A follower holds its lock for writing no longer than this at a time.
const SLICE: Duration = Duration::from_millis(2);
/// Records applied between two looks at the watch.
const RECORDS_A_LOOK: usize = 64;
/// How long a read waits for a position it names.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// A replica of the state.
#[derive(Debug)]
pub struct Follower {
    state: RwLock<State>,
    applied: Mutex<u64>,
    news: Condvar,
}

/// A read named a position that the follower has not reached in time. The command is accepted;
/// it is only not shown yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotShownYet {
    /// The position that was named.
    pub wanted: u64,
    /// The position the follower has reached.
    pub reached: u64,
}

impl Follower {
    /// A follower that begins with a state.
    pub fn new(state: State) -> Self {
        let applied = Mutex::new(state.position);
        Self { state: RwLock::new(state), applied, news: Condvar::new() }
    }

    /// The position it has reached.
    pub fn position(&self) -> u64 {
        *self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as it is.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state once it holds record `min_position`; waits at most `patience` for it.
    pub fn read_at(
        &self,
        min_position: u64,
        patience: Duration,
    ) -> Result<RwLockReadGuard<'_, State>, NotShownYet> {
        let applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        let waited =
            self.news.wait_timeout_while(applied, patience, |applied| *applied < min_position);
        let reached = *waited.unwrap_or_else(PoisonError::into_inner).0;
        if reached < min_position {
            return Err(NotShownYet { wanted: min_position, reached });
        }
        Ok(self.read())
    }

    /// Applies whole frames in short slices; frames it has are passed over.
    pub fn apply_frames(&self, frames: &[u8]) -> Result<(), Stopped> {
        let mut rest = frame::frames(frames).peekable();
        while rest.peek().is_some() {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let started = Instant::now();
            let mut records = 0usize;
            for frame in rest.by_ref() {
                let position = state.next_position();
                let frame = frame.map_err(|what| Stopped::Unreadable { position, what })?;
                if frame.header.record.position < position {
                    continue;
                }
                apply_frame(&mut state, &frame)?;
                records = records.saturating_add(1);
                if records.is_multiple_of(RECORDS_A_LOOK) && started.elapsed() >= SLICE {
                    break;
                }
            }
            let reached = state.position;
            drop(state);
            *self.applied.lock().unwrap_or_else(PoisonError::into_inner) = reached;
            self.news.notify_all();
        }
        Ok(())
    }

    /// Follows the journal until the writer stops.
    pub fn follow(&self, tail: &Tail) -> Result<(), Stopped> {
        loop {
            match tail.next(self.position().saturating_add(1), PATIENCE)? {
                Tailed::Frames(piece) => self.apply_frames(piece.as_ref())?,
                Tailed::Nothing => {}
                Tailed::Closed => return Ok(()),
            }
        }
    }
}

/// A follower shared with those who read it.
pub type SharedFollower = Arc<Follower>;
