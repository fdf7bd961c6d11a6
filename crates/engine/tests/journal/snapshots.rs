//! Segments that follow one another, the snapshots that shorten a start, the indexes of ids.

use crate::{NOW, SEGMENT, command, files, first, journal_of, open};
use karvan_engine::engine::snapshot_if_due;
use karvan_engine::journal::file::{FileJournal, FileOptions};
use karvan_engine::journal::recovery::{Purpose, scrub};
use karvan_engine::journal::segment::{ReadFrom, Segment, read_frames, segment_name};
use karvan_engine::journal::{Journal, JournalBroken};
use karvan_engine::snapshot::{self, SEGMENTS_A_SNAPSHOT};
use karvan_engine::storage::{MemoryStorage, Storage};
use karvan_engine::{Answer, CommandId, frame, index};
use std::io;
use std::sync::{Arc, Mutex};

fn with_suffix(storage: &dyn Storage, suffix: &str) -> Vec<String> {
    storage.list().unwrap().into_iter().filter(|it| it.ends_with(suffix)).collect()
}

fn flip(storage: &MemoryStorage, name: &str, place: usize) {
    let mut bytes = storage.bytes(name).unwrap();
    bytes[place] ^= 1;
    storage.put(name, bytes);
}

/// A disk that remembers which files were read.
#[derive(Clone, Default)]
struct Watched {
    inner: MemoryStorage,
    read: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    fn on(inner: &MemoryStorage) -> Self {
        Self { inner: inner.clone(), read: Arc::default() }
    }

    /// The files that were read since this was asked last.
    fn taken(&self) -> Vec<String> {
        let mut names = std::mem::take(&mut *self.read.lock().unwrap());
        names.sort();
        names.dedup();
        names
    }
}

impl Storage for Watched {
    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }
    fn length(&self, name: &str) -> io::Result<u64> {
        self.inner.length(name)
    }
    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        self.read.lock().unwrap().push(name.to_owned());
        self.inner.read(name, offset, most)
    }
    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_at(name, offset, bytes)
    }
    fn sync(&self, name: &str) -> io::Result<()> {
        self.inner.sync(name)
    }
    fn allocate(&self, name: &str, length: u64) -> io::Result<()> {
        self.inner.allocate(name, length)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }
}

#[test]
fn live_state_replay_and_snapshot_with_tail_are_the_same_bit_for_bit() {
    let (storage, chain, records) = journal_of(40);
    let live = open(&storage).unwrap();
    let segments = live.journal().segments().to_vec();
    let half = snapshot::at(&storage, &segments, records / 2).unwrap();
    snapshot::write(&storage, &half).unwrap();
    snapshot::write(&storage, &half).unwrap();
    let newest = snapshot::newest(&storage, records).unwrap();
    assert_eq!(newest.state.position, records / 2);
    let from_half = snapshot::at(&storage, &segments, records).unwrap();
    assert_eq!(from_half.state.hash(), live.state().hash());
    assert_eq!(from_half.chain, chain);
    // A snapshot that cannot be read is passed over.
    let [name] = &with_suffix(&storage, ".state")[..] else { panic!("one snapshot") };
    flip(&storage, name, 100);
    assert_eq!(snapshot::newest(&storage, records).unwrap().state.position, 0);
    let without = snapshot::at(&storage, &segments, records).unwrap();
    assert_eq!(without.state.hash(), live.state().hash());
}

#[test]
fn the_newest_snapshot_is_known_by_its_name_and_read_when_it_is_used() {
    let (storage, _, records) = journal_of(40);
    let segments = open(&storage).unwrap().journal().segments().to_vec();
    let half = snapshot::at(&storage, &segments, records / 2).unwrap();
    snapshot::write(&storage, &half).unwrap();
    let watched = Watched::on(&storage);
    assert_eq!(snapshot::newest_named(&watched).unwrap(), records / 2);
    snapshot_if_due(&watched, &segments).unwrap();
    assert_eq!(watched.taken(), [""; 0], "to look whether one is due reads no file");
    // Another snapshot's bytes under this name are not this snapshot.
    let [name] = &with_suffix(&storage, ".state")[..] else { panic!("one snapshot") };
    let other = snapshot::at(&storage, &segments, records / 2 - 1).unwrap();
    let elsewhere = MemoryStorage::default();
    snapshot::write(&elsewhere, &other).unwrap();
    let [of_other] = &with_suffix(&elsewhere, ".state")[..] else { panic!("one snapshot") };
    storage.put(name, elsewhere.bytes(of_other).unwrap());
    assert_eq!(snapshot::newest(&storage, records).unwrap().state.position, 0);
}

#[test]
fn a_snapshot_that_cannot_be_read_stands_for_no_record() {
    let (storage, chain, records) = journal_of(60);
    let segments = open(&storage).unwrap().journal().segments().to_vec();
    let open_segment = segments.last().unwrap();
    let made = snapshot::at(&storage, &segments, open_segment.first - 1).unwrap();
    snapshot::write(&storage, &made).unwrap();
    let [name] = &with_suffix(&storage, ".state")[..] else { panic!("one snapshot") };
    flip(&storage, name, 200);
    let writer = open(&storage).unwrap();
    assert_eq!((writer.chain(), writer.state().position), (chain, records));
    drop(writer);
    // So recovery reads all segments, and finds what is damaged in a full one.
    flip(&storage, &segments[0].name, 1_000);
    match FileJournal::open(Arc::new(storage), files()) {
        Err(JournalBroken::Damaged(it)) => assert_eq!(it.file, segments[0].name),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the segment was passed over"),
    }
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
    // The name alone is proof that the records were there, whatever became of the snapshot since.
    for is_damaged in [false, true] {
        if is_damaged {
            let [snapshot] = &with_suffix(&storage, ".state")[..] else { panic!("one snapshot") };
            flip(&storage, snapshot, 100);
        }
        let Err(JournalBroken::Damaged(it)) = open(&storage) else { panic!("it was accepted") };
        assert_eq!(it.synced_through, records);
    }
}

#[test]
fn a_snapshot_is_made_when_enough_segments_are_full_and_a_start_goes_on_from_it() {
    let (storage, chain, records) = journal_of(520);
    let live = open(&storage).unwrap();
    let segments = live.journal().segments().to_vec();
    let enough = SEGMENTS_A_SNAPSHOT + 1;
    assert!(segments.len() >= enough + SEGMENTS_A_SNAPSHOT, "{} segments", segments.len());
    let made = |count: usize| {
        snapshot_if_due(&storage, &segments[..count]).unwrap();
        with_suffix(&storage, ".state").len()
    };
    // The segment that is being written is not full.
    assert_eq!(made(enough - 1), 0);
    assert_eq!(made(enough), 1);
    let position = snapshot::newest_named(&storage).unwrap();
    assert_eq!(position, segments[enough - 1].first - 1, "all full segments, to their last record");
    for count in enough..enough + SEGMENTS_A_SNAPSHOT {
        assert_eq!(made(count), 1, "with {count} segments it is too early for the next");
    }
    assert_eq!(made(enough + SEGMENTS_A_SNAPSHOT), 2);
    let newest = snapshot::newest_named(&storage).unwrap();
    assert_eq!(newest, segments[enough + SEGMENTS_A_SNAPSHOT - 1].first - 1);
    // The start reads the snapshot and none of the records before it.
    let watched = Watched::on(&storage);
    let (journal, found) = FileJournal::open(Arc::new(watched.clone()), files()).unwrap();
    let at_end = snapshot::at(&watched, &found.segments, found.last).unwrap();
    assert_eq!((journal.last(), journal.chain()), (records, chain));
    assert_eq!((at_end.state.hash(), at_end.chain), (live.state().hash(), chain));
    let read = watched.taken();
    let covered = |it: &Segment| it.first < newest;
    assert!(segments.iter().filter(|it| covered(it)).all(|it| !read.contains(&it.name)));
    // Without any snapshot the same comes of the records alone.
    for name in with_suffix(&storage, ".state") {
        storage.remove(&name).unwrap();
    }
    assert_eq!(open(&storage).unwrap().state().hash(), at_end.state.hash());
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
    flip(&storage, name, 1_000);
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
fn segments_follow_one_another_and_an_index_tells_what_became_of_a_command() {
    let (storage, _, records) = journal_of(60);
    let writer = open(&storage).unwrap();
    let segments = writer.journal().segments();
    assert!(segments.len() > 1, "one segment holds it all");
    // The answer is the same by reading the records and by the indexes.
    for indexed in [false, true] {
        if indexed {
            index::write_missing(&storage, segments).unwrap();
            let indexes = with_suffix(&storage, ".ids").len();
            assert_eq!(indexes, segments.len() - 1, "one for each full segment");
        }
        let find = |id| index::find(&storage, (segments, records), id).unwrap();
        assert_eq!(find(first().id), Some(2));
        assert_eq!(find(CommandId::new(NOW, 9)), None);
    }
    let wanted = ReadFrom { from: records / 2, last: records, most: 10_000 };
    let frames = read_frames(&storage, segments, wanted).unwrap();
    let found = frame::frames(&frames).next().unwrap().unwrap();
    assert_eq!(found.header.record.position, records / 2);
}

/// A full segment with its index, the segment after it, and the ids in the first.
fn indexed() -> (MemoryStorage, Vec<Segment>, Vec<(CommandId, u64)>) {
    let storage = MemoryStorage::default();
    let mut writer = open(&storage).unwrap();
    let mut number = 0;
    while writer.journal().segments().len() < 2 {
        number += 1;
        let answers = writer.step(&[command(number)], &mut |_| {}).unwrap();
        assert!(matches!(answers[0], Answer::Accepted { .. }), "{answers:?}");
    }
    let segments = writer.journal().segments().to_vec();
    index::write_missing(&storage, &segments).unwrap();
    let wanted = ReadFrom { from: 1, last: segments[1].first - 1, most: usize::MAX };
    let frames = read_frames(&storage, &segments, wanted).unwrap();
    let row = |it: frame::Frame<'_>| (it.header.id, it.header.record.position);
    let ids: Vec<_> = frame::frames(&frames).map(|it| row(it.unwrap())).collect();
    assert!(ids.len() > 10, "{} records", ids.len());
    (storage, segments, ids)
}

#[test]
fn a_damaged_index_never_says_that_a_command_was_not_executed() {
    let (storage, segments, ids) = indexed();
    let [name] = &with_suffix(&storage, ".ids")[..] else { panic!("one index") };
    let whole = storage.bytes(name).unwrap();
    let find = |id| index::find(&storage, (&segments, segments[1].first - 1), id).unwrap();
    let flipped = (0..whole.len()).map(|place| {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x40;
        bytes
    });
    let shortened = (0..whole.len()).map(|length| whole[..length].to_vec());
    // One row left out in the middle, two rows exchanged, and rows without checksums as they
    // were written before.
    let row = whole.len() / (ids.len() + 1);
    let left_out = [&whole[..3 * row], &whole[4 * row..]].concat();
    let mut exchanged = whole.clone();
    exchanged[row..3 * row].rotate_left(row);
    let unchecked: Vec<u8> = whole.chunks(row).skip(1).flat_map(|it| &it[..24]).copied().collect();
    let others = [left_out, exchanged, unchecked];
    let mut removed = 0;
    for damaged in flipped.chain(shortened).chain(others) {
        for (id, position) in &ids {
            storage.put(name, damaged.clone());
            assert_eq!(find(*id), Some(*position));
            assert_eq!(find(CommandId(id.0 + 1_000_000)), None);
            removed += usize::from(storage.bytes(name).is_none());
        }
    }
    assert!(removed > whole.len(), "damage was noticed {removed} times");
    // What was removed is made again, as it was.
    drop(storage.remove(name));
    index::write_missing(&storage, &segments).unwrap();
    assert_eq!(storage.bytes(name).unwrap(), whole);
}

#[test]
fn a_whole_index_answers_without_the_records() {
    let (storage, segments, ids) = indexed();
    let watched = Watched::on(&storage);
    let last = segments[1].first - 1;
    // The open segment holds no record up to `last`, so only the index is asked.
    for (id, position) in &ids {
        assert_eq!(index::find(&watched, (&segments, last), *id).unwrap(), Some(*position));
    }
    assert_eq!(watched.taken(), with_suffix(&storage, ".ids"));
    assert_eq!(with_suffix(&storage, ".ids").len(), 1, "and it is kept");
}
