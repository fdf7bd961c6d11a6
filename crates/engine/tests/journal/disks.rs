//! Disks that fail or are full: nothing is acknowledged that a restart does not find.

use crate::{NOW, command, files, first, open};
use karvan_core::State;
use karvan_engine::clock::SetClock;
use karvan_engine::journal::file::{FileJournal, FileOptions};
use karvan_engine::journal::{Journal, JournalBroken, Room};
use karvan_engine::snapshot::Snapshot;
use karvan_engine::storage::{MemoryStorage, Storage};
use karvan_engine::writer::Stopped;
use karvan_engine::{Answer, Writer};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A disk on which writes, syncs or allocations fail when told to.
#[derive(Clone, Default)]
struct FaultyDisk {
    inner: MemoryStorage,
    write_fails: Arc<AtomicBool>,
    sync_fails: Arc<AtomicBool>,
    full: Arc<AtomicBool>,
    writes: Arc<AtomicUsize>,
}

fn injected(fails: &AtomicBool) -> io::Result<()> {
    if fails.load(Ordering::SeqCst) {
        return Err(io::Error::other("injected: input/output error"));
    }
    Ok(())
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
        self.writes.fetch_add(1, Ordering::SeqCst);
        injected(&self.write_fails)?;
        self.inner.write_at(name, offset, bytes)
    }
    fn sync(&self, name: &str) -> io::Result<()> {
        injected(&self.sync_fails)?;
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

fn writer_on(disk: &FaultyDisk, files: FileOptions, clock: &SetClock) -> Writer<FileJournal> {
    let (journal, _) = FileJournal::open(Arc::new(disk.clone()), files).unwrap();
    Writer::new(journal, Snapshot::empty().into_start(), Arc::new(clock.clone()))
}

/// After the failure the disk works again, as disks do: a second sync may succeed although the
/// bytes of the first are lost. The writer must not be taken in by it.
fn assert_never_acknowledges_again(writer: &mut Writer<FileJournal>, disk: &FaultyDisk) {
    disk.write_fails.store(false, Ordering::SeqCst);
    disk.sync_fails.store(false, Ordering::SeqCst);
    let writes = disk.writes.load(Ordering::SeqCst);
    let mut published = 0;
    for number in [1, 2, 2, 3] {
        match writer.step(&[command(number)], &mut |_| published += 1) {
            Err(_) => {}
            Ok(answers) => {
                assert!(matches!(answers[0], Answer::Unavailable(_)), "{answers:?}");
            }
        }
        assert!(matches!(writer.mark(), Err(Stopped::Before)));
    }
    assert_eq!(published, 0);
    assert_eq!(disk.writes.load(Ordering::SeqCst), writes, "something was written after a failure");
}

/// When the disk fails.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Failing {
    /// With the first batch, for which a segment is begun.
    Begin,
    /// With a later batch.
    Batch,
    /// With the mark after a batch.
    Mark,
}

#[test]
fn after_a_write_or_a_sync_that_failed_nothing_is_ever_acknowledged() {
    for failing in [Failing::Begin, Failing::Batch, Failing::Mark] {
        for is_write in [false, true] {
            let disk = FaultyDisk::default();
            let mut writer = writer_on(&disk, files(), &SetClock::at(NOW));
            let before = u64::from(failing != Failing::Begin);
            for number in 1..=before {
                writer.step(&[command(number)], &mut |_| {}).unwrap();
            }
            let acknowledged = writer.journal().last();
            let fails = if is_write { &disk.write_fails } else { &disk.sync_fails };
            fails.store(true, Ordering::SeqCst);
            let next = command(before + 1);
            let mut published = 0;
            let stopped = match failing {
                Failing::Mark => writer.mark(),
                Failing::Begin | Failing::Batch => {
                    writer.step(std::slice::from_ref(&next), &mut |_| published += 1).map(drop)
                }
            };
            assert!(matches!(stopped, Err(Stopped::Journal(JournalBroken::Disk { .. }))));
            assert_eq!((published, writer.journal().last()), (0, acknowledged));
            assert_never_acknowledges_again(&mut writer, &disk);
            // The next start finds out what is on the disk, and goes on from there.
            drop(writer);
            let mut again = open(&disk.inner).unwrap();
            assert!(again.journal().last() >= acknowledged);
            let answers = again.step(&[next], &mut |_| {}).unwrap();
            assert!(matches!(answers[0], Answer::Accepted { .. }), "{answers:?}");
        }
    }
}

#[test]
fn a_full_disk_refuses_before_deciding_and_work_goes_on_when_space_returns() {
    let disk = FaultyDisk::default();
    disk.full.store(true, Ordering::SeqCst);
    let mut writer = writer_on(&disk, files(), &SetClock::at(NOW));
    let answers = writer.step(&[first()], &mut |_| {}).unwrap();
    let Answer::Unavailable(why) = &answers[0] else { panic!("{answers:?}") };
    assert!(why.contains("no space left"), "{why}");
    assert_eq!(*writer.state(), State::default(), "nothing was decided");
    disk.full.store(false, Ordering::SeqCst);
    let answers = writer.step(&[first()], &mut |_| {}).unwrap();
    assert!(matches!(answers[0], Answer::Accepted { .. }));
}

/// Asks again until the answer is of the kind that is waited for: a helper thread takes its time.
fn ask_until(
    writer: &mut Writer<FileJournal>,
    number: u64,
    is_wanted: impl Fn(&Answer) -> bool,
) -> Answer {
    for _ in 0..5_000 {
        let answer = writer.step(&[command(number)], &mut |_| {}).unwrap().remove(0);
        if is_wanted(&answer) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("nothing came of it")
}

fn is_accepted(it: &Answer) -> bool {
    matches!(it, Answer::Accepted { .. })
}

/// The helper tried, and the disk was full.
fn is_full(it: &Answer) -> bool {
    matches!(it, Answer::Unavailable(why) if why.contains("cannot be prepared"))
}

#[test]
fn a_disk_that_fills_up_at_a_later_segment_loses_nothing_and_work_goes_on_when_space_returns() {
    for helper_thread in [false, true] {
        let disk = FaultyDisk::default();
        let clock = SetClock::at(NOW);
        let mut writer = writer_on(&disk, FileOptions { helper_thread, ..files() }, &clock);
        let mut number = 0;
        while writer.journal().segments().len() < 2 {
            number += 1;
            ask_until(&mut writer, number, is_accepted);
        }
        disk.full.store(true, Ordering::SeqCst);
        let why = loop {
            number += 1;
            let answer = ask_until(&mut writer, number, |it| is_accepted(it) || is_full(it));
            if let Answer::Unavailable(why) = answer {
                break why;
            }
        };
        assert!(why.contains("no space left"), "{why}");
        let (state, chain) = (writer.state().clone(), writer.chain());
        let (begun, last) = (writer.journal().segments().len(), writer.journal().last());
        // A helper may have prepared a third segment before the disk was full.
        assert!((2..=3).contains(&begun), "{begun} segments");
        assert_eq!((state.position, number), (last, last), "all that was decided is on disk");
        // As long as it is full nothing is decided, and time does not pass either.
        clock.set(NOW.plus_days(1));
        for _ in 0..20 {
            let refused = writer.step(&[command(number), first()], &mut |_| {}).unwrap();
            assert!(refused.iter().all(|it| matches!(it, Answer::Unavailable(_))), "{refused:?}");
            writer.step(&[], &mut |_| {}).unwrap();
        }
        assert_eq!((writer.state(), writer.chain()), (&state, chain));
        // What was acknowledged is marked although no batch fits, and a start finds it.
        writer.mark().unwrap();
        assert_eq!(open(&disk.inner.fork()).unwrap().state().hash(), state.hash());
        disk.full.store(false, Ordering::SeqCst);
        let answer = ask_until(&mut writer, number, is_accepted);
        assert_eq!(answer, Answer::Accepted { position: last + 2 }, "after the day's own record");
        assert_eq!(writer.journal().segments().len(), begun + 1);
        let chain = writer.chain();
        drop(writer);
        assert_eq!(open(&disk.inner).unwrap().chain(), chain);
    }
}

#[test]
fn a_journal_that_failed_has_no_room_and_writes_nothing_whoever_asks() {
    let disk = FaultyDisk::default();
    let (mut journal, _) = FileJournal::open(Arc::new(disk.clone()), files()).unwrap();
    assert_eq!(journal.room(), Room::Ready);
    disk.sync_fails.store(true, Ordering::SeqCst);
    let batch = karvan_engine::frame::Batch { first: 1, records: 1, ..Default::default() };
    journal.append(1, &batch).unwrap_err();
    disk.sync_fails.store(false, Ordering::SeqCst);
    let Room::None(why) = journal.room() else { panic!("there is room") };
    assert!(why.contains("injected") && why.contains("start again"), "{why}");
    let writes = disk.writes.load(Ordering::SeqCst);
    for stopped in [journal.append(1, &batch).map(drop), journal.mark()] {
        let Err(JournalBroken::Disk { error, .. }) = stopped else { panic!("{stopped:?}") };
        assert!(error.to_string().contains("after a failure"), "{error}");
    }
    assert_eq!(disk.writes.load(Ordering::SeqCst), writes);
}
