//! A store that somebody works on from the command line, while no server has it open.

use anyhow::{Context, Result, bail};
use karvan_core::command::needs_second;
use karvan_core::id::{JurisdictionId, PersonId};
use karvan_core::proposal::{approve::Approve, propose::Propose};
use karvan_core::{Command, State};
use karvan_engine::clock::{Clock, SetClock, SystemClock};
use karvan_engine::journal::file::{FileJournal, FileOptions};
use karvan_engine::storage::DiskStorage;
use karvan_engine::{Answer, CommandId, Submission, Writer, snapshot};
use std::path::Path;
use std::sync::Arc;

/// An open store.
pub(crate) struct Store {
    writer: Writer<FileJournal>,
    clock: Arc<dyn Clock>,
    sent: u128,
}

impl Store {
    /// Opens the store of a data directory that is there; a second process is refused.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let name = || dir.display().to_string();
        anyhow::ensure!(dir.is_dir(), "{} is no data directory", name());
        let disk = Arc::new(DiskStorage::open(dir).with_context(name)?);
        let (journal, found) =
            FileJournal::open(disk.clone(), FileOptions::default()).with_context(name)?;
        let start = snapshot::at(&*disk, journal.segments(), found.last).with_context(name)?;
        // A rehearsed market may be ahead of the machine: its time never goes back.
        let now = SystemClock.now().max(start.state.now);
        let clock: Arc<dyn Clock> = Arc::new(SetClock::at(now));
        let writer = Writer::new(journal, start.into_start(), clock.clone());
        Ok(Self { writer, clock, sent: 0 })
    }

    /// What everybody can see.
    pub(crate) fn state(&self) -> &State {
        self.writer.state()
    }

    /// Asks for somebody, with the approval of another person where it takes one; the position of
    /// the record that did it.
    pub(crate) fn ask(
        &mut self,
        (by, approver): (PersonId, Option<PersonId>),
        command: Command,
    ) -> Result<u64> {
        if !needs_second(self.state(), &command) {
            return self.send(by, command);
        }
        let Some(approver) = approver else {
            bail!("this takes two persons: name the other one with --approve");
        };
        let (proposal, command_hash) = (self.state().next_proposal, command.hash(by));
        self.send(by, Propose { command: Box::new(command) }.into())?;
        self.send(approver, Approve { proposal, command_hash }.into())
    }

    fn send(&mut self, actor: PersonId, command: Command) -> Result<u64> {
        self.sent += 1;
        let at = self.clock.now();
        // Another process may have sent at this very time: the records before tell them apart.
        let unlike = u128::from(self.state().position) << 16 | self.sent & 0xffff;
        let submission = Submission { id: CommandId::new(at, unlike), actor, command };
        let answers = self.writer.step(&[submission], &mut |_| {})?;
        match answers.into_iter().next() {
            Some(Answer::Accepted { position }) => Ok(position),
            Some(Answer::Refused(no)) => bail!("person {actor}: {no}"),
            Some(Answer::Unavailable(why)) => bail!("the store cannot be written now: {why}"),
            Some(Answer::TooOld | Answer::FromTheFuture) => bail!(
                "the store's time is {} and the machine's {at}: commands must be of the time at \
                 which they are sent",
                self.state().now
            ),
            Some(Answer::Conflict { .. } | Answer::Reserved) | None => {
                bail!("the command's id is used; ask again")
            }
        }
    }
}

/// A jurisdiction of a state by its code.
pub(crate) fn jurisdiction(state: &State, code: &str) -> Result<JurisdictionId> {
    let chapters = state.rules.iter().flat_map(|it| it.chapters());
    let found = chapters.filter(|(_, it)| it.code.as_str() == code).map(|(id, _)| id).next();
    found.with_context(|| format!("the store has no jurisdiction {code}"))
}
