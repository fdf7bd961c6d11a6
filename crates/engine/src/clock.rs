//! Where time comes from. The core never asks; the writer stamps.

use karvan_core::time::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A clock in UTC.
pub trait Clock: Send + Sync {
    /// The moment it shows.
    fn now(&self) -> Instant;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that somebody sets: market time in rehearsals and tests.
#[derive(Clone, Debug, Default)]
pub struct SetClock(Arc<AtomicI64>);

impl SetClock {
    /// A clock that shows `moment`.
    pub fn at(moment: Instant) -> Self {
        Self(Arc::new(AtomicI64::new(moment.0)))
    }

    /// Sets what the clock shows.
    pub fn set(&self, moment: Instant) {
        self.0.store(moment.0, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::SeqCst))
    }
}

/// A clock that goes on from a moment, as fast as the machine's: a rehearsed market ends years
/// ahead of the machine, and its time never goes back.
#[derive(Clone, Copy, Debug)]
pub struct ResumedClock {
    from: Instant,
    since: std::time::Instant,
}

impl ResumedClock {
    /// A clock that shows `from` now.
    pub fn from(from: Instant) -> Self {
        Self { from, since: std::time::Instant::now() }
    }
}

impl Clock for ResumedClock {
    fn now(&self) -> Instant {
        let passed = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        Instant(self.from.0.saturating_add(passed))
    }
}
