//! The queue before the writer: bounded, and fair among lanes, so that a flood of orders does not
//! starve a surrender or a freeze.

use crate::writer::Submission;
use crate::{Answer, CommandId};
use karvan_core::command::Lane;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The most commands that wait in one lane; the next is told to come later.
pub const LANE_MAX: usize = 65_536;
/// The most commands the writer takes at a time.
pub const TAKE_MAX: usize = 4_096;

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a client gets its answers: many commands may be under way.
#[derive(Debug, Default)]
pub struct Mailbox {
    answers: Mutex<VecDeque<(CommandId, Answer)>>,
    news: Condvar,
}

impl Mailbox {
    /// Puts answers in, together.
    pub fn put(&self, answers: impl IntoIterator<Item = (CommandId, Answer)>) {
        lock(&self.answers).extend(answers);
        self.news.notify_one();
    }

    /// All answers there are, waiting for the first at most so long.
    pub fn take(&self, patience: Duration) -> VecDeque<(CommandId, Answer)> {
        let answers = lock(&self.answers);
        let waited = self.news.wait_timeout_while(answers, patience, |it| it.is_empty());
        std::mem::take(&mut *waited.unwrap_or_else(PoisonError::into_inner).0)
    }
}

/// A command with the mailbox for its answer.
#[derive(Debug)]
pub struct Waiting {
    /// The command.
    pub submission: Submission,
    /// Where the answer goes.
    pub reply: Arc<Mailbox>,
}

#[derive(Debug, Default)]
struct Inner {
    lanes: [VecDeque<Waiting>; 3],
    closed: bool,
}

impl Inner {
    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Waiting> {
        let [administration, registry, trading] = &mut self.lanes;
        match lane {
            Lane::Administration => administration,
            Lane::Registry => registry,
            Lane::Trading => trading,
        }
    }

    fn is_empty(&self) -> bool {
        self.lanes.iter().all(VecDeque::is_empty)
    }
}

/// Why a command was not taken into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotQueued {
    /// Its lane is full: come again later.
    Full,
    /// The market is closing down or has stopped.
    Closed,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    inner: Mutex<Inner>,
    news: Condvar,
}

/// What the writer gets.
#[derive(Debug)]
pub enum Work {
    /// Commands, a fair share of each lane.
    Commands(Vec<Waiting>),
    /// Nothing came within the time.
    Idle,
    /// The queue is closed and empty.
    Closed,
}

impl Queue {
    /// Puts commands in; all of them, or none with the reason.
    pub fn put(&self, commands: impl IntoIterator<Item = Waiting>) -> Result<(), NotQueued> {
        let commands: Vec<Waiting> = commands.into_iter().collect();
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Err(NotQueued::Closed);
        }
        for lane in Lane::ALL {
            let more = commands.iter().filter(|it| it.submission.command.lane() == lane).count();
            if more > 0 && inner.lane(lane).len().saturating_add(more) > LANE_MAX {
                return Err(NotQueued::Full);
            }
        }
        let was_empty = inner.is_empty();
        for waiting in commands {
            inner.lane(waiting.submission.command.lane()).push_back(waiting);
        }
        if was_empty {
            self.news.notify_one();
        }
        Ok(())
    }

    /// Takes up to [`TAKE_MAX`] commands: the lanes in turn, one command each.
    pub fn take(&self, patience: Duration) -> Work {
        let inner = lock(&self.inner);
        let waited =
            self.news.wait_timeout_while(inner, patience, |it| it.is_empty() && !it.closed);
        let mut inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        if inner.is_empty() {
            return if inner.closed { Work::Closed } else { Work::Idle };
        }
        let mut commands = Vec::new();
        while commands.len() < TAKE_MAX && !inner.is_empty() {
            for lane in &mut inner.lanes {
                commands.extend(lane.pop_front());
            }
        }
        Work::Commands(commands)
    }

    /// Takes no more commands; those that wait are still answered.
    pub fn close(&self) {
        lock(&self.inner).closed = true;
        self.news.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karvan_core::Command;
    use karvan_core::compliance::surrender::Surrender;
    use karvan_core::exchange::cancel_order::CancelOrder;
    use karvan_core::id::{InstallationId, NOBODY, OrderId};
    use karvan_core::market::pass_time::PassTime;
    use karvan_core::quantity::Tonnes;
    use karvan_core::time::{Instant, Year};

    fn waiting(command: Command) -> Waiting {
        let submission = Submission { id: CommandId(0), actor: NOBODY, command };
        Waiting { submission, reply: Arc::default() }
    }

    #[test]
    fn a_flood_of_orders_does_not_starve_a_surrender() {
        let queue = Queue::default();
        let order = || waiting(CancelOrder { order: OrderId(1) }.into());
        queue.put((0..10_000).map(|_| order())).expect("there is room");
        let (installation, year) = (InstallationId(1), Year(2027));
        let surrender = Surrender { installation, year, quantity: Tonnes(1) };
        queue.put([waiting(surrender.into())]).expect("there is room");
        let Work::Commands(taken) = queue.take(Duration::ZERO) else { panic!("there is work") };
        let lanes: Vec<_> = taken.iter().map(|it| it.submission.command.lane()).collect();
        assert_eq!(lanes.first(), Some(&Lane::Registry), "it came last and goes first");
    }

    #[test]
    fn a_full_lane_says_so_and_the_others_stay_open() {
        let queue = Queue::default();
        let order = || waiting(CancelOrder { order: OrderId(1) }.into());
        queue.put((0..LANE_MAX).map(|_| order())).expect("there is room");
        assert_eq!(queue.put([order()]), Err(NotQueued::Full));
        let time = || waiting(PassTime { to: Instant(1) }.into());
        assert_eq!(queue.put([time(), order()]), Err(NotQueued::Full));
        let Work::Commands(taken) = queue.take(Duration::ZERO) else { panic!("there is work") };
        let only_orders = taken.iter().all(|it| it.submission.command.lane() == Lane::Trading);
        assert!(only_orders, "nothing of a batch that was turned away is in the queue");
        assert_eq!(queue.put([time()]), Ok(()));
    }
}
