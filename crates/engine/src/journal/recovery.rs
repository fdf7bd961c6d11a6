//! Recovery: what is in the files of a journal, and what a crash left half written.
//!
//! Batches are read in order. Where reading stops, the rest of all segments is searched for batch
//! headers: each says up to where everything was synced when it was written. Damage at or below
//! the highest such mark (or below a position that a snapshot names) is damage to acknowledged
//! records: refused, with its offset. Above it is a batch that was being written when the machine
//! stopped; nobody got an answer for it. It is dropped whole, its bytes are zeroed, and how many
//! records it claimed is told. Damage to the very last batch before its mark cannot be told from
//! tearing; the mark follows after 50 ms of idleness.
//!
//! A segment is begun when all before it is synced, and gets its name when its header is: a header
//! is never torn. So full segments hold acknowledged records only, and those that a readable
//! snapshot covers need not be read at a start: they are scrubbed in the background ([`scrub`]),
//! and read whole when a journal is verified.

use super::segment::{
    SEGMENT_HEADER_BYTES, Segment, read_segment_header, segment_header, segment_name,
};
use super::{Damage, JournalBroken};
use crate::frame::{self, ALIGNMENT, BatchHeader, Hash, Unreadable};
use crate::snapshot;
use crate::storage::Storage;

/// What recovery found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The segments, oldest first.
    pub segments: Vec<Segment>,
    /// Where in the last segment the next batch goes.
    pub offset: u64,
    /// The position of the last record.
    pub last: u64,
    /// Up to where headers say that everything was synced.
    pub marked: u64,
    /// The hash of the last frame.
    pub chain: Hash,
    /// The torn batch that was dropped, if there was one.
    pub dropped: Option<Dropped>,
}

/// A torn batch that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The file.
    pub file: String,
    /// The offset at which it began.
    pub offset: u64,
    /// How many records its header claimed; 0 when the header itself was torn.
    pub records: u32,
    /// What was wrong with it.
    pub what: String,
}

/// What a journal is opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To go on writing: read from the newest snapshot on, a torn end is zeroed.
    #[default]
    Write,
    /// To look at it: everything is read, nothing is changed.
    Read,
}

struct Stop {
    offset: usize,
    records: u32,
    what: Unreadable,
    detail: String,
}

fn disk(file: &str) -> impl FnOnce(std::io::Error) -> JournalBroken + use<> {
    let file = file.to_owned();
    move |error| JournalBroken::Disk { file, error }
}

/// The journal's segments as they lie on the disk.
struct Files<'a> {
    storage: &'a dyn Storage,
    segment_bytes: u64,
    names: Vec<String>,
    /// The position that the newest snapshot names: the record was there.
    named: u64,
    /// The position of the newest snapshot that can be read: it stands for the records up to it.
    covered: u64,
}

impl Files<'_> {
    fn damage(&self, name: &str, found: &Found, stop: (u64, String)) -> JournalBroken {
        let (offset, what) = stop;
        let begun = self.names.last().map_or(0, |it| first_of(it));
        let synced_through = found.marked.max(self.named).max(begun.saturating_sub(1));
        let position = found.last.saturating_add(1);
        JournalBroken::Damaged(Damage {
            file: name.to_owned(),
            offset,
            position,
            synced_through,
            what,
        })
    }

    fn check_length(&self, name: &str, found: &Found) -> Result<(), JournalBroken> {
        let length = self.storage.length(name).map_err(disk(name))?;
        if length == self.segment_bytes {
            return Ok(());
        }
        let whole = self.segment_bytes;
        let what = format!("the file has {length} bytes instead of {whole}: its end is missing");
        Err(self.damage(name, found, (length.min(whole), what)))
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, JournalBroken> {
        let most = usize::try_from(self.segment_bytes).unwrap_or(usize::MAX);
        self.storage.read(name, 0, most).map_err(disk(name))
    }

    /// Passes over the segments that a snapshot covers; returns how many.
    fn skip_covered(&self, found: &mut Found) -> Result<usize, JournalBroken> {
        let covered = |pair: &&[String]| {
            pair.last().is_some_and(|next| first_of(next) <= self.covered.saturating_add(1))
        };
        let count = self.names.windows(2).take_while(covered).count();
        for name in self.names.iter().take(count) {
            self.check_length(name, found)?;
            let first = first_of(name);
            found.segments.push(Segment { name: name.clone(), first, marks: Vec::new() });
        }
        if let Some(next) = self.names.get(count).filter(|_| count > 0) {
            let head = self.storage.read(next, 0, SEGMENT_HEADER_BYTES).map_err(disk(next))?;
            let Some((first, chain)) = read_segment_header(&head) else {
                let what = "the header of the segment cannot be read".to_owned();
                return Err(self.damage(next, found, (0, what)));
            };
            (found.last, found.chain) = (first.saturating_sub(1), chain);
        }
        Ok(count)
    }

    /// Zeroes what a crash left half written, and tells it.
    fn drop_tail(
        &self,
        name: &str,
        (stop, tail): (Stop, &[u8]),
        purpose: Purpose,
    ) -> Result<Option<Dropped>, JournalBroken> {
        if tail.iter().all(|it| *it == 0) {
            return Ok(None);
        }
        let offset = stop.offset as u64;
        if purpose == Purpose::Write {
            let zeros = vec![0; tail.len()];
            self.storage.write_at(name, offset, &zeros).map_err(disk(name))?;
            self.storage.sync(name).map_err(disk(name))?;
        }
        let (file, records, what) = (name.to_owned(), stop.records, stop.detail);
        Ok(Some(Dropped { file, offset, records, what }))
    }
}

/// Reads the segments; mends a torn end when the journal is opened to be written.
pub fn recover(
    storage: &dyn Storage,
    segment_bytes: u64,
    purpose: Purpose,
) -> Result<Found, JournalBroken> {
    let mut names = storage.list().map_err(disk("the data directory"))?;
    names.retain(|it| it.starts_with("segment-") && it.ends_with(".journal"));
    names.sort();
    let named = snapshot::newest_named(storage).map_err(disk("the snapshots"))?;
    let covered = match purpose {
        Purpose::Write if names.len() > 1 => {
            let newest = snapshot::newest(storage, u64::MAX).map_err(disk("the snapshots"))?;
            newest.state.position
        }
        Purpose::Write | Purpose::Read => 0,
    };
    let files = Files { storage, segment_bytes, names, named, covered };
    let mut found = Found::default();
    let skipped = if covered == 0 { 0 } else { files.skip_covered(&mut found)? };
    for (place, name) in files.names.iter().enumerate().skip(skipped) {
        let next = files.names.get(place.saturating_add(1)).map(|it| first_of(it));
        let bytes = files.bytes(name)?;
        let stop = read_segment(&mut found, name, &bytes);
        let tail = bytes.get(stop.offset..).unwrap_or_default();
        found.marked = found.marked.max(highest_mark(tail));
        files.check_length(name, &found)?;
        let position = found.last.saturating_add(1);
        let ended_well = stop.what == Unreadable::Empty;
        let what = match next {
            _ if matches!(stop.what, Unreadable::NewerSchema(_)) => Some(stop.what.to_string()),
            // What has the name of a segment had its header on disk.
            _ if stop.offset < SEGMENT_HEADER_BYTES => Some(stop.detail.clone()),
            // All of a full segment was synced before the next was begun.
            Some(next) if ended_well && next == position => None,
            None if found.marked.max(named) < position => None,
            _ if ended_well => Some("records are missing".to_owned()),
            _ => Some(stop.detail.clone()),
        };
        if let Some(what) = what {
            return Err(files.damage(name, &found, (stop.offset as u64, what)));
        }
        if next.is_none() {
            found.offset = stop.offset as u64;
            found.dropped = files.drop_tail(name, (stop, tail), purpose)?;
        }
    }
    if found.last < named {
        let what = format!("a snapshot names record {named}, which is not there");
        let name = files.names.last().map_or("the data directory", String::as_str);
        return Err(files.damage(name, &found, (found.offset, what)));
    }
    Ok(found)
}

/// Reads a full segment again, whole, from its header to the header of the next: what lies there
/// unread for years is noticed while there are copies to restore it from.
pub fn scrub(
    storage: &dyn Storage,
    segment_bytes: u64,
    (full, next): (&Segment, &Segment),
) -> Result<(), JournalBroken> {
    let names = vec![full.name.clone(), next.name.clone()];
    let files = Files { storage, segment_bytes, names, named: 0, covered: 0 };
    let bytes = files.bytes(&full.name)?;
    let head = storage.read(&next.name, 0, SEGMENT_HEADER_BYTES).map_err(disk(&next.name))?;
    let chain = read_segment_header(&bytes).map(|(_, chain)| chain);
    let last = full.first.saturating_sub(1);
    let mut found = Found { last, chain: chain.unwrap_or_default(), ..Found::default() };
    let stop = read_segment(&mut found, &full.name, &bytes);
    let expected = (found.last.saturating_add(1), found.chain);
    let what = match read_segment_header(&head) {
        _ if stop.what != Unreadable::Empty => stop.detail,
        Some(goes_on) if goes_on == expected => return Ok(()),
        _ => format!("{} does not go on where it ends", next.name),
    };
    Err(files.damage(&full.name, &found, (stop.offset as u64, what)))
}

fn first_of(name: &str) -> u64 {
    let digits = name.trim_start_matches("segment-").trim_end_matches(".journal");
    digits.parse().unwrap_or(0)
}

/// The highest mark of any batch header in the bytes, wherever it stands.
fn highest_mark(bytes: &[u8]) -> u64 {
    bytes
        .chunks_exact(ALIGNMENT)
        .filter_map(|it| BatchHeader::read(it).ok())
        .map(|it| it.synced_through)
        .max()
        .unwrap_or(0)
}

/// Takes in the batches of a segment up to where reading stops.
fn read_segment(found: &mut Found, name: &str, bytes: &[u8]) -> Stop {
    let first = found.last.saturating_add(1);
    let stop = |offset: usize, what: Unreadable| Stop {
        offset,
        records: 0,
        what,
        detail: what.to_string(),
    };
    let expected = segment_header(first, &found.chain);
    if name != segment_name(first) || bytes.get(..SEGMENT_HEADER_BYTES) != Some(&expected[..]) {
        let mut stop = stop(0, Unreadable::Checksum);
        stop.detail =
            format!("the header of the segment does not continue from record {}", found.last);
        return stop;
    }
    found.segments.push(Segment { name: name.to_owned(), first, marks: Vec::new() });
    let mut offset = SEGMENT_HEADER_BYTES;
    loop {
        let rest = bytes.get(offset..).unwrap_or_default();
        if rest.len() < ALIGNMENT {
            return stop(offset, Unreadable::Empty);
        }
        let header = match BatchHeader::read(rest) {
            Ok(it) => it,
            Err(what) => return stop(offset, what),
        };
        match read_batch(found, &header, rest) {
            Ok((last, chain)) => {
                let mark = found.segments.last_mut().map(|it| &mut it.marks);
                if let Some(marks) = mark.filter(|_| header.records > 0)
                    && marks.last().is_none_or(|(_, at)| offset as u64 - at >= 256 * 1024)
                {
                    marks.push((header.first, offset as u64));
                }
                (found.last, found.chain) = (last, chain);
                found.marked = found.marked.max(header.synced_through);
            }
            Err(detail) => {
                let records = header.records;
                let what = Unreadable::Checksum;
                let newer = detail.1.unwrap_or(what);
                return Stop { offset, records, what: newer, detail: detail.0 };
            }
        }
        offset = offset.saturating_add(header.stride());
    }
}

/// Reads the frames of a batch; returns the last position and the chain after it.
fn read_batch(
    found: &Found,
    header: &BatchHeader,
    bytes: &[u8],
) -> Result<(u64, Hash), (String, Option<Unreadable>)> {
    let (mut last, mut chain) = (found.last, found.chain);
    if header.first != last.saturating_add(1) {
        return Err((format!("the batch begins with record {}", header.first), None));
    }
    let length = usize::try_from(header.length).unwrap_or(usize::MAX);
    let end = ALIGNMENT.saturating_add(length);
    let Some(frames) = bytes.get(ALIGNMENT..end) else {
        return Err(("the batch ends beyond the segment".to_owned(), None));
    };
    for frame in frame::frames(frames) {
        let frame = frame.map_err(|it| (it.to_string(), Some(it)))?;
        if frame.header.record.position != last.saturating_add(1) {
            let position = frame.header.record.position;
            return Err((format!("record {position} stands after record {last}"), None));
        }
        if frame.header.previous != chain {
            return Err((format!("record {} does not continue the chain", last + 1), None));
        }
        (last, chain) = (last.saturating_add(1), frame.hash());
    }
    if last != found.last.saturating_add(u64::from(header.records)) {
        return Err((format!("the batch has not its {} records", header.records), None));
    }
    let padding = bytes.get(end..header.stride()).unwrap_or_default();
    if padding.iter().any(|it| *it != 0) {
        return Err(("the padding of the batch is not empty".to_owned(), None));
    }
    Ok((last, chain))
}
