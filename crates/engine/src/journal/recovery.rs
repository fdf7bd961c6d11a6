//! Recovery: what is in the files of a journal, and what a crash left half written.
//!
//! Batches are read in order. Where reading stops, the rest of all segments is searched for batch
//! headers: each says up to where everything was synced when it was written. Damage at or below
//! the highest such mark (or below a position that a snapshot names) is damage to acknowledged
//! records: refused, with its offset. Above it is a batch that was being written when the machine
//! stopped; nobody got an answer for it. It is dropped whole, its bytes are zeroed, and how many
//! records it claimed is told. Damage to the very last batch before its mark cannot be told from
//! tearing; the mark follows after 50 ms of idleness.

use super::file::{SEGMENT_HEADER_BYTES, Segment, segment_header, segment_name};
use super::{Damage, JournalBroken};
use crate::frame::{self, ALIGNMENT, BatchHeader, Hash, Unreadable};
use crate::snapshot;
use crate::storage::Storage;

/// What recovery found.
#[derive(Clone, Debug)]
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

struct Stop {
    offset: usize,
    records: u32,
    what: Unreadable,
    detail: String,
}

/// Reads all segments; mends a torn end.
pub fn recover(storage: &dyn Storage, segment_bytes: u64) -> Result<Found, JournalBroken> {
    let disk = |file: &str| {
        let file = file.to_owned();
        move |error| JournalBroken::Disk { file, error }
    };
    let mut names = storage.list().map_err(disk("the data directory"))?;
    names.retain(|it| it.starts_with("segment-") && it.ends_with(".journal"));
    names.sort();
    let mut found = Found {
        segments: Vec::new(),
        offset: 0,
        last: 0,
        marked: 0,
        chain: [0; 32],
        dropped: None,
    };
    let named = snapshot::newest_position(storage).map_err(disk("the snapshots"))?;
    let mut rest = names.iter();
    while let Some(name) = rest.next() {
        let most = usize::try_from(segment_bytes).unwrap_or(usize::MAX);
        let bytes = storage.read(name, 0, most).map_err(disk(name))?;
        let length = storage.length(name).map_err(disk(name))?;
        let stop = read_segment(&mut found, name, &bytes);
        let short = (length != segment_bytes).then(|| {
            format!("the file has {length} bytes instead of {segment_bytes}: its end is missing")
        });
        let mut synced = found.marked.max(named);
        synced = synced.max(highest_mark(bytes.get(stop.offset..).unwrap_or_default()));
        for later in rest.clone() {
            let bytes = storage.read(later, 0, most).map_err(disk(later))?;
            synced = synced.max(highest_mark(&bytes)).max(first_of(later).saturating_sub(1));
        }
        let position = found.last.saturating_add(1);
        let damage = |what: String| {
            JournalBroken::Damaged(Damage {
                file: name.clone(),
                offset: stop.offset as u64,
                position,
                synced_through: synced,
                what,
            })
        };
        if let Some(what) = short {
            return Err(damage(what));
        }
        if let Unreadable::NewerSchema(_) = stop.what {
            return Err(damage(stop.what.to_string()));
        }
        let is_last = rest.len() == 0;
        let ended_well = stop.what == Unreadable::Empty;
        if synced >= position && !(ended_well && first_of_next(&rest) == Some(position)) {
            let what = if ended_well { "records are missing".to_owned() } else { stop.detail };
            return Err(damage(what));
        }
        if !is_last {
            continue;
        }
        let tail = bytes.get(stop.offset..).unwrap_or_default();
        if tail.iter().any(|it| *it != 0) {
            let zeros = vec![0; tail.len()];
            storage.write_at(name, stop.offset as u64, &zeros).map_err(disk(name))?;
            storage.sync(name).map_err(disk(name))?;
            found.dropped = Some(Dropped {
                file: name.clone(),
                offset: stop.offset as u64,
                records: stop.records,
                what: stop.detail,
            });
        }
        found.offset = stop.offset as u64;
    }
    if found.last < named {
        return Err(JournalBroken::Damaged(Damage {
            file: names.last().cloned().unwrap_or_else(|| "the data directory".to_owned()),
            offset: found.offset,
            position: found.last.saturating_add(1),
            synced_through: named,
            what: format!("a snapshot names record {named}, which is not there"),
        }));
    }
    Ok(found)
}

fn first_of(name: &str) -> u64 {
    let digits = name.trim_start_matches("segment-").trim_end_matches(".journal");
    digits.parse().unwrap_or(0)
}

fn first_of_next(rest: &std::slice::Iter<'_, String>) -> Option<u64> {
    rest.clone().next().map(|it| first_of(it))
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
