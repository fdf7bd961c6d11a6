//! Segments: the files of a journal, their names, headers, and how frames are read from them.

use super::{Damage, JournalBroken};
use crate::frame::{self, ALIGNMENT, BatchHeader, Hash};
use crate::storage::Storage;

/// Bytes before the first batch of a segment.
pub const SEGMENT_HEADER_BYTES: usize = ALIGNMENT;

const MAGIC: [u8; 8] = *b"KARVANJ1";

/// A segment in use or full.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its file.
    pub name: String,
    /// The position of its first record.
    pub first: u64,
    /// First position and offset of some of its batches, ascending.
    pub marks: Vec<(u64, u64)>,
}

/// The name of the segment that begins with a position.
pub fn segment_name(first: u64) -> String {
    format!("segment-{first:020}.journal")
}

/// The header of a segment.
pub fn segment_header(first: u64, chain: &Hash) -> [u8; SEGMENT_HEADER_BYTES] {
    let mut parts = MAGIC.to_vec();
    parts.extend_from_slice(&first.to_le_bytes());
    parts.extend_from_slice(chain);
    parts.resize(SEGMENT_HEADER_BYTES - 4, 0);
    let checksum = crc32c::crc32c(&parts);
    parts.extend_from_slice(&checksum.to_le_bytes());
    let mut bytes = [0; SEGMENT_HEADER_BYTES];
    bytes.copy_from_slice(&parts);
    bytes
}

/// The first position and the chain hash so far, as the header of a segment says.
pub fn read_segment_header(from: &[u8]) -> Option<(u64, Hash)> {
    let bytes: &[u8; SEGMENT_HEADER_BYTES] = from.first_chunk()?;
    let (_, rest) = bytes.split_first_chunk::<8>()?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let chain = rest.first_chunk::<32>()?;
    let first = u64::from_le_bytes(*first);
    (segment_header(first, chain) == *bytes).then_some((first, *chain))
}

/// What to read.
#[derive(Clone, Copy, Debug)]
pub struct ReadFrom {
    /// The first position wanted.
    pub from: u64,
    /// The last position there is.
    pub last: u64,
    /// About how many bytes.
    pub most: usize,
}

/// Whole frames of synced batches, checked again as they are read.
pub fn read_frames(
    storage: &dyn Storage,
    segments: &[Segment],
    wanted: ReadFrom,
) -> Result<Vec<u8>, JournalBroken> {
    let mut bytes = Vec::new();
    let mut next = wanted.from;
    while next <= wanted.last && bytes.len() < wanted.most {
        let place = segments.partition_point(|it| it.first <= next);
        let Some(segment) = place.checked_sub(1).and_then(|it| segments.get(it)) else {
            break;
        };
        let after = segments.get(place).map_or(u64::MAX, |it| it.first);
        let end = wanted.last.min(after.saturating_sub(1));
        let mark = segment.marks.partition_point(|(first, _)| *first <= next);
        let start = mark.checked_sub(1).and_then(|it| segment.marks.get(it));
        let mut offset = start.map_or(SEGMENT_HEADER_BYTES as u64, |(_, at)| *at);
        while next <= end && bytes.len() < wanted.most {
            let damaged = |offset: u64, position: u64, what: String| {
                JournalBroken::Damaged(Damage {
                    file: segment.name.clone(),
                    offset,
                    position,
                    synced_through: wanted.last,
                    what,
                })
            };
            let disk = |error| JournalBroken::Disk { file: segment.name.clone(), error };
            let head = storage.read(&segment.name, offset, ALIGNMENT).map_err(disk)?;
            let header =
                BatchHeader::read(&head).map_err(|it| damaged(offset, next, it.to_string()))?;
            let body = storage.read(&segment.name, offset, header.stride()).map_err(disk)?;
            let length = usize::try_from(header.length).unwrap_or(usize::MAX);
            let frames = body.get(ALIGNMENT..ALIGNMENT.saturating_add(length)).unwrap_or_default();
            for frame in frame::frames(frames) {
                let frame = frame.map_err(|it| damaged(offset, next, it.to_string()))?;
                let position = frame.header.record.position;
                if position >= next && position <= end {
                    bytes.extend_from_slice(frame.bytes);
                    next = position.saturating_add(1);
                }
            }
            offset = offset.saturating_add(header.stride() as u64);
        }
    }
    Ok(bytes)
}
