//! What became of a command, for ever: full segments get an index of their command ids.
//!
//! An index is a file of rows sorted by id: 16 bytes of id, 8 of position, big-endian, and their
//! CRC32C. It can be deleted and is made again; one that is damaged is not believed.

use crate::command_id::CommandId;
use crate::frame;
use crate::journal::JournalBroken;
use crate::journal::segment::{ReadFrom, Segment, read_frames};
use crate::storage::Storage;
use crate::writer::Stopped;
use std::io;

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
    let mut bytes = Vec::with_capacity(rows.len().saturating_mul(ROW_BYTES));
    for (id, position) in rows {
        let mut row = id.to_be_bytes().to_vec();
        row.extend_from_slice(&position.to_be_bytes());
        let checksum = crc32c::crc32c(&row);
        bytes.extend_from_slice(&row);
        bytes.extend_from_slice(&checksum.to_be_bytes());
    }
    Ok(bytes)
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
        let records = end.saturating_add(1).saturating_sub(segment.first);
        let indexed = if there.contains(&name) {
            in_index(storage, (&name, records), id).map_err(disk)?
        } else {
            Indexed::NotKnown
        };
        let found = match indexed {
            Indexed::Record(position) => Some(position),
            Indexed::Absent => None,
            Indexed::NotKnown => in_records(storage, (segment, end), id)?,
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

/// What an index says of an id.
enum Indexed {
    /// It is this record.
    Record(u64),
    /// It is none of the segment.
    Absent,
    /// There is no index, or none that can be believed.
    NotKnown,
}

fn in_index(
    storage: &dyn Storage,
    (name, records): (&str, u64),
    id: CommandId,
) -> io::Result<Indexed> {
    if Some(storage.length(name)?) != records.checked_mul(ROW_BYTES as u64) {
        return Ok(Indexed::NotKnown);
    }
    let (mut low, mut high) = (0, records);
    while low < high {
        let middle = low.midpoint(high);
        let row = storage.read(name, middle * ROW_BYTES as u64, ROW_BYTES)?;
        let Some((found, position)) = believed(&row) else {
            return Ok(Indexed::NotKnown);
        };
        match found.cmp(&id.0) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Ok(Indexed::Record(position)),
        }
    }
    Ok(Indexed::Absent)
}

/// A row's id and position, when its checksum fits.
fn believed(row: &[u8]) -> Option<(u128, u64)> {
    let (id, rest) = row.split_first_chunk::<16>()?;
    let (position, rest) = rest.split_first_chunk::<8>()?;
    let checksum = u32::from_be_bytes(*rest.first_chunk::<4>()?);
    let fits = crc32c::crc32c(row.get(..24)?) == checksum;
    fits.then_some((u128::from_be_bytes(*id), u64::from_be_bytes(*position)))
}
