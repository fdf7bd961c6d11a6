//! The journal in files: segments of one size, made of zeros and synced before they are used.
//!
//! A segment begins with a header (magic, first position, chain hash so far, checksum). The writer
//! never meets a full disk: the next segment is prepared ahead by a helper, and without it no
//! batch is started.

use super::recovery::{self, Found, Purpose};
use super::segment::{
    ReadFrom, SEGMENT_HEADER_BYTES, Segment, read_frames, segment_header, segment_name,
};
use super::{Appended, BATCH_BYTES, Journal, JournalBroken, Room};
use crate::frame::{ALIGNMENT, Batch, BatchHeader, FRAME_BYTES_MAX, Hash};
use crate::storage::Storage;
use karvan_core::planted::{self, Fault};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Bytes of a segment.
pub const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// The most bytes of a batch with its header and padding (the last record may be the largest) and
/// of the mark after it: whatever was begun in a segment can be marked there.
pub const BATCH_BYTES_MAX: usize = BATCH_BYTES + FRAME_BYTES_MAX + 3 * ALIGNMENT;

const _: () = assert!((BATCH_BYTES_MAX as u64) < SEGMENT_BYTES / 4);

/// The name under which the next segment is prepared.
const NEXT: &str = "segment-next.tmp";
/// Where reading may begin within a segment: one mark for each so many bytes.
const MARK_EVERY: u64 = 256 * 1024;

/// Who prepares the next segment.
enum Preparer {
    /// The writer itself, when it asks for room: for stepped use.
    Inline { ready: bool },
    /// A thread, so that the writer never waits for zeros to be written.
    Thread { orders: SyncSender<()>, done: Receiver<io::Result<()>>, ready: bool, asked: bool },
}

/// The segments of a journal, shared with those who read its files.
pub type SharedSegments = Arc<Mutex<Vec<Segment>>>;

/// The journal.
pub struct FileJournal {
    storage: Arc<dyn Storage>,
    segment_bytes: u64,
    segments: Vec<Segment>,
    /// The same list for those who read the files beside the writer: never behind what is synced.
    shared: SharedSegments,
    offset: u64,
    last: u64,
    marked: u64,
    chain: Hash,
    preparer: Preparer,
    helper: Option<JoinHandle<()>>,
    /// What a write or a sync failed with. What is on disk is then known only after a restart, so
    /// this value never says again that something is.
    failed: Option<String>,
    /// Reused for header, frames and padding of a batch.
    buffer: Vec<u8>,
}

/// How a file journal is opened.
#[derive(Clone, Copy, Debug)]
pub struct FileOptions {
    /// Bytes of a segment; [`SEGMENT_BYTES`] but in tests.
    pub segment_bytes: u64,
    /// Whether a thread prepares segments.
    pub helper_thread: bool,
    /// Whether the journal will be written.
    pub purpose: Purpose,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { segment_bytes: SEGMENT_BYTES, helper_thread: false, purpose: Purpose::Write }
    }
}

impl FileJournal {
    /// Opens the journal in a storage, recovering it: a torn last batch is dropped and told,
    /// damage to what was acknowledged is refused.
    pub fn open(
        storage: Arc<dyn Storage>,
        options: FileOptions,
    ) -> Result<(Self, Found), JournalBroken> {
        let found = recovery::recover(&*storage, options.segment_bytes, options.purpose)?;
        // Nobody waits for the first segment; on a full disk `room` says so later.
        let left = options.segment_bytes.saturating_sub(found.offset);
        let is_roomy = !found.segments.is_empty() && left >= BATCH_BYTES_MAX as u64;
        let ready = !is_roomy
            && options.purpose == Purpose::Write
            && storage.allocate(NEXT, options.segment_bytes).is_ok();
        let (preparer, helper) = if options.helper_thread {
            let (orders, inbox) = sync_channel::<()>(1);
            let (outbox, done) = sync_channel(1);
            let disk = Arc::clone(&storage);
            let bytes = options.segment_bytes;
            let helper = std::thread::spawn(move || {
                while inbox.recv().is_ok() {
                    if outbox.send(disk.allocate(NEXT, bytes)).is_err() {
                        break;
                    }
                }
            });
            (Preparer::Thread { orders, done, ready, asked: false }, Some(helper))
        } else {
            (Preparer::Inline { ready }, None)
        };
        let journal = Self {
            storage,
            segment_bytes: options.segment_bytes,
            shared: Arc::new(Mutex::new(found.segments.clone())),
            segments: found.segments.clone(),
            offset: found.offset,
            last: found.last,
            marked: found.marked,
            chain: found.chain,
            preparer,
            helper,
            failed: None,
            buffer: Vec::new(),
        };
        Ok((journal, found))
    }

    /// The segments, oldest first.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The list of segments as the writer goes on with it.
    pub fn shared_segments(&self) -> SharedSegments {
        Arc::clone(&self.shared)
    }

    fn share(&self) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&self.segments);
    }

    fn broken(&mut self, file: &str, error: io::Error) -> JournalBroken {
        self.failed.get_or_insert_with(|| format!("{file}: {error}"));
        JournalBroken::Disk { file: file.to_owned(), error }
    }

    /// A sync that is tried again after it failed may succeed without the bytes being on disk, so
    /// nothing is tried again.
    fn check_sound(&mut self) -> Result<(), JournalBroken> {
        let Some(why) = &self.failed else {
            return Ok(());
        };
        let error = io::Error::other(format!("nothing is written after a failure ({why})"));
        Err(self.broken("the journal", error))
    }

    /// Whether the next segment lies ready; asks for it when not.
    fn next_is_ready(&mut self) -> Result<bool, String> {
        let bytes = self.segment_bytes;
        let told = |error: io::Error| {
            format!("the next journal segment of {bytes} bytes cannot be prepared: {error}")
        };
        match &mut self.preparer {
            Preparer::Inline { ready } => {
                if !*ready {
                    self.storage.allocate(NEXT, bytes).map_err(told)?;
                    *ready = true;
                }
                Ok(true)
            }
            Preparer::Thread { orders, done, ready, asked } => {
                if *ready {
                    return Ok(true);
                }
                if !*asked {
                    *asked = orders.try_send(()).is_ok();
                }
                match done.try_recv() {
                    Ok(result) => {
                        *asked = false;
                        result.map_err(told)?;
                        *ready = true;
                        Ok(true)
                    }
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => Ok(false),
                }
            }
        }
    }

    fn has_left(&self, bytes: usize) -> bool {
        let left = self.segment_bytes.saturating_sub(self.offset);
        !self.segments.is_empty() && left >= bytes as u64
    }

    /// Whether the segment holds the largest batch, and the mark after it.
    fn is_roomy(&self) -> bool {
        self.has_left(BATCH_BYTES_MAX)
    }

    /// Goes on in the prepared segment. All before it is synced: a batch ends with its sync.
    fn rotate(&mut self) -> Result<(), JournalBroken> {
        let first = self.last.saturating_add(1);
        let name = segment_name(first);
        let header = segment_header(first, &self.chain);
        let storage = Arc::clone(&self.storage);
        storage.write_at(NEXT, 0, &header).map_err(|it| self.broken(NEXT, it))?;
        storage.sync(NEXT).map_err(|it| self.broken(NEXT, it))?;
        storage.rename(NEXT, &name).map_err(|it| self.broken(&name, it))?;
        match &mut self.preparer {
            Preparer::Inline { ready } | Preparer::Thread { ready, .. } => *ready = false,
        }
        self.segments.push(Segment { name, first, marks: Vec::new() });
        self.share();
        self.offset = SEGMENT_HEADER_BYTES as u64;
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> Result<(), JournalBroken> {
        let header = BatchHeader {
            length: u32::try_from(batch.frames.len()).unwrap_or(u32::MAX),
            first: batch.first,
            synced_through: self.last,
            records: batch.records,
        };
        self.buffer.clear();
        self.buffer.extend_from_slice(&header.bytes());
        self.buffer.extend_from_slice(&batch.frames);
        self.buffer.resize(header.stride(), 0);
        assert!(self.has_left(self.buffer.len()), "a batch goes beyond its segment");
        let Some(segment) = self.segments.last_mut() else {
            return Ok(());
        };
        let since = segment.marks.last().map_or(u64::MAX, |(_, at)| self.offset.abs_diff(*at));
        let is_marked = since >= MARK_EVERY && batch.records > 0;
        if is_marked {
            segment.marks.push((batch.first, self.offset));
        }
        let name = segment.name.clone();
        let written = self.storage.write_at(&name, self.offset, &self.buffer);
        let sync = || {
            if planted::has(Fault::SyncSkipped) { Ok(()) } else { self.storage.sync(&name) }
        };
        written.and_then(|()| sync()).map_err(|it| self.broken(&name, it))?;
        self.offset = self.offset.saturating_add(self.buffer.len() as u64);
        self.marked = self.last;
        if is_marked {
            self.share();
        }
        Ok(())
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        self.preparer = Preparer::Inline { ready: false };
        if let Some(helper) = self.helper.take() {
            drop(helper.join());
        }
    }
}

impl Journal for FileJournal {
    fn room(&mut self) -> Room {
        if let Some(why) = &self.failed {
            return Room::None(format!("the journal has failed ({why}); start again"));
        }
        let is_roomy = self.is_roomy();
        // A helper prepares ahead; without one the next segment is made when it is needed.
        if is_roomy && matches!(self.preparer, Preparer::Inline { .. }) {
            return Room::Ready;
        }
        match self.next_is_ready() {
            _ if is_roomy => Room::Ready,
            Ok(true) => Room::Ready,
            Ok(false) => Room::None("the next journal segment is being prepared".to_owned()),
            Err(why) => Room::None(why),
        }
    }

    fn append(&mut self, expected: u64, batch: &Batch) -> Result<Appended, JournalBroken> {
        self.check_sound()?;
        let found = self.last.saturating_add(1);
        if expected != found {
            return Ok(Appended::Fenced { expected, found });
        }
        if !self.is_roomy() {
            self.rotate()?;
        }
        self.write(batch)?;
        self.last = batch.last();
        self.chain = batch.chain;
        Ok(Appended::Synced)
    }

    fn mark(&mut self) -> Result<(), JournalBroken> {
        self.check_sound()?;
        // A mark is a header without records: it fits where the next batch does not.
        if self.marked == self.last || !self.has_left(ALIGNMENT) {
            return Ok(());
        }
        let first = self.last.saturating_add(1);
        self.write(&Batch { first, ..Batch::default() })
    }

    fn read(&self, from: u64, most: usize) -> Result<Vec<u8>, JournalBroken> {
        read_frames(&*self.storage, &self.segments, ReadFrom { from, last: self.last, most })
    }

    fn last(&self) -> u64 {
        self.last
    }

    fn chain(&self) -> Hash {
        self.chain
    }
}
