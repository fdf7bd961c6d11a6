//! The journal under damage, tearing, failing disks and other writers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test stops")]

use karvan_core::State;
use karvan_core::id::{GroupId, NOBODY, PersonId};
use karvan_core::party::{Role, register_party::RegisterParty};
use karvan_core::time::Instant;
use karvan_engine::clock::SetClock;
use karvan_engine::follower::{Follower, PATIENCE};
use karvan_engine::frame::{ALIGNMENT, Batch};
use karvan_engine::journal::file::{BATCH_BYTES_MAX, FileJournal, FileOptions};
use karvan_engine::journal::memory::MemoryJournal;
use karvan_engine::journal::recovery::{Purpose, scrub};
use karvan_engine::journal::segment::{ReadFrom, read_frames, segment_name};
use karvan_engine::journal::{Appended, Journal, JournalBroken, Room};
use karvan_engine::snapshot::{self, Snapshot};
use karvan_engine::storage::{MemoryStorage, Storage};
use karvan_engine::writer::{ClockBounds, Stopped};
use karvan_engine::{Answer, CommandId, Engine, Options, Submission, Writer, index};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const NOW: Instant = Instant(1_800_000_000_000);
/// The smallest segment that holds a batch.
const SEGMENT: u64 = (BATCH_BYTES_MAX as u64 + 4096).next_multiple_of(4096);

fn files() -> FileOptions {
    FileOptions { segment_bytes: SEGMENT, ..FileOptions::default() }
}

/// The first party, then banks that are refused; what matters here is records, not rules.
fn first() -> Submission {
    let (role, jurisdiction) = (Role::RegionalAdministrator, None);
    let command = RegisterParty { role, jurisdiction, group: GroupId(0), persons: 2 }.into();
    Submission { id: CommandId::new(NOW, 1), actor: NOBODY, command }
}

fn open(storage: &MemoryStorage) -> Result<Writer<FileJournal>, JournalBroken> {
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let (journal, found) = FileJournal::open(shared, files())?;
    let start = snapshot::at(storage, &found.segments, found.last).map_err(|it| match it {
        Stopped::Journal(it) => it,
        other @ (Stopped::Before | Stopped::Fenced { .. } | Stopped::Unreadable { .. }) => {
            panic!("{other}")
        }
    })?;
    Ok(Writer::new(journal, start.into_start(), Arc::new(SetClock::at(NOW))))
}

/// A journal of `days` batches with one record each (a day passes with each), and its chain.
fn journal_of(days: i64) -> (MemoryStorage, [u8; 32], u64) {
    let storage = MemoryStorage::default();
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let (journal, found) = FileJournal::open(shared, files()).unwrap();
    let clock = SetClock::at(NOW);
    let start = snapshot::at(&storage, &found.segments, 0).unwrap().into_start();
    let mut writer = Writer::new(journal, start, Arc::new(clock.clone()));
    writer.step(&[first()], &mut |_| {}).unwrap();
    for day in 1..=days {
        clock.set(NOW.plus_days(day));
        writer.step(&[], &mut |_| {}).unwrap();
    }
    (storage, writer.chain(), writer.state().position)
}

fn used_bytes(storage: &MemoryStorage) -> usize {
    let bytes = storage.bytes(&segment_name(1)).unwrap();
    bytes.iter().rposition(|it| *it != 0).unwrap() + 1
}

#[test]
fn every_byte_of_a_marked_journal_can_be_flipped_and_nothing_acknowledged_is_lost_silently() {
    let (storage, chain, records) = journal_of(3);
    let marked = storage.fork();
    let mut writer = open(&marked).unwrap();
    writer.mark().unwrap();
    drop(writer);
    let name = segment_name(1);
    let whole = marked.bytes(&name).unwrap();
    let end = used_bytes(&marked).next_multiple_of(ALIGNMENT);
    let (mut refused, mut equal) = (0, 0);
    for place in 0..end {
        for bit in [0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[place] ^= bit;
            let damaged = MemoryStorage::default();
            damaged.put(&name, bytes);
            match open(&damaged) {
                // Only the last mark itself, which holds no record, may be dropped.
                Ok(writer) => {
                    assert_eq!((writer.state().position, writer.chain()), (records, chain));
                    assert!(place >= end - ALIGNMENT, "byte {place} was flipped and accepted");
                    equal += 1;
                }
                Err(JournalBroken::Damaged(it)) => {
                    assert!(it.offset <= place as u64, "{it:?} for byte {place}");
                    refused += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert_eq!(refused + equal, 2 * end);
    assert!(equal <= 2 * ALIGNMENT);
}

/// After each batch of [`journal_of`]: where its bytes end, its last record and the chain there.
fn ends_of(days: i64) -> Vec<(usize, u64, [u8; 32])> {
    let end = |days| {
        let (storage, chain, records) = journal_of(days);
        (used_bytes(&storage), records, chain)
    };
    (0..=days).map(end).collect()
}

#[test]
fn every_truncation_of_the_tail_leaves_the_whole_batches_before_it_and_nothing_else() {
    const DAYS: i64 = 3;
    let (storage, ..) = journal_of(DAYS);
    let name = segment_name(1);
    let whole = storage.bytes(&name).unwrap();
    let end = used_bytes(&storage).next_multiple_of(ALIGNMENT);
    let ends = ends_of(DAYS);
    let mut dropped = [0; DAYS as usize + 2];
    // A crash tears: what follows the cut is still the zeros of the allocation.
    for cut in ALIGNMENT..end {
        let mut bytes = whole.clone();
        bytes[cut..].fill(0);
        let torn = MemoryStorage::default();
        torn.put(&name, bytes);
        let writer = open(&torn).unwrap();
        let left = ends.iter().rfind(|(end, ..)| *end <= cut);
        let (position, chain) = left.map_or((0, [0; 32]), |(_, last, chain)| (*last, *chain));
        assert_eq!((writer.state().position, writer.chain()), (position, chain), "cut at {cut}");
        dropped[ends.iter().filter(|(end, ..)| *end <= cut).count()] += 1;
        // What recovery mended stays mended, and the next record fits.
        drop(writer);
        let mut again = open(&torn).unwrap();
        assert_eq!(again.chain(), chain);
        again.step(&[first()], &mut |_| {}).unwrap();
        let (position, chain) = (again.state().position, again.chain());
        drop(again);
        let last = open(&torn).unwrap();
        assert_eq!((last.state().position, last.chain()), (position, chain));
    }
    assert!(dropped.iter().all(|it| *it > 0), "cuts in every batch: {dropped:?}");
    // A file that lost its end was not torn by a crash: segments are allocated whole.
    for length in [0, 1, ALIGNMENT, end / 2, end, whole.len() - 1] {
        let short = MemoryStorage::default();
        short.put(&name, whole[..length].to_vec());
        let refused = open(&short);
        assert!(matches!(refused, Err(JournalBroken::Damaged(_))), "{length} bytes");
    }
}

/// A disk on which syncs or allocations fail when told to.
#[derive(Clone, Default)]
struct FaultyDisk {
    inner: MemoryStorage,
    sync_fails: Arc<AtomicBool>,
    full: Arc<AtomicBool>,
}

impl Storage for FaultyDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }
    fn length(&self, name: &str) -> io::Result<u64> {
        self.inner.length(name)
    }
    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        self.inner.read(name, offset, most)
    }
    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_at(name, offset, bytes)
    }
    fn sync(&self, name: &str) -> io::Result<()> {
        if self.sync_fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("injected: input/output error"));
        }
        self.inner.sync(name)
    }
    fn allocate(&self, name: &str, length: u64) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "injected: no space left"));
        }
        self.inner.allocate(name, length)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }
}

fn writer_on(disk: &FaultyDisk) -> Writer<FileJournal> {
    let (journal, _) = FileJournal::open(Arc::new(disk.clone()), files()).unwrap();
    Writer::new(journal, Snapshot::empty().into_start(), Arc::new(SetClock::at(NOW)))
}

#[test]
fn a_failed_sync_stops_the_writer_and_nothing_is_acknowledged() {
    let disk = FaultyDisk::default();
    let mut writer = writer_on(&disk);
    disk.sync_fails.store(true, Ordering::SeqCst);
    let mut published = 0;
    let stopped = writer.step(&[first()], &mut |_| published += 1);
    assert!(matches!(stopped, Err(Stopped::Journal(JournalBroken::Disk { .. }))));
    assert_eq!(published, 0);
    // Its state may hold what the disk does not: it never answers again, also when the disk does.
    disk.sync_fails.store(false, Ordering::SeqCst);
    let again = writer.step(&[first()], &mut |_| published += 1);
    assert!(matches!(again, Err(Stopped::Before)));
    assert_eq!(published, 0);
    // Started again, it goes on from what is on the disk.
    drop(writer);
    let answers = open(&disk.inner).unwrap().step(&[first()], &mut |_| {}).unwrap();
    assert!(matches!(answers[0], Answer::Accepted { .. }));
}

#[test]
fn a_disk_that_fills_at_a_later_segment_refuses_before_deciding_and_loses_nothing() {
    let disk = FaultyDisk::default();
    let (journal, _) = FileJournal::open(Arc::new(disk.clone()), files()).unwrap();
    let clock = SetClock::at(NOW);
    let start = Snapshot::empty().into_start();
    let mut writer = Writer::new(journal, start, Arc::new(clock.clone()));
    writer.step(&[first()], &mut |_| {}).unwrap();
    disk.full.store(true, Ordering::SeqCst);
    let mut days = 0;
    let why = loop {
        days += 1;
        clock.set(NOW.plus_days(days));
        let another = Submission { id: CommandId::new(NOW.plus_days(days), 5), ..first() };
        let answers = writer.step(&[another], &mut |_| {}).unwrap();
        if let Answer::Unavailable(why) = &answers[0] {
            break why.clone();
        }
        assert!(days < 1_000, "the first segment never fills");
    };
    assert!(why.contains("no space left"), "{why}");
    let (position, chain) = (writer.state().position, writer.chain());
    assert!(position > 1, "the first segment took records");
    writer.step(&[], &mut |_| {}).unwrap();
    assert_eq!(writer.state().position, position, "nothing is decided without room");
    let restarted = open(&disk.inner).unwrap();
    assert_eq!((restarted.state().position, restarted.chain()), (position, chain));
    drop(restarted);
    disk.full.store(false, Ordering::SeqCst);
    writer.step(&[], &mut |_| {}).unwrap();
    assert!(writer.state().position > position, "work goes on when space returns");
}

#[test]
fn the_last_batch_is_marked_also_where_its_segment_has_no_room_for_another() {
    // Days pass until the rest of the segment could not hold the largest batch.
    let (mut days, mut found) = (0, None);
    while found.is_none() {
        days += 1;
        let (storage, ..) = journal_of(days);
        let left = SEGMENT as usize - used_bytes(&storage).next_multiple_of(ALIGNMENT);
        found = (left < BATCH_BYTES_MAX).then_some(storage);
        assert!(days < 100, "segments are larger than thought");
    }
    let storage = found.unwrap();
    let last_byte = used_bytes(&storage) - 1;
    let mut writer = open(&storage).unwrap();
    writer.mark().unwrap();
    drop(writer);
    // Damage to what was acknowledged last is told, not taken for tearing.
    let name = segment_name(1);
    let mut bytes = storage.bytes(&name).unwrap();
    assert!(used_bytes(&storage) > last_byte + 1, "a mark was written");
    bytes[last_byte] ^= 1;
    storage.put(&name, bytes);
    assert!(matches!(open(&storage), Err(JournalBroken::Damaged(_))));
}

#[test]
fn a_full_disk_refuses_before_deciding_and_work_goes_on_when_space_returns() {
    let disk = FaultyDisk::default();
    disk.full.store(true, Ordering::SeqCst);
    let mut writer = writer_on(&disk);
    let answers = writer.step(&[first()], &mut |_| {}).unwrap();
    let Answer::Unavailable(why) = &answers[0] else { panic!("{answers:?}") };
    assert!(why.contains("no space left"), "{why}");
    assert_eq!(*writer.state(), State::default(), "nothing was decided");
    disk.full.store(false, Ordering::SeqCst);
    let answers = writer.step(&[first()], &mut |_| {}).unwrap();
    assert!(matches!(answers[0], Answer::Accepted { .. }));
}

#[test]
fn the_same_id_gets_the_same_answer_also_after_a_restart() {
    let (storage, ..) = journal_of(0);
    let mut writer = open(&storage).unwrap();
    let again = writer.step(&[first(), first()], &mut |_| {}).unwrap();
    assert_eq!(again[0], again[1]);
    assert!(matches!(again[0], Answer::Accepted { .. }));
    let mut other = first();
    other.actor = PersonId(1);
    let conflict = writer.step(&[other], &mut |_| {}).unwrap();
    assert!(matches!(conflict[0], Answer::Conflict { .. }));
    let old = Submission { id: CommandId::new(NOW.plus_days(-30), 1), ..first() };
    let future = Submission { id: CommandId::new(NOW.plus_days(30), 1), ..first() };
    let answers = writer.step(&[old, future], &mut |_| {}).unwrap();
    assert_eq!(answers[1], Answer::FromTheFuture);
    // The window is a week, and nothing in it is as old: what came before it is never executed.
    assert!(matches!(answers[0], Answer::TooOld | Answer::Refused(_)), "{:?}", answers[0]);
    let mut later = Writer::new(
        MemoryJournal::new(),
        Snapshot::empty().into_start(),
        Arc::new(SetClock::at(NOW.plus_days(40))),
    );
    let now = Submission { id: CommandId::new(NOW.plus_days(40), 1), ..first() };
    later.step(&[now], &mut |_| {}).unwrap();
    let old = Submission { id: CommandId::new(NOW, 2), ..first() };
    assert_eq!(later.step(&[old], &mut |_| {}).unwrap(), [Answer::TooOld]);
    // Nobody but the writer uses the writer's ids.
    let its = Submission { id: CommandId::of_writer(NOW.plus_days(40), 3), ..first() };
    assert_eq!(later.step(&[its], &mut |_| {}).unwrap(), [Answer::Reserved]);
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

/// One journal in memory that two writers believe to be theirs.
#[derive(Clone, Default)]
struct SharedJournal(Arc<std::sync::Mutex<MemoryJournal>>);

impl Journal for SharedJournal {
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
    fn chain(&self) -> [u8; 32] {
        // A writer that begins knows nothing of the other.
        [0; 32]
    }
}

#[test]
fn a_second_writer_on_the_same_journal_is_fenced() {
    let journal = SharedJournal::default();
    let writer = || {
        let clock = Arc::new(SetClock::at(NOW));
        Writer::new(journal.clone(), Snapshot::empty().into_start(), clock)
    };
    let (mut one, mut other) = (writer(), writer());
    one.step(&[first()], &mut |_| {}).unwrap();
    let mut published = 0;
    let fenced = other.step(&[first()], &mut |_| published += 1);
    assert!(matches!(fenced, Err(Stopped::Fenced { expected: 1, found: 3 })), "{fenced:?}");
    assert_eq!(published, 0);
}

#[test]
fn live_state_replay_and_snapshot_with_tail_are_the_same_bit_for_bit() {
    let (storage, chain, records) = journal_of(40);
    let live = open(&storage).unwrap();
    let segments = live.journal().segments().to_vec();
    let half = snapshot::at(&storage, &segments, records / 2).unwrap();
    snapshot::write(&storage, &half).unwrap();
    snapshot::write(&storage, &half).unwrap();
    assert_eq!(snapshot::newest_position(&storage).unwrap(), records / 2);
    let from_half = snapshot::at(&storage, &segments, records).unwrap();
    assert_eq!(from_half.state.hash(), live.state().hash());
    assert_eq!(from_half.chain, chain);
    // A snapshot that cannot be read is passed over.
    let name = storage.list().unwrap().into_iter().find(|it| it.ends_with(".state")).unwrap();
    let mut bytes = storage.bytes(&name).unwrap();
    bytes[100] ^= 1;
    storage.put(&name, bytes);
    assert_eq!(snapshot::newest_position(&storage).unwrap(), 0);
    let without = snapshot::at(&storage, &segments, records).unwrap();
    assert_eq!(without.state.hash(), live.state().hash());
}

#[test]
fn a_journal_that_lost_records_a_snapshot_names_is_refused() {
    let (storage, _, records) = journal_of(10);
    let writer = open(&storage).unwrap();
    let all = snapshot::at(&storage, writer.journal().segments(), records).unwrap();
    snapshot::write(&storage, &all).unwrap();
    let (shorter, ..) = journal_of(3);
    let name = segment_name(1);
    storage.put(&name, shorter.bytes(&name).unwrap());
    assert!(matches!(open(&storage), Err(JournalBroken::Damaged(_))));
}

#[test]
fn segments_follow_one_another_and_an_index_tells_what_became_of_a_command() {
    let (storage, _, records) = journal_of(60);
    let writer = open(&storage).unwrap();
    let segments = writer.journal().segments();
    assert!(segments.len() > 1, "one segment holds it all");
    // The answer is the same by reading the records and by the indexes.
    for indexed in [false, true] {
        if indexed {
            index::write_missing(&storage, segments).unwrap();
            let files = storage.list().unwrap();
            let indexes = files.iter().filter(|it| it.ends_with(".ids")).count();
            assert_eq!(indexes, segments.len() - 1, "one for each full segment");
        }
        let find = |id| index::find(&storage, (segments, records), id).unwrap();
        assert_eq!(find(first().id), Some(2));
        assert_eq!(find(CommandId::new(NOW, 9)), None);
    }
    // A damaged index is not believed: the records are.
    let name = storage.list().unwrap().into_iter().find(|it| it.ends_with(".ids")).unwrap();
    let sound = storage.bytes(&name).unwrap();
    for place in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[place] ^= 0x10;
        storage.put(&name, bytes);
        assert_eq!(index::find(&storage, (segments, records), first().id).unwrap(), Some(2));
    }
    storage.put(&name, sound[..sound.len() - 28].to_vec());
    assert_eq!(index::find(&storage, (segments, records), first().id).unwrap(), Some(2));
    storage.put(&name, sound);
    let wanted = ReadFrom { from: records / 2, last: records, most: 10_000 };
    let frames = read_frames(&storage, segments, wanted).unwrap();
    let found = karvan_engine::frame::frames(&frames).next().unwrap().unwrap();
    assert_eq!(found.header.record.position, records / 2);
}

#[test]
fn a_start_reads_from_the_snapshot_and_the_scrub_finds_what_lies_before_it() {
    let (storage, chain, records) = journal_of(200);
    let segments = open(&storage).unwrap().journal().segments().to_vec();
    let full = segments.len() - 1;
    assert!(full >= 4, "{full} full segments");
    for pair in segments.windows(2) {
        scrub(&storage, SEGMENT, (&pair[0], &pair[1])).unwrap();
    }
    let half = snapshot::at(&storage, &segments, segments[full / 2].first).unwrap();
    snapshot::write(&storage, &half).unwrap();
    // A byte changes in a record that the snapshot covers.
    let name = &segments[1].name;
    let mut bytes = storage.bytes(name).unwrap();
    bytes[1_000] ^= 1;
    storage.put(name, bytes);
    let writer = open(&storage).unwrap();
    assert_eq!((writer.chain(), writer.state().position), (chain, records));
    let found = scrub(&storage, SEGMENT, (&segments[1], &segments[2]));
    assert!(matches!(&found, Err(JournalBroken::Damaged(it)) if it.file == *name), "{found:?}");
    // Whoever verifies the journal reads all of it, and changes nothing.
    let options = FileOptions { purpose: Purpose::Read, ..files() };
    let files_before = storage.list().unwrap();
    let refused = FileJournal::open(Arc::new(storage.clone()), options);
    assert!(matches!(refused, Err(JournalBroken::Damaged(_))));
    assert_eq!(storage.list().unwrap(), files_before);
    // A full segment that is not there is missed at once.
    storage.remove(&segments[full - 1].name).unwrap();
    assert!(matches!(open(&storage), Err(JournalBroken::Damaged(_))));
}

#[test]
fn to_look_at_a_torn_journal_does_not_mend_it() {
    let (storage, _, records) = journal_of(3);
    let name = segment_name(1);
    let mut torn = storage.bytes(&name).unwrap();
    let end = used_bytes(&storage);
    torn[end - 10..].fill(0);
    storage.put(&name, torn.clone());
    let options = FileOptions { purpose: Purpose::Read, ..files() };
    let (journal, found) = FileJournal::open(Arc::new(storage.clone()), options).unwrap();
    assert_eq!((journal.last(), found.dropped.is_some()), (records - 1, true));
    drop(journal);
    assert_eq!(storage.bytes(&name).unwrap(), torn);
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
