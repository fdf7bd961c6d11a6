//! The rivals on the same disk: SQLite with a write-ahead log, synced at every commit, prepared
//! statements, a batch as one transaction, no clients, no queue and no follower.
//!
//! One rival does the same work: serial blocks, the oldest first, the last one split. The other
//! does less: two balances. Neither checks invariants nor chains hashes.

use crate::Failure;
use crate::scene::{ACCOUNTS, Asked};
use karvan_core::{Command, State};
use rusqlite::{CachedStatement, Connection, Transaction, params};
use std::path::Path;
use std::time::Instant;

const SCHEMA: &str = "\
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0));
CREATE TABLE block (account INTEGER NOT NULL, series INTEGER NOT NULL, acquired INTEGER NOT NULL,
    first INTEGER NOT NULL, count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (account, series, acquired, first)) WITHOUT ROWID;
CREATE TABLE transfer (position INTEGER PRIMARY KEY, id BLOB NOT NULL, source INTEGER NOT NULL,
    target INTEGER NOT NULL, series INTEGER NOT NULL, quantity INTEGER NOT NULL,
    price INTEGER NOT NULL);";

/// What the rival keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeps {
    Blocks,
    Balances,
}

struct Statements<'a> {
    keep: CachedStatement<'a>,
    take: CachedStatement<'a>,
    give: CachedStatement<'a>,
    oldest: CachedStatement<'a>,
    end: CachedStatement<'a>,
    shorten: CachedStatement<'a>,
    put: CachedStatement<'a>,
}

impl<'a> Statements<'a> {
    fn prepare(it: &'a Transaction<'_>) -> Result<Self, rusqlite::Error> {
        let key = "account = ?1 AND series = ?2 AND acquired = ?3 AND first = ?4";
        Ok(Self {
            keep: it.prepare_cached("INSERT INTO transfer VALUES (?1, ?2, ?3, ?4, ?5, ?6, 815)")?,
            take: it.prepare_cached(
                "UPDATE account SET balance = balance - ?2 WHERE id = ?1 AND balance >= ?2",
            )?,
            give: it.prepare_cached("UPDATE account SET balance = balance + ?2 WHERE id = ?1")?,
            oldest: it.prepare_cached(
                "SELECT acquired, first, count FROM block WHERE account = ?1 AND series = ?2 \
                 ORDER BY acquired, first",
            )?,
            end: it.prepare_cached(&format!("DELETE FROM block WHERE {key}"))?,
            shorten: it.prepare_cached(&format!(
                "UPDATE block SET first = first + ?5, count = count - ?5 WHERE {key}"
            ))?,
            put: it.prepare_cached("INSERT INTO block VALUES (?1, ?2, ?3, ?4, ?5)")?,
        })
    }
}

struct Move {
    position: i64,
    from: u32,
    to: u32,
    series: u32,
    quantity: i64,
}

/// Transfers a second, in batches of `batch`.
pub(crate) fn transfers(
    (folder, keeps): (&Path, Keeps),
    (state, asked): (&State, &[Asked]),
    batch: usize,
) -> Result<f64, Failure> {
    let mut database = Connection::open(folder.join("rival.sqlite"))?;
    database.set_prepared_statement_cache_capacity(32);
    database.execute_batch(SCHEMA)?;
    open(&mut database, state)?;
    let started = Instant::now();
    let mut position = i64::try_from(state.position)?;
    for some in asked.chunks(batch.max(1)) {
        let transaction = database.transaction()?;
        let mut statements = Statements::prepare(&transaction)?;
        for (_, command) in some {
            let Command::Transfer(it) = command else { continue };
            position += 1;
            let quantity = i64::try_from(it.quantity.0)?;
            let (from, to, series) = (it.from.0, it.to.0, it.series.0);
            let it = Move { position, from, to, series, quantity };
            match keeps {
                Keeps::Blocks => move_blocks(&mut statements, &it)?,
                Keeps::Balances => move_balance(&mut statements, &it)?,
            }
            let id = u128::from(position.unsigned_abs()).to_be_bytes();
            statements.keep.execute(params![position, id, from, to, series, quantity])?;
        }
        drop(statements);
        transaction.commit()?;
    }
    let speed = asked.len() as f64 / started.elapsed().as_secs_f64();
    drop(database);
    for end in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(folder.join(format!("rival.sqlite{end}"))));
    }
    Ok(speed)
}

/// The scene's holdings.
fn open(database: &mut Connection, state: &State) -> Result<(), Failure> {
    let opening = database.transaction()?;
    let mut statements = Statements::prepare(&opening)?;
    for account in 0..ACCOUNTS + 2 {
        opening.execute("INSERT INTO account VALUES (?1, 1000000)", params![account])?;
    }
    for (account, shelf) in state.ledger.shelves.iter() {
        for queue in &shelf.queues {
            for block in &queue.blocks {
                let acquired = i64::try_from(block.acquired)?;
                let first = i64::try_from(block.serials.first)?;
                let count = i64::try_from(block.serials.count.0)?;
                let row = params![account.0, queue.series.0, acquired, first, count];
                statements.put.execute(row)?;
            }
        }
    }
    drop(statements);
    opening.commit()?;
    Ok(())
}

fn move_balance(statements: &mut Statements<'_>, it: &Move) -> Result<(), Failure> {
    if statements.take.execute(params![it.from, it.quantity])? != 1 {
        return Err(format!("account {} has too little", it.from).into());
    }
    statements.give.execute(params![it.to, it.quantity])?;
    Ok(())
}

fn move_blocks(statements: &mut Statements<'_>, it: &Move) -> Result<(), Failure> {
    let mut missing = it.quantity;
    let mut picked: Vec<(i64, i64, i64, i64)> = Vec::new();
    let mut rows = statements.oldest.query(params![it.from, it.series])?;
    while missing > 0 {
        let row = rows.next()?.ok_or_else(|| format!("account {} has too little", it.from))?;
        let (acquired, first, count) = (row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?);
        let moved = count.min(missing);
        picked.push((acquired, first, count, moved));
        missing -= moved;
    }
    drop(rows);
    for (acquired, first, count, moved) in picked {
        let key = params![it.from, it.series, acquired, first];
        if moved == count {
            statements.end.execute(key)?;
        } else {
            let row = params![it.from, it.series, acquired, first, moved];
            statements.shorten.execute(row)?;
        }
        statements.put.execute(params![it.to, it.series, it.position, first, moved])?;
    }
    Ok(())
}
