//! One seed: a market of a year, with whatever chance does to it.

use crate::disk::{Fate, SimDisk};
use crate::draw::{Draw, actor, asked, command};
use crate::monitor::{Monitor, Violation};
use crate::twin::Twin;
use crate::{session, world};
use karvan_core::command::needs_second;
use karvan_core::event::FACTS_A_SLICE;
use karvan_core::id::{AccountId, PersonId, SeriesId};
use karvan_core::proposal::{approve::Approve, propose::Propose, who_may_approve};
use karvan_core::quantity::Tonnes;
use karvan_core::time::{DAY_MS, Instant};
use karvan_core::units::transfer::{Consideration, Transfer};
use karvan_core::{Command, Context, Events, RecordHeader, State, apply, decide};
use karvan_engine::clock::SetClock;
use karvan_engine::frame::{self, Hash};
use karvan_engine::journal::Journal;
use karvan_engine::journal::file::{BATCH_BYTES_MAX, FileJournal, FileOptions};
use karvan_engine::snapshot::{self, Snapshot};
use karvan_engine::writer::Stopped;
use karvan_engine::{Answer, CommandId, Submission, Writer};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A seed sends at least so many commands.
pub const COMMANDS: u64 = 2_000;
/// And lets so many days pass.
pub const DAYS: i64 = 370;
/// One turn in so many is a session of the markets.
const SESSION_EVERY: u64 = 250;
/// The first commands, among which there are more sessions.
const EARLY: u64 = 300;
/// Bytes of frames read at once.
const READ_BYTES: usize = 4 * 1024 * 1024;
/// The smallest segment: it is full once one batch is in it.
const SEGMENT: u64 = (BATCH_BYTES_MAX as u64 + 65_536).next_multiple_of(4_096);

/// What a seed saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Commands sent, repeated ones among them.
    pub commands: u64,
    /// Those that became records.
    pub accepted: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Records in all.
    pub records: u64,
    /// Orders, changes and cancellations that the naive book played too.
    pub orders: u64,
    /// Times the machine or its disk failed.
    pub crashes: u64,
    /// Market days.
    pub days: i64,
    /// The hash of the last record: the same seed gives the same.
    pub chain: Hash,
}

impl Seen {
    /// Adds what another seed saw; the chain stays out of it.
    pub fn add(&mut self, other: &Self) {
        self.commands += other.commands;
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.records += other.records;
        self.orders += other.orders;
        self.crashes += other.crashes;
        self.days += other.days;
    }
}

struct Play {
    draw: Draw,
    disk: SimDisk,
    clock: SetClock,
    now: Instant,
    /// What the machine's clock shows.
    shown: Instant,
    writer: Option<Writer<FileJournal>>,
    monitor: Monitor,
    sent: u64,
    acknowledged: Vec<(Submission, u64)>,
    lies: BTreeSet<CommandId>,
    /// Whether the market is opened, in which nobody lies before.
    opened: bool,
    /// After how many facts a slice ends.
    slice: usize,
    /// How many records the last batch has: a bit that turns in it looks like a torn write.
    tail: u64,
    seen: Seen,
}

/// Plays a seed; says what it saw, or the first thing that was wrong.
pub fn run(seed: u64) -> Result<Seen, Violation> {
    let played = catch_unwind(AssertUnwindSafe(|| Play::new(seed)?.play()));
    played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
        Err(format!("stopped: {}", text.unwrap_or_default()))
    })
}

/// What takes several records is seldom large enough here: in most seeds slices are small.
fn slice(seed: u64) -> usize {
    [FACTS_A_SLICE, 5, 12, 40][usize::try_from(seed % 4).unwrap()]
}

fn options() -> FileOptions {
    FileOptions { segment_bytes: SEGMENT, ..FileOptions::default() }
}

impl Play {
    fn new(seed: u64) -> Result<Self, Violation> {
        let mut draw = Draw(seed);
        let disk = SimDisk::new(draw.below(u64::MAX));
        let now = world::begins();
        let clock = SetClock::at(now);
        let (journal, _) = FileJournal::open(Arc::new(disk.clone()), options())
            .map_err(|it| format!("no journal can be begun: {it}"))?;
        let start = Snapshot::empty();
        let monitor = Monitor::new(start.chain);
        let slice = slice(seed);
        let writer = Writer::new(journal, start.into_start(), Arc::new(clock.clone()));
        let writer = writer.in_slices(slice);
        let (sent, acknowledged, lies) = (0, Vec::new(), BTreeSet::new());
        let seen = Seen::default();
        let writer = Some(writer);
        Ok(Self {
            draw,
            disk,
            clock,
            now,
            shown: now,
            writer,
            monitor,
            sent,
            acknowledged,
            lies,
            opened: false,
            slice,
            tail: 0,
            seen,
        })
    }

    fn play(mut self) -> Result<Seen, Violation> {
        let mut step = 0;
        while let Some((actor, command)) = world::opening(step) {
            let submissions = self.with_second(actor, command);
            let answers = self.step(&submissions)?.ok_or("the opening crashes")?;
            for (answer, it) in answers.iter().zip(&submissions) {
                let Answer::Accepted { .. } = answer else {
                    return Err(format!("the opening is refused: {it:?}: {answer:?}"));
                };
            }
            step += 1;
        }
        self.opened = true;
        self.doom();
        let end = world::begins().plus_days(DAYS);
        while self.seen.commands < COMMANDS || self.now < end {
            self.turn()?;
        }
        self.end()
    }

    /// One of the next operations of the disk will fail.
    fn doom(&mut self) {
        let fate = self.draw.of(&[Fate::Crash, Fate::Crash, Fate::Failure, Fate::Full]);
        let after = 1 + self.draw.below(600);
        self.disk.fate(after, fate);
    }

    fn submission(&mut self, actor: PersonId, command: Command) -> Submission {
        self.sent += 1;
        let random = u128::from(self.sent) << 24;
        Submission { id: CommandId::new(self.shown, random), actor, command }
    }

    /// A command as people send it: proposed and approved where it takes two.
    fn with_second(&mut self, actor: PersonId, command: Command) -> Vec<Submission> {
        let state = &self.monitor.state;
        if !needs_second(state, &command) {
            return vec![self.submission(actor, command)];
        }
        let proposal = state.next_proposal;
        let mut seconds = who_may_approve(state, actor, &command);
        if seconds.is_empty() {
            seconds.push(actor);
        }
        let mut command_hash = command.hash(actor);
        let lies = self.opened && self.draw.below(20) == 0;
        if lies {
            // A liar has the other person approve something else.
            command_hash[0] ^= 1;
        }
        let propose = Propose { command: Box::new(command) };
        let propose = self.submission(actor, propose.into());
        let mut all = vec![propose];
        for second in seconds {
            let approve = self.submission(second, Approve { proposal, command_hash }.into());
            if lies {
                self.lies.insert(approve.id);
            }
            all.push(approve);
        }
        all
    }

    fn turn(&mut self) -> Result<(), Violation> {
        // Early, before half of the market is frozen, suspended or closed, more often.
        let early = self.seen.commands < EARLY && self.draw.below(8) == 0;
        if early || self.draw.below(SESSION_EVERY) == 0 {
            return self.session();
        }
        let kinds = asked();
        let many = self.draw.below(3) == 0;
        let mut submissions = Vec::new();
        for _ in 0..if many { 1 + self.draw.below(8) } else { 1 } {
            let kind = self.draw.of(&kinds);
            let command = command(&self.monitor.state, kind, &mut self.draw);
            let actor = actor(&self.monitor.state, &command, &mut self.draw);
            submissions.extend(self.with_second(actor, command));
        }
        self.move_clock();
        self.send(submissions)?;
        if self.draw.below(100) == 0 {
            let state = &self.monitor.state;
            halves(state, &mut self.draw)?;
            exchange(state, &mut self.draw)?;
        }
        Ok(())
    }

    /// A session of the two markets: calls that are coupled, orders in both, and the result.
    fn session(&mut self) -> Result<(), Violation> {
        for act in 0..session::ACTS {
            self.now = Instant(self.now.0 + session::wait(act));
            self.shown = self.now;
            self.clock.set(self.now);
            let asked = session::act((&self.monitor.state, self.now), act, &mut self.draw);
            let mut submissions = Vec::new();
            for (actor, command) in asked {
                submissions.extend(self.with_second(actor, command));
            }
            if !submissions.is_empty() {
                self.send(submissions)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, mut submissions: Vec<Submission>) -> Result<(), Violation> {
        let truth = submissions.clone();
        self.mix_up(&mut submissions);
        let answers = loop {
            // Where the machine failed nobody knows what became of it: all is sent again.
            if let Some(answers) = self.step(&submissions)? {
                break answers;
            }
        };
        self.judge(&truth, (&submissions, &answers))
    }

    /// Clients repeat, lie about the body of a command, come too late, and are out of order.
    fn mix_up(&mut self, submissions: &mut Vec<Submission>) {
        let known = self.acknowledged.len() as u64;
        if known > 0 && self.draw.below(8) == 0 {
            let back = usize::try_from(1 + self.draw.below(known.min(50))).unwrap();
            let (it, _) = self.acknowledged[self.acknowledged.len() - back].clone();
            submissions.push(it);
        }
        if known > 0 && self.draw.below(16) == 0 {
            let (mut it, _) = self.acknowledged[self.acknowledged.len() - 1].clone();
            it.actor = PersonId(it.actor.0 + 1);
            submissions.push(it);
        }
        if self.draw.below(4) == 0 {
            let last = submissions.len() as u64;
            let (one, two) = (self.draw.below(last), self.draw.below(last));
            submissions.swap(usize::try_from(one).unwrap(), usize::try_from(two).unwrap());
        }
    }

    fn move_clock(&mut self) {
        const MINUTE: i64 = 60_000;
        let steps = [0, 1, 7 * MINUTE, 60 * MINUTE, 300 * MINUTE, DAY_MS, DAY_MS, 3 * DAY_MS];
        self.now = Instant(self.now.0 + self.draw.of(&steps));
        // Now and then the machine's clock goes back; the market's time does not.
        let back = if self.draw.below(12) == 0 { 2 * 3_600_000 } else { 0 };
        self.shown = Instant(self.now.0 - back);
        self.clock.set(self.shown);
    }

    /// Steps the writer; none where the machine failed and was started again.
    fn step(&mut self, submissions: &[Submission]) -> Result<Option<Vec<Answer>>, Violation> {
        self.monitor.expect(submissions);
        let (mut published, mut tail) = (Vec::new(), 0);
        let writer = self.writer.as_mut().unwrap();
        let stepped = writer.step(submissions, &mut |batch| {
            published.extend_from_slice(&batch.frames);
            tail = frame::frames(&batch.frames).count();
        });
        self.watch(&published)?;
        self.tail = if tail == 0 { self.tail } else { tail as u64 };
        match stepped {
            Ok(answers) => Ok(Some(answers)),
            Err(Stopped::Journal(_)) => {
                self.restart()?;
                Ok(None)
            }
            Err(other) => Err(format!("the writer stops: {other}")),
        }
    }

    fn watch(&mut self, frames: &[u8]) -> Result<(), Violation> {
        for frame in frame::frames(frames) {
            self.monitor.take(&frame.map_err(|it| it.to_string())?)?;
        }
        Ok(())
    }

    /// The machine starts again: all that was acknowledged is there, and what is there is a
    /// history of the market.
    fn restart(&mut self) -> Result<(), Violation> {
        self.writer = None;
        self.seen.crashes += 1;
        self.disk.restart();
        let (journal, found) = FileJournal::open(Arc::new(self.disk.clone()), options())
            .map_err(|it| format!("the journal is not found again: {it}"))?;
        let known = self.monitor.state.position;
        if found.last < known {
            return Err(format!("{known} records were acknowledged, {} are there", found.last));
        }
        self.tail += found.last - known;
        while self.monitor.state.position < found.last {
            let from = self.monitor.state.position + 1;
            let frames = journal.read(from, READ_BYTES).map_err(|it| it.to_string())?;
            self.watch(&frames)?;
        }
        let start = snapshot::at(&self.disk, journal.segments(), found.last)
            .map_err(|it| format!("nothing can be begun from: {it}"))?;
        if start.state.hash() != self.monitor.state.hash() {
            return Err("the state after a restart is another".to_owned());
        }
        if self.draw.below(2) == 0 {
            snapshot::write(&self.disk, &start).map_err(|it| it.to_string())?;
        }
        let writer = Writer::new(journal, start.into_start(), Arc::new(self.clock.clone()));
        self.writer = Some(writer.in_slices(self.slice));
        self.doom();
        Ok(())
    }

    /// Answers are what they must be.
    fn judge(
        &mut self,
        truth: &[Submission],
        (submissions, answers): (&[Submission], &[Answer]),
    ) -> Result<(), Violation> {
        let known: BTreeMap<u128, (Submission, u64)> = self
            .acknowledged
            .iter()
            .rev()
            .take(200)
            .map(|(it, at)| (it.id.0, (it.clone(), *at)))
            .collect();
        for (it, answer) in submissions.iter().zip(answers) {
            self.seen.commands += 1;
            let before = known.get(&it.id.0);
            match (answer, before) {
                (Answer::Accepted { position }, Some((first, at))) => {
                    if position != at || first.actor != it.actor {
                        return Err(format!("command {} is accepted twice", it.id));
                    }
                }
                (Answer::Accepted { position }, None) => {
                    self.seen.accepted += 1;
                    if *position > self.monitor.state.position {
                        return Err(format!("record {position} is answered before it is there"));
                    }
                    if self.lies.contains(&it.id) {
                        return Err("an approval of other bytes is accepted".to_owned());
                    }
                    if truth.iter().any(|sent| sent.id == it.id) {
                        self.acknowledged.push((it.clone(), *position));
                    }
                }
                (Answer::Refused(_), None) => self.seen.refused += 1,
                (Answer::Refused(_), Some(_)) => {
                    return Err(format!("command {} was accepted and is refused", it.id));
                }
                (Answer::Conflict { position }, Some((first, at))) => {
                    if position != at || first.actor == it.actor {
                        return Err(format!("command {} is no conflict", it.id));
                    }
                }
                (Answer::Conflict { .. }, None) => {
                    return Err(format!("command {} is no conflict", it.id));
                }
                (Answer::TooOld | Answer::Unavailable(_), _) => {}
                // The machine's clock went back since the command was made.
                (Answer::FromTheFuture, None) if it.id.created() > self.shown => {}
                (Answer::FromTheFuture | Answer::Reserved, _) => {
                    return Err(format!("command {} is answered {answer:?}", it.id));
                }
            }
        }
        Ok(())
    }

    /// A bit turns on the disk. Either that is told, or nothing comes of it but the loss of the
    /// last batch, which nobody can tell from one that was being written: what is read is what
    /// was written, and the state is the one that was.
    fn rot(&mut self, whole: &FileJournal) -> Result<(), Violation> {
        let (disk, file) = self.disk.rotten();
        let Ok((journal, found)) = FileJournal::open(Arc::new(disk.clone()), options()) else {
            return Ok(());
        };
        if found.last + self.tail < whole.last() {
            let (last, lost) = (whole.last(), whole.last() - found.last);
            return Err(format!("a bit of {file} turns, and {lost} of {last} records are gone"));
        }
        agrees(&journal, whole).map_err(|it| format!("a bit of {file} turns: {it}"))?;
        let Ok(start) = snapshot::at(&disk, journal.segments(), found.last) else {
            return Ok(());
        };
        let same = found.last < whole.last() || start.state.hash() == self.monitor.state.hash();
        if same { Ok(()) } else { Err(format!("a bit of {file} turns, and the state with it")) }
    }

    /// The end: everything once more, from the first record on.
    fn end(mut self) -> Result<Seen, Violation> {
        self.monitor.sweep()?;
        let writer = self.writer.take().unwrap();
        if writer.state() != &self.monitor.state {
            return Err("the writer's state is not the replica's".to_owned());
        }
        let journal = writer.into_journal();
        let mut again = Snapshot::empty();
        while again.state.position < journal.last() {
            let frames = journal
                .read(again.state.next_position(), READ_BYTES)
                .map_err(|it| it.to_string())?;
            again.replay(&frames).map_err(|it| it.to_string())?;
        }
        if again.state.hash() != self.monitor.state.hash() || again.chain != self.monitor.chain {
            return Err("replay comes to another state".to_owned());
        }
        for _ in 0..2 {
            self.rot(&journal)?;
        }
        self.seen.records = self.monitor.state.position;
        self.seen.orders = self.monitor.orders;
        self.seen.days = (self.now.0 - world::begins().0) / DAY_MS;
        self.seen.chain = self.monitor.chain;
        Ok(self.seen)
    }
}

/// Whether a journal is read as another was written, as far as it goes; the rest is told.
fn agrees(rotten: &FileJournal, whole: &FileJournal) -> Result<(), Violation> {
    let mut from = 1;
    while from <= rotten.last() {
        let Ok(frames) = rotten.read(from, READ_BYTES) else { return Ok(()) };
        let count = frame::frames(&frames).map_while(Result::ok).count() as u64;
        let written = whole.read(from, READ_BYTES).map_err(|it| it.to_string())?;
        let intact = frame::frames(&frames).all(|it| it.is_ok());
        if intact && !written.starts_with(&frames) {
            return Err(format!("from record {from} on other bytes are read than were written"));
        }
        if !intact || count == 0 {
            return Ok(());
        }
        from += count;
    }
    Ok(())
}

/// The state after transfers that two persons want; none where one is refused.
fn after(state: &State, transfers: &[Transfer]) -> Option<State> {
    let mut state = state.clone();
    let mut events = Events::default();
    for it in transfers {
        let holder = state.accounts.get(it.from)?.holder;
        let ours = state.people.iter().filter(|(_, it)| it.party == Some(holder));
        let people: Vec<PersonId> = ours.map(|(id, _)| id).collect();
        let [actor, second, ..] = people.as_slice() else { return None };
        let (actor, second) = (*actor, *second);
        let command = Command::from(it.clone());
        let command_hash = command.hash(actor);
        let context = Context { actor, now: state.now, approvals: vec![second], command_hash };
        decide(&state, &context, &command, &mut events).ok()?;
        let position = state.next_position();
        let header = RecordHeader { position, at: state.now, actor };
        events.list().iter().for_each(|event| apply(&mut state, &header, event));
    }
    Some(state)
}

fn transfer(state: &State, draw: &mut Draw) -> Transfer {
    let account = |draw: &mut Draw| AccountId(draw.row(state.accounts.len()));
    Transfer {
        from: account(draw),
        to: account(draw),
        series: SeriesId(draw.row(2)),
        quantity: Tonnes(2 + draw.below(40)),
        consideration: Consideration::Free,
    }
}

/// A transfer in two parts moves what it moves at once.
fn halves(state: &State, draw: &mut Draw) -> Result<(), Violation> {
    for _ in 0..20 {
        let whole = transfer(state, draw);
        let first = Tonnes(1 + draw.below(whole.quantity.0 - 1));
        let parts = [
            Transfer { quantity: first, ..whole.clone() },
            Transfer { quantity: whole.quantity - first, ..whole.clone() },
        ];
        let both = after(state, &[whole]).zip(after(state, &parts));
        if let Some((one, two)) = both
            && Twin::of(&one).owners() != Twin::of(&two).owners()
        {
            return Err("two parts of a transfer move other units than the whole".to_owned());
        }
    }
    Ok(())
}

/// Transfers that have nothing to do with one another come to the same in any order.
fn exchange(state: &State, draw: &mut Draw) -> Result<(), Violation> {
    for _ in 0..20 {
        let (one, two) = (transfer(state, draw), transfer(state, draw));
        let ends = [one.from, one.to, two.from, two.to];
        let apart = (0..4).all(|it| !ends[it + 1..].contains(&ends[it]));
        if !apart {
            continue;
        }
        let orders = [[one.clone(), two.clone()], [two, one]];
        let both = after(state, &orders[0]).zip(after(state, &orders[1]));
        if let Some((one, two)) = both
            && Twin::of(&one).owners() != Twin::of(&two).owners()
        {
            return Err("transfers apart come to something else in another order".to_owned());
        }
    }
    Ok(())
}
