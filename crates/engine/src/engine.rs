//! The shell: threads around the stepped writer, the follower and the snapshots.

use crate::clock::{Clock, SystemClock};
use crate::command_id::CommandId;
use crate::feed::{Feed, Published};
use crate::follower::{Follower, SharedFollower};
use crate::frame::Batch;
use crate::index;
use crate::journal::JournalBroken;
use crate::journal::file::{FileJournal, FileOptions, SharedSegments};
use crate::journal::recovery::{self, Dropped};
use crate::journal::segment::Segment;
use crate::queue::{Mailbox, NotQueued, Queue, Waiting, Work};
use crate::snapshot::{self, SEGMENTS_A_SNAPSHOT};
use crate::storage::{DiskStorage, Storage};
use crate::tail::Tail;
use crate::writer::{Answer, ClockBounds, Stopped, Submission, Writer};
use karvan_core::time::Instant;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// After so long without work the last batch gets its mark.
const IDLE: Duration = Duration::from_millis(50);

/// How often the upkeep looks whether something is to be done.
const LOOK: Duration = Duration::from_secs(1);
/// A full segment is scrubbed after so many looks.
const LOOKS_A_SCRUB: u64 = 60;

/// How an engine is started.
pub struct Options {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// How far the clock may jump.
    pub bounds: ClockBounds,
    /// Files of the journal.
    pub files: FileOptions,
}

impl Default for Options {
    fn default() -> Self {
        let files = FileOptions { helper_thread: true, ..FileOptions::default() };
        Self { clock: Arc::new(SystemClock), bounds: ClockBounds::default(), files }
    }
}

/// A running engine: one writer thread, one follower, snapshots in the background.
pub struct Engine {
    queue: Arc<Queue>,
    feed: Arc<Feed>,
    follower: SharedFollower,
    dropped: Option<Dropped>,
    storage: Arc<dyn Storage>,
    segments: SharedSegments,
    clock: Arc<dyn Clock>,
    threads: Vec<JoinHandle<()>>,
}

/// An invariant that breaks, a write or a sync that fails: nothing more may be acknowledged, so
/// the process ends, and the next start recovers.
fn abort(who: &str, why: &dyn std::fmt::Display) -> ! {
    eprintln!("karvan: {who}: {why}");
    std::process::abort()
}

/// Ends the process when the thread it guards panics.
struct AbortOnPanic(&'static str);

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            abort(self.0, &"an invariant is broken; start again to recover from the journal");
        }
    }
}

impl Engine {
    /// Opens a data directory, recovers it and starts.
    pub fn start(folder: &Path, options: Options) -> Result<Self, Stopped> {
        let disk = DiskStorage::open(folder).map_err(|error| {
            let file = folder.display().to_string();
            Stopped::Journal(JournalBroken::Disk { file, error })
        })?;
        Self::start_on(Arc::new(disk), options)
    }

    /// Starts on a storage.
    pub fn start_on(storage: Arc<dyn Storage>, options: Options) -> Result<Self, Stopped> {
        let (journal, found) = FileJournal::open(Arc::clone(&storage), options.files)?;
        let at_end = snapshot::at(&*storage, &found.segments, found.last)?;
        let follower = Arc::new(Follower::new(at_end.state.clone()));
        let feed = Arc::new(Feed::after(found.last));
        let queue = Arc::new(Queue::default());
        let segments = journal.shared_segments();
        let clock = Arc::clone(&options.clock);
        let writer =
            Writer::new(journal, at_end.into_start(), options.clock).with_bounds(options.bounds);
        let threads = vec![
            spawn_writer(writer, &queue, &feed),
            spawn_follower(&follower, Tail::new(&feed, &storage, &segments)),
            spawn_upkeep(&feed, (&storage, options.files.segment_bytes), &segments),
        ];
        let dropped = found.dropped;
        Ok(Self { queue, feed, follower, dropped, storage, segments, clock, threads })
    }

    /// The torn batch that recovery dropped, if there was one.
    pub fn dropped(&self) -> Option<&Dropped> {
        self.dropped.as_ref()
    }

    /// The replica that pages and reports read.
    pub fn follower(&self) -> SharedFollower {
        Arc::clone(&self.follower)
    }

    /// The records as they come, for followers outside.
    pub fn tail(&self) -> Tail {
        Tail::new(&self.feed, &self.storage, &self.segments)
    }

    /// What the writer's clock shows now. A command's time is never before that of the one before.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The position of the last record on disk.
    pub fn durable(&self) -> u64 {
        self.feed.durable()
    }

    /// The record that a command became, however long ago: for whoever lost the answer.
    pub fn what_became_of(&self, id: CommandId) -> Result<Option<u64>, JournalBroken> {
        // The position first: the segments known after it hold at least that much.
        let durable = self.durable();
        let known = self.segments.lock().unwrap_or_else(PoisonError::into_inner).clone();
        index::find(&*self.storage, (&known, durable), id)
    }

    /// Sends commands; the answers come into the mailbox, each when its record is on disk.
    pub fn submit(
        &self,
        commands: impl IntoIterator<Item = Submission>,
        reply: &Arc<Mailbox>,
    ) -> Result<(), NotQueued> {
        let waiting = |submission| Waiting { submission, reply: Arc::clone(reply) };
        self.queue.put(commands.into_iter().map(waiting))
    }

    /// Sends one command and waits for its answer.
    pub fn ask(&self, submission: Submission) -> Result<Answer, NotQueued> {
        let mailbox = Arc::new(Mailbox::default());
        let id = submission.id;
        self.submit([submission], &mailbox)?;
        loop {
            let answers = mailbox.take(IDLE);
            if let Some((_, answer)) = answers.into_iter().find(|(it, _)| *it == id) {
                return Ok(answer);
            }
        }
    }

    /// Answers what waits, marks the journal and ends.
    pub fn stop(mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

fn spawn_writer(
    mut writer: Writer<FileJournal>,
    queue: &Arc<Queue>,
    feed: &Arc<Feed>,
) -> JoinHandle<()> {
    let (queue, feed) = (Arc::clone(queue), Arc::clone(feed));
    std::thread::spawn(move || {
        let _guard = AbortOnPanic("the writer");
        let mut publish = |batch: &Batch| {
            let published =
                Published { first: batch.first, last: batch.last(), frames: batch.frames.clone() };
            feed.publish(published);
        };
        loop {
            let stopped = match queue.take(IDLE) {
                Work::Commands(work) => serve(&mut writer, work, &mut publish),
                // Time passes even when nobody asks anything.
                Work::Idle => writer.step(&[], &mut publish).and_then(|_| writer.mark()),
                Work::Closed => break,
            };
            if let Err(why) = stopped {
                abort("the writer", &why);
            }
        }
        if let Err(why) = writer.mark() {
            abort("the writer", &why);
        }
        feed.close();
    })
}

/// Takes commands through the writer and hands the answers out, mailbox by mailbox.
fn serve(
    writer: &mut Writer<FileJournal>,
    work: Vec<Waiting>,
    publish: &mut dyn FnMut(&Batch),
) -> Result<(), Stopped> {
    let (submissions, replies): (Vec<Submission>, Vec<Arc<Mailbox>>) =
        work.into_iter().map(|it| (it.submission, it.reply)).unzip();
    let answers = writer.step(&submissions, publish)?;
    let mut rows: Vec<(CommandId, Answer, Arc<Mailbox>)> = submissions
        .iter()
        .zip(answers)
        .zip(replies)
        .map(|((submission, answer), reply)| (submission.id, answer, reply))
        .collect();
    // One lock and one wake-up for each client, not for each command.
    rows.sort_by_key(|(_, _, reply)| Arc::as_ptr(reply).addr());
    let mut rows = rows.into_iter().peekable();
    while let Some((id, answer, reply)) = rows.next() {
        let mut answers = vec![(id, answer)];
        while let Some((id, answer, _)) = rows.next_if(|(_, _, it)| Arc::ptr_eq(it, &reply)) {
            answers.push((id, answer));
        }
        reply.put(answers);
    }
    Ok(())
}

fn spawn_follower(follower: &SharedFollower, tail: Tail) -> JoinHandle<()> {
    let follower = Arc::clone(follower);
    std::thread::spawn(move || {
        let _guard = AbortOnPanic("the follower");
        if let Err(why) = follower.follow(&tail) {
            abort("the follower", &why);
        }
    })
}

/// Makes a snapshot whenever enough segments are full, and scrubs the full segments in turn. What
/// fails here is told, and tried again later: the writer loses nothing by it.
fn spawn_upkeep(
    feed: &Arc<Feed>,
    (storage, segment_bytes): (&Arc<dyn Storage>, u64),
    segments: &SharedSegments,
) -> JoinHandle<()> {
    let (feed, storage, segments) = (Arc::clone(feed), Arc::clone(storage), Arc::clone(segments));
    std::thread::spawn(move || {
        let _guard = AbortOnPanic("the upkeep");
        let mut looks = 0u64;
        while !feed.ended_within(LOOK) {
            let known = segments.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Err(why) = snapshot_if_due(&*storage, &known) {
                eprintln!("karvan: no snapshot was made: {why}");
            }
            if let Err(why) = index::write_missing(&*storage, &known) {
                eprintln!("karvan: no index of command ids was made: {why}");
            }
            looks = looks.saturating_add(1);
            if !looks.is_multiple_of(LOOKS_A_SCRUB) {
                continue;
            }
            let turn = looks.wrapping_div(LOOKS_A_SCRUB).saturating_sub(1);
            if let Err(why) = scrub_in_turn(&*storage, segment_bytes, (&known, turn)) {
                eprintln!("karvan: {why}");
            }
        }
    })
}

/// Scrubs one of the full segments: another at each turn, all of them again and again.
fn scrub_in_turn(
    storage: &dyn Storage,
    segment_bytes: u64,
    (segments, turn): (&[Segment], u64),
) -> Result<(), JournalBroken> {
    let full = segments.len().saturating_sub(1) as u64;
    let place = turn.checked_rem(full).unwrap_or(0);
    let pair = usize::try_from(place).ok().and_then(|it| segments.get(it..)?.first_chunk::<2>());
    match pair {
        Some([full, next]) => recovery::scrub(storage, segment_bytes, (full, next)),
        None => Ok(()),
    }
}

/// Makes a snapshot of all full segments when [`SEGMENTS_A_SNAPSHOT`] are full since the last.
pub fn snapshot_if_due(storage: &dyn Storage, segments: &[Segment]) -> Result<(), Stopped> {
    let disk = |error| JournalBroken::Disk { file: "the snapshots".to_owned(), error };
    let newest = snapshot::newest_named(storage).map_err(disk)?;
    let Some((open, full)) = segments.split_last() else {
        return Ok(());
    };
    let since = full.iter().filter(|it| it.first > newest).count();
    if since < SEGMENTS_A_SNAPSHOT {
        return Ok(());
    }
    let last = open.first.saturating_sub(1);
    let made = snapshot::at(storage, segments, last)?;
    Ok(snapshot::write(storage, &made).map_err(disk)?)
}
