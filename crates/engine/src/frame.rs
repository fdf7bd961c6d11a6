//! The bytes of the journal: frames (one record each) and batch headers.
//!
//! All numbers are little-endian. A frame is
//!
//! ```text
//! length u32 | crc32c u32 | schema u16 | kind u16 | epoch u32 | position u64 | time i64
//! | actor u32 | command id 16 | command hash 32 | hash of the previous frame 32 | body
//! ```
//!
//! The checksum covers all that follows it; the length counts the whole frame; the hash of a
//! frame is the SHA-256 of all its bytes; the body is the list of facts with numbered fields
//! (CBOR). A batch is a header of 64 bytes, frames, and zeros up to the next multiple of 64:
//!
//! ```text
//! "KBAT" | length of the frames u32 | first position u64 | synced through u64 | records u32
//! | zeros | crc32c of the 60 bytes before u32
//! ```
//!
//! `synced through` says up to which position everything was on disk when the batch was written.
//! A header without records is written when the writer is idle, so that the last batch gets its
//! mark too.

use crate::command_id::CommandId;
use karvan_core::RecordHeader;
use karvan_core::event::{Event, RECORD_BYTES_MAX};
use karvan_core::id::PersonId;
use karvan_core::planted::{self, Fault};
use karvan_core::time::Instant;
use sha2::{Digest, Sha256};
use std::fmt;

/// The version of the facts that this program writes; newer ones are refused.
pub const SCHEMA: u16 = 1;
/// Bytes of a frame before its body.
pub const FRAME_HEADER_BYTES: usize = 116;
/// Bytes of a batch header; batches begin at multiples of it.
pub const ALIGNMENT: usize = 64;
/// The most bytes one frame may take.
pub const FRAME_BYTES_MAX: usize = FRAME_HEADER_BYTES + RECORD_BYTES_MAX + 16;

const MAGIC: [u8; 4] = *b"KBAT";

/// The hash of a frame, which the next one names.
pub type Hash = [u8; 32];

/// What stands in a frame before its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// The kind of the command.
    pub kind: u16,
    /// The term of the writer; grows when another writer takes over.
    pub epoch: u32,
    /// Position, time and actor.
    pub record: RecordHeader,
    /// The command's id.
    pub id: CommandId,
    /// SHA-256 of the actor and the command.
    pub command_hash: Hash,
    /// The hash of the frame before.
    pub previous: Hash,
}

/// A frame as it stands in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its header.
    pub header: FrameHeader,
    /// Its facts, encoded.
    pub body: &'a [u8],
    /// All its bytes.
    pub bytes: &'a [u8],
}

/// Why bytes are no frame or batch header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// There are too few bytes.
    TooShort,
    /// The length is impossible.
    Length(u32),
    /// The checksum does not fit.
    Checksum,
    /// A newer program wrote it.
    NewerSchema(u16),
    /// The facts cannot be read.
    Facts,
    /// Nothing was written here.
    Empty,
    /// It is another record than the one that comes next.
    OutOfOrder {
        /// The record it is.
        found: u64,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => to.write_str("the bytes end too early"),
            Self::Length(it) => write!(to, "the length {it} is impossible"),
            Self::Checksum => to.write_str("the checksum does not fit"),
            Self::OutOfOrder { found } => write!(to, "record {found} stands in its place"),
            Self::NewerSchema(it) => {
                write!(to, "schema {it} is newer than {SCHEMA}; use the newer program")
            }
            Self::Facts => to.write_str("the facts cannot be read"),
            Self::Empty => to.write_str("nothing is written here"),
        }
    }
}

/// The first `N` bytes at `offset`; zeros where the slice is too short, which callers exclude.
fn bytes_at<const N: usize>(from: &[u8], offset: usize) -> [u8; N] {
    let tail = from.get(offset..).unwrap_or_default();
    tail.first_chunk::<N>().copied().unwrap_or([0; N])
}

/// Appends a frame to `to` and returns its hash.
pub fn write(to: &mut Vec<u8>, header: &FrameHeader, events: &[Event]) -> Hash {
    let start = to.len();
    to.extend_from_slice(&[0; 8]);
    to.extend_from_slice(&SCHEMA.to_le_bytes());
    to.extend_from_slice(&header.kind.to_le_bytes());
    to.extend_from_slice(&header.epoch.to_le_bytes());
    to.extend_from_slice(&header.record.position.to_le_bytes());
    to.extend_from_slice(&header.record.at.0.to_le_bytes());
    to.extend_from_slice(&header.record.actor.0.to_le_bytes());
    to.extend_from_slice(&header.id.0.to_le_bytes());
    to.extend_from_slice(&header.command_hash);
    to.extend_from_slice(&header.previous);
    // Writing into a vector cannot fail.
    let written = minicbor::encode(events, &mut *to);
    assert!(written.is_ok(), "facts are encoded");
    let length = to.len().saturating_sub(start);
    assert!(length <= FRAME_BYTES_MAX, "a record takes {length} bytes");
    if let Some(frame) = to.get_mut(start..) {
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        if let Some(place) = frame.get_mut(..4) {
            place.copy_from_slice(&length);
        }
        let checksum = crc32c::crc32c(frame.get(8..).unwrap_or_default()).to_le_bytes();
        if let Some(place) = frame.get_mut(4..8) {
            place.copy_from_slice(&checksum);
        }
    }
    Sha256::digest(to.get(start..).unwrap_or_default()).into()
}

/// Reads the frame at the start of `from`.
pub fn read(from: &[u8]) -> Result<Frame<'_>, Unreadable> {
    if from.len() < FRAME_HEADER_BYTES {
        return Err(Unreadable::TooShort);
    }
    let length = u32::from_le_bytes(bytes_at(from, 0));
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    if !(FRAME_HEADER_BYTES..=FRAME_BYTES_MAX).contains(&size) {
        return Err(Unreadable::Length(length));
    }
    let bytes = from.get(..size).ok_or(Unreadable::TooShort)?;
    let checked = bytes.get(8..).unwrap_or_default();
    let intact = crc32c::crc32c(checked) == u32::from_le_bytes(bytes_at(bytes, 4));
    if !intact && !planted::has(Fault::RotUnnoticed) {
        return Err(Unreadable::Checksum);
    }
    let schema = u16::from_le_bytes(bytes_at(bytes, 8));
    if schema > SCHEMA {
        return Err(Unreadable::NewerSchema(schema));
    }
    let header = FrameHeader {
        kind: u16::from_le_bytes(bytes_at(bytes, 10)),
        epoch: u32::from_le_bytes(bytes_at(bytes, 12)),
        record: RecordHeader {
            position: u64::from_le_bytes(bytes_at(bytes, 16)),
            at: Instant(i64::from_le_bytes(bytes_at(bytes, 24))),
            actor: PersonId(u32::from_le_bytes(bytes_at(bytes, 32))),
        },
        id: CommandId(u128::from_le_bytes(bytes_at(bytes, 36))),
        command_hash: bytes_at(bytes, 52),
        previous: bytes_at(bytes, 84),
    };
    Ok(Frame { header, body: bytes.get(FRAME_HEADER_BYTES..).unwrap_or_default(), bytes })
}

impl Frame<'_> {
    /// The facts of the record.
    pub fn events(&self) -> Result<Vec<Event>, Unreadable> {
        minicbor::decode(self.body).map_err(|_| Unreadable::Facts)
    }

    /// The frame's hash, which the next one names.
    pub fn hash(&self) -> Hash {
        Sha256::digest(self.bytes).into()
    }
}

/// Frames one after the other in a buffer of whole frames.
pub fn frames(mut bytes: &[u8]) -> impl Iterator<Item = Result<Frame<'_>, Unreadable>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let frame = read(bytes);
        bytes = match &frame {
            Ok(it) => bytes.get(it.bytes.len()..).unwrap_or_default(),
            Err(_) => &[],
        };
        Some(frame)
    })
}

/// Records that are written and synced together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The position of the first record.
    pub first: u64,
    /// How many records.
    pub records: u32,
    /// Their frames.
    pub frames: Vec<u8>,
    /// The hash of the last frame.
    pub chain: Hash,
}

impl Batch {
    /// The position of the last record.
    pub fn last(&self) -> u64 {
        self.first.saturating_add(u64::from(self.records)).saturating_sub(1)
    }
}

/// A batch header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Bytes of the frames that follow.
    pub length: u32,
    /// The position of the first record, or of the next one when there is none.
    pub first: u64,
    /// Everything up to here was on disk when this was written.
    pub synced_through: u64,
    /// How many records follow.
    pub records: u32,
}

impl BatchHeader {
    /// Its bytes.
    pub fn bytes(&self) -> [u8; ALIGNMENT] {
        let mut bytes = [0; ALIGNMENT];
        let mut parts = Vec::with_capacity(ALIGNMENT);
        parts.extend_from_slice(&MAGIC);
        parts.extend_from_slice(&self.length.to_le_bytes());
        parts.extend_from_slice(&self.first.to_le_bytes());
        parts.extend_from_slice(&self.synced_through.to_le_bytes());
        parts.extend_from_slice(&self.records.to_le_bytes());
        parts.resize(ALIGNMENT.saturating_sub(4), 0);
        let checksum = crc32c::crc32c(&parts);
        parts.extend_from_slice(&checksum.to_le_bytes());
        bytes.copy_from_slice(&parts);
        bytes
    }

    /// Reads the header at the start of `from`.
    pub fn read(from: &[u8]) -> Result<Self, Unreadable> {
        let bytes: &[u8; ALIGNMENT] = from.first_chunk().ok_or(Unreadable::TooShort)?;
        if bytes.iter().all(|it| *it == 0) {
            return Err(Unreadable::Empty);
        }
        let checked = bytes.get(..60).unwrap_or_default();
        let fits = crc32c::crc32c(checked) == u32::from_le_bytes(bytes_at(bytes, 60));
        if !fits || bytes_at::<4>(bytes, 0) != MAGIC {
            return Err(Unreadable::Checksum);
        }
        Ok(Self {
            length: u32::from_le_bytes(bytes_at(bytes, 4)),
            first: u64::from_le_bytes(bytes_at(bytes, 8)),
            synced_through: u64::from_le_bytes(bytes_at(bytes, 16)),
            records: u32::from_le_bytes(bytes_at(bytes, 24)),
        })
    }

    /// Bytes from this header to the next.
    pub fn stride(&self) -> usize {
        let frames = usize::try_from(self.length).unwrap_or(usize::MAX);
        ALIGNMENT.saturating_add(frames).next_multiple_of(ALIGNMENT)
    }
}
