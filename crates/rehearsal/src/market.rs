//! The market as people meet it: they send commands and read the state; nothing else.

use karvan_core::authority::Approval;
use karvan_core::command::needs_second;
use karvan_core::id::PersonId;
use karvan_core::proposal::{approve::Approve, propose::Propose, who_may_approve};
use karvan_core::time::Instant;
use karvan_core::{Command, State, apply};
use karvan_engine::clock::SetClock;
use karvan_engine::frame::{Batch, frames};
use karvan_engine::journal::Journal;
use karvan_engine::snapshot::Snapshot;
use karvan_engine::writer::{Stopped, Writer};
use karvan_engine::{Answer, CommandId, Submission};
use karvan_views::surveillance::{Alert, Surveillance};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A market in rehearsal: the writer, stepped, under a clock that the rehearsal sets.
pub struct Market<J> {
    writer: Writer<J>,
    clock: SetClock,
    sent: u128,
    refused: BTreeMap<u16, (u64, String)>,
    watch: Option<Watch>,
}

/// Somebody who watches: a replica of the state, and what surveillance makes of it.
struct Watch {
    state: State,
    surveillance: Surveillance,
}

impl Watch {
    fn take(&mut self, batch: &Batch) {
        for frame in frames(&batch.frames).flatten() {
            let Ok(events) = frame.events() else { continue };
            let record = &frame.header.record;
            self.surveillance.take(&self.state, record, &events);
            events.iter().for_each(|it| apply(&mut self.state, record, it));
        }
    }
}

impl<J: Journal> Market<J> {
    /// A market that begins with an empty state on a journal.
    pub fn new(journal: J, at: Instant) -> Self {
        let clock = SetClock::at(at);
        let shared: Arc<dyn karvan_engine::clock::Clock> = Arc::new(clock.clone());
        let writer = Writer::new(journal, Snapshot::empty().into_start(), shared);
        Self { writer, clock, sent: 0, refused: BTreeMap::new(), watch: None }
    }

    /// What everybody can see after the last answer. All of it is on disk.
    pub fn state(&self) -> &State {
        self.writer.state()
    }

    /// The writer, for what is told at the end.
    pub fn writer(&self) -> &Writer<J> {
        &self.writer
    }

    /// From here on surveillance follows the journal.
    pub fn watch(&mut self) {
        let (state, surveillance) = (self.state().clone(), Surveillance::default());
        self.watch = Some(Watch { state, surveillance });
    }

    /// What it found.
    pub fn unwatch(&mut self) -> Vec<Alert> {
        self.watch.take().map(|it| it.surveillance.alerts().to_vec()).unwrap_or_default()
    }

    /// Lets the writer take submissions in; whoever watches gets what is on disk.
    fn step(&mut self, submissions: &[Submission]) -> Result<Vec<Answer>, Stopped> {
        let watch = &mut self.watch;
        self.writer.step(submissions, &mut |batch| {
            if let Some(it) = watch {
                it.take(batch);
            }
        })
    }

    /// Refusals by number: how many, and the first text.
    pub fn refused(&self) -> &BTreeMap<u16, (u64, String)> {
        &self.refused
    }

    /// Lets the clock show a moment; time passes with the next commands.
    pub fn set_clock(&mut self, at: Instant) {
        self.clock.set(at);
    }

    /// Sends commands together; the answers come when all are on disk. What needs a second person
    /// is proposed by the first and approved by the second person of the party.
    pub fn send(&mut self, commands: Vec<(PersonId, Command)>) -> Result<Vec<Answer>, Stopped> {
        let created = karvan_engine::clock::Clock::now(&self.clock);
        let mut next = self.state().next_proposal;
        let mut submissions: Vec<Submission> = Vec::with_capacity(commands.len());
        for (actor, command) in commands {
            if !needs_second(self.state(), &command) {
                submissions.push(self.submission(created, actor, command));
                continue;
            }
            // Most is approved by another person of the party; what another body must approve is
            // looked up.
            let seconds = (command.approval() == Approval::OtherBody)
                .then(|| who_may_approve(self.state(), actor, &command))
                .and_then(|it| it.first().copied());
            let (proposal, command_hash) = (next, command.hash(actor));
            next.0 += 1;
            let propose = Propose { command: Box::new(command) };
            submissions.push(self.submission(created, actor, propose.into()));
            // An approval names the bytes it is for: if the proposal was refused, so is this.
            let approve = Approve { proposal, command_hash };
            let second = seconds.unwrap_or(PersonId(actor.0 + 1));
            submissions.push(self.submission(created, second, approve.into()));
        }
        let answers = self.step(&submissions)?;
        for answer in &answers {
            match answer {
                Answer::Accepted { .. } => {}
                Answer::Refused(refusals) => {
                    for it in refusals.list() {
                        let text = || (0, it.to_string());
                        self.refused.entry(it.number()).or_insert_with(text).0 += 1;
                    }
                }
                Answer::Unavailable(why) => {
                    return Err(unavailable(why));
                }
                Answer::Conflict { .. }
                | Answer::TooOld
                | Answer::FromTheFuture
                | Answer::Reserved => {
                    unreachable!("a rehearsal gives every command an id of its own: {answer:?}")
                }
            }
        }
        Ok(answers)
    }

    /// Sends one command as it is, without the second person it may need: what becomes of it is
    /// the sender's business.
    pub fn attempt(&mut self, actor: PersonId, command: Command) -> Result<Answer, Stopped> {
        let created = karvan_engine::clock::Clock::now(&self.clock);
        let submission = self.submission(created, actor, command);
        let answers = self.step(&[submission])?;
        match answers.into_iter().next() {
            Some(Answer::Unavailable(why)) => Err(unavailable(&why)),
            Some(answer) => Ok(answer),
            None => unreachable!("every command gets an answer"),
        }
    }

    fn submission(&mut self, at: Instant, actor: PersonId, command: Command) -> Submission {
        self.sent += 1;
        Submission { id: CommandId::new(at, self.sent << 24), actor, command }
    }

    /// Marks the journal: the rehearsal is at its end.
    pub fn close(&mut self) -> Result<(), Stopped> {
        self.writer.mark()
    }
}

/// A rehearsal cannot wait for space as a market can: it stops, and goes on when started again.
fn unavailable(why: &str) -> Stopped {
    let error = std::io::Error::other(why.to_owned());
    let file = "the data directory".to_owned();
    Stopped::Journal(karvan_engine::journal::JournalBroken::Disk { file, error })
}
