//! Views beside a running market: a thread keeps them up with the journal, any number of readers
//! ask them, and they can be made again from the first record while both go on.
//!
//! Views that are made again are a new generation. Readers stay with the one before until the new
//! one holds at least as much; then they change over, and what they see never goes back.

use crate::list::{List, Page, Query};
use crate::project::{Catalogue, ProjectionStopped, Projector, Shown, shown};
use crate::sql::{Sql, SqlError};
use karvan_engine::tail::{Piece, Tail, Tailed};
use karvan_engine::writer::Stopped;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Where generations of views are kept.
pub trait Place: Send + Sync {
    /// The generations that are there.
    fn generations(&self) -> Result<Vec<u64>, SqlError>;
    /// Opens one to write; it is made if it is missing.
    fn write(&self, generation: u64) -> Result<Box<dyn Sql>, SqlError>;
    /// Opens one to read.
    fn read(&self, generation: u64) -> Result<Box<dyn Sql>, SqlError>;
    /// Removes one. Readers that still have it open may go on.
    fn remove(&self, generation: u64) -> Result<(), SqlError>;
}

/// How long the thread waits for news, and for a database that fails.
const PATIENCE: Duration = Duration::from_millis(500);
/// What comes within this time is written at once: so much later than the journal views may be.
const GATHERED: Duration = Duration::from_millis(10);
/// So many pieces of the journal are one transaction at most.
const PIECES_MAX: usize = 64;
/// Connections kept for readers.
const KEPT_MAX: usize = 16;

#[derive(Default)]
struct Pool {
    generation: u64,
    kept: Vec<Box<dyn Sql>>,
}

/// Views that a thread keeps up.
pub struct Views {
    place: Box<dyn Place>,
    tail: Tail,
    known: Arc<Catalogue>,
    pool: Mutex<Pool>,
    shown: Mutex<Shown>,
    news: Condvar,
    again: AtomicBool,
    failing: Mutex<Option<String>>,
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A reader: all it reads is of one moment.
pub struct Reader<'a> {
    sql: &'a mut dyn Sql,
    /// Where the views stand in what it reads.
    pub shown: Shown,
}

impl Reader<'_> {
    /// A page of a list.
    pub fn list(&mut self, list: &List, query: &Query) -> Result<Page, SqlError> {
        query.read(list, self.shown.now.0, self.sql)
    }
}

impl Views {
    /// Opens the views of a place, makes them where there are none, and keeps them up.
    pub fn start(
        place: Box<dyn Place>,
        tail: Tail,
        known: Arc<Catalogue>,
    ) -> Result<(Arc<Self>, JoinHandle<()>), ProjectionStopped> {
        let views = Self {
            place,
            tail,
            known,
            pool: Mutex::default(),
            shown: Mutex::default(),
            news: Condvar::new(),
            again: AtomicBool::new(false),
            failing: Mutex::default(),
        };
        let views = Arc::new(views);
        let projector = views.open()?;
        let of_thread = Arc::clone(&views);
        let thread = std::thread::spawn(move || of_thread.keep_up(Some(projector)));
        Ok((views, thread))
    }

    /// The generation that holds most of those that fit, and a projector that goes on in it. The
    /// others go: one of another version, of a journal that lost its end, one that was made again
    /// only in part.
    fn open(&self) -> Result<Projector, ProjectionStopped> {
        let mut best: Option<(u64, Box<dyn Sql>, Shown)> = None;
        let generations = self.place.generations()?;
        // Readers of one that is gone never take another for it.
        let newest = generations.iter().copied().max().max(Some(lock(&self.pool).generation));
        for generation in generations {
            let mut sql = self.place.write(generation)?;
            let at = match shown(&mut *sql) {
                Ok(it) => it.filter(|it| it.position <= self.tail.durable()),
                // One that a crash left half made cannot be asked, though its database answers.
                Err(_) => sql.rows("SELECT 1", &[]).map(|_| None)?,
            };
            let unfit = match (at, &best) {
                (Some(at), Some((.., most))) if at.position <= most.position => Some(generation),
                (Some(at), _) => best.replace((generation, sql, at)).map(|it| it.0),
                (None, _) => Some(generation),
            };
            if let Some(unfit) = unfit {
                self.place.remove(unfit)?;
            }
        }
        if let Some((generation, sql, at)) = best {
            let state = self.tail.state_at(at.position)?;
            self.show(generation, at);
            return Ok(Projector::open(sql, Arc::clone(&self.known), state));
        }
        let new = newest.unwrap_or_default().saturating_add(1);
        let projector = Projector::create(self.place.write(new)?, Arc::clone(&self.known))?;
        self.show(new, projector.shown());
        Ok(projector)
    }

    fn show(&self, generation: u64, at: Shown) {
        let mut pool = lock(&self.pool);
        if pool.generation != generation {
            pool.kept.clear();
            pool.generation = generation;
        }
        drop(pool);
        *lock(&self.shown) = at;
        self.news.notify_all();
    }

    fn keep_up(self: Arc<Self>, mut projector: Option<Projector>) {
        let mut remade: Option<(u64, Projector)> = None;
        loop {
            if self.again.swap(false, Ordering::SeqCst) && remade.is_none() {
                remade = self.make_again();
            }
            let step = match &mut projector {
                Some(it) => self.step(it),
                None => self.open().map(|it| {
                    projector = Some(it);
                    true
                }),
            };
            match step {
                Ok(true) => *lock(&self.failing) = None,
                Ok(false) => return,
                Err(why) => {
                    // Pages go on with what there is, and name its position.
                    *lock(&self.failing) = Some(why.to_string());
                    projector = None;
                    // What is made again is one of those that are looked at anew.
                    if remade.take().is_some() {
                        self.again.store(true, Ordering::SeqCst);
                    }
                    std::thread::sleep(PATIENCE);
                    let over = self.tail.next(u64::MAX, Duration::ZERO);
                    if matches!(over, Ok(Tailed::Closed)) {
                        return;
                    }
                }
            }
            if let Some((generation, mut new)) = remade.take() {
                match self.catch_up(&mut new) {
                    Ok(true) => {
                        let before = lock(&self.pool).generation;
                        self.show(generation, new.shown());
                        projector = Some(new);
                        drop(self.place.remove(before));
                    }
                    Ok(false) => remade = Some((generation, new)),
                    Err(why) => *lock(&self.failing) = Some(why.to_string()),
                }
            }
        }
    }

    /// One piece of the journal; whether there is more to come.
    fn step(&self, projector: &mut Projector) -> Result<bool, ProjectionStopped> {
        let from = projector.state().next_position();
        match self.tail.next(from, PATIENCE)? {
            Tailed::Frames(piece) => {
                // Under load batches are small and many, and each transaction costs: what comes
                // within a moment is one.
                std::thread::sleep(GATHERED);
                let at = projector.take_on(piece.as_ref(), &mut self.more(PIECES_MAX))?;
                *lock(&self.shown) = at;
                self.news.notify_all();
                Ok(true)
            }
            Tailed::Nothing => Ok(true),
            Tailed::Closed => Ok(false),
        }
    }

    /// At most so many pieces of what is there already.
    fn more(&self, most: usize) -> impl FnMut(u64) -> Result<Option<Piece>, Stopped> {
        let mut pieces = 1..most;
        move |from| {
            if pieces.next().is_none() {
                return Ok(None);
            }
            Ok(match self.tail.next(from, Duration::ZERO)? {
                Tailed::Frames(piece) => Some(piece),
                Tailed::Nothing | Tailed::Closed => None,
            })
        }
    }

    fn make_again(&self) -> Option<(u64, Projector)> {
        let generation = lock(&self.pool).generation.saturating_add(1);
        let made = self.place.remove(generation).and_then(|()| {
            Projector::create(self.place.write(generation)?, Arc::clone(&self.known))
        });
        match made {
            Ok(it) => Some((generation, it)),
            Err(why) => {
                *lock(&self.failing) = Some(why.to_string());
                None
            }
        }
    }

    /// A piece more of views that are made again; whether they hold as much as those in use.
    fn catch_up(&self, projector: &mut Projector) -> Result<bool, ProjectionStopped> {
        let wanted = lock(&self.shown).position;
        let from = projector.state().next_position();
        if from > wanted {
            return Ok(true);
        }
        if let Tailed::Frames(piece) = self.tail.next(from, Duration::ZERO)? {
            // More than those in use take in a turn, or they are never reached.
            projector.take_on(piece.as_ref(), &mut self.more(PIECES_MAX * 4))?;
        }
        Ok(projector.shown().position >= wanted)
    }

    /// Makes the views again from the first record, while they are read and written.
    pub fn make_anew(&self) {
        self.again.store(true, Ordering::SeqCst);
    }

    /// Where the views stand.
    pub fn shown(&self) -> Shown {
        *lock(&self.shown)
    }

    /// Why they do not go on, if they do not.
    pub fn failing(&self) -> Option<String> {
        lock(&self.failing).clone()
    }

    /// Which generation is read.
    pub fn generation(&self) -> u64 {
        lock(&self.pool).generation
    }

    /// Waits until the views hold a record, at most so long; where they stand then.
    pub fn wait(&self, position: u64, patience: Duration) -> Shown {
        let shown = lock(&self.shown);
        let waited = self.news.wait_timeout_while(shown, patience, |it| it.position < position);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Reads: all of it is of one moment.
    pub fn read<T>(
        &self,
        ask: impl FnOnce(&mut Reader<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let mut pool = lock(&self.pool);
        let generation = pool.generation;
        let kept = pool.kept.pop();
        drop(pool);
        let mut sql = match kept {
            Some(it) => it,
            None => self.place.read(generation)?,
        };
        sql.begin()?;
        let at = shown(&mut *sql)?.unwrap_or_default();
        let answer = ask(&mut Reader { sql: &mut *sql, shown: at })?;
        sql.run("COMMIT")?;
        let mut pool = lock(&self.pool);
        if pool.generation == generation && pool.kept.len() < KEPT_MAX {
            pool.kept.push(sql);
        }
        Ok(answer)
    }
}
