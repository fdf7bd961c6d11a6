//! Snapshots: the state after some record, so that a start need not replay from the first.
//!
//! A background replay makes them from an older snapshot and the journal; the writer does not
//! stop for it. Start = newest valid snapshot + the records after it. A snapshot that cannot be
//! read is passed over: the journal alone rebuilds everything.

use crate::command_id::{Window, WindowLimits};
use crate::frame::{self, Hash};
use crate::journal::JournalBroken;
use crate::journal::segment::{ReadFrom, Segment, read_frames};
use crate::storage::Storage;
use crate::writer::{Start, Stopped, apply_frame};
use karvan_core::time::Instant;
use karvan_core::{State, invariant};
use sha2::{Digest, Sha256};
use std::io;

/// A snapshot is made when so many segments are full since the last.
pub const SEGMENTS_A_SNAPSHOT: usize = 8;
/// So many snapshots are kept.
const KEPT: usize = 2;

const MAGIC: [u8; 8] = *b"KARVANS1";
const MAKING: &str = "snapshot-making.tmp";

fn name_of(position: u64) -> String {
    format!("snapshot-{position:020}.state")
}

fn position_of(name: &str) -> Option<u64> {
    name.strip_prefix("snapshot-")?.strip_suffix(".state")?.parse().ok()
}

/// The positions of the snapshots there are, ascending.
fn positions(storage: &dyn Storage) -> io::Result<Vec<u64>> {
    let mut all: Vec<u64> = storage.list()?.iter().filter_map(|it| position_of(it)).collect();
    all.sort_unstable();
    Ok(all)
}

/// The newest position that a snapshot names; 0 without one. A snapshot gets its name when all of
/// it is on disk: so the name alone says that the record was there, whether or not the snapshot
/// can still be read. That is found out when it is used.
pub fn newest_named(storage: &dyn Storage) -> io::Result<u64> {
    Ok(positions(storage)?.last().copied().unwrap_or(0))
}

/// The state after a record, with what the writer needs beside it.
#[derive(Debug)]
pub struct Snapshot {
    /// The state.
    pub state: State,
    /// The known command ids.
    pub window: Window,
    /// The time of the last record.
    pub at: Instant,
    /// The hash of the last record.
    pub chain: Hash,
}

impl Snapshot {
    /// The state before the first record.
    pub fn empty() -> Self {
        Self {
            state: State::default(),
            window: Window::new(WindowLimits::default()),
            at: Instant(0),
            chain: [0; 32],
        }
    }

    /// Takes whole frames in.
    pub fn replay(&mut self, frames: &[u8]) -> Result<(), Stopped> {
        for frame in frame::frames(frames) {
            let position = self.state.next_position();
            let frame = frame.map_err(|what| Stopped::Unreadable { position, what })?;
            apply_frame(&mut self.state, &frame)?;
            let header = &frame.header;
            self.at = self.at.max(header.record.at);
            self.window.keep(header.id, &header.command_hash, (position, self.at));
            self.chain = frame.hash();
        }
        Ok(())
    }

    /// Where a writer begins.
    pub fn into_start(self) -> Start {
        Start { state: self.state, window: self.window, at: self.at }
    }
}

fn encoded(it: &Snapshot) -> Vec<u8> {
    let (oldest, rows) = it.window.rows();
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&it.state.position.to_le_bytes());
    bytes.extend_from_slice(&it.at.0.to_le_bytes());
    bytes.extend_from_slice(&it.chain);
    bytes.extend_from_slice(&it.state.hash());
    bytes.extend_from_slice(&oldest.0.to_le_bytes());
    bytes.extend_from_slice(&(rows.len() as u64).to_le_bytes());
    for (id, position, hash) in rows {
        bytes.extend_from_slice(&id.to_le_bytes());
        bytes.extend_from_slice(&position.to_le_bytes());
        bytes.extend_from_slice(&hash.to_le_bytes());
    }
    bytes.extend_from_slice(&karvan_core::state::encode(&it.state));
    let checksum: Hash = Sha256::digest(&bytes).into();
    bytes.extend_from_slice(&checksum);
    bytes
}

/// Takes fixed numbers off the front of a slice.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }
}

fn decoded(bytes: &[u8]) -> Option<Snapshot> {
    let (body, checksum) = bytes.split_last_chunk::<32>()?;
    if Hash::from(Sha256::digest(body)) != *checksum {
        return None;
    }
    let mut from = Cursor(body);
    if from.take::<8>()? != MAGIC {
        return None;
    }
    let position = u64::from_le_bytes(from.take()?);
    let at = Instant(i64::from_le_bytes(from.take()?));
    let (chain, hash): (Hash, Hash) = (from.take()?, from.take()?);
    let oldest = Instant(i64::from_le_bytes(from.take()?));
    let count = u64::from_le_bytes(from.take()?);
    let mut rows = Vec::new();
    for _ in 0..count {
        let id = u128::from_le_bytes(from.take()?);
        let (position, hash) = (from.take()?, from.take()?);
        rows.push((id, u64::from_le_bytes(position), u64::from_le_bytes(hash)));
    }
    let state: State = minicbor::decode(from.0).ok()?;
    let window = Window::from_rows(WindowLimits::default(), oldest, rows);
    (state.position == position && state.hash() == hash).then_some(Snapshot {
        state,
        window,
        at,
        chain,
    })
}

fn read(storage: &dyn Storage, position: u64) -> io::Result<Option<Snapshot>> {
    let name = name_of(position);
    let length = usize::try_from(storage.length(&name)?).unwrap_or(usize::MAX);
    let snapshot = decoded(&storage.read(&name, 0, length)?);
    Ok(snapshot.filter(|it| it.state.position == position))
}

/// The newest snapshot that can be read, not beyond `last`; the empty one when there is none.
pub fn newest(storage: &dyn Storage, last: u64) -> io::Result<Snapshot> {
    for position in positions(storage)?.into_iter().rev().filter(|it| *it <= last) {
        if let Some(snapshot) = read(storage, position)? {
            return Ok(snapshot);
        }
    }
    Ok(Snapshot::empty())
}

/// Writes a snapshot; older ones beyond [`KEPT`] are removed.
pub fn write(storage: &dyn Storage, it: &Snapshot) -> io::Result<()> {
    invariant::sweep(&it.state);
    let bytes = encoded(it);
    storage.allocate(MAKING, bytes.len() as u64)?;
    storage.write_at(MAKING, 0, &bytes)?;
    storage.sync(MAKING)?;
    storage.rename(MAKING, &name_of(it.state.position))?;
    let all = positions(storage)?;
    for position in all.iter().rev().skip(KEPT) {
        storage.remove(&name_of(*position))?;
    }
    Ok(())
}

/// Bytes of frames replayed at a time.
const REPLAY_BYTES: usize = 4 * 1024 * 1024;

/// The snapshot after record `last`: the newest one there is, and the records after it.
pub fn at(storage: &dyn Storage, segments: &[Segment], last: u64) -> Result<Snapshot, Stopped> {
    let broken = |error| JournalBroken::Disk { file: "the snapshots".to_owned(), error };
    let mut snapshot = newest(storage, last).map_err(broken)?;
    while snapshot.state.position < last {
        let from = snapshot.state.next_position();
        let wanted = ReadFrom { from, last, most: REPLAY_BYTES };
        snapshot.replay(&read_frames(storage, segments, wanted)?)?;
    }
    Ok(snapshot)
}
