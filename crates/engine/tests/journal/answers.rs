//! What a command is answered: again, too late, under a strange clock, beside another writer.

use crate::{NOW, command, files, first, journal_of, open};
use karvan_core::State;
use karvan_core::id::PersonId;
use karvan_engine::clock::SetClock;
use karvan_engine::follower::{Follower, PATIENCE};
use karvan_engine::frame::{Batch, Hash};
use karvan_engine::journal::memory::MemoryJournal;
use karvan_engine::journal::{Appended, Journal, JournalBroken, Room};
use karvan_engine::snapshot::Snapshot;
use karvan_engine::storage::MemoryStorage;
use karvan_engine::writer::{ClockBounds, Stopped};
use karvan_engine::{Answer, CommandId, Engine, Options, Submission, Writer, index};
use std::sync::{Arc, Mutex};

#[test]
fn the_same_id_gets_the_same_answer_also_after_a_restart() {
    let (storage, ..) = journal_of(0);
    let mut writer = open(&storage).unwrap();
    let again = writer.step(&[first(), first()], &mut |_| {}).unwrap();
    assert_eq!(again[0], again[1]);
    assert_eq!(again[0], Answer::Accepted { position: 2 });
    let mut other = first();
    other.actor = PersonId(1);
    let conflict = writer.step(&[other], &mut |_| {}).unwrap();
    assert_eq!(conflict[0], Answer::Conflict { position: 2 });
    let old = Submission { id: CommandId::new(NOW.plus_days(-30), 1), ..first() };
    let future = Submission { id: CommandId::new(NOW.plus_days(30), 1), ..first() };
    let answers = writer.step(&[old, future], &mut |_| {}).unwrap();
    assert_eq!(answers, [Answer::TooOld, Answer::FromTheFuture]);
    // Nobody but the writer uses the writer's ids.
    let its = Submission { id: CommandId::of_writer(NOW, 9), ..first() };
    assert_eq!(writer.step(&[its], &mut |_| {}).unwrap(), [Answer::Reserved]);
}

#[test]
fn a_command_older_than_the_window_is_too_old_and_yet_it_is_told_what_became_of_it() {
    // The window is seven days. After thirty the first id is forgotten when a young one is taken.
    let (storage, _, records) = journal_of(30);
    let young = CommandId::new(NOW.plus_days(30), 0);
    let mut writer = open(&storage).unwrap();
    let bank = Submission { id: young, ..command(2) };
    let answers = writer.step(&[bank], &mut |_| {}).unwrap();
    assert_eq!(answers, [Answer::Accepted { position: records + 1 }]);
    let (chain, last) = (writer.chain(), records + 1);
    drop(writer);
    // A restarted writer has forgotten the same.
    for _ in 0..2 {
        let mut writer = open(&storage).unwrap();
        let segments = writer.journal().segments().to_vec();
        let answers = writer.step(&[first(), command(3)], &mut |_| {}).unwrap();
        assert_eq!(answers, [Answer::TooOld, Answer::TooOld], "neither known nor executed");
        assert_eq!((writer.chain(), writer.state().position), (chain, last));
        let became = |id| index::find(&storage, (&segments, last), id).unwrap();
        assert_eq!(became(first().id), Some(2), "it was executed once, long ago");
        assert_eq!(became(command(3).id), None, "it never was, and never will be");
    }
    // The same command under a young id is a new command.
    let again = Submission { id: CommandId::new(NOW.plus_days(30), 3), ..command(3) };
    let answers = open(&storage).unwrap().step(&[again], &mut |_| {}).unwrap();
    assert_eq!(answers, [Answer::Accepted { position: last + 1 }]);
}

#[test]
fn a_refused_id_may_be_sent_again() {
    let mut writer = open(&journal_of(0).0).unwrap();
    let mut second = first();
    second.id = CommandId::new(NOW, 77);
    for _ in 0..2 {
        let answers = writer.step(std::slice::from_ref(&second), &mut |_| {}).unwrap();
        assert!(matches!(answers[0], Answer::Refused(_)));
    }
}

#[test]
fn a_clock_that_jumps_beyond_its_bound_stops_the_market_until_somebody_looks() {
    let clock = SetClock::at(NOW);
    let journal = MemoryJournal::new();
    let mut writer = Writer::new(journal, Snapshot::empty().into_start(), Arc::new(clock.clone()))
        .with_bounds(ClockBounds { jump_ms: 86_400_000 });
    writer.step(&[first()], &mut |_| {}).unwrap();
    let before = writer.state().clone();
    clock.set(NOW.plus_days(400));
    let answers = writer.step(&[first()], &mut |_| {}).unwrap();
    assert!(matches!(&answers[0], Answer::Unavailable(why) if why.contains("clock jumped")));
    assert_eq!(*writer.state(), before, "no time passed");
    // A clock that goes back does not take the journal's time with it.
    clock.set(NOW.plus_days(-1));
    writer.step(&[], &mut |_| {}).unwrap();
    assert_eq!(writer.state().now, before.now);
}

/// One journal in the hands of two writers.
#[derive(Clone)]
struct Shared(Arc<Mutex<MemoryJournal>>);

impl Journal for Shared {
    fn room(&mut self) -> Room {
        self.0.lock().unwrap().room()
    }
    fn append(&mut self, expected: u64, batch: &Batch) -> Result<Appended, JournalBroken> {
        self.0.lock().unwrap().append(expected, batch)
    }
    fn mark(&mut self) -> Result<(), JournalBroken> {
        self.0.lock().unwrap().mark()
    }
    fn read(&self, from: u64, most: usize) -> Result<Vec<u8>, JournalBroken> {
        self.0.lock().unwrap().read(from, most)
    }
    fn last(&self) -> u64 {
        self.0.lock().unwrap().last()
    }
    fn chain(&self) -> Hash {
        self.0.lock().unwrap().chain()
    }
}

#[test]
fn of_two_writers_on_one_journal_the_second_is_fenced_and_acknowledges_nothing() {
    let journal = Shared(Arc::new(Mutex::new(MemoryJournal::new())));
    let writer = || {
        let start = Snapshot::empty().into_start();
        Writer::new(journal.clone(), start, Arc::new(SetClock::at(NOW)))
    };
    let (mut one, mut other) = (writer(), writer());
    one.step(&[first()], &mut |_| {}).unwrap();
    let last = one.journal().last();
    let mut published = 0;
    let fenced = other.step(&[first()], &mut |_| published += 1);
    let Err(Stopped::Fenced { expected: 1, found }) = fenced else { panic!("{fenced:?}") };
    assert_eq!(found, last + 1);
    // However often it tries, with what the first writer was asked too, and with nothing.
    for submissions in [vec![first()], vec![first(), command(2)], vec![]] {
        let again = other.step(&submissions, &mut |_| published += 1);
        assert!(matches!(again, Err(Stopped::Before)), "{again:?}");
    }
    assert_eq!(published, 0);
    // The first goes on, and the journal holds its records only.
    one.step(&[command(2)], &mut |_| {}).unwrap();
    let mut replayed = Snapshot::empty();
    replayed.replay(&journal.read(1, usize::MAX).unwrap()).unwrap();
    assert_eq!(replayed.state, *one.state());
    assert_eq!(replayed.chain, one.chain());
}

#[test]
fn a_follower_shows_durable_records_only_and_says_when_one_is_not_there_yet() {
    let storage = MemoryStorage::default();
    let clock = Arc::new(SetClock::at(NOW));
    let options = Options { clock, bounds: ClockBounds::default(), files: files() };
    let engine = Engine::start_on(Arc::new(storage.clone()), options).unwrap();
    let Answer::Accepted { position } = engine.ask(first()).unwrap() else { panic!("refused") };
    let follower = engine.follower();
    let hash = follower.read_at(position, PATIENCE).unwrap().hash();
    let missing = follower.read_at(position + 1, std::time::Duration::from_millis(20));
    assert_eq!(missing.err().map(|it| it.wanted), Some(position + 1));
    assert_eq!(engine.durable(), position);
    assert_eq!(engine.what_became_of(first().id).unwrap(), Some(position));
    assert_eq!(engine.what_became_of(CommandId::new(NOW, 99)).unwrap(), None);
    engine.stop();
    let again = open(&storage).unwrap();
    assert_eq!(again.state().hash(), hash);
    // A follower that begins late takes the records it lacks and passes over those it has.
    let frames = again.journal().read(1, usize::MAX).unwrap();
    let late = Follower::new(State::default());
    late.apply_frames(&frames).unwrap();
    late.apply_frames(&frames).unwrap();
    assert_eq!(late.read().hash(), hash);
}
