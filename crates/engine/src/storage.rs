//! The disk, as the journal sees it. The simulator and the tests put a faulty one in its place.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Named files that can be written anywhere and synced.
pub trait Storage: Send + Sync {
    /// The names of all files.
    fn list(&self) -> io::Result<Vec<String>>;
    /// The length of a file in bytes.
    fn length(&self, name: &str) -> io::Result<u64>;
    /// Reads up to `most` bytes from `offset`; fewer at the end of the file.
    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>>;
    /// Writes into an existing file.
    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Returns once all that was written is on disk.
    fn sync(&self, name: &str) -> io::Result<()>;
    /// Makes a file of `length` zeros, on disk; an old one of that name is gone.
    fn allocate(&self, name: &str, length: u64) -> io::Result<()>;
    /// Renames a file; on disk when it returns.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder on a disk, locked against a second process for as long as this value lives.
#[derive(Debug)]
pub struct DiskStorage {
    folder: PathBuf,
    open: Mutex<BTreeMap<String, Arc<File>>>,
    /// The lock ends with the process, however it ends.
    _lock: File,
}

/// The file whose lock keeps a second process out.
const LOCK: &str = "karvan.lock";
/// Zeros are written in pieces of this size.
const ZEROS: usize = 1024 * 1024;

impl DiskStorage {
    /// Opens a folder, which is made when it is missing.
    ///
    /// # Errors
    /// `WouldBlock` when another process has the folder open; else what the disk says.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::WouldBlock,
                format!("another process has {} open; end it first", folder.display()),
            ),
            fs::TryLockError::Error(error) => error,
        })?;
        Ok(Self { folder: folder.to_owned(), open: Mutex::default(), _lock: lock })
    }

    fn file(&self, name: &str) -> io::Result<Arc<File>> {
        let mut open = lock(&self.open);
        if let Some(file) = open.get(name) {
            return Ok(Arc::clone(file));
        }
        let path = self.folder.join(name);
        let file = Arc::new(OpenOptions::new().read(true).write(true).open(path)?);
        open.insert(name.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

impl Storage for DiskStorage {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        Ok(self.file(name)?.metadata()?.len())
    }

    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let file = self.file(name)?;
        let left = file.metadata()?.len().saturating_sub(offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(most);
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file(name)?.write_all_at(bytes, offset)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.file(name)?.sync_data()
    }

    fn allocate(&self, name: &str, length: u64) -> io::Result<()> {
        lock(&self.open).remove(name);
        let path = self.folder.join(name);
        let made = OpenOptions::new().create(true).truncate(true).write(true).open(&path);
        let filled = made.and_then(|file| {
            let zeros = vec![0; ZEROS];
            let mut offset = 0;
            while offset < length {
                let piece = length.saturating_sub(offset).min(zeros.len() as u64);
                let piece = usize::try_from(piece).unwrap_or(ZEROS);
                file.write_all_at(zeros.get(..piece).unwrap_or_default(), offset)?;
                offset = offset.saturating_add(piece as u64);
            }
            file.sync_all()
        });
        if filled.is_err() {
            // Half a file helps nobody, and on a full disk its space does.
            drop(fs::remove_file(&path));
        }
        filled?;
        self.sync_folder()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut open = lock(&self.open);
        open.remove(from);
        open.remove(to);
        fs::rename(self.folder.join(from), self.folder.join(to))?;
        self.sync_folder()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        lock(&self.open).remove(name);
        fs::remove_file(self.folder.join(name))
    }
}

/// Files in memory: for rehearsals that need no store, and for tests.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl MemoryStorage {
    /// The bytes of a file, for tests that damage them.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        lock(&self.files).get(name).cloned()
    }

    /// Puts bytes in the place of a file.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        lock(&self.files).insert(name.to_owned(), bytes);
    }

    /// A copy that shares nothing.
    pub fn fork(&self) -> Self {
        Self { files: Arc::new(Mutex::new(lock(&self.files).clone())) }
    }
}

fn missing(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("there is no file {name}"))
}

impl Storage for MemoryStorage {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(lock(&self.files).keys().cloned().collect())
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        lock(&self.files).get(name).map(|it| it.len() as u64).ok_or_else(|| missing(name))
    }

    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let files = lock(&self.files);
        let bytes = files.get(name).ok_or_else(|| missing(name))?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let tail = bytes.get(offset..).unwrap_or_default();
        Ok(tail.get(..most).unwrap_or(tail).to_vec())
    }

    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut files = lock(&self.files);
        let file = files.get_mut(name).ok_or_else(|| missing(name))?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = offset.saturating_add(bytes.len());
        if file.len() < end {
            file.resize(end, 0);
        }
        if let Some(place) = file.get_mut(offset..end) {
            place.copy_from_slice(bytes);
        }
        Ok(())
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.length(name).map(drop)
    }

    fn allocate(&self, name: &str, length: u64) -> io::Result<()> {
        self.put(name, vec![0; usize::try_from(length).unwrap_or(0)]);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = lock(&self.files);
        let bytes = files.remove(from).ok_or_else(|| missing(from))?;
        files.insert(to.to_owned(), bytes);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        lock(&self.files).remove(name).map(drop).ok_or_else(|| missing(name))
    }
}
