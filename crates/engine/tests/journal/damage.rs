//! What recovery makes of bytes that tore, changed or went missing: exactly what it should, for
//! every byte.

use crate::{command, files, journal_of, open};
use karvan_engine::Writer;
use karvan_engine::frame::{self, ALIGNMENT, BatchHeader, SCHEMA};
use karvan_engine::journal::file::{BATCH_BYTES_MAX, FileJournal, FileOptions};
use karvan_engine::journal::recovery::{Dropped, Found, Purpose, recover};
use karvan_engine::journal::segment::{SEGMENT_HEADER_BYTES, segment_name};
use karvan_engine::journal::{Damage, Journal, JournalBroken};
use karvan_engine::snapshot::Snapshot;
use karvan_engine::storage::{MemoryStorage, Storage};
use karvan_engine::writer::Stopped;
use std::ops::Range;
use std::sync::Arc;

/// Records of each batch: the first begins a day and registers a region, the last is as long as
/// several sectors of a disk.
const BATCHES: [u64; 4] = [2, 1, 3, 12];

/// The one segment of a journal, and where its batches lie in it.
struct Laid {
    /// The segment as it was written, with some of the zeros after it.
    bytes: Vec<u8>,
    /// The bytes of each batch with its padding; the mark is the last of them, when there is one.
    batches: Vec<Range<usize>>,
    /// The position of the last record of each batch.
    lasts: Vec<u64>,
    /// The chain after each record, from before the first.
    chains: Vec<frame::Hash>,
}

impl Laid {
    /// A journal that a crash ended.
    fn crashed() -> Self {
        Self::new(|_| {})
    }

    /// A journal that was stopped cleanly.
    fn marked() -> Self {
        Self::new(|it| it.mark().unwrap())
    }

    fn new(stop: fn(&mut Writer<FileJournal>)) -> Self {
        let storage = MemoryStorage::default();
        let mut writer = open(&storage).unwrap();
        let mut sent = 0;
        for records in BATCHES {
            // The record that begins the day is the writer's own.
            let commands = if sent == 0 { records - 1 } else { records };
            let batch: Vec<_> = (sent + 1..=sent + commands).map(command).collect();
            writer.step(&batch, &mut |_| {}).unwrap();
            sent += commands;
        }
        stop(&mut writer);
        let mut bytes = storage.bytes(&segment_name(1)).unwrap();
        let (mut batches, mut lasts, mut chains) = (Vec::new(), Vec::new(), vec![[0; 32]]);
        let mut offset = SEGMENT_HEADER_BYTES;
        while let Ok(header) = BatchHeader::read(&bytes[offset..]) {
            let end = offset + header.stride();
            let length = header.length as usize;
            for frame in frame::frames(&bytes[offset + ALIGNMENT..][..length]) {
                chains.push(frame.unwrap().hash());
            }
            batches.push(offset..end);
            lasts.push(chains.len() as u64 - 1);
            offset = end;
        }
        bytes.truncate(offset + 4 * ALIGNMENT);
        let records: Vec<u64> = [0].iter().chain(&lasts).copied().collect();
        let records: Vec<u64> = records.windows(2).map(|it| it[1] - it[0]).collect();
        assert_eq!(records[..BATCHES.len()], BATCHES, "the journal is laid as the tests think");
        assert!(records[BATCHES.len()..].iter().all(|it| *it == 0), "only a mark may follow");
        assert_eq!(*chains.last().unwrap(), writer.chain());
        Self { bytes, batches, lasts, chains }
    }

    /// Which batch a byte belongs to; none for the header of the segment and the zeros at the end.
    fn batch_of(&self, place: usize) -> Option<usize> {
        self.batches.iter().position(|it| it.contains(&place))
    }

    /// Recovers other bytes in the place of this journal's.
    fn recover(&self, bytes: &[u8], purpose: Purpose) -> (MemoryStorage, Outcome) {
        let storage = MemoryStorage::default();
        storage.put(&segment_name(1), bytes.to_vec());
        let outcome = recover(&storage, self.bytes.len() as u64, purpose);
        (storage, outcome)
    }

    /// The first `count` batches are there and nothing else: same records, same chain, and after
    /// them zeros. Returns what was told about the rest.
    fn assert_kept(&self, bytes: &[u8], count: usize) -> Option<Dropped> {
        let end =
            self.batches.get(count).map_or_else(|| self.batches[count - 1].end, |it| it.start);
        let last = count.checked_sub(1).map_or(0, |it| self.lasts[it]);
        let chain = self.chains[usize::try_from(last).unwrap()];
        let (unchanged, looked) = self.recover(bytes, Purpose::Read);
        assert_eq!(unchanged.bytes(&segment_name(1)).unwrap(), bytes, "looking changes nothing");
        let (mended, found) = self.recover(bytes, Purpose::Write);
        let (looked, found) = (looked.unwrap(), found.unwrap());
        for it in [&looked, &found] {
            assert_eq!((it.last, it.chain, it.offset), (last, chain, end as u64));
        }
        let mut expected = self.bytes[..end].to_vec();
        expected.resize(self.bytes.len(), 0);
        let mended = mended.bytes(&segment_name(1)).unwrap();
        assert!(mended == expected, "what follows byte {end} is not mended");
        let (_, again) = self.recover(&mended, Purpose::Write);
        let again = again.unwrap();
        assert_eq!((again.last, again.chain, again.dropped), (last, chain, None));
        assert_eq!(looked.dropped, found.dropped);
        found.dropped
    }

    /// Nothing is kept of a journal in which something acknowledged is damaged: the refusal names
    /// the batch, and the files stay as they are for whoever is to restore them.
    fn assert_refused(&self, bytes: &[u8], batch: usize) -> Damage {
        let damage = self.refused(bytes);
        let before = batch.checked_sub(1).map_or(0, |it| self.lasts[it]);
        assert_eq!(damage.offset, self.batches[batch].start as u64, "{damage:?}");
        assert_eq!(damage.position, before + 1, "{damage:?}");
        assert!(damage.synced_through >= damage.position, "{damage:?}");
        damage
    }

    fn refused(&self, bytes: &[u8]) -> Damage {
        let [looked, opened] = [Purpose::Read, Purpose::Write].map(|purpose| {
            let (storage, outcome) = self.recover(bytes, purpose);
            assert!(storage.bytes(&segment_name(1)).unwrap() == bytes, "the file was changed");
            match outcome {
                Err(JournalBroken::Damaged(it)) => it,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(looked, opened);
        opened
    }
}

type Outcome = Result<Found, JournalBroken>;

#[test]
fn every_byte_of_a_marked_journal_can_be_flipped_and_its_batch_is_named() {
    let laid = Laid::marked();
    let mark = laid.batches.len() - 1;
    for place in 0..laid.batches[mark].end {
        for bit in [0x01, 0x80] {
            let mut bytes = laid.bytes.clone();
            bytes[place] ^= bit;
            match laid.batch_of(place) {
                None => assert_eq!(laid.refused(&bytes).offset, 0, "the header of the segment"),
                // The mark holds no record, and nothing follows that would vouch for it.
                Some(batch) if batch == mark => {
                    let dropped = laid.assert_kept(&bytes, mark).unwrap();
                    let start = laid.batches[mark].start as u64;
                    assert_eq!((dropped.offset, dropped.records), (start, 0));
                }
                Some(batch) => drop(laid.assert_refused(&bytes, batch)),
            }
        }
    }
}

#[test]
fn every_byte_of_a_crashed_journal_can_be_flipped_and_only_the_last_batch_is_ever_dropped() {
    let laid = Laid::crashed();
    let last = laid.batches.len() - 1;
    let range = laid.batches[last].clone();
    for place in 0..range.end {
        let mut bytes = laid.bytes.clone();
        bytes[place] ^= 0x10;
        match laid.batch_of(place) {
            None => assert_eq!(laid.refused(&bytes).offset, 0, "the header of the segment"),
            Some(batch) if batch == last => {
                let dropped = laid.assert_kept(&bytes, last).unwrap();
                // A header that is damaged claims nothing.
                let in_header = place < range.start + ALIGNMENT;
                let claimed = if in_header { 0 } else { BATCHES[last] };
                assert_eq!(u64::from(dropped.records), claimed, "byte {place}");
                assert_eq!(dropped.offset, range.start as u64);
            }
            Some(batch) => drop(laid.assert_refused(&bytes, batch)),
        }
    }
}

#[test]
fn every_torn_end_drops_the_batch_it_tore_and_no_other() {
    // A crash tears: what follows the cut is still the zeros of the allocation.
    for laid in [Laid::crashed(), Laid::marked()] {
        for (batch, range) in laid.batches.iter().enumerate() {
            for cut in range.clone() {
                let mut bytes = laid.bytes.clone();
                bytes[cut..].fill(0);
                // A batch that ends in zeros of its own may lose them.
                let is_whole = bytes[range.clone()] == laid.bytes[range.clone()];
                let kept = batch + usize::from(is_whole);
                let dropped = laid.assert_kept(&bytes, kept);
                let is_torn = !is_whole && cut > range.start;
                assert_eq!(dropped.is_some(), is_torn, "cut at byte {cut}");
                if let Some(dropped) = dropped {
                    assert_eq!(dropped.offset, range.start as u64);
                }
            }
        }
    }
}

#[test]
fn sectors_of_the_last_batch_may_reach_the_disk_in_any_order_and_it_is_kept_whole_or_not_at_all() {
    const SECTOR: usize = 512;
    let laid = Laid::crashed();
    let last = laid.batches.len() - 1;
    let range = laid.batches[last].clone();
    let sectors: Vec<usize> = (range.start / SECTOR..=(range.end - 1) / SECTOR).collect();
    assert!(sectors.len() >= 4, "{} sectors", sectors.len());
    for written in 0..1usize << sectors.len() {
        let mut bytes = laid.bytes.clone();
        for (place, sector) in sectors.iter().enumerate() {
            if written & (1 << place) == 0 {
                let start = (sector * SECTOR).max(range.start);
                bytes[start..((sector + 1) * SECTOR).min(range.end)].fill(0);
            }
        }
        let is_whole = bytes == laid.bytes;
        let is_empty = bytes[range.clone()].iter().all(|it| *it == 0);
        let dropped = laid.assert_kept(&bytes, last + usize::from(is_whole));
        assert_eq!(dropped.is_some(), !is_whole && !is_empty, "sectors {written:b}");
    }
}

#[test]
fn what_went_missing_before_a_later_batch_or_a_mark_is_refused() {
    for (laid, is_marked) in [(Laid::marked(), true), (Laid::crashed(), false)] {
        let last = laid.batches.len() - 1;
        for (batch, range) in laid.batches.iter().enumerate() {
            for cut in range.clone() {
                // From the cut on the batch is zeros, but what was written after it stands.
                let mut bytes = laid.bytes.clone();
                bytes[cut..range.end].fill(0);
                if bytes == laid.bytes {
                    continue;
                }
                if batch < last {
                    let damage = laid.assert_refused(&bytes, batch);
                    let whole_is_gone = cut == range.start;
                    assert_eq!(damage.what == "records are missing", whole_is_gone, "{damage:?}");
                } else {
                    drop(laid.assert_kept(&bytes, last));
                }
            }
        }
        // So of a journal that was stopped cleanly no record is ever dropped, only the mark.
        assert_eq!(laid.lasts[last] == laid.lasts[last - 1], is_marked);
    }
}

#[test]
fn a_file_that_lost_its_end_is_refused_at_every_length() {
    // A crash does not shorten a segment: it is allocated whole before it gets its name.
    for laid in [Laid::crashed(), Laid::marked()] {
        for length in 0..laid.bytes.len() {
            let damage = laid.refused(&laid.bytes[..length]);
            assert!(damage.offset <= length as u64, "{damage:?} at {length} bytes");
        }
    }
}

#[test]
fn a_segment_with_a_name_had_its_header_on_disk_so_a_damaged_header_is_never_torn() {
    // The first segment with one batch, and a later one with one batch: nothing after the header
    // says that the batch was acknowledged, and it was.
    let (one, ..) = journal_of(0);
    let mut days = 1;
    let later = loop {
        let (storage, ..) = journal_of(days);
        if open(&storage).unwrap().journal().segments().len() == 2 {
            break storage;
        }
        days += 1;
    };
    for storage in [one, later] {
        let segments = open(&storage).unwrap().journal().segments().to_vec();
        let name = segments.last().unwrap().name.clone();
        for place in 0..SEGMENT_HEADER_BYTES {
            let damaged = storage.fork();
            let mut bytes = damaged.bytes(&name).unwrap();
            bytes[place] ^= 1;
            damaged.put(&name, bytes.clone());
            let Err(JournalBroken::Damaged(it)) = open(&damaged) else {
                panic!("byte {place} of {name} was flipped and accepted")
            };
            assert_eq!((it.file, it.offset), (name.clone(), 0));
            assert!(damaged.bytes(&name).unwrap() == bytes, "the file was changed");
        }
    }
}

#[test]
fn a_clean_stop_marks_the_last_batch_also_where_no_other_batch_fits_in_the_segment() {
    let (storage, chain, records) = {
        let mut days = 0;
        loop {
            let it = journal_of(days);
            let name = segment_name(1);
            let used = it.0.bytes(&name).unwrap().iter().rposition(|it| *it != 0).unwrap() + 1;
            let left = crate::SEGMENT - (used as u64).next_multiple_of(ALIGNMENT as u64);
            if left < BATCH_BYTES_MAX as u64 {
                break it;
            }
            days += 1;
        }
    };
    let mut writer = open(&storage).unwrap();
    assert_eq!(writer.journal().segments().len(), 1, "the next segment is not begun");
    writer.mark().unwrap();
    drop(writer);
    let name = segment_name(1);
    let whole = storage.bytes(&name).unwrap();
    let end = whole.iter().rposition(|it| *it != 0).unwrap() + 1;
    let mark = BatchHeader::read(&whole[end.next_multiple_of(ALIGNMENT) - ALIGNMENT..]).unwrap();
    assert_eq!((mark.records, mark.synced_through), (0, records));
    // The mark makes damage to the last batch known as damage.
    let mut bytes = whole.clone();
    bytes[end.next_multiple_of(ALIGNMENT) - 2 * ALIGNMENT - 1] ^= 1;
    let damaged = MemoryStorage::default();
    damaged.put(&name, bytes);
    let Err(JournalBroken::Damaged(it)) = open(&damaged) else { panic!("it was dropped") };
    assert_eq!((it.position, it.synced_through), (records, records));
    // The journal goes on in the next segment.
    let mut writer = open(&storage).unwrap();
    assert_eq!((writer.chain(), writer.state().position), (chain, records));
    writer.step(&[command(2)], &mut |_| {}).unwrap();
    assert_eq!(writer.journal().segments().len(), 2);
    let head = writer.chain();
    drop(writer);
    assert_eq!(open(&storage).unwrap().chain(), head);
}

#[test]
fn a_batch_is_marked_once() {
    let storage = journal_of(3).0;
    let bytes = || storage.bytes(&segment_name(1)).unwrap();
    let unmarked = bytes();
    let mut writer = open(&storage).unwrap();
    writer.mark().unwrap();
    let marked = bytes();
    assert!(marked != unmarked);
    // Idle for long, and started again without work: no further mark is needed.
    writer.mark().unwrap();
    drop(writer);
    open(&storage).unwrap().mark().unwrap();
    assert!(bytes() == marked);
}

/// Changes the frame at `offset` and makes its checksum fit again.
fn changed(bytes: &[u8], offset: usize, change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let length = frame::read(&bytes[offset..]).unwrap().bytes.len();
    change(&mut bytes[offset..offset + length]);
    let checksum = crc32c::crc32c(&bytes[offset + 8..offset + length]);
    bytes[offset + 4..offset + 8].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

#[test]
fn a_record_that_was_changed_with_its_checksum_no_longer_fits_the_chain() {
    let laid = Laid::marked();
    let mut altered = 0;
    for (batch, range) in laid.batches.iter().enumerate() {
        let mut offset = range.start + ALIGNMENT;
        while let Ok(frame) = frame::read(&laid.bytes[offset..range.end]) {
            // Another actor, as somebody might want it who can write files.
            let bytes = changed(&laid.bytes, offset, |it| it[32] ^= 1);
            altered += 1;
            offset += frame.bytes.len();
            let is_last_of_batch = frame.header.record.position == laid.lasts[batch];
            if frame.header.record.position == *laid.lasts.last().unwrap() {
                // No record names the last one: whoever keeps the chain's head sees the change.
                let (_, found) = laid.recover(&bytes, Purpose::Read);
                assert_ne!(found.unwrap().chain, *laid.chains.last().unwrap());
                continue;
            }
            let damage = laid.assert_refused(&bytes, batch + usize::from(is_last_of_batch));
            assert!(damage.what.contains("does not continue the chain"), "{damage:?}");
        }
    }
    assert_eq!(altered, BATCHES.iter().sum::<u64>());
}

#[test]
fn a_record_of_a_newer_program_is_refused_and_never_dropped_as_torn() {
    for laid in [Laid::crashed(), Laid::marked()] {
        for (batch, range) in laid.batches.iter().enumerate().take(BATCHES.len()) {
            let mut offset = range.start + ALIGNMENT;
            while let Ok(frame) = frame::read(&laid.bytes[offset..range.end]) {
                let schema = (SCHEMA + 1).to_le_bytes();
                let newer = changed(&laid.bytes, offset, |it| it[8..10].copy_from_slice(&schema));
                let damage = laid.refused(&newer);
                assert_eq!(damage.offset, laid.batches[batch].start as u64);
                let next_step = "schema 2 is newer than 1; use the newer program";
                assert_eq!(damage.what, next_step);
                // Whoever replays frames without recovery refuses it too.
                let bytes = &newer[offset..offset + frame.bytes.len()];
                let replayed = Snapshot::empty().replay(bytes);
                let Err(Stopped::Unreadable { what, .. }) = replayed else {
                    panic!("{replayed:?}")
                };
                assert_eq!(what, frame::Unreadable::NewerSchema(SCHEMA + 1));
                offset += frame.bytes.len();
            }
        }
    }
}

#[test]
fn after_a_torn_end_the_writer_goes_on_and_the_next_start_finds_what_it_wrote() {
    let (storage, ..) = journal_of(3);
    let name = segment_name(1);
    let mut bytes = storage.bytes(&name).unwrap();
    let end = bytes.iter().rposition(|it| *it != 0).unwrap() + 1;
    bytes[end - 10..].fill(0);
    storage.put(&name, bytes);
    let mut writer = open(&storage).unwrap();
    let before = writer.state().position;
    writer.step(&[command(2), command(3)], &mut |_| {}).unwrap();
    assert_eq!(writer.state().position, before + 2);
    let (chain, hash) = (writer.chain(), writer.state().hash());
    drop(writer);
    let again = open(&storage).unwrap();
    assert_eq!((again.chain(), again.state().hash()), (chain, hash));
}

#[test]
fn to_look_at_a_torn_journal_does_not_mend_it() {
    let (storage, _, records) = journal_of(3);
    let name = segment_name(1);
    let mut torn = storage.bytes(&name).unwrap();
    let end = torn.iter().rposition(|it| *it != 0).unwrap() + 1;
    torn[end - 10..].fill(0);
    storage.put(&name, torn.clone());
    let options = FileOptions { purpose: Purpose::Read, ..files() };
    let (journal, found) = FileJournal::open(Arc::new(storage.clone()), options).unwrap();
    assert_eq!((journal.last(), found.dropped.is_some()), (records - 1, true));
    drop(journal);
    assert_eq!(storage.bytes(&name).unwrap(), torn);
    assert_eq!(storage.list().unwrap(), [name], "no segment is prepared for a reader");
}
