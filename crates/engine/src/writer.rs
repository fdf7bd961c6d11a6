//! The writer: for each waiting command decide, apply to the live state, check what was touched,
//! encode into the batch; then one write, one sync; then publish and answer.
//!
//! It is a value that its caller steps, so that a simulator owns disk and time. The live state
//! runs ahead of the disk by at most one batch, and only the writer sees it. An `Err` stops it:
//! the live state may then hold what the disk does not, so it is never used again.

use crate::clock::Clock;
use crate::command_id::{CommandId, Known, Window};
use crate::frame::{self, Batch, Frame, FrameHeader, Hash};
use crate::journal::{Appended, BATCH_BYTES, Journal, JournalBroken, Room};
use karvan_core::id::{NOBODY, PersonId};
use karvan_core::market::pass_time::PassTime;
use karvan_core::planted::{self, Fault};
use karvan_core::time::{DAY_MS, Instant};
use karvan_core::{Command, Context, Events, RecordHeader, Refusals, State};
use karvan_core::{apply, decide, invariant};
use std::fmt;
use std::sync::Arc;

/// A command on its way to the writer.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its id.
    pub id: CommandId,
    /// Who sends it.
    pub actor: PersonId,
    /// What is asked.
    pub command: Command,
}

/// What becomes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is record `position`, on disk.
    Accepted {
        /// The record.
        position: u64,
    },
    /// The market says no. Nothing was written; the same id may be sent again.
    Refused(Refusals),
    /// The id was used for another command.
    Conflict {
        /// The record of the other command.
        position: u64,
    },
    /// The id is older than the window of known ids; it is never executed.
    TooOld,
    /// The id claims to be created in the future.
    FromTheFuture,
    /// The id carries the mark of the writer's own commands; choose another.
    Reserved,
    /// The market cannot take commands just now; nothing was decided.
    Unavailable(String),
}

/// The writer stops.
#[derive(Debug)]
pub enum Stopped {
    /// The journal is broken.
    Journal(JournalBroken),
    /// Another writer has taken over.
    Fenced {
        /// The position this writer expected to write.
        expected: u64,
        /// The position that is next.
        found: u64,
    },
    /// It has stopped before.
    Before,
    /// A record of the journal cannot be read.
    Unreadable {
        /// The record.
        position: u64,
        /// What is wrong.
        what: frame::Unreadable,
    },
}

impl From<JournalBroken> for Stopped {
    fn from(it: JournalBroken) -> Self {
        Self::Journal(it)
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(it) => it.fmt(to),
            Self::Before => to.write_str("the writer has stopped; start again from the journal"),
            Self::Fenced { expected, found } => write!(
                to,
                "another writer has taken over: record {expected} was to be written, but {found} \
                 is next; end one of the two"
            ),
            Self::Unreadable { position, what } => {
                write!(to, "record {position} cannot be read: {what}")
            }
        }
    }
}

impl std::error::Error for Stopped {}

/// What the writer knows when it begins: the state after the last record.
#[derive(Debug)]
pub struct Start {
    /// The state.
    pub state: State,
    /// The known command ids.
    pub window: Window,
    /// The time of the last record.
    pub at: Instant,
}

/// Market time never runs ahead of the clock by itself, and a clock that jumps further than this
/// between two steps stops time-driven work until somebody looks.
#[derive(Clone, Copy, Debug)]
pub struct ClockBounds {
    /// The furthest jump forward between two steps, in milliseconds.
    pub jump_ms: i64,
}

impl Default for ClockBounds {
    fn default() -> Self {
        Self { jump_ms: i64::MAX }
    }
}

/// The writer.
pub struct Writer<J> {
    state: State,
    journal: J,
    clock: Arc<dyn Clock>,
    bounds: ClockBounds,
    window: Window,
    at: Instant,
    seen: Option<Instant>,
    chain: Hash,
    epoch: u32,
    events: Events,
    batch: Batch,
    /// Once stopped it answers nothing more: its state may hold what the disk does not.
    stopped: bool,
}

impl<J: Journal> Writer<J> {
    /// A writer that goes on where `start` ends.
    pub fn new(journal: J, start: Start, clock: Arc<dyn Clock>) -> Self {
        invariant::sweep(&start.state);
        let chain = journal.chain();
        Self {
            state: start.state,
            journal,
            clock,
            bounds: ClockBounds::default(),
            window: start.window,
            at: start.at,
            seen: None,
            chain,
            epoch: 0,
            events: Events::default(),
            batch: Batch::default(),
            stopped: false,
        }
    }

    /// Settles what takes several records in slices of another number of facts.
    pub fn in_slices(mut self, facts: usize) -> Self {
        self.events = Events::in_slices(facts);
        self
    }

    /// Bounds how far the clock may jump.
    pub fn with_bounds(mut self, bounds: ClockBounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// The live state: for tests and for callers that step the writer themselves, between steps.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The journal.
    pub fn journal(&self) -> &J {
        &self.journal
    }

    /// The journal, to be given up with the writer.
    pub fn into_journal(self) -> J {
        self.journal
    }

    /// The hash of the last record.
    pub fn chain(&self) -> Hash {
        self.chain
    }

    /// Takes the submissions through to durable records, in as many batches as they need, and
    /// answers each in its place. `publish` gets every batch once it is on disk.
    pub fn step(
        &mut self,
        submissions: &[Submission],
        publish: &mut dyn FnMut(&Batch),
    ) -> Result<Vec<Answer>, Stopped> {
        if self.stopped {
            return Err(Stopped::Before);
        }
        let stepped = self.take_all(submissions, publish);
        self.stopped = stepped.is_err();
        stepped
    }

    fn take_all(
        &mut self,
        submissions: &[Submission],
        publish: &mut dyn FnMut(&Batch),
    ) -> Result<Vec<Answer>, Stopped> {
        let mut answers = Vec::with_capacity(submissions.len());
        let passed = match self.look_at_clock() {
            Ok(()) => self.pass_time(publish)?,
            Err(why) => Some(why),
        };
        if let Some(why) = passed {
            answers.resize(submissions.len(), Answer::Unavailable(why));
            return Ok(answers);
        }
        for submission in submissions {
            if let Some(why) = self.make_room(publish)? {
                answers.resize(submissions.len(), Answer::Unavailable(why));
                break;
            }
            let answer = self.take(submission);
            answers.push(answer);
        }
        self.flush(publish)?;
        Ok(answers)
    }

    /// Room for one more record: in this batch, or after it is flushed in the next one. Says why
    /// there is none; then nothing may be decided.
    fn make_room(&mut self, publish: &mut dyn FnMut(&Batch)) -> Result<Option<String>, Stopped> {
        if self.batch.records > 0 && self.batch.frames.len() < BATCH_BYTES {
            return Ok(None);
        }
        self.flush(publish)?;
        Ok(match self.journal.room() {
            Room::Ready => None,
            Room::None(why) => Some(why),
        })
    }

    /// Marks the last batch as synced: after a while without work, and at a clean stop.
    pub fn mark(&mut self) -> Result<(), Stopped> {
        if self.stopped {
            return Err(Stopped::Before);
        }
        let marked = self.journal.mark();
        self.stopped = marked.is_err();
        Ok(marked?)
    }

    fn look_at_clock(&mut self) -> Result<(), String> {
        let now = self.clock.now();
        if let Some(seen) = self.seen {
            let jump = now.0.saturating_sub(seen.0);
            if jump > self.bounds.jump_ms {
                return Err(format!(
                    "the clock jumped from {seen} to {now}; check the machine's time, then restart"
                ));
            }
        }
        self.seen = Some(now);
        // The journal's time never goes back, whatever the clock does.
        self.at = if planted::has(Fault::TimeGoesBack) { now } else { self.at.max(now) };
        Ok(())
    }

    /// Everything that falls due up to now happens first, each at its own moment; and every day
    /// begins. Time is a record like any other, and needs room like any other: says why there is
    /// none.
    fn pass_time(&mut self, publish: &mut dyn FnMut(&Batch)) -> Result<Option<String>, Stopped> {
        let midnight = Instant(self.at.0.div_euclid(DAY_MS).saturating_mul(DAY_MS));
        loop {
            let due = self.state.next_due().filter(|due| *due <= self.at);
            let to = match due {
                Some(due) => due,
                None if midnight > self.state.now => midnight,
                None => return Ok(None),
            };
            if let Some(why) = self.make_room(publish)? {
                return Ok(Some(why));
            }
            let command = Command::from(PassTime { to });
            let id = CommandId::of_writer(self.at, self.state.next_position());
            let hash = command.hash(NOBODY);
            let answer = self.record(&Submission { id, actor: NOBODY, command }, hash);
            assert!(matches!(answer, Answer::Accepted { .. }), "time does not pass: {answer:?}");
        }
    }

    fn take(&mut self, it: &Submission) -> Answer {
        let hash = it.command.hash(it.actor);
        match self.window.know(it.id, &hash, self.at) {
            Known::New => self.record(it, hash),
            Known::Accepted(position) => Answer::Accepted { position },
            Known::Conflict(position) => Answer::Conflict { position },
            Known::Reserved => Answer::Reserved,
            Known::TooOld => Answer::TooOld,
            Known::FromTheFuture => Answer::FromTheFuture,
            Known::Full => {
                let why = "too many commands in a short time; try again later".to_owned();
                Answer::Unavailable(why)
            }
        }
    }

    /// Decides a command that is to be executed once, and makes it the next record.
    fn record(&mut self, it: &Submission, hash: Hash) -> Answer {
        let context =
            Context { actor: it.actor, now: self.at, approvals: Vec::new(), command_hash: hash };
        if let Err(refusals) = decide(&self.state, &context, &it.command, &mut self.events) {
            return Answer::Refused(refusals);
        }
        let position = self.state.next_position();
        let record = RecordHeader { position, at: self.at, actor: it.actor };
        for event in self.events.list() {
            apply(&mut self.state, &record, event);
        }
        assert_eq!(self.state.position, position, "a record has at least one fact");
        invariant::check_record(&self.state, self.events.list());
        self.encode(it, record, hash);
        self.window.keep(it.id, &hash, (position, self.at));
        Answer::Accepted { position }
    }

    fn encode(&mut self, it: &Submission, record: RecordHeader, command_hash: Hash) {
        let header = FrameHeader {
            kind: it.command.kind(),
            epoch: self.epoch,
            record,
            id: it.id,
            command_hash,
            previous: self.chain,
        };
        if self.batch.records == 0 {
            self.batch.first = record.position;
        }
        self.chain = frame::write(&mut self.batch.frames, &header, self.events.list());
        self.batch.chain = self.chain;
        self.batch.records = self.batch.records.saturating_add(1);
    }

    fn flush(&mut self, publish: &mut dyn FnMut(&Batch)) -> Result<(), Stopped> {
        if self.batch.records == 0 {
            return Ok(());
        }
        let appended = self.journal.append(self.batch.first, &self.batch);
        if appended.is_err() && planted::has(Fault::AnsweredAnyway) {
            return Ok(());
        }
        match appended? {
            Appended::Synced => publish(&self.batch),
            Appended::Fenced { expected, found } => {
                return Err(Stopped::Fenced { expected, found });
            }
        }
        self.batch.frames.clear();
        self.batch.records = 0;
        Ok(())
    }
}

/// Takes whole frames into a state: the only way a state is rebuilt. Never decides.
pub fn replay(
    state: &mut State,
    frames: &[u8],
    mut seen: impl FnMut(&FrameHeader),
) -> Result<(), Stopped> {
    for frame in frame::frames(frames) {
        let position = state.next_position();
        let frame = frame.map_err(|what| Stopped::Unreadable { position, what })?;
        apply_frame(state, &frame)?;
        seen(&frame.header);
    }
    Ok(())
}

/// Takes one frame into a state: the record that comes next, no other.
pub(crate) fn apply_frame(state: &mut State, frame: &Frame<'_>) -> Result<(), Stopped> {
    let position = state.next_position();
    let unreadable = |what| Stopped::Unreadable { position, what };
    let found = frame.header.record.position;
    if found != position {
        return Err(unreadable(frame::Unreadable::OutOfOrder { found }));
    }
    for event in frame.events().map_err(unreadable)? {
        apply(state, &frame.header.record, &event);
    }
    Ok(())
}
