//! What became of a command, for ever: full segments get an index of their command ids.
//!
//! An index is a file of a header and of rows sorted by id. All numbers are big-endian:
//!
//! ```text
//! header  "KARVANI1" | first position of the segment u64 | count of rows u64 | crc32c u32
//! row     id 16 | position u64 | crc32c u32 of the row's number (u64), id and position
//! ```
//!
//! Each row has a checksum of its own, so that a search checks all it reads and reads little: a
//! damaged index must never say that a command was not executed. Such an index is removed, the
//! records answer in its place, and it is made again, as whenever it is missing.

use crate::command_id::CommandId;
use crate::frame;
use crate::journal::JournalBroken;
use crate::journal::segment::{ReadFrom, Segment, read_frames};
use crate::storage::Storage;
use crate::writer::Stopped;
use std::io;

const MAGIC: [u8; 8] = *b"KARVANI1";
const ROW_BYTES: usize = 28;
const MAKING: &str = "index-making.tmp";
/// Bytes of frames read at a time.
const READ_BYTES: usize = 4 * 1024 * 1024;

fn name_of(segment: &Segment) -> String {
    format!("{}.ids", segment.name)
}

/// Makes the index of each full segment that has none.
pub fn write_missing(storage: &dyn Storage, segments: &[Segment]) -> Result<(), Stopped> {
    let disk = |error| JournalBroken::Disk { file: MAKING.to_owned(), error };
    let there = storage.list().map_err(disk)?;
    for pair in segments.windows(2) {
        let [full, next] = pair else { continue };
        if !there.contains(&name_of(full)) {
            let bytes = rows(storage, full, next.first.saturating_sub(1))?;
            write(storage, &name_of(full), &bytes).map_err(disk)?;
        }
    }
    Ok(())
}

fn write(storage: &dyn Storage, name: &str, bytes: &[u8]) -> io::Result<()> {
    storage.allocate(MAKING, bytes.len() as u64)?;
    storage.write_at(MAKING, 0, bytes)?;
    storage.sync(MAKING)?;
    storage.rename(MAKING, name)
}

fn rows(storage: &dyn Storage, segment: &Segment, last: u64) -> Result<Vec<u8>, JournalBroken> {
    let mut rows: Vec<(u128, u64)> = Vec::new();
    let mut from = segment.first;
    while from <= last {
        let wanted = ReadFrom { from, last, most: READ_BYTES };
        let frames = read_frames(storage, std::slice::from_ref(segment), wanted)?;
        for frame in frame::frames(&frames).flatten() {
            rows.push((frame.header.id.0, frame.header.record.position));
            from = frame.header.record.position.saturating_add(1);
        }
    }
    rows.sort_unstable();
    let mut bytes = Vec::with_capacity(rows.len().saturating_add(1).saturating_mul(ROW_BYTES));
    bytes.extend_from_slice(&header(segment.first, rows.len() as u64));
    for (number, (id, position)) in (0..).zip(rows) {
        bytes.extend_from_slice(&row(number, id, position));
    }
    Ok(bytes)
}

/// Parts of 24 bytes in all, and a checksum of `seed` and them.
fn sealed(seed: u64, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ROW_BYTES);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&seed.to_be_bytes()), &bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes
}

fn header(first: u64, count: u64) -> Vec<u8> {
    sealed(0, &[&MAGIC, &first.to_be_bytes(), &count.to_be_bytes()])
}

fn row(number: u64, id: u128, position: u64) -> Vec<u8> {
    sealed(number, &[&id.to_be_bytes(), &position.to_be_bytes()])
}

/// The record that a command became, among those up to `last`: by the index of each segment that
/// has one, by reading the others.
pub fn find(
    storage: &dyn Storage,
    (segments, last): (&[Segment], u64),
    id: CommandId,
) -> Result<Option<u64>, JournalBroken> {
    let disk = |error| JournalBroken::Disk { file: "the indexes of ids".to_owned(), error };
    let there = storage.list().map_err(disk)?;
    let mut end = last;
    for segment in segments.iter().rev() {
        let name = name_of(segment);
        let indexed = there.contains(&name).then(|| in_index(storage, segment, id));
        let found = match indexed {
            Some(Ok(found)) => found,
            Some(Err(Unreliable)) => {
                // One that cannot be removed either is passed over again the next time.
                drop(storage.remove(&name));
                in_records(storage, (segment, end), id)?
            }
            None => in_records(storage, (segment, end), id)?,
        };
        if found.is_some() {
            return Ok(found);
        }
        end = segment.first.saturating_sub(1);
    }
    Ok(None)
}

fn in_records(
    storage: &dyn Storage,
    (segment, last): (&Segment, u64),
    id: CommandId,
) -> Result<Option<u64>, JournalBroken> {
    let mut from = segment.first;
    while from <= last {
        let wanted = ReadFrom { from, last, most: READ_BYTES };
        let frames = read_frames(storage, std::slice::from_ref(segment), wanted)?;
        for frame in frame::frames(&frames).flatten() {
            if frame.header.id == id {
                return Ok(Some(frame.header.record.position));
            }
            from = frame.header.record.position.saturating_add(1);
        }
    }
    Ok(None)
}

/// An index that cannot be read, or whose bytes have changed.
struct Unreliable;

impl From<io::Error> for Unreliable {
    fn from(_: io::Error) -> Self {
        Self
    }
}

fn in_index(
    storage: &dyn Storage,
    segment: &Segment,
    id: CommandId,
) -> Result<Option<u64>, Unreliable> {
    let name = name_of(segment);
    let length = storage.length(&name)?;
    let count = (length / ROW_BYTES as u64).checked_sub(1).ok_or(Unreliable)?;
    let is_whole = length.is_multiple_of(ROW_BYTES as u64);
    if !is_whole || storage.read(&name, 0, ROW_BYTES)? != header(segment.first, count) {
        return Err(Unreliable);
    }
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        let (found, position) = read_row(storage, &name, middle)?;
        match found.cmp(&id.0) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Ok(Some(position)),
        }
    }
    Ok(None)
}

fn read_row(storage: &dyn Storage, name: &str, number: u64) -> Result<(u128, u64), Unreliable> {
    let offset = number.saturating_add(1).saturating_mul(ROW_BYTES as u64);
    let bytes = storage.read(name, offset, ROW_BYTES)?;
    let (id, rest) = bytes.split_first_chunk::<16>().ok_or(Unreliable)?;
    let (position, _) = rest.split_first_chunk::<8>().ok_or(Unreliable)?;
    let (id, position) = (u128::from_be_bytes(*id), u64::from_be_bytes(*position));
    if bytes != row(number, id, position) {
        return Err(Unreliable);
    }
    Ok((id, position))
}
