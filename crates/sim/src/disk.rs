//! A disk that loses what was not synced, tears what it was writing, fails when told to, and rots.

use crate::draw::Draw;
use karvan_engine::storage::Storage;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// Disks write whole sectors.
const SECTOR: usize = 512;

/// What happens at the fated operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The machine loses power.
    Crash,
    /// The disk says that it failed; what it wrote is anybody's guess.
    Failure,
    /// It says that it is full.
    Full,
}

#[derive(Clone, Default)]
struct File {
    /// What survives a loss of power.
    synced: Vec<u8>,
    /// What a reader sees.
    now: Vec<u8>,
    /// Sectors in which the two may differ.
    dirty: BTreeSet<usize>,
}

struct Inner {
    files: BTreeMap<String, File>,
    draw: Draw,
    operations: u64,
    fated: Option<(u64, Fate)>,
    dead: bool,
}

/// The disk.
#[derive(Clone)]
pub struct SimDisk(Arc<Mutex<Inner>>);

impl SimDisk {
    /// An empty disk with chances of its own.
    pub fn new(seed: u64) -> Self {
        let (files, draw) = (BTreeMap::new(), Draw(seed));
        Self(Arc::new(Mutex::new(Inner { files, draw, operations: 0, fated: None, dead: false })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Fates an operation: the n-th from now.
    pub fn fate(&self, after: u64, fate: Fate) {
        let mut it = self.inner();
        it.fated = Some((it.operations + after, fate));
    }

    /// How many operations there were.
    pub fn operations(&self) -> u64 {
        self.inner().operations
    }

    /// Another disk with the same bytes, of which one bit has turned: in which file.
    pub fn rotten(&self) -> (Self, String) {
        let mut it = self.inner();
        let (mut files, chances) = (it.files.clone(), it.draw.below(u64::MAX));
        let full: Vec<String> = files
            .iter()
            .filter(|(_, file)| file.now.iter().any(|byte| *byte != 0))
            .map(|(name, _)| name.clone())
            .collect();
        let name = full[usize::try_from(it.draw.below(full.len() as u64)).unwrap()].clone();
        let bytes = &mut files.get_mut(&name).unwrap().now;
        let written = bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1;
        let place = usize::try_from(it.draw.below(written)).unwrap();
        bytes[place] ^= 1 << it.draw.below(8);
        let draw = Draw(chances);
        let inner = Inner { files, draw, operations: 0, fated: None, dead: false };
        (Self(Arc::new(Mutex::new(inner))), name)
    }

    /// Starts the machine again: of what was not synced some sectors are there and some are not.
    pub fn restart(&self) {
        let mut it = self.inner();
        let Inner { files, draw, .. } = &mut *it;
        for file in files.values_mut() {
            for sector in std::mem::take(&mut file.dirty) {
                if draw.below(2) == 0 {
                    file.keep(sector);
                }
            }
            file.now.clone_from(&file.synced);
        }
        it.dead = false;
        it.fated = None;
    }
}

impl File {
    fn keep(&mut self, sector: usize) {
        let (start, end) = (sector * SECTOR, ((sector + 1) * SECTOR).min(self.now.len()));
        if self.synced.len() < end {
            self.synced.resize(end, 0);
        }
        if let Some(place) = self.synced.get_mut(start..end) {
            place.copy_from_slice(&self.now[start..end]);
        }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.now.len() < end {
            self.now.resize(end, 0);
        }
        self.now[offset..end].copy_from_slice(bytes);
        if !bytes.is_empty() {
            self.dirty.extend(offset / SECTOR..=(end - 1) / SECTOR);
        }
    }
}

fn failed(what: &str) -> io::Error {
    io::Error::other(format!("simulated: {what}"))
}

fn missing(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("there is no file {name}"))
}

impl Inner {
    /// Counts an operation; says whether it is the fated one.
    fn turn(&mut self) -> io::Result<Option<Fate>> {
        if self.dead {
            return Err(failed("the machine is off"));
        }
        self.operations += 1;
        let fated = self.fated.filter(|(at, _)| *at <= self.operations).map(|(_, fate)| fate);
        if fated.is_some() {
            self.fated = None;
            self.dead = fated != Some(Fate::Full);
        }
        Ok(fated)
    }

    fn file(&mut self, name: &str) -> io::Result<&mut File> {
        self.files.get_mut(name).ok_or_else(|| missing(name))
    }
}

impl Storage for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.inner().files.keys().cloned().collect())
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        Ok(self.inner().file(name)?.now.len() as u64)
    }

    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut it = self.inner();
        let bytes = &it.file(name)?.now;
        let tail = bytes.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        Ok(tail.get(..most).unwrap_or(tail).to_vec())
    }

    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut it = self.inner();
        let offset = usize::try_from(offset).unwrap();
        match it.turn()? {
            None => it.file(name)?.write(offset, bytes),
            Some(Fate::Full) => return Err(io::Error::new(io::ErrorKind::StorageFull, "full")),
            Some(Fate::Crash | Fate::Failure) => {
                // A write in the middle of which the power goes is a part of one.
                let part = usize::try_from(it.draw.below(bytes.len() as u64 + 1)).unwrap();
                it.file(name)?.write(offset, &bytes[..part]);
                return Err(failed("the write ends in the middle"));
            }
        }
        Ok(())
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        let mut it = self.inner();
        let fated = it.turn()?;
        let Inner { files, draw, .. } = &mut *it;
        let file = files.get_mut(name).ok_or_else(|| missing(name))?;
        let dirty = std::mem::take(&mut file.dirty);
        for sector in dirty {
            if fated.is_none() || draw.below(2) == 0 {
                file.keep(sector);
            } else {
                file.dirty.insert(sector);
            }
        }
        match fated {
            None => Ok(()),
            Some(_) => Err(failed("the sync fails")),
        }
    }

    fn allocate(&self, name: &str, length: u64) -> io::Result<()> {
        let mut it = self.inner();
        if let Some(fate) = it.turn()? {
            let full = io::Error::new(io::ErrorKind::StorageFull, "simulated: no space left");
            return Err(if fate == Fate::Full { full } else { failed("no file is made") });
        }
        let zeros = vec![0; usize::try_from(length).unwrap()];
        let dirty = BTreeSet::new();
        it.files.insert(name.to_owned(), File { synced: zeros.clone(), now: zeros, dirty });
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut it = self.inner();
        if it.turn()?.is_some() {
            return Err(failed("nothing is renamed"));
        }
        let file = it.files.remove(from).ok_or_else(|| missing(from))?;
        it.files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut it = self.inner();
        if it.turn()?.is_some() {
            return Err(failed("nothing is removed"));
        }
        it.files.remove(name).map(drop).ok_or_else(|| missing(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_synced_survives_and_the_rest_may_not() {
        let mut kept = BTreeSet::new();
        for seed in 0..40 {
            let disk = SimDisk::new(seed);
            disk.allocate("a", 2048).unwrap();
            disk.write_at("a", 0, &[1; 512]).unwrap();
            disk.sync("a").unwrap();
            disk.write_at("a", 512, &[2; 1024]).unwrap();
            disk.fate(1, Fate::Crash);
            assert!(disk.sync("a").is_err() && disk.sync("a").is_err(), "the machine is off");
            disk.restart();
            let bytes = disk.read("a", 0, 2048).unwrap();
            assert_eq!(bytes[..512], [1; 512]);
            kept.insert((bytes[512], bytes[1024]));
        }
        assert_eq!(kept.len(), 4, "each sector is there or not: {kept:?}");
    }
}
